/** Shared by the tests of sealed scoring: deterministic randomness, node-seal as oracle, exact big-integer views. */
import { createCipheriv, createHash } from 'node:crypto';
import type { KeystreamExpander } from '@sealedger/protocol/rlwe/evaluator.ts';
import { DATA_PRIMES, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';

/** The port as a node implements it: AES-256-CTR from a zero counter block. */
export const expand: KeystreamExpander = (key, lengthBytes) =>
  createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(new Uint8Array(lengthBytes));

/** 32 bytes that depend on a label only. */
export function keyOf(label: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(label).digest());
}

/** A deterministic stream of 32-bit words. */
export function wordsOf(label: string, count: number): Uint32Array {
  const bytes = expand(keyOf(label), 4 * count);
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * count));
}

/** A column of uniform values below 2^bits. */
export function columnOf(label: string, bits: number): Uint16Array | Uint32Array {
  const words = wordsOf(label, RING_DEGREE).map((word) => word & (2 ** bits - 1));
  return bits <= 16 ? Uint16Array.from(words) : words;
}

/** Uniform polynomials modulo the data primes, limb after limb. */
export function uniformPoly(label: string): Uint32Array {
  return wordsOf(label, DATA_PRIMES.length * RING_DEGREE).map((word, i) => word % DATA_PRIMES[i >> 13]!);
}

/** The numbers in (−m/2, m/2] with the given residues modulo the first `limbs` primes; 8,192 of them. */
export function centredIntegers(words: Uint32Array, limbs: number): bigint[] {
  const primes = DATA_PRIMES.slice(0, limbs).map(BigInt);
  const modulus = primes.reduce((product, prime) => product * prime, 1n);
  const basis = primes.map((prime) => {
    const rest = modulus / prime;
    return rest * powMod(rest % prime, prime - 2n, prime);
  });
  return Array.from({ length: RING_DEGREE }, (_, i) => {
    const value = basis.reduce((sum, unit, limb) => sum + unit * BigInt(words[limb * RING_DEGREE + i]!), 0n) % modulus;
    return 2n * value > modulus ? value - modulus : value;
  });
}

export function powMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/**
 * Pearson's statistic of values against uniformity over [0, size) in 16 bins; above 60 has probability below 3·10^−7
 * for uniform values (15 degrees of freedom).
 */
export function chiSquare(values: readonly number[], size: number): number {
  const bins = new Array<number>(16).fill(0);
  for (const value of values) bins[Math.floor((value / size) * 16)]! += 1;
  const expected = values.length / 16;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

export const UNIFORM_LIMIT = 60;

/** Cleartext scores of one chunk: Σ weight·value per slot. */
export function plainScores(weights: readonly bigint[], columns: readonly (Uint16Array | Uint32Array)[]): bigint[] {
  return Array.from({ length: RING_DEGREE }, (_, i) =>
    weights.reduce((sum, weight, j) => sum + weight * BigInt(columns[j]![i]!), 0n),
  );
}
