/**
 * Runs the chunks of a computation on worker threads: what is stored is not computed again, and a node that was killed
 * goes on with the chunks that are missing.
 *
 * Before each chunk, and twice a second while one is made, the guard is asked whether the grant may still be used. Where it
 * may not, the workers are cut off in what they do. A suspended grant's job waits and goes on later with the chunks that
 * are missing; a job whose grant ended fails. A chunk's digests are durable before its first byte can leave.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { grantHashesOf } from '../approval/grant-check.ts';
import type { Guard } from '../approval/guard.ts';
import { sha256 } from '../crypto.ts';
import type { Clock, EventLog, Logger, RequestView, StateStore } from '../ports.ts';
import { createWorkerPool } from '../worker-pool.ts';
import type { ChunkOutput, ChunkWork } from './chunk.ts';
import { type ChunkRecord, type ComputationRecord, computationKeys } from './computation.ts';

export interface RunnerParts {
  readonly directory: string;
  readonly workers: number;
  readonly state: StateStore;
  readonly guard: Guard;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Logger;
  /** @param signal - aborted where the work is no longer wanted. */
  readonly prepare: (record: ComputationRecord, document: RequestDocument, signal: AbortSignal) => Promise<ChunkWork>;
}

export interface Runner {
  /** Begins or goes on; returns at once. A computation that runs already is left alone. */
  run(record: ComputationRecord, document: RequestDocument): void;
  /** The bytes of a chunk. @throws {ProtocolError} CHUNK_UNKNOWN, CHUNK_NOT_READY, COMPUTATION_CONFLICT */
  chunk(record: ComputationRecord, chunk: number): Promise<Uint8Array>;
  /** Asks the guard again for what runs under a request, or for everything, and cuts off what may not go on. */
  recheck(requestId?: string): Promise<void>;
  close(): Promise<void>;
}

const RETRY_MS = 500;
/** Between two looks at the grant while chunks are made. */
const LOOK_MS = 500;
/** Failures of a worker for one computation before it is given up. */
const MAX_WORKER_FAILURES = 3;
/** The chain or a peer does not answer: nothing is known against what runs, and nothing new begins. */
const AWAY = ['CHAIN_UNREACHABLE', 'CHAIN_STALE', 'CHAIN_TIMEOUT', 'PEER_UNREACHABLE'] as const;
/** Passing states in which a job waits instead of failing. */
const PASSING = [...AWAY, 'GRANT_SUSPENDED', 'GRANT_HOURS'] as const;

interface Job {
  readonly record: ComputationRecord;
  readonly document: RequestDocument;
  /** Ends the pass that runs now; its reason says why. A pass that was cut off may be followed by another. */
  pass: AbortController;
  readonly isOver: () => boolean;
}

export function createRunner(parts: RunnerParts): Runner {
  const running = new Map<string, { readonly job: Job; readonly done: Promise<void> }>();
  let closing = false;
  const isOver = (): boolean => closing;
  return {
    run: (record, document) => {
      const id = record.computationId;
      if (running.has(id) || closing) return;
      const job: Job = { record, document, pass: new AbortController(), isOver };
      running.set(id, { job, done: runToEnd(parts, job).finally(() => running.delete(id)) });
    },
    chunk: (record, chunk) => readChunk(parts, record, chunk),
    recheck: async (requestId) => {
      const jobs = [...running.values()].map(({ job }) => job);
      const concerned = jobs.filter(({ record }) => requestId === undefined || record.requestId === requestId);
      await Promise.all(concerned.map((job) => look(parts, job)));
    },
    close: async () => {
      closing = true;
      for (const { job } of running.values()) job.pass.abort(new ProtocolError('WORKER_FAILED', {}));
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

async function runToEnd(parts: RunnerParts, job: Job): Promise<void> {
  let workerFailures = 0;
  while (!job.isOver()) {
    try {
      await runMissing(parts, job);
      return;
    } catch (error) {
      if (job.isOver()) return;
      if (isProtocolError(error, 'WORKER_FAILED')) workerFailures += 1;
      const again = isProtocolError(error, 'WORKER_FAILED') ? workerFailures < MAX_WORKER_FAILURES : isPassing(error);
      if (!again) {
        await fail(parts, job.record, error);
        return;
      }
      await untilUsable(parts, job, (error as ProtocolError).code);
    }
  }
}

/** Waits as long as the guard's answer is one that passes, so that nothing is prepared in vain. */
async function untilUsable(parts: RunnerParts, job: Job, code: string): Promise<void> {
  const { computationId, requestId } = job.record;
  parts.log.info('computation waits', { computationId, code });
  while (!job.isOver()) {
    await parts.clock.sleep(RETRY_MS);
    try {
      await assertRunning(parts, job.record);
      parts.log.info('computation goes on', { computationId, requestId });
      return;
    } catch (error) {
      // what does not pass is for the next round to end the job with
      if (!isPassing(error)) return;
    }
  }
}

function isPassing(error: unknown): boolean {
  return PASSING.some((code) => isProtocolError(error, code));
}

async function runMissing(parts: RunnerParts, job: Job): Promise<void> {
  const { record } = job;
  await assertRunning(parts, record);
  const missing = await missingChunks(parts.state, record);
  if (missing.length > 0) await makeChunks(parts, job, missing);
  if (job.isOver()) return;
  await complete(parts, record, await assertRunning(parts, record));
}

async function makeChunks(parts: RunnerParts, job: Job, missing: readonly number[]): Promise<void> {
  job.pass = new AbortController();
  const { signal } = job.pass;
  const cut = Promise.withResolvers<never>();
  cut.promise.catch(() => undefined);
  signal.addEventListener('abort', () => cut.reject(signal.reason));
  let looking = false;
  const looks = setInterval(() => {
    if (looking) return;
    looking = true;
    void look(parts, job).finally(() => {
      looking = false;
    });
  }, LOOK_MS);
  try {
    const work = await Promise.race([parts.prepare(job.record, job.document, signal), cut.promise]);
    await inPool(parts, job, missing, work, cut.promise);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearInterval(looks);
  }
}

/** Makes the chunks on workers; where the pass is cut, the workers are ended in the middle of what they do. */
async function inPool(
  parts: RunnerParts,
  { record, isOver, pass }: Job,
  missing: readonly number[],
  work: ChunkWork,
  cut: Promise<never>,
): Promise<void> {
  const size = Math.min(parts.workers, missing.length);
  const pool = createWorkerPool(new URL('./chunk-worker.ts', import.meta.url), size, work);
  const next = missing.values();
  const lane = async (): Promise<void> => {
    for (const chunk of next) {
      if (isOver()) return;
      await assertRunning(parts, record);
      const output = await pool.run<ChunkOutput>(chunk);
      pass.signal.throwIfAborted();
      await storeChunk(parts, record, chunk, output);
    }
  };
  const lanes = Promise.all(Array.from({ length: size }, lane));
  try {
    await Promise.race([lanes, cut]);
  } finally {
    await pool.close();
    // a chunk that is being stored is stored whole before anything else happens to its computation
    await lanes.catch(() => undefined);
  }
}

/** Cuts the job's pass off where the guard says that it may not go on. */
async function look(parts: RunnerParts, { record, pass }: Job): Promise<void> {
  try {
    await assertRunning(parts, record);
  } catch (error) {
    if (!AWAY.some((code) => isProtocolError(error, code))) pass.abort(error);
  }
}

/** The grant may still be used, and no later attempt took this one's place. */
async function assertRunning(parts: RunnerParts, record: ComputationRecord): Promise<RequestView> {
  const { requestId } = record;
  const request = await parts.guard.assertUsable({ kind: 'compute', moment: 'chunk', requestId, count: 0 });
  const current = await parts.state.get<string>(computationKeys.current(record.requestId));
  if (current !== record.computationId)
    throw new ProtocolError('COMPUTATION_RETIRED', { computationId: record.computationId });
  return request;
}

async function missingChunks(state: StateStore, record: ComputationRecord): Promise<number[]> {
  const done = new Set((await state.list(computationKeys.chunkPrefix(record.computationId))).map(([key]) => key));
  return Array.from({ length: record.chunks }, (_, chunk) => chunk).filter(
    (chunk) => !done.has(computationKeys.chunk(record.computationId, chunk)),
  );
}

async function storeChunk(
  parts: RunnerParts,
  record: ComputationRecord,
  chunk: number,
  output: ChunkOutput,
): Promise<void> {
  const path = chunkPath(parts.directory, record.computationId, chunk);
  await mkdir(join(parts.directory, record.computationId), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(output.bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const stored: ChunkRecord = {
    inputDigest: output.inputDigest,
    outputDigest: toHex(sha256(output.bytes)),
    sizeBytes: output.bytes.length,
  };
  await parts.state.write([{ type: 'put', key: computationKeys.chunk(record.computationId, chunk), value: stored }]);
}

async function readChunk(parts: RunnerParts, record: ComputationRecord, chunk: number): Promise<Uint8Array> {
  const { computationId: id, chunks } = record;
  if (chunk >= chunks) throw new ProtocolError('CHUNK_UNKNOWN', { chunk, chunks });
  if (record.discarded === true) throw new ProtocolError('COMPUTATION_RETIRED', { computationId: id });
  if (record.state === 'failed') throw new ProtocolError('COMPUTATION_FAILED', { code: record.failure ?? 'INTERNAL' });
  const stored = await parts.state.get<ChunkRecord>(computationKeys.chunk(id, chunk));
  if (stored === undefined) throw new ProtocolError('CHUNK_NOT_READY', { chunk });
  const path = chunkPath(parts.directory, id, chunk);
  const bytes = existsSync(path) ? new Uint8Array(await readFile(path)) : new Uint8Array(0);
  if (toHex(sha256(bytes)) !== stored.outputDigest)
    throw new ProtocolError('COMPUTATION_CONFLICT', { computationId: id, part: `chunk ${chunk}` });
  return bytes;
}

async function complete(parts: RunnerParts, record: ComputationRecord, request: RequestView): Promise<void> {
  const operations = await moveTo(parts.state, record, 'completed', null);
  if (operations.length === 0) return;
  const chunks = await parts.state.list<ChunkRecord>(computationKeys.chunkPrefix(record.computationId));
  const inputDigest = digestHex(
    domains.inputDigest,
    chunks.map(([, chunk]) => chunk.inputDigest),
  );
  const outputDigest = digestHex(
    domains.outputDigest,
    chunks.map(([, chunk]) => chunk.outputDigest),
  );
  await parts.events.append(
    'computation',
    {
      requestId: record.requestId,
      computationId: record.computationId,
      attempt: record.attempt,
      role: record.roles.join('-'),
      state: 'completed',
      inputDigest,
      outputDigest,
      chunks: record.chunks,
      ...grantHashesOf(request),
    },
    {
      id: `computation/${record.computationId}/completed`,
      operations,
    },
  );
}

async function fail(parts: RunnerParts, record: ComputationRecord, error: unknown): Promise<void> {
  const code = error instanceof ProtocolError ? error.code : 'INTERNAL';
  parts.log.error('computation failed', { computationId: record.computationId, code }, error);
  await parts.state.write(await moveTo(parts.state, record, 'failed', code));
}

/** The record's next state, unless a later attempt retired it meanwhile. */
async function moveTo(
  state: StateStore,
  record: ComputationRecord,
  next: 'completed' | 'failed',
  failure: string | null,
) {
  const key = computationKeys.record(record.computationId);
  const stored = await state.get<ComputationRecord>(key);
  if (stored === undefined || stored.state === 'retired') return [];
  return [{ type: 'put' as const, key, value: { ...stored, state: next, failure } }];
}

/** Removes what a retired computation left on disk. */
export async function discardChunks(directory: string, computationId: string): Promise<void> {
  await rm(join(directory, computationId), { recursive: true, force: true });
}

function chunkPath(directory: string, computationId: string, chunk: number): string {
  return join(directory, computationId, `${String(chunk).padStart(6, '0')}.bin`);
}
