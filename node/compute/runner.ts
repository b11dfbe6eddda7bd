/**
 * Runs the chunks of a computation on worker threads: what is stored is not computed again, and a node that was killed
 * goes on with the chunks that are missing.
 *
 * Before each chunk the grant is looked at, and the membership of who asked and who computes; a chunk's digests are durable
 * before its first byte can leave.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { sha256 } from '../crypto.ts';
import type { Clock, Directory, EventLog, Ledger, Logger, StateStore } from '../ports.ts';
import { createWorkerPool, type WorkerPool } from '../worker-pool.ts';
import type { ChunkOutput, ChunkWork } from './chunk.ts';
import { type ChunkRecord, type ComputationRecord, computationKeys } from './computation.ts';

export interface RunnerParts {
  readonly org: string;
  readonly directory: string;
  readonly workers: number;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly members: Pick<Directory, 'activeMember'>;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly prepare: (record: ComputationRecord, document: RequestDocument) => Promise<ChunkWork>;
}

export interface Runner {
  /** Begins or goes on; returns at once. A computation that runs already is left alone. */
  run(record: ComputationRecord, document: RequestDocument): void;
  /** The bytes of a chunk. @throws {ProtocolError} CHUNK_UNKNOWN, CHUNK_NOT_READY, COMPUTATION_CONFLICT */
  chunk(record: ComputationRecord, chunk: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

const RETRY_MS = 500;
/** Failures of a worker for one computation before it is given up. */
const MAX_WORKER_FAILURES = 3;
/** Passing states in which a job waits instead of failing. */
const PASSING = ['CHAIN_UNREACHABLE', 'CHAIN_STALE', 'CHAIN_TIMEOUT', 'PEER_UNREACHABLE'] as const;

export function createRunner(parts: RunnerParts): Runner {
  const running = new Map<string, Promise<void>>();
  const pools = new Set<WorkerPool>();
  let closing = false;
  const isOver = (): boolean => closing;
  return {
    run: (record, document) => {
      const id = record.computationId;
      if (running.has(id) || closing) return;
      const job = runToEnd(parts, pools, isOver, record, document).finally(() => running.delete(id));
      running.set(id, job);
    },
    chunk: (record, chunk) => readChunk(parts, record, chunk),
    close: async () => {
      closing = true;
      await Promise.all([...pools].map((pool) => pool.close()));
      await Promise.all(running.values());
    },
  };
}

async function runToEnd(
  parts: RunnerParts,
  pools: Set<WorkerPool>,
  isOver: () => boolean,
  record: ComputationRecord,
  document: RequestDocument,
): Promise<void> {
  let workerFailures = 0;
  while (!isOver()) {
    try {
      await runMissing(parts, pools, isOver, record, document);
      return;
    } catch (error) {
      if (isOver()) return;
      const passing = PASSING.some((code) => isProtocolError(error, code));
      if (isProtocolError(error, 'WORKER_FAILED')) workerFailures += 1;
      const again = passing || (isProtocolError(error, 'WORKER_FAILED') && workerFailures < MAX_WORKER_FAILURES);
      if (!again) {
        await fail(parts, record, error);
        return;
      }
      parts.log.info('computation waits', { computationId: record.computationId, code: (error as ProtocolError).code });
      await parts.clock.sleep(RETRY_MS);
    }
  }
}

async function runMissing(
  parts: RunnerParts,
  pools: Set<WorkerPool>,
  isOver: () => boolean,
  record: ComputationRecord,
  document: RequestDocument,
): Promise<void> {
  const missing = await missingChunks(parts.state, record);
  if (missing.length > 0) {
    const work = await parts.prepare(record, document);
    const size = Math.min(parts.workers, missing.length);
    const pool = createWorkerPool(new URL('./chunk-worker.ts', import.meta.url), size, work);
    pools.add(pool);
    try {
      const next = missing.values();
      const lane = async (): Promise<void> => {
        for (const chunk of next) {
          if (isOver()) return;
          await assertRunning(parts, record);
          await storeChunk(parts, record, chunk, await pool.run<ChunkOutput>(chunk));
        }
      };
      await Promise.all(Array.from({ length: size }, lane));
    } finally {
      pools.delete(pool);
      await pool.close();
    }
  }
  if (!isOver()) await complete(parts, record);
}

/** The grant still stands, requester and node are no suspended members, and no later attempt took this one's place. */
async function assertRunning(parts: RunnerParts, record: ComputationRecord): Promise<void> {
  const request = await parts.ledger.recentRequest(record.requestId);
  if (request.state !== 'active') throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: request.state });
  for (const org of [request.requester, parts.org]) await parts.members.activeMember(org);
  const current = await parts.state.get<string>(computationKeys.current(record.requestId));
  if (current !== record.computationId)
    throw new ProtocolError('COMPUTATION_RETIRED', { computationId: record.computationId });
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

async function complete(parts: RunnerParts, record: ComputationRecord): Promise<void> {
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
