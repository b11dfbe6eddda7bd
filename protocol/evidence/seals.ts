/**
 * Whether enough validators that a verifier trusts have sealed a block.
 *
 * Trust: the pinned validators alone, and of n of them that no more than a third lie (the quorum is ⌈2n/3⌉). A seal of
 * QBFT or IBFT 2.0 does not name its chain: who seals with the same keys on two chains seals for both.
 */
import { fromHex } from '../bytes.ts';
import { type BlockSeal, blockSealDigest, type SealedBlock } from '../ledger/block-seal.ts';
import type { Ed25519 } from '../signature.ts';
import { sealSigner } from './bft-header.ts';
import type { BlockHeader } from './receipt-proof.ts';
import { sealQuorum, type Trust } from './trust.ts';

export type SealFinding =
  | { readonly kind: 'sealed' }
  /** No validator is pinned, so that seals say nothing. */
  | { readonly kind: 'nobody pinned' }
  /** A seal that is no signature of a pinned validator over this block, or one validator's second. */
  | { readonly kind: 'wrong seal'; readonly validator: string }
  | { readonly kind: 'too few'; readonly found: number; readonly needed: number };

type Pins = Pick<Trust, 'chainId' | 'validators' | 'sealScheme'>;

/**
 * Counts the seals of a block. One that is wrong spoils the others: a file whose bytes were changed must not hold.
 * @param seals - that stand beside the block; those of QBFT and IBFT 2.0 are in the header, and then none may stand there.
 */
export function findSeals(header: BlockHeader, seals: readonly BlockSeal[], pins: Pins, ed25519: Ed25519): SealFinding {
  if (pins.validators.length === 0) return { kind: 'nobody pinned' };
  const signers =
    (pins.sealScheme ?? 'ed25519') === 'ed25519' ? beside(header, seals, pins, ed25519) : within(header, seals, pins);
  const sealed = new Set<string>();
  for (const { validator, holds } of signers) {
    if (!holds || !pins.validators.includes(validator) || sealed.has(validator))
      return { kind: 'wrong seal', validator };
    sealed.add(validator);
  }
  const needed = sealQuorum(pins.validators.length);
  return sealed.size >= needed ? { kind: 'sealed' } : { kind: 'too few', found: sealed.size, needed };
}

type Signer = { readonly validator: string; readonly holds: boolean };

/** As `verifyBlockSeal` of the ledger, with the platform's Ed25519. */
function beside(header: BlockHeader, seals: readonly BlockSeal[], pins: Pins, ed25519: Ed25519): Signer[] {
  const block: SealedBlock = { chainId: pins.chainId, blockNumber: header.number, blockHash: header.hash };
  const digest = blockSealDigest(block);
  return seals.map(({ validator, signature }) => ({
    validator,
    holds: pins.validators.includes(validator) && ed25519.verify(fromHex(signature), digest, fromHex(validator)),
  }));
}

function within({ commit }: BlockHeader, seals: readonly BlockSeal[], { sealScheme }: Pins): Signer[] {
  const strange = seals.map(({ validator }) => ({ validator, holds: false }));
  if (commit === null || commit.scheme !== sealScheme) return strange;
  const own = commit.seals.map((seal) => {
    const signer = sealSigner(commit.digest, seal);
    return { validator: signer ?? '', holds: signer !== null };
  });
  return [...strange, ...own];
}
