/**
 * Commit seals in the headers of QBFT and IBFT 2.0 chains (Hyperledger Besu, GoQuorum).
 *
 * `extraData` of such a header carries the validators' signatures over the block. A block's hash leaves them out, since
 * every node may hold another choice of them; what a validator signs leaves out the signatures and keeps the round.
 * Which form a header has is told by its bytes alone, so that whoever reads it computes the same hash.
 * Source: EIP-650 as amended by IBFT 2.0 and QBFT; Besu's BftBlockHashing, QbftExtraDataCodec and IbftExtraDataCodec.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { decodeRlp, encodeRlp, keccak256 } from 'ethers';
import { fromHex } from '../bytes.ts';
import { isProtocolError } from '../errors.ts';

export type BftScheme = 'qbft' | 'ibft2';

/** Hex without prefix: what was signed, and the signatures as they stand in the header (r, s and recovery id, 65 bytes). */
export type CommitSeals = { readonly scheme: BftScheme; readonly digest: string; readonly seals: readonly string[] };

export type BftHeader = {
  /** Hash by which other blocks and receipts name this block. */
  readonly hash: string;
  readonly commit: CommitSeals;
};

type Rlp = string | readonly Rlp[];
/** Vanity, validators, vote, round, seals. */
type ExtraData = readonly [string, readonly Rlp[], Rlp, string, readonly string[]];

const EXTRA_DATA_FIELD = 12;
const NUMBER_FIELD = 8;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const SEAL = /^0x[0-9a-f]{130}$/;
const VANITY = /^0x[0-9a-f]{64}$/;
/** IBFT 2.0 writes the round in four bytes; QBFT without leading zeros. */
const ROUND_OF_FOUR_BYTES = /^0x[0-9a-f]{8}$/;
const ROUND_SCALAR = /^0x(?!00)([0-9a-f]{2}){0,3}$/;
const ADD = '0xff';
/** `0x`, the vanity, and a byte each for the list, the vanity and the other parts. */
const SHORTEST = 2 + 2 * (32 + 6);

/**
 * Reads the commit seals of a header.
 * @param fields - of the header's RLP, in `0x` hex.
 * @returns null where its `extraData` is not of a QBFT or IBFT 2.0 block; block 0 carries no seals in either.
 */
export function readBftHeader(fields: readonly string[]): BftHeader | null {
  const extra = readExtraData(fields[EXTRA_DATA_FIELD] ?? '0x');
  if (extra === null || fields[NUMBER_FIELD] === '0x') return null;
  const scheme = schemeOf(extra);
  if (scheme === null) return null;
  const [vanity, validators, vote, round, seals] = extra;
  const common = [vanity, validators, vote];
  const onChain = scheme === 'qbft' ? [...common, '0x', []] : common;
  const signed = scheme === 'qbft' ? [...common, round, []] : [...common, round];
  const digest = hashWith(fields, signed);
  return { hash: hashWith(fields, onChain), commit: { scheme, digest, seals: seals.map((seal) => seal.slice(2)) } };
}

/**
 * Who made a seal.
 * @param digest - of {@link CommitSeals}. @param seal - 65 bytes of hex.
 * @returns the address, 40 hex digits; null where the bytes are no signature in its one form (s in the lower half).
 */
export function sealSigner(digest: string, seal: string): string | null {
  try {
    const bytes = fromHex(seal, 65);
    const signature = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact');
    if (bytes[64]! > 1 || signature.hasHighS()) return null;
    const key = signature.addRecoveryBit(bytes[64]!).recoverPublicKey(fromHex(digest, 32));
    return keccak256(key.toBytes(false).subarray(1)).slice(-40);
  } catch (cause) {
    if (isProtocolError(cause) || cause instanceof Error) return null;
    throw cause;
  }
}

/** The five parts, only where their bytes are the one encoding of them. */
function readExtraData(extraData: string): ExtraData | null {
  if (extraData.length < SHORTEST) return null;
  const parts = decode(extraData);
  if (parts === null || parts.length !== 5 || encodeRlp(parts as Parameters<typeof encodeRlp>[0]) !== extraData) {
    return null;
  }
  const [vanity, validators, vote, round, seals] = parts;
  const hasForm =
    matches(vanity, VANITY) && isListOf(validators, ADDRESS) && typeof round === 'string' && isListOf(seals, SEAL);
  return hasForm ? [vanity as string, validators as Rlp[], vote!, round as string, seals as string[]] : null;
}

function schemeOf([, , vote, round]: ExtraData): BftScheme | null {
  const [recipient, direction] = Array.isArray(vote) ? (vote as readonly Rlp[]) : [];
  const isVote = Array.isArray(vote) && vote.length === 2 && matches(recipient, ADDRESS);
  const isScalar = ROUND_SCALAR.test(round);
  if (
    isScalar &&
    ((Array.isArray(vote) && vote.length === 0) || (isVote && (direction === ADD || direction === '0x')))
  ) {
    return 'qbft';
  }
  const isIbft = vote === '0x' || (isVote && (direction === ADD || direction === '0x00'));
  return isIbft && ROUND_OF_FOUR_BYTES.test(round) ? 'ibft2' : null;
}

function decode(extraData: string): readonly Rlp[] | null {
  try {
    const decoded = decodeRlp(extraData) as Rlp;
    return Array.isArray(decoded) ? decoded : null;
  } catch {
    // vanity of a chain without such seals
    return null;
  }
}

function matches(part: Rlp | undefined, pattern: RegExp): boolean {
  return typeof part === 'string' && pattern.test(part);
}

function isListOf(part: Rlp | undefined, pattern: RegExp): boolean {
  return Array.isArray(part) && part.every((item) => matches(item as Rlp, pattern));
}

function hashWith(fields: readonly string[], extra: readonly Rlp[]): string {
  const encoded = encodeRlp(extra as Parameters<typeof encodeRlp>[0]);
  return keccak256(encodeRlp(fields.toSpliced(EXTRA_DATA_FIELD, 1, encoded))).slice(2);
}
