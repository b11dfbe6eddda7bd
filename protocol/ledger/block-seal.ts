/**
 * A validator's signature over a block.
 *
 * On a QBFT chain the validators' seals stand in the header; the embedded chain has one validator, whose seal is asked
 * for beside the block. It ties a block to a key that the verifier trusts, and says nothing of a later block.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatPrefixed, fromHex, toHex, utf8 } from '../bytes.ts';
import { domains } from '../domains.ts';
import { isProtocolError } from '../errors.ts';
import { assertInteger } from './ids.ts';

/** What is sealed. */
export type SealedBlock = {
  readonly chainId: number;
  readonly blockNumber: number;
  /** 64 hex digits. */
  readonly blockHash: string;
};

/** Ed25519 key of the validator (64 hex digits) and its signature (128). */
export type BlockSeal = { readonly validator: string; readonly signature: string };

/**
 * SHA-256 over the length-prefixed tag, chain id (32 bytes, big-endian), number (8 bytes, big-endian) and hash of a block.
 * @throws {ProtocolError} CHAIN_NUMBER_INVALID, MALFORMED_HEX
 */
export function blockSealDigest(block: SealedBlock): Uint8Array {
  assertInteger('chain id', block.chainId, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('block number', block.blockNumber, 0, Number.MAX_SAFE_INTEGER);
  const chainId = bigEndian(block.chainId, 32);
  const number = bigEndian(block.blockNumber, 8);
  return sha256(concatPrefixed(utf8(domains.blockSeal), chainId, number, fromHex(block.blockHash, 32)));
}

/** @param secretKey - the validator's Ed25519 seed, 32 bytes. */
export function sealBlock(block: SealedBlock, secretKey: Uint8Array): BlockSeal {
  return {
    validator: toHex(ed25519.getPublicKey(secretKey)),
    signature: toHex(ed25519.sign(blockSealDigest(block), secretKey)),
  };
}

/**
 * @param validators - keys that the verifier trusts, from its own deployment or trust file and never from the seal's sender.
 * @returns whether one of them sealed exactly this block; false also for a malformed seal. Strict RFC 8032 verification.
 */
export function verifyBlockSeal(block: SealedBlock, seal: BlockSeal, validators: readonly string[]): boolean {
  if (!validators.includes(seal.validator)) return false;
  try {
    const [signature, validator] = [fromHex(seal.signature, 64), fromHex(seal.validator, 32)];
    return ed25519.verify(signature, blockSealDigest(block), validator, { zip215: false });
  } catch (cause) {
    if (isProtocolError(cause)) return false;
    throw cause;
  }
}

function bigEndian(value: number, lengthBytes: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * lengthBytes, '0'));
}
