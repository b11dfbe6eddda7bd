/** What the log keeps in memory: its size, the tree's right edge, the tiles that are not full. */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { eventLeafBytes } from '@sealedger/protocol/evidence/event.ts';
import { type EventKind, eventKinds } from '@sealedger/protocol/evidence/event-kinds.ts';
import { leafHash, MerkleFrontier, merkleRoot } from '@sealedger/protocol/merkle.ts';
import { hex32, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { logKeys, parseEntry } from './log-entry.ts';
import type { EvidencePut, EvidenceStore } from './ports.ts';
import { type OpenTiles, parseTile, TILE_WIDTH, tileKey } from './tiles.ts';

export type LogState = {
  readonly size: number;
  readonly frontier: { readonly size: number; readonly hashes: readonly string[] };
  readonly open: OpenTiles;
  /** Events by kind. */
  readonly kinds: KindCounts;
};

export type KindCounts = Readonly<Partial<Record<EventKind, number>>>;

/** The stored record; what it says is checked against events and tiles when the log is opened. */
export const storedStateSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  frontier: z.strictObject({ size: z.int().min(0), hashes: z.array(hex32) }),
  kinds: z.partialRecord(z.enum(eventKinds), z.int().min(1)),
});

/** The write that makes a state the current one. */
export function logStatePut({ frontier, kinds }: LogState): EvidencePut {
  return { key: logKeys.state, value: JSON.stringify({ suite: SUITE, version: 1, frontier, kinds }) };
}

/**
 * Reads the state back and checks it against the newest events and tiles.
 * @throws {ProtocolError} EVIDENCE_STORE_CORRUPT
 */
export async function openLogState(store: EvidenceStore<unknown>): Promise<LogState> {
  const stored = await store.get(logKeys.state);
  if (stored === undefined) return { size: 0, frontier: { size: 0, hashes: [] }, open: new Map(), kinds: {} };
  const { frontier, kinds } = parseJson(storedStateSchema, stored, 'state of the evidence log');
  const { size } = frontier;
  const open = new Map<number, readonly Uint8Array[]>([[0, await tailHashes(store, size)]]);
  for (let level = 1; TILE_WIDTH ** level <= size; level++) {
    const count = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH;
    const index = Math.floor(size / TILE_WIDTH ** (level + 1));
    const tile = count === 0 ? [] : parseTile((await store.get(tileKey(level, index))) ?? '');
    if (tile.length !== count) throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: 'tile' });
    open.set(level, tile);
  }
  assertEdge(frontier, open);
  return { size, frontier, open, kinds };
}

/** The counts with these kinds more. */
export function countKinds(before: KindCounts, kinds: readonly EventKind[]): KindCounts {
  const counts: Partial<Record<EventKind, number>> = { ...before };
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Leaf hashes of the events after the last full tile, from the events themselves. */
async function tailHashes(store: EvidenceStore<unknown>, size: number): Promise<readonly Uint8Array[]> {
  const first = size - (size % TILE_WIDTH);
  const entries = await store.range(logKeys.event(first), logKeys.event(size), TILE_WIDTH);
  if (entries.length !== size - first) throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: 'event' });
  return entries.map(({ value }, i) => leafHash(eventLeafBytes(parseEntry(first + i, value).signed)));
}

/** The root from the frontier and the root from the open tiles must be one. */
function assertEdge(frontier: LogState['frontier'], open: OpenTiles): void {
  let below: Uint8Array | undefined;
  for (const hashes of open.values()) {
    const all = below === undefined ? hashes : [...hashes, below];
    below = all.length === 0 ? undefined : merkleRoot(all);
  }
  const root = toHex(MerkleFrontier.parse(frontier).root());
  if (toHex(below ?? merkleRoot([])) !== root) throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: 'tree' });
}
