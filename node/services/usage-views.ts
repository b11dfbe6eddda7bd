/** What a person sees of grants in use: put together from counts, chain, budgets and suspensions. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { hex32, organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { grantedHere } from '../approval/decide.ts';
import { approvalKeys } from '../approval/keys.ts';
import type { RequestState } from '../ports.ts';
import { SUBJECT_CLASSES } from '../release/budgets.ts';
import { PERIODS } from '../release/calendar.ts';
import type { RefusalCounts } from '../release/refusal-book.ts';
import { DEFAULT_TIME_ZONE } from '../release/usage-book.ts';
import { type StoredUsage, usageKeys } from '../release/usage-history.ts';
import type { NodeParts } from './parts.ts';
import type { UsageAlert } from './usage-alerts.ts';

const count = z.int().min(0);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const moment = z.iso.datetime();
const actor = hex32.nullable();

export const grantUsageView = z.strictObject({
  requestId: hex32,
  requester: organisationId,
  subjects: z.enum(SUBJECT_CLASSES),
  /** As the chain has it; null where it does not answer. */
  state: z.string().nullable(),
  quota: count,
  used: count,
  left: count,
  /** Of the days. */
  timeZone: z.string(),
  /** The latest last. */
  days: z.array(z.strictObject({ day, count, calls: count, cost: count })),
  refusals: z.array(z.strictObject({ day, code: z.string(), count })),
  /** Of the requester, for this class of subjects, in the present period. */
  budgets: z.array(z.strictObject({ period: z.enum(PERIODS), limit: count, spent: count })),
  /** By this organisation itself. */
  suspended: z
    .strictObject({ reason: z.string(), note: z.string().nullable(), at: moment, actor, isOnChain: z.boolean() })
    .nullable(),
});
export type GrantUsage = z.output<typeof grantUsageView>;

export const alertView = z.strictObject({
  code: z.string(),
  /** Null for alerts of the node about itself, which end by themselves. */
  org: organisationId.nullable(),
  requestId: hex32.nullable(),
  count: count.nullable(),
  times: count,
  firstAt: moment.nullable(),
  lastAt: moment.nullable(),
  acknowledged: z.strictObject({ actor: hex32, at: moment }).nullable(),
});
export type AlertView = z.output<typeof alertView>;

/** The use of one grant. @param days - how many of the latest. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function grantUsage(
  parts: NodeParts,
  requestId: string,
  { requester, subjects, quota }: Pick<RequestDocument, 'requester' | 'subjects' | 'quota'>,
  days: number,
): Promise<GrantUsage> {
  const { state, usage, unlocking } = parts;
  const timeZone = (await grantedHere(state, requestId))?.conditions.timeZone ?? DEFAULT_TIME_ZONE;
  const used = await unlocking.used(requestId);
  const stored = await state.list<StoredUsage>(usageKeys.day(requester, subjects, requestId, ''));
  const refused = await state.list<RefusalCounts>(usageKeys.refused(requester, requestId, ''));
  const suspension = usage.suspensions.standing().find((standing) => standing.requestId === requestId);
  return {
    requestId,
    requester,
    subjects,
    state: await stateOf(parts, requestId),
    quota,
    used,
    left: Math.max(0, quota - used),
    timeZone,
    days: stored.slice(-days).map(([key, { count: number, calls, cost }]) => ({
      day: dayOf(key),
      count: number,
      calls,
      cost,
    })),
    refusals: refused
      .slice(-days)
      .flatMap(([key, counts]) =>
        Object.entries(counts).map(([code, number]) => ({ day: dayOf(key), code, count: number })),
      ),
    budgets: [...(await usage.book.budgetUse(requester, subjects, timeZone))],
    suspended:
      suspension === undefined
        ? null
        : {
            reason: suspension.reason,
            note: suspension.note,
            at: isoOf(suspension.atMs),
            actor: suspension.actor,
            isOnChain: suspension.sent,
          },
  };
}

/** Every grant of which something was used, refused or suspended here. */
export async function allUsage(parts: NodeParts, days: number): Promise<readonly GrantUsage[]> {
  const documents = await parts.state.list<RequestDocument>(approvalKeys.documents);
  const all = await Promise.all(
    documents.map(([key, document]) => grantUsage(parts, key.slice(approvalKeys.documents.length), document, days)),
  );
  return all.filter(({ used, refusals, suspended }) => used > 0 || refusals.length > 0 || suspended !== null);
}

export function viewOfAlert(alert: UsageAlert): AlertView {
  const { code, org, requestId, count: number, times, firstAtMs, lastAtMs, acknowledged } = alert;
  return {
    code,
    org,
    requestId,
    count: number,
    times,
    firstAt: isoOf(firstAtMs),
    lastAt: isoOf(lastAtMs),
    acknowledged: acknowledged === null ? null : { actor: acknowledged.actor, at: isoOf(acknowledged.atMs) },
  };
}

async function stateOf({ ledger }: NodeParts, requestId: string): Promise<RequestState | null> {
  try {
    return (await ledger.recentRequest(requestId)).state;
  } catch (error) {
    if (isProtocolError(error)) return null;
    throw error;
  }
}

function dayOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
