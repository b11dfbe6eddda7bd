/**
 * The gate's account of what is used: planned before a metering, written in the metering's own transaction.
 *
 * Learns: the gate, when and how many, as it does anyway. Rules and budgets are asked with the use that is about to be
 * metered, so that one that stops stops before it; what is planned for one requester is planned after what was metered
 * before it, since the caller holds that requester's lock.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Clock, Logger, StateOperation, StateStore } from '../ports.ts';
import {
  assertBudgets,
  type Budget,
  budgetsFor,
  SUBJECT_CLASSES,
  type SubjectClass,
  scoreCost,
  spentIn,
} from './budgets.ts';
import { createCalendar, type Period } from './calendar.ts';
import { createRefusalBook, type RefusalBook } from './refusal-book.ts';
import {
  accountOf,
  afterUse,
  HOUR_MS,
  outdated,
  type StoredUsage,
  takeIn,
  type UsageAccount,
  usageKeys,
  usageOfKey,
} from './usage-history.ts';
import { findUnusual, type UsageFinding, type UsageRules } from './usage-rules.ts';

/** Of grants that name none. */
export const DEFAULT_TIME_ZONE = 'Asia/Shanghai';

/** What a rule found, and of whom. */
export interface Finding extends UsageFinding {
  readonly requester: string;
  /** The request in whose use it was found; null where a refused call named none of the caller's. */
  readonly requestId: string | null;
}

export interface UsageBookParts {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly rules: UsageRules;
  readonly budgets: readonly Budget[];
  readonly log: Pick<Logger, 'error'>;
  /** @throws {ProtocolError} REQUEST_UNKNOWN */
  readonly document: (requestId: string) => Promise<RequestDocument>;
  readonly grant: (requestId: string) => Promise<Grant | undefined>;
  /** Raises the alert; where the rule's action is to suspend, the grant is suspended when it resolves. */
  readonly found: (finding: Finding) => Promise<void>;
}

export interface PlannedUse {
  /** To be written together with the event of the metering. */
  readonly operations: readonly StateOperation[];
  /** To be called once they are. */
  commit(): void;
}

export interface BudgetUse {
  readonly period: Period;
  readonly limit: number;
  readonly spent: number;
}

export interface BudgetShare {
  readonly subjects: SubjectClass;
  readonly period: Period;
  /** 0 to 1. */
  readonly share: number;
}

export interface UsageBook {
  readonly refusals: RefusalBook;
  /**
   * The caller holds the requester's lock from here to `commit`.
   * @param use - `people`: subjects of the register.
   * @throws {ProtocolError} BUDGET_EXHAUSTED; GRANT_SUSPENDED where a rule stops this use.
   */
  plan(use: {
    readonly requester: string;
    readonly requestId: string;
    readonly count: number;
    readonly people: number;
  }): Promise<PlannedUse>;
  /** Budgets that hold for a requester, and what is spent of them in their present periods. */
  budgetUse(requester: string, subjects: SubjectClass, timeZone: string): Promise<readonly BudgetUse[]>;
  /** For each configured budget, the largest share of it that any requester has spent in the present period. */
  budgetShares(): Promise<readonly BudgetShare[]>;
  /** The sweep rule counts anew for the requester of this request. */
  restartSweep(requestId: string): Promise<void>;
}

export function createUsageBook(parts: UsageBookParts): UsageBook {
  const { state, clock, rules, budgets } = parts;
  const calendar = createCalendar();
  const loading = new Map<string, Promise<UsageAccount>>();
  const accountFor = (requester: string, subjects: SubjectClass): Promise<UsageAccount> => {
    const key = usageKeys.of(requester, subjects);
    const known = loading.get(key) ?? load(state, requester, subjects);
    loading.set(key, known);
    known.catch(() => loading.delete(key));
    return known;
  };
  const refusals = createRefusalBook({ ...parts, calendar });
  const budgetUse: UsageBook['budgetUse'] = async (requester, subjects, timeZone) => {
    const { spentByDay, lastAtMs } = await accountFor(requester, subjects);
    const day = calendar.day(Math.max(clock.now(), lastAtMs), timeZone);
    return budgetsFor(budgets, requester, subjects).map(({ period, limit }) => ({
      period,
      limit,
      spent: spentIn(spentByDay, period, day),
    }));
  };
  return {
    refusals,
    plan: async ({ requester, requestId, count, people }) => {
      const { subjects, noisePolicy } = await parts.document(requestId);
      const timeZone = await zoneOf(parts, requestId);
      const account = await accountFor(requester, subjects);
      const atMs = Math.max(clock.now(), account.lastAtMs);
      const day = calendar.day(atMs, timeZone);
      const cost = count * scoreCost(noisePolicy.totalWidthLog2);
      assertBudgets(budgetsFor(budgets, requester, subjects), account.spentByDay, day, cost);
      const localTime = (ms: number) => calendar.time(ms, timeZone);
      const findings = prospective(rules, account, { atMs, count, people, localTime });
      for (const finding of findings) await parts.found({ ...finding, requester, requestId });
      if (findings.some(({ action }) => action === 'suspend')) throw new ProtocolError('GRANT_SUSPENDED', {});
      const use = { key: usageKeys.day(requester, subjects, requestId, day), day, count, cost, atMs };
      const stored = afterUse(account, use);
      const old = account.records.has(use.key) ? [] : outdated(account, calendar, atMs, timeZone);
      return {
        operations: [
          { type: 'put', key: use.key, value: stored },
          ...old.map((key) => ({ type: 'del' as const, key })),
        ],
        commit: () => takeIn(account, use, stored),
      };
    },
    budgetUse,
    budgetShares: async () => {
      const keys = (await state.list(usageKeys.all)).map(([key]) => usageOfKey(key));
      const requesters = [...new Set(keys.map(({ requester }) => requester))];
      const shares = new Map<string, BudgetShare>();
      for (const { subjects, period } of budgets) shares.set(`${subjects}/${period}`, { subjects, period, share: 0 });
      for (const requester of budgets.length === 0 ? [] : requesters) {
        for (const subjects of SUBJECT_CLASSES) {
          for (const { period, limit, spent } of await budgetUse(requester, subjects, DEFAULT_TIME_ZONE)) {
            const share = Math.max(shares.get(`${subjects}/${period}`)!.share, spent / limit);
            shares.set(`${subjects}/${period}`, { subjects, period, share });
          }
        }
      }
      return [...shares.values()];
    },
    restartSweep: async (requestId) => {
      const { requester, subjects } = await parts.document(requestId);
      const account = await accountFor(requester, subjects);
      // later than everything that was used, so that none of it falls into the new count
      const fromMs = Math.max(clock.now(), account.lastAtMs + 1);
      await state.write([{ type: 'put', key: usageKeys.sweepFrom(requester, subjects), value: fromMs }]);
      account.sweepFromMs = fromMs;
      account.lastAtMs = fromMs;
    },
  };
}

/** Time zone of a grant's policy. */
export async function zoneOf(parts: Pick<UsageBookParts, 'grant'>, requestId: string): Promise<string> {
  return (await parts.grant(requestId))?.conditions.timeZone ?? DEFAULT_TIME_ZONE;
}

async function load(state: StateStore, requester: string, subjects: SubjectClass): Promise<UsageAccount> {
  const stored = await state.list<StoredUsage>(usageKeys.of(requester, subjects));
  return accountOf(stored, (await state.get<number>(usageKeys.sweepFrom(requester, subjects))) ?? 0);
}

interface Prospect {
  readonly atMs: number;
  readonly count: number;
  readonly people: number;
  readonly localTime: (atMs: number) => { readonly day: number; readonly hour: number };
}

/** What the rules find once this use is metered; the refusals have their own book. */
function prospective(
  rules: UsageRules,
  account: UsageAccount,
  { atMs, count, people, localTime }: Prospect,
): readonly UsageFinding[] {
  const { hours, recent, sweepFromMs } = account;
  const use = { atMs, count };
  hours.push(use);
  recent.push(use);
  try {
    const history = { unlockings: hours, recent, bucketMs: HOUR_MS, refusals: [], registerSize: people, localTime };
    const { sweep, ...others } = rules;
    // within an hour that was begun nothing is new about the hour
    const isBegun = hours.length > 1 && atMs - hours.at(-2)!.atMs < HOUR_MS;
    const newHour = isBegun ? null : rules.newHour;
    const since = hours.findIndex((record) => record.atMs >= sweepFromMs);
    const sinceLook = { ...history, bucketMs: HOUR_MS, unlockings: since <= 0 ? hours : hours.slice(since) };
    return [
      ...findUnusual({ ...others, newHour, sweep: null, refusals: null }, history, atMs),
      ...findUnusual({ burst: null, rise: null, newHour: null, refusals: null, sweep }, sinceLook, atMs),
    ];
  } finally {
    hours.pop();
    recent.pop();
  }
}
