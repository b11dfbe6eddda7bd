/** Exact fractions of whole numbers, so that a score does not depend on the order of sums or the width of a float. */

/** n / d in lowest terms, d > 0. */
export interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

export const ZERO: Fraction = { n: 0n, d: 1n };
export const ONE: Fraction = { n: 1n, d: 1n };

const FULL = 10_000n;

/** @param d - not 0. @throws {RangeError} where it is */
export function fraction(n: bigint, d: bigint): Fraction {
  if (d === 0n) throw new RangeError('a fraction of nothing');
  const sign = d < 0n ? -1n : 1n;
  const divisor = greatestDivisor(n < 0n ? -n : n, d < 0n ? -d : d);
  return { n: (sign * n) / divisor, d: (sign * d) / divisor };
}

/** The fraction that a number with so many decimals at most was written as. */
export function fromDecimal(value: number, decimals: number): Fraction {
  const scale = 10 ** decimals;
  return fraction(BigInt(Math.round(value * scale)), BigInt(scale));
}

export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.n, a.d * b.d);
}

/** @throws {RangeError} where b is 0 */
export function divide(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.d, a.d * b.n);
}

export function isBelow(a: Fraction, b: Fraction): boolean {
  return a.n * b.d < b.n * a.d;
}

/** Whole basis points, rounded down: 10,000 means that nothing failed, and no score is better than it was. */
export function toBasisPoints({ n, d }: Fraction): number {
  return Number((n * FULL) / d);
}

/** Whole basis points, rounded up: the upper end of an interval. */
export function toBasisPointsAbove({ n, d }: Fraction): number {
  return Number((n * FULL + d - 1n) / d);
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}
