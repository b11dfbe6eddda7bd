/**
 * How a request stands: the chain's word on states, decisions and counts, the nodes' on questions and what they miss.
 *
 * Trust: states, decisions, quota and grant hashes come from the chain; what a node says of itself is shown as its own.
 * A node that is away or answers wrongly does not keep the others from being shown.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, envelopeHeader, openEnvelope, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Grant, grantSchema } from '@sealedger/protocol/grant.ts';
import type { RequestRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';
import { MAX_STATUS_BYTES, type RequestStatus, requestStatusSchema } from '@sealedger/protocol/request-status.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { BankContext } from './bank.ts';
import { signingKeyAt } from './peer-of.ts';
import { type BankRequest, loadRequest, ownRequests } from './stored-request.ts';

export type Decision = 'pending' | 'approved' | 'rejected' | 'none';

/** One owner or gate. */
export interface PartyStatus {
  readonly org: string;
  readonly roles: readonly ('owner' | 'gate')[];
  /** An owner's as the chain has it; `none` for a gate that owns nothing. */
  readonly decision: Decision;
  /** Whether a gate has shown its key of this request; null for who is none. */
  readonly gateKey: boolean | null;
  /** Unlockings that a gate has counted on chain; null for who is none. */
  readonly unlocks: number | null;
  readonly suspends: boolean;
  /** What its node says; null where it did not answer. */
  readonly node: RequestStatus | null;
  /** Why it did not: a code of the catalogue. */
  readonly failure: string | null;
}

/** What the request waits for at one party. */
export interface Waiting {
  readonly org: string;
  /** A part by its name in {@link RequestStatus.missing}, or one of these. */
  readonly what: string;
}

export interface RequestOverview {
  readonly requestId: string;
  readonly state: RequestRecord['state'];
  readonly purpose: string;
  readonly submittedAt: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly quota: number;
  /** The largest count of any gate: one unlocking takes all of them. */
  readonly used: number;
  readonly attempt: number;
  readonly parties: readonly PartyStatus[];
  readonly waitingFor: readonly Waiting[];
  /** All versions that this one comes from or led to, oldest first, this one included. */
  readonly versions: readonly {
    readonly requestId: string;
    /** How it came from the one before. */
    readonly change: 'new' | 'amendment' | 'renewal';
    readonly state: RequestRecord['state'];
  }[];
}

const STATUS_TIMEOUT_MS = 10_000;

/** A node's own word. @throws {ProtocolError} its refusal, PEER_*, SCHEMA_MISMATCH, PEER_ANSWER_UNKNOWN */
export async function nodeStatus(
  { peers }: Pick<BankContext, 'peers'>,
  peer: Peer,
  requestId: string,
): Promise<RequestStatus> {
  const body = await peers.json(peer, {
    method: 'GET',
    path: `/v1/requests/${requestId}`,
    retries: 2,
    timeoutMs: STATUS_TIMEOUT_MS,
    maxBytes: MAX_STATUS_BYTES,
  });
  const status = parseDocument(requestStatusSchema, body, `request status of ${peer.org}`);
  if (status.requestId !== requestId || status.org !== peer.org)
    throw new ProtocolError('PEER_ANSWER_UNKNOWN', { peer: peer.org, status: 200 });
  return status;
}

/** @throws {ProtocolError} REQUEST_UNKNOWN, CHAIN_UNREACHABLE */
export async function requestOverview(context: BankContext, requestId: string): Promise<RequestOverview> {
  const onChain = await requestOnChain(context, requestId);
  const parties = await Promise.all(partiesOf(onChain).map((org) => partyStatus(context, onChain, org)));
  return {
    requestId,
    state: onChain.state,
    purpose: onChain.terms.purpose,
    submittedAt: onChain.submittedAtSeconds,
    expiresAt: onChain.terms.expiresAtSeconds,
    quota: onChain.terms.quota,
    used: Math.max(0, ...onChain.gates.map(({ unlocks }) => unlocks)),
    attempt: onChain.attempt,
    parties,
    waitingFor: parties.flatMap((party) => waitingFor(onChain, party)),
    versions: await versionsOf(context, onChain),
  };
}

/** One owner's or gate's signed grant, and whether it is what the chain says it is. */
export interface GrantReport {
  readonly org: string;
  readonly decision: Decision;
  readonly grant: Grant | null;
  /** Hash of the grant on chain; null where there is none, as of a gate that owns nothing. */
  readonly hashOnChain: string | null;
  readonly envelope: SignedEnvelope | null;
  readonly checks: {
    /** Its digest is the hash on chain; null where the chain has none. */
    readonly hash: boolean | null;
    /** Signed with the organisation's key; null where that key is no longer the current one on chain. */
    readonly signature: boolean | null;
    /** It is about this request, by this organisation, with this request's quota, term, noise and data. */
    readonly scope: boolean;
  } | null;
  /** Why the grant could not be got or read: a code of the catalogue. */
  readonly failure: string | null;
}

/** @throws {ProtocolError} REQUEST_UNKNOWN, CHAIN_UNREACHABLE */
export async function requestGrants(context: BankContext, requestId: string): Promise<readonly GrantReport[]> {
  const onChain = await requestOnChain(context, requestId);
  const request = await loadRequest(context, requestId);
  return Promise.all(partiesOf(onChain).map((org) => grantReport(context, onChain, request, org)));
}

/** Whether everything that could be checked of a grant holds. */
export function grantHolds({ checks, failure }: GrantReport): boolean {
  if (checks === null) return failure === null;
  return checks.scope && checks.hash !== false && checks.signature !== false;
}

async function requestOnChain(context: BankContext, requestId: string): Promise<RequestRecord> {
  const onChain = await context.ledger.request(requestId);
  if (onChain === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  return onChain;
}

function partiesOf({ deciders, gates }: RequestRecord): readonly string[] {
  return [...new Set([...deciders.map(({ org }) => org), ...gates.map(({ org }) => org)])];
}

function decisionOf({ deciders }: RequestRecord, org: string): Decision {
  const decider = deciders.find((entry) => entry.org === org);
  if (decider === undefined) return 'none';
  return decider.decision?.verdict ?? 'pending';
}

async function partyStatus(context: BankContext, onChain: RequestRecord, org: string): Promise<PartyStatus> {
  const gate = onChain.gates.find((entry) => entry.org === org);
  const isOwner = onChain.deciders.some((entry) => entry.org === org);
  const { value: node, failure } = await attempt(async () => nodeStatus(context, await context.peer(org), onChain.id));
  return {
    org,
    roles: [...(isOwner ? (['owner'] as const) : []), ...(gate === undefined ? [] : (['gate'] as const))],
    decision: decisionOf(onChain, org),
    gateKey: gate === undefined ? null : gate.poprfPublicKey !== null,
    unlocks: gate?.unlocks ?? null,
    suspends: onChain.suspenders.includes(org),
    node,
    failure,
  };
}

/** What the requester gets to know instead of an exception: one party's failure is not the request's. */
async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T | null; readonly failure: string | null }> {
  try {
    return { value: await work(), failure: null };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { value: null, failure: error.code };
  }
}

function waitingFor({ state }: RequestRecord, party: PartyStatus): Waiting[] {
  const { org, node, decision, gateKey, failure, suspends } = party;
  const isOpen = state === 'submitted' || state === 'active' || state === 'suspended';
  if (!isOpen) return [];
  const questions = node?.questions.filter((question) => question.state === 'asked') ?? [];
  const what = [
    ...(failure === null ? [] : ['node']),
    ...(decision === 'pending' ? ['decision'] : []),
    ...(gateKey === false ? ['gate-key'] : []),
    ...(suspends ? ['resumption'] : []),
    ...(node?.missing ?? []),
    ...questions.map(({ questionId }) => `answer:${questionId}`),
  ];
  return what.map((one) => ({ org, what: one }));
}

const MAX_VERSIONS = 64;

async function versionsOf(context: BankContext, onChain: RequestRecord): Promise<RequestOverview['versions']> {
  const own = await Promise.all(
    (await ownRequests(context)).map((id) => attempt(() => loadRequest(context, id)).then(({ value }) => value)),
  );
  const documents = own.filter((request) => request !== null);
  const versions: RequestOverview['versions'][number][] = [];
  for (let at: RequestRecord | null = onChain; at !== null && versions.length < MAX_VERSIONS; ) {
    const change: 'new' | 'amendment' | 'renewal' = changeOf(documents, at);
    versions.unshift({ requestId: at.id, change, state: at.state });
    at = at.terms.previous === null ? null : await context.ledger.request(at.terms.previous);
  }
  const later = await laterVersions(context, documents, onChain.id);
  return [...versions, ...later];
}

function changeOf(documents: readonly BankRequest[], { id, terms }: RequestRecord): 'new' | 'amendment' | 'renewal' {
  if (terms.previous === null) return 'new';
  // which of the two it is stands in the document alone
  return documents.find((request) => request.requestId === id)?.document.previous?.change ?? 'amendment';
}

async function laterVersions(context: BankContext, documents: readonly BankRequest[], first: string) {
  const found: RequestOverview['versions'][number][] = [];
  const ids = [first];
  for (const { requestId: id, document } of documents) {
    if (document.previous === null || !ids.includes(document.previous.requestId)) continue;
    const onChain = await context.ledger.request(id);
    if (onChain === null) continue;
    ids.push(id);
    found.push({ requestId: id, change: document.previous.change, state: onChain.state });
  }
  return found;
}

async function grantReport(
  context: BankContext,
  onChain: RequestRecord,
  { document }: BankRequest,
  org: string,
): Promise<GrantReport> {
  const hashOnChain = onChain.deciders.find((entry) => entry.org === org)?.decision?.grantHash ?? null;
  const decision = decisionOf(onChain, org);
  const empty = { org, decision, hashOnChain, grant: null, envelope: null, checks: null };
  const { value: read, failure } = await attempt(async () => {
    const { grant } = await nodeStatus(context, await context.peer(org), onChain.id);
    return grant === null ? null : readGrant(context, grant, org);
  });
  if (read === null) return { ...empty, failure };
  const { grant, envelope, digest, signature } = read;
  const scope = isAbout(grant, document, onChain.id, org);
  const checks = { hash: hashOnChain === null ? null : digest === hashOnChain, signature, scope };
  return { org, decision, hashOnChain, grant, envelope, checks, failure: null };
}

/** @throws {ProtocolError} ENVELOPE_MALFORMED, ENVELOPE_DOMAIN, ENVELOPE_SUITE, SCHEMA_MISMATCH, MEMBER_UNKNOWN */
async function readGrant(context: BankContext, value: unknown, org: string) {
  const record = await context.ledger.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  const { keyEpoch, issuedAt } = envelopeHeader(value);
  const envelope = value as SignedEnvelope;
  const grant = parseDocument(grantSchema, envelope.body, `grant of ${org}`);
  const { ports } = context;
  const key = await attempt(async () => signingKeyAt(record, keyEpoch, ports.clock.now()));
  const digest = toHex(envelopeDigest(envelope));
  if (key.value === null) return { grant, envelope, digest, signature: null };
  const opened = await attempt(async () =>
    openEnvelope(value, {
      domain: domains.grant,
      key: { signer: org, keyEpoch, publicKey: key.value! },
      // whether its term is over is another question than whether it was signed
      now: new Date(issuedAt),
      schema: grantSchema,
      ...(ports.ed25519 === undefined ? {} : { ed25519: ports.ed25519 }),
    }),
  );
  return { grant, envelope, digest, signature: opened.value !== null };
}

function isAbout(grant: Grant, document: BankRequest['document'], requestId: string, org: string): boolean {
  const own = [...document.datasets, document.register].filter(({ owner }) => owner === org).map(({ id }) => id);
  return (
    grant.requestId === requestId &&
    grant.decider === org &&
    grant.quota === document.quota &&
    grant.expiresAt === document.expiresAt &&
    grant.noisePolicy.kind === document.noisePolicy.kind &&
    grant.noisePolicy.totalWidthLog2 === document.noisePolicy.totalWidthLog2 &&
    [...grant.datasets].sort().join() === own.sort().join()
  );
}
