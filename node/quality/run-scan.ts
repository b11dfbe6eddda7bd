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
  const [applied, failed] = [flagsOf('applies'), flagsOf('fails')];
  const flags: Flags = { applies: applied.name, fails: failed.name };
  const places = checks.map((check) => placesOf(check, Math.min(maxRows, MAX_LOWEST - 1), at, flags));
  const joins = [...new Set(checks.flatMap((check) => (check.kind === 'row' ? [check.join] : [])))].join('');
  // Two steps: whether a check applies to a row is computed once for all checks and aggregates that ask for it.
  const inner = `(SELECT data.*${applied.columns()} FROM ${relation} AS data)`;
  const from = `(SELECT data.*${failed.columns()} FROM ${inner} AS data${joins})`;
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

/** Columns of conditions, equal ones once. */
interface FlagColumns {
  /** Quoted name of a condition's column. */
  readonly name: (condition: string) => string;
  readonly columns: () => string;
}

interface Flags {
  readonly applies: FlagColumns['name'];
  readonly fails: FlagColumns['name'];
}

function flagsOf(kind: keyof Flags): FlagColumns {
  const conditions: string[] = [];
  const nameOf = (place: number): string => quoteName(`${kind}\t${place}`);
  return {
    name: (condition) => {
      const known = conditions.indexOf(condition);
      return nameOf(known < 0 ? conditions.push(condition) - 1 : known);
    },
    columns: () => conditions.map((condition, i) => `, ${condition} AS ${nameOf(i)}`).join('\n'),
  };
}

interface Places {
  readonly checked: number | null;
  readonly failing: number | null;
  readonly rows: number | null;
  readonly clean: number | null;
  readonly value: number | null;
}

/** Where a check's aggregates stand; equal ones are computed once. */
function placesOf(check: Check, maxRows: number, at: (aggregate: string) => number, flags: Flags): Places {
  const none: Places = { checked: null, failing: null, rows: null, clean: null, value: null };
  switch (check.kind) {
    case 'row': {
      const fails = flags.fails(failsSql(check, flags));
      return {
        ...none,
        checked: at(countOf(check.applies, flags)),
        failing: at(`count_if(${fails})`),
        rows: maxRows === 0 ? null : at(`min(CASE WHEN ${fails} THEN _row END, ${maxRows})`),
      };
    }
    case 'group':
      return {
        ...none,
        checked: at(countOf(check.applies, flags)),
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

/** Without FILTER: DuckDB keeps a copy of all columns of the pass for each aggregate that has one. */
function countOf(applies: string, flags: Flags): string {
  return applies === 'true' ? 'count(*)' : `count_if(${flags.applies(applies)})`;
}

/** The fault of a row that is not checked is never computed: SQL of a person may fail on such rows. */
function failsSql({ applies, fails }: RowCheck, flags: Flags): string {
  return applies === 'true' ? fails : `CASE WHEN ${flags.applies(applies)} THEN ${fails} ELSE false END`;
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
