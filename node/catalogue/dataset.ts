/** A dataset and its versions: what a department declares about a table that stays where it is. */
import { type DatasetMetadata, datasetFieldSchema, datasetName } from '@sealedger/protocol/dataset.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import { isMissing, parseNumericCell } from '@sealedger/protocol/model.ts';
import { z } from 'zod';
import { readTable, tableColumns } from './table.ts';

/** A dataset as its owner configures it; `file` is a CSV table beside the node. */
export const datasetConfigSchema = z.strictObject({
  name: datasetName,
  file: z.string().min(1),
  subject: z.string().min(1).max(128),
  /** Sensitivity, JR/T 0197-2020: 1 (public) to 5. */
  level: z.int().min(1).max(5),
  fields: z.array(datasetFieldSchema).max(4096),
});
export type DatasetConfig = z.output<typeof datasetConfigSchema>;

/** The metadata of one version of a configured dataset. */
export function datasetMetadata(owner: string, config: DatasetConfig, datasetVersion: number): DatasetMetadata {
  const { name, level, fields } = config;
  return { suite: SUITE, version: 1, owner, name, datasetVersion, kind: 'features', level, fields };
}

/**
 * Reads every declared column to its end and checks identifiers, duplicates and declared numbers.
 * @returns the number of rows.
 * @throws {ProtocolError} TABLE_UNREADABLE, TABLE_FIELD_MISSING, ROW_IDENTIFIER_INVALID, ROW_DUPLICATE_SUBJECT, CELL_NOT_NUMERIC,
 *   for the first row that fails; rows are numbered from 1, the header not counted.
 */
export async function checkTable(config: Pick<DatasetConfig, 'file' | 'subject' | 'fields' | 'name'>): Promise<number> {
  const [numbers, texts] = (['number', 'text'] as const).map((kind) =>
    config.fields.filter((field) => field.kind === kind).map((field) => field.name),
  ) as [string[], string[]];
  const present = new Set(await tableColumns(config.file));
  for (const field of config.fields) {
    if (!present.has(field.name)) throw new ProtocolError('TABLE_FIELD_MISSING', { field: field.name });
  }
  const firstRowOf = new Map<string, number>();
  let rowCount = 0;
  await readTable(config.file, [config.subject, ...numbers, ...texts], ({ firstRow, rows }) => {
    rows.forEach((cells, offset) => {
      const row = firstRow + offset;
      const subject = parseSubjectCell(cells[0] ?? null, config.name, row);
      const earlier = firstRowOf.get(subject);
      if (earlier !== undefined) {
        throw new ProtocolError('ROW_DUPLICATE_SUBJECT', { dataset: config.name, row, firstRow: earlier });
      }
      firstRowOf.set(subject, row);
      numbers.forEach((field, i) => void parseNumericCell(cells[i + 1] ?? null, { field, row }));
      rowCount = row;
    });
  });
  return rowCount;
}

/** The normalised identifier of a row. @throws {ProtocolError} ROW_IDENTIFIER_INVALID with the row and the reason. */
export function parseSubjectCell(cell: string | null, dataset: string, row: number): string {
  if (isMissing(cell)) throw new ProtocolError('ROW_IDENTIFIER_INVALID', { dataset, row, reason: 'empty' });
  try {
    return parseIdentifier(cell!);
  } catch (error) {
    const reason = error instanceof ProtocolError ? String(error.details['reason'] ?? 'malformed') : 'malformed';
    throw new ProtocolError('ROW_IDENTIFIER_INVALID', { dataset, row, reason });
  }
}
