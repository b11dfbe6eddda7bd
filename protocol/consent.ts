/**
 * Consent of natural persons and companies: receipts in a log whose root stands on chain, and the random check that
 * every query had one.
 *
 * Parties: the holder of the log (a bank or a consent authority), the gates, the regulator. A gate cannot see for whom
 * it evaluates, so it does not pretend to check consent: after the fact a beacon that nobody knew picks among the blinded
 * elements that the gates logged, and the bank must open identifier, blind and receipt of each. A later zero-knowledge
 * form proves the same for every query; it would take the place of {@link checkOpenedQuery} and leave the log as it is.
 * Learns: the regulator, the identifiers and receipts of the sampled queries; chain observers, size and root of the log.
 * Source: DESIGN.md 3.3; RFC 9162 for the tree.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { concatPrefixed, equalBytes, fromHex, uint32be, utf8 } from './bytes.ts';
import { canonicalBytes } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { ProtocolError } from './errors.ts';
import type { SubjectId } from './identifier.ts';
import { leafHash } from './merkle.ts';
import { hex32, organisationId, purposeCode } from './schema.ts';

/** What somebody agreed to; whose it is stands only in the salted hash. Times in seconds since the epoch. */
export const consentReceiptSchema = z
  .strictObject({
    suite: z.literal(SUITE),
    version: z.literal(1),
    requester: organisationId,
    purpose: purposeCode,
    /** Departments whose data may enter; empty for all of the consortium. */
    scope: z.array(organisationId).max(64),
    issuedAt: z.int().min(0),
    expiresAt: z.int().min(0),
  })
  .refine(({ issuedAt, expiresAt }) => issuedAt < expiresAt, {
    error: 'the end must be after the start',
    path: ['expiresAt'],
  });
export type ConsentReceipt = z.output<typeof consentReceiptSchema>;

/** One entry of the log: a receipt's salted hash, or the withdrawal of an earlier entry. */
export const consentEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('receipt'), hash: hex32 }),
  z.strictObject({ kind: z.literal('withdrawal'), of: z.int().min(0) }),
]);
export type ConsentEntry = z.output<typeof consentEntrySchema>;

/** Salted hash of a receipt, 32 bytes. @param salt - 16 to 64 uniform bytes of this receipt alone. */
export function receiptHash(subject: SubjectId, receipt: ConsentReceipt, salt: Uint8Array): Uint8Array {
  if (salt.length < 16 || salt.length > 64) {
    throw new ProtocolError('BYTES_LENGTH', { what: 'salt', expectedBytes: 16, gotBytes: salt.length });
  }
  return sha256(concatPrefixed(utf8(domains.consent), salt, utf8(subject), canonicalBytes(receipt)));
}

/**
 * Leaf of an entry in the tree, 32 bytes. Its kind is hashed with it: else a holder could show a withdrawal, under the
 * same root, as one more receipt that nobody can open.
 */
export function consentEntryLeaf(entry: ConsentEntry): Uint8Array {
  return leafHash(concatPrefixed(utf8(domains.consentEntry), canonicalBytes(entry)));
}

/** The log up to one anchored size; made by consent-history.ts. */
export interface ConsentLog {
  readonly size: number;
  readonly root: Uint8Array;
  entry(index: number): ConsentEntry | undefined;
  isWithdrawn(index: number): boolean;
}

/** What the bank opens for one sampled query. */
export type OpenedQuery = {
  readonly subject: SubjectId;
  /** Scalar with which the identifier was blinded, 32 bytes. */
  readonly blind: Uint8Array;
  readonly receipt: ConsentReceipt;
  readonly salt: Uint8Array;
  /** Place of the receipt in the log. */
  readonly index: number;
};

/** What the gate logged of the query. */
export type LoggedQuery = {
  readonly blindedElement: Uint8Array;
  readonly requester: string;
  readonly purpose: string;
  /** Departments whose data entered. */
  readonly departments: readonly string[];
  /** Seconds since the epoch. */
  readonly at: number;
};

/** What is wrong with an opening, as {@link checkOpenedQuery} tells it. */
export const consentFindings = [
  'other-query',
  'no-receipt',
  'other-requester',
  'other-purpose',
  'out-of-scope',
  'not-in-force',
  'withdrawn',
] as const;
export type ConsentFinding = (typeof consentFindings)[number];

/**
 * Checks one opened query.
 * @returns null where there was consent.
 * @param log - as it was anchored last before the query: a receipt that came later does not count, and a withdrawal
 *   counts from its block on.
 * @param blindedElementOf - RFC 9497 Blind: the element of a subject under a blind.
 */
export function checkOpenedQuery(
  opened: OpenedQuery,
  logged: LoggedQuery,
  log: ConsentLog,
  blindedElementOf: (subject: SubjectId, blind: Uint8Array) => Uint8Array,
): ConsentFinding | null {
  if (!equalBytes(blindedElementOf(opened.subject, opened.blind), logged.blindedElement)) return 'other-query';
  return checkReceipt(opened, logged, log);
}

/** The part of {@link checkOpenedQuery} that needs no query yet: whether a receipt covers what is asked. */
export function checkReceipt(
  held: Omit<OpenedQuery, 'blind'>,
  asked: Omit<LoggedQuery, 'blindedElement'>,
  log: ConsentLog,
): Exclude<ConsentFinding, 'other-query'> | null {
  const { subject, receipt, index } = held;
  const entry = log.entry(index);
  const hash = receiptHash(subject, receipt, held.salt);
  if (entry?.kind !== 'receipt' || !equalBytes(hash, fromHex(entry.hash, 32))) return 'no-receipt';
  if (receipt.requester !== asked.requester) return 'other-requester';
  if (receipt.purpose !== asked.purpose) return 'other-purpose';
  const isCovered = asked.departments.every((department) => receipt.scope.includes(department));
  if (receipt.scope.length > 0 && !isCovered) return 'out-of-scope';
  if (asked.at < receipt.issuedAt || asked.at >= receipt.expiresAt) return 'not-in-force';
  return log.isWithdrawn(index) ? 'withdrawn' : null;
}

/**
 * The queries that a beacon picks: `count` different numbers below `total`, in rising order.
 * @param beacon - 32 bytes that nobody knew when the queries were logged: the hash of a later block, mixed with what the
 *   regulator had committed to, since who makes blocks could try several.
 * @param context - what is sampled, for example grant and gate; two contexts give independent samples.
 */
export function sampleQueries(beacon: Uint8Array, context: string, total: number, count: number): number[] {
  if (beacon.length !== 32) {
    throw new ProtocolError('BYTES_LENGTH', { what: 'beacon', expectedBytes: 32, gotBytes: beacon.length });
  }
  const wanted = Math.min(count, total);
  const chosen = new Set<number>();
  const limit = 2 ** 48 - (2 ** 48 % Math.max(1, total));
  for (let block = 0; chosen.size < wanted; block++) {
    const bytes = sha256(concatPrefixed(utf8(domains.consentSample), beacon, utf8(context), uint32be(block)));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = 0; at + 6 <= bytes.length && chosen.size < wanted; at += 6) {
      const number = view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
      if (number < limit) chosen.add(number % total);
    }
  }
  return [...chosen].sort((a, b) => a - b);
}

/**
 * Probability that a sample finds at least one of the queries without consent (hypergeometric, exact).
 * @param total - queries that were logged. @param without - those without consent. @param sampled - those opened.
 */
export function detectionProbability(total: number, without: number, sampled: number): number {
  let missed = 1;
  for (let i = 0; i < Math.min(sampled, total); i++) missed *= Math.max(0, total - without - i) / (total - i);
  return 1 - missed;
}
