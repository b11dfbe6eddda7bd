/** Worker thread that answers batches of blinded elements, so that the node keeps answering others meanwhile. */
import { randomBytes } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { respond } from '../worker-pool.ts';

export interface EvaluationMessage {
  readonly secretKey: Uint8Array;
  readonly info: Uint8Array;
  readonly elements: readonly Uint8Array[];
}

const port = parentPort!;
const poprf = loadPoprf();

port.on('message', ({ secretKey, info, elements }: EvaluationMessage) => {
  void respond(
    (answer) => port.postMessage(answer),
    async () => {
      const library = await poprf;
      const proofScalar = library.randomScalar(new Uint8Array(randomBytes(64)));
      return library.blindEvaluate({ secretKey, info, blindedElements: elements, proofScalar });
    },
  );
});
