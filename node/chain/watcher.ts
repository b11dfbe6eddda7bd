/**
 * Follows the chain for this node: logs what it says of members, keys, own datasets and requests that concern the node, with
 * their models' certificates and logs of consents, and tells the parts that remember chain state that theirs is old.
 *
 * The cursor moves in the transaction of the event that it causes, so that a crash logs nothing twice and skips nothing.
 * What the chain takes back stays in the log as what was seen; an alert beside it says that it was taken back.
 * Trust: the RPC is the organisation's own node of the chain.
 */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { EventFields, EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createLedgerWatcher, type LedgerCursor, ledgerCursorSchema } from '@sealedger/protocol/ledger/watch.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { Clock, EventLog, Logger, StateStore } from '../ports.ts';
import type { Concerns } from './concerns.ts';

export interface ChainWatcherParts {
  readonly org: string;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly state: StateStore;
  readonly events: EventLog;
  readonly log: Logger;
  readonly concerns: Concerns;
  /** Told of every change, logged or not, once it stands: drop what is remembered. */
  readonly changed: {
    readonly member: (org: string) => void;
    readonly request: (requestId: string) => void;
    /** A certificate of a model or a log of consents. */
    readonly attestations: () => void;
    /** After a reorganisation anything may have changed. */
    readonly everything: () => void;
  };
  /** Between two looks; default {@link POLL_MS}. */
  readonly pollMs?: number;
}

export interface ChainWatcher {
  /** Runs until `stop`. @throws {ProtocolError} CHAIN_REORGANISED where the chain went back further than is followed. */
  run(): Promise<void>;
  stop(): Promise<void>;
  /** One look; not while it runs. */
  poll(): Promise<void>;
  /** Block up to which everything was taken in; null before the first look. */
  readonly seenBlock: number | null;
  /** Latest block of the chain. */
  readonly head: number | null;
  /** Milliseconds since the epoch of the last look that reached the chain. */
  readonly lastSeenAt: number | null;
  /** When that look began: every change before it has been told. */
  readonly seenFrom: number | null;
}

const CURSOR_KEY = 'chain/cursor';
const POLL_MS = 500;

type Note = {
  [K in EventKind]: { readonly kind: K; readonly id: string; readonly fields: EventFields<K> };
}[EventKind];

/** Opens the watcher where it stopped. @throws {ProtocolError} SCHEMA_MISMATCH where the stored cursor is none */
export async function openChainWatcher(parts: ChainWatcherParts): Promise<ChainWatcher> {
  const { rpc, deployment, clock, state, log } = parts;
  const stored = await state.get<unknown>(CURSOR_KEY);
  const cursor = stored === undefined ? null : parseDocument(ledgerCursorSchema, stored, 'cursor of the chain watcher');
  const watcher = createLedgerWatcher({
    rpc,
    deployment,
    clock,
    cursor,
    pollMs: parts.pollMs ?? POLL_MS,
    onEvent: (event) => takeIn(parts, event, watcher.cursor),
    onRolledBack: async ({ blockNumber }, reorganised) => {
      const fields = { code: 'chain.reorganised', count: reorganised.blockNumber - blockNumber };
      await parts.events.append('alert', fields, { id: `chain/reorganised/${reorganised.blockHash}` });
      parts.changed.everything();
    },
    // Between events of a block the cursor needs no disk: what caused nothing may be read again.
    saveCursor: async (next) => {
      if (next.logIndex === null) await state.write([{ type: 'put', key: CURSOR_KEY, value: next }]);
    },
    onError: (cause) => log.error('look at the chain failed', {}, cause),
  });
  return {
    run: () => watcher.run(),
    stop: () => watcher.stop(),
    poll: () => watcher.poll(),
    get seenBlock() {
      return watcher.cursor?.blockNumber ?? null;
    },
    get head() {
      return watcher.head;
    },
    get lastSeenAt() {
      return watcher.lastSeenAt;
    },
    get seenFrom() {
      return watcher.seenFrom;
    },
  };
}

async function takeIn(parts: ChainWatcherParts, event: LedgerEvent, before: LedgerCursor | null): Promise<void> {
  const note = await noteOf(parts, event);
  if (note !== null) await append(parts, note, cursorAt(event, before));
  tellOf(parts.changed, event);
}

async function append({ events }: ChainWatcherParts, note: Note, cursor: LedgerCursor): Promise<void> {
  const { kind, fields, id } = note;
  try {
    await events.append(kind, fields as EventFields<typeof kind>, {
      id,
      operations: [{ type: 'put', key: CURSOR_KEY, value: cursor }],
    });
  } catch (error) {
    // After a reorganisation the same transaction may stand in another block; it was seen and logged before.
    if (!isProtocolError(error, 'EVENT_KEY_REUSED')) throw error;
  }
}

function cursorAt(event: LedgerEvent, before: LedgerCursor | null): LedgerCursor {
  const { blockNumber, blockHash, logIndex } = event;
  const earlier = before === null ? [] : [...(before.trail ?? []), nameOf(before)];
  return { blockNumber, blockHash, logIndex, trail: earlier.filter((block) => block.blockNumber < blockNumber) };
}

function nameOf({ blockNumber, blockHash }: LedgerCursor): { blockNumber: number; blockHash: string } {
  return { blockNumber, blockHash };
}

/** What the log says of a chain event; null where it is none of this node's business. */
async function noteOf({ org, concerns }: ChainWatcherParts, event: LedgerEvent): Promise<Note | null> {
  if (event.contract === 'consortium') return memberNote(event);
  if (event.contract === 'catalogue') return datasetNote(event, org);
  if (event.contract === 'requests') return (await concerns.request(event.args.id)) ? requestNote(event) : null;
  return event.contract === 'attestations' ? attestationNote(concerns, event) : null;
}

/** One transaction says a thing of one organisation or object once. */
function idOf(event: LedgerEvent, subject: string): string {
  return `chain/${event.transactionHash}/${event.name}/${subject}`;
}

function memberNote(event: LedgerEvent): Note | null {
  const block = event.blockNumber;
  switch (event.name) {
    case 'OrganisationAdmitted': {
      const { org, roles } = event.args;
      return { kind: 'member', id: idOf(event, org), fields: { org, roles: [...roles], state: 'admitted', block } };
    }
    case 'RolesChanged': {
      const { org, roles } = event.args;
      return { kind: 'member', id: idOf(event, org), fields: { org, roles: [...roles], state: 'rolesChanged', block } };
    }
    case 'OrganisationSuspended':
    case 'OrganisationReinstated': {
      const { org } = event.args;
      const state = event.name === 'OrganisationSuspended' ? 'suspended' : 'reinstated';
      return { kind: 'member', id: idOf(event, org), fields: { org, state, block } };
    }
    case 'KeysChanged': {
      const { org, keyEpoch, ed25519Key, x25519Key } = event.args;
      return { kind: 'keyChange', id: idOf(event, org), fields: { org, keyEpoch, ed25519Key, x25519Key, block } };
    }
    default:
      return null;
  }
}

function datasetNote(event: LedgerEvent, org: string): Note | null {
  const block = event.blockNumber;
  if (event.name === 'DatasetVersionPublished' && event.args.owner === org) {
    const { id: datasetId, owner, level, metadataHash } = event.args;
    const fields = { datasetId, owner, level, state: 'published', metadataHash, block };
    return { kind: 'dataset', id: idOf(event, datasetId), fields };
  }
  if (event.name === 'DatasetVersionWithdrawn' && event.args.owner === org) {
    const { id: datasetId, owner } = event.args;
    return { kind: 'dataset', id: idOf(event, datasetId), fields: { datasetId, owner, state: 'withdrawn', block } };
  }
  return null;
}

function requestNote(event: LedgerEvent): Note | null {
  switch (event.name) {
    case 'RequestSuspended':
    case 'RequestResumed':
      return suspensionNote(event);
    case 'RequestRevoked':
    case 'RequestWithdrawn':
    case 'RequestExpired':
    case 'RequestSuperseded':
      return revocationNote(event);
    default:
      return null;
  }
}

function suspensionNote(event: EventOf<'RequestSuspended' | 'RequestResumed'>): Note {
  const { id: requestId, org } = event.args;
  const common = { requestId, org, block: event.blockNumber };
  const fields: EventFields<'suspension'> =
    event.name === 'RequestSuspended'
      ? { ...common, state: 'suspended', reasonHash: event.args.reasonHash }
      : { ...common, state: 'resumed' };
  return { kind: 'suspension', id: idOf(event, requestId), fields };
}

const endReasons = {
  RequestRevoked: 'request.revoked',
  RequestWithdrawn: 'request.withdrawn',
  RequestExpired: 'request.expired',
  RequestSuperseded: 'request.superseded',
} as const;

function revocationNote(event: EventOf<keyof typeof endReasons>): Note {
  const requestId = event.args.id;
  const fields = { requestId, reason: endReasons[event.name], block: event.blockNumber };
  const by = event.name === 'RequestRevoked' ? { org: event.args.org, reasonHash: event.args.reasonHash } : {};
  return { kind: 'revocation', id: idOf(event, requestId), fields: { ...fields, ...by } };
}

async function attestationNote(concerns: Concerns, event: LedgerEvent): Promise<Note | null> {
  const block = event.blockNumber;
  switch (event.name) {
    case 'ModelCertified':
    case 'CertificateWithdrawn': {
      const { modelDigest, certifier } = event.args;
      if (!(await concerns.model(modelDigest, certifier))) return null;
      const fields: EventFields<'certificate'> =
        event.name === 'ModelCertified'
          ? { modelDigest, certifier, certificateHash: event.args.certificateHash, state: 'certified', block }
          : { modelDigest, certifier, state: 'withdrawn', block };
      return { kind: 'certificate', id: idOf(event, `${modelDigest}/${certifier}`), fields };
    }
    case 'ConsentCommitted': {
      const { holder, size, root } = event.args;
      if (!(await concerns.holder(holder))) return null;
      return {
        kind: 'consent',
        id: idOf(event, `${holder}/${size}`),
        fields: { holder, size, root, state: 'committed', block },
      };
    }
    default:
      return null;
  }
}

function tellOf(changed: ChainWatcherParts['changed'], event: LedgerEvent): void {
  if (event.contract === 'consortium' && 'org' in event.args) changed.member(event.args.org);
  if (event.contract === 'requests') changed.request(event.args.id);
  if (event.contract === 'attestations') changed.attestations();
}
