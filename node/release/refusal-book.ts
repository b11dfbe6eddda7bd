/**
 * Refused calls, counted by grant and day and code: for the rule on many refusals and for the account of a grant's use.
 *
 * A flood of refusals must cost little: counts are kept in memory and written now and then, and what is kept is bounded by
 * members, requests, days and the closed list of codes, never by what a caller writes.
 */
import type { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Clock, Logger, StateOperation, StateStore } from '../ports.ts';
import type { Calendar } from './calendar.ts';
import type { Finding } from './usage-book.ts';
import { add, dropBefore, usageKeys } from './usage-history.ts';
import { findUnusual, type UsageRecord, type UsageRules } from './usage-rules.ts';

export type RefusalCode = ProtocolError['code'];
export type RefusalCounts = Readonly<Partial<Record<RefusalCode, number>>>;

/** Not the caller's doing, or its way of asking whether something is ready. */
const NO_REFUSALS: readonly RefusalCode[] = [
  'CHAIN_UNREACHABLE',
  'CHAIN_TIMEOUT',
  'CHAIN_STALE',
  'CHUNK_NOT_READY',
  'EVIDENCE_LOG_FAILED',
  'WORKER_FAILED',
  'INTERNAL',
];

export interface RefusalBook {
  /** Counts a refused call of a member. @param requestId - one of the caller's own; null for none. */
  refused(requester: string, requestId: string | null, code: RefusalCode, timeZone: string): void;
  /** Makes counts and findings durable. */
  flush(): Promise<void>;
}

interface RefusalParts {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly rules: UsageRules;
  readonly calendar: Calendar;
  readonly log: Pick<Logger, 'error'>;
  readonly found: (finding: Finding) => Promise<void>;
}

export function createRefusalBook(parts: RefusalParts): RefusalBook {
  const { state, clock, rules, calendar } = parts;
  const unwritten = new Map<string, Map<RefusalCode, number>>();
  const recent = new Map<string, UsageRecord[] & { atMs: number; count: number }[]>();
  /** Findings on their way to the log, by requester. */
  const raising = new Map<string, Promise<void>>();
  const look = (requester: string, requestId: string | null, atMs: number): void => {
    const refusals = recent.get(requester) ?? [];
    recent.set(requester, refusals);
    const nowMs = Math.max(atMs, refusals.at(-1)?.atMs ?? 0);
    add(refusals, Math.floor(nowMs / 1000) * 1000, 1);
    dropBefore(refusals, nowMs - 1000 * (rules.refusals?.seconds ?? 0) - 1000);
    const only = { burst: null, sweep: null, rise: null, newHour: null, refusals: rules.refusals };
    const history = {
      unlockings: [],
      recent: [],
      bucketMs: 0,
      registerSize: 0,
      localTime: () => ({ day: 0, hour: 0 }),
    };
    const [finding] = findUnusual(only, { ...history, refusals }, nowMs);
    if (finding === undefined || raising.has(requester)) return;
    // the refused call does not wait for it
    const raised = parts
      .found({ ...finding, requester, requestId })
      .catch((cause) => parts.log.error('finding not logged', { rule: finding.rule }, cause))
      .finally(() => raising.delete(requester));
    raising.set(requester, raised);
  };
  return {
    refused: (requester, requestId, code, timeZone) => {
      if (NO_REFUSALS.includes(code)) return;
      const atMs = clock.now();
      const key = usageKeys.refused(requester, requestId, calendar.day(atMs, timeZone));
      const counts = unwritten.get(key) ?? new Map<RefusalCode, number>();
      unwritten.set(key, counts);
      counts.set(code, (counts.get(code) ?? 0) + 1);
      look(requester, requestId, atMs);
    },
    flush: async () => {
      await Promise.all(raising.values());
      const counted = [...unwritten];
      unwritten.clear();
      if (counted.length > 0) await state.write(await Promise.all(counted.map((entry) => addition(state, entry))));
    },
  };
}

async function addition(
  state: StateStore,
  [key, counts]: readonly [string, ReadonlyMap<RefusalCode, number>],
): Promise<StateOperation> {
  const before = (await state.get<RefusalCounts>(key)) ?? {};
  const sum: Partial<Record<RefusalCode, number>> = { ...before };
  for (const [code, count] of counts) sum[code] = (sum[code] ?? 0) + count;
  return { type: 'put', key, value: sum };
}
