/**
 * A PostgreSQL table as one consistent copy on disk, streamed by COPY inside a read-only transaction.
 *
 * The database's operator configures host, user and where the password lies; the writer of a definition names the
 * database and the table only, so that a definition can send no password anywhere.
 * PostgreSQL's messages may quote values; of an error only the SQLSTATE leaves (PostgreSQL, appendix A).
 */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { z } from 'zod';
import { MAX_COLUMNS } from './csv-header.ts';
import { csvForm, type Utf8Csv } from './csv-source.ts';
import { quoteName } from './sql-text.ts';

/** A database in the node's configuration. */
export const databaseSchema = z.strictObject({
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).default(5432),
  database: z.string().min(1).max(63),
  user: z.string().min(1).max(63),
  /** Where the password is: an environment variable or a file of its own; never the password. */
  password: z.union([
    z.strictObject({ env: z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/) }),
    z.strictObject({ file: z.string().min(1).max(4096) }),
  ]),
  /** Off is for a server on the same machine. */
  tls: z.enum(['verify', 'off']).default('verify'),
});
export type DatabaseConnection = z.output<typeof databaseSchema>;

export interface PostgresTable {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly orderBy: readonly string[];
}

const MEBIBYTE = 1 << 20;
const CONNECT_MS = 10_000;

/**
 * Copies a table as CSV into `work`. Memory is bounded by the stream; rows are those of one moment.
 * @throws {ProtocolError} SOURCE_DATABASE_FAILED, SOURCE_CREDENTIAL, SOURCE_TABLE_UNKNOWN, SOURCE_TOO_WIDE, SOURCE_MEMORY
 */
export async function snapshotTable(
  source: PostgresTable,
  connection: DatabaseConnection,
  work: string,
  diskMb: number,
  deadline: AbortSignal,
): Promise<Utf8Csv> {
  const client = await connect(source.database, connection);
  const cut = (): void => void client.end().catch(() => undefined);
  deadline.addEventListener('abort', cut);
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const names = await columnsOf(client, source);
    const path = join(work, 'source.csv');
    const rows = client.query(copyTo(copyStatement(source, names)));
    await pipeline(rows, meter(diskMb), createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal: deadline });
    await client.query('COMMIT');
    return { path, names, form: csvForm(',') };
  } catch (error) {
    throw failure(source.database, error);
  } finally {
    deadline.removeEventListener('abort', cut);
    await client.end().catch(() => undefined);
  }
}

async function connect(database: string, connection: DatabaseConnection): Promise<Client> {
  const { host, port, user } = connection;
  const client = new Client({
    host,
    port,
    user,
    database: connection.database,
    password: await passwordOf(database, connection),
    ssl: connection.tls === 'verify' ? { rejectUnauthorized: true } : false,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'sealedger',
  });
  // A connection that is lost between two statements; the next statement tells it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw failure(database, error);
  }
}

async function passwordOf(database: string, { password }: DatabaseConnection): Promise<string> {
  const value =
    'env' in password ? process.env[password.env] : await readFile(password.file, 'utf8').catch(() => undefined);
  const trimmed = value?.replace(/\r?\n$/, '');
  if (trimmed === undefined || trimmed === '') throw new ProtocolError('SOURCE_CREDENTIAL', { database });
  return trimmed;
}

async function columnsOf(client: Client, { database, schema, table, orderBy }: PostgresTable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [schema, table],
  );
  const names = rows.map(({ name }) => name);
  if (names.length === 0 || orderBy.some((column) => !names.includes(column))) {
    throw new ProtocolError('SOURCE_TABLE_UNKNOWN', { source: database, table });
  }
  if (names.length > MAX_COLUMNS)
    throw new ProtocolError('SOURCE_TOO_WIDE', { limit: MAX_COLUMNS, limitBytes: MEBIBYTE });
  return names;
}

function copyStatement({ schema, table, orderBy }: PostgresTable, names: readonly string[]): string {
  const order = orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.map(quoteName).join(', ')}`;
  const select = `SELECT ${names.map(quoteName).join(', ')} FROM ${quoteName(schema)}.${quoteName(table)}${order}`;
  return `COPY (${select}) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')`;
}

function meter(diskMb: number): Transform {
  let written = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done): void {
      written += part.length;
      if (written > diskMb * MEBIBYTE) done(new ProtocolError('SOURCE_MEMORY', { memoryMb: 0, diskMb }));
      else done(null, part);
    },
  });
}

/** The SQLSTATE or the system's code of an error; its text may quote a value or a host. */
function failure(database: string, error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const reason = typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'connection';
  return new ProtocolError('SOURCE_DATABASE_FAILED', { database, reason });
}
