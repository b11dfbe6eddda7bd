/**
 * What a bank keeps of its queries under a grant that asks for consent, so that it can open those that an audit samples.
 *
 * Kept by the digest that the gate logs, before the order is sent: an order that was metered is always here. Sealed at
 * rest. Learns: nobody but the bank.
 */
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Vault } from './vault.ts';

const keptOrderSchema = z.strictObject({
  subjects: z.array(z.string()),
  blinds: z.array(hex32),
  elements: z.array(hex32),
  /** Digest of the order before it in its lane, for the way back when all are erased. */
  previous: hex32.nullable(),
});
const headSchema = z.strictObject({ digest: hex32 });

/** An order about to be sent. */
export type OrderToKeep = {
  readonly requestId: string;
  readonly gate: string;
  readonly lane: number;
  readonly blindedDigest: string;
  readonly subjects: readonly string[];
  /** Scalars, 32 bytes each in hex, in the order of the subjects. */
  readonly blinds: readonly string[];
  /** Blinded elements, likewise. */
  readonly elements: readonly string[];
};
export type KeptOrder = Pick<OrderToKeep, 'subjects' | 'blinds' | 'elements'>;

export interface KeptQueries {
  /** Durable when it resolves. */
  keep(order: OrderToKeep): Promise<void>;
  find(requestId: string, blindedDigest: string): Promise<KeptOrder | undefined>;
  /** Erases all that is kept of a request at a gate, in all lanes. @returns number of orders. */
  erase(requestId: string, gate: string): Promise<number>;
}

const keys = {
  order: (requestId: string, digest: string): string => `consent/query/${requestId}/${digest}`,
  head: (requestId: string, gate: string, lane: number): string => `consent/query/${requestId}/${gate}/${lane}`,
} as const;

export function createKeptQueries(vault: Vault): KeptQueries {
  return {
    keep: async ({ requestId, gate, lane, blindedDigest, ...order }) => {
      const head = keys.head(requestId, gate, lane);
      const previous = (await vault.get(head, headSchema))?.digest ?? null;
      await vault.put(keys.order(requestId, blindedDigest), { ...order, previous });
      await vault.put(head, { digest: blindedDigest });
    },
    find: async (requestId, blindedDigest) => vault.get(keys.order(requestId, blindedDigest), keptOrderSchema),
    erase: async (requestId, gate) => {
      let erased = 0;
      for (let lane = 0; ; lane++) {
        const head = keys.head(requestId, gate, lane);
        let digest = (await vault.get(head, headSchema))?.digest ?? null;
        if (digest === null) return erased;
        while (digest !== null) {
          const key = keys.order(requestId, digest);
          const order: z.output<typeof keptOrderSchema> | undefined = await vault.get(key, keptOrderSchema);
          await vault.erase(key);
          digest = order?.previous ?? null;
          erased += 1;
        }
        await vault.erase(head);
      }
    },
  };
}
