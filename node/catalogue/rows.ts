/** The rows of a dataset as text cells, whatever its source is. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type ResolvedSource, type SourceLimits, withSource } from './source.ts';
import { quoteName } from './sql-text.ts';
import { type RowBatch, readTable, tableColumns } from './table.ts';

/** A source and the bounds within which it is read. */
export interface Readable {
  readonly source: ResolvedSource;
  readonly limits: SourceLimits;
}

/**
 * Calls `onBatch` with the cells of `columns`, in the source's order.
 * @throws {ProtocolError} TABLE_UNREADABLE, TABLE_FIELD_MISSING, SOURCE_*
 */
export async function readRows(
  { source, limits }: Readable,
  columns: readonly string[],
  onBatch: (batch: RowBatch) => void,
): Promise<void> {
  if (isPlainCsv(source)) return readTable(source.file, columns, onBatch);
  await withSource(source, limits, async ({ connection, relation, columns: present }) => {
    for (const field of columns) {
      if (!present.some(({ name }) => name === field)) throw new ProtocolError('TABLE_FIELD_MISSING', { field });
    }
    const cells = columns.map((column) => `CAST(${quoteName(column)} AS VARCHAR)`).join(', ');
    const result = await connection.stream(`SELECT ${cells} FROM ${relation}`);
    let firstRow = 1;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      onBatch({ firstRow, rows: chunk.getRows() as (string | null)[][] });
      firstRow += chunk.rowCount;
    }
  });
}

/** The names of a source's columns, in its order. @throws {ProtocolError} TABLE_UNREADABLE, SOURCE_* */
export async function sourceColumns({ source, limits }: Readable): Promise<readonly string[]> {
  if (isPlainCsv(source)) return tableColumns(source.file);
  return withSource(source, limits, async ({ columns }) => columns.map(({ name }) => name));
}

/** A CSV table as RFC 4180 has it, which is read in place by one thread whatever the bounds. */
export function plainCsv(file: string): Readable {
  const limits = { memoryMb: 256, threads: 1, timeoutMs: 600_000, workDirectory: '' };
  return { source: { type: 'csv', file, delimiter: ',' }, limits };
}

/** CSV as RFC 4180 has it, in UTF-8: it needs no work directory, and its columns may differ in case alone. */
function isPlainCsv(source: ResolvedSource): source is Extract<ResolvedSource, { type: 'csv' }> {
  return source.type === 'csv' && source.delimiter === ',' && (source.encoding ?? 'utf-8') === 'utf-8';
}
