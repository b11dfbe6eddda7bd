/**
 * Privacy budgets: how much may leave about one class of subjects to one requester within a period of the calendar.
 *
 * The unit is a thousandth of what one score of the reference precision gives away. A score with release noise of total
 * width 2^w logit costs 1000 * 2^(-12 - w) units, rounded up: 1000 at the width of DESIGN.md 3.2, twice as much for each
 * bit that is sharper, half for each that is blunter. This is a tariff, not a bound of differential privacy: uniform noise
 * that is drawn once for a subject has none. A release with a proved epsilon gets a unit and accounts of its own.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { PERIODS, type Period, periodOf } from './calendar.ts';

export const SUBJECT_CLASSES = ['person', 'enterprise'] as const;
export type SubjectClass = (typeof SUBJECT_CLASSES)[number];

export const budgetSchema = z.strictObject({
  /** Whom it holds for; each requester by itself where it names none. */
  requester: organisationId.optional(),
  subjects: z.enum(SUBJECT_CLASSES),
  /** Of the calendar, in the time zone of the grant's policy. */
  period: z.enum(PERIODS),
  /** Units within one period. */
  limit: z.int().min(1),
});
export type Budget = z.output<typeof budgetSchema>;

/** Every budget that applies must hold. */
export const budgetsSchema = z.array(budgetSchema).max(256);

const REFERENCE_WIDTH_LOG2 = -12;
const REFERENCE_UNITS = 1000;

/** What one score costs. @param totalWidthLog2 - width of all departments' release noise as a power of two of a logit. */
export function scoreCost(totalWidthLog2: number): number {
  return Math.max(1, Math.ceil(REFERENCE_UNITS * 2 ** (REFERENCE_WIDTH_LOG2 - totalWidthLog2)));
}

/** Budgets that hold for a requester and a class of subjects. */
export function budgetsFor(budgets: readonly Budget[], requester: string, subjects: SubjectClass): readonly Budget[] {
  return budgets.filter(
    (budget) => budget.subjects === subjects && (budget.requester === undefined || budget.requester === requester),
  );
}

/**
 * Units spent in the period that `day` is in.
 * @param spentByDay - units by day, `YYYY-MM-DD`.
 */
export function spentIn(spentByDay: ReadonlyMap<string, number>, period: Period, day: string): number {
  const current = periodOf(day, period);
  let sum = 0;
  for (const [spentOn, units] of spentByDay) if (periodOf(spentOn, period) === current) sum += units;
  return sum;
}

/** @throws {ProtocolError} BUDGET_EXHAUSTED where `cost` more units pass one of the limits. */
export function assertBudgets(
  budgets: readonly Budget[],
  spentByDay: ReadonlyMap<string, number>,
  day: string,
  cost: number,
): void {
  for (const { period, subjects, limit } of budgets) {
    const spent = spentIn(spentByDay, period, day);
    if (spent + cost > limit) throw new ProtocolError('BUDGET_EXHAUSTED', { period, subjects, spent, cost, limit });
  }
}
