/**
 * Masks on c0: zero shares between all participants, and the gates' pads. Both are uniform modulo each limb's prime.
 *
 * ▲ Uniform modulo q' and not only modulo t: a locked coefficient stays hidden from a bank whose ciphertexts were
 * malformed, where the phase is no small multiple of q'/t. Every one of the 8,192 coefficients carries them.
 * Parties: for each pair of participants one stream, added by the lower organisation and subtracted by the higher one;
 * over all participants they cancel. Pads stay in the sum until the bank unlocks them one by one.
 * Source: DESIGN.md 3.2 and 3.3; HKDF: RFC 5869.
 */
import { expand as hkdfExpand, extract as hkdfExtract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatPrefixed, equalBytes, uint32be, utf8 } from '../bytes.ts';
import { domains } from '../domains.ts';
import { ProtocolError } from '../errors.ts';
import type { KeystreamExpander } from './evaluator.ts';
import { instantiateKernel } from './kernel.ts';
import type { KernelExports } from './kernel-memory.ts';
import { RING_DEGREE, SWITCHED_LIMBS, SWITCHED_PRIMES } from './ring.ts';
import type { SwitchedCiphertext } from './wire.ts';

/** What one pair of participants shares in one computation. */
export interface ZeroSharePair {
  /** X25519 shared secret, 32 bytes, not all zero. */
  readonly secret: Uint8Array;
  /** 32 bytes. */
  readonly computationId: Uint8Array;
  /** The two organisations, `lower` before `higher` in code-unit order. */
  readonly lower: string;
  readonly higher: string;
}

/** Whether an organisation adds (it is the lower one of the pair) or subtracts the pair's stream. */
export type ShareSign = 'add' | 'subtract';

/** 8,192 words of 30 bits below the prime: 4 in 10,000 are refused, 128 spare ones never run out (p < 2^−400). */
const SHARE_WORDS = RING_DEGREE + 128;

/**
 * Derives the stream keys of one pair: HKDF-SHA256(secret, salt = computation id, info = tag ‖ lower ‖ higher ‖ chunk ‖ limb).
 * The extraction is made once; a key of 32 bytes is the first block of the expansion, one HMAC.
 * @returns a function (chunk, limb) -> 32-byte key.
 * @throws {ProtocolError} RLWE_SHARE_SECRET for an all-zero or short secret, RLWE_SHARE_PARTIES when the order is wrong.
 */
export function createZeroShareKeys(pair: ZeroSharePair): (chunk: number, limb: number) => Uint8Array {
  if (pair.secret.length !== 32 || equalBytes(pair.secret, new Uint8Array(32))) {
    throw new ProtocolError('RLWE_SHARE_SECRET');
  }
  if (!(pair.lower < pair.higher)) throw new ProtocolError('RLWE_SHARE_PARTIES');
  const keyed = hmac.create(sha256, hkdfExtract(sha256, pair.secret, pair.computationId));
  return (chunk, limb) => {
    const info = concatPrefixed(
      utf8(domains.zeroShare),
      utf8(pair.lower),
      utf8(pair.higher),
      uint32be(chunk),
      uint32be(limb),
    );
    return keyed.clone().update(info).update(Uint8Array.of(1)).digest();
  };
}

/** One stream key; see {@link createZeroShareKeys}, which is cheaper for many. */
export function zeroShareKey(pair: ZeroSharePair & { readonly chunk: number; readonly limb: number }): Uint8Array {
  return createZeroShareKeys(pair)(pair.chunk, pair.limb);
}

/** The sign that `own` uses towards `peer`: the lower organisation adds. @throws {ProtocolError} RLWE_SHARE_PARTIES */
export function shareSign(own: string, peer: string): ShareSign {
  if (own === peer) throw new ProtocolError('RLWE_SHARE_PARTIES');
  return own < peer ? 'add' : 'subtract';
}

/** One stream to add: of which limb, under which key (used once), with which sign. */
export interface ZeroShare {
  readonly limb: number;
  readonly key: Uint8Array;
  readonly sign: ShareSign;
}

/**
 * Adds streams to c0, in place: the faster form of {@link addZeroShare} for all pairs of a participant.
 * @param c0 - both limbs, 16,384 words, each below its prime.
 * Words of 30 bits at or above the prime are refused, never reduced: a reduced word would not be uniform.
 * @throws {ProtocolError} RLWE_LIMB, RLWE_KEYSTREAM, RLWE_RECORD_LENGTH
 */
export function addZeroShares(c0: Uint32Array, shares: readonly ZeroShare[], expand: KeystreamExpander): void {
  if (c0.length !== SWITCHED_LIMBS * RING_DEGREE) {
    throw new ProtocolError('RLWE_RECORD_LENGTH', { kind: 'mask', part: 'c0', expected: SWITCHED_LIMBS * RING_DEGREE });
  }
  const { wasm, target, stream } = shareKernel();
  target.set(c0);
  try {
    for (const { limb, key, sign } of shares) {
      const prime = primeOf(limb);
      const bytes = expand(key, stream.length);
      if (bytes.length !== stream.length) refuseKeystream(bytes.length);
      stream.set(bytes);
      const at = TARGET_AT + 4 * limb * RING_DEGREE;
      const made = wasm.addStream(at, STREAM_AT, SHARE_WORDS, prime, sign === 'add' ? 0 : 1);
      if (made !== RING_DEGREE) refuseKeystream(bytes.length);
    }
    c0.set(target);
  } finally {
    target.fill(0);
    stream.fill(0);
  }
}

/** Adds one pair's stream of one limb to c0, in place; see {@link addZeroShares}. */
export function addZeroShare(
  c0: Uint32Array,
  limb: number,
  key: Uint8Array,
  sign: ShareSign,
  expand: KeystreamExpander,
): void {
  addZeroShares(c0, [{ limb, key, sign }], expand);
}

function refuseKeystream(sizeBytes: number): never {
  throw new ProtocolError('RLWE_KEYSTREAM', { sizeBytes, expectedBytes: 4 * SHARE_WORDS });
}

const TARGET_AT = 65536;
const STREAM_AT = TARGET_AT + 4 * SWITCHED_LIMBS * RING_DEGREE;

interface ShareKernel {
  readonly wasm: KernelExports;
  readonly target: Uint32Array;
  readonly stream: Uint8Array;
}

let shareKernelInstance: ShareKernel | undefined;

/** One instance for the module: a call leaves nothing behind in it. */
function shareKernel(): ShareKernel {
  if (shareKernelInstance === undefined) {
    const memory = new WebAssembly.Memory({ initial: 4 });
    shareKernelInstance = {
      wasm: instantiateKernel(memory),
      target: new Uint32Array(memory.buffer, TARGET_AT, SWITCHED_LIMBS * RING_DEGREE),
      stream: new Uint8Array(memory.buffer, STREAM_AT, 4 * SHARE_WORDS),
    };
  }
  return shareKernelInstance;
}

/** HKDF-SHA256 with an empty salt: (input key, info, bytes) -> bytes. node:crypto's is faster where many pads are made. */
export type HkdfPort = (input: Uint8Array, info: Uint8Array, lengthBytes: number) => Uint8Array;

const nobleHkdf: HkdfPort = (input, info, lengthBytes) =>
  hkdfExpand(sha256, hkdfExtract(sha256, input), info, lengthBytes);

/**
 * The pad of one slot at one gate: HKDF of the POPRF output, 16 bytes per limb reduced modulo the prime (bias < 2^−98).
 * @param output - POPRF output of the slot's identifier, 64 bytes; the computation id is its `info`.
 * @returns the pad modulo the limb's prime. @throws {ProtocolError} RLWE_PAD_INPUT, RLWE_LIMB
 */
export function padFromPoprfOutput(output: Uint8Array, limb: number, hkdf: HkdfPort = nobleHkdf): number {
  if (output.length !== 64) throw new ProtocolError('RLWE_PAD_INPUT', { sizeBytes: output.length, expectedBytes: 64 });
  const prime = primeOf(limb);
  const bytes = hkdf(output, concatPrefixed(utf8(domains.pad), uint32be(limb)), 16);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  let pad = 0n;
  for (let at = 0; at < 16; at += 8) pad = (pad << 64n) | view.getBigUint64(at, false);
  return Number(pad % BigInt(prime));
}

/**
 * Adds pads to c0, in place. @param pads - 16,384 words, limb after limb, each below its prime.
 * @throws {ProtocolError} RLWE_PAD_INPUT, RLWE_COEFFICIENT_RANGE
 */
export function addPads(c0: Uint32Array, pads: Uint32Array): void {
  assertPads(c0, pads);
  SWITCHED_PRIMES.forEach((prime, limb) => {
    for (let i = limb * RING_DEGREE; i < (limb + 1) * RING_DEGREE; i++) {
      const sum = c0[i]! + pads[i]! - prime;
      c0[i] = sum + (prime & (sum >> 31));
    }
  });
}

/** The pads of one slot, as one word per limb. */
export interface SlotPad {
  readonly index: number;
  readonly pads: readonly number[];
}

/**
 * Takes pads off single coefficients of a summed chunk; the other coefficients stay locked.
 * @returns a new chunk that shares c1 with the given one.
 * @throws {ProtocolError} RLWE_PAD_INPUT, RLWE_COEFFICIENT_RANGE, RLWE_INDEX
 */
export function subtractPads(chunk: SwitchedCiphertext, slots: readonly SlotPad[]): SwitchedCiphertext {
  const c0 = chunk.c0.slice();
  for (const { index, pads } of slots) {
    if (!Number.isInteger(index) || index < 0 || index >= RING_DEGREE) throw new ProtocolError('RLWE_INDEX', { index });
    if (pads.length !== SWITCHED_LIMBS) {
      throw new ProtocolError('RLWE_PAD_INPUT', { sizeBytes: 4 * pads.length, expectedBytes: 4 * SWITCHED_LIMBS });
    }
    SWITCHED_PRIMES.forEach((prime, limb) => {
      const pad = pads[limb]!;
      if (!Number.isInteger(pad) || pad < 0 || pad >= prime) {
        throw new ProtocolError('RLWE_COEFFICIENT_RANGE', { kind: 'pad', limb, index, prime });
      }
      const at = limb * RING_DEGREE + index;
      const difference = c0[at]! - pad;
      c0[at] = difference + (prime & (difference >> 31));
    });
  }
  return { c0, c1: chunk.c1 };
}

function primeOf(limb: number): number {
  const prime = SWITCHED_PRIMES[limb];
  if (prime === undefined) throw new ProtocolError('RLWE_LIMB', { limb, limbs: SWITCHED_LIMBS });
  return prime;
}

function assertPads(c0: Uint32Array, pads: Uint32Array): void {
  const expected = SWITCHED_LIMBS * RING_DEGREE;
  if (c0.length !== expected || pads.length !== expected) {
    throw new ProtocolError('RLWE_PAD_INPUT', { sizeBytes: 4 * pads.length, expectedBytes: 4 * expected });
  }
  SWITCHED_PRIMES.forEach((prime, limb) => {
    for (let i = limb * RING_DEGREE; i < (limb + 1) * RING_DEGREE; i++) {
      if (pads[i]! >= prime) throw new ProtocolError('RLWE_COEFFICIENT_RANGE', { kind: 'pad', limb, index: i, prime });
    }
  });
}
