/** What monitoring reads of grants in use; a scrape asks the chain for little, however many requests there are. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { overdue } from '../approval/deadlines.ts';
import { approvalKeys } from '../approval/keys.ts';
import { allWaiting } from '../approval/queue.ts';
import type { RequestState } from '../ports.ts';
import type { InUseMetrics } from '../server/metrics.ts';
import type { NodeParts } from './parts.ts';

/** Requests that one scrape asks the chain for; the rest are asked for by the next ones. */
const ASKED_AT_ONCE = 32;

/** @returns what reads the numbers, with a memory of states that the chain's events keep right. */
export function readInUse(parts: NodeParts): () => Promise<InUseMetrics> {
  const { state, ledger, usage, clock } = parts;
  const states = new Map<string, RequestState>();
  usage.onChange((requestId) => (requestId === undefined ? states.clear() : void states.delete(requestId)));
  const requestsByState = async (): Promise<ReadonlyMap<string, number>> => {
    const ids = (await state.list(approvalKeys.documents)).map(([key]) => key.slice(approvalKeys.documents.length));
    const unknown = ids.filter((id) => !states.has(id)).slice(0, ASKED_AT_ONCE);
    await Promise.all(
      unknown.map(async (id) => {
        try {
          states.set(id, (await ledger.recentRequest(id)).state);
        } catch (error) {
          // the chain is away, or took the request back; it is asked again by the next scrape
          if (!isProtocolError(error)) throw error;
        }
      }),
    );
    return countsOf(ids.map((id) => states.get(id) ?? 'unknown'));
  };
  return async () => {
    const used = await state.list<number>('used/');
    return {
      requests: await requestsByState(),
      decisionsWaiting: (await allWaiting(state)).length,
      decisionsOverdue: (await overdue({ state, clock })).length,
      unlocked: used.reduce((sum, [, count]) => sum + count, 0),
      refusals: usage.refusals,
      suspended: usage.suspensions.standing().length,
      alerts: usage.alerts.list().filter(usage.alerts.stands).length,
      budgets: await usage.book.budgetShares(),
    };
  };
}

function countsOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
