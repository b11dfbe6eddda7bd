/**
 * Multiply-accumulate of transformed columns with transformed weights, both polynomials of a ciphertext at once.
 *
 * Weights are kept in groups of up to twelve features: per pair of vectors, per feature, c0 then c1, in Montgomery
 * form and centred in (−p/2, p/2]. With r = p/2^30 < 1, twelve products of such a weight with a lane in [−p, p) have an
 * upper word of at most 1.5·r²·2^30, and the multiple of p that clears the lower word one of at most 0.5·r·2^30; the
 * difference stays inside ±2p because 1.5·r² + 0.5·r < 2·r. So the sum of a group needs one signed Montgomery reduction
 * and no 64-bit fold.
 */
import { inverseWord, reduceOnce } from './modular';

/**
 * Puts one transformed polynomial into its group.
 * @param source - lanes in [−p, p).
 * @param group - start of the group's weights. @param count - features in the group. @param slot - feature * 2 + polynomial.
 */
export function placeWeight(source: usize, group: usize, count: u32, slot: u32, prime: u32): void {
  const p = <i64>prime;
  const step: usize = <usize>count * 64;
  const offset = <usize>(slot >> 1) * 64 + <usize>(slot & 1) * 32;
  for (let word: usize = 0; word < 8192; word++) {
    const value = <i64>load<i32>(source + word * 4) + p;
    let form = <i64>((<u64>value << 32) % <u64>p);
    if (form > p / 2) form -= p;
    store<i32>(group + (word >> 3) * step + offset + (word & 7) * 4, <i32>form);
  }
}

/** Signed sums of at most twelve products (two lanes each of low and high), over 2^32, in [0, 2p). */
// @ts-ignore: decorator
@inline
function montgomery(low: v128, high: v128, inverse: v128, p: v128, twoP: v128): v128 {
  const lower = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  const upper = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
  const m = i32x4.mul(lower, inverse);
  const multiple = v128.shuffle<i32>(
    i64x2.extmul_low_i32x4_s(m, p), i64x2.extmul_high_i32x4_s(m, p), 1, 3, 5, 7,
  );
  return reduceOnce(i32x4.add(i32x4.sub(upper, multiple), twoP), twoP);
}

/**
 * target += Σ columns·weights of one group, modulo p.
 * @param columns - `count` transformed columns, `columnStride` bytes apart. @param sums - two polynomials in [0, 2p).
 */
export function accumulateGroup(
  columns: usize, columnStride: usize, weights: usize, count: u32, sums: usize, prime: u32,
): void {
  const p = i32x4.splat(<i32>prime);
  const twoP = i32x4.shl(p, 1);
  const inverse = i32x4.splat(<i32>inverseWord(prime));
  const last = columnStride * count;
  for (let at: usize = 0; at < 32768; at += 32) {
    let l0 = i64x2.splat(0), h0 = l0, l1 = l0, h1 = l0, m0 = l0, k0 = l0, m1 = l0, k1 = l0;
    const x = columns + at;
    for (let column: usize = 0; column < last; column += columnStride) {
      const xa = v128.load(x + column), xb = v128.load(x + column, 16);
      const wa = v128.load(weights), wb = v128.load(weights, 16);
      const va = v128.load(weights, 32), vb = v128.load(weights, 48);
      l0 = i64x2.add(l0, i64x2.extmul_low_i32x4_s(xa, wa));
      h0 = i64x2.add(h0, i64x2.extmul_high_i32x4_s(xa, wa));
      l1 = i64x2.add(l1, i64x2.extmul_low_i32x4_s(xb, wb));
      h1 = i64x2.add(h1, i64x2.extmul_high_i32x4_s(xb, wb));
      m0 = i64x2.add(m0, i64x2.extmul_low_i32x4_s(xa, va));
      k0 = i64x2.add(k0, i64x2.extmul_high_i32x4_s(xa, va));
      m1 = i64x2.add(m1, i64x2.extmul_low_i32x4_s(xb, vb));
      k1 = i64x2.add(k1, i64x2.extmul_high_i32x4_s(xb, vb));
      weights += 64;
    }
    addTo(sums + at, montgomery(l0, h0, inverse, p, twoP), twoP);
    addTo(sums + at + 16, montgomery(l1, h1, inverse, p, twoP), twoP);
    addTo(sums + at + 32768, montgomery(m0, k0, inverse, p, twoP), twoP);
    addTo(sums + at + 32784, montgomery(m1, k1, inverse, p, twoP), twoP);
  }
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, value: v128, twoP: v128): void {
  v128.store(at, reduceOnce(i32x4.add(v128.load(at), value), twoP));
}
