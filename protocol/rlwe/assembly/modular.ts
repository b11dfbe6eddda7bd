/**
 * Arithmetic modulo a 30-bit prime on four 32-bit lanes, lazily reduced.
 *
 * No function branches on a value. A lane in [0, k·p) is "k-lazy"; 4p < 2^32 holds for every prime used.
 * Source: Harvey, Faster arithmetic for number-theoretic transforms (2014), section 3.
 */

/** The upper 32 bits of each 32 × 32 bit product. */
// @ts-ignore: decorator
@inline
export function mulHigh(a: v128, b: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(a, b);
  const high = i64x2.extmul_high_i32x4_u(a, b);
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/** x·w mod p in [0, 2p) for any 32-bit x; `quotient` is floor(w·2^32 / p). */
// @ts-ignore: decorator
@inline
export function mulShoup(x: v128, w: v128, quotient: v128, p: v128): v128 {
  return i32x4.sub(i32x4.mul(x, w), i32x4.mul(mulHigh(x, quotient), p));
}

/** x − m where x >= m, else x: unsigned minimum instead of a branch. */
// @ts-ignore: decorator
@inline
export function reduceOnce(x: v128, m: v128): v128 {
  return i32x4.min_u(x, i32x4.sub(x, m));
}

/** x + m where the difference x in (−m, m) wrapped below zero, else x: the result is in [0, m). */
// @ts-ignore: decorator
@inline
export function wrapOnce(x: v128, m: v128): v128 {
  return i32x4.min_u(x, i32x4.add(x, m));
}

/** x·w mod p in [0, 2p) for x < 2^16; `quotient` is floor(w·2^16 / p). */
// @ts-ignore: decorator
@inline
export function mulShoupHalf(x: v128, w: v128, quotient: v128, p: v128): v128 {
  return i32x4.sub(i32x4.mul(x, w), i32x4.mul(i32x4.shr_u(i32x4.mul(x, quotient), 16), p));
}

/** The residue in [0, p) of each lane of signed integers −p < x < p. */
// @ts-ignore: decorator
@inline
export function lift(x: v128, p: v128): v128 {
  return i32x4.add(x, v128.and(i32x4.shr_s(x, 31), p));
}

/** x·y mod p for x, y < 2^32 and p < 2^32; set-up only. */
export function mulMod(x: u64, y: u64, p: u64): u64 {
  return (x * y) % p;
}

/** x^e mod p; set-up only. */
export function powMod(x: u64, e: u64, p: u64): u64 {
  let result: u64 = 1;
  for (let base = x % p; e > 0; e >>= 1) {
    if (e & 1) result = mulMod(result, base, p);
    base = mulMod(base, base, p);
  }
  return result;
}

/** floor(w·2^32 / p), the constant that Shoup multiplication by w needs. */
// @ts-ignore: decorator
@inline
export function shoupQuotient(w: u64, p: u64): u32 {
  return <u32>((w << 32) / p);
}

/** p^−1 modulo 2^32 by Newton iteration; p odd. */
export function inverseWord(p: u32): u32 {
  let x: u32 = p;
  for (let i = 0; i < 5; i++) x *= 2 - p * x;
  return x;
}
