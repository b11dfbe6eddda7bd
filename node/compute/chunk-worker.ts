/** Worker thread that makes chunks: one message, one chunk. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { respond } from '../worker-pool.ts';
import { type ChunkWork, createChunkMaker } from './chunk.ts';

const port = parentPort!;
const maker = loadPoprf().then((poprf) => createChunkMaker(workerData as ChunkWork, poprf));

port.on('message', (chunk: number) => {
  void respond(
    (answer) => port.postMessage(answer),
    async () => (await maker).make(chunk),
  );
});
