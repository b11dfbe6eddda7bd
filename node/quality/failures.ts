/**
 * Where rules fail: collected during a run, laid to the units that the rows come from.
 *
 * Places only: row numbers, fields and reasons. Of a cell's content, the name of a source unit alone is read, and only
 * where the plan names the column that holds it.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { QualityPlan, UnitRule } from './plan.ts';
import type { RowPlace } from './row-places.ts';
import type { Failure, FailureSink } from './run-types.ts';

export type FailureReason = Failure['reason'] & { readonly fields: readonly string[] };

/** Failures of one rule: `rows[i]` fails for `reasons[reasonOf[i]]`. */
export interface RuleFailures {
  readonly reasons: FailureReason[];
  readonly rows: number[];
  readonly reasonOf: number[];
  /** Reasons for which the dataset as a whole fails. */
  readonly whole: FailureReason[];
  /** Failures that did not fit here any more. */
  dropped: number;
}

export interface Collected {
  readonly sink: FailureSink;
  readonly byRule: ReadonlyMap<string, RuleFailures>;
}

/** One unit's failing rows under one rule. */
export interface UnitFailures {
  readonly unit: string;
  readonly reasons: readonly FailureReason[];
  /** Distinct rows in the source's order, each with the indexes of its reasons. */
  readonly rows: readonly { readonly row: number; readonly reasons: readonly number[] }[];
  readonly whole: boolean;
}

/** Failures kept in memory at a time, over all rules. */
const MAX_COLLECTED = 2_000_000;
/** A column with more different cells than this is no column of units. */
const MAX_UNITS = 500;

/** A sink that keeps what it is given, up to a bound. */
export function collectFailures(): Collected {
  const byRule = new Map<string, RuleFailures>();
  const indexes = new Map<string, number>();
  let kept = 0;
  const take = ({ ruleId, row, fields, reason }: Failure): void => {
    const failures = byRule.get(ruleId) ?? { reasons: [], rows: [], reasonOf: [], whole: [], dropped: 0 };
    byRule.set(ruleId, failures);
    if (row === null) {
      failures.whole.push({ ...reason, fields });
      return;
    }
    if (kept >= MAX_COLLECTED) {
      failures.dropped += 1;
      return;
    }
    kept += 1;
    const name = JSON.stringify([ruleId, fields, reason.code, reason.details]);
    const index = indexes.get(name) ?? failures.reasons.push({ ...reason, fields }) - 1;
    indexes.set(name, index);
    failures.rows.push(row);
    failures.reasonOf.push(index);
  };
  return { byRule, sink: { write: async (failures) => failures.forEach(take) } };
}

/** All failing rows of a collection, each once. */
export function failingRows({ byRule }: Pick<Collected, 'byRule'>): ReadonlySet<number> {
  return new Set([...byRule.values()].flatMap(({ rows }) => rows));
}

/**
 * A rule's failures by unit.
 * @throws {ProtocolError} QUALITY_UNITS where the plan's column of units has too many different cells.
 */
export function failuresByUnit(
  plan: QualityPlan,
  ruleId: string,
  failures: RuleFailures,
  places: ReadonlyMap<number, RowPlace>,
): readonly UnitFailures[] {
  const { reasons, rows, reasonOf, whole } = failures;
  const units = new Map<string, Map<number, number[]>>();
  rows.forEach((row, i) => {
    const unit = unitOf(plan.units, ruleId, reasons[reasonOf[i]!]!.fields, places.get(row)?.unit ?? null);
    const ofUnit = units.get(unit) ?? new Map<number, number[]>();
    units.set(unit, ofUnit);
    ofUnit.set(row, [...(ofUnit.get(row) ?? []), reasonOf[i]!]);
  });
  if (units.size > MAX_UNITS) throw new ProtocolError('QUALITY_UNITS', { units: units.size, limit: MAX_UNITS });
  const found: UnitFailures[] = [...units].map(([unit, ofUnit]) => ({
    unit,
    reasons,
    rows: [...ofUnit].map(([row, indexes]) => ({ row, reasons: indexes })).toSorted((a, b) => a.row - b.row),
    whole: false,
  }));
  if (whole.length === 0) return found;
  const unit = unitOf(plan.units, ruleId, whole[0]!.fields, null);
  return [...found.filter((other) => other.unit !== unit), { unit, reasons: whole, rows: [], whole: true }];
}

/** The unit that a failing row goes to; see {@link UnitRule}. */
export function unitOf(units: UnitRule, ruleId: string, fields: readonly string[], cell: string | null): string {
  const field = fields.find((name) => Object.hasOwn(units.byField, name));
  if (Object.hasOwn(units.byRule, ruleId)) return units.byRule[ruleId]!;
  if (field !== undefined) return units.byField[field]!;
  return cell ?? units.default;
}
