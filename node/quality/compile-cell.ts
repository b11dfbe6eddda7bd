/**
 * Cells in SQL: when one is missing, and what it is read as.
 *
 * A cell is missing where it is null, or a text that is blank or one of the rule set's missing texts. A text is read as a
 * number or date only where the whole of it is one; what cannot be read is null, and the rule says what that means.
 */
import { quoteName, quoteText } from '../catalogue/sql-text.ts';
import type { CellType } from './rule.ts';

export interface Column {
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
}

/** What `String.prototype.trim` takes off: protocol/identifier.ts does so. */
const BLANKS =
  '\t\n\v\f\r \u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF';
export const BLANKS_SQL = quoteText(BLANKS);

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
const TEMPORAL = /^(DATE|TIMESTAMP)/;
/** ISO 8601, extended form; the calendar is asked by the cast. */
const ISO_DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const ISO_TIME = '[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?';

export function isText({ type }: Column): boolean {
  return type.startsWith('VARCHAR');
}

/** The cell as text. */
export function textSql(column: Column): string {
  return isText(column) ? quoteName(column.name) : `CAST(${quoteName(column.name)} AS VARCHAR)`;
}

/** True or false: whether the cell is missing. @param missing - texts that stand for a missing cell. */
export function missingSql(column: Column, missing: readonly string[]): string {
  const cell = quoteName(column.name);
  if (!isText(column)) return `(${cell} IS NULL)`;
  const named = missing.length === 0 ? '' : `WHEN ${cell} IN (${missing.map(quoteText).join(', ')}) THEN true `;
  // No blank has a code point in these ranges, and what begins with another is not worth trimming: ten times as fast. Two
  // ranges and no list, since every constant of a list costs DuckDB a vector in each place where this stands.
  const solid = `WHEN ascii(${cell}) BETWEEN 33 AND 159 OR ascii(${cell}) BETWEEN ${0x3001} AND ${0xfefe} THEN false `;
  return `(CASE WHEN ${cell} IS NULL THEN true ${named}${solid}ELSE trim(${cell}, ${BLANKS_SQL}) = '' END)`;
}

/** The cell as DOUBLE; null where it is no finite number. */
export function numberSql(column: Column): string {
  if (NUMERIC.test(column.type)) return finite(`CAST(${quoteName(column.name)} AS DOUBLE)`);
  return finite(`TRY_CAST(${textSql(column)} AS DOUBLE)`);
}

/** The cell as TIMESTAMP; null where it is no date. @param format - of strptime; ISO 8601 without it. */
export function dateSql(column: Column, format: string | undefined): string {
  if (TEMPORAL.test(column.type)) return `CAST(${quoteName(column.name)} AS TIMESTAMP)`;
  if (format !== undefined) return `try_strptime(${textSql(column)}, ${quoteText(format)})`;
  const text = textSql(column);
  return `CASE WHEN ${fullMatch(text, `${ISO_DATE}([ T]${ISO_TIME}(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?`)} THEN TRY_CAST(${text} AS TIMESTAMP) END`;
}

/** Whether a present cell is of a type. */
export function isTypeSql(column: Column, is: CellType, format: string | undefined): string {
  const text = textSql(column);
  if (format !== undefined) return `(${dateSql(column, format)} IS NOT NULL)`;
  switch (is) {
    case 'integer':
      return fullMatch(text, '[+-]?[0-9]+');
    case 'number':
      return `(${numberSql(column)} IS NOT NULL)`;
    case 'boolean':
      return `(lower(${text}) IN ('true', 'false', '0', '1', 'yes', 'no', '是', '否'))`;
    case 'date':
      return `(${fullMatch(text, ISO_DATE)} AND TRY_CAST(${text} AS DATE) IS NOT NULL)`;
    case 'timestamp':
      return `(coalesce(${dateSql(column, undefined)} IS NOT NULL, false))`;
    case 'time':
      return `(${fullMatch(text, ISO_TIME)} AND TRY_CAST(CASE WHEN length(${text}) = 5 THEN ${text} || ':00' ELSE ${text} END AS TIME) IS NOT NULL)`;
  }
}

/** Whether the whole text matches; false for null. */
export function fullMatch(text: string, pattern: string): string {
  return `coalesce(regexp_full_match(${text}, ${quoteText(pattern)}), false)`;
}

/** A number as a literal of its own type. */
export function numberLiteral(value: number): string {
  return `CAST(${quoteText(String(value))} AS DOUBLE)`;
}

function finite(number: string): string {
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}
