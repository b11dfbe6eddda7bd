/**
 * Distributions of a version, and how far they moved since the version before.
 *
 * Index = sum over bins of (a − e) · ln(a / e), with a and e the shares of a bin now and before; a share of 0 counts as
 * half a row. The bins are those of the version before: quantiles of numbers, the most frequent values of a code; missing
 * and unreadable cells have a bin of their own. The profile is state of the node; of values it holds digests only.
 * Source: Siddiqi, Credit Risk Scorecards (2006), population stability index; 0.1 and 0.25 are the usual bounds.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Column, missingSql, numberLiteral, numberSql, textSql } from './compile-cell.ts';
import type { RuleOf } from './rule.ts';
import type { Distribution } from './run-types.ts';

export interface DriftSource {
  readonly connection: DuckDBConnection;
  readonly relation: string;
  readonly missing: readonly string[];
}

/** A field's distribution over bins of its own. */
export async function distributionOf(
  source: DriftSource,
  column: Column,
  rule: RuleOf<'distributionDrift'>,
): Promise<Distribution> {
  const { connection, relation, missing } = source;
  const present = `NOT ${missingSql(column, missing)}`;
  if (rule.as === 'number') {
    const shares = Array.from({ length: rule.bins - 1 }, (_, i) => (i + 1) / rule.bins);
    const sql = `SELECT unnest(quantile_disc(${numberSql(column)}, [${shares.join(', ')}]) FILTER (WHERE ${present})) FROM ${relation}`;
    const found = (await connection.runAndReadAll(sql))
      .getRows()
      .flatMap(([edge]) => (edge === null ? [] : [Number(edge)]));
    const edges = [...new Set(found)].toSorted((a, b) => a - b);
    return { field: column.name, as: 'number', edges, counts: await countNumbers(source, column, edges) };
  }
  const digest = digestSql(column);
  const sql = `SELECT d FROM (SELECT ${digest} AS d, count(*) AS n FROM ${relation} WHERE ${present} GROUP BY d) ORDER BY n DESC, d LIMIT ${rule.bins}`;
  const values = (await connection.runAndReadAll(sql)).getRows().map(([value]) => String(value));
  return { field: column.name, as: 'category', values, counts: await countCategories(source, column, values) };
}

/** A field's counts now, over the bins of the version before. */
export async function countsOver(
  source: DriftSource,
  column: Column,
  before: Distribution,
): Promise<readonly number[]> {
  return before.as === 'number'
    ? countNumbers(source, column, before.edges)
    : countCategories(source, column, before.values);
}

/** The stability index between two counts over the same bins; 0 where one of them is of no row. */
export function stabilityIndex(before: readonly number[], now: readonly number[]): number {
  const [all, allNow] = [before, now].map((counts) => counts.reduce((sum, count) => sum + count, 0)) as [
    number,
    number,
  ];
  if (all === 0 || allNow === 0) return 0;
  return before.reduce((index, count, bin) => {
    const countNow = now[bin] ?? 0;
    if (count === 0 && countNow === 0) return index;
    const [expected, actual] = [Math.max(count, 0.5) / all, Math.max(countNow, 0.5) / allNow];
    return index + (actual - expected) * Math.log(actual / expected);
  }, 0);
}

async function countNumbers(source: DriftSource, column: Column, edges: readonly number[]): Promise<number[]> {
  const value = numberSql(column);
  const cases = edges.map((edge, i) => `WHEN ${value} <= ${numberLiteral(edge)} THEN ${i}`).join(' ');
  const unread = edges.length + 1;
  const readable = `NOT ${missingSql(column, source.missing)} AND ${value} IS NOT NULL`;
  return countBins(source, `CASE WHEN NOT (${readable}) THEN ${unread} ${cases} ELSE ${edges.length} END`, unread + 1);
}

async function countCategories(source: DriftSource, column: Column, values: readonly string[]): Promise<number[]> {
  const cases = values.map((value, i) => `WHEN '${value}' THEN ${i}`).join(' ');
  const known = values.length === 0 ? String(0) : `CASE ${digestSql(column)} ${cases} ELSE ${values.length} END`;
  const missing = values.length + 1;
  return countBins(
    source,
    `CASE WHEN ${missingSql(column, source.missing)} THEN ${missing} ELSE ${known} END`,
    missing + 1,
  );
}

async function countBins({ connection, relation }: DriftSource, bin: string, bins: number): Promise<number[]> {
  const counts = Array.from({ length: bins }, () => 0);
  const result = await connection.runAndReadAll(
    `SELECT bin, count(*) FROM (SELECT ${bin} AS bin FROM ${relation}) GROUP BY bin`,
  );
  for (const [index, count] of result.getRows()) counts[Number(index)] = Number(count);
  return counts;
}

/** Tells values apart without holding them; 64 hex digits. */
function digestSql(column: Column): string {
  return `sha256(${textSql(column)})`;
}
