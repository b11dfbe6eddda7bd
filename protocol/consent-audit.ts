/**
 * What travels in a sampling audit of consent: the regulator's challenge, the bank's opening, the notice to the gates,
 * and a consent authority's share for a bank.
 *
 * Learns: who carries a challenge, which grant is audited and which of its queries by number, nothing of subjects. An
 * opening and a share are sealed for their receiver; the regulator learns the subjects of the sampled queries and no
 * others. Source: DESIGN.md 3.3.
 */
import { z } from 'zod';
import { fromHex } from './bytes.ts';
import { consentReceiptSchema, sampleQueries } from './consent.ts';
import { MAX_CONSENT_ENTRIES } from './consent-history.ts';
import { SUITE } from './domains.ts';
import { requestDocumentSchema } from './request.ts';
import { hex32, organisationId } from './schema.ts';
import { ELEMENT_BYTES, MAX_BATCH } from './unlocking.ts';

/** Queries of one gate that one audit opens at most. */
export const MAX_SAMPLE = 4096;
/** Queries of one gate that an audit opens unless told otherwise: one in a hundred without consent is then found in 95 %. */
export const DEFAULT_SAMPLE = 300;
/** For so long after a grant's end the bank keeps what opens its queries, and a regulator may still ask. */
export const AUDIT_WINDOW_SECONDS = 180 * 86_400;

const unixSeconds = z.int().min(0);
const count = z.int().min(0);
const hexBytes = (least: number, most: number) =>
  z
    .string()
    .max(2 * most)
    .refine((text) => text.length >= 2 * least && /^([0-9a-f]{2})*$/.test(text), 'lower-case hex');

/** Order of the bank that a sampled query is in, as the gate logged it, and the query's place in it. */
export const sampledQuerySchema = z.strictObject({
  /** Among the queries of this grant at this gate, from 0. */
  number: count,
  lane: count,
  counter: z.int().positive(),
  position: z
    .int()
    .min(0)
    .max(MAX_BATCH - 1),
  blindedDigest: hex32,
  /** When the gate logged it, in seconds since the epoch, and the size of the consent log that it saw. */
  at: unixSeconds,
  consentSize: count.nullable(),
});
export type SampledQuery = z.output<typeof sampledQuerySchema>;

/** What the regulator signs; the bank checks that the beacon picked these queries and nobody else did. */
export const consentChallengeSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requestId: hex32,
  requester: organisationId,
  beacon: z.strictObject({ id: z.int().min(0), value: hex32, commitBlock: z.int().positive() }),
  /** An opening that is checked after this counts as none. */
  deadline: unixSeconds,
  gates: z
    .array(
      z.strictObject({
        gate: organisationId,
        /** The last checkpoint of the gate's log that was anchored before the beacon was committed to. */
        checkpoint: z.strictObject({ size: count, root: hex32 }),
        /** Queries of the grant up to there. */
        total: count,
        sample: z.array(sampledQuerySchema).max(MAX_SAMPLE),
      }),
    )
    .min(1)
    .max(32),
});
export type ConsentChallenge = z.output<typeof consentChallengeSchema>;

/** What is sampled: another sample for every grant and gate under one beacon. */
export function sampleContext(requestId: string, gate: string): string {
  return `${requestId}/${gate}`;
}

/** Whether a challenge names, for each gate once, exactly the queries that its beacon picks. */
export function isBeaconsChoice({ requestId, beacon, gates }: ConsentChallenge): boolean {
  const names = new Set(gates.map(({ gate }) => gate));
  return (
    names.size === gates.length &&
    gates.every(({ gate, total, sample }) => {
      const chosen = sampleQueries(fromHex(beacon.value, 32), sampleContext(requestId, gate), total, sample.length);
      return chosen.length === sample.length && chosen.every((number, i) => number === sample[i]!.number);
    })
  );
}

/** A receipt with what opens its entry in the holder's log. */
export const heldReceiptSchema = z.strictObject({
  subject: z.string().max(32),
  receipt: consentReceiptSchema,
  salt: hexBytes(16, 64),
  index: count,
});
export type HeldReceipt = z.output<typeof heldReceiptSchema>;

/** The log of a holder as it is handed out, see consent-history.ts. */
const consentLogSchema = z.strictObject({ holder: organisationId, entries: hexBytes(0, 33 * MAX_CONSENT_ENTRIES) });

/**
 * What the bank says of the sampled queries, sealed for the regulator. `form` keeps a place for openings that say less:
 * a proof in zero knowledge would stand beside it under a word of its own.
 */
export const consentOpeningSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  form: z.literal('opened-sample'),
  /** Digest of the challenge's envelope. */
  challenge: hex32,
  /** The request itself: it names the holder of the log and the departments. */
  document: requestDocumentSchema,
  log: consentLogSchema,
  /** All blinded elements of each order that a sampled query is in, by its digest in the gate's log. */
  orders: z
    .array(z.strictObject({ elements: hexBytes(ELEMENT_BYTES, ELEMENT_BYTES * MAX_BATCH) }))
    .max(32 * MAX_SAMPLE),
  queries: z
    .array(
      z.strictObject({
        gate: organisationId,
        number: count,
        subject: z.string().max(32),
        /** Scalar of the blinded element. */
        blind: hex32,
        /** Null where the bank has none. */
        consent: z.strictObject({ receipt: consentReceiptSchema, salt: hexBytes(16, 64), index: count }).nullable(),
      }),
    )
    .max(32 * MAX_SAMPLE),
});
export type ConsentOpening = z.output<typeof consentOpeningSchema>;

/** What a consent authority gives to a bank: the receipts in the bank's favour and the whole log of hashes. */
export const consentShareSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requester: organisationId,
  log: consentLogSchema,
  receipts: z.array(heldReceiptSchema).max(MAX_CONSENT_ENTRIES),
});
export type ConsentShare = z.output<typeof consentShareSchema>;

/** What a regulator tells the gates of an audit; past the deadline of an open one they answer no more. */
export const consentNoticeSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requestId: hex32,
  /** Digest of the challenge's envelope. */
  challenge: hex32,
  state: z.enum(['open', 'passed', 'failed']),
  deadline: unixSeconds,
});
export type ConsentNotice = z.output<typeof consentNoticeSchema>;
