/** Worker thread that hashes identifiers to the group: one message, one batch of them. */
import { parentPort } from 'node:worker_threads';
import { loadPoprf, POPRF_ELEMENT_BYTES } from '@sealedger/protocol/poprf.ts';
import { respond } from '../worker-pool.ts';
import { IDENTIFIER_BYTES } from './register.ts';

const port = parentPort!;
const poprf = loadPoprf();

port.on('message', (identifiers: Uint8Array) => {
  void respond(
    (answer) => port.postMessage(answer),
    async () => {
      const { hashToGroup } = await poprf;
      const count = identifiers.length / IDENTIFIER_BYTES;
      const elements = new Uint8Array(count * POPRF_ELEMENT_BYTES);
      for (let i = 0; i < count; i++) {
        const identifier = identifiers.subarray(i * IDENTIFIER_BYTES, (i + 1) * IDENTIFIER_BYTES);
        elements.set(hashToGroup(identifier), i * POPRF_ELEMENT_BYTES);
      }
      return elements;
    },
  );
});
