/** A dataset and its versions: what a department declares about a table that stays where it is. */
import { type Entry, highestLevel, levelSchema, MAX_DATASET_FIELDS } from '@sealedger/protocol/catalogue/entry.ts';
import {
  type DatasetField,
  type DatasetMetadata,
  datasetFieldSchema,
  datasetName,
  isShared,
} from '@sealedger/protocol/dataset.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import { isMissing, parseNumericCell } from '@sealedger/protocol/model.ts';
import { z } from 'zod';
import { type Readable, readRows, sourceColumns } from './rows.ts';

/** A dataset as the node's configuration may state it in short: a CSV table beside the node, without a catalogue entry. */
export const inlineDatasetSchema = z
  .strictObject({
    name: datasetName,
    file: z.string().min(1),
    subject: z.string().min(1).max(128),
    /** Sensitivity, JR/T 0197-2020; that of the highest item where the fields have items. */
    level: levelSchema.optional(),
    fields: z.array(datasetFieldSchema).max(MAX_DATASET_FIELDS),
  })
  .refine((dataset) => inlineLevel(dataset) !== undefined, {
    path: ['level'],
    message: 'a level is needed where no field has one, and is never lower than that of a field',
  });
export type InlineDataset = z.output<typeof inlineDatasetSchema>;

/** A dataset of this node: where its rows are and what is declared of them. */
export interface DatasetConfig extends Readable {
  readonly name: string;
  readonly subject: string;
  /** Kind of the subjects' identifier; an inline dataset states none. */
  readonly identifier?: string | undefined;
  /** `leave-out`: a row whose identifier names nobody is matched with nobody; without it such a row refuses the table. */
  readonly invalidSubjects?: 'leave-out' | undefined;
  /** Sensitivity, JR/T 0197-2020: 1 (public) to 5. */
  readonly level: number;
  readonly fields: readonly DatasetField[];
  readonly entry?: Entry | undefined;
}

/** The level of an inline dataset; undefined where it states none or too low a one. */
export function inlineLevel(dataset: {
  readonly level?: number | undefined;
  readonly fields: readonly DatasetField[];
}): number | undefined {
  const highest = highestLevel(dataset.fields.flatMap(({ item }) => (item === undefined ? [] : [item])))?.level;
  if (highest === undefined) return dataset.level;
  if (dataset.level !== undefined && dataset.level < highest) return undefined;
  return dataset.level ?? highest;
}

/**
 * The metadata of one version of a dataset.
 * @param salt - 32 bytes in hex for a dataset that is not shared; see protocol/dataset.ts.
 */
export function datasetMetadata(
  owner: string,
  config: Pick<DatasetConfig, 'name' | 'level' | 'fields' | 'entry'>,
  datasetVersion: number,
  salt?: string,
): DatasetMetadata {
  const { name, level, entry } = config;
  const head = { suite: SUITE, version: 1, owner, name, datasetVersion, kind: 'features', level } as const;
  const described = entry === undefined ? {} : { entry };
  const salted = isShared(described) || salt === undefined ? {} : { salt };
  return { ...head, ...described, ...salted, fields: [...config.fields] };
}

/**
 * Reads every declared column to its end and checks identifiers, duplicates and declared numbers.
 * @returns the number of rows, those left out of matching counted too.
 * @throws {ProtocolError} as surveyTable
 */
export async function checkTable(config: Surveyed): Promise<number> {
  return (await surveyTable(config)).rows;
}

type Surveyed = Pick<DatasetConfig, 'source' | 'limits' | 'subject' | 'fields' | 'name' | 'invalidSubjects'>;

/**
 * As checkTable, with what is to be told of rows that match nobody.
 * @throws {ProtocolError} TABLE_UNREADABLE, TABLE_FIELD_MISSING, ROW_IDENTIFIER_INVALID, ROW_DUPLICATE_SUBJECT, CELL_NOT_NUMERIC,
 *   for the first row that fails; rows are numbered from 1, the header not counted. SOURCE_*
 */
export async function surveyTable(config: Surveyed): Promise<{ readonly rows: number; readonly leftOut: number }> {
  const [numbers, texts] = (['number', 'text'] as const).map((kind) =>
    config.fields.filter((field) => field.kind === kind).map((field) => field.name),
  ) as [string[], string[]];
  const present = new Set(await sourceColumns(config));
  for (const field of config.fields) {
    if (!present.has(field.name)) throw new ProtocolError('TABLE_FIELD_MISSING', { field: field.name });
  }
  const firstRowOf = new Map<string, number>();
  let rowCount = 0;
  let leftOut = 0;
  await readRows(config, [config.subject, ...numbers, ...texts], ({ firstRow, rows }) => {
    rows.forEach((cells, offset) => {
      const row = firstRow + offset;
      const subject = subjectOfRow(config, cells[0] ?? null, row);
      if (subject === null) leftOut += 1;
      else assertFirst(firstRowOf, subject, { dataset: config.name, row });
      numbers.forEach((field, i) => void parseNumericCell(cells[i + 1] ?? null, { field, row }));
      rowCount = row;
    });
  });
  return { rows: rowCount, leftOut };
}

function assertFirst(
  firstRowOf: Map<string, number>,
  subject: string,
  { dataset, row }: { readonly dataset: string; readonly row: number },
): void {
  const earlier = firstRowOf.get(subject);
  if (earlier !== undefined) throw new ProtocolError('ROW_DUPLICATE_SUBJECT', { dataset, row, firstRow: earlier });
  firstRowOf.set(subject, row);
}

/** As parseSubjectCell; null where the dataset leaves a row out whose identifier names nobody. */
export function subjectOfRow(
  { name, invalidSubjects }: Pick<DatasetConfig, 'name' | 'invalidSubjects'>,
  cell: string | null,
  row: number,
): string | null {
  try {
    return parseSubjectCell(cell, name, row);
  } catch (error) {
    if (invalidSubjects === 'leave-out' && isProtocolError(error, 'ROW_IDENTIFIER_INVALID')) return null;
    throw error;
  }
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
