/** Worker thread of a row commitment: one message, one batch of row digests; salts, leaves and their subtree's root. */
import { createCipheriv } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { respond } from '../worker-pool.ts';
import type { BatchAnswer, BatchJob, CommitmentWorkerData } from './commitment.ts';
import { CommitmentKernel } from './commitment-kernel.ts';

const SALT_BYTES = 16;

const port = parentPort!;
const { key, schema, maxRows } = workerData as CommitmentWorkerData;
const kernel = new CommitmentKernel(schema, maxRows);

port.on('message', (job: BatchJob) => {
  void respond(
    (answer) => port.postMessage(answer),
    () => answerBatch(job),
  );
});

function answerBatch({ firstRow, count, high, low, keepLeaves }: BatchJob): BatchAnswer {
  const leaves = kernel.leaves({ salts: saltsOf(firstRow, count), high, low, count });
  const kept = keepLeaves ? leaves.slice() : null;
  return { root: kernel.root(count), leaves: kept };
}

/** The keystream of AES-256 in counter mode from the first row's block on. */
function saltsOf(firstRow: number, count: number): Uint8Array {
  const counter = new Uint8Array(SALT_BYTES);
  new DataView(counter.buffer).setBigUint64(8, BigInt(firstRow), false);
  return createCipheriv('aes-256-ctr', key, counter).update(new Uint8Array(count * SALT_BYTES));
}
