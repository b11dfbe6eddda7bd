/**
 * Commitments to released scores: a batch is a Merkle tree over salted leaves, and its root goes on chain.
 *
 * Learns: chain observers, root and count; who is shown one leaf's opening can check that score and no other.
 */
import { concatPrefixed, utf8 } from './bytes.ts';
import { canonicalBytes } from './canonical.ts';
import { domains } from './domains.ts';
import { leafHash, merkleRoot } from './merkle.ts';

export interface ReleasedScore {
  readonly subject: string;
  readonly status: 'scored' | 'not-in-register';
  /** Opened integer of the sealed table in decimal; null where the subject is not in the register. */
  readonly score: string | null;
}

/** Leaf of one released score. @param salt - at least 16 uniform bytes of this leaf alone. */
export function resultLeaf(score: ReleasedScore, salt: Uint8Array): Uint8Array {
  return leafHash(concatPrefixed(utf8(domains.resultCommitment), salt, canonicalBytes({ ...score })));
}

/** Root over the leaves of a batch, in the order of the batch. */
export function resultRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(leaves);
}
