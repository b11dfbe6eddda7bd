/**
 * The chain account of a running node, which can be exchanged for another one.
 *
 * While the exchange runs nothing else is sent: what the old account sent is in a block before, and what comes after goes
 * out under the new one, so that the contract refuses neither.
 */
import type { Sender } from '@sealedger/protocol/ledger/transactions.ts';

export interface AccountSender extends Sender {
  /**
   * Waits for what is on its way, runs `change`, and goes on with `next` where it succeeds.
   * @param change - gets the sender of before, which alone may send meanwhile.
   */
  exchange<T>(next: Sender, change: (before: Sender) => Promise<T>): Promise<T>;
}

export function createAccountSender(first: Sender): AccountSender {
  let current = first;
  let changing: Promise<unknown> | null = null;
  const onTheWay = new Set<Promise<unknown>>();
  const settled = async (): Promise<void> => void (await Promise.allSettled(onTheWay));
  return {
    get account() {
      return current.account;
    },
    send: async (call, to, data, wait) => {
      while (changing !== null) await changing;
      const sent = current.send(call, to, data, wait);
      onTheWay.add(sent);
      try {
        return await sent;
      } finally {
        onTheWay.delete(sent);
      }
    },
    exchange: async (next, change) => {
      while (changing !== null) await changing;
      const done = Promise.withResolvers<void>();
      changing = done.promise;
      try {
        await settled();
        const result = await change(current);
        current = next;
        return result;
      } finally {
        changing = null;
        done.resolve();
      }
    },
  };
}
