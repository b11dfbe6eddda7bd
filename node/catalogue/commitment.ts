/**
 * Commits to the rows of a source, and opens single rows later; the construction stands in protocol/row-commitment.ts.
 *
 * DuckDB encodes and hashes the cells with as many threads as it has and gives the digests out in the source's order;
 * worker threads salt them and build the tree, 65,536 rows at a time. No more than a few batches are in memory, whatever
 * the size of the table. The root depends on the rows, their order and the key only, not on threads or batches.
 */
import { createCipheriv } from 'node:crypto';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { concatPrefixed, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { inclusionProof, merkleRoot } from '@sealedger/protocol/merkle.ts';
import { type OpenedRow, ROW_SALT_BYTES, type RowColumn, rowSchema } from '@sealedger/protocol/row-commitment.ts';
import { hkdf } from '../crypto.ts';
import { createWorkerPool, type WorkerPool } from '../worker-pool.ts';
import { quoteName } from './sql-text.ts';

export interface CommitmentSource {
  readonly connection: DuckDBConnection;
  /** Quoted name of the rows, in the source's order; needs no `_row`. */
  readonly unnumbered: string;
  readonly columns: readonly RowColumn[];
}

export interface RowCommitment {
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly rows: number;
}

export interface CommitmentWorkerData {
  readonly key: Uint8Array;
  readonly schema: Uint8Array;
  /** Of a batch. */
  readonly maxRows: number;
}

/** Digests of consecutive rows, each in two words of 16 bytes as DuckDB keeps them. */
export interface BatchJob {
  /** 0-based. */
  readonly firstRow: number;
  readonly count: number;
  readonly high: Uint8Array;
  readonly low: Uint8Array;
  readonly keepLeaves: boolean;
}

export interface BatchAnswer {
  readonly root: Uint8Array;
  readonly leaves: Uint8Array | null;
}

/** Rows of a batch: a power of two, so that every full batch is a complete subtree. */
export const BATCH_ROWS = 1 << 16;
const WORD_BYTES = 16;
const HASH_BYTES = 32;
const WORKERS = 2;
/** Batches under way beyond which reading waits. */
const MAX_OPEN_BATCHES = 2 * WORKERS;
const NO_SALT = new Uint8Array();

/** The key of a version's salts. @param secret - of the node, 32 bytes. @param versionId - 32 bytes in hex. */
export function rowKey(secret: Uint8Array, versionId: string): Uint8Array {
  return hkdf(secret, NO_SALT, concatPrefixed(utf8(domains.rowSalt), utf8(versionId)), 32);
}

/** Salt of one row: AES-256 of its 0-based number. @returns 16 bytes. */
export function rowSalt(key: Uint8Array, row: number): Uint8Array {
  const block = new Uint8Array(ROW_SALT_BYTES);
  new DataView(block.buffer).setBigUint64(8, BigInt(row - 1), false);
  return new Uint8Array(createCipheriv('aes-256-ctr', key, block).update(new Uint8Array(ROW_SALT_BYTES)));
}

/** The root over all rows. @param key - of {@link rowKey}. */
export async function commitRows(source: CommitmentSource, key: Uint8Array): Promise<RowCommitment> {
  const { answers, rows } = await runBatches(source, key, () => false);
  return { root: merkleRoot(answers.map(({ root }) => root)), rows };
}

/**
 * One row with what shows that it stands in the commitment; reads the whole source once more.
 * @param row - 1-based.
 * @throws {ProtocolError} ROW_UNKNOWN
 */
export async function openRow(source: CommitmentSource, key: Uint8Array, row: number): Promise<OpenedRow> {
  const wanted = Math.floor((row - 1) / BATCH_ROWS);
  const { answers, rows } = await runBatches(source, key, (batch) => batch === wanted);
  const batch = answers[wanted];
  if (!Number.isSafeInteger(row) || row < 1 || row > rows || batch === undefined || batch.leaves === null) {
    throw new ProtocolError('ROW_UNKNOWN', { row, rows });
  }
  const { leaves } = batch;
  const hashes = Array.from({ length: leaves.length / HASH_BYTES }, (_, i) =>
    leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
  const inside = inclusionProof(hashes, (row - 1) % BATCH_ROWS);
  const above = inclusionProof(
    answers.map(({ root }) => root),
    wanted,
  );
  return { row, cells: await cellsOf(source, row), salt: rowSalt(key, row), proof: [...inside, ...above] };
}

/** SQL of a row's digest in hex: SHA-256 of netstrings. */
export function rowDigestSql(columns: readonly RowColumn[]): string {
  const parts = columns.map((column) => `strlen(${cellText(column)}), ':', ${cellText(column)}, ','`);
  return `sha256(concat(${parts.join(', ')}))`;
}

/** SQL of a cell's text; null for a missing cell. See CELL_TEXTS of protocol/row-commitment.ts. */
function cellText({ name, type }: RowColumn): string {
  const cell = quoteName(name);
  if (type === 'VARCHAR') return cell;
  if (type === 'TIMESTAMP WITH TIME ZONE') return `CAST(epoch_us(${cell}) AS VARCHAR)`;
  if (type === 'BLOB') return `hex(${cell})`;
  if (/^(STRUCT|MAP|UNION)\b|\]$/.test(type)) return `CAST(to_json(${cell}) AS VARCHAR)`;
  return `CAST(${cell} AS VARCHAR)`;
}

async function cellsOf({ connection, unnumbered, columns }: CommitmentSource, row: number): Promise<(string | null)[]> {
  const texts = columns.map((column, i) => `${cellText(column)} AS c${i}`).join(', ');
  const result = await connection.runAndReadAll(`SELECT ${texts} FROM ${unnumbered} LIMIT 1 OFFSET ${row - 1}`);
  return (result.getRows()[0] ?? []).map((cell) => (cell === null ? null : String(cell)));
}

interface Batches {
  readonly answers: readonly BatchAnswer[];
  readonly rows: number;
}

async function runBatches(
  source: CommitmentSource,
  key: Uint8Array,
  keepLeaves: (batch: number) => boolean,
): Promise<Batches> {
  const data: CommitmentWorkerData = { key, schema: rowSchema(source.columns), maxRows: BATCH_ROWS };
  const pool = createWorkerPool(new URL('./commitment-worker.ts', import.meta.url), WORKERS, data);
  try {
    return await readBatches(source, pool, keepLeaves);
  } finally {
    await pool.close();
  }
}

async function readBatches(
  { connection, unnumbered, columns }: CommitmentSource,
  pool: WorkerPool,
  keepLeaves: (batch: number) => boolean,
): Promise<Batches> {
  // A UUID is the one type of 16 bytes that is read from hex.
  const digests = `SELECT ${rowDigestSql(columns)} AS h FROM ${unnumbered}`;
  const result = await connection.stream(
    `SELECT CAST(substr(h, 1, 32) AS UUID) AS high, CAST(substr(h, 33, 32) AS UUID) AS low FROM (${digests})`,
  );
  const answers: Promise<BatchAnswer>[] = [];
  const open = new Set<Promise<unknown>>();
  let [rows, batch] = [0, emptyBatch()];
  const send = async (): Promise<void> => {
    const { high, low, count } = batch;
    const job: BatchJob = { firstRow: rows - count, count, high, low, keepLeaves: keepLeaves(answers.length) };
    const answer = pool.run<BatchAnswer>(job);
    answers.push(answer);
    const settled: Promise<unknown> = answer.then(
      () => void open.delete(settled),
      () => void open.delete(settled),
    );
    open.add(settled);
    batch = emptyBatch();
    if (open.size >= MAX_OPEN_BATCHES) await Promise.race(open);
  };
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (let from = 0; from < chunk.rowCount; ) {
      const taken = take(chunk, from, batch);
      [from, rows] = [from + taken, rows + taken];
      if (batch.count === BATCH_ROWS) await send();
    }
  }
  if (batch.count > 0) await send();
  return { answers: await Promise.all(answers), rows };
}

interface Batch {
  readonly high: Uint8Array;
  readonly low: Uint8Array;
  count: number;
}

function emptyBatch(): Batch {
  // Shared memory goes to a worker without a copy; nobody writes into a batch that was sent.
  const words = (): Uint8Array => new Uint8Array(new SharedArrayBuffer(BATCH_ROWS * WORD_BYTES));
  return { high: words(), low: words(), count: 0 };
}

/** Copies rows of a chunk into a batch, as many as fit. @returns how many. */
function take(chunk: DuckDBDataChunk, from: number, batch: Batch): number {
  const count = Math.min(chunk.rowCount - from, BATCH_ROWS - batch.count);
  [batch.high, batch.low].forEach((target, column) => {
    const words = duckdb.vector_get_data(
      duckdb.data_chunk_get_vector(chunk.chunk, column),
      chunk.rowCount * WORD_BYTES,
    );
    target.set(words.subarray(from * WORD_BYTES, (from + count) * WORD_BYTES), batch.count * WORD_BYTES);
  });
  batch.count += count;
  return count;
}
