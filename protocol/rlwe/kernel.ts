/**
 * The RLWE kernel step by step: a WebAssembly instance, its memory, and one loaded model.
 *
 * The steps are what the tests and an auditor take apart; a department goes through evaluator.ts, which runs all of
 * them in the one safe order and never lets an unsanitised sum out.
 */
import { KERNEL_BASE64 } from './kernel.generated.ts';
import {
  addresses,
  COLUMN_STRIDE,
  ERROR_BYTES,
  FEATURE_BYTES,
  groupsOf,
  type KernelExports,
  PAGE_BYTES,
  POLY_BYTES,
  SANITISE_BYTES,
  TERNARY_BYTES,
} from './kernel-memory.ts';
import { DATA_LIMBS, DATA_PRIMES, MODULUS, PLAIN_MODULUS, RING_DEGREE, SWITCHED_LIMBS } from './ring.ts';
import type { SeededCiphertext, SwitchedCiphertext } from './wire.ts';

/** One feature of one chunk: 8,192 unsigned values. */
export type FeatureColumn = Uint16Array | Uint32Array;

/** A factor for Shoup multiplication modulo a prime: its residue w and floor(w·2^32/p). */
function shoup(value: bigint, prime: number): readonly [w: number, quotient: number] {
  const p = BigInt(prime);
  const w = ((value % p) + p) % p;
  return [Number(w), Number((w << 32n) / p)];
}

/** value^−1 modulo a prime, by Fermat. */
function inverseModulo(value: number, prime: number): bigint {
  const p = BigInt(prime);
  let result = 1n;
  let square = BigInt(value) % p;
  for (let exponent = p - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

const DELTA = MODULUS / PLAIN_MODULUS;
/** (q mod t)/t, exact in a double because t is 2^44. */
const DELTA_FRACTION = Number(MODULUS % PLAIN_MODULUS) / Number(PLAIN_MODULUS);
const DELTA_BY_LIMB = DATA_PRIMES.map((prime) => shoup(DELTA, prime));

/** Per dropped limb and remaining limb: the dropped prime's inverse, for the division of the modulus switch. */
const DIVISORS = DATA_PRIMES.map((lastPrime, last) =>
  DATA_PRIMES.slice(0, last).map((prime) => shoup(inverseModulo(lastPrime, prime), prime)),
);

let compiled: WebAssembly.Module | undefined;

/** A new instance of the kernel over the given memory. */
export function instantiateKernel(memory: WebAssembly.Memory): KernelExports {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNEL_BASE64), (character) => character.charCodeAt(0)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as KernelExports;
}

/** A kernel instance; holds at most one model and one chunk at a time. Not reentrant. */
export class RlweKernel {
  readonly #memory = new WebAssembly.Memory({ initial: Math.ceil(addresses.model / PAGE_BYTES) });
  readonly #wasm: KernelExports = instantiateKernel(this.#memory);
  #features = 0;
  #kinds: readonly ('u16' | 'u32')[] = [];

  constructor() {
    this.#words(addresses.primes, DATA_LIMBS).set(DATA_PRIMES);
    DATA_PRIMES.forEach((prime, limb) => {
      this.#wasm.buildTable(addresses.tables[limb]!, prime);
    });
  }

  /** Features of the loaded model; 0 before any is loaded. */
  get features(): number {
    return this.#features;
  }

  /** Expands, transforms and stores a model; replaces the one before. Takes about 256 kB and 3 ms a feature. */
  loadModel(publicKey: SeededCiphertext, weights: readonly SeededCiphertext[]): void {
    this.#features = 0;
    this.#reserve(weights.length);
    const items = [...weights, publicKey];
    for (const { start, count } of groupsOf(items.length)) {
      for (let slot = 0; slot < count; slot++) this.#place(items[start + slot]!, items.length, start, count, slot);
    }
    this.#features = weights.length;
    this.wipe();
  }

  /** Both polynomials of a seeded ciphertext, limb after limb; c1 is expanded from the seed. */
  expand(ciphertext: SeededCiphertext): SwitchedCiphertext {
    const limbs = DATA_LIMBS * RING_DEGREE;
    this.#bytes(addresses.seed, 64).set(ciphertext.seed);
    this.#words(addresses.c0, limbs).set(ciphertext.c0);
    this.#wasm.expandSeed(addresses.seed, addresses.primes, DATA_LIMBS, addresses.c1, addresses.scratch);
    return { c0: this.#words(addresses.c0, limbs).slice(), c1: this.#words(addresses.c1, limbs).slice() };
  }

  /**
   * Copies a chunk's columns in and reads their width.
   * @returns for each column the union of the bits of all values: a value of more bits than the schema's shows there,
   *   and the time taken tells nothing about the values.
   */
  putColumns(columns: readonly FeatureColumn[]): readonly number[] {
    this.#kinds = columns.map((column) => (column instanceof Uint16Array ? 'u16' : 'u32'));
    return columns.map((column, feature) => {
      const at = this.#columnAt(feature);
      if (column instanceof Uint16Array) this.#halves(at).set(column);
      else this.#words(at, RING_DEGREE).set(column);
      const union = this.#wasm.unionOfBits(at, column.byteLength) >>> 0;
      return column instanceof Uint16Array ? (union & 0xffff) | (union >>> 16) : union;
    });
  }

  /**
   * Fills the sanitising randomness of one chunk from {@link SANITISE_BYTES} of keystream.
   * @returns false where the keystream refused too many bytes, which a real one never does.
   */
  sample(keystream: Uint8Array): boolean {
    this.#bytes(addresses.random, SANITISE_BYTES).set(keystream);
    const errors = addresses.random + TERNARY_BYTES;
    const made = this.#wasm.sampleTernary(addresses.random, TERNARY_BYTES, addresses.ternary);
    this.#wasm.sampleBinomial(errors, addresses.error0);
    this.#wasm.sampleBinomial(errors + ERROR_BYTES, addresses.error1);
    return made === RING_DEGREE;
  }

  /** Sets u by hand, 8,192 values of {−1, 0, 1}: whoever holds a secret key multiplies by it in this way. */
  putTernary(values: Int32Array): void {
    this.#signed(addresses.ternary).set(values);
  }

  /** c0, c1 := Σ weight_j·column_j + publicKey·u over all four limbs; u is zero before {@link sample}. */
  accumulate(): void {
    for (let limb = 0; limb < DATA_LIMBS; limb++) this.#accumulateLimb(limb);
  }

  /** c0 += round(q·n/t), c0 += e1, c1 += e2. @param noise - 8,192 score units, each in (−2^28, 2^28). */
  addErrors(noise: Int32Array): void {
    this.#signed(addresses.release).set(noise);
    this.#wasm.releaseRounding(addresses.release, DELTA_FRACTION, addresses.rounding);
    DATA_PRIMES.forEach((prime, limb) => {
      const c0 = addresses.c0 + limb * POLY_BYTES;
      const [delta, quotient] = DELTA_BY_LIMB[limb]!;
      this.#wasm.addRelease(c0, addresses.release, addresses.rounding, delta, quotient, prime);
      this.#wasm.addSigned(c0, addresses.error0, prime);
      this.#wasm.addSigned(addresses.c1 + limb * POLY_BYTES, addresses.error1, prime);
    });
  }

  /** c0 += uniform in [−2^floodBits, 2^floodBits) in every coefficient, from the sampled keystream. */
  addFlood(floodBits: number): void {
    const random = addresses.random + TERNARY_BYTES + 2 * ERROR_BYTES;
    DATA_PRIMES.forEach((prime, limb) => {
      this.#putFloodConstants(floodBits, prime);
      this.#wasm.addFlood(addresses.c0 + limb * POLY_BYTES, random, addresses.floodConstants, prime);
    });
  }

  /** Divides both polynomials by the last prime, twice, with exact rounding: four limbs become two. */
  switchModulus(): void {
    for (let last = DATA_LIMBS - 1; last >= SWITCHED_LIMBS; last--) {
      for (const poly of [addresses.c0, addresses.c1]) {
        for (let limb = 0; limb < last; limb++) this.#divide(poly, limb, last);
      }
    }
  }

  /** The first `limbs` limbs of both polynomials, copied out. */
  read(limbs: number): SwitchedCiphertext {
    const words = limbs * RING_DEGREE;
    return { c0: this.#words(addresses.c0, words).slice(), c1: this.#words(addresses.c1, words).slice() };
  }

  /** Overwrites the sanitising randomness and the sums, with which a sanitised ciphertext could be undone. */
  wipe(): void {
    this.#bytes(addresses.sums, addresses.scratch - addresses.sums).fill(0);
  }

  #accumulateLimb(limb: number): void {
    const prime = DATA_PRIMES[limb]!;
    const items = this.#features + 1;
    this.#bytes(addresses.sums, 2 * POLY_BYTES).fill(0);
    for (const { start, count } of groupsOf(items)) {
      for (let slot = 0; slot < count; slot++) this.#transform(start + slot, slot, limb);
      const weights = this.#weightsAt(limb, items) + start * FEATURE_BYTES;
      this.#wasm.accumulateGroup(addresses.transformed, COLUMN_STRIDE, weights, count, addresses.sums, prime);
    }
    const table = addresses.tables[limb]!;
    this.#wasm.inverse(addresses.sums, addresses.c0 + limb * POLY_BYTES, table);
    this.#wasm.inverse(addresses.sums + POLY_BYTES, addresses.c1 + limb * POLY_BYTES, table);
  }

  #transform(item: number, slot: number, limb: number): void {
    const target = addresses.transformed + slot * COLUMN_STRIDE;
    const table = addresses.tables[limb]!;
    if (item === this.#features) this.#wasm.forwardSigned(addresses.ternary, target, table);
    else if (this.#kinds[item] === 'u16') this.#wasm.forward16(this.#columnAt(item), target, table);
    else this.#wasm.forward32(this.#columnAt(item), target, table);
  }

  #place(ciphertext: SeededCiphertext, items: number, start: number, count: number, slot: number): void {
    this.expand(ciphertext);
    for (const [poly, source] of [addresses.c0, addresses.c1].entries()) {
      DATA_PRIMES.forEach((prime, limb) => {
        const group = this.#weightsAt(limb, items) + start * FEATURE_BYTES;
        this.#wasm.forward32(source + limb * POLY_BYTES, addresses.transformed, addresses.tables[limb]!);
        this.#wasm.placeWeight(addresses.transformed, group, count, 2 * slot + poly, prime);
      });
    }
  }

  #divide(poly: number, limb: number, last: number): void {
    const prime = DATA_PRIMES[limb]!;
    const lastPrime = DATA_PRIMES[last]!;
    const [inverse, quotient] = DIVISORS[last]![limb]!;
    this.#wasm.divideByLast(poly + limb * POLY_BYTES, poly + last * POLY_BYTES, prime, lastPrime, inverse, quotient);
  }

  #putFloodConstants(floodBits: number, prime: number): void {
    const bits = floodBits + 1;
    const mask = (from: number): number => 2 ** Math.min(30, Math.max(0, bits - from)) - 1;
    const offset = shoup(-(1n << BigInt(floodBits)), prime)[0];
    const constants = [mask(0), mask(30), mask(60), ...shoup(1n << 30n, prime), ...shoup(1n << 60n, prime), offset];
    this.#words(addresses.floodConstants, constants.length).set(constants);
  }

  #reserve(features: number): void {
    const needed = addresses.model + (features + 1) * DATA_LIMBS * FEATURE_BYTES + features * POLY_BYTES;
    const pages = Math.ceil((needed - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (pages > 0) this.#memory.grow(pages);
  }

  #weightsAt(limb: number, items: number): number {
    return addresses.model + limb * items * FEATURE_BYTES;
  }

  #columnAt(feature: number): number {
    return this.#weightsAt(DATA_LIMBS, this.#features + 1) + feature * POLY_BYTES;
  }

  #bytes(at: number, sizeBytes: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, sizeBytes);
  }

  #words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, count);
  }

  #halves(at: number): Uint16Array {
    return new Uint16Array(this.#memory.buffer, at, RING_DEGREE);
  }

  #signed(at: number): Int32Array {
    return new Int32Array(this.#memory.buffer, at, RING_DEGREE);
  }
}
