/**
 * Records of a consent log on disk: sealed segments and a head that says how far they count.
 *
 * A segment is written before the head that counts it, so that a process may die at any moment: what was written too far
 * is written again. One writer at a time; a head that another process moved is refused, not overwritten.
 */
import { consentReceiptSchema } from '@sealedger/protocol/consent.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Vault } from './vault.ts';

/** Records of one segment. */
const SEGMENT = 512;

/** A record beside its public entry: whose consent it is, and the salt. */
export const consentRecordSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('receipt'),
    hash: hex32,
    subject: z.string(),
    receipt: consentReceiptSchema,
    salt: z.string(),
  }),
  z.strictObject({ kind: z.literal('withdrawal'), of: z.int().min(0) }),
]);
export type ConsentRecord = z.output<typeof consentRecordSchema>;

const segmentSchema = z.array(consentRecordSchema);
const headSchema = z.strictObject({ version: z.literal(1), size: z.int().min(0) });

const keys = { head: 'consent/head', segment: (number: number): string => `consent/log/${number}` } as const;

export interface ConsentStore {
  /** Records from `from` on, as they are stored now. */
  read(from: number): Promise<readonly ConsentRecord[]>;
  /**
   * Appends to the records that are known; durable when it resolves.
   * @throws {ProtocolError} CONSENT_STORE_CHANGED where the store has another number of records than `known`.
   */
  append(known: readonly ConsentRecord[], added: readonly ConsentRecord[]): Promise<void>;
}

export function createConsentStore(vault: Vault): ConsentStore {
  const sizeOf = async (): Promise<number> => (await vault.get(keys.head, headSchema))?.size ?? 0;
  return {
    read: async (from) => {
      const size = await sizeOf();
      const records: ConsentRecord[] = [];
      for (let start = from - (from % SEGMENT); start < size; start += SEGMENT) {
        const segment = await vault.get(keys.segment(start / SEGMENT), segmentSchema);
        const wanted = Math.min(SEGMENT, size - start);
        if (segment === undefined || segment.length < wanted)
          throw new ProtocolError('CONSENT_STORE_UNREADABLE', { segment: start / SEGMENT });
        for (const record of segment.slice(Math.max(0, from - start), wanted)) records.push(record);
      }
      return records;
    },
    append: async (known, added) => {
      if ((await sizeOf()) !== known.length) throw new ProtocolError('CONSENT_STORE_CHANGED', { known: known.length });
      const size = known.length + added.length;
      for (let start = known.length - (known.length % SEGMENT); start < size; start += SEGMENT) {
        const old = known.slice(start, start + SEGMENT);
        const from = Math.max(0, start - known.length);
        const fresh = added.slice(from, from + SEGMENT - old.length);
        await vault.put(keys.segment(start / SEGMENT), [...old, ...fresh]);
      }
      await vault.put(keys.head, { version: 1, size });
    },
  };
}
