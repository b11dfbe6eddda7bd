/**
 * Typed writes to the contracts, each of which may be sent again.
 *
 * A node that dies between sending and recording sends again after its restart. Where a contract refuses and the very
 * same thing already stands on the chain, the write therefore reports `already` with the transaction that did it.
 */
import { ProtocolError } from '../errors.ts';
import { attestationWrites, type ConsentCommitment, type ModelCertification } from './attestation-writes.ts';
import type { Role } from './codec.ts';
import type { EventOf } from './events.ts';
import { assertInteger, datasetVersionId, labelToBytes32, orgToBytes32, toWord } from './ids.ts';
import { memberWrites, type ProposalOutcome, proposalWrites } from './member-writes.ts';
import type { Admission, OrganisationKeys, RequestTerms } from './records.ts';
import { type OwnDecision, requestWrites } from './request-writes.ts';
import type { Wait } from './transactions.ts';
import { createWrite, eventOfWrite, requireSender, type Write, type WriteContext, type WriteOutcome } from './write.ts';

export type DatasetPublication = {
  readonly name: string;
  /** Latest version plus one; the first is 1. */
  readonly version: number;
  readonly metadataHash: string;
  readonly commitment: string;
  /** Sensitivity, 1 to 5. */
  readonly level: number;
};

/** A measurement of one of the own versions. */
export type QualityMeasurement = {
  /** Version id. */
  readonly id: string;
  readonly ruleSetHash: string;
  /** Total score, 0 to 10000. */
  readonly scoreBasisPoints: number;
  /** Digest of the report; a report counts once for a version, so another measurement needs another one. */
  readonly reportHash: string;
};

export type ResultBatch = {
  readonly requestId: string;
  /** This organisation's latest batch of the request plus one; the first is 1. */
  readonly batch: number;
  readonly commitment: string;
  readonly count: number;
};

/** A score of 100 %; see Catalogue.sol. */
const MAX_SCORE = 10_000;

/**
 * Writes. Every method may throw CHAIN_REFUSED (details: contract, error, args), CHAIN_UNREACHABLE, CHAIN_TIMEOUT,
 * CHAIN_RPC_ERROR and CHAIN_MISMATCH; after the middle three it may be called again.
 */
export type LedgerWriter = {
  admit(admission: Admission): Promise<WriteOutcome>;
  closeFounding(): Promise<WriteOutcome>;
  /** @param overlapSeconds - for how long the keys before count too, at most {@link MAX_OVERLAP_SECONDS}; 0 for not at all. */
  rotateKeys(keys: OrganisationKeys, overlapSeconds: number): Promise<WriteOutcome>;
  /** Ends the overlap of the own keys in this block. */
  revokePreviousKeys(): Promise<WriteOutcome>;
  setEndpoint(endpoint: string): Promise<WriteOutcome>;
  proposeAdmission(admission: Admission): Promise<ProposalOutcome>;
  proposeSuspension(org: string): Promise<ProposalOutcome>;
  proposeReinstatement(org: string): Promise<ProposalOutcome>;
  proposeRoles(org: string, roles: readonly Role[]): Promise<ProposalOutcome>;
  proposeKeys(org: string, keys: OrganisationKeys): Promise<ProposalOutcome>;
  vote(proposalId: number, support: boolean): Promise<WriteOutcome>;
  settle(proposalId: number): Promise<WriteOutcome>;
  publishDatasetVersion(publication: DatasetPublication): Promise<WriteOutcome & { readonly id: string }>;
  withdrawDatasetVersion(id: string): Promise<WriteOutcome>;
  recordQuality(measurement: QualityMeasurement): Promise<WriteOutcome & { readonly round: number }>;
  submitRequest(terms: RequestTerms): Promise<WriteOutcome>;
  decide(requestId: string, decision: OwnDecision): Promise<WriteOutcome>;
  publishGateKey(requestId: string, poprfPublicKey: string): Promise<WriteOutcome>;
  /** @param attempt - the number to open, which makes the call repeatable; without it, the latest plus one. */
  openAttempt(requestId: string, attempt?: number): Promise<WriteOutcome & { readonly attempt: number }>;
  /** A total that the chain already has, or has passed, is `already`. */
  recordUnlocks(requestId: string, total: number): Promise<WriteOutcome>;
  completeRequest(requestId: string): Promise<WriteOutcome>;
  withdrawRequest(requestId: string): Promise<WriteOutcome>;
  revokeRequest(requestId: string, reasonHash: string): Promise<WriteOutcome>;
  /** Halts an active request until this organisation resumes it. */
  suspendRequest(requestId: string, reasonHash: string): Promise<WriteOutcome>;
  resumeRequest(requestId: string): Promise<WriteOutcome>;
  expireRequest(requestId: string): Promise<WriteOutcome>;
  anchor(size: number, root: string, wait?: Wait): Promise<WriteOutcome>;
  commitResult(batch: ResultBatch): Promise<WriteOutcome>;
  /** As a regulator. */
  certifyModel(certificate: ModelCertification): Promise<WriteOutcome>;
  withdrawCertificate(modelDigest: string): Promise<WriteOutcome>;
  /** State of the own log of consents; a size that was passed is refused. */
  commitConsent(log: ConsentCommitment): Promise<WriteOutcome>;
  /** @param commitment - SHA-256 of a fresh secret of 32 bytes. */
  commitBeacon(commitment: string): Promise<WriteOutcome & { readonly id: number }>;
  /** Refused until the block after the commitment's has a successor, and 256 blocks later. */
  revealBeacon(id: number, secret: string): Promise<WriteOutcome & { readonly value: string }>;
};

/** @param context - `ready` is awaited before each write. */
export function createLedgerWriter(context: WriteContext): LedgerWriter {
  const write = createWrite(context);
  const ownOrg = async (): Promise<string> => {
    const { account } = requireSender(context, 'requireActive');
    const org = await context.reader.organisationOfAccount(account);
    if (org !== null) return org;
    const refusal = { contract: 'consortium', error: 'ConsortiumUnknownAccount', args: `account=0x${account}` };
    throw new ProtocolError('CHAIN_REFUSED', { ...refusal, call: 'requireActive' });
  };
  return {
    ...memberWrites(write, context, ownOrg),
    ...proposalWrites(write, context, ownOrg),
    ...catalogueWrites(write, context, ownOrg),
    ...requestWrites(write, context, ownOrg),
    ...evidenceWrites(write, ownOrg),
    ...attestationWrites(write, context, ownOrg),
  };
}

function catalogueWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  return {
    async publishDatasetVersion(publication: DatasetPublication) {
      const { name, version, metadataHash, commitment, level } = publication;
      assertInteger('sensitivity level', level, 1, 5);
      const id = datasetVersionId(await ownOrg(), name, version);
      const args = [labelToBytes32(name), version, toWord(metadataHash), toWord(commitment), level];
      const matches = (found: EventOf<'DatasetVersionPublished'>['args']) =>
        found.metadataHash === metadataHash && found.commitment === commitment && found.level === level;
      const trace = { event: 'DatasetVersionPublished', topics: [toWord(id)], matches } as const;
      return { ...(await write('catalogue', 'publish', args, trace)), id };
    },
    withdrawDatasetVersion(id: string) {
      const topics = [toWord(id)];
      return write('catalogue', 'withdraw', [topics[0]], { event: 'DatasetVersionWithdrawn', topics });
    },
    async recordQuality({ id, ruleSetHash, scoreBasisPoints, reportHash }: QualityMeasurement) {
      assertInteger('quality score', scoreBasisPoints, 0, MAX_SCORE);
      const topics = [toWord(id), orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'QualityRecorded'>['args']) =>
        found.ruleSetHash === ruleSetHash &&
        found.scoreBasisPoints === scoreBasisPoints &&
        found.reportHash === reportHash;
      const args = [topics[0], toWord(ruleSetHash), scoreBasisPoints, toWord(reportHash)];
      const trace = { event: 'QualityRecorded', topics, matches } as const;
      const outcome = await write('catalogue', 'recordQuality', args, trace);
      // the contract gives the round out
      return { ...outcome, round: (await eventOfWrite(context, 'catalogue', trace, outcome)).args.round };
    },
  };
}

function evidenceWrites(write: Write, ownOrg: () => Promise<string>) {
  return {
    async anchor(size: number, root: string, wait?: Wait) {
      assertInteger('tree size', size, 1, Number.MAX_SAFE_INTEGER);
      const topics = [orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'CheckpointAnchored'>['args']) => found.size === size && found.root === root;
      const trace = { event: 'CheckpointAnchored', topics, matches } as const;
      return write('evidence', 'anchor', [size, toWord(root)], trace, wait);
    },
    async commitResult({ requestId, batch, commitment, count }: ResultBatch) {
      assertInteger('batch', batch, 1, 0xffffffff);
      assertInteger('number of results', count, 1, 0xffffffff);
      const topics = [orgToBytes32(await ownOrg()), toWord(requestId)];
      const matches = (found: EventOf<'ResultCommitted'>['args']) =>
        found.batch === batch && found.commitment === commitment && found.count === count;
      const args = [topics[1], batch, toWord(commitment), count];
      return write('evidence', 'commitResult', args, { event: 'ResultCommitted', topics, matches });
    },
  };
}
