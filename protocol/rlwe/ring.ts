/**
 * The fixed ring of sealed scoring: degree, primes, plain modulus, and the constants that follow from them.
 *
 * The primes are those that SEAL's `CoeffModulus::Create(8192, {30, 30, 30, 30, 30})` gives, in its order; the fifth
 * (1073692673) is SEAL's own key-switching prime and carries no data. Five times 30 bits are well inside the 218 bits
 * that the HomomorphicEncryption.org standard allows for ternary secrets at 128 bits of security and N = 8192.
 * Source: Albrecht et al., Homomorphic Encryption Standard (2018), table 1; SEAL 4.1, modulus.cpp.
 */
import { digestHex } from '../canonical.ts';
import { domains } from '../domains.ts';

export const RING_DEGREE = 8192;
export const DATA_PRIMES = [1073299457, 1073430529, 1073479681, 1073643521] as const;
export const SPECIAL_PRIME = 1073692673;
/** Primes left after the modulus switch, in the order of the limbs that travel. */
export const SWITCHED_PRIMES = [DATA_PRIMES[0], DATA_PRIMES[1]] as const;
export const DATA_LIMBS = DATA_PRIMES.length;
export const SWITCHED_LIMBS = SWITCHED_PRIMES.length;
export const PLAIN_MODULUS_BITS = 44;
export const PLAIN_MODULUS = 1n << BigInt(PLAIN_MODULUS_BITS);

/** Product of the data primes (q) and of the primes left after the switch (q'). */
export const MODULUS: bigint = DATA_PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);
export const SWITCHED_MODULUS: bigint = SWITCHED_PRIMES.reduce((product, prime) => product * BigInt(prime), 1n);

/** Bound and doubled variance (which is also its sub-Gaussian proxy) of SEAL's error: 21 fair bits minus 21 fair bits. Source: SEAL 4.1, sample_poly_cbd. */
export const ERROR_BOUND = 21;
export const TWICE_ERROR_VARIANCE = 21n;

/** Version of the kernel's results: any change of a byte it can put out, given the same inputs, needs a new one. */
export const KERNEL_VERSION = 'sealedger-rlwe-1';
/** The generator that expands seeds, and SEAL's number for it. */
export const SEED_PRNG = 'blake2xb';
export const SEED_PRNG_TYPE = 1;
export const SEED_BYTES = 64;

/** What every party must share to understand a record; part of every computation's parameters. */
export const ringParameters = {
  scheme: 'bfv',
  ringDegree: RING_DEGREE,
  primes: [...DATA_PRIMES],
  specialPrime: SPECIAL_PRIME,
  switchedLimbs: SWITCHED_LIMBS,
  plainModulusBits: PLAIN_MODULUS_BITS,
  error: 'centred-binomial-21',
  seedPrng: SEED_PRNG,
  kernelVersion: KERNEL_VERSION,
} as const;

/** Digest of {@link ringParameters}, 32 bytes in lower-case hex: the tag in front of every record. */
export const RING_TAG: string = digestHex(domains.ringParameters, ringParameters);
