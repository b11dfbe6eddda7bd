/**
 * The evidence bundle: one JSON file that verifies without any network.
 *
 * It carries nothing twice. What the chain said (keys, checkpoints, decisions, counts) is not repeated in words: it is
 * read out of proven receipts, so that no part of the file can disagree with its proof. Every part stands in one order
 * and is needed; the file is canonical JSON (RFC 8785), with one line feed at its end.
 */
import { z } from 'zod';
import { concatPrefixed, utf8 } from '../bytes.ts';
import { canonicalBytes, canonicalText } from '../canonical.ts';
import { domains, SUITE } from '../domains.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import { hex32, organisationId, parseDocument } from '../schema.ts';
import { signedCheckpointSchema } from './checkpoint.ts';
import { openingsSchema, signedEventSchema } from './event.ts';
import { contractsSchema } from './trust.ts';

export const BUNDLE_FORMAT = 'sealedger-evidence-bundle';
/** A verifier reads no larger file: 64 MiB of text. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

const hexBytes = z.string().regex(/^([0-9a-f]{2})+$/, 'lower-case hex');
const signature = z.string().regex(/^[0-9a-f]{128}$/, '64 bytes as 128 lower-case hex digits');
/** A tree below 2^53 leaves needs no longer proof. */
const merkleProof = z.array(hex32).max(54);

export const subjectSchema = z.discriminatedUnion('kind', [
  /** The life of one request, from every node involved. */
  z.strictObject({ kind: z.literal('request'), requestId: hex32 }),
  /** One batch of released results, as `org` committed to it on chain. */
  z.strictObject({ kind: z.literal('batch'), requestId: hex32, org: organisationId, batch: z.int().min(1) }),
]);
export type BundleSubject = z.output<typeof subjectSchema>;

export const bundleItemSchema = z.strictObject({
  signed: signedEventSchema,
  /** Openings of the fields that are not withheld. */
  openings: openingsSchema,
  /** Place in the log of the event's source, and the proof towards the checkpoint of `checkpointSize` events. */
  log: z.strictObject({
    leafIndex: z.int().min(0),
    checkpointSize: z.int().min(1),
    inclusionProof: merkleProof,
  }),
});
export type BundleItem = z.output<typeof bundleItemSchema>;

/**
 * One organisation's word for what belongs in the bundle, so that who drops a part breaks a signature: of the first
 * `logSize` events of its log the ones at `leaves` are all that concern the subject, but for `omitted` unlockings that
 * were left out; and up to block `chainBlock` the contracts said `chainEvents` things of the subject.
 */
export const statementSchema = z.strictObject({
  suite: z.literal(SUITE),
  org: organisationId,
  subject: subjectSchema,
  logSize: z.int().min(1),
  leaves: z.array(z.int().min(0)),
  omitted: z.int().min(0),
  chainBlock: z.int().min(0),
  chainEvents: z.int().min(1),
});
export type Statement = z.output<typeof statementSchema>;

export const signedStatementSchema = z.strictObject({
  statement: statementSchema,
  keyEpoch: z.int().min(0),
  signature,
});
export type SignedStatement = z.output<typeof signedStatementSchema>;

export const consistencySchema = z.strictObject({
  org: organisationId,
  from: z.int().min(1),
  to: z.int().min(2),
  proof: merkleProof,
});

export const blockSchema = z.strictObject({
  /** RLP of the header. */
  header: hexBytes,
  seals: z.array(z.strictObject({ validator: hex32, signature })).max(64),
});

export const receiptSchema = z.strictObject({
  /** Hash of a block of this bundle. */
  block: hex32,
  transactionIndex: z.int().min(0),
  /** Nodes of the receipts trie from the root down; the last one carries the receipt. */
  proof: z.array(hexBytes).min(1).max(64),
});

export const bundleSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  suite: z.literal(SUITE),
  version: z.literal(1),
  subject: subjectSchema,
  chain: z.strictObject({ chainId: z.int().min(1), genesisHash: hex32, contracts: contractsSchema }),
  /** By number. */
  blocks: z.array(blockSchema),
  /** By block and index: registrations of keys, anchors, and everything the contracts said of the subject. */
  receipts: z.array(receiptSchema),
  /** By organisation and size. */
  checkpoints: z.array(signedCheckpointSchema),
  /** Between neighbouring checkpoints of one organisation, by organisation and size. */
  consistency: z.array(consistencySchema),
  /** By organisation, one each. */
  statements: z.array(signedStatementSchema),
  /** By organisation and place in its log. */
  items: z.array(bundleItemSchema),
});
export type Bundle = z.output<typeof bundleSchema>;
export type BundleBlock = z.output<typeof blockSchema>;
export type BundleReceipt = z.output<typeof receiptSchema>;
export type BundleConsistency = z.output<typeof consistencySchema>;

/** @throws {ProtocolError} SCHEMA_MISMATCH */
export function parseBundle(value: unknown): Bundle {
  return parseDocument(bundleSchema, value, 'evidence bundle');
}

/** The text of a bundle's file. */
export function bundleText(bundle: Bundle): string {
  return `${canonicalText(bundle)}\n`;
}

/** What an organisation signs of a statement: domain and canonical `{keyEpoch, statement}`, length-prefixed. */
export function statementSigningBytes(statement: Statement, keyEpoch: number): Uint8Array {
  return concatPrefixed(utf8(domains.statement), canonicalBytes({ keyEpoch, statement }));
}

/** Whether an event of the contracts is one that `subject` is about; what a statement counts. */
export function concernsSubject(
  event: LedgerEvent,
  subject: BundleSubject,
  datasetVersions: readonly string[],
): boolean {
  if (event.contract === 'requests') return event.args.id === subject.requestId;
  if (event.name === 'DatasetVersionPublished') return datasetVersions.includes(event.args.id);
  if (event.name !== 'ResultCommitted' || event.args.requestId !== subject.requestId) return false;
  return subject.kind === 'request' || (event.args.org === subject.org && event.args.batch === subject.batch);
}
