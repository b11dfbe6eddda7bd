/** Evaluates blinded elements: small batches at once, larger ones on a worker thread. */
import { randomBytes } from 'node:crypto';
import type { Evaluated, Poprf } from '@sealedger/protocol/poprf.ts';
import type { EpochKeys } from '../match/epoch-keys.ts';
import { createWorkerPool, type WorkerPool } from '../worker-pool.ts';
import type { EvaluationMessage } from './evaluation-worker.ts';
import { poprfInfo } from './unlocking.ts';

/** Up to here an evaluation takes less than about two milliseconds. */
const INLINE_ELEMENTS = 4;

export interface Evaluation {
  evaluate(requestId: string, computationId: string, elements: readonly Uint8Array[]): Promise<Evaluated>;
  close(): Promise<void>;
}

export function createEvaluation(poprf: Poprf, epochKeys: EpochKeys, workers: number): Evaluation {
  let pool: WorkerPool | undefined;
  return {
    evaluate: async (requestId, computationId, elements) => {
      const secretKey = await epochKeys.secret(requestId);
      const info = poprfInfo(computationId);
      if (elements.length <= INLINE_ELEMENTS) {
        const proofScalar = poprf.randomScalar(new Uint8Array(randomBytes(64)));
        return poprf.blindEvaluate({ secretKey, info, blindedElements: elements, proofScalar });
      }
      pool ??= createWorkerPool(new URL('./evaluation-worker.ts', import.meta.url), workers, null);
      return pool.run<Evaluated>({ secretKey, info, elements } satisfies EvaluationMessage);
    },
    close: async () => pool?.close(),
  };
}
