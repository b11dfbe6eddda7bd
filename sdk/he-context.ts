/**
 * SEAL at the bank: context, handles, and the byte forms of plaintexts and ciphertexts that node-seal writes.
 *
 * Only bytes that this process's own SEAL wrote, or whose every word our own parsers checked, reach SEAL's loader.
 * Whoever creates a handle deletes it: without that node-seal's heap grows until it fails.
 * Source: SEAL 4.1, serialization.h, ciphertext.cpp, plaintext.cpp.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  DATA_LIMBS,
  DATA_PRIMES,
  PLAIN_MODULUS,
  RING_DEGREE,
  SEED_BYTES,
  SEED_PRNG_TYPE,
  SPECIAL_PRIME,
  SWITCHED_LIMBS,
} from '@sealedger/protocol/rlwe/ring.ts';
import type { SeededCiphertext, SwitchedCiphertext } from '@sealedger/protocol/rlwe/wire.ts';
import type { ClassHandle, MainModule, SEALContext } from 'node-seal';

/** Bytes before the 64-bit words of a plaintext. */
export const PLAINTEXT_HEADER_BYTES = 88;
/** Bytes before the words of a ciphertext, and before the generator's number and seed after a seeded ciphertext. */
const CIPHERTEXT_HEADER_BYTES = 113;
const PRNG_HEADER_BYTES = 16;
const SEEDED_BYTES = CIPHERTEXT_HEADER_BYTES + 8 * DATA_LIMBS * RING_DEGREE + PRNG_HEADER_BYTES + 1 + SEED_BYTES;
const SWITCHED_BYTES = CIPHERTEXT_HEADER_BYTES + 16 * SWITCHED_LIMBS * RING_DEGREE;

/** Handles that are deleted together, last created first. */
export class HandleScope {
  readonly #handles: ClassHandle[] = [];

  keep<T extends ClassHandle>(handle: T): T {
    this.#handles.push(handle);
    return handle;
  }

  delete(): void {
    for (const handle of this.#handles.reverse()) handle.delete();
    this.#handles.length = 0;
  }
}

/** Runs a piece of work and deletes the handles it kept. */
export function withHandles<T>(work: (scope: HandleScope) => T): T {
  const scope = new HandleScope();
  try {
    return work(scope);
  } finally {
    scope.delete();
  }
}

/**
 * SEAL's context for the ring of sealed scoring; the caller owns it.
 * @throws {ProtocolError} RLWE_SEAL_FORMAT when SEAL chose other primes than the protocol's.
 */
export function createSealContext(seal: MainModule): SEALContext {
  return withHandles((scope) => {
    const parameters = scope.keep(new seal.EncryptionParameters(seal.SchemeType.bfv));
    const bits = Int32Array.from({ length: DATA_LIMBS + 1 }, () => 30);
    const primes = scope.keep(seal.CoeffModulus.Create(RING_DEGREE, bits));
    const expected = [...DATA_PRIMES, SPECIAL_PRIME];
    for (const [i, prime] of expected.entries()) {
      const modulus = primes.get(i);
      const isExpected = modulus !== undefined && scope.keep(modulus).value() === BigInt(prime);
      if (!isExpected) throw new ProtocolError('RLWE_SEAL_FORMAT', { what: 'the primes' });
    }
    parameters.setPolyModulusDegree(RING_DEGREE);
    parameters.setCoeffModulus(primes);
    parameters.setPlainModulus(scope.keep(new seal.Modulus(PLAIN_MODULUS)));
    const context = new seal.SEALContext(parameters, true, seal.SecLevelType.tc128);
    if (!context.parametersSet()) {
      context.delete();
      throw new ProtocolError('RLWE_SEAL_FORMAT', { what: 'the context' });
    }
    return context;
  });
}

/** c0 and seed of the bytes of a seeded, uncompressed ciphertext at the first level. @throws {ProtocolError} RLWE_SEAL_FORMAT */
export function readSeeded(bytes: Uint8Array): SeededCiphertext {
  const seedAt = SEEDED_BYTES - SEED_BYTES;
  if (bytes.length !== SEEDED_BYTES || bytes[seedAt - 1] !== SEED_PRNG_TYPE) {
    throw new ProtocolError('RLWE_SEAL_FORMAT', { what: 'a seeded ciphertext' });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const c0 = new Uint32Array(DATA_LIMBS * RING_DEGREE);
  for (let i = 0; i < c0.length; i++) {
    const at = CIPHERTEXT_HEADER_BYTES + 8 * i;
    if (view.getUint32(at + 4, true) !== 0) throw new ProtocolError('RLWE_SEAL_FORMAT', { what: 'a coefficient' });
    c0[i] = view.getUint32(at, true);
  }
  return { c0, seed: bytes.slice(seedAt) };
}

/** The bytes of a seeded ciphertext with the head of `template` (one that SEAL wrote) and the given contents. */
export function writeSeeded(template: Uint8Array, ciphertext: SeededCiphertext): Uint8Array {
  const bytes = template.slice();
  bytes.set(widen(ciphertext.c0), CIPHERTEXT_HEADER_BYTES);
  bytes.set(ciphertext.seed, SEEDED_BYTES - SEED_BYTES);
  return bytes;
}

/** The bytes of a switched ciphertext with the head of `template`, which it overwrites. @throws {ProtocolError} RLWE_SEAL_FORMAT */
export function fillSwitched(template: Uint8Array, chunk: SwitchedCiphertext): Uint8Array {
  if (template.length !== SWITCHED_BYTES) throw new ProtocolError('RLWE_SEAL_FORMAT', { what: 'a ciphertext' });
  template.set(widen(chunk.c0), CIPHERTEXT_HEADER_BYTES);
  template.set(widen(chunk.c1), CIPHERTEXT_HEADER_BYTES + 8 * SWITCHED_LIMBS * RING_DEGREE);
  return template;
}

/** The bytes of a plaintext with one coefficient, from the bytes of any such plaintext. */
export function writeConstant(template: Uint8Array, value: bigint): Uint8Array {
  if (template.length !== PLAINTEXT_HEADER_BYTES + 8) {
    throw new ProtocolError('RLWE_SEAL_FORMAT', { what: 'a plaintext' });
  }
  const bytes = template.slice();
  new DataView(bytes.buffer).setBigUint64(PLAINTEXT_HEADER_BYTES, value, true);
  return bytes;
}

/** Coefficient `index` of an uncompressed plaintext; SEAL leaves leading zeros out. */
export function readCoefficient(bytes: Uint8Array, index: number): bigint {
  const at = PLAINTEXT_HEADER_BYTES + 8 * index;
  return at + 8 <= bytes.length ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true) : 0n;
}

/** Reused for every polynomial: a fresh one for each opened score keeps the garbage collector busy on every core. */
const wide = new Uint32Array(2 * DATA_LIMBS * RING_DEGREE);

/** 32-bit words as 64-bit little-endian words; valid until the next call. */
function widen(words: Uint32Array): Uint8Array {
  for (let i = 0; i < words.length; i++) wide[2 * i] = words[i]!;
  return new Uint8Array(wide.buffer, 0, 8 * words.length);
}
