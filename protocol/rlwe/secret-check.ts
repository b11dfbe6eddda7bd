/**
 * Checks sealed weights and a public key with the secret key in hand: is each what an honest bank makes?
 *
 * Parties: the bank, which opens its key to the certifier, and the certifier (a regulator or an agreed auditor), which
 * runs this. Decrypting with SEAL would not do: it rounds the noise away, and noise of 2^60 is how a bank would read
 * more than a sum out of one unlocked coefficient. So c1 is expanded from the seed, c0 + c1·s is computed exactly, and
 * every one of its 8,192 coefficients is looked at.
 * Source: DESIGN.md 3.2, "model certificate"; docs/sealed-scoring.md.
 */
import { ProtocolError } from '../errors.ts';
import { RlweKernel } from './kernel.ts';
import { DATA_LIMBS, DATA_PRIMES, ERROR_BOUND, MODULUS, PLAIN_MODULUS, RING_DEGREE } from './ring.ts';
import type { SeededCiphertext } from './wire.ts';

/** What is wrong with a ciphertext; `coefficient` is the first place where it shows. */
export type CiphertextFlaw = 'not-constant' | 'noise';
export type CheckedWeight =
  | { readonly isHonest: true; readonly weight: bigint }
  | { readonly isHonest: false; readonly flaw: CiphertextFlaw; readonly coefficient: number };

export interface SecretKeyChecker {
  /**
   * Reads the weight of a record. Learns: the certifier learns the weight.
   * @returns the signed weight where ‖c0 + c1·s − round(q·w/t)‖∞ ≤ 21 with w constant; the flaw where not.
   */
  checkWeight(ciphertext: SeededCiphertext): CheckedWeight;
  /** As {@link checkWeight} for the public key, which must be an encryption of zero. */
  checkPublicKey(ciphertext: SeededCiphertext): CheckedWeight;
  /** Overwrites the secret in the kernel's memory and in here. */
  wipe(): void;
}

/**
 * @param secret - the coefficients of s; it is copied.
 * @throws {ProtocolError} RLWE_SECRET_NOT_TERNARY where it has another length or a coefficient outside {−1, 0, 1}.
 */
export function createSecretKeyChecker(secret: Int32Array): SecretKeyChecker {
  assertTernary(secret);
  const kernel = new RlweKernel();
  const own = secret.slice();
  const phase = (ciphertext: SeededCiphertext): Uint32Array => {
    kernel.loadModel(ciphertext, []);
    kernel.putTernary(own);
    kernel.accumulate();
    const { c1 } = kernel.read(DATA_LIMBS);
    kernel.wipe();
    return c1.map((word, i) => (word + ciphertext.c0[i]!) % DATA_PRIMES[Math.floor(i / RING_DEGREE)]!);
  };
  return {
    checkWeight: (ciphertext) => checkPhase(phase(ciphertext)),
    checkPublicKey: (ciphertext) => {
      const checked = checkPhase(phase(ciphertext));
      if (!checked.isHonest || checked.weight === 0n) return checked;
      return { isHonest: false, flaw: 'noise', coefficient: 0 };
    },
    wipe: () => {
      own.fill(0);
      kernel.wipe();
    },
  };
}

function assertTernary(secret: Int32Array): void {
  const isTernary = secret.length === RING_DEGREE && secret.every((value) => value >= -1 && value <= 1);
  if (!isTernary || secret.every((value) => value === 0)) throw new ProtocolError('RLWE_SECRET_NOT_TERNARY', {});
}

/** Coefficient 0 may hold a weight, all others errors only. */
function checkPhase(phase: Uint32Array): CheckedWeight {
  const first = integerAt(phase, 0);
  const weight = roundedQuotient(first * PLAIN_MODULUS, MODULUS);
  const error = first - roundedQuotient(MODULUS * weight, PLAIN_MODULUS);
  if (!isError(error)) return { isHonest: false, flaw: 'noise', coefficient: 0 };
  for (let i = 1; i < RING_DEGREE; i++) {
    if (isSmallAt(phase, i)) continue;
    const value = integerAt(phase, i);
    const isMultiple = isError(
      value - roundedQuotient(MODULUS * roundedQuotient(value * PLAIN_MODULUS, MODULUS), PLAIN_MODULUS),
    );
    return { isHonest: false, flaw: isMultiple ? 'not-constant' : 'noise', coefficient: i };
  }
  return { isHonest: true, weight };
}

function isError(value: bigint): boolean {
  return value >= -BigInt(ERROR_BOUND) && value <= BigInt(ERROR_BOUND);
}

/** Whether coefficient `i` is the same small integer modulo every prime, hence modulo q. */
function isSmallAt(phase: Uint32Array, i: number): boolean {
  const centred = DATA_PRIMES.map((prime, limb) => {
    const word = phase[limb * RING_DEGREE + i]!;
    return 2 * word > prime ? word - prime : word;
  });
  return Math.abs(centred[0]!) <= ERROR_BOUND && centred.every((value) => value === centred[0]);
}

/** Chinese remainder: for each prime the number that is 1 modulo it and 0 modulo the others. */
const UNITS = DATA_PRIMES.map((prime) => {
  const p = BigInt(prime);
  const rest = MODULUS / p;
  let inverse = 1n;
  for (let square = rest % p, exponent = p - 2n; exponent > 0n; exponent >>= 1n, square = (square * square) % p) {
    if (exponent & 1n) inverse = (inverse * square) % p;
  }
  return rest * inverse;
});

/** Coefficient `i` in (−q/2, q/2]. */
function integerAt(phase: Uint32Array, i: number): bigint {
  const value = UNITS.reduce((sum, unit, limb) => sum + unit * BigInt(phase[limb * RING_DEGREE + i]!), 0n) % MODULUS;
  return 2n * value > MODULUS ? value - MODULUS : value;
}

/** Nearest integer to numerator/denominator, halves up. @param denominator - positive. */
function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const twice = 2n * numerator + denominator;
  const divisor = 2n * denominator;
  const remainder = ((twice % divisor) + divisor) % divisor;
  return (twice - remainder) / divisor;
}
