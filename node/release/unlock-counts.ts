/** Outbox of unlock counts: what was metered reaches the chain, in batches, and again after a chain that was away. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Ledger, Logger, StateStore } from '../ports.ts';

export interface UnlockCounts {
  /** Notes that the count of a request grew. */
  metered(requestId: string): void;
  /** Sends what is not on chain yet. @returns whether nothing is left. */
  flush(): Promise<boolean>;
}

/** @param used - metered count of a request. */
export function createUnlockCounts(
  state: StateStore,
  ledger: Ledger,
  log: Logger,
  used: (requestId: string) => Promise<number>,
): UnlockCounts {
  const dirty = new Set<string>();
  const key = (requestId: string): string => `counted/${requestId}`;
  let loaded = false;
  const load = async (): Promise<void> => {
    for (const [stored] of await state.list('used/')) dirty.add(stored.slice('used/'.length));
    loaded = true;
  };
  const send = async (requestId: string): Promise<void> => {
    const total = await used(requestId);
    if (total > ((await state.get<number>(key(requestId))) ?? 0)) {
      await ledger.recordUnlocks(requestId, total);
      await state.write([{ type: 'put', key: key(requestId), value: total }]);
    }
    if ((await used(requestId)) === total) dirty.delete(requestId);
  };
  return {
    metered: (requestId) => void dirty.add(requestId),
    flush: async () => {
      if (!loaded) await load();
      for (const requestId of dirty) {
        try {
          await send(requestId);
        } catch (error) {
          if (!isProtocolError(error)) throw error;
          log.error('unlock count not recorded', { requestId }, error);
        }
      }
      return dirty.size === 0;
    },
  };
}
