/**
 * The common pass: every rule that one row answers, every population and every quick proof that keys are clean, as
 * aggregates of one SELECT; and the rows that fail, for rules that have some.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Check, RowCheck } from './compile-check.ts';

/** A check's answer out of the common pass. */
export interface Scanned {
  readonly checked: number;
  /** Of row checks. */
  readonly failing: number;
  /** Of group checks: no row can fail. */
  readonly clean: boolean;
  /** Of dataset checks. */
  readonly value: number | null;
}

const NOTHING: Scanned = { checked: 0, failing: 0, clean: false, value: null };

/** Counts for all checks in one statement. @returns the number of rows, and an answer for each check in order. */
export async function scan(
  connection: DuckDBConnection,
  relation: string,
  checks: readonly Check[],
): Promise<{ readonly rows: number; readonly answers: readonly Scanned[] }> {
  const aggregates: string[] = ['count(*)'];
  const at = (aggregate: string): number => {
    const known = aggregates.indexOf(aggregate);
    return known < 0 ? aggregates.push(aggregate) - 1 : known;
  };
  const places = checks.map((check) => placesOf(check, at));
  const joins = checks.flatMap((check) => (check.kind === 'row' ? [check.join] : []));
  const from = `${relation} AS data${[...new Set(joins)].join('')}`;
  const result = await connection.runAndReadAll(`SELECT ${aggregates.join(',\n')} FROM ${from}`);
  const row = result.getRows()[0]!;
  const answers = places.map((place) => ({
    checked: place.checked === null ? NOTHING.checked : Number(row[place.checked]),
    failing: place.failing === null ? NOTHING.failing : Number(row[place.failing]),
    clean: place.clean !== null && row[place.clean] === true,
    value: place.value === null || row[place.value] === null ? null : Number(row[place.value]),
  }));
  return { rows: Number(row[0]), answers };
}

interface Places {
  readonly checked: number | null;
  readonly failing: number | null;
  readonly clean: number | null;
  readonly value: number | null;
}

/** Where a check's aggregates stand; equal ones are computed once. */
function placesOf(check: Check, at: (aggregate: string) => number): Places {
  const none: Places = { checked: null, failing: null, clean: null, value: null };
  switch (check.kind) {
    case 'row':
      return {
        ...none,
        checked: at(countOf(check.applies)),
        failing: at(countOf(failsSql(check))),
      };
    case 'group':
      return {
        ...none,
        checked: at(countOf(check.applies)),
        clean: check.clean === null ? null : at(check.clean),
      };
    case 'dataset':
      return { ...none, value: check.aggregate === null ? null : at(check.aggregate) };
  }
}

function countOf(condition: string): string {
  return condition === 'true' ? 'count(*)' : `count(*) FILTER (WHERE ${condition})`;
}

/** The fault of a row that is not checked is never computed: SQL of a person may fail on such rows. */
function failsSql({ applies, fails }: RowCheck): string {
  return applies === 'true' ? fails : `CASE WHEN ${applies} THEN ${fails} ELSE false END`;
}

/**
 * Row numbers that fail each check, in order; at most `limits[i]` of check i.
 *
 * Checks whose failures all fit share one pass; one that has more stops early in a pass of its own.
 */
export async function failingRowsOf(
  connection: DuckDBConnection,
  relation: string,
  checks: readonly { readonly check: RowCheck; readonly failing: number; readonly limit: number }[],
): Promise<readonly (readonly number[])[]> {
  const found: number[][] = checks.map(() => []);
  const shared = checks.flatMap(({ failing, limit }, index) => (failing > 0 && failing <= limit ? [index] : []));
  if (shared.length > 0)
    await collectShared(
      connection,
      relation,
      shared.map((index) => checks[index]!.check),
      shared.map((index) => found[index]!),
    );
  for (const [index, { check, failing, limit }] of checks.entries()) {
    if (failing <= limit || limit === 0) continue;
    const from = `${relation} AS data${check.join}`;
    const sql = `SELECT _row FROM ${from} WHERE ${failsSql(check)} LIMIT ${limit}`;
    // Rows come in the source's order, so that the first ones end the pass; within them a join may change it.
    found[index] = (await rowNumbers(connection, sql)).sort((a, b) => a - b);
  }
  return found;
}

async function collectShared(
  connection: DuckDBConnection,
  relation: string,
  checks: readonly RowCheck[],
  found: readonly number[][],
): Promise<void> {
  const from = `${relation} AS data${[...new Set(checks.map(({ join }) => join))].join('')}`;
  const flags = checks.map((check, i) => `${failsSql(check)} AS f${i}`).join(', ');
  const any = checks.map((_, i) => `f${i}`).join(' OR ');
  const sql = `SELECT * FROM (SELECT _row, ${flags} FROM ${from}) WHERE ${any} ORDER BY _row`;
  await forEachRow(connection, sql, (row) => {
    checks.forEach((_, i) => {
      if (row[i + 1] === true) found[i]!.push(Number(row[0]));
    });
  });
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
