/**
 * What a source's columns look like, from one pass over them: types, ranges, missing cells, distinct values, identifiers.
 *
 * The profile stays with its owner; what goes into a drafted definition is less still (draft.ts): no identifier, no rare
 * value, and ranges rounded outwards, because the least and the greatest cell of a column belong to somebody.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import type { OpenSource } from './source.ts';
import { quoteName } from './sql-text.ts';

export const CHECKED_KINDS = ['resident-id', 'credit-code', 'organisation-code', 'division-code'] as const;
export type CheckedKind = (typeof CHECKED_KINDS)[number];

/** A SQL condition that is true where a text that is not null has the check digit of its kind. */
export type CheckDigitSql = (kind: CheckedKind, text: string) => string;

export type ValueKind = 'empty' | 'integer' | 'number' | 'date' | 'datetime' | 'text';

export interface ColumnProfile {
  readonly name: string;
  readonly kind: ValueKind;
  /** Cells that are empty, blank or null. */
  readonly missing: number;
  /** Approximate (HyperLogLog, within a few per cent). */
  readonly distinct: number;
  readonly maxLength: number;
  /** Of the numbers in an integer or number column. */
  readonly range: { readonly min: number; readonly max: number } | null;
  /** The identifier that most cells are by their check digit, and the share of them, where it is at least half. */
  readonly identifier: { readonly kind: CheckedKind; readonly share: number } | null;
  /** No cell is missing and none stands twice; tested exactly. */
  readonly isKey: boolean;
  /** Values that are frequent enough to be a code, the most frequent first. */
  readonly codes: readonly { readonly value: string; readonly share: number }[];
}

export interface SourceProfile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

/** Columns of one statement: more of them need more memory than passes. */
const BATCH = 256;
const MIN_IDENTIFIER_SHARE = 0.5;
/** Codes: few values, each of many rows. */
const MAX_CODES = 50;
const MIN_CODE_ROWS = 10;
const MIN_CODE_SHARE = 0.001;
const MAX_CODE_LENGTH = 32;
const MAX_KEYS_TESTED = 8;

/**
 * Profiles an opened source.
 * @throws {ProtocolError} SOURCE_COLUMN where a column is named by an identifier: the file has no header
 */
export async function profileSource(open: OpenSource, checkDigitSql: CheckDigitSql): Promise<SourceProfile> {
  open.columns.forEach(({ name }, i) => {
    if (isIdentifier(name)) throw new ProtocolError('SOURCE_COLUMN', { column: i + 1, reason: 'no-header' });
  });
  const names = open.columns.map(({ name }) => name);
  let rows = 0;
  const first: Measured[] = [];
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH);
    const measured = await measure(open, batch, checkDigitSql);
    rows = measured.rows;
    first.push(...measured.columns);
  }
  const keys = await keysAmong(open, first, rows);
  const columns: ColumnProfile[] = [];
  for (const column of first) {
    columns.push({ ...column, isKey: keys.has(column.name), codes: await codesOf(open, column, rows) });
  }
  return { rows, columns };
}

type Measured = Omit<ColumnProfile, 'isKey' | 'codes'>;

const PER_COLUMN = 11;

async function measure(
  { connection, unnumbered }: OpenSource,
  names: readonly string[],
  checkDigitSql: CheckDigitSql,
): Promise<{ readonly rows: number; readonly columns: readonly Measured[] }> {
  const texts = names.map((name, i) => `nullif(trim(CAST(${quoteName(name)} AS VARCHAR)), '') AS t${i}`);
  const aggregates = names.flatMap((_, i) => aggregatesOf(`t${i}`, checkDigitSql));
  const row = await oneRow(
    connection,
    `SELECT count(*), ${aggregates.join(', ')} FROM (SELECT ${texts.join(', ')} FROM ${unnumbered})`,
  );
  const rows = Number(row[0]);
  const columns = names.map((name, i) => measured(name, rows, row.slice(1 + i * PER_COLUMN, 1 + (i + 1) * PER_COLUMN)));
  return { rows, columns };
}

function aggregatesOf(text: string, checkDigitSql: CheckDigitSql): string[] {
  // Leading zeros make a code, not a number.
  const number = `CASE WHEN regexp_full_match(${text}, '[-+]?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?') THEN TRY_CAST(${text} AS DOUBLE) END`;
  return [
    `count(${text})`,
    `approx_count_distinct(${text})`,
    `max(length(${text}))`,
    `count(${number})`,
    `count(*) FILTER (regexp_full_match(${text}, '[-+]?(0|[1-9][0-9]*)'))`,
    `min(${number}) || ' ' || max(${number})`,
    `count(*) FILTER (regexp_full_match(${text}, '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T].*)?') AND TRY_CAST(replace(${text}, '/', '-') AS TIMESTAMP) IS NOT NULL)`,
    ...CHECKED_KINDS.map(
      (kind) => `count(*) FILTER (${text} IS NOT NULL AND ${checkDigitSql(kind, `coalesce(${text}, '')`)})`,
    ),
  ];
}

function measured(name: string, rows: number, cells: readonly unknown[]): Measured {
  const [present, distinct, maxLength, numbers, integers] = cells.slice(0, 5).map((cell) => Number(cell ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const dates = Number(cells[6]);
  const kind = kindOf({ present, numbers, integers, dates, maxLength });
  const [min, max] = String(cells[5] ?? '')
    .split(' ')
    .map(Number);
  const isNumeric = kind === 'integer' || kind === 'number';
  return {
    name,
    kind,
    missing: rows - present,
    distinct: Math.min(distinct, present),
    maxLength,
    range: isNumeric && min !== undefined && max !== undefined ? { min, max } : null,
    identifier: identifierOf(present, cells.slice(7).map(Number)),
  };
}

function kindOf(found: {
  readonly present: number;
  readonly numbers: number;
  readonly integers: number;
  readonly dates: number;
  readonly maxLength: number;
}): ValueKind {
  const { present, numbers, integers, dates, maxLength } = found;
  if (present === 0) return 'empty';
  if (integers === present) return 'integer';
  if (numbers === present) return 'number';
  if (dates === present) return maxLength > 10 ? 'datetime' : 'date';
  return 'text';
}

/** Of two kinds that fit the longer check wins: a credit code holds an organisation code. */
function identifierOf(present: number, valid: readonly number[]): ColumnProfile['identifier'] {
  for (const [i, kind] of CHECKED_KINDS.entries()) {
    const share = present === 0 ? 0 : valid[i]! / present;
    if (share >= MIN_IDENTIFIER_SHARE) return { kind, share };
  }
  return null;
}

/** The columns, among those that may be, in which no cell is missing and none stands twice. */
async function keysAmong(
  { connection, unnumbered }: OpenSource,
  columns: readonly Measured[],
  rows: number,
): Promise<ReadonlySet<string>> {
  const likely = columns
    .filter(({ missing, distinct }) => rows > 0 && missing === 0 && distinct >= 0.9 * rows)
    .slice(0, MAX_KEYS_TESTED);
  if (likely.length === 0) return new Set();
  const counts = likely.map(({ name }) => `count(DISTINCT trim(CAST(${quoteName(name)} AS VARCHAR)))`);
  const row = await oneRow(connection, `SELECT ${counts.join(', ')} FROM ${unnumbered}`);
  return new Set(likely.filter((_, i) => Number(row[i]) === rows).map(({ name }) => name));
}

async function codesOf(
  { connection, unnumbered }: OpenSource,
  column: Measured,
  rows: number,
): Promise<ColumnProfile['codes']> {
  const { name, distinct, maxLength, identifier, kind } = column;
  const isCodeLike =
    (kind === 'text' || kind === 'integer') && distinct > 0 && distinct <= MAX_CODES && maxLength <= MAX_CODE_LENGTH;
  if (!isCodeLike || (identifier !== null && identifier.kind !== 'division-code')) return [];
  const least = Math.max(MIN_CODE_ROWS, Math.ceil(MIN_CODE_SHARE * rows));
  const text = `nullif(trim(CAST(${quoteName(name)} AS VARCHAR)), '')`;
  const result = await connection.runAndReadAll(
    `SELECT ${text} AS value, count(*) AS n FROM ${unnumbered} WHERE ${text} IS NOT NULL GROUP BY 1 HAVING n >= ${least} ORDER BY n DESC, value LIMIT ${MAX_CODES}`,
  );
  return result
    .getRows()
    .map(([value, n]) => ({ value: String(value), share: Number(n) / rows }))
    .filter(({ value }) => !isIdentifier(value));
}

async function oneRow(connection: DuckDBConnection, sql: string): Promise<readonly unknown[]> {
  return (await connection.runAndReadAll(sql)).getRows()[0] ?? [];
}

function isIdentifier(text: string): boolean {
  try {
    parseIdentifier(text);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
