/**
 * Alerts about the use of grants: raised once when something is found, however often it is found again, until it was quiet
 * for an hour; a person acknowledges them.
 *
 * Kept as one record for each code and organisation, so that no flood of calls makes them many.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createMutex } from '../mutex.ts';
import type { Clock, EventLog, Logger, StateStore } from '../ports.ts';

/** From the last finding on: what is found later than that is another one. */
const QUIET_MS = 3_600_000;
/** How old the stored time of the last finding may be. */
const WRITE_AFTER_MS = 60_000;
const PREFIX = 'usage-alert/';

export interface UsageAlert {
  /** `usage.sweep` and the like. */
  readonly code: string;
  readonly org: string;
  readonly requestId: string | null;
  /** What was counted when it was found last. */
  readonly count: number | null;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** How often it came up; names the events. */
  readonly times: number;
  readonly acknowledged: { readonly actor: string; readonly atMs: number } | null;
}

export interface UsageAlertParts {
  readonly state: StateStore;
  readonly events: EventLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

export interface UsageAlerts {
  /** Raises it, or notes that it still stands. Durable and logged when it resolves. */
  raise(finding: Pick<UsageAlert, 'code' | 'org' | 'requestId' | 'count'>): Promise<void>;
  /** @throws {ProtocolError} ALERT_UNKNOWN */
  acknowledge(code: string, org: string, actor: string): Promise<UsageAlert>;
  /** All that are kept, the latest first. */
  list(): readonly UsageAlert[];
  /** Whether a person has still to look at it. */
  stands(alert: UsageAlert): boolean;
}

export async function openUsageAlerts({ state, events, clock, log }: UsageAlertParts): Promise<UsageAlerts> {
  const keyOf = ({ code, org }: Pick<UsageAlert, 'code' | 'org'>): string => `${PREFIX}${code}/${org}`;
  const known = new Map(await state.list<UsageAlert>(PREFIX));
  const mutex = createMutex();
  const rise = async (alert: UsageAlert): Promise<void> => {
    const { code, org, requestId, count, times } = alert;
    log.info('usage alert', { code, org, requestId, count });
    await events.append(
      'alert',
      { code, ...(requestId === null ? {} : { requestId }), ...(count === null ? {} : { count }), org },
      { id: `${keyOf(alert)}/${times}`, operations: [{ type: 'put', key: keyOf(alert), value: alert }] },
    );
    known.set(keyOf(alert), alert);
  };
  const again = async (before: UsageAlert, alert: UsageAlert): Promise<void> => {
    if (alert.lastAtMs - before.lastAtMs < WRITE_AFTER_MS) return;
    await state.write([{ type: 'put', key: keyOf(alert), value: alert }]);
    known.set(keyOf(alert), alert);
  };
  return {
    raise: (finding) =>
      mutex.run(keyOf(finding), async () => {
        const before = known.get(keyOf(finding));
        const lastAtMs = Math.max(clock.now(), before?.lastAtMs ?? 0);
        if (before !== undefined && isSame(before, finding.requestId, lastAtMs))
          return again(before, { ...before, ...finding, lastAtMs });
        const times = (before?.times ?? 0) + 1;
        return rise({ ...finding, firstAtMs: lastAtMs, lastAtMs, times, acknowledged: null });
      }),
    acknowledge: (code, org, actor) =>
      mutex.run(keyOf({ code, org }), async () => {
        const before = known.get(keyOf({ code, org }));
        if (before === undefined) throw new ProtocolError('ALERT_UNKNOWN', { code });
        if (before.acknowledged !== null) return before;
        const alert = { ...before, acknowledged: { actor, atMs: clock.now() } };
        await state.write([{ type: 'put', key: keyOf(alert), value: alert }]);
        known.set(keyOf(alert), alert);
        return alert;
      }),
    list: () => [...known.values()].sort((a, b) => b.lastAtMs - a.lastAtMs),
    stands: ({ acknowledged }) => acknowledged === null,
  };
}

/**
 * Until it was quiet for an hour. What a person looked at is for a person again where it goes on for an hour, or comes up
 * with another request; that is one more event for each acknowledgement at most.
 */
function isSame(before: UsageAlert, requestId: string | null, nowMs: number): boolean {
  if (nowMs - before.lastAtMs > QUIET_MS) return false;
  const { acknowledged } = before;
  return acknowledged === null || (before.requestId === requestId && nowMs - acknowledged.atMs <= QUIET_MS);
}
