/**
 * What is unusual in the use of a grant: rules over counts and times, the only things that a gate sees.
 *
 * Pure: the history comes in, findings go out; who raises an alert or suspends a grant is the caller. A bank with a
 * grant could go through the register one by one within its quota: the sweep rule is the bound on that, so its
 * finding suspends by default while the others tell.
 */
import { z } from 'zod';

const action = z.enum(['alert', 'suspend']);

export const usageRulesSchema = z.strictObject({
  /** More than `count` unlockings within `seconds`. */
  burst: z.strictObject({ count: z.int().min(1), seconds: z.int().min(1).max(86_400), action }).nullable(),
  /** More than this share of the register, in basis points, within `days`, over all grants of one requester. */
  sweep: z
    .strictObject({ registerBasisPoints: z.int().min(1).max(10_000), days: z.int().min(1).max(366), action })
    .nullable(),
  /** Today more than `factor` times the median of the days with use among the last `days`; counts below `atLeast` are no rise. */
  rise: z
    .strictObject({
      factor: z.number().min(1.1).max(1000),
      days: z.int().min(3).max(90),
      atLeast: z.int().min(1),
      action,
    })
    .nullable(),
  /** More than `count` refused calls within `seconds`. */
  refusals: z.strictObject({ count: z.int().min(1), seconds: z.int().min(1).max(86_400), action }).nullable(),
  /** A use at an hour in which the requester was never seen, once it was seen on `afterDays` days. */
  newHour: z.strictObject({ afterDays: z.int().min(3).max(90), action }).nullable(),
});
export type UsageRules = z.output<typeof usageRulesSchema>;

export const DEFAULT_USAGE_RULES: UsageRules = {
  burst: { count: 20_000, seconds: 60, action: 'alert' },
  sweep: { registerBasisPoints: 2500, days: 30, action: 'suspend' },
  rise: { factor: 10, days: 14, atLeast: 1000, action: 'alert' },
  refusals: { count: 100, seconds: 60, action: 'alert' },
  newHour: { afterDays: 14, action: 'alert' },
};

/** One metered unlocking or one refused call of a requester. */
export type UsageRecord = { readonly atMs: number; readonly count: number };

/** Days are numbered from the epoch in the owner's time zone; hours 0 to 23 there. */
export type LocalTime = { readonly day: number; readonly hour: number };

export type UsageHistory = {
  /** Unlockings, oldest first, the newest last; at least as far back as the longest rule looks. */
  readonly unlockings: readonly UsageRecord[];
  /** Refused calls, oldest first. */
  readonly refusals: readonly UsageRecord[];
  /** Subjects of the register. */
  readonly registerSize: number;
  readonly localTime: (atMs: number) => LocalTime;
};

export type UsageFinding = {
  readonly rule: keyof UsageRules;
  readonly action: 'alert' | 'suspend';
  /** What was counted: unlockings or refusals. */
  readonly count: number;
};

/** Findings at `nowMs`, in the order of the rules. */
export function findUnusual(rules: UsageRules, history: UsageHistory, nowMs: number): readonly UsageFinding[] {
  const findings: UsageFinding[] = [];
  const add = (rule: keyof UsageRules, count: number | null): void => {
    const found = rules[rule];
    if (found !== null && count !== null) findings.push({ rule, action: found.action, count });
  };
  add('burst', burst(rules, history, nowMs));
  add('sweep', sweep(rules, history, nowMs));
  add('rise', rise(rules, history, nowMs));
  add('refusals', refusals(rules, history, nowMs));
  add('newHour', newHour(rules, history, nowMs));
  return findings;
}

const DAY_MS = 86_400_000;

/** Sum of the counts after `sinceMs`, that moment itself not counted. */
function countAfter(records: readonly UsageRecord[], sinceMs: number): number {
  let sum = 0;
  for (let i = records.length - 1; i >= 0 && records[i]!.atMs > sinceMs; i--) sum += records[i]!.count;
  return sum;
}

function burst({ burst: rule }: UsageRules, { unlockings }: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  const count = countAfter(unlockings, nowMs - rule.seconds * 1000);
  return count > rule.count ? count : null;
}

function sweep({ sweep: rule }: UsageRules, { unlockings, registerSize }: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  const count = countAfter(unlockings, nowMs - rule.days * DAY_MS);
  return count * 10_000 > rule.registerBasisPoints * registerSize ? count : null;
}

function rise({ rise: rule }: UsageRules, { unlockings, localTime }: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  const today = localTime(nowMs).day;
  const byDay = new Map<number, number>();
  for (const { atMs, count } of unlockings) {
    const { day } = localTime(atMs);
    if (day >= today - rule.days) byDay.set(day, (byDay.get(day) ?? 0) + count);
  }
  const now = byDay.get(today) ?? 0;
  byDay.delete(today);
  const before = [...byDay.values()].sort((a, b) => a - b);
  // A requester's first days have nothing to be compared with; the quota and the other rules bound them.
  if (before.length < 3 || now < rule.atLeast) return null;
  const middle = before.length >> 1;
  const median = before.length % 2 === 1 ? before[middle]! : (before[middle - 1]! + before[middle]!) / 2;
  return now > rule.factor * median ? now : null;
}

function refusals({ refusals: rule }: UsageRules, { refusals: records }: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  const count = countAfter(records, nowMs - rule.seconds * 1000);
  return count > rule.count ? count : null;
}

function newHour({ newHour: rule }: UsageRules, { unlockings, localTime }: UsageHistory, nowMs: number): number | null {
  const newest = unlockings.at(-1);
  if (rule === null || newest === undefined || newest.atMs > nowMs) return null;
  const { day, hour } = localTime(newest.atMs);
  const before = unlockings.map(({ atMs }) => localTime(atMs)).filter((time) => time.day < day);
  const isKnown = before.some((time) => time.hour === hour);
  return new Set(before.map((time) => time.day)).size >= rule.afterDays && !isKnown ? newest.count : null;
}
