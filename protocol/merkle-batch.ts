/**
 * One inclusion proof for many leaves of a tree: the hashes of the largest subtrees that hold none of them.
 *
 * Verifying it is computing the root; single proofs in the form of RFC 9162 come out of the same pass.
 * Source: the tree of RFC 9162, section 2.1; the joint proof is the plain union of its audit paths without what the
 * leaves themselves give.
 */
import { fromHex, toHex } from './bytes.ts';
import { nodeHash, splitOf } from './merkle.ts';

type Range = { readonly start: number; readonly end: number };

/**
 * Joins single inclusion proofs of one tree.
 * @param proofs - hashes in hex from the leaf up, by index of the leaf; see `inclusionProof`.
 * @returns hashes in hex, from left to right; shorter than it should be where a proof is.
 */
export function joinProofs(treeSize: number, proofs: ReadonlyMap<number, readonly string[]>): string[] {
  const joint: string[] = [];
  const visit = ({ start, end }: Range, leaves: readonly number[], depth: number): void => {
    if (end - start === 1) return;
    const middle = start + splitOf(end - start);
    const left = leaves.filter((leaf) => leaf < middle);
    const right = leaves.filter((leaf) => leaf >= middle);
    const sibling = (leaf: number): readonly string[] =>
      (proofs.get(leaf) ?? []).slice(0, -depth || undefined).slice(-1);
    if (left.length > 0) visit({ start, end: middle }, left, depth + 1);
    else joint.push(...sibling(right[0]!));
    if (right.length > 0) visit({ start: middle, end }, right, depth + 1);
    else joint.push(...sibling(left[0]!));
  };
  const inside = [...proofs.keys()].filter((leaf) => leaf < treeSize).sort((a, b) => a - b);
  if (inside.length > 0) visit({ start: 0, end: treeSize }, inside, 0);
  return joint;
}

/**
 * The single proofs out of a joint one.
 * @param leafHashes - by index; those outside the tree have no proof.
 * @param joint - from {@link joinProofs}.
 * @returns hashes in hex from the leaf up, by index; null where `joint` has fewer or more hashes than the tree needs.
 */
export function splitProofs(
  treeSize: number,
  leafHashes: ReadonlyMap<number, Uint8Array>,
  joint: readonly string[],
): ReadonlyMap<number, readonly string[]> | null {
  const inside = [...leafHashes.keys()].filter((leaf) => leaf < treeSize).sort((a, b) => a - b);
  const proofs = new Map<number, string[]>(inside.map((leaf) => [leaf, []]));
  if (inside.length === 0) return proofs;
  let used = 0;
  const hashOf = ({ start, end }: Range, leaves: readonly number[]): Uint8Array => {
    if (leaves.length === 0) return fromHex(joint[used++] ?? '');
    if (end - start === 1) return leafHashes.get(start)!;
    const middle = start + splitOf(end - start);
    const inLeft = leaves.filter((leaf) => leaf < middle);
    const inRight = leaves.filter((leaf) => leaf >= middle);
    const left = hashOf({ start, end: middle }, inLeft);
    const right = hashOf({ start: middle, end }, inRight);
    for (const leaf of inLeft) proofs.get(leaf)!.push(toHex(right));
    for (const leaf of inRight) proofs.get(leaf)!.push(toHex(left));
    return nodeHash(left, right);
  };
  hashOf({ start: 0, end: treeSize }, inside);
  return used === joint.length ? proofs : null;
}
