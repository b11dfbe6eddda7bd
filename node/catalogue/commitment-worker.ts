/** Worker thread of a row commitment: one message, one batch of row digests; salts, leaves and their subtree's root. */
import { createCipheriv, hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { respond } from '../worker-pool.ts';
import type { BatchAnswer, BatchJob, CommitmentWorkerData } from './commitment.ts';

const HASH_BYTES = 32;
const SALT_BYTES = 16;
const WORD_BYTES = 16;
/** 0x00 ‖ schema ‖ salt ‖ digest of the row. */
const LEAF_BYTES = 1 + HASH_BYTES + SALT_BYTES + HASH_BYTES;
const NODE_BYTES = 1 + 2 * HASH_BYTES;
const SIGN_BIT = 0x80;

const port = parentPort!;
const { key, schema } = workerData as CommitmentWorkerData;

port.on('message', (job: BatchJob) => {
  void respond(
    (answer) => port.postMessage(answer),
    () => answerBatch(job),
  );
});

function answerBatch({ firstRow, count, high, low, keepLeaves }: BatchJob): BatchAnswer {
  const leaves = leavesOf(firstRow, count, high, low);
  const root = subtreeRoot(keepLeaves ? leaves.slice() : leaves, count);
  return keepLeaves ? { root, leaves } : { root, leaves: null };
}

function leavesOf(firstRow: number, count: number, high: Uint8Array, low: Uint8Array): Uint8Array {
  const salts = saltsOf(firstRow, count);
  const leaves = new Uint8Array(count * HASH_BYTES);
  const input = new Uint8Array(LEAF_BYTES);
  input.set(schema, 1);
  for (let i = 0; i < count; i++) {
    input.set(salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES), 1 + HASH_BYTES);
    copyWord(high, i, input, LEAF_BYTES - HASH_BYTES);
    copyWord(low, i, input, LEAF_BYTES - HASH_BYTES + WORD_BYTES);
    leaves.set(hash('sha256', input, 'buffer'), i * HASH_BYTES);
  }
  return leaves;
}

/** The keystream of AES-256 in counter mode from the first row's block on. */
function saltsOf(firstRow: number, count: number): Uint8Array {
  const counter = new Uint8Array(SALT_BYTES);
  new DataView(counter.buffer).setBigUint64(8, BigInt(firstRow), false);
  return createCipheriv('aes-256-ctr', key, counter).update(new Uint8Array(count * SALT_BYTES));
}

/** DuckDB keeps a UUID as a signed little-endian number of 128 bits whose sign is turned. */
function copyWord(words: Uint8Array, index: number, target: Uint8Array, offset: number): void {
  const last = index * WORD_BYTES + WORD_BYTES - 1;
  for (let i = 0; i < WORD_BYTES; i++) target[offset + i] = words[last - i]!;
  target[offset]! ^= SIGN_BIT;
}

/** Root over leaves in place, level by level; the last of an odd level moves up as it is, as RFC 9162 splits. */
function subtreeRoot(hashes: Uint8Array, count: number): Uint8Array {
  const input = new Uint8Array(NODE_BYTES);
  input[0] = 1;
  for (let size = count; size > 1; size = Math.ceil(size / 2)) {
    for (let pair = 0; 2 * pair + 1 < size; pair++) {
      input.set(hashes.subarray(2 * pair * HASH_BYTES, (2 * pair + 2) * HASH_BYTES), 1);
      hashes.set(hash('sha256', input, 'buffer'), pair * HASH_BYTES);
    }
    if (size % 2 === 1) hashes.copyWithin(((size - 1) / 2) * HASH_BYTES, (size - 1) * HASH_BYTES, size * HASH_BYTES);
  }
  return hashes.slice(0, HASH_BYTES);
}
