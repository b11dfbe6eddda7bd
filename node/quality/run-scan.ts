/**
 * The common pass: every rule that one row answers, the first rows that fail it, every population and every quick proof that
 * keys are clean, as aggregates of one SELECT.
 */
import { type DuckDBConnection, DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import { quoteName } from '../catalogue/sql-text.ts';
import type { Check, RowCheck } from './compile-check.ts';

/** A check's answer out of the common pass. */
export interface Scanned {
  readonly checked: number;
  /** Of row checks. */
  readonly failing: number;
  /** Of row checks: the lowest row numbers that fail, ascending. */
  readonly rows: readonly number[];
  /** Of group checks: no row can fail. */
  readonly clean: boolean;
  /** Of dataset checks. */
  readonly value: number | null;
}

/** DuckDB keeps fewer lowest values than this. */
const MAX_LOWEST = 1_000_000;

/**
 * Counts for all checks in one statement.
 * @param maxRows - row numbers kept of each check.
 * @returns the number of rows, and an answer for each check in order.
 */
export async function scan(
  connection: DuckDBConnection,
  relation: string,
  checks: readonly Check[],
  maxRows: number,
): Promise<{ readonly rows: number; readonly answers: readonly Scanned[] }> {
  const aggregates: string[] = ['count(*)'];
  const at = (aggregate: string): number => {
    const known = aggregates.indexOf(aggregate);
    return known < 0 ? aggregates.push(aggregate) - 1 : known;
  };
  // A condition that several aggregates ask for is computed once, as a column.
  const flags: string[] = [];
  const flag = (condition: string): string => {
    const known = flags.indexOf(condition);
    return quoteName(`flag\t${known < 0 ? flags.push(condition) - 1 : known}`);
  };
  const places = checks.map((check) => placesOf(check, Math.min(maxRows, MAX_LOWEST - 1), at, flag));
  const joins = checks.flatMap((check) => (check.kind === 'row' ? [check.join] : []));
  const columns = flags.map((condition, i) => `, ${condition} AS ${quoteName(`flag\t${i}`)}`).join('\n');
  const from = `(SELECT data.*${columns} FROM ${relation} AS data${[...new Set(joins)].join('')})`;
  const result = await connection.runAndReadAll(`SELECT ${aggregates.join(',\n')} FROM ${from}`);
  const row = result.getRows()[0]!;
  const answers = places.map((place) => ({
    checked: place.checked === null ? 0 : Number(row[place.checked]),
    failing: place.failing === null ? 0 : Number(row[place.failing]),
    rows: place.rows === null ? [] : numbersOf(row[place.rows]),
    clean: place.clean !== null && row[place.clean] === true,
    value: place.value === null || row[place.value] === null ? null : Number(row[place.value]),
  }));
  return { rows: Number(row[0]), answers };
}

interface Places {
  readonly checked: number | null;
  readonly failing: number | null;
  readonly rows: number | null;
  readonly clean: number | null;
  readonly value: number | null;
}

/** Where a check's aggregates stand; equal ones are computed once. */
function placesOf(
  check: Check,
  maxRows: number,
  at: (aggregate: string) => number,
  flag: (condition: string) => string,
): Places {
  const none: Places = { checked: null, failing: null, rows: null, clean: null, value: null };
  switch (check.kind) {
    case 'row':
      return {
        ...none,
        checked: at(countOf(check.applies, flag)),
        failing: at(countOf(failsSql(check), flag)),
        rows: maxRows === 0 ? null : at(`min(_row, ${maxRows}) FILTER (WHERE ${flag(failsSql(check))})`),
      };
    case 'group':
      return {
        ...none,
        checked: at(countOf(check.applies, flag)),
        clean: check.clean === null ? null : at(check.clean),
      };
    case 'dataset':
      return { ...none, value: check.aggregate === null ? null : at(check.aggregate) };
  }
}

/** The elements of a list of row numbers; none where it is null. */
function numbersOf(value: DuckDBValue | undefined): readonly number[] {
  return value instanceof DuckDBListValue ? value.items.map(Number).sort((a, b) => a - b) : [];
}

function countOf(condition: string, flag: (condition: string) => string): string {
  return condition === 'true' ? 'count(*)' : `count(*) FILTER (WHERE ${flag(condition)})`;
}

/** The fault of a row that is not checked is never computed: SQL of a person may fail on such rows. */
function failsSql({ applies, fails }: RowCheck): string {
  return applies === 'true' ? fails : `CASE WHEN ${applies} THEN ${fails} ELSE false END`;
}

/** The first column of a statement as row numbers. */
export async function rowNumbers(connection: DuckDBConnection, sql: string): Promise<number[]> {
  const rows: number[] = [];
  await forEachRow(connection, sql, (row) => rows.push(Number(row[0])));
  return rows;
}

async function forEachRow(
  connection: DuckDBConnection,
  sql: string,
  use: (row: readonly unknown[]) => void,
): Promise<void> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    for (const row of chunk.getRows()) use(row);
  }
}
