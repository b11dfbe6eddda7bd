/**
 * Addresses, sizes and constants of the RLWE kernel's memory.
 *
 * Memory: static words of the module, the primes, a table per prime, working polynomials, then the weights of a model
 * and the columns of a chunk. Weights stand limb by limb, within a limb group by group (assembly/accumulate.ts), so that
 * a pass over one limb reads them from front to back while that prime's table and the group's columns stay in cache.
 */
import { DATA_LIMBS, RING_DEGREE } from './ring.ts';

export interface KernelExports {
  buildTable(table: number, prime: number): void;
  forward16(source: number, target: number, table: number): void;
  forward32(source: number, target: number, table: number): void;
  forwardSigned(source: number, target: number, table: number): void;
  inverse(data: number, target: number, table: number): void;
  placeWeight(source: number, group: number, count: number, slot: number, prime: number): void;
  accumulateGroup(columns: number, stride: number, weights: number, count: number, sums: number, prime: number): void;
  expandSeed(seed: number, primes: number, limbs: number, target: number, scratch: number): void;
  sampleTernary(bytes: number, count: number, target: number): number;
  sampleBinomial(bytes: number, target: number): void;
  addSigned(target: number, source: number, prime: number): void;
  addFlood(target: number, random: number, constants: number, prime: number): void;
  releaseRounding(noise: number, fraction: number, target: number): void;
  addRelease(target: number, noise: number, rounding: number, delta: number, quotient: number, prime: number): void;
  divideByLast(target: number, last: number, prime: number, lastPrime: number, inverse: number, quotient: number): void;
  addStream(target: number, stream: number, count: number, prime: number, negative: number): number;
  unionOfBits(at: number, sizeBytes: number): number;
}

export const POLY_BYTES = 4 * RING_DEGREE;
/** Bytes of one feature's weights in one limb: two polynomials. */
export const FEATURE_BYTES = 2 * POLY_BYTES;
/** Columns of a group stand this far apart: some lines more than a polynomial, so that they do not meet in one cache set. */
export const COLUMN_STRIDE = POLY_BYTES + 192;
export const PAGE_BYTES = 65536;
/** A prime's table: header, forward and inverse twiddles (assembly/ntt.ts). */
const TABLE_BYTES = 256 + 2 * 65536;
const FLOOD_CONSTANTS_BYTES = 32;

/** Bytes of keystream for 8,192 ternary values; fewer than 8,192 accepted ones of 8,704 do not happen (p < 2^−900). */
export const TERNARY_BYTES = RING_DEGREE + 512;
export const ERROR_BYTES = 6 * RING_DEGREE;
export const FLOOD_BYTES = 3 * POLY_BYTES;
/** Keystream that the sanitising of one chunk takes, in this order: ternary, two errors, flood. */
export const SANITISE_BYTES = TERNARY_BYTES + 2 * ERROR_BYTES + FLOOD_BYTES;

/** Most items of a group: twelve products still fit one signed Montgomery reduction (assembly/accumulate.ts). */
const GROUP_LIMIT = 12;

/** Start and length of each group that `items` features form, as even as the limit allows. */
export function groupsOf(items: number): readonly { readonly start: number; readonly count: number }[] {
  const groups = Math.ceil(items / GROUP_LIMIT);
  return Array.from({ length: groups }, (_, g) => {
    const start = Math.floor((g * items) / groups);
    return { start, count: Math.floor(((g + 1) * items) / groups) - start };
  });
}

/** The fixed region: every address is a multiple of 64. */
export const addresses = layout();

function layout() {
  let next = PAGE_BYTES;
  const take = (sizeBytes: number): number => {
    const at = next;
    next += Math.ceil(sizeBytes / 64) * 64;
    return at;
  };
  return {
    primes: take(4 * DATA_LIMBS),
    floodConstants: take(FLOOD_CONSTANTS_BYTES),
    seed: take(64),
    tables: Array.from({ length: DATA_LIMBS }, () => take(TABLE_BYTES)),
    transformed: take(GROUP_LIMIT * COLUMN_STRIDE),
    sums: take(2 * POLY_BYTES),
    c0: take(DATA_LIMBS * POLY_BYTES),
    c1: take(DATA_LIMBS * POLY_BYTES),
    ternary: take(POLY_BYTES),
    error0: take(POLY_BYTES),
    error1: take(POLY_BYTES),
    release: take(POLY_BYTES),
    rounding: take(POLY_BYTES),
    random: take(SANITISE_BYTES + 16),
    scratch: take(2 * DATA_LIMBS * POLY_BYTES),
    model: take(0),
  } as const;
}
