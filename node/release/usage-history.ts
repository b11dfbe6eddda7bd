/** What one requester used of one class of subjects: what is stored of it, and what the rules and budgets read from that. */

import type { SubjectClass } from './budgets.ts';
import type { Calendar } from './calendar.ts';
import type { UsageRecord } from './usage-rules.ts';

export const HOUR_MS = 3_600_000;
/** Of a requester's use so long ago nothing is read any more: a year's budget and the longest rule. */
const KEPT_DAYS = 400;
const MAX_RECENT_MS = 86_400_000;

/** The use of one grant on one day of its calendar; one value, written again with each metering of that day. */
export interface StoredUsage {
  readonly count: number;
  /** Orders; a batch is one. */
  readonly calls: number;
  /** Units of budget. */
  readonly cost: number;
  readonly lastAtMs: number;
  /** Beginning of an hour, or the moment from which a rule was told to count anew, and what was used from then on. */
  readonly hours: readonly (readonly [fromMs: number, count: number])[];
}

export const usageKeys = {
  all: 'usage/',
  of: (requester: string, subjects: SubjectClass): string => `usage/${requester}/${subjects}/`,
  day: (requester: string, subjects: SubjectClass, requestId: string, day: string): string =>
    `usage/${requester}/${subjects}/${requestId}/${day}`,
  refusals: 'refused/',
  refused: (requester: string, requestId: string | null, day: string): string =>
    `refused/${requester}/${requestId ?? '-'}/${day}`,
  sweepFrom: (requester: string, subjects: SubjectClass): string => `sweep-from/${requester}/${subjects}`,
} as const;

/** Last parts of a key: request and day. */
export function usageOfKey(key: string): {
  readonly requester: string;
  readonly subjects: string;
  readonly requestId: string;
  readonly day: string;
} {
  const [, requester = '', subjects = '', requestId = '', day = ''] = key.split('/');
  return { requester, subjects, requestId, day };
}

/** What is held in memory of a requester and a class of subjects. */
export interface UsageAccount {
  readonly records: Map<string, StoredUsage>;
  readonly spentByDay: Map<string, number>;
  /** By hour, over all grants, oldest first. */
  readonly hours: { atMs: number; count: number }[];
  /** By second, of the last day at most. */
  readonly recent: { atMs: number; count: number }[];
  lastAtMs: number;
  /** What was used before does not count for the sweep rule: a person looked at it. */
  sweepFromMs: number;
}

/** One metered use. */
export interface MeteredUse {
  readonly key: string;
  readonly day: string;
  readonly count: number;
  readonly cost: number;
  readonly atMs: number;
}

/** @param stored - what the state holds of the account, in any order. */
export function accountOf(stored: readonly (readonly [string, StoredUsage])[], sweepFromMs: number): UsageAccount {
  const account: UsageAccount = {
    records: new Map(stored),
    spentByDay: new Map(),
    hours: [],
    recent: [],
    lastAtMs: 0,
    sweepFromMs,
  };
  const hours = new Map<number, number>();
  for (const [key, usage] of stored) {
    const { day } = usageOfKey(key);
    account.spentByDay.set(day, (account.spentByDay.get(day) ?? 0) + usage.cost);
    account.lastAtMs = Math.max(account.lastAtMs, usage.lastAtMs);
    for (const [fromMs, count] of usage.hours) hours.set(fromMs, (hours.get(fromMs) ?? 0) + count);
    // when in its last hour it was used is not stored: all of that hour counts as just used
    const last = usage.hours.at(-1);
    if (last !== undefined) account.recent.push({ atMs: usage.lastAtMs, count: last[1] });
  }
  account.hours.push(...[...hours].sort(([a], [b]) => a - b).map(([atMs, count]) => ({ atMs, count })));
  account.recent.sort((a, b) => a.atMs - b.atMs);
  return account;
}

/** The value to store once `use` is metered. */
export function afterUse(account: UsageAccount, use: MeteredUse): StoredUsage {
  const before = account.records.get(use.key);
  const hours = before?.hours ?? [];
  const from = bucketOf(account, use.atMs);
  const last = hours.at(-1);
  return {
    count: (before?.count ?? 0) + use.count,
    calls: (before?.calls ?? 0) + 1,
    cost: (before?.cost ?? 0) + use.cost,
    lastAtMs: use.atMs,
    hours:
      last !== undefined && last[0] === from
        ? [...hours.slice(0, -1), [from, last[1] + use.count]]
        : [...hours, [from, use.count]],
  };
}

/** Takes a metered use into the memory. */
export function takeIn(account: UsageAccount, use: MeteredUse, stored: StoredUsage): void {
  account.records.set(use.key, stored);
  account.spentByDay.set(use.day, (account.spentByDay.get(use.day) ?? 0) + use.cost);
  account.lastAtMs = use.atMs;
  add(account.hours, bucketOf(account, use.atMs), use.count);
  add(account.recent, Math.floor(use.atMs / 1000) * 1000, use.count);
  dropBefore(account.recent, use.atMs - MAX_RECENT_MS);
  dropBefore(account.hours, use.atMs - KEPT_DAYS * 24 * HOUR_MS);
}

/** Keys that need not be kept any longer. */
export function outdated(account: UsageAccount, calendar: Calendar, atMs: number, timeZone: string): string[] {
  const first = calendar.day(atMs - KEPT_DAYS * 24 * HOUR_MS, timeZone);
  const old = [...account.records.keys()].filter((key) => usageOfKey(key).day < first);
  for (const key of old) account.records.delete(key);
  return old;
}

/** The hour, cut where the sweep rule began to count anew within it. */
function bucketOf({ sweepFromMs }: UsageAccount, atMs: number): number {
  const hour = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  return hour < sweepFromMs && sweepFromMs <= atMs ? sweepFromMs : hour;
}

export function add(records: { atMs: number; count: number }[], atMs: number, count: number): void {
  const last = records.at(-1);
  if (last !== undefined && last.atMs >= atMs) last.count += count;
  else records.push({ atMs, count });
}

export function dropBefore(records: UsageRecord[], atMs: number): void {
  const first = records.findIndex((record) => record.atMs >= atMs);
  if (first > 0) records.splice(0, first);
  else if (first < 0) records.length = 0;
}
