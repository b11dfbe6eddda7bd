/** Evaluates blinded elements: small batches at once, larger ones on a worker thread. */
import { randomBytes } from 'node:crypto';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { Evaluated, Poprf, PoprfEvaluator } from '@sealedger/protocol/poprf.ts';
import type { EpochKeys } from '../match/epoch-keys.ts';
import { createWorkerPool, type WorkerPool } from '../worker-pool.ts';
import type { EvaluationMessage } from './evaluation-worker.ts';
import { poprfInfo } from './unlocking.ts';

/** Up to here an evaluation takes less than about two milliseconds. */
const INLINE_ELEMENTS = 4;

export interface Evaluation {
  evaluate(requestId: string, computationId: string, elements: readonly Uint8Array[]): Promise<Evaluated>;
  /** Drops what is held of a key, when one is erased. */
  forget(): void;
  close(): Promise<void>;
}

export function createEvaluation(poprf: Poprf, epochKeys: EpochKeys, workers: number): Evaluation {
  let pool: WorkerPool | undefined;
  let last: { readonly key: string; readonly evaluator: PoprfEvaluator } | undefined;
  /** The evaluator of the computation that was asked last; its key is looked up each time, and may be erased by then. */
  const evaluatorOf = (secretKey: Uint8Array, computationId: string): PoprfEvaluator => {
    const key = `${toHex(secretKey)}/${computationId}`;
    if (last?.key !== key) last = { key, evaluator: poprf.createEvaluator(secretKey, poprfInfo(computationId)) };
    return last.evaluator;
  };
  return {
    evaluate: async (requestId, computationId, elements) => {
      const secretKey = await epochKeys.secret(requestId);
      const info = poprfInfo(computationId);
      if (elements.length <= INLINE_ELEMENTS) {
        const proofScalar = poprf.randomScalar(new Uint8Array(randomBytes(64)));
        return evaluatorOf(secretKey, computationId).blindEvaluate(elements, proofScalar);
      }
      pool ??= createWorkerPool(new URL('./evaluation-worker.ts', import.meta.url), workers, null);
      return pool.run<Evaluated>({ secretKey, info, elements } satisfies EvaluationMessage);
    },
    forget: () => {
      last = undefined;
    },
    close: async () => pool?.close(),
  };
}
