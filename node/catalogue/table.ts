/**
 * Reads a department's table in place, through DuckDB, as text cells.
 *
 * No cell ever enters an error: DuckDB's own messages quote the offending line, so they are replaced by the line's number.
 * Nothing about the form is guessed: DuckDB's detection would skip lines until the rest of a ragged table looks even.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';

export interface RowBatch {
  /** 1-based number of the first row, the header not counted. */
  readonly firstRow: number;
  /** Cells in the order of the columns asked for; null where a cell is empty. */
  readonly rows: readonly (readonly (string | null)[])[];
}

const MAX_HEADER_BYTES = 1 << 20;
/** A field of the first line: quoted with doubled quotes inside, or plain; then what ends it. */
const HEADER_FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r|\n|$)/y;

/**
 * The column names of a CSV table (RFC 4180, UTF-8), in its order; an unnamed column is called by its place.
 * @throws {ProtocolError} TABLE_UNREADABLE where there is no file or no header, or a name stands in it twice.
 */
export async function tableColumns(path: string): Promise<readonly string[]> {
  try {
    const names = parseHeader(await firstBytes(path)).map((name, i) => name || `column${i}`);
    if (new Set(names).size === names.length) return names;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path, new Error('line 1'));
}

/**
 * Calls `onBatch` with the cells of `columns`, in the table's order.
 * @throws {ProtocolError} TABLE_UNREADABLE, TABLE_FIELD_MISSING
 */
export async function readTable(
  path: string,
  columns: readonly string[],
  onBatch: (batch: RowBatch) => void,
): Promise<void> {
  const present = await tableColumns(path);
  for (const field of columns) {
    if (!present.includes(field)) throw new ProtocolError('TABLE_FIELD_MISSING', { field });
  }
  await withConnection(path, async (connection) => {
    const names = columns.map((column) => `c${present.indexOf(column)}`).join(', ');
    const result = await connection.stream(`SELECT ${names} FROM ${csv(path, present.length)}`);
    let firstRow = 1;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      onBatch({ firstRow, rows: chunk.getRows() as (string | null)[][] });
      firstRow += chunk.rowCount;
    }
  });
}

async function firstBytes(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(new Uint8Array(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    const end = buffer.subarray(0, bytesRead).findIndex((byte) => byte === 0x0a || byte === 0x0d);
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, end < 0 ? bytesRead : end));
  } finally {
    await file?.close();
  }
}

/** @throws {Error} naming line 1 where the text is empty or not well-formed. */
function parseHeader(line: string): string[] {
  const names: string[] = [];
  HEADER_FIELD.lastIndex = 0;
  for (;;) {
    const field = HEADER_FIELD.exec(line);
    if (field === null || line.trim() === '') throw new Error('line 1');
    names.push(field[1]?.replaceAll('""', '"') ?? field[2] ?? '');
    if (field[3] !== ',') return names;
  }
}

async function withConnection<T>(path: string, use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MB' });
  const connection = await DuckDBConnection.create(instance);
  try {
    return await use(connection);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw unreadable(path, error);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function unreadable(path: string, error: unknown): ProtocolError {
  const text = error instanceof Error ? error.message : '';
  const line = /line:?\s*(\d+)/i.exec(text)?.[1];
  const file = path.split('/').at(-1) ?? 'table';
  return new ProtocolError('TABLE_UNREADABLE', { file, line: line === undefined ? 'unknown' : Number(line) });
}

/** The table with its columns called c0, c1, …: DuckDB does not tell names apart by case. */
function csv(path: string, columnCount: number): string {
  const columns = Array.from({ length: columnCount }, (_, i) => `c${i}: 'VARCHAR'`).join(', ');
  const form = `header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', strict_mode = true`;
  return `read_csv('${path.replaceAll("'", "''")}', columns = {${columns}}, ${form})`;
}
