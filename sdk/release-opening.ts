/**
 * The opening of one released score: with it the batch on chain can be found that commits to this score of this subject.
 *
 * Learns: who gets it learns identifier and score. It is the bank's to give, for example to the person whom it concerns or to
 * a court; without it the commitment says nothing of anybody.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { inclusionProof } from '@sealedger/protocol/merkle.ts';
import { type ReleasedScore, resultLeaf } from '@sealedger/protocol/result.ts';
import { hex32, parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { BankStore } from './ports.ts';
import { readStoredJson } from './stored-json.ts';

export const releaseOpeningSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requestId: hex32,
  subject: z.string().min(1).max(64),
  status: z.enum(['scored', 'not-in-register']),
  score: z.string().max(32).nullable(),
  /** 16 to 64 bytes in hex. */
  salt: z.string().regex(/^([0-9a-f]{2}){16,64}$/),
  /** Place in the batch, and the batch's size. */
  index: z.int().min(0),
  size: z.int().min(1),
  proof: z.array(hex32).max(54),
});
export type ReleaseOpening = z.output<typeof releaseOpeningSchema>;

type Stored = ReleasedScore & { readonly salt: string };

/** @throws {ProtocolError} SCHEMA_MISMATCH */
export function parseReleaseOpening(value: unknown): ReleaseOpening {
  return parseDocument(releaseOpeningSchema, value, 'opening of a released score');
}

/**
 * The opening of a subject's score, from the batches that the bank committed to and stored.
 * @param subject - as it was unlocked: normalised and check-digit tested.
 * @returns null where no committed batch has it.
 */
export async function openRelease(
  store: BankStore,
  requestId: string,
  subject: string,
): Promise<ReleaseOpening | null> {
  for (let batch = 1; ; batch++) {
    const scores = await readStoredJson<Stored[]>(store, `result/${requestId}/${batch}`);
    if (scores === undefined) return null;
    const index = scores.findIndex((one) => one.subject === subject);
    if (index < 0) continue;
    const { status, score, salt } = scores[index]!;
    const leaves = scores.map(({ salt: own, ...rest }) => resultLeaf(rest, fromHex(own)));
    const proof = inclusionProof(leaves, index).map(toHex);
    return { suite: SUITE, version: 1, requestId, subject, status, score, salt, index, size: scores.length, proof };
  }
}
