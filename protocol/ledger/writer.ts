/**
 * Typed writes to the contracts, each of which may be sent again.
 *
 * A node that dies between sending and recording sends again after its restart. Where a contract refuses and the very
 * same thing already stands on the chain, the write therefore reports `already` with the transaction that did it.
 */
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Role, rolesToMask } from './codec.ts';
import { decodeEvent, type EventName, type EventOf, eventTopic, readEvents } from './events.ts';
import { assertInteger, datasetVersionId, labelToBytes32, orgToBytes32, toAccount, toWord } from './ids.ts';
import type { Admission, OrganisationKeys, RequestTerms } from './records.ts';
import type { Wait } from './transactions.ts';
import {
  createWrite,
  findTrace,
  requireSender,
  send,
  type Trace,
  type Write,
  type WriteContext,
  type WriteOutcome,
} from './write.ts';

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

export type OwnDecision = {
  readonly approved: boolean;
  readonly reasonHash: string;
  /** Digest of the signed grant; given with an approval, null with a rejection. */
  readonly grantHash: string | null;
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

type ProposalOutcome = WriteOutcome & { readonly proposalId: number };

/**
 * Writes. Every method may throw CHAIN_REFUSED (details: contract, error, args), CHAIN_UNREACHABLE, CHAIN_TIMEOUT,
 * CHAIN_RPC_ERROR and CHAIN_MISMATCH; after the middle three it may be called again.
 */
export type LedgerWriter = {
  admit(admission: Admission): Promise<WriteOutcome>;
  closeFounding(): Promise<WriteOutcome>;
  rotateKeys(keys: OrganisationKeys): Promise<WriteOutcome>;
  setEndpoint(endpoint: string): Promise<WriteOutcome>;
  proposeAdmission(admission: Admission): Promise<ProposalOutcome>;
  proposeSuspension(org: string): Promise<ProposalOutcome>;
  proposeReinstatement(org: string): Promise<ProposalOutcome>;
  proposeRoles(org: string, roles: readonly Role[]): Promise<ProposalOutcome>;
  proposeKeys(org: string, keys: OrganisationKeys): Promise<ProposalOutcome>;
  vote(proposalId: number, support: boolean): Promise<WriteOutcome>;
  settleProposal(proposalId: number): Promise<WriteOutcome>;
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
  expireRequest(requestId: string): Promise<WriteOutcome>;
  anchor(size: number, root: string, wait?: Wait): Promise<WriteOutcome>;
  commitResult(batch: ResultBatch): Promise<WriteOutcome>;
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
  };
}

function memberWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  const { reader } = context;
  /** The contract takes the same again as a change; so look first. */
  const unlessDone = async <N extends EventName>(done: boolean, trace: Trace<N>, act: () => Promise<WriteOutcome>) =>
    (done ? await findTrace(context, 'consortium', trace) : null) ?? act();
  return {
    async admit(admission: Admission) {
      const { id, roles, endpoint } = admission;
      const topics = [orgToBytes32(id)];
      const keys = await reader.organisation(id);
      const sameKeys = keys !== null && isSameKeys(keys, admission);
      const matches = (args: EventOf<'OrganisationAdmitted'>['args']) =>
        sameKeys && rolesToMask(args.roles) === rolesToMask(roles) && args.endpoint === endpoint;
      return write('consortium', 'admit', [admissionTuple(admission)], {
        event: 'OrganisationAdmitted',
        topics,
        matches,
      });
    },
    closeFounding: () => write('consortium', 'closeFounding', [], { event: 'FoundingClosed', topics: [] }),
    async rotateKeys(keys: OrganisationKeys) {
      const org = await ownOrg();
      const now = await reader.organisation(org);
      const matches = (args: OrganisationKeys) => isSameKeys(args, keys);
      const trace = { event: 'KeysChanged', topics: [orgToBytes32(org)], matches } as const;
      return unlessDone(now !== null && isSameKeys(now, keys), trace, () =>
        write('consortium', 'rotateKeys', [keysTuple(keys)], trace),
      );
    },
    async setEndpoint(endpoint: string) {
      const org = await ownOrg();
      const now = await reader.organisation(org);
      const matches = (args: { readonly endpoint: string }) => args.endpoint === endpoint;
      const trace = { event: 'EndpointChanged', topics: [orgToBytes32(org)], matches } as const;
      return unlessDone(now?.endpoint === endpoint, trace, () => write('consortium', 'setEndpoint', [endpoint], trace));
    },
  };
}

function proposalWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  const propose = async (name: string, args: readonly unknown[]): Promise<ProposalOutcome> => {
    try {
      const { created: _created, logs, ...mined } = await send(context, 'consortium', name, args);
      const made = logs
        .map((log) => decodeEvent(log, context.deployment))
        .find((event) => event?.name === 'ProposalMade');
      if (made?.name !== 'ProposalMade') {
        throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: name, reason: 'no event ProposalMade' });
      }
      return { ...mined, already: false, proposalId: made.args.proposalId };
    } catch (cause) {
      const open = openTwin(cause);
      const trace = { event: 'ProposalMade', topics: open === null ? [] : [numberTopic(open)] } as const;
      const earlier = open === null ? null : await findTrace(context, 'consortium', trace);
      if (open === null || earlier === null) throw cause;
      return { ...earlier, proposalId: open };
    }
  };
  return {
    proposeAdmission: (admission: Admission) => propose('proposeAdmission', [admissionTuple(admission)]),
    proposeSuspension: (org: string) => propose('proposeSuspension', [orgToBytes32(org)]),
    proposeReinstatement: (org: string) => propose('proposeReinstatement', [orgToBytes32(org)]),
    proposeRoles: (org: string, roles: readonly Role[]) =>
      propose('proposeRoles', [orgToBytes32(org), rolesToMask(roles)]),
    proposeKeys: (org: string, keys: OrganisationKeys) => propose('proposeKeys', [orgToBytes32(org), keysTuple(keys)]),
    async vote(proposalId: number, support: boolean) {
      const topics = [numberTopic(proposalId), orgToBytes32(await ownOrg())];
      const matches = (args: EventOf<'VoteCast'>['args']) => args.support === support;
      return write('consortium', 'vote', [proposalId, support], { event: 'VoteCast', topics, matches });
    },
    settleProposal(proposalId: number) {
      const topics = [numberTopic(proposalId)];
      return write('consortium', 'settle', [proposalId], { event: 'ProposalLapsed', topics });
    },
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
      return { ...outcome, round: await roundOf(context, trace, outcome) };
    },
  };
}

function requestWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  const simple = (name: string, event: EventName) => (requestId: string) => {
    const topics = [toWord(requestId)];
    return write('requests', name, topics, { event, topics });
  };
  return {
    ...requestLifeWrites(write, ownOrg),
    async submitRequest(terms: RequestTerms) {
      const requester = await ownOrg();
      const topics = [toWord(terms.requestDigest), orgToBytes32(requester)];
      const matches = (args: EventOf<'RequestSubmitted'>['args']) => isSameTerms(args, terms);
      return write('requests', 'submit', [termsTuple(terms)], { event: 'RequestSubmitted', topics, matches });
    },
    async openAttempt(requestId: string, attempt?: number) {
      const next = attempt ?? ((await context.reader.request(requestId))?.attempt ?? 0) + 1;
      assertInteger('attempt', next, 1, 0xffffffff);
      const id = toWord(requestId);
      const matches = (args: EventOf<'AttemptOpened'>['args']) => attempt !== undefined && args.attempt === next;
      const outcome = await write('requests', 'openAttempt', [id, next], {
        event: 'AttemptOpened',
        topics: [id],
        matches,
      });
      return { ...outcome, attempt: next };
    },
    completeRequest: simple('complete', 'RequestCompleted'),
    withdrawRequest: simple('withdraw', 'RequestWithdrawn'),
    expireRequest: simple('expire', 'RequestExpired'),
  };
}

function requestLifeWrites(write: Write, ownOrg: () => Promise<string>) {
  return {
    async decide(requestId: string, decision: OwnDecision) {
      const { approved, reasonHash, grantHash } = decision;
      const grant = grantHash ?? '0'.repeat(64);
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const args = [topics[0], approved, toWord(reasonHash), toWord(grant)];
      const matches = (found: EventOf<'RequestDecided'>['args']) =>
        found.approved === approved && found.reasonHash === reasonHash && found.grantHash === grant;
      return write('requests', 'decide', args, { event: 'RequestDecided', topics, matches });
    },
    async publishGateKey(requestId: string, poprfPublicKey: string) {
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'GateKeyPublished'>['args']) => found.poprfPublicKey === poprfPublicKey;
      const args = [topics[0], toWord(poprfPublicKey)];
      return write('requests', 'publishGateKey', args, { event: 'GateKeyPublished', topics, matches });
    },
    async recordUnlocks(requestId: string, total: number) {
      assertInteger('number of unlockings', total, 1, Number.MAX_SAFE_INTEGER);
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'UnlocksRecorded'>['args']) => found.total >= total;
      return write('requests', 'recordUnlocks', [topics[0], total], { event: 'UnlocksRecorded', topics, matches });
    },
    async revokeRequest(requestId: string, reasonHash: string) {
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const args = [topics[0], toWord(reasonHash)];
      const matches = (found: EventOf<'RequestRevoked'>['args']) => found.reasonHash === reasonHash;
      return write('requests', 'revoke', args, { event: 'RequestRevoked', topics, matches });
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

/** The contract gives the round out, so it is read from the event of the transaction. */
async function roundOf(
  context: WriteContext,
  trace: Trace<'QualityRecorded'>,
  { blockNumber, transactionHash }: WriteOutcome,
): Promise<number> {
  const topics = [eventTopic('catalogue', trace.event), ...trace.topics];
  const range = { fromBlock: blockNumber, toBlock: blockNumber, topics };
  const events = await readEvents(context.rpc, context.deployment, range, ['catalogue']);
  const event = events.find((candidate) => candidate.transactionHash === transactionHash);
  if (event?.name === 'QualityRecorded') return event.args.round;
  throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'recordQuality', reason: 'no event QualityRecorded' });
}

function isSameKeys(a: OrganisationKeys, b: OrganisationKeys): boolean {
  return a.account === b.account && a.ed25519Key === b.ed25519Key && a.x25519Key === b.x25519Key;
}

function isSameTerms(found: EventOf<'RequestSubmitted'>['args'], terms: RequestTerms): boolean {
  return (
    found.purpose === terms.purpose &&
    found.modelDigest === terms.modelDigest &&
    found.datasetVersions.join() === terms.datasetVersions.join() &&
    found.registerVersion === terms.registerVersion &&
    found.gates.join() === terms.gates.join() &&
    found.quota === terms.quota &&
    found.expiresAt === terms.expiresAtSeconds &&
    found.singleDepartment === terms.singleDepartment &&
    found.qualityFloor === terms.qualityFloor
  );
}

function keysTuple(keys: OrganisationKeys): readonly unknown[] {
  return [toAccount(keys.account), toWord(keys.ed25519Key), toWord(keys.x25519Key)];
}

function admissionTuple(admission: Admission): readonly unknown[] {
  return [orgToBytes32(admission.id), rolesToMask(admission.roles), keysTuple(admission), admission.endpoint];
}

function termsTuple(terms: RequestTerms): readonly unknown[] {
  assertInteger('quota', terms.quota, 0, Number.MAX_SAFE_INTEGER);
  assertInteger('expiry', terms.expiresAtSeconds, 0, Number.MAX_SAFE_INTEGER);
  assertInteger('quality floor', terms.qualityFloor, 0, 0xffff);
  return [
    toWord(terms.requestDigest),
    labelToBytes32(terms.purpose),
    toWord(terms.modelDigest),
    terms.datasetVersions.map(toWord),
    toWord(terms.registerVersion),
    terms.gates.map(orgToBytes32),
    terms.quota,
    terms.expiresAtSeconds,
    terms.singleDepartment,
    terms.qualityFloor,
  ];
}

function numberTopic(value: number): string {
  assertInteger('proposal', value, 1, Number.MAX_SAFE_INTEGER);
  return `0x${value.toString(16).padStart(64, '0')}`;
}

function openTwin(cause: unknown): number | null {
  if (!isProtocolError(cause, 'CHAIN_REFUSED') || cause.details['error'] !== 'ConsortiumProposalOpen') return null;
  return Number(/proposalId=(\d+)/.exec(String(cause.details['args']))?.[1]);
}
