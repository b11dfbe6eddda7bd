/**
 * Scores by source unit: each rule's share of passing rows among the unit's rows, weighted as in the total.
 *
 * A unit that rules or fields are laid to gets the shares of those rules; one that the plan's column names gets, for every
 * rule over rows, the share among its own rows. Formula in docs/quality-points.md.
 */
import { quoteName } from '../catalogue/sql-text.ts';
import type { UnitFailures } from './failures.ts';
import type { QualityPlan } from './plan.ts';
import type { UnitReport } from './report.ts';
import type { QualityRun, RunSource } from './run-types.ts';

const FULL = 10_000;
const MAX_UNITS = 500;

/** Rows of each unit by the plan's column; empty where the plan names none or the column holds too many. */
export async function rowsByUnit(source: RunSource, plan: QualityPlan): Promise<ReadonlyMap<string, number>> {
  const { column, default: rest } = plan.units;
  if (column === undefined) return new Map();
  const unit = `coalesce(nullif(trim(CAST(${quoteName(column)} AS VARCHAR)), ''), $1)`;
  const result = await source.connection.runAndReadAll(
    `SELECT left(${unit}, 128), count(*) FROM ${source.relation} GROUP BY 1 LIMIT ${MAX_UNITS + 1}`,
    [rest],
  );
  const rows = result.getRows();
  return rows.length > MAX_UNITS ? new Map() : new Map(rows.map(([name, count]) => [String(name), Number(count)]));
}

/**
 * Units with their scores, the lowest first.
 * @param failures - by rule; rules whose failures were cut off are left out, so that no share is too high.
 */
export function unitScores(
  run: QualityRun,
  plan: QualityPlan,
  failures: ReadonlyMap<string, readonly UnitFailures[]>,
  rows: ReadonlyMap<string, number>,
): readonly UnitReport[] {
  const shares = new Map<string, { weight: number; passed: number; failing: Set<number> }>();
  const add = (unit: string, weight: number, share: number, failing: readonly number[]): void => {
    const sum = shares.get(unit) ?? { weight: 0, passed: 0, failing: new Set<number>() };
    shares.set(unit, sum);
    sum.weight += weight;
    sum.passed += weight * share;
    for (const row of failing) sum.failing.add(row);
  };
  for (const result of run.rules) {
    const { rule, checked, failing, reported } = result;
    if (checked === 0 || reported < failing || result.sampled) continue;
    const byUnit = failures.get(rule.id) ?? [];
    const isLaid = Object.hasOwn(plan.units.byRule, rule.id) || rows.size === 0 || byUnit.some(({ whole }) => whole);
    if (isLaid) {
      const units = byUnit.length > 0 ? byUnit : [{ unit: laidTo(plan, rule.id, rule.fields), rows: [] }];
      for (const { unit, rows: failed } of units)
        add(
          unit,
          rule.weight,
          (checked - failing) / checked,
          failed.map(({ row }) => row),
        );
      continue;
    }
    for (const [unit, count] of rows) {
      const failed = byUnit.find((candidate) => candidate.unit === unit)?.rows ?? [];
      add(
        unit,
        rule.weight,
        count === 0 ? 1 : (count - Math.min(failed.length, count)) / count,
        failed.map(({ row }) => row),
      );
    }
  }
  return [...shares]
    .map(([unit, { weight, passed, failing }]) => ({
      unit,
      basisPoints: Math.floor((FULL * passed) / weight + 1e-9),
      failingRows: failing.size,
    }))
    .toSorted((a, b) => a.basisPoints - b.basisPoints || (a.unit < b.unit ? -1 : 1));
}

function laidTo({ units }: QualityPlan, ruleId: string, fields: readonly string[]): string {
  const field = fields.find((name) => Object.hasOwn(units.byField, name));
  return units.byRule[ruleId] ?? (field === undefined ? units.default : units.byField[field]!);
}
