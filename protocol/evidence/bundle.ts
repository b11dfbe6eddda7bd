/**
 * An evidence bundle as code holds it: every part that a verifier looks at, each with its own proof.
 *
 * It carries nothing twice. What the chain said (keys, checkpoints, decisions, counts) is not repeated in words: it is
 * read out of proven receipts, so that no part can disagree with its proof. Every part stands in one order and is
 * needed. Its file is bundle-file.ts.
 */
import { z } from 'zod';
import { concatPrefixed, utf8 } from '../bytes.ts';
import { canonicalBytes } from '../canonical.ts';
import { domains, SUITE } from '../domains.ts';
import type { BlockSeal } from '../ledger/block-seal.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import { hex32, organisationId } from '../schema.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import type { Openings, SignedEvent } from './event.ts';
import type { Trust } from './trust.ts';

export const subjectSchema = z.discriminatedUnion('kind', [
  /** The life of one request, from every node involved. */
  z.strictObject({ kind: z.literal('request'), requestId: hex32 }),
  /** One version of a dataset: its publication, its quality scores, and what came of them. */
  z.strictObject({ kind: z.literal('version'), datasetId: hex32 }),
  /** One batch of released results, as `org` committed to it on chain. */
  z.strictObject({ kind: z.literal('batch'), requestId: hex32, org: organisationId, batch: z.int().min(1) }),
]);
export type BundleSubject = z.output<typeof subjectSchema>;

/** An event, what is open of it, and its place in the log of its source. */
export type BundleItem = {
  readonly signed: SignedEvent;
  /** Openings of the fields that are not withheld. */
  readonly openings: Openings;
  /** The proof, in hex from the leaf up, leads to the checkpoint of `checkpointSize` events. */
  readonly log: {
    readonly leafIndex: number;
    readonly checkpointSize: number;
    readonly inclusionProof: readonly string[];
  };
};

/**
 * One organisation's word for what belongs in the bundle, so that who drops a part breaks a signature: of the first
 * `logSize` events of its log the ones at `leaves` are all that concern the subject, but for `omitted` unlockings and
 * `omittedRepairs` work orders and points that were left out; and up to block `chainBlock` the contracts said `chainEvents` things of the subject.
 */
export const statementSchema = z.strictObject({
  suite: z.literal(SUITE),
  org: organisationId,
  subject: subjectSchema,
  logSize: z.int().min(1),
  leaves: z.array(z.int().min(0)),
  omitted: z.int().min(0),
  omittedRepairs: z.int().min(0),
  chainBlock: z.int().min(0),
  chainEvents: z.int().min(1),
});
export type Statement = z.output<typeof statementSchema>;

export type SignedStatement = { readonly statement: Statement; readonly keyEpoch: number; readonly signature: string };

/** That the log of `org` with `to` events is the one with `from` events and more. */
export type BundleConsistency = {
  readonly org: string;
  readonly from: number;
  readonly to: number;
  readonly proof: readonly string[];
};

export type BundleBlock = {
  /** RLP of the header in hex. */
  readonly header: string;
  readonly seals: readonly BlockSeal[];
};

export type BundleReceipt = {
  /** Hash of a block of this bundle. */
  readonly block: string;
  readonly transactionIndex: number;
  /** Nodes of the receipts trie in hex from the root down; the last one carries the receipt. */
  readonly proof: readonly string[];
};

export type Bundle = {
  readonly subject: BundleSubject;
  readonly chain: { readonly chainId: number; readonly genesisHash: string; readonly contracts: Trust['contracts'] };
  /** By number. */
  readonly blocks: readonly BundleBlock[];
  /** By block and index: registrations of keys, anchors, and everything the contracts said of the subject. */
  readonly receipts: readonly BundleReceipt[];
  /** By organisation and size. */
  readonly checkpoints: readonly SignedCheckpoint[];
  /** Between neighbouring checkpoints of one organisation, by organisation and size. */
  readonly consistency: readonly BundleConsistency[];
  /** By organisation, one each. */
  readonly statements: readonly SignedStatement[];
  /** By organisation and place in its log. */
  readonly items: readonly BundleItem[];
};

/** What an organisation signs of a statement: domain and canonical `{keyEpoch, statement}`, length-prefixed. */
export function statementSigningBytes(statement: Statement, keyEpoch: number): Uint8Array {
  return concatPrefixed(utf8(domains.statement), canonicalBytes({ keyEpoch, statement }));
}

/** What a subject draws in beside its own events. */
export type SubjectScope = {
  /** Versions that the request asks for, the register's last; the version itself where it is the subject. */
  readonly datasetVersions: readonly string[];
  /** Model of the request; null where a version is the subject, or the submission is not known. */
  readonly modelDigest: string | null;
};

/** Whether an event of the contracts is one that `subject` is about; what a statement counts. */
export function concernsSubject(event: LedgerEvent, subject: BundleSubject, scope: SubjectScope): boolean {
  if (event.contract === 'catalogue') return scope.datasetVersions.includes(event.args.id);
  if (subject.kind === 'version') return false;
  if (event.contract === 'requests') return event.args.id === subject.requestId;
  if (event.name === 'ModelCertified' || event.name === 'CertificateWithdrawn') {
    return event.args.modelDigest === scope.modelDigest;
  }
  if (event.name !== 'ResultCommitted' || event.args.requestId !== subject.requestId) return false;
  return subject.kind === 'request' || (event.args.org === subject.org && event.args.batch === subject.batch);
}
