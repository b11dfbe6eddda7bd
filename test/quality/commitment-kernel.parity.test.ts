/** The WebAssembly kernel of row commitments against the protocol's leaves and tree. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { concat, toHex } from '@sealedger/protocol/bytes.ts';
import { leafHash, merkleRoot } from '@sealedger/protocol/merkle.ts';
import { CommitmentKernel } from '../../node/catalogue/commitment-kernel.ts';

const MAX_ROWS = 70;
const WORD_BYTES = 16;
const HASH_BYTES = 32;
const schema = stream('schema', HASH_BYTES);
const kernel = new CommitmentKernel(schema, MAX_ROWS);

/** Bytes that look random and are the same on every run. */
function stream(seed: string, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, i) =>
    hash('sha256', `${seed} ${i}`, 'buffer'),
  );
  return concat(...blocks).slice(0, length);
}

/** A half of a digest as DuckDB keeps a UUID. */
function asUuid(word: Uint8Array): Uint8Array {
  const turned = word.toReversed();
  turned[WORD_BYTES - 1]! ^= 0x80;
  return turned;
}

function batchOf(count: number, bytes: (name: string, length: number) => Uint8Array) {
  const [salts, digests] = [bytes('salts', count * WORD_BYTES), bytes('digests', count * HASH_BYTES)];
  const word = (index: number): Uint8Array => digests.slice(index * WORD_BYTES, (index + 1) * WORD_BYTES);
  const rows = Array.from({ length: count }, (_, row) => row);
  const leaves = rows.map((row) => {
    const salt = salts.slice(row * WORD_BYTES, (row + 1) * WORD_BYTES);
    return leafHash(concat(schema, salt, word(2 * row), word(2 * row + 1)));
  });
  const high = concat(...rows.map((row) => asUuid(word(2 * row))));
  const low = concat(...rows.map((row) => asUuid(word(2 * row + 1))));
  return { batch: { salts, high, low, count }, leaves };
}

for (const [name, bytes] of [
  ['random bytes', (of: string, length: number) => stream(of, length)],
  ['zeros', (_: string, length: number) => new Uint8Array(length)],
  ['ones', (_: string, length: number) => new Uint8Array(length).fill(0xff)],
] as const) {
  test(`leaves and roots of 1 to ${MAX_ROWS} rows are the protocol's: ${name}`, () => {
    // Downwards: what a larger batch left behind must not show.
    for (let count = MAX_ROWS; count > 0; count--) {
      const { batch, leaves } = batchOf(count, bytes);
      assert.equal(toHex(kernel.leaves(batch)), toHex(concat(...leaves)), `${count} leaves`);
      assert.equal(toHex(kernel.root(count)), toHex(merkleRoot(leaves)), `${count} rows`);
    }
  });
}

test('more rows than the kernel has room for are refused', () => {
  const { batch } = batchOf(MAX_ROWS + 3, stream);
  assert.throws(() => kernel.leaves(batch), RangeError);
});
