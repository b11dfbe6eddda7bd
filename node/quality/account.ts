/** The account of points of each dataset: an entry is one event and one write, and one happening counts once. */

import type { Mutex } from '../mutex.ts';
import type { Clock, EventLog, StateStore } from '../ports.ts';
import { type PointEntry, pointsRuleHash } from './points.ts';

export interface AccountParts {
  readonly state: StateStore;
  readonly events: EventLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly mutex: Mutex;
}

export type Award = Pick<PointEntry, 'dataset' | 'happening' | 'cause' | 'versionId' | 'orderId' | 'unit'> & {
  /** Points, where the account has so many before. */
  readonly points: (total: number) => number;
};

const entryPrefix = (dataset: string): string => `points/${dataset}/`;
const happeningKey = (dataset: string, happening: string): string => `points-for/${dataset}/${happening}`;
const SEQUENCE_DIGITS = 10;

/** Entries of a dataset, or of all, oldest first within each. */
export async function pointEntries(state: StateStore, dataset?: string): Promise<readonly PointEntry[]> {
  const entries = await state.list<PointEntry>(dataset === undefined ? 'points/' : entryPrefix(dataset));
  return entries.map(([, entry]) => entry);
}

/**
 * Gives or takes points for something that happened.
 * @returns the entry, or undefined where it counted before or is worth nothing.
 */
export async function award(parts: AccountParts, { points, ...what }: Award): Promise<PointEntry | undefined> {
  const { state, events, clock, mutex } = parts;
  const { dataset, happening } = what;
  return mutex.run(`points/${dataset}`, async () => {
    if ((await state.get(happeningKey(dataset, happening))) !== undefined) return undefined;
    const last = (await pointEntries(state, dataset)).at(-1);
    const before = last?.total ?? 0;
    const amount = points(before);
    if (amount === 0) {
      // Worth nothing now is worth nothing later, whatever the account then holds.
      await state.write([{ type: 'put', key: happeningKey(dataset, happening), value: 0 }]);
      return undefined;
    }
    const sequence = (last?.sequence ?? 0) + 1;
    const ruleHash = pointsRuleHash();
    const entry: PointEntry = { ...what, sequence, at: clock.now(), points: amount, total: before + amount, ruleHash };
    const { versionId: datasetId, orderId, total } = entry;
    await events.append(
      'points',
      { datasetId, ...(orderId === null ? {} : { orderId }), ruleHash, points: amount, total },
      {
        id: `points/${dataset}/${sequence}`,
        operations: [
          {
            type: 'put',
            key: `${entryPrefix(dataset)}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`,
            value: entry,
          },
          { type: 'put', key: happeningKey(dataset, happening), value: sequence },
        ],
      },
    );
    return entry;
  });
}
