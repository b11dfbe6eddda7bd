import assert from 'node:assert/strict';
import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { uint32be } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { createHkdf } from '@sealedger/protocol/hkdf.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import {
  computationKeyPair,
  createRegisterTagger,
  type Keystream,
  locatorFromOutput,
  MAX_REGISTER_SIZE,
  registerTag,
  slotPermutation,
} from '@sealedger/protocol/register.ts';
import { x25519PublicKey } from '@sealedger/protocol/signature.ts';
import fc from 'fast-check';

const SEED = 20260109;
const registerKey = new Uint8Array(32).fill(1);
const computationId = new Uint8Array(32).fill(2);
const expand: Keystream = (key, lengthBytes) =>
  createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(new Uint8Array(lengthBytes));
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const isLength = (error: unknown) => isProtocolError(error, 'BYTES_LENGTH');

test('tags a subject with HMAC-SHA256 under the register key, as node:crypto computes it', () => {
  const id = parseIdentifier('11010519491231002X');
  const property = fc.property(bytes32, (key) => {
    const expected = new Uint8Array(createHmac('sha256', key).update('11010519491231002X').digest());
    assert.deepEqual(registerTag(key, id), expected);
    const tag = createRegisterTagger(key);
    assert.deepEqual(tag(id), expected);
    assert.deepEqual(tag(id), expected);
  });
  fc.assert(property, { seed: SEED, numRuns: 30 });
  assert.throws(() => registerTag(new Uint8Array(31), id), isLength);
});

test('places every rank in exactly one slot', () => {
  const property = fc.property(bytes32, bytes32, fc.integer({ min: 1, max: 3000 }), (key, id, count) => {
    const slots = slotPermutation({ registerKey: key, computationId: id, count, expand });
    assert.equal(slots.length, count);
    assert.deepEqual(
      [...slots].sort((a, b) => a - b),
      Array.from({ length: count }, (_, i) => i),
    );
  });
  fc.assert(property, { seed: SEED, numRuns: 40 });
});

test('goes on with a second key where the first stream ends', () => {
  const count = 100_000;
  const keys = new Set<string>();
  const slots = slotPermutation({
    registerKey,
    computationId,
    count,
    expand: (key, lengthBytes) => {
      keys.add(Buffer.from(key).toString('hex'));
      return expand(key, lengthBytes);
    },
  });
  assert.equal(new Set(slots).size, count);
  assert.equal(keys.size, 2);
});

test('is the same for the same computation, and another for another computation or register', () => {
  const count = 1000;
  const slots = slotPermutation({ registerKey, computationId, count, expand });
  assert.deepEqual(slotPermutation({ registerKey, computationId, count, expand }), slots);
  for (const other of [
    { registerKey, computationId: new Uint8Array(32).fill(3) },
    { registerKey: new Uint8Array(32).fill(3), computationId },
  ]) {
    const moved = slotPermutation({ ...other, count, expand });
    const same = moved.filter((slot, rank) => slot === slots[rank]).length;
    // Fixed points of a random permutation are Poisson distributed with mean 1: more than 12 has p < 10^-10.
    assert.ok(same <= 12, `${same} of ${count} subjects kept their slot`);
  }
});

test('every one of the 24 permutations of four is as frequent as another', () => {
  const runs = 4800;
  const counts = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    const id = new Uint8Array(32);
    id.set(uint32be(run));
    const key = slotPermutation({ registerKey, computationId: id, count: 4, expand: shortStream }).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  const expected = runs / 24;
  const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 23 degrees of freedom: 58.6 is passed with probability 6e-5; the ids are fixed, so this passes always or never.
  assert.ok(chiSquared < 58.6, `chi squared is ${chiSquared}`);
});

/** A stream of the asked length of which only the first 64 words are from the cipher: four ranks need no more. */
function shortStream(key: Uint8Array, lengthBytes: number): Uint8Array {
  const stream = new Uint8Array(lengthBytes);
  stream.set(expand(key, 256));
  return stream;
}

test('rejects words that would bias a draw, instead of reducing them', () => {
  // Bounds are 3 and 2 for three subjects. 0xffffffff lies past the last multiple of 3 below 2^32 and is skipped.
  const stream = (words: readonly number[]): Keystream => {
    return (_, lengthBytes) => {
      const out = new Uint8Array(lengthBytes);
      words.forEach((word, i) => {
        new DataView(out.buffer).setUint32(4 * i, word, true);
      });
      return out;
    };
  };
  const permute = (words: readonly number[]) =>
    slotPermutation({ registerKey, computationId, count: 3, expand: stream(words) });
  assert.deepEqual(permute([0xffffffff, 0xffffffff, 1, 0]), permute([1, 0]));
  assert.deepEqual([...permute([1, 0])], [2, 0, 1]);
  assert.deepEqual([...permute([0xfffffffe, 1])], [0, 1, 2]);
});

test('refuses registers that are empty or too large, and malformed keys', () => {
  const permute = (change: object) => slotPermutation({ registerKey, computationId, count: 5, expand, ...change });
  for (const count of [0, -1, 1.5, Number.NaN, MAX_REGISTER_SIZE + 1]) {
    assert.throws(
      () => permute({ count }),
      (error) => isProtocolError(error, 'REGISTER_SIZE'),
    );
  }
  assert.deepEqual([...permute({ count: 1 })], [0]);
  assert.throws(() => permute({ registerKey: new Uint8Array(16) }), isLength);
  assert.throws(() => permute({ computationId: new Uint8Array(16) }), isLength);
  assert.throws(() => permute({ expand: () => new Uint8Array(8) }), isLength);
});

test('derives locators by HKDF-SHA256 under their own tag, as node:crypto computes it', () => {
  const property = fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (output) => {
    const expected = new Uint8Array(hkdfSync('sha256', output, '', 'sealedger/v1/locator', 8));
    assert.deepEqual(locatorFromOutput(output), expected);
    assert.deepEqual(locatorFromOutput(output, createHkdf()), expected);
  });
  fc.assert(property, { seed: SEED, numRuns: 30 });
  assert.throws(() => locatorFromOutput(new Uint8Array(32)), isLength);
});

test('derives the key pair of a computation from seed and id, and from nothing else', () => {
  const keys = computationKeyPair(registerKey, computationId);
  const info = 'sealedger/v1/computation-x25519';
  const expected = new Uint8Array(hkdfSync('sha256', registerKey, computationId, info, 32));
  assert.deepEqual(keys.secretKey, expected);
  assert.deepEqual(keys.publicKey, x25519PublicKey(expected));
  assert.notDeepEqual(computationKeyPair(registerKey, registerKey).publicKey, keys.publicKey);
  assert.notDeepEqual(computationKeyPair(computationId, computationId).publicKey, keys.publicKey);
  assert.throws(() => computationKeyPair(new Uint8Array(16), computationId), isLength);
  assert.throws(() => computationKeyPair(registerKey, new Uint8Array(16)), isLength);
});
