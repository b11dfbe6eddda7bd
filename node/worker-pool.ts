/** A fixed number of worker threads that each answer one message at a time; the owner closes the pool. */
import { Worker } from 'node:worker_threads';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isErrorCode } from '@sealedger/protocol/messages/catalogue.ts';

interface Job {
  readonly message: unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What a worker posts back. */
export type WorkerAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly details: Record<string, string | number | boolean | null> };

export interface WorkerPool {
  /** Answers come in the order in which workers finish. @throws {ProtocolError} the worker's refusal, or WORKER_FAILED */
  run<T>(message: unknown): Promise<T>;
  close(): Promise<void>;
}

/**
 * @param script - module that posts one {@link WorkerAnswer} for each message.
 * @param workerData - given to every worker at its start.
 */
export function createWorkerPool(script: URL, size: number, workerData: unknown): WorkerPool {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const running = new Map<Worker, Job>();
  const all = new Set<Worker>();
  let closed = false;

  const next = (): void => {
    while (waiting.length > 0 && idle.length > 0) {
      const worker = idle.pop()!;
      const job = waiting.shift()!;
      running.set(worker, job);
      worker.postMessage(job.message);
    }
  };
  const start = (): void => {
    const worker = new Worker(script, { workerData });
    all.add(worker);
    worker.on('message', (answer: WorkerAnswer) => {
      const job = running.get(worker);
      running.delete(worker);
      idle.push(worker);
      if (answer.ok) job?.resolve(answer.value);
      else job?.reject(refusal(answer.code, answer.details));
      next();
    });
    worker.on('error', (error) => {
      running.get(worker)?.reject(new ProtocolError('WORKER_FAILED', {}, { cause: error }));
      running.delete(worker);
      all.delete(worker);
      if (!closed) start();
    });
    idle.push(worker);
  };
  for (let i = 0; i < size; i++) start();

  return {
    run: <T>(message: unknown) =>
      new Promise<T>((resolve, reject) => {
        if (closed) {
          reject(new ProtocolError('WORKER_FAILED', {}));
          return;
        }
        waiting.push({ message, resolve: resolve as (answer: unknown) => void, reject });
        next();
      }),
    close: async () => {
      closed = true;
      for (const job of [...waiting.splice(0), ...running.values()]) job.reject(new ProtocolError('WORKER_FAILED', {}));
      running.clear();
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

/** Runs `answer` for one message and posts what came of it; for use inside a worker. */
export async function respond(
  post: (answer: WorkerAnswer) => void,
  answer: () => Promise<unknown> | unknown,
): Promise<void> {
  try {
    post({ ok: true, value: await answer() });
  } catch (error) {
    if (error instanceof ProtocolError) post({ ok: false, code: error.code, details: { ...error.details } });
    else
      post({ ok: false, code: 'WORKER_FAILED', details: { reason: error instanceof Error ? error.name : 'unknown' } });
  }
}

function refusal(code: string, details: Record<string, string | number | boolean | null>): ProtocolError {
  return new ProtocolError(isErrorCode(code) ? code : 'WORKER_FAILED', details);
}
