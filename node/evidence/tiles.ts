/**
 * The log's tree in tiles of 256 hashes: a full tile never changes, and a proof reads a handful of them.
 *
 * Tile (0, n) holds the hashes of leaves 256n to 256n + 255; tile (L, n) the roots of 256 full tiles of level L - 1.
 * Source: C2SP tlog-tiles; RFC 9162, 2.1.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type MerkleNode, merkleRoot, type NodeReader } from '@sealedger/protocol/merkle.ts';
import type { EvidencePut } from './ports.ts';

export const TILE_WIDTH = 256;
const TILE_BITS = 8;
const HEX_PER_HASH = 64;

/** Tiles at the right edge that are not full yet: tile level to its hashes. */
export type OpenTiles = ReadonlyMap<number, readonly Uint8Array[]>;

export type TilePlan = {
  readonly open: OpenTiles;
  /** Tiles to write with the events: full ones, and every changed one above the leaves. */
  readonly writes: readonly EvidencePut[];
};

/** Key of a tile in the store. */
export function tileKey(tileLevel: number, tileIndex: number): string {
  return `tile/${tileLevel}/${tileIndex}`;
}

/**
 * Puts completed nodes into tiles, without changing `open`.
 * The open tile of leaves is not written: it is computed again from at most 255 events.
 * @param completed - the nodes that appended leaves completed, in order, from a MerkleFrontier.
 */
export function placeNodes(open: OpenTiles, completed: readonly MerkleNode[]): TilePlan {
  const next = new Map<number, readonly Uint8Array[]>(open);
  const writes = new Map<string, EvidencePut>();
  for (const { level, index, hash } of completed) {
    if (level % TILE_BITS !== 0) continue;
    const tileLevel = level / TILE_BITS;
    const hashes = [...(next.get(tileLevel) ?? []), hash];
    const isFull = hashes.length === TILE_WIDTH;
    next.set(tileLevel, isFull ? [] : hashes);
    if (!isFull && tileLevel === 0) continue;
    const key = tileKey(tileLevel, Math.floor(index / TILE_WIDTH));
    writes.set(key, { key, value: hashes.map(toHex).join('') });
  }
  return { open: next, writes: [...writes.values()] };
}

/** Reads a stored tile. @throws {ProtocolError} EVIDENCE_STORE_CORRUPT */
export function parseTile(stored: string): readonly Uint8Array[] {
  if (stored.length % HEX_PER_HASH !== 0 || stored.length > TILE_WIDTH * HEX_PER_HASH) {
    throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: 'tile' });
  }
  return Array.from({ length: stored.length / HEX_PER_HASH }, (_, i) =>
    fromHex(stored.slice(i * HEX_PER_HASH, (i + 1) * HEX_PER_HASH)),
  );
}

/**
 * A reader of complete subtrees for the proofs of protocol/merkle.ts; each tile is read once for its lifetime.
 * @param size - leaves of the log when the reader is made; later appends do not disturb it.
 * @param open - the open tiles of that size.
 */
export function tileReader(
  size: number,
  open: OpenTiles,
  readTile: (key: string) => Promise<string | undefined>,
): NodeReader {
  const tiles = new Map<string, Promise<readonly Uint8Array[]>>();
  const tileOf = (tileLevel: number, tileIndex: number): Promise<readonly Uint8Array[]> => {
    const openIndex = Math.floor(size / TILE_WIDTH ** (tileLevel + 1));
    if (tileIndex === openIndex) return Promise.resolve(open.get(tileLevel) ?? []);
    const key = tileKey(tileLevel, tileIndex);
    const reading = tiles.get(key) ?? readTile(key).then((stored) => parseTile(stored ?? ''));
    tiles.set(key, reading);
    return reading;
  };
  return async (level, index) => {
    const tileLevel = Math.floor(level / TILE_BITS);
    const width = 2 ** (level % TILE_BITS);
    const first = index * width;
    const tile = await tileOf(tileLevel, Math.floor(first / TILE_WIDTH));
    const start = first % TILE_WIDTH;
    const hashes = tile.slice(start, start + width);
    if (hashes.length !== width) throw new ProtocolError('EVIDENCE_STORE_CORRUPT', { what: 'tile' });
    return merkleRoot(hashes);
  };
}
