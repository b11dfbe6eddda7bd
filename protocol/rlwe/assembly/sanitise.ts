/**
 * What hides how a sum was made: samplers, flooding, release noise, and the exact switch to a smaller modulus.
 *
 * No branch and no address depends on a sampled value; the one rejection (ternary) depends on refused bytes only.
 */
import { lift, mulShoup, reduceOnce } from './modular';

const WORDS_END: usize = 32768;

/**
 * 8,192 uniform values of {−1, 0, 1} as signed 32-bit words; a byte of 255 is refused, so that 255 = 3·85 leaves no bias.
 * @returns how many values were made: fewer than 8,192 when `count` bytes were too few.
 */
export function sampleTernary(bytes: usize, count: u32, target: usize): u32 {
  let made: u32 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    if (made == 8192) break;
    const byte = <u32>load<u8>(bytes + i);
    store<i32>(target + <usize>made * 4, <i32>(byte % 3) - 1);
    made += u32(byte != 255);
  }
  return made;
}

/** 8,192 centred binomial values (21 bits minus 21 bits, as SEAL's error) from 6 bytes each; reads 2 bytes past the end. */
export function sampleBinomial(bytes: usize, target: usize): void {
  for (let i: usize = 0; i < 8192; i++) {
    const bits = load<u64>(bytes + i * 6);
    const value = <i32>popcnt(bits & 0x1fffff) - <i32>popcnt((bits >> 21) & 0x1fffff);
    store<i32>(target + i * 4, value);
  }
}

/** target += signed words in (−p, p), modulo p. */
export function addSigned(target: usize, source: usize, prime: u32): void {
  const p = i32x4.splat(<i32>prime);
  for (let at: usize = 0; at < WORDS_END; at += 16) {
    const sum = i32x4.add(v128.load(target + at), lift(v128.load(source + at), p));
    v128.store(target + at, reduceOnce(sum, p));
  }
}

/**
 * target += a number uniform in [−2^f, 2^f), modulo p, from three words per coefficient in three planes.
 * @param constants - words: three masks, then (value, quotient) of 2^30, 2^60 and p − (2^f mod p) modulo p; the last is added.
 */
export function addFlood(target: usize, random: usize, constants: usize, prime: u32): void {
  const p = i32x4.splat(<i32>prime);
  const mask0 = v128.load_splat<u32>(constants), mask1 = v128.load_splat<u32>(constants + 4);
  const mask2 = v128.load_splat<u32>(constants + 8);
  const w1 = v128.load_splat<u32>(constants + 12), q1 = v128.load_splat<u32>(constants + 16);
  const w2 = v128.load_splat<u32>(constants + 20), q2 = v128.load_splat<u32>(constants + 24);
  const offset = v128.load_splat<u32>(constants + 28);
  for (let at: usize = 0; at < WORDS_END; at += 16) {
    const d0 = v128.and(v128.load(random + at), mask0);
    const d1 = v128.and(v128.load(random + at + WORDS_END), mask1);
    const d2 = v128.and(v128.load(random + at + 2 * WORDS_END), mask2);
    const high = i32x4.add(reduceOnce(mulShoup(d1, w1, q1, p), p), reduceOnce(mulShoup(d2, w2, q2, p), p));
    const low = i32x4.add(reduceOnce(d0, p), i32x4.add(v128.load(target + at), offset));
    const sum = i32x4.add(reduceOnce(low, i32x4.shl(p, 1)), reduceOnce(high, p));
    v128.store(target + at, reduceOnce(reduceOnce(sum, i32x4.shl(p, 1)), p));
  }
}

/** Rounding part of round(q·n/t): nearest(n·fraction), for n of less than 2^29 and fraction = (q mod t)/t. */
export function releaseRounding(noise: usize, fraction: f64, target: usize): void {
  for (let at: usize = 0; at < WORDS_END; at += 4) {
    store<i32>(target + at, <i32>nearest(<f64>load<i32>(noise + at) * fraction));
  }
}

/** target += n·floor(q/t) + rounding, modulo p: the release noise as a plaintext of the scheme. */
export function addRelease(
  target: usize, noise: usize, rounding: usize, delta: u32, deltaQuotient: u32, prime: u32,
): void {
  const p = i32x4.splat(<i32>prime);
  const w = i32x4.splat(<i32>delta), q = i32x4.splat(<i32>deltaQuotient);
  for (let at: usize = 0; at < WORDS_END; at += 16) {
    const scaled = reduceOnce(mulShoup(lift(v128.load(noise + at), p), w, q, p), p);
    const sum = i32x4.add(v128.load(target + at), lift(v128.load(rounding + at), p));
    v128.store(target + at, reduceOnce(i32x4.add(reduceOnce(sum, p), scaled), p));
  }
}

/**
 * Divides by the last prime with rounding, one remaining limb: target = (target − [last + h] + h)/lastPrime mod p, h = lastPrime >> 1.
 * @param inverse - lastPrime^−1 modulo p, with its Shoup quotient.
 * Source: SEAL 4.1, RNSTool::divide_and_round_q_last_inplace.
 */
export function divideByLast(
  target: usize, last: usize, prime: u32, lastPrime: u32, inverse: u32, inverseQuotient: u32,
): void {
  const p = i32x4.splat(<i32>prime);
  const l = i32x4.splat(<i32>lastPrime);
  const half = i32x4.splat(<i32>(lastPrime >> 1));
  const w = i32x4.splat(<i32>inverse), q = i32x4.splat(<i32>inverseQuotient);
  for (let at: usize = 0; at < WORDS_END; at += 16) {
    const rounded = reduceOnce(reduceOnce(i32x4.add(v128.load(last + at), half), l), p);
    const difference = i32x4.add(i32x4.sub(i32x4.add(v128.load(target + at), half), rounded), p);
    v128.store(target + at, reduceOnce(mulShoup(difference, w, q, p), p));
  }
}

/** The union of all bits of `bytes` bytes (a multiple of 16), folded to 16 or 32 bits by the caller. */
export function unionOfBits(at: usize, bytes: usize): u32 {
  let all = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) all = v128.or(all, v128.load(at + i));
  return i32x4.extract_lane(all, 0) | i32x4.extract_lane(all, 1) | i32x4.extract_lane(all, 2) | i32x4.extract_lane(all, 3);
}
