/**
 * Strict binary records of sealed scoring: what a bank sends to departments, and what participants send back.
 *
 * A weight or public key is c0 and a 64-byte seed: an unseeded ciphertext, where the bank chose c1 itself, cannot be
 * written in this format. Every record has one exact length, every coefficient is below its prime, and nothing is
 * reduced, defaulted or skipped on reading. Integers are little-endian.
 *
 * Header, 40 bytes: magic "SLRW", version, kind, two zero bytes, 32-byte ring tag. Then the limbs in the order of the
 * primes, 8,192 words of 32 bits each; for seeded records the generator's number (1 byte) and the seed follow.
 */
import { fromHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import {
  DATA_LIMBS,
  DATA_PRIMES,
  RING_DEGREE,
  RING_TAG,
  SEED_BYTES,
  SEED_PRNG,
  SEED_PRNG_TYPE,
  SWITCHED_LIMBS,
  SWITCHED_PRIMES,
} from './ring.ts';

export type RecordKind = 'public-key' | 'weight' | 'department-chunk' | 'gate-chunk';

const MAGIC = Uint8Array.of(0x53, 0x4c, 0x52, 0x57);
const VERSION = 1;
const KINDS: Readonly<Record<RecordKind, number>> = {
  'public-key': 1,
  weight: 2,
  'department-chunk': 3,
  'gate-chunk': 4,
};
const HEADER_BYTES = 40;
const POLY_BYTES = 4 * RING_DEGREE;
const SEED_OFFSET = HEADER_BYTES + DATA_LIMBS * POLY_BYTES;

/** Words of one switched polynomial: both limbs, limb after limb. */
export const SWITCHED_WORDS = SWITCHED_LIMBS * RING_DEGREE;
export const WEIGHT_RECORD_BYTES = SEED_OFFSET + 1 + SEED_BYTES;
export const PUBLIC_KEY_RECORD_BYTES = WEIGHT_RECORD_BYTES;
export const DEPARTMENT_CHUNK_BYTES = HEADER_BYTES + 2 * SWITCHED_LIMBS * POLY_BYTES;
export const GATE_CHUNK_BYTES = HEADER_BYTES + SWITCHED_LIMBS * POLY_BYTES;

/** A seeded ciphertext: c0 as 4 × 8,192 words, limb after limb, each below its prime; c1 only as its seed. */
export interface SeededCiphertext {
  readonly c0: Uint32Array;
  readonly seed: Uint8Array;
}

/** A switched ciphertext of one chunk: two limbs per polynomial, 16,384 words each. */
export interface SwitchedCiphertext {
  readonly c0: Uint32Array;
  readonly c1: Uint32Array;
}

/** A gate's part of a chunk: only masks on c0, 16,384 words. */
export interface MaskChunk {
  readonly c0: Uint32Array;
}

/** Writes a weight record. @throws {ProtocolError} RLWE_COEFFICIENT_RANGE, RLWE_RECORD_LENGTH */
export function serialiseWeightRecord(ciphertext: SeededCiphertext): Uint8Array {
  return serialiseSeeded('weight', ciphertext);
}

/** Writes a public-key record. @throws {ProtocolError} RLWE_COEFFICIENT_RANGE, RLWE_RECORD_LENGTH */
export function serialisePublicKeyRecord(ciphertext: SeededCiphertext): Uint8Array {
  return serialiseSeeded('public-key', ciphertext);
}

/**
 * Reads a weight record of exactly {@link WEIGHT_RECORD_BYTES}; the returned arrays are copies.
 * @throws {ProtocolError} RLWE_RECORD_TRUNCATED, RLWE_RECORD_OVERSIZED, RLWE_RECORD_MAGIC, RLWE_RECORD_KIND,
 *   RLWE_RECORD_PARAMETERS, RLWE_COEFFICIENT_RANGE, RLWE_SEED_PRNG
 */
export function parseWeightRecord(bytes: Uint8Array): SeededCiphertext {
  return parseSeeded('weight', bytes);
}

/** Reads a public-key record; as {@link parseWeightRecord}. */
export function parsePublicKeyRecord(bytes: Uint8Array): SeededCiphertext {
  return parseSeeded('public-key', bytes);
}

/** Writes a department's masked chunk. @throws {ProtocolError} RLWE_COEFFICIENT_RANGE, RLWE_RECORD_LENGTH */
export function serialiseDepartmentChunk(chunk: SwitchedCiphertext): Uint8Array {
  const bytes = startRecord('department-chunk', DEPARTMENT_CHUNK_BYTES);
  writeLimbs(bytes, HEADER_BYTES, chunk.c0, SWITCHED_PRIMES, 'department-chunk');
  writeLimbs(bytes, HEADER_BYTES + SWITCHED_LIMBS * POLY_BYTES, chunk.c1, SWITCHED_PRIMES, 'department-chunk');
  return bytes;
}

/** Writes a gate's chunk. @throws {ProtocolError} RLWE_COEFFICIENT_RANGE, RLWE_RECORD_LENGTH */
export function serialiseGateChunk(chunk: MaskChunk): Uint8Array {
  const bytes = startRecord('gate-chunk', GATE_CHUNK_BYTES);
  writeLimbs(bytes, HEADER_BYTES, chunk.c0, SWITCHED_PRIMES, 'gate-chunk');
  return bytes;
}

/** Reads a department's chunk record; errors as {@link parseWeightRecord} without RLWE_SEED_PRNG. */
export function parseDepartmentChunk(bytes: Uint8Array): SwitchedCiphertext {
  checkHeader('department-chunk', bytes, DEPARTMENT_CHUNK_BYTES);
  return {
    c0: readLimbs(bytes, HEADER_BYTES, SWITCHED_PRIMES, 'department-chunk'),
    c1: readLimbs(bytes, HEADER_BYTES + SWITCHED_LIMBS * POLY_BYTES, SWITCHED_PRIMES, 'department-chunk'),
  };
}

/** Reads a gate's chunk record; errors as {@link parseDepartmentChunk}. */
export function parseGateChunk(bytes: Uint8Array): MaskChunk {
  checkHeader('gate-chunk', bytes, GATE_CHUNK_BYTES);
  return { c0: readLimbs(bytes, HEADER_BYTES, SWITCHED_PRIMES, 'gate-chunk') };
}

function serialiseSeeded(kind: RecordKind, ciphertext: SeededCiphertext): Uint8Array {
  if (ciphertext.seed.length !== SEED_BYTES) {
    throw new ProtocolError('RLWE_RECORD_LENGTH', { kind, part: 'seed', expected: SEED_BYTES });
  }
  const bytes = startRecord(kind, WEIGHT_RECORD_BYTES);
  writeLimbs(bytes, HEADER_BYTES, ciphertext.c0, DATA_PRIMES, kind);
  bytes[SEED_OFFSET] = SEED_PRNG_TYPE;
  bytes.set(ciphertext.seed, SEED_OFFSET + 1);
  return bytes;
}

function parseSeeded(kind: RecordKind, bytes: Uint8Array): SeededCiphertext {
  checkHeader(kind, bytes, WEIGHT_RECORD_BYTES);
  const type = bytes[SEED_OFFSET]!;
  if (type !== SEED_PRNG_TYPE) {
    throw new ProtocolError('RLWE_SEED_PRNG', { kind, type, expected: `${SEED_PRNG_TYPE} (${SEED_PRNG})` });
  }
  return { c0: readLimbs(bytes, HEADER_BYTES, DATA_PRIMES, kind), seed: bytes.slice(SEED_OFFSET + 1) };
}

function startRecord(kind: RecordKind, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(MAGIC);
  bytes[4] = VERSION;
  bytes[5] = KINDS[kind];
  bytes.set(fromHex(RING_TAG, 32), 8);
  return bytes;
}

function checkHeader(kind: RecordKind, bytes: Uint8Array, expectedBytes: number): void {
  if (bytes.length < expectedBytes) {
    throw new ProtocolError('RLWE_RECORD_TRUNCATED', { kind, sizeBytes: bytes.length, expectedBytes });
  }
  if (bytes.length > expectedBytes) {
    throw new ProtocolError('RLWE_RECORD_OVERSIZED', { kind, sizeBytes: bytes.length, expectedBytes });
  }
  const isMagic = MAGIC.every((byte, i) => bytes[i] === byte);
  if (!isMagic || bytes[4] !== VERSION) throw new ProtocolError('RLWE_RECORD_MAGIC', { kind, version: VERSION });
  if (bytes[5] !== KINDS[kind] || bytes[6] !== 0 || bytes[7] !== 0) {
    throw new ProtocolError('RLWE_RECORD_KIND', { kind, found: bytes[5]! });
  }
  const tag = fromHex(RING_TAG, 32);
  if (!tag.every((byte, i) => bytes[8 + i] === byte)) {
    throw new ProtocolError('RLWE_RECORD_PARAMETERS', { kind, expected: RING_TAG });
  }
}

function writeLimbs(
  bytes: Uint8Array,
  offset: number,
  words: Uint32Array,
  primes: readonly number[],
  kind: RecordKind,
): void {
  if (words.length !== primes.length * RING_DEGREE) {
    throw new ProtocolError('RLWE_RECORD_LENGTH', { kind, part: 'words', expected: primes.length * RING_DEGREE });
  }
  assertBelowPrimes(words, primes, kind);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i]!, true);
}

function readLimbs(bytes: Uint8Array, offset: number, primes: readonly number[], kind: RecordKind): Uint32Array {
  const words = new Uint32Array(primes.length * RING_DEGREE);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 * i, true);
  assertBelowPrimes(words, primes, kind);
  return words;
}

/** Refuses a word that is not below its limb's prime. @throws {ProtocolError} RLWE_COEFFICIENT_RANGE */
function assertBelowPrimes(words: Uint32Array, primes: readonly number[], kind: RecordKind): void {
  primes.forEach((prime, limb) => {
    for (let i = 0; i < RING_DEGREE; i++) {
      if (words[limb * RING_DEGREE + i]! >= prime) {
        throw new ProtocolError('RLWE_COEFFICIENT_RANGE', { kind, limb, index: i, prime });
      }
    }
  });
}
