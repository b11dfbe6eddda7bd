/**
 * Reads a department's table in place, through DuckDB, as text cells.
 *
 * No cell ever enters an error: DuckDB's own messages quote the offending line, so they are replaced by the line's number.
 * Nothing about the form is guessed: DuckDB's detection would skip lines until the rest of a ragged table looks even.
 */
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { headerNames } from './csv-header.ts';
import { quoteText } from './sql-text.ts';

export interface RowBatch {
  /** 1-based number of the first row, the header not counted. */
  readonly firstRow: number;
  /** Cells in the order of the columns asked for; null where a cell is empty. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * The column names of a CSV table (RFC 4180, UTF-8), in its order; an unnamed column is called by its place.
 * @throws {ProtocolError} TABLE_UNREADABLE where there is no file or no header, or a name stands in it twice; SOURCE_TOO_WIDE
 */
export async function tableColumns(path: string): Promise<readonly string[]> {
  try {
    return await headerNames(path, ',');
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw unreadable(path, error);
  }
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
  return `read_csv(${quoteText(path)}, columns = {${columns}}, ${form})`;
}
