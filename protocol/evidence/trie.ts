/**
 * The Merkle Patricia trie of a block's receipts: root, proof of one entry, verification.
 *
 * Small and total: a verifier in a browser loads RLP and Keccak and nothing else, and every malformed node is a refusal.
 * Source: Ethereum yellow paper, appendix D; keys are RLP of the transaction's index.
 */
import { decodeRlp, encodeRlp, keccak256, toBeArray } from 'ethers';
import { equalBytes, fromHex, toHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';

type Rlp = string | Rlp[];
type Entry = { readonly nibbles: readonly number[]; readonly value: string };

const BRANCH_WIDTH = 17;
const HASH_BYTES = 32;
/** 64 nibbles of a hashed key are the longest path of any trie; receipts use at most 18. */
const MAX_PROOF_NODES = 64;
const EMPTY_ROOT = keccak256(encodeRlp('0x'));

export type ReceiptTrie = {
  /** 32 bytes, lower-case hex. */
  readonly root: string;
  /** The nodes from the root to the entry of transaction `index`, each as RLP in lower-case hex. */
  readonly prove: (index: number) => string[];
};

/**
 * Builds the trie over the receipts of one block.
 * @param receipts - consensus encoding of every receipt of the block, in order of the transactions.
 */
export function buildReceiptTrie(receipts: readonly Uint8Array[]): ReceiptTrie {
  const entries = receipts.map((bytes, index) => ({ nibbles: keyNibbles(index), value: `0x${toHex(bytes)}` }));
  const nodes = new Map<string, string>();
  const root = entries.length === 0 ? EMPTY_ROOT : store(build(entries, 0, nodes), nodes);
  return { root: root.slice(2), prove: (index) => walk(root, keyNibbles(index), (hash) => nodes.get(hash)).nodes };
}

/**
 * Reads the value of transaction `index` out of a proof.
 * @param root - the `receiptsRoot` of a header, 32 bytes in hex.
 * @param proof - nodes from the root down, lower-case hex without 0x.
 * @returns the consensus encoding of the receipt.
 * @throws {ProtocolError} RECEIPT_PROOF_INVALID where a node does not hash to what points at it, the path does not lead to
 * a value, or nodes are left over.
 */
export function readReceiptProof(root: string, index: number, proof: readonly string[]): Uint8Array {
  if (proof.length === 0 || proof.length > MAX_PROOF_NODES) return refuse('the number of nodes is not 1 to 64');
  let used = 0;
  const { value } = walk(`0x${root}`, keyNibbles(index), (hash) => {
    const node = proof[used++];
    const hashes = node !== undefined && equalBytes(fromHex(keccak256(fromHex(node)).slice(2)), fromHex(hash.slice(2)));
    return hashes ? node : undefined;
  });
  if (used !== proof.length) return refuse('nodes are left over');
  return fromHex(value.slice(2));
}

/** Follows `path` from `root`; `nodeOf` gives the RLP (hex without 0x) of the node that has a hash. */
function walk(
  root: string,
  path: readonly number[],
  nodeOf: (hash: string) => string | undefined,
): { readonly value: string; readonly nodes: string[] } {
  const nodes: string[] = [];
  let reached: Rlp = root;
  let depth = 0;
  for (;;) {
    let node = reached;
    if (typeof node === 'string') {
      const encoded = nodeOf(node);
      if (encoded === undefined) return refuse('a node is missing or has another hash');
      nodes.push(encoded);
      node = decodeList(fromHex(encoded));
    }
    const step = descend(node, path, depth);
    if ('value' in step) return { value: step.value, nodes };
    reached = step.child;
    depth = step.depth;
  }
}

function decodeList(bytes: Uint8Array): Rlp[] {
  try {
    const decoded = decodeRlp(bytes) as Rlp;
    if (Array.isArray(decoded)) return decoded;
  } catch (cause) {
    throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'a node is no RLP' }, { cause });
  }
  return refuse('a node is no list');
}

/** One step down: to a value at the end of the path, or to the child (its hash, or the child itself when it is short). */
function descend(
  node: Rlp[],
  path: readonly number[],
  depth: number,
): { value: string } | { child: Rlp; depth: number } {
  if (node.length === BRANCH_WIDTH) {
    if (depth === path.length) return { value: text(node[16]) };
    return { child: childOf(node[path[depth]!]), depth: depth + 1 };
  }
  if (node.length !== 2) return refuse('a node has neither 2 nor 17 entries');
  const { nibbles, isLeaf } = decodePath(text(node[0]));
  const matches = nibbles.every((nibble, i) => path[depth + i] === nibble);
  if (!matches) return refuse('the path leads elsewhere');
  const end = depth + nibbles.length;
  if (!isLeaf) return { child: childOf(node[1]), depth: end };
  if (end !== path.length) return refuse('the path ends early');
  return { value: text(node[1]) };
}

function text(part: Rlp | undefined): string {
  return typeof part === 'string' && part !== '0x' ? part : refuse('a value is missing');
}

function childOf(part: Rlp | undefined): Rlp {
  if (Array.isArray(part)) return part;
  const hash = text(part);
  return hash.length === 2 + 2 * HASH_BYTES ? hash : refuse('a child is no hash');
}

function build(entries: readonly Entry[], depth: number, nodes: Map<string, string>): Rlp[] {
  const first = entries[0]!;
  if (entries.length === 1) return [encodePath(first.nibbles.slice(depth), 'leaf'), first.value];
  const shared = sharedLength(entries, depth);
  if (shared > 0) {
    const prefix = first.nibbles.slice(depth, depth + shared);
    return [encodePath(prefix, 'extension'), reference(build(entries, depth + shared, nodes), nodes)];
  }
  const branch: Rlp[] = new Array<Rlp>(BRANCH_WIDTH).fill('0x');
  for (let nibble = 0; nibble < 16; nibble++) {
    const below = entries.filter((entry) => entry.nibbles[depth] === nibble);
    if (below.length > 0) branch[nibble] = reference(build(below, depth + 1, nodes), nodes);
  }
  return branch;
}

function sharedLength(entries: readonly Entry[], depth: number): number {
  const first = entries[0]!.nibbles;
  let end = depth;
  while (end < first.length && entries.every(({ nibbles }) => nibbles[end] === first[end])) end++;
  return end - depth;
}

/** What a parent holds of a node: the node itself below 32 bytes, else its hash. */
function reference(node: Rlp[], nodes: Map<string, string>): Rlp {
  const isShort = encodeRlp(node).length < 2 + 2 * HASH_BYTES;
  return isShort ? node : store(node, nodes);
}

function store(node: Rlp[], nodes: Map<string, string>): string {
  const encoded = encodeRlp(node);
  const hash = keccak256(encoded);
  nodes.set(hash, encoded.slice(2));
  return hash;
}

function keyNibbles(index: number): number[] {
  if (!Number.isSafeInteger(index) || index < 0) return refuse('the index of the transaction is no natural number');
  return nibblesOf(encodeRlp(toBeArray(index)));
}

function nibblesOf(hex: string): number[] {
  return [...hex.slice(2)].map((digit) => Number.parseInt(digit, 16));
}

/** Hex-prefix encoding: flag nibble (2 for a leaf, 1 for an odd length), then the path. */
function encodePath(nibbles: readonly number[], kind: 'leaf' | 'extension'): string {
  const isOdd = nibbles.length % 2 === 1;
  const flag = (kind === 'leaf' ? 2 : 0) + (isOdd ? 1 : 0);
  const all = isOdd ? [flag, ...nibbles] : [flag, 0, ...nibbles];
  return `0x${all.map((nibble) => nibble.toString(16)).join('')}`;
}

function decodePath(encoded: string): { readonly nibbles: readonly number[]; readonly isLeaf: boolean } {
  const all = nibblesOf(encoded);
  const flag = all[0]!;
  const isOdd = flag % 2 === 1;
  if (flag > 3 || (!isOdd && all[1] !== 0)) return refuse('a path is not hex-prefix encoded');
  return { nibbles: all.slice(isOdd ? 1 : 2), isLeaf: flag >= 2 };
}

function refuse(reason: string): never {
  throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason });
}
