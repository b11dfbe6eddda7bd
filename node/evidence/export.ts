/**
 * This organisation's part of a bundle: its events about a request, a released batch or a version, and what ties them to the chain.
 *
 * Learns: who gets the part learns the fields that are not withheld; the signed statement in it tells whether events
 * were left out. Parts of several nodes join with protocol/evidence/merge.ts.
 */
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  type Bundle,
  type BundleConsistency,
  type BundleItem,
  type BundleSubject,
  type SignedStatement,
  type Statement,
  statementSigningBytes,
} from '@sealedger/protocol/evidence/bundle.ts';
import { orderBundle } from '@sealedger/protocol/evidence/bundle-order.ts';
import { createChainProver, type SubjectFacts } from '@sealedger/protocol/evidence/chain-prover.ts';
import { describeEvent, withholdFields } from '@sealedger/protocol/evidence/event.ts';
import type { EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import type { EventOf } from '@sealedger/protocol/ledger/events.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { LoggedEvent } from './log-entry.ts';
import type { EventSigner, ReadableLog } from './ports.ts';

export type ExportParts = {
  readonly log: ReadableLog;
  readonly signer: EventSigner;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
};

export type ExportOptions = {
  /** Fields whose openings stay here; default: none. */
  readonly withhold?: (kind: EventKind, field: string) => boolean;
  /** Newest unlockings that go in one by one; the others are counted. Default 4,096. */
  readonly maxUnlockings?: number;
  /** Newest work orders and points of the versions that go in; the others are counted. Default 64 beside a request, else 4,096. */
  readonly maxRepairs?: number;
  /** Size of this log up to which the receiver has verified it: a consistency proof from there goes in. */
  readonly since?: number;
  /** Number of a later block that the receiver has pinned: the headers up to it go in, about 600 bytes each. */
  readonly through?: number;
};

const DEFAULT_MAX_UNLOCKINGS = 4096;
const DEFAULT_MAX_REPAIRS = { request: 64, batch: 0, version: 4096 } as const;
const REPAIRS = new Set<EventKind>(['workOrder', 'points']);

/** What goes in, and how many unlockings and repairs stay out. */
type Selection = { readonly events: readonly LoggedEvent[]; readonly omitted: number; readonly omittedRepairs: number };
type Anchor = EventOf<'CheckpointAnchored'>;

/**
 * Builds the part. Everything that concerns the subject must be anchored; where it is not, anchor and call again.
 * @throws {ProtocolError} EXPORT_REQUEST_UNKNOWN, EXPORT_VERSION_UNKNOWN, EXPORT_NOT_ANCHORED, EXPORT_BLOCK_REPLACED, CHAIN_UNREACHABLE
 */
export async function exportBundle(
  { log, signer, rpc, deployment }: ExportParts,
  subject: BundleSubject,
  options: ExportOptions = {},
): Promise<Bundle> {
  const prover = createChainProver(rpc, deployment);
  const facts = await prover.factsAbout(subject);
  const selection = await selectEvents(log, subject, facts.datasetVersions, {
    unlockings: subject.kind === 'request' ? (options.maxUnlockings ?? DEFAULT_MAX_UNLOCKINGS) : 0,
    repairs: options.maxRepairs ?? DEFAULT_MAX_REPAIRS[subject.kind],
  });
  const { events } = selection;
  const anchors = anchorsFor(events, await prover.anchorsOf(log.org));
  const keys = events.length === 0 ? [] : await prover.standingOf(log.org);
  const sizes = [...new Set([...anchors.values()].map(({ args }) => args.size))].sort((a, b) => a - b);
  const places = [...facts.events, ...keys, ...anchors.values()];
  const { blocks, receipts } = await prover.prove(places, options.through);
  const withhold = options.withhold ?? (() => false);
  const { chainId, genesisHash, contracts } = deployment;
  return orderBundle({
    subject,
    chain: { chainId, genesisHash, contracts },
    blocks: [...blocks],
    receipts: [...receipts],
    checkpoints: await Promise.all(sizes.map((size) => log.checkpoint(size))),
    consistency: await consistencyBetween(log, sizes, options.since),
    statements: await stateCompleteness(signer, subject, selection, facts, sizes.at(-1)),
    items: await Promise.all(
      events.map((event) => itemOf(log, event, anchors.get(event.signed.keyEpoch)!.args.size, withhold)),
    ),
  });
}

/** Events about the request and about the versions it asks for; for a batch only the result of that batch. */
async function selectEvents(
  log: ReadableLog,
  subject: BundleSubject,
  datasetVersions: readonly string[],
  max: { readonly unlockings: number; readonly repairs: number },
): Promise<Selection> {
  const found = await Promise.all([
    ...(subject.kind === 'version' ? [] : [log.find('requestId', subject.requestId)]),
    ...datasetVersions.map((id) => log.find('datasetId', id)),
  ]);
  const kinds = new Map(found.flat().map(({ index, kind }) => [index, kind]));
  const indexes = [...kinds.keys()].sort((a, b) => a - b);
  const unlockings = indexes.filter((index) => kinds.get(index) === 'unlocking');
  const repairs = indexes.filter((index) => REPAIRS.has(kinds.get(index)!));
  const left = new Set([...allButNewest(unlockings, max.unlockings), ...allButNewest(repairs, max.repairs)]);
  const events = await Promise.all(indexes.filter((index) => !left.has(index)).map((index) => log.eventAt(index)));
  const isMeant = ({ index, openings }: LoggedEvent): boolean =>
    subject.kind !== 'batch' || kinds.get(index) !== 'result' || openings['batch']?.value === subject.batch;
  return {
    events: events.filter(isMeant),
    omitted: Math.max(0, unlockings.length - max.unlockings),
    // Work on a version's rows is no concern of a batch of results.
    omittedRepairs: subject.kind === 'batch' ? 0 : Math.max(0, repairs.length - max.repairs),
  };
}

function allButNewest(indexes: readonly number[], count: number): readonly number[] {
  return indexes.slice(0, Math.max(0, indexes.length - count));
}

/**
 * Per key epoch the smallest anchored checkpoint that covers its events: the earliest proof of when the key was used.
 * @throws {ProtocolError} EXPORT_NOT_ANCHORED
 */
function anchorsFor(events: readonly LoggedEvent[], anchors: readonly Anchor[]): ReadonlyMap<number, Anchor> {
  const lastLeaf = new Map<number, number>();
  for (const { index, signed } of events) lastLeaf.set(signed.keyEpoch, index);
  const chosen = new Map<number, Anchor>();
  for (const [keyEpoch, leaf] of lastLeaf) {
    const anchor = anchors.find(({ args }) => args.size > leaf);
    if (anchor === undefined) {
      throw new ProtocolError('EXPORT_NOT_ANCHORED', { index: leaf, anchored: anchors.at(-1)?.args.size ?? 0 });
    }
    chosen.set(keyEpoch, anchor);
  }
  return chosen;
}

async function itemOf(
  log: ReadableLog,
  { index, signed, openings }: LoggedEvent,
  checkpointSize: number,
  withhold: (kind: EventKind, field: string) => boolean,
): Promise<BundleItem> {
  const { kind } = describeEvent(signed.event);
  const inclusionProof = await log.inclusionProof(index, checkpointSize);
  return {
    signed,
    openings: withholdFields(openings, (field) => withhold(kind, field)),
    log: { leafIndex: index, checkpointSize, inclusionProof },
  };
}

/** From each checkpoint to the next, and from the size that the receiver knows to the first one after it. */
async function consistencyBetween(
  log: ReadableLog,
  sizes: readonly number[],
  since: number | undefined,
): Promise<BundleConsistency[]> {
  const pairs = sizes.slice(1).map((to, i) => ({ from: sizes[i]!, to }));
  const next = since === undefined || sizes.includes(since) ? undefined : sizes.find((size) => size > since);
  const all = since === undefined || next === undefined ? pairs : [...pairs, { from: since, to: next }];
  return Promise.all(
    all.map(async ({ from, to }) => ({ org: log.org, from, to, proof: await log.consistencyProof(from, to) })),
  );
}

async function stateCompleteness(
  signer: EventSigner,
  subject: BundleSubject,
  { events, omitted, omittedRepairs }: Selection,
  facts: SubjectFacts,
  logSize: number | undefined,
): Promise<SignedStatement[]> {
  if (logSize === undefined) return [];
  const leaves = events.map(({ index }) => index);
  const chain = { chainBlock: facts.events.at(-1)!.blockNumber, chainEvents: facts.events.length };
  const counts = { omitted, omittedRepairs };
  const statement: Statement = { suite: SUITE, org: signer.org, subject, logSize, leaves, ...counts, ...chain };
  const { keyEpoch } = signer;
  return [{ statement, keyEpoch, signature: await signer.sign(statementSigningBytes(statement, keyEpoch)) }];
}
