/**
 * A DuckDB that may do one thing: read what it was given. Its settings are locked before the first statement of a rule.
 *
 * DuckDB's messages quote cells and paths; {@link faultOf} keeps of them what is a number or a kind.
 */
import { DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { type ErrorDetails, ProtocolError } from '@sealedger/protocol/errors.ts';
import { quoteText } from './sql-text.ts';

export interface EngineSettings {
  readonly memoryMb: number;
  readonly threads: number;
  readonly diskMb: number;
  /** Directory for what does not fit in memory. */
  readonly temporary: string;
}

/** Longest row of a CSV file that is read, in bytes. */
export const MAX_ROW_BYTES = 2 << 20;

/** What its threads may compute ahead of who reads a stream: with DuckDB's own 1 MB they wait for the reader most of the time. */
const STREAMING_BUFFER_MB = 32;

/** Opens an engine in memory, interrupts it at the deadline, closes it. */
export async function withEngine<T>(
  settings: EngineSettings,
  deadline: AbortSignal,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  deadline.throwIfAborted();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(settings.threads),
    memory_limit: `${settings.memoryMb}MiB`,
    temp_directory: settings.temporary,
    max_temp_directory_size: `${settings.diskMb}MiB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  const connection = await DuckDBConnection.create(instance);
  await connection.run(`SET streaming_buffer_size = '${STREAMING_BUFFER_MB}MiB'`);
  const interrupt = (): void => connection.interrupt();
  deadline.addEventListener('abort', interrupt);
  try {
    const value = await use(connection);
    deadline.throwIfAborted();
    return value;
  } finally {
    deadline.removeEventListener('abort', interrupt);
    connection.closeSync();
    instance.closeSync();
  }
}

/** Takes from a connection every file but `allowed`, the network, extensions, and the way back. */
export async function lockDown(connection: DuckDBConnection, allowed: readonly string[]): Promise<void> {
  await connection.run(`SET allowed_paths = [${allowed.map(quoteText).join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

/**
 * Refuses a text that is anything but one SELECT: the one allowed file may be read, and COPY would write it.
 * @throws {ProtocolError} STATEMENT_NOT_SELECT; an error of DuckDB where the text is no SQL or does not bind
 */
export async function assertSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1)
    throw new ProtocolError('STATEMENT_NOT_SELECT', { found: `${statements.count} statements` });
  const statement = await statements.prepare(0);
  try {
    if (statement.statementType === StatementType.SELECT) return;
    throw new ProtocolError('STATEMENT_NOT_SELECT', { found: StatementType[statement.statementType] });
  } finally {
    statement.destroySync();
  }
}

interface FaultContext {
  readonly file: string;
  readonly format: string;
  readonly memoryMb: number;
  readonly diskMb: number;
}

/** What of an error may be told: its kind and the line, never its text; not as a cause either. */
export function faultOf(error: unknown, { file, format, memoryMb, diskMb }: FaultContext): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const text = error instanceof Error ? error.message : '';
  const number = /line:?\s*(\d+)/i.exec(text)?.[1];
  const line = number === undefined ? 'unknown' : Number(number);
  const as = (code: 'SOURCE_LINE_TOO_LONG' | 'SOURCE_MEMORY' | 'SOURCE_UNREADABLE', details: ErrorDetails) =>
    new ProtocolError(code, details);
  if (/maximum line size/i.test(text)) return as('SOURCE_LINE_TOO_LONG', { file, line, limitBytes: MAX_ROW_BYTES });
  if (/^(Out of Memory|OutOfMemory)/i.test(text) || /max_temp_directory_size/.test(text)) {
    return as('SOURCE_MEMORY', { memoryMb, diskMb });
  }
  return as('SOURCE_UNREADABLE', { file, format, line });
}
