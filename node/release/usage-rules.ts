/**
 * What is unusual in the use of a grant: rules over counts and times, the only things that a gate sees.
 *
 * Pure: the history comes in, findings go out; who raises an alert or suspends a grant is the caller. A bank with a
 * grant could go through the register one by one within its quota: the sweep rule is the bound on that, so its
 * finding suspends by default while the others tell. Asked with the use that is about to be metered as the newest record,
 * a rule that suspends lets nothing past its bound.
 */
import { z } from 'zod';

const action = z.enum(['alert', 'suspend']);

const second = z.int().min(1).max(86_400);
const count = z.int().min(1);

/** A rule that is left out of a configuration has its default; null switches it off. */
export const usageRulesSchema = z.strictObject({
  /** More than `count` unlockings within `seconds`. */
  burst: z
    .strictObject({ count, seconds: second, action })
    .nullable()
    .default({ count: 20_000, seconds: 60, action: 'alert' }),
  /**
   * More than this share of the register, in basis points, within `days`, over all grants of one requester; counts of
   * `atLeast` and fewer are no sweep.
   */
  sweep: z
    .strictObject({
      registerBasisPoints: z.int().min(1).max(10_000),
      days: z.int().min(1).max(366),
      atLeast: count.default(1000),
      action,
    })
    .nullable()
    .default({ registerBasisPoints: 2500, days: 30, atLeast: 1000, action: 'suspend' }),
  /** Today more than `factor` times the median of the days with use among the last `days`; counts below `atLeast` are no rise. */
  rise: z
    .strictObject({ factor: z.number().min(1.1).max(1000), days: z.int().min(3).max(90), atLeast: count, action })
    .nullable()
    .default({ factor: 10, days: 14, atLeast: 1000, action: 'alert' }),
  /** More than `count` refused calls within `seconds`. */
  refusals: z
    .strictObject({ count, seconds: second, action })
    .nullable()
    .default({ count: 100, seconds: 60, action: 'alert' }),
  /** A use at an hour in which the requester was never seen, once it was seen on `afterDays` days. */
  newHour: z
    .strictObject({ afterDays: z.int().min(3).max(90), action })
    .nullable()
    .default({ afterDays: 14, action: 'alert' }),
});
export type UsageRules = z.output<typeof usageRulesSchema>;

export const DEFAULT_USAGE_RULES: UsageRules = usageRulesSchema.parse({});

/** One metered unlocking or one refused call of a requester. */
export type UsageRecord = { readonly atMs: number; readonly count: number };

/** Days are numbered from the epoch in the owner's time zone; hours 0 to 23 there. */
export type LocalTime = { readonly day: number; readonly hour: number };

export type UsageHistory = {
  /**
   * Unlockings, oldest first, the newest last, at least as far back as the longest rule looks; each record is of what was
   * used in the time of `bucketMs` from its own on.
   */
  readonly unlockings: readonly UsageRecord[];
  readonly bucketMs: number;
  /** The same of the last day at most, to the second. */
  readonly recent: readonly UsageRecord[];
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
  add('newHour', newHour(rules, history));
  return findings;
}

const DAY_MS = 86_400_000;

/** Sum of the counts after `sinceMs`, that moment itself not counted. */
function countAfter(records: readonly UsageRecord[], sinceMs: number): number {
  let sum = 0;
  for (let i = records.length - 1; i >= 0 && records[i]!.atMs > sinceMs; i--) sum += records[i]!.count;
  return sum;
}

function burst({ burst: rule }: UsageRules, { recent }: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  const count = countAfter(recent, nowMs - rule.seconds * 1000);
  return count > rule.count ? count : null;
}

function sweep({ sweep: rule }: UsageRules, history: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  // what is only partly within the days counts in full
  const count = countAfter(history.unlockings, nowMs - rule.days * DAY_MS - history.bucketMs);
  const isShare = count * 10_000 > rule.registerBasisPoints * history.registerSize;
  return isShare && count > rule.atLeast ? count : null;
}

function rise({ rise: rule }: UsageRules, { unlockings, localTime }: UsageHistory, nowMs: number): number | null {
  if (rule === null) return null;
  const today = localTime(nowMs).day;
  const byDay = new Map<number, number>();
  for (let i = unlockings.length - 1; i >= 0; i--) {
    const { atMs, count } = unlockings[i]!;
    const { day } = localTime(atMs);
    if (day < today - rule.days) break;
    byDay.set(day, (byDay.get(day) ?? 0) + count);
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

function newHour({ newHour: rule }: UsageRules, { unlockings, localTime }: UsageHistory): number | null {
  const newest = unlockings.at(-1);
  if (rule === null || newest === undefined) return null;
  const { day, hour } = localTime(newest.atMs);
  const before = unlockings.map(({ atMs }) => localTime(atMs)).filter((time) => time.day < day);
  const isKnown = before.some((time) => time.hour === hour);
  return new Set(before.map((time) => time.day)).size >= rule.afterDays && !isKnown ? newest.count : null;
}
