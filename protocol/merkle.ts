/**
 * The append-only Merkle tree of the evidence logs: SHA-256 hashes, roots, proofs and their verification.
 *
 * A prover works from an array of leaf hashes, or from a log that stores the hashes of complete subtrees and reads
 * only the ones it needs. A verifier needs hashes only; what it is given may come from anybody.
 * Source: RFC 9162, section 2.1 (the same tree as RFC 6962).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, fromHex, toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** Bytes of every hash. */
export const MERKLE_HASH_BYTES = 32;

/** One complete subtree: the 2^level leaves from index * 2^level on. */
export type MerkleNode = { readonly level: number; readonly index: number; readonly hash: Uint8Array };

/** Reads the hash of the complete subtree of 2^level leaves that begins at leaf index * 2^level. */
export type NodeReader = (level: number, index: number) => Promise<Uint8Array>;

type Range = { readonly start: number; readonly end: number };
type Place = { readonly level: number; readonly index: number };

/** A tree below 2^53 leaves is 53 deep, and a consistency proof may hold one hash more than that. */
const MAX_PROOF_HASHES = 54;
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Hash of a leaf: SHA-256(0x00 ‖ leaf). @param leaf - any bytes. */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(concat(LEAF_PREFIX, leaf));
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE_PREFIX, left, right));
}

/** Root of the tree over `leafHashes` in order; of no leaves it is SHA-256 of nothing. */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return rangeHash(leafHashes, { start: 0, end: leafHashes.length });
}

/**
 * Proof that one leaf is in the tree.
 * @param leafHashes - every leaf hash of the tree.
 * @param index - 0-based, below the number of leaves.
 * @returns sibling hashes from the leaf up.
 * @throws {ProtocolError} MERKLE_RANGE
 * Source: RFC 9162, 2.1.3.1.
 */
export function inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  return inclusionRanges(index, leafHashes.length).map((range) => rangeHash(leafHashes, range));
}

/**
 * Proof that the tree over the first `size1` leaves is a prefix of the tree over all of them.
 * @param size1 - 1 <= size1 <= number of leaves; with both sizes equal the proof is empty.
 * @throws {ProtocolError} MERKLE_RANGE
 * Source: RFC 9162, 2.1.4.1.
 */
export function consistencyProof(leafHashes: readonly Uint8Array[], size1: number): Uint8Array[] {
  return consistencyRanges(size1, leafHashes.length).map((range) => rangeHash(leafHashes, range));
}

/** {@link merkleRoot} of the first `treeSize` leaves of a stored log. @throws {ProtocolError} MERKLE_RANGE */
export async function readRoot(read: NodeReader, treeSize: number): Promise<Uint8Array> {
  assertSize(treeSize, 0);
  return readRange(read, { start: 0, end: treeSize });
}

/** {@link inclusionProof} from a stored log; reads O(log^2 treeSize) nodes. @throws {ProtocolError} MERKLE_RANGE */
export async function readInclusionProof(read: NodeReader, index: number, treeSize: number): Promise<Uint8Array[]> {
  return Promise.all(inclusionRanges(index, treeSize).map((range) => readRange(read, range)));
}

/** {@link consistencyProof} from a stored log; reads O(log^2 size2) nodes. @throws {ProtocolError} MERKLE_RANGE */
export async function readConsistencyProof(read: NodeReader, size1: number, size2: number): Promise<Uint8Array[]> {
  return Promise.all(consistencyRanges(size1, size2).map((range) => readRange(read, range)));
}

/**
 * Whether the leaf at `index` belongs to the tree of `treeSize` leaves with this root.
 * Source: RFC 9162, 2.1.3.2.
 */
export function verifyInclusion(claim: {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly treeSize: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { index, treeSize, proof, root } = claim;
  if (!isSize(index) || !isSize(treeSize) || index >= treeSize) return false;
  if (!areHashes([claim.leafHash, root]) || !isProof(proof)) return false;
  let [fn, sn, hash] = [index, treeSize - 1, claim.leafHash];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equalBytes(hash, root);
}

/**
 * Whether the tree (size2, root2) grew out of the tree (size1, root1) by appending.
 * An empty first tree is refused, because a proof from it says nothing; so does the reference implementation.
 * Source: RFC 9162, 2.1.4.2.
 */
export function verifyConsistency(claim: {
  readonly size1: number;
  readonly root1: Uint8Array;
  readonly size2: number;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { size1, size2, root1, root2, proof } = claim;
  if (!isSize(size1) || !isSize(size2) || size1 === 0 || size1 > size2) return false;
  if (!areHashes([root1, root2]) || !isProof(proof)) return false;
  if (size1 === size2) return proof.length === 0 && equalBytes(root1, root2);
  if (proof.length === 0) return false;
  const [first, ...rest] = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  let [fn, sn] = [size1 - 1, size2 - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [first!, first!];
  for (const hash of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      [fr, sr] = [nodeHash(hash, fr), nodeHash(hash, sr)];
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equalBytes(fr, root1) && equalBytes(sr, root2);
}

/**
 * The right edge of a growing tree: enough to append and to know the root, in O(log size) of time and space.
 *
 * The stored form is `{ size, hashes }` with the roots of the complete subtrees from the largest down, in hex.
 */
export class MerkleFrontier {
  readonly #hashNode: typeof nodeHash;
  #size = 0;
  #hashes: Uint8Array[] = [];

  /** @param hashNode - {@link nodeHash}, or the same by native means. */
  constructor(hashNode = nodeHash) {
    this.#hashNode = hashNode;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends one leaf hash.
   * @returns the nodes that this leaf completes, lowest first, the leaf itself among them: what a {@link NodeReader}
   * must find from now on.
   */
  append(leaf: Uint8Array): readonly MerkleNode[] {
    if (!areHashes([leaf])) throw lengthError('leaf hash', leaf);
    const completed: MerkleNode[] = [{ level: 0, index: this.#size, hash: leaf }];
    let [hash, rest] = [leaf, this.#size];
    while (isOdd(rest)) {
      hash = this.#hashNode(this.#hashes.pop()!, hash);
      rest = half(rest);
      completed.push({ level: completed.length, index: rest, hash });
    }
    this.#hashes.push(hash);
    this.#size += 1;
    return completed;
  }

  /** Root of the tree so far. */
  root(): Uint8Array {
    return foldRight(this.#hashes);
  }

  /** The stored form; {@link MerkleFrontier.parse} reads it back. */
  toJSON(): { readonly size: number; readonly hashes: readonly string[] } {
    return { size: this.#size, hashes: this.#hashes.map(toHex) };
  }

  /** @throws {ProtocolError} MERKLE_FRONTIER_MALFORMED */
  static parse(
    stored: { readonly size: number; readonly hashes: readonly string[] },
    hashNode = nodeHash,
  ): MerkleFrontier {
    if (!isSize(stored.size)) throw new ProtocolError('MERKLE_FRONTIER_MALFORMED', { reason: 'size is no tree size' });
    const expected = placesOf({ start: 0, end: stored.size }).length;
    if (stored.hashes.length !== expected || !stored.hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash))) {
      throw new ProtocolError('MERKLE_FRONTIER_MALFORMED', { reason: `expected ${expected} hashes of 32 bytes` });
    }
    const frontier = new MerkleFrontier(hashNode);
    frontier.#size = stored.size;
    frontier.#hashes = stored.hashes.map((hash) => fromHex(hash, MERKLE_HASH_BYTES));
    return frontier;
  }
}

/** Subtrees whose hashes make up the audit path PATH(index, D[treeSize]), from the leaf up. */
function inclusionRanges(index: number, treeSize: number): Range[] {
  assertSize(treeSize, 1);
  if (!isSize(index) || index >= treeSize) throw new ProtocolError('MERKLE_RANGE', { index, treeSize });
  const ranges: Range[] = [];
  let [start, end] = [0, treeSize];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    ranges.push(index < middle ? { start: middle, end } : { start, end: middle });
    [start, end] = index < middle ? [start, middle] : [middle, end];
  }
  return ranges.reverse();
}

/** Subtrees whose hashes make up PROOF(size1, D[size2]), in the order of the RFC. */
function consistencyRanges(size1: number, size2: number): Range[] {
  assertSize(size2, 1);
  if (!isSize(size1) || size1 === 0 || size1 > size2) {
    throw new ProtocolError('MERKLE_RANGE', { index: size1, treeSize: size2 });
  }
  const ranges: Range[] = [];
  let [start, end] = [0, size2];
  while (size1 !== end) {
    const middle = start + splitOf(end - start);
    ranges.push(size1 <= middle ? { start: middle, end } : { start, end: middle });
    [start, end] = size1 <= middle ? [start, middle] : [middle, end];
  }
  // The first tree itself is known to the verifier and left out.
  if (start !== 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** Complete subtrees that cover a range of the tree, largest first. */
function placesOf(range: Range): Place[] {
  const places: Place[] = [];
  for (let start = range.start; start < range.end; ) {
    let level = 0;
    while (2 ** (level + 1) <= range.end - start) level += 1;
    places.push({ level, index: start / 2 ** level });
    start += 2 ** level;
  }
  return places;
}

function rangeHash(leafHashes: readonly Uint8Array[], range: Range): Uint8Array {
  return foldRight(placesOf(range).map((place) => completeHash(leafHashes, place)));
}

async function readRange(read: NodeReader, range: Range): Promise<Uint8Array> {
  return foldRight(await Promise.all(placesOf(range).map(({ level, index }) => read(level, index))));
}

function completeHash(leafHashes: readonly Uint8Array[], { level, index }: Place): Uint8Array {
  if (level === 0) return leafHashes[index]!;
  const left = completeHash(leafHashes, { level: level - 1, index: 2 * index });
  return nodeHash(left, completeHash(leafHashes, { level: level - 1, index: 2 * index + 1 }));
}

function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha256(new Uint8Array());
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two below `size`, for size >= 2: where a tree divides. */
export function splitOf(size: number): number {
  let split = 1;
  while (2 * split < size) split *= 2;
  return split;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function assertSize(treeSize: number, least: number): void {
  if (!isSize(treeSize) || treeSize < least) throw new ProtocolError('MERKLE_RANGE', { index: least, treeSize });
}

// Sizes pass 2^31, so the bit operations of 32-bit integers do not serve.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  return 2 ** Math.round(Math.log2(value)) === value;
}

/** Hashes of 32 bytes, no more of them than a proof in any tree can need. */
function isProof(proof: readonly Uint8Array[]): boolean {
  return proof.length <= MAX_PROOF_HASHES && areHashes(proof);
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === MERKLE_HASH_BYTES);
}

function lengthError(what: string, bytes: Uint8Array): ProtocolError {
  return new ProtocolError('BYTES_LENGTH', { what, expectedBytes: MERKLE_HASH_BYTES, gotBytes: bytes.length });
}
