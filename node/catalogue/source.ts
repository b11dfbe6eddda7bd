/**
 * A dataset's source, read where it lies: a CSV or Parquet file, a table of a DuckDB file or of PostgreSQL.
 *
 * Whoever reads gets a DuckDB connection that sees this source and nothing else: no other file, no network, no extension,
 * a bound on memory, disk, threads and time. No message of DuckDB or PostgreSQL leaves: they quote cells.
 * A source that changes or goes away while it is read ends the reading with an error, whatever was read so far.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { z } from 'zod';
import { DELIMITERS } from './csv-header.ts';
import { ENCODINGS, encodingFault, openCsv } from './csv-source.ts';
import { faultOf, lockDown, withEngine } from './engine.ts';
import { type DatabaseConnection, snapshotTable } from './postgres-source.ts';
import { quoteName, quoteText } from './sql-text.ts';

const relationName = z.string().min(1).max(63);
const filePath = z.string().min(1).max(4096);

/** A source as a definition names it; a database is one that the node's operator configured, by its name there. */
export const sourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('csv'),
    file: filePath,
    /** Needed where the file is neither UTF-8 nor begins with a byte order mark. */
    encoding: z.enum(ENCODINGS).optional(),
    delimiter: z.enum(DELIMITERS).default(','),
  }),
  z.strictObject({ type: z.literal('parquet'), file: filePath }),
  z.strictObject({
    type: z.literal('duckdb'),
    file: filePath,
    schema: relationName.default('main'),
    table: relationName,
  }),
  z.strictObject({
    type: z.literal('postgres'),
    database: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/),
    schema: relationName.default('public'),
    table: relationName,
    /** Columns that put the rows into one order; without it they stand as the server sends them. */
    orderBy: z.array(relationName).max(16).default([]),
  }),
]);
export type Source = z.output<typeof sourceSchema>;

/** A source whose path is absolute and allowed, or whose database is known: what {@link withSource} reads. */
export type ResolvedSource =
  | Exclude<Source, { type: 'postgres' }>
  | (Extract<Source, { type: 'postgres' }> & { readonly connection: DatabaseConnection });

export interface SourcePlaces {
  /** What relative paths are relative to. */
  readonly base: string;
  /** Directories under which a source file may lie, after links were followed. */
  readonly directories: readonly string[];
  readonly databases: Readonly<Record<string, DatabaseConnection>>;
}

export interface SourceLimits {
  readonly memoryMb: number;
  readonly threads: number;
  /** From the opening to the end of `use`. */
  readonly timeoutMs: number;
  /** A directory of the node's own, for what does not fit in memory and for copies in another encoding. */
  readonly workDirectory: string;
  /** Bound of what may lie in the work directory at a time; 16 GiB unless given. */
  readonly diskMb?: number;
}

export interface SourceColumn {
  readonly name: string;
  /** DuckDB's name of the type; VARCHAR for all columns of CSV and PostgreSQL. */
  readonly type: string;
}

export interface OpenSource {
  readonly connection: DuckDBConnection;
  /** Quoted name of the view with the columns below and `_row`: BIGINT, from 1, in the source's order. */
  readonly relation: string;
  /** The same rows without `_row`: a CSV file is read by all threads only through this one. */
  readonly unnumbered: string;
  readonly columns: readonly SourceColumn[];
}

const DEFAULT_DISK_MB = 16_384;
const RELATION = quoteName('source_rows');
const UNNUMBERED = quoteName('source_values');
export const ROW_COLUMN = '_row';

/**
 * Where a definition's source lies on this machine.
 * @throws {ProtocolError} SOURCE_OUTSIDE, SOURCE_VANISHED, SOURCE_DATABASE_UNKNOWN
 */
export async function resolveSource(source: Source, places: SourcePlaces): Promise<ResolvedSource> {
  if (source.type === 'postgres') {
    if (!Object.hasOwn(places.databases, source.database)) {
      throw new ProtocolError('SOURCE_DATABASE_UNKNOWN', { database: source.database });
    }
    return { ...source, connection: places.databases[source.database]! };
  }
  const file = basename(source.file);
  const real = await realpath(resolve(places.base, source.file)).catch((cause: unknown) => {
    throw new ProtocolError('SOURCE_VANISHED', { file }, { cause });
  });
  for (const directory of places.directories) {
    const from = await realpath(directory).catch(() => undefined);
    const way = from === undefined ? '..' : relative(from, real);
    if (way !== '' && !way.startsWith('..') && !isAbsolute(way)) return { ...source, file: real };
  }
  throw new ProtocolError('SOURCE_OUTSIDE', { file });
}

/**
 * Opens a source, calls `use`, closes it. What `use` returns is given back only where the source is still the one that
 * was opened.
 * @throws {ProtocolError} SOURCE_*, and what `use` throws
 */
export async function withSource<T>(
  source: ResolvedSource,
  limits: SourceLimits,
  use: (open: OpenSource) => Promise<T>,
): Promise<T> {
  const work = join(limits.workDirectory, `source-${randomBytes(8).toString('hex')}`);
  await mkdir(work, { recursive: true, mode: 0o700 });
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), limits.timeoutMs);
  try {
    return await guarded(source, limits, deadline.signal, () => read(source, limits, work, deadline.signal, use));
  } finally {
    clearTimeout(timer);
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs `task` between two looks at the source's file, and puts what went wrong into words without cells. */
async function guarded<T>(
  source: ResolvedSource,
  limits: SourceLimits,
  deadline: AbortSignal,
  task: () => Promise<T>,
): Promise<T> {
  const before = await stampOf(source);
  let outcome: { readonly value: T } | { readonly error: unknown };
  try {
    outcome = { value: await task() };
  } catch (error) {
    outcome = { error };
  }
  if ((await stampOf(source)) !== before) throw new ProtocolError('SOURCE_CHANGED', { file: nameOf(source) });
  if ('value' in outcome) return outcome.value;
  if (deadline.aborted) throw new ProtocolError('SOURCE_TIMEOUT', { seconds: limits.timeoutMs / 1000 });
  // DuckDB and the file system throw plain errors; anything else is a fault of our own and shows as what it is.
  if (!(outcome.error instanceof ProtocolError) && !isPlainError(outcome.error)) throw outcome.error;
  const fault = faultOf(outcome.error, {
    file: nameOf(source),
    format: source.type,
    memoryMb: limits.memoryMb,
    diskMb: diskMb(limits),
  });
  const readAsUtf8 = source.type === 'csv' && (source.encoding ?? 'utf-8') === 'utf-8';
  if (!readAsUtf8 || fault.code !== 'SOURCE_UNREADABLE') throw fault;
  throw (await encodingFault(source.file)) ?? fault;
}

function isPlainError(error: unknown): boolean {
  return error instanceof Error && Object.getPrototypeOf(error) === Error.prototype;
}

async function read<T>(
  source: ResolvedSource,
  limits: SourceLimits,
  work: string,
  deadline: AbortSignal,
  use: (open: OpenSource) => Promise<T>,
): Promise<T> {
  const settings = { ...limits, diskMb: diskMb(limits), temporary: join(work, 'spill') };
  const prepared = await prepare(source, work, diskMb(limits), deadline);
  return withEngine(settings, deadline, async (connection) => {
    const { from, numbered, columns } = await prepared.attach(connection);
    await lockDown(connection, prepared.allowed);
    assertColumns(columns);
    await connection.run(`CREATE TEMP VIEW ${UNNUMBERED} AS SELECT ${from.select} FROM ${from.rows}`);
    await connection.run(`CREATE TEMP VIEW ${RELATION} AS ${numbered}`);
    return use({ connection, relation: RELATION, unnumbered: UNNUMBERED, columns });
  });
}

interface Attached {
  readonly columns: readonly SourceColumn[];
  readonly from: { readonly select: string; readonly rows: string };
  /** The statement of the view with `_row`. */
  readonly numbered: string;
}

interface Prepared {
  /** The only files that DuckDB may open once it is locked. */
  readonly allowed: readonly string[];
  readonly attach: (connection: DuckDBConnection) => Promise<Attached>;
}

async function prepare(source: ResolvedSource, work: string, disk: number, deadline: AbortSignal): Promise<Prepared> {
  switch (source.type) {
    case 'csv':
      return preparedCsv(await openCsv(source, work, disk, deadline));
    case 'postgres':
      return preparedCsv(await snapshotTable(source, source.connection, work, disk, deadline));
    case 'parquet':
      return preparedParquet(await linked(source.file, join(work, 'source.parquet')));
    case 'duckdb':
      return { allowed: [], attach: (connection) => attachTable(connection, source) };
  }
}

/** A link with a name that DuckDB takes for a file's: no pattern, no scheme, no compression by its ending. */
async function linked(file: string, link: string): Promise<string> {
  await symlink(file, link);
  return link;
}

function preparedCsv(csv: {
  readonly path: string;
  readonly names: readonly string[];
  readonly form: string;
}): Prepared {
  const columns = csv.names.map((name) => ({ name, type: 'VARCHAR' }));
  const types = csv.names.map((_, i) => `c${i}: 'VARCHAR'`).join(', ');
  const rows = `read_csv(${quoteText(csv.path)}, columns = {${types}}, ${csv.form})`;
  const select = csv.names.map((name, i) => `c${i} AS ${quoteName(name)}`).join(', ');
  // A window without an order numbers rows as they are read, and has them read in the file's order by one thread.
  const numbered = `SELECT ${select}, row_number() OVER () AS ${ROW_COLUMN} FROM ${rows}`;
  return { allowed: [csv.path], attach: async () => ({ columns, from: { select, rows }, numbered }) };
}

function preparedParquet(link: string): Prepared {
  const rows = `read_parquet(${quoteText(link)}, hive_partitioning = false, file_row_number = true)`;
  return {
    allowed: [link],
    attach: async (connection) => {
      const columns = await describe(connection, `read_parquet(${quoteText(link)}, hive_partitioning = false)`);
      const select = listOf(columns);
      return {
        columns,
        from: { select, rows },
        numbered: `SELECT ${select}, file_row_number + 1 AS ${ROW_COLUMN} FROM ${rows}`,
      };
    },
  };
}

async function attachTable(
  connection: DuckDBConnection,
  { file, schema, table }: Extract<Source, { type: 'duckdb' }>,
): Promise<Attached> {
  await connection.run(`ATTACH ${quoteText(file)} AS attached (TYPE duckdb, READ_ONLY)`);
  const found = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = 'attached' AND schema_name = $1 AND table_name = $2`,
    [schema, table],
  );
  if (found.currentRowCount === 0) throw new ProtocolError('SOURCE_TABLE_UNKNOWN', { source: basename(file), table });
  const rows = `attached.${quoteName(schema)}.${quoteName(table)}`;
  const columns = await describe(connection, rows);
  const select = listOf(columns);
  // Row ids are places in the table; where rows were deleted they have gaps, and the rows are counted instead.
  const dense = await connection.runAndReadAll(`SELECT count(*) = coalesce(max(rowid) + 1, 0) FROM ${rows}`);
  const number = dense.getRows()[0]?.[0] === true ? 'rowid + 1' : 'row_number() OVER ()';
  return { columns, from: { select, rows }, numbered: `SELECT ${select}, ${number} AS ${ROW_COLUMN} FROM ${rows}` };
}

async function describe(connection: DuckDBConnection, rows: string): Promise<SourceColumn[]> {
  const result = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${rows}`);
  return result.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

function listOf(columns: readonly SourceColumn[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}

/** SQL tells names apart by letters, not by their case. @throws {ProtocolError} SOURCE_COLUMN with the place of the column */
function assertColumns(columns: readonly SourceColumn[]): void {
  const seen = new Set([ROW_COLUMN]);
  columns.forEach(({ name }, i) => {
    const folded = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const reason = /\p{Cc}/u.test(name) || name.length > 128 ? 'name' : seen.has(folded) ? 'name-taken' : undefined;
    if (reason !== undefined) throw new ProtocolError('SOURCE_COLUMN', { column: i + 1, reason });
    seen.add(folded);
  });
}

/** What tells that a file is the one it was; change time cannot be set back. @throws {ProtocolError} SOURCE_VANISHED */
async function stampOf(source: ResolvedSource): Promise<string> {
  if (source.type === 'postgres') return '';
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(source.file, { bigint: true });
    const log =
      source.type === 'duckdb' ? await lstat(`${source.file}.wal`, { bigint: true }).catch(() => undefined) : undefined;
    return [dev, ino, size, mtimeNs, ctimeNs, log?.size, log?.mtimeNs].join();
  } catch (cause) {
    throw new ProtocolError('SOURCE_VANISHED', { file: nameOf(source) }, { cause });
  }
}

function nameOf(source: ResolvedSource): string {
  return source.type === 'postgres' ? source.database : basename(source.file);
}

function diskMb({ diskMb = DEFAULT_DISK_MB }: SourceLimits): number {
  return diskMb;
}
