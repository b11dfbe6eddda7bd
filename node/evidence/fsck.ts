/**
 * Rebuilds log, tree, indexes and checkpoints from the events, and names the first thing that is not as it was written.
 *
 * Reads only. What it can tell without the chain is that the store agrees with itself and with the organisation's key; an
 * organisation can write itself another history that does, and only the checkpoints on chain show that one (§3.5).
 * Trust: the RPC is the organisation's own; one that hides anchors hides a rewound log as well.
 */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { checkpointSigningBytes, signedCheckpointSchema } from '@sealedger/protocol/evidence/checkpoint.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import { type EventKind, eventKinds } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { z } from 'zod';
import { type Difference, DifferenceFound, differs } from './fsck-difference.ts';
import { type CheckedEntry, checkEntry, isSignedBy, type KeysByEpoch, verifySignature } from './fsck-events.ts';
import { checkSurplus } from './fsck-surplus.ts';
import { RebuiltTree, type RootCheck } from './fsck-tree.ts';
import { indexOfKey, logKeys, parseEntry } from './log-entry.ts';
import { storedStateSchema } from './log-state.ts';
import type { EvidenceStore } from './ports.ts';

/** What the chain shows of one organisation; both in the order of the chain. */
export type ChainFacts = {
  readonly keys: readonly { readonly keyEpoch: number; readonly publicKey: string; readonly block: number }[];
  readonly anchors: readonly { readonly size: number; readonly root: string; readonly block: number }[];
};

export type FsckParts = {
  readonly org: string;
  readonly store: Pick<EvidenceStore<unknown>, 'get' | 'getMany' | 'range'>;
  /** Null where the chain gave no answer. */
  readonly chain: ChainFacts | null;
  /** Public key of the keystore: serves where the chain is away, for the epoch whose events it verifies. */
  readonly ownKey: Uint8Array | null;
  readonly progress: (done: number, size: number) => void;
};

export type FsckReport = {
  readonly org: string;
  /** Events that were read and found right. */
  readonly size: number;
  readonly root: string;
  readonly checkpoints: number;
  readonly tiles: number;
  /** Anchors compared; null where the chain gave none. */
  readonly anchors: number | null;
  readonly kinds: Readonly<Partial<Record<EventKind, number>>>;
  /** Key epochs whose signatures could not be checked. */
  readonly uncheckedEpochs: readonly number[];
  readonly difference: Difference | null;
};

const CHUNK = 256;
type StoredCheckpoint = z.output<typeof signedCheckpointSchema>;
type Running = {
  readonly parts: FsckParts;
  readonly keys: KeysByEpoch;
  readonly tree: RebuiltTree;
  readonly kinds: Partial<Record<EventKind, number>>;
  readonly unchecked: Set<number>;
  /** Last leaf of each key epoch. */
  readonly lastLeaf: Map<number, number>;
  indexRecords: number;
};

/** Checks the log. @returns the report; a difference is a result, not an error. */
export async function checkLog(parts: FsckParts): Promise<FsckReport> {
  const { store, chain } = parts;
  const readTile = (key: string) => store.get(key);
  let running: Running | null = null;
  let checkpoints: readonly StoredCheckpoint[] = [];
  let difference: Difference | null = null;
  try {
    const size = await storedSize(parts);
    checkpoints = await readCheckpoints(parts, size);
    const tree = new RebuiltTree(readTile, rootChecks(parts, checkpoints, size));
    const keys = await keysByEpoch(parts, size);
    running = { parts, keys, tree, kinds: {}, unchecked: new Set(), lastLeaf: new Map(), indexRecords: 0 };
    await checkEvents(running, size);
    await tree.finish();
    await checkState(running);
    await checkCheckpoints(running, checkpoints);
    checkRotations(running);
    await checkSurplus(store, { size, tiles: tree.tiles, indexRecords: running.indexRecords });
  } catch (error) {
    if (!(error instanceof DifferenceFound)) throw error;
    difference = error.difference;
  }
  return {
    org: parts.org,
    size: running?.tree.size ?? 0,
    root: running === null || running.tree.size === 0 ? '' : running.tree.root(),
    checkpoints: checkpoints.length,
    tiles: running?.tree.tiles ?? 0,
    anchors: chain?.anchors.length ?? null,
    kinds: running?.kinds ?? {},
    uncheckedEpochs: [...(running?.unchecked ?? [])].sort((a, b) => a - b),
    difference,
  };
}

/** Size that the stored state claims; a store without one is a log that nothing was appended to. */
async function storedSize({ store }: FsckParts): Promise<number> {
  const stored = await store.get(logKeys.state);
  if (stored === undefined) return 0;
  return readStored(storedStateSchema, stored, logKeys.state).frontier.size;
}

function readStored<S extends z.ZodType>(schema: S, stored: string, where: string): z.output<S> {
  try {
    const parsed = schema.safeParse(JSON.parse(stored));
    if (parsed.success) return parsed.data;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  return differs('FSCK_FORM', where, 'readable', 'unreadable');
}

async function readCheckpoints({ store, org }: FsckParts, size: number): Promise<StoredCheckpoint[]> {
  const stored = await store.range('checkpoint/', 'checkpoint/~', Number.MAX_SAFE_INTEGER);
  return stored.map(({ key, value }) => {
    const signed = readStored(signedCheckpointSchema, value, key);
    const { checkpoint } = signed;
    if (checkpoint.org !== org || key !== logKeys.checkpoint(checkpoint.size)) {
      differs('FSCK_FORM', key, 'a checkpoint of its size', 'another');
    }
    if (checkpoint.size > size) differs('FSCK_CHECKPOINT_SIZE', key, size, checkpoint.size);
    return signed;
  });
}

/** Roots to compare on the way, of stored checkpoints and of the chain's. @throws {DifferenceFound} where one is ahead of the log */
function rootChecks({ chain }: FsckParts, checkpoints: readonly StoredCheckpoint[], size: number): RootCheck[] {
  const stored = checkpoints.map(({ checkpoint }) => ({
    size: checkpoint.size,
    check: (root: string) => {
      const where = logKeys.checkpoint(checkpoint.size);
      if (root !== checkpoint.root) differs('FSCK_CHECKPOINT_ROOT', where, root, checkpoint.root);
    },
  }));
  const sizes = new Set(checkpoints.map(({ checkpoint }) => checkpoint.size));
  const anchored = (chain?.anchors ?? []).map((anchor) => {
    const where = `anchor/${anchor.size}`;
    if (anchor.size > size) differs('FSCK_ANCHOR_SIZE', where, size, anchor.size);
    const check = (root: string): void => {
      if (root !== anchor.root) differs('FSCK_ANCHOR_ROOT', where, root, anchor.root);
      if (!sizes.has(anchor.size)) differs('FSCK_MISSING', logKeys.checkpoint(anchor.size), 'present', 'absent');
    };
    return { size: anchor.size, check };
  });
  return [...anchored, ...stored].sort((a, b) => a.size - b.size);
}

/** The chain's keys; without the chain the keystore's, for the epoch whose first or last event it signed. */
async function keysByEpoch({ chain, ownKey, store }: FsckParts, size: number): Promise<KeysByEpoch> {
  if (chain !== null) return new Map(chain.keys.map(({ keyEpoch, publicKey }) => [keyEpoch, fromHex(publicKey, 32)]));
  if (ownKey === null) return new Map();
  for (const index of [size - 1, 0].filter((candidate) => candidate >= 0)) {
    const stored = await store.get(logKeys.event(index));
    const entry = stored === undefined ? null : readableEntry(index, stored);
    if (entry !== null && (await isSignedBy(ownKey, entry))) return new Map([[entry.signed.keyEpoch, ownKey]]);
  }
  return new Map();
}

/** An entry that is wrong in form is reported where its turn comes. */
function readableEntry(index: number, stored: string): ReturnType<typeof parseEntry> | null {
  try {
    return parseEntry(index, stored);
  } catch {
    return null;
  }
}

async function checkEvents(running: Running, size: number): Promise<void> {
  const { store, org, progress } = running.parts;
  for (let first = 0; first < size; first += CHUNK) {
    const last = Math.min(first + CHUNK, size);
    const stored = await store.range(logKeys.event(first), 'event/~', last - first);
    const checked = stored.map((put, i) => checkEntry(first + i, put, org));
    if (checked.length < last - first)
      differs('FSCK_MISSING', logKeys.event(first + checked.length), 'present', 'absent');
    await checkSignatures(running, checked);
    await checkIndexes(running, checked);
    await running.tree.append(checked.map(({ leafText }) => leafText));
    progress(last, size);
  }
}

async function checkSignatures(
  { parts, keys, unchecked, lastLeaf }: Running,
  checked: readonly CheckedEntry[],
): Promise<void> {
  for (const { entry } of checked) {
    const { index, signed } = entry;
    const newest = Math.max(0, ...lastLeaf.keys());
    if (signed.keyEpoch < newest)
      differs('FSCK_EVENT_KEY', logKeys.event(index), `${newest} or later`, signed.keyEpoch);
    lastLeaf.set(signed.keyEpoch, index);
  }
  const verdicts = await Promise.all(checked.map(({ entry }) => hasItsKey(keys, entry)));
  checked.forEach(({ entry }, i) => {
    const { keyEpoch } = entry.signed;
    const where = logKeys.event(entry.index);
    if (verdicts[i] === false) differs('FSCK_EVENT_SIGNATURE', where, keyEpoch, 'another');
    if (verdicts[i] !== null) return;
    if (parts.chain !== null) differs('FSCK_EVENT_KEY', where, [...keys.keys()].join(', ') || 'none', keyEpoch);
    unchecked.add(keyEpoch);
  });
}

/** Null where the key of its epoch is not known here. */
async function hasItsKey(keys: KeysByEpoch, entry: CheckedEntry['entry']): Promise<boolean | null> {
  const key = keys.get(entry.signed.keyEpoch);
  return key === undefined ? null : isSignedBy(key, entry);
}

async function checkIndexes(running: Running, checked: readonly CheckedEntry[]): Promise<void> {
  const { store } = running.parts;
  const records = checked.flatMap(({ entry, indexes }) => indexes.map((put) => ({ index: entry.index, ...put })));
  const found = await store.getMany(records.map(({ key }) => key));
  for (const [i, { index, key, value }] of records.entries()) {
    const where = withoutValue(key);
    const stored = found[i];
    if (stored === undefined) differs('FSCK_MISSING', where, 'present', 'absent');
    if (stored === value) continue;
    const isEarlier = key.startsWith('id/') && Number(stored) < index;
    if (isEarlier) differs('FSCK_EVENT_REPEATED', logKeys.event(index), index, stored);
    differs('FSCK_INDEX', where, value, stored);
  }
  for (const { entry } of checked) {
    const { kind } = describeEvent(entry.signed.event);
    running.kinds[kind] = (running.kinds[kind] ?? 0) + 1;
  }
  running.indexRecords += records.length - checked.length;
}

/** The key of an index record without the value that it indexes. */
export function withoutValue(key: string): string {
  const [group, field] = key.split('/');
  return group === 'by' ? `by/${field}/…/${indexOfKey(key)}` : key;
}

async function checkState({ parts, tree, kinds }: Running): Promise<void> {
  const stored = await parts.store.get(logKeys.state);
  if (stored === undefined) return;
  const { frontier, kinds: counted } = readStored(storedStateSchema, stored, logKeys.state);
  for (const kind of eventKinds) {
    const [expected, found] = [kinds[kind] ?? 0, counted[kind] ?? 0];
    if (expected !== found) differs('FSCK_STATE', `state/kinds/${kind}`, expected, found);
  }
  const hashes = tree.edge().hashes;
  const i = hashes.findIndex((hash, at) => hash !== frontier.hashes[at]);
  if (i !== -1) differs('FSCK_STATE', `state/hash/${i}`, hashes[i]!, frontier.hashes[i] ?? 'absent');
  if (frontier.hashes.length !== hashes.length)
    differs('FSCK_STATE', 'state/hashes', hashes.length, frontier.hashes.length);
}

async function checkCheckpoints(
  { parts, keys, unchecked }: Running,
  checkpoints: readonly StoredCheckpoint[],
): Promise<void> {
  for (const { checkpoint, keyEpoch, signature } of checkpoints) {
    const where = logKeys.checkpoint(checkpoint.size);
    const key = keys.get(keyEpoch);
    if (key === undefined) {
      if (parts.chain !== null) differs('FSCK_EVENT_KEY', where, [...keys.keys()].join(', ') || 'none', keyEpoch);
      unchecked.add(keyEpoch);
    } else if (!(await verifySignature(key, checkpointSigningBytes(checkpoint, keyEpoch), signature))) {
      differs('FSCK_CHECKPOINT_SIGNATURE', where, keyEpoch, 'another');
    }
  }
}

/** Every event of a replaced key must stand under an anchor from before the replacement: nothing else dates it. */
function checkRotations({ parts, lastLeaf }: Running): void {
  if (parts.chain === null) return;
  const { keys, anchors } = parts.chain;
  for (const [keyEpoch, leaf] of lastLeaf) {
    const replaced = keys.find((key) => key.keyEpoch > keyEpoch);
    if (replaced === undefined) continue;
    const covering = anchors.find(({ size }) => size > leaf);
    if (covering === undefined || covering.block >= replaced.block) {
      differs('FSCK_ANCHOR_LATE', logKeys.event(leaf), keyEpoch, covering?.block ?? 'none');
    }
  }
}
