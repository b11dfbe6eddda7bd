/**
 * The computations of one node: announced, started, resumed, retired.
 *
 * Learns: the node, that a request runs and with whom. Everything that decides what is computed comes from the chain and
 * from the stored request document, never from the message that starts it.
 */
import { concatPrefixed, fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import {
  type Announcement,
  announcementSchema,
  chunkCount,
  computationDescriptor,
  computationId,
  computationIdBytes,
  type Participant,
} from '@sealedger/protocol/computation.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { openEnvelope, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { computationKeyPair } from '@sealedger/protocol/register.ts';
import type { FeatureSheet, RequestDocument } from '@sealedger/protocol/request.ts';
import { RING_DEGREE } from '@sealedger/protocol/rlwe/parameters.ts';
import { grantHashesOf } from '../approval/grant-check.ts';
import type { Guard } from '../approval/guard.ts';
import { hkdf, nativeEd25519, sha256 } from '../crypto.ts';
import type { RegisterStore } from '../match/register-store.ts';
import type { Mutex } from '../mutex.ts';
import type { Clock, Directory, EventLog, Ledger, RequestView, StateOperation, StateStore } from '../ports.ts';
import { type ChunkRecord, type ComputationRecord, type ComputationStatus, computationKeys } from './computation.ts';

export interface ComputationParts {
  readonly org: string;
  readonly seed: Uint8Array;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly members: Directory;
  readonly events: EventLog;
  readonly registers: RegisterStore;
  readonly clock: Clock;
  readonly mutex: Mutex;
  readonly signAnnouncement: (announcement: Announcement) => SignedEnvelope<Announcement>;
  /** Asked before a computation is announced and again before it starts. */
  readonly guard: Guard;
  /** Begins or goes on with the chunks of a running computation; returns at once. */
  readonly run: (record: ComputationRecord, document: RequestDocument) => void;
}

export interface Computations {
  /**
   * @throws {ProtocolError} REQUEST_NOT_REQUESTER, COMPUTATION_ATTEMPT, COMPUTATION_CONFLICT, and what the guard refuses
   * with
   */
  announce(caller: string, requestId: string, attempt: number): Promise<SignedEnvelope<Announcement>>;
  /**
   * @throws {ProtocolError} ANNOUNCEMENTS_INCOMPLETE, COMPUTATION_CONFLICT, COMPUTATION_RETIRED, and what the guard
   * refuses with
   */
  start(caller: string, id: string, announcements: readonly unknown[]): Promise<ComputationStatus>;
  status(caller: string, id: string): Promise<ComputationStatus>;
  /** The record, for its requester only. @throws {ProtocolError} COMPUTATION_UNKNOWN, COMPUTATION_RETIRED */
  owned(caller: string, id: string): Promise<ComputationRecord>;
  /** The one computation of a request that is served, if any. */
  current(requestId: string): Promise<ComputationRecord | undefined>;
  /** Goes on with what ran when the node stopped. */
  resume(): Promise<void>;
}

export function createComputations(parts: ComputationParts): Computations {
  const owned = async (caller: string, id: string): Promise<ComputationRecord> => {
    const record = await parts.state.get<ComputationRecord>(computationKeys.record(id));
    if (record === undefined) throw new ProtocolError('COMPUTATION_UNKNOWN', { computationId: id });
    const onChain = await parts.ledger.request(record.requestId);
    if (onChain.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
    if (record.state === 'retired') throw new ProtocolError('COMPUTATION_RETIRED', { computationId: id });
    return record;
  };
  return {
    announce: (caller, requestId, attempt) =>
      parts.mutex.run(`request/${requestId}`, () => announce(parts, caller, requestId, attempt)),
    start: async (caller, id, announcements) => {
      const { requestId } = await owned(caller, id);
      return parts.mutex.run(`request/${requestId}`, async () => start(parts, await owned(caller, id), announcements));
    },
    status: async (caller, id) => statusOf(parts, await owned(caller, id)),
    owned,
    current: async (requestId) => {
      const id = await parts.state.get<string>(computationKeys.current(requestId));
      return id === undefined ? undefined : parts.state.get<ComputationRecord>(computationKeys.record(id));
    },
    resume: async () => {
      for (const [, record] of await parts.state.list<ComputationRecord>('computation/')) {
        if (record.state !== 'running') continue;
        parts.run(record, await storedDocument(parts.state, record.requestId));
      }
    },
  };
}

/** The document of a request that this node accepted. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function storedDocument(state: StateStore, requestId: string): Promise<RequestDocument> {
  const document = await state.get<RequestDocument>(computationKeys.document(requestId));
  if (document === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  return document;
}

/** This department's feature sheet of a request. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function storedSheet(state: StateStore, requestId: string): Promise<FeatureSheet> {
  const sheet = await state.get<FeatureSheet>(computationKeys.sheet(requestId));
  if (sheet === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  return sheet;
}

async function announce(
  parts: ComputationParts,
  caller: string,
  requestId: string,
  attempt: number,
): Promise<SignedEnvelope<Announcement>> {
  const onChain = await parts.ledger.request(requestId);
  if (onChain.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  const before = await parts.state.get<string>(computationKeys.attempt(requestId, attempt));
  // what was announced is repeated; only what is new is held against grant, hours and data again
  if (before !== undefined) await parts.guard.assertMayLeave(requestId);
  else await parts.guard.assertUsable({ kind: 'compute', moment: 'announce', requestId, count: 0 });
  if (attempt !== onChain.attempt || attempt < 1) {
    throw new ProtocolError('COMPUTATION_ATTEMPT', { attempt, current: onChain.attempt });
  }
  const document = await storedDocument(parts.state, requestId);
  const participants = await participantsOf(parts.members, onChain, document);
  const id = computationId(await describe(parts, onChain, document, participants));
  if (before !== undefined && before !== id)
    throw new ProtocolError('COMPUTATION_CONFLICT', { computationId: before, part: 'descriptor' });
  if (before !== undefined)
    return (await parts.state.get<ComputationRecord>(computationKeys.record(before)))!.announcement;
  return createComputation(parts, onChain, id, participants);
}

async function createComputation(
  parts: ComputationParts,
  onChain: RequestView,
  id: string,
  participants: readonly Participant[],
): Promise<SignedEnvelope<Announcement>> {
  const self = participants.find((participant) => participant.org === parts.org);
  if (self === undefined) throw new ProtocolError('REQUEST_NOT_CONCERNED', {});
  const { people } = await parts.registers.view(onChain.registerVersion);
  const idBytes = computationIdBytes(id);
  const seedCommitment = toHex(
    sha256(concatPrefixed(utf8(domains.seedCommitment), computationSeed(parts.seed, idBytes))),
  );
  const publicKey = toHex(computationKeyPair(parts.seed, idBytes).publicKey);
  const announcement = parts.signAnnouncement({ computationId: id, org: parts.org, publicKey, seedCommitment });
  const record: ComputationRecord = {
    computationId: id,
    requestId: onChain.id,
    attempt: onChain.attempt,
    roles: self.roles,
    participants: participants.map((participant) => participant.org),
    people,
    chunks: chunkCount(people, RING_DEGREE),
    announcement,
    state: 'announced',
    announcements: [],
    failure: null,
  };
  await parts.events.append(
    'computation',
    {
      requestId: onChain.id,
      computationId: id,
      attempt: record.attempt,
      role: self.roles.join('-'),
      state: 'announced',
      seedCommitment,
      chunks: record.chunks,
      ...grantHashesOf(onChain),
    },
    {
      id: `computation/${id}/announced`,
      operations: [...(await retireEarlier(parts.state, onChain.id)), ...creation(record)],
    },
  );
  return announcement;
}

function creation(record: ComputationRecord): StateOperation[] {
  return [
    { type: 'put', key: computationKeys.record(record.computationId), value: record },
    { type: 'put', key: computationKeys.attempt(record.requestId, record.attempt), value: record.computationId },
    { type: 'put', key: computationKeys.current(record.requestId), value: record.computationId },
  ];
}

async function retireEarlier(state: StateStore, requestId: string): Promise<StateOperation[]> {
  const id = await state.get<string>(computationKeys.current(requestId));
  if (id === undefined) return [];
  const record = (await state.get<ComputationRecord>(computationKeys.record(id)))!;
  return [{ type: 'put', key: computationKeys.record(id), value: { ...record, state: 'retired' } }];
}

/** The participants of a request as the chain has them: departments of its datasets and its gates. */
export async function participantsOf(
  members: Directory,
  onChain: RequestView,
  document: RequestDocument,
): Promise<Participant[]> {
  const departments = new Set(document.datasets.map((dataset) => dataset.owner));
  const gates = new Set(onChain.gates);
  const orgs = [...new Set([...departments, ...gates])].sort();
  return Promise.all(
    orgs.map(async (org) => {
      const member = await members.activeMember(org);
      const roles = [
        ...(departments.has(org) ? (['department'] as const) : []),
        ...(gates.has(org) ? (['gate'] as const) : []),
      ];
      return { org, roles, ed25519: toHex(member.ed25519), keyEpoch: member.keyEpoch };
    }),
  );
}

async function describe(
  parts: ComputationParts,
  onChain: RequestView,
  document: RequestDocument,
  participants: readonly Participant[],
): Promise<unknown> {
  const ids = [...onChain.datasetVersions, onChain.registerVersion];
  const versions = await Promise.all(ids.map((id) => parts.ledger.datasetVersion(id)));
  return computationDescriptor(document, {
    chainId: parts.ledger.chainId,
    requestsContract: parts.ledger.requestsContract,
    requestId: onChain.id,
    attempt: onChain.attempt,
    grants: onChain.decisions.map(({ decider, grantHash }) => ({ decider, grant: grantHash })),
    participants,
    gateKeys: onChain.gateKeys,
    commitments: versions.map(({ id, commitment }) => ({ id, commitment })),
  });
}

async function start(
  parts: ComputationParts,
  record: ComputationRecord,
  announcements: readonly unknown[],
): Promise<ComputationStatus> {
  const opened = await openAnnouncements(parts, record, announcements);
  if (record.state !== 'announced') {
    if (canonicalText(opened) !== canonicalText(record.announcements)) {
      throw new ProtocolError('COMPUTATION_CONFLICT', { computationId: record.computationId, part: 'announcements' });
    }
    return statusOf(parts, record);
  }
  const document = await storedDocument(parts.state, record.requestId);
  // again, since a score may have fallen, a version been withdrawn or a grant suspended between the two messages
  const { requestId } = record;
  const onChain = await parts.guard.assertUsable({ kind: 'compute', moment: 'start', requestId, count: 0 });
  const running: ComputationRecord = { ...record, state: 'running', announcements: opened };
  await parts.events.append(
    'computation',
    {
      requestId: record.requestId,
      computationId: record.computationId,
      attempt: record.attempt,
      role: record.roles.join('-'),
      state: 'started',
      chunks: record.chunks,
      ...grantHashesOf(onChain),
    },
    {
      id: `computation/${record.computationId}/started`,
      operations: [{ type: 'put', key: computationKeys.record(record.computationId), value: running }],
    },
  );
  parts.run(running, document);
  return statusOf(parts, running);
}

/** Exactly one announcement of every participant, each signed with the key on chain. */
async function openAnnouncements(
  parts: ComputationParts,
  record: ComputationRecord,
  envelopes: readonly unknown[],
): Promise<Announcement[]> {
  const incomplete = (org: string): ProtocolError =>
    new ProtocolError('ANNOUNCEMENTS_INCOMPLETE', { expected: record.participants.length, org });
  if (envelopes.length !== record.participants.length) throw incomplete('(count)');
  return Promise.all(
    record.participants.map(async (org) => {
      const envelope = envelopes.find((candidate) => (candidate as { signer?: unknown } | null)?.signer === org);
      if (envelope === undefined) throw incomplete(org);
      const member = await parts.members.activeMember(org);
      const { body } = openEnvelope(envelope, {
        domain: domains.announcement,
        key: { signer: org, keyEpoch: member.keyEpoch, publicKey: member.ed25519 },
        now: new Date(parts.clock.now()),
        schema: announcementSchema,
        ed25519: nativeEd25519,
      });
      const own = org === parts.org && canonicalText(body) !== canonicalText(record.announcement.body);
      if (body.org !== org || body.computationId !== record.computationId || own) throw incomplete(org);
      return body;
    }),
  );
}

async function statusOf(parts: ComputationParts, record: ComputationRecord): Promise<ComputationStatus> {
  const done = await parts.state.list<ChunkRecord>(computationKeys.chunkPrefix(record.computationId));
  const { computationId: id, state, chunks, people, failure } = record;
  return { computationId: id, state, chunks, completedChunks: done.length, people, failure };
}

/**
 * Root of one computation's sanitising randomness. An auditor inside the department who is shown it checks it against the
 * commitment in the evidence and computes the same bytes again; it opens nothing of other computations.
 */
export function computationSeed(nodeSeed: Uint8Array, id: Uint8Array): Uint8Array {
  return hkdf(nodeSeed, id, utf8(domains.sanitise), 32);
}

/** The X25519 public keys of the other participants. */
export function peerKeys(
  record: ComputationRecord,
  org: string,
): { readonly org: string; readonly publicKey: Uint8Array }[] {
  return record.announcements
    .filter((announcement) => announcement.org !== org)
    .map((announcement) => ({ org: announcement.org, publicKey: fromHex(announcement.publicKey, 32) }));
}
