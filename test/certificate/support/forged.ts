/** Models and records that a dishonest bank would hand in. */
import { DATA_PRIMES, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import type { SeededCiphertext } from '@sealedger/protocol/rlwe/wire.ts';
import { SPREAD } from './certifier-world.ts';

/** Three models m, m + u + v and m + 2u − v: each pair differs in two departments, all three together give u and v alone. */
export function pairwiseInnocent(): readonly [number[], number[], number[]] {
  const add = (by: (i: number) => number): number[] => SPREAD.map((swing, i) => swing + by(i));
  const inSocial = (i: number): number => (i >= 4 && i < 8 ? 0.7 * (i - 5.4) : 0);
  const inCourt = (i: number): number => (i < 4 ? 0.7 * (i - 1.4) : 0);
  return [add(() => 0), add((i) => inSocial(i) + inCourt(i)), add((i) => 2 * inSocial(i) - inCourt(i))];
}

/** Adds noise to one coefficient of c0, in every limb. */
export function withNoise({ c0, seed }: SeededCiphertext, noise: bigint, place: number): SeededCiphertext {
  const noisy = c0.slice();
  DATA_PRIMES.forEach((prime, limb) => {
    const at = limb * RING_DEGREE + place;
    noisy[at] = Number((BigInt(noisy[at]!) + noise) % BigInt(prime));
  });
  return { c0: noisy, seed };
}
