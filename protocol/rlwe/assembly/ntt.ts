/**
 * Negacyclic number-theoretic transform of 8,192 coefficients on SIMD lanes without a lane crossing in the loop.
 *
 * The first two layers combine the four quarters of the polynomial, which a 4 × 4 transposition then spreads over
 * the lanes: lane q of vector v holds element 2048·q + v. The other eleven layers work on whole vectors, one alone and
 * then two at a time in registers. The transformed order is our own; only the kernel sees it.
 * Source: Harvey 2014 (lazy butterflies); Longa and Naehrig 2016 (negacyclic twiddles in bit-reversed order).
 */
import { lift, mulMod, mulShoup, mulShoupHalf, powMod, reduceOnce, shoupQuotient, wrapOnce } from './modular';

const VECTORS: u32 = 2048;
const DEGREE: u32 = 8192;

/** Bytes of one polynomial of 32-bit words. */
export const POLY_BYTES: usize = 32768;

/** Layout of a prime's table: header, forward twiddles, inverse twiddles, each twiddle a pair of vectors (w, quotient). */
const HEADER_BYTES: usize = 256;
const TWIDDLE_BYTES: usize = <usize>VECTORS * 32;
const FORWARD: usize = HEADER_BYTES;
const INVERSE: usize = HEADER_BYTES + TWIDDLE_BYTES;

/** Bytes of {@link buildTable}'s output. */
export const TABLE_BYTES: usize = HEADER_BYTES + 2 * TWIDDLE_BYTES;

function reverseBits13(value: u32): u32 {
  let out: u32 = 0;
  for (let i = 0; i < 13; i++) out |= ((value >> i) & 1) << (12 - i);
  return out;
}

function primitiveRoot(p: u64): u64 {
  let candidate: u64 = 2;
  while (true) {
    const root = powMod(candidate, (p - 1) / (2 * DEGREE), p);
    if (powMod(root, DEGREE, p) == p - 1) return root;
    candidate++;
  }
}

function storePair(at: usize, w: u64, p: u64): void {
  store<u32>(at, <u32>w);
  store<u32>(at + 4, shoupQuotient(w, p));
}

function storeTwiddles(at: usize, root: u64, p: u64): void {
  for (let vector: u32 = 1; vector < VECTORS; vector++) {
    const layer: u32 = 31 - <u32>clz(vector);
    const block: u32 = vector - (1 << layer);
    for (let lane: u32 = 0; lane < 4; lane++) {
      const index: u32 = (4 << layer) + (lane << layer) + block;
      const w = powMod(root, reverseBits13(index), p);
      const slot = at + <usize>vector * 32 + <usize>lane * 4;
      store<u32>(slot, <u32>w);
      store<u32>(slot + 16, shoupQuotient(w, p));
    }
  }
}

/**
 * Fills the table of one prime. Header: p at 0, then pairs (w, quotient): forward roots 1..3 at 8, 16, 24;
 * inverse roots 2, 3 at 32, 40; N^−1 at 48; inverse root 1 times N^−1 at 56; at 64 floor(root 1·2^16/p).
 */
export function buildTable(table: usize, prime: u32): void {
  const p = <u64>prime;
  const root = primitiveRoot(p);
  const inverseRoot = powMod(root, p - 2, p);
  const inverseDegree = powMod(DEGREE, p - 2, p);
  store<u32>(table, prime);
  for (let i: u32 = 1; i < 4; i++) storePair(table + 8 * i, powMod(root, reverseBits13(i), p), p);
  storePair(table + 32, powMod(inverseRoot, reverseBits13(2), p), p);
  storePair(table + 40, powMod(inverseRoot, reverseBits13(3), p), p);
  storePair(table + 48, inverseDegree, p);
  storePair(table + 56, mulMod(powMod(inverseRoot, reverseBits13(1), p), inverseDegree, p), p);
  store<u32>(table + 64, <u32>((<u64>load<u32>(table + 8) << 16) / p));
  storeTwiddles(table + FORWARD, root, p);
  storeTwiddles(table + INVERSE, inverseRoot, p);
}

// @ts-ignore: decorator
@inline
function splat(at: usize): v128 {
  return v128.load_splat<u32>(at);
}

/** Four natural-order values as lanes, from words of 2 or 4 bytes; signed 4-byte values are lifted to residues. */
// @ts-ignore: decorator
@inline
function loadFour<T>(at: usize, p: v128): v128 {
  if (sizeof<T>() == 2) return v128.load_ext<u16>(at);
  if (isSigned<T>()) return lift(v128.load(at), p);
  return v128.load(at);
}

// @ts-ignore: decorator
@inline
function mulFirst<T>(x: v128, w: v128, quotient: v128, p: v128): v128 {
  return sizeof<T>() == 2 ? mulShoupHalf(x, w, quotient, p) : mulShoup(x, w, quotient, p);
}

/** Layers 1 and 2 on values below p, with the transposition into lanes. */
// @ts-ignore: decorator
@inline
function enter<T>(source: usize, target: usize, table: usize): void {
  const p = splat(table);
  const twoP = i32x4.shl(p, 1);
  const w1 = splat(table + 8), q1 = splat(sizeof<T>() == 2 ? table + 64 : table + 12);
  const w2 = splat(table + 16), q2 = splat(table + 20);
  const w3 = splat(table + 24), q3 = splat(table + 28);
  const quarter: usize = <usize>VECTORS * sizeof<T>();
  for (let v: usize = 0; v < VECTORS; v += 4) {
    const at = source + v * sizeof<T>();
    const t3 = mulFirst<T>(loadFour<T>(at + 3 * quarter, p), w1, q1, p);
    const a1 = loadFour<T>(at + quarter, p);
    const u1 = mulShoup(i32x4.add(a1, t3), w2, q2, p);
    const u3 = mulShoup(i32x4.add(a1, i32x4.sub(twoP, t3)), w3, q3, p);
    const t2 = mulFirst<T>(loadFour<T>(at + 2 * quarter, p), w1, q1, p);
    const a0 = loadFour<T>(at, p);
    const b0 = reduceOnce(i32x4.add(a0, t2), twoP);
    const b2 = wrapOnce(i32x4.sub(a0, t2), twoP);
    storeTransposed(
      target + v * 16,
      i32x4.add(b0, u1), i32x4.add(b0, i32x4.sub(twoP, u1)),
      i32x4.add(b2, u3), i32x4.add(b2, i32x4.sub(twoP, u3)),
    );
  }
}

// @ts-ignore: decorator
@inline
function storeTransposed(at: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const a = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), b = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const c = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7), d = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(at, v128.shuffle<i64>(a, b, 1, 3), 16);
  v128.store(at, v128.shuffle<i64>(c, d, 0, 2), 32);
  v128.store(at, v128.shuffle<i64>(c, d, 1, 3), 48);
}

/** Two layers on four vectors `stride` bytes apart, 4-lazy in and out; ordered so that few values are alive at a time. */
// @ts-ignore: decorator
@inline
function forwardFour(
  at: usize, stride: usize, wa: v128, qa: v128, wb: v128, qb: v128, wc: v128, qc: v128, p: v128, twoP: v128,
): void {
  const t3 = mulShoup(v128.load(at + 3 * stride), wa, qa, p);
  const a1 = reduceOnce(v128.load(at + stride), twoP);
  const u1in = i32x4.add(a1, t3);
  const u3in = i32x4.add(a1, i32x4.sub(twoP, t3));
  const t2 = mulShoup(v128.load(at + 2 * stride), wa, qa, p);
  const a0 = reduceOnce(v128.load(at), twoP);
  const b0 = reduceOnce(i32x4.add(a0, t2), twoP);
  const b2 = wrapOnce(i32x4.sub(a0, t2), twoP);
  const u1 = mulShoup(u1in, wb, qb, p);
  v128.store(at, i32x4.add(b0, u1));
  v128.store(at + stride, i32x4.add(b0, i32x4.sub(twoP, u1)));
  const u3 = mulShoup(u3in, wc, qc, p);
  v128.store(at + 2 * stride, i32x4.add(b2, u3));
  v128.store(at + 3 * stride, i32x4.add(b2, i32x4.sub(twoP, u3)));
}

/** Layers k and k + 1 of the eleven, in place; 2^k blocks of 2048 >> k vectors. */
// @ts-ignore: decorator
@inline
function forwardTwoLayers(data: usize, twiddles: usize, k: u32, p: v128, twoP: v128): void {
  const blocks: usize = <usize>1 << k;
  const stride: usize = (<usize>VECTORS >> (k + 2)) * 16;
  let base = data;
  for (let block: usize = 0; block < blocks; block++) {
    const upper = twiddles + (blocks + block) * 32;
    const lower = twiddles + (2 * blocks + 2 * block) * 32;
    const wa = v128.load(upper), qa = v128.load(upper, 16);
    const wb = v128.load(lower), qb = v128.load(lower, 16);
    const wc = v128.load(lower, 32), qc = v128.load(lower, 48);
    for (const end = base + stride; base < end; base += 32) {
      forwardFour(base, stride, wa, qa, wb, qb, wc, qc, p, twoP);
      forwardFour(base + 16, stride, wa, qa, wb, qb, wc, qc, p, twoP);
    }
    base += 3 * stride;
  }
}

/** The first of the eleven layers, in place, two vectors at a time. */
// @ts-ignore: decorator
@inline
function forwardFirstLayer(data: usize, twiddles: usize, p: v128, twoP: v128): void {
  const w = v128.load(twiddles, 32), q = v128.load(twiddles, 48);
  for (let at = data, end = data + POLY_BYTES / 2; at < end; at += 32) {
    const a = reduceOnce(v128.load(at), twoP);
    const t = mulShoup(v128.load(at, 16384), w, q, p);
    const b = reduceOnce(v128.load(at, 16), twoP);
    const u = mulShoup(v128.load(at, 16400), w, q, p);
    v128.store(at, i32x4.add(a, t));
    v128.store(at, i32x4.add(a, i32x4.sub(twoP, t)), 16384);
    v128.store(at, i32x4.add(b, u), 16);
    v128.store(at, i32x4.add(b, i32x4.sub(twoP, u)), 16400);
  }
}
/** The last two layers on blocks of four vectors; leaves each lane in [−p, p), signed. */
// @ts-ignore: decorator
@inline
function forwardLastLayers(data: usize, twiddles: usize, p: v128, twoP: v128): void {
  let upper = twiddles + 512 * 32;
  let lower = twiddles + 1024 * 32;
  for (let at = data, end = data + POLY_BYTES; at < end; at += 64) {
    const w = v128.load(upper), q = v128.load(upper, 16);
    const t3 = mulShoup(v128.load(at, 48), w, q, p);
    const a1 = reduceOnce(v128.load(at, 16), twoP);
    const x1 = i32x4.add(a1, t3), x3 = i32x4.add(a1, i32x4.sub(twoP, t3));
    const t2 = mulShoup(v128.load(at, 32), w, q, p);
    const a0 = reduceOnce(v128.load(at), twoP);
    const b0 = reduceOnce(i32x4.add(a0, t2), twoP), b2 = wrapOnce(i32x4.sub(a0, t2), twoP);
    const u1 = mulShoup(x1, v128.load(lower), v128.load(lower, 16), p);
    v128.store(at, i32x4.sub(reduceOnce(i32x4.add(b0, u1), twoP), p));
    v128.store(at, i32x4.sub(wrapOnce(i32x4.sub(b0, u1), twoP), p), 16);
    const u3 = mulShoup(x3, v128.load(lower, 32), v128.load(lower, 48), p);
    v128.store(at, i32x4.sub(reduceOnce(i32x4.add(b2, u3), twoP), p), 32);
    v128.store(at, i32x4.sub(wrapOnce(i32x4.sub(b2, u3), twoP), p), 48);
    upper += 32;
    lower += 64;
  }
}

// @ts-ignore: decorator
@inline
function forwardAfterEntry(data: usize, table: usize): void {
  const p = splat(table);
  const twoP = i32x4.shl(p, 1);
  const twiddles = table + FORWARD;
  forwardFirstLayer(data, twiddles, p, twoP);
  for (let k: u32 = 1; k < 9; k += 2) forwardTwoLayers(data, twiddles, k, p, twoP);
  forwardLastLayers(data, twiddles, p, twoP);
}

/** Transform of 8,192 unsigned 16-bit values; lanes end in [−p, p). */
export function forward16(source: usize, target: usize, table: usize): void {
  enter<u16>(source, target, table);
  forwardAfterEntry(target, table);
}

/** Transform of 8,192 unsigned 32-bit values below p; lanes end in [−p, p). */
export function forward32(source: usize, target: usize, table: usize): void {
  enter<u32>(source, target, table);
  forwardAfterEntry(target, table);
}

/** Transform of 8,192 signed 32-bit values in (−p, p); lanes end in [−p, p). */
export function forwardSigned(source: usize, target: usize, table: usize): void {
  enter<i32>(source, target, table);
  forwardAfterEntry(target, table);
}

/** Layers k + 1 and k undone, in place, on 2-lazy lanes; the outputs are 2-lazy. */
// @ts-ignore: decorator
@inline
function inverseTwoLayers(data: usize, twiddles: usize, k: u32, p: v128, twoP: v128): void {
  const blocks: usize = <usize>1 << k;
  const stride: usize = (<usize>VECTORS >> (k + 2)) * 16;
  let base = data;
  for (let block: usize = 0; block < blocks; block++) {
    const upper = twiddles + (blocks + block) * 32;
    const lower = twiddles + (2 * blocks + 2 * block) * 32;
    const wa = v128.load(upper), qa = v128.load(upper, 16);
    const wb = v128.load(lower), qb = v128.load(lower, 16);
    const wc = v128.load(lower, 32), qc = v128.load(lower, 48);
    for (const end = base + stride; base < end; base += 16) {
      const x0 = v128.load(base), x1 = v128.load(base + stride);
      const x2 = v128.load(base + 2 * stride), x3 = v128.load(base + 3 * stride);
      const a0 = reduceOnce(i32x4.add(x0, x1), twoP);
      const a1 = mulShoup(i32x4.add(x0, i32x4.sub(twoP, x1)), wb, qb, p);
      const a2 = reduceOnce(i32x4.add(x2, x3), twoP);
      const a3 = mulShoup(i32x4.add(x2, i32x4.sub(twoP, x3)), wc, qc, p);
      v128.store(base, reduceOnce(i32x4.add(a0, a2), twoP));
      v128.store(base + stride, reduceOnce(i32x4.add(a1, a3), twoP));
      v128.store(base + 2 * stride, mulShoup(i32x4.add(a0, i32x4.sub(twoP, a2)), wa, qa, p));
      v128.store(base + 3 * stride, mulShoup(i32x4.add(a1, i32x4.sub(twoP, a3)), wa, qa, p));
    }
    base += 3 * stride;
  }
}

/** Layer 10 undone on neighbouring vectors, in place. */
// @ts-ignore: decorator
@inline
function inverseFirstLayer(data: usize, twiddles: usize, p: v128, twoP: v128): void {
  for (let block: usize = 0; block < 1024; block++) {
    const at = data + block * 32;
    const twiddle = twiddles + (1024 + block) * 32;
    const x0 = v128.load(at), x1 = v128.load(at, 16);
    v128.store(at, reduceOnce(i32x4.add(x0, x1), twoP));
    v128.store(
      at,
      mulShoup(i32x4.add(x0, i32x4.sub(twoP, x1)), v128.load(twiddle), v128.load(twiddle, 16), p),
      16,
    );
  }
}

/** Layers 2 and 1 undone with the transposition back to natural order, divided by N; lanes in [0, p). */
// @ts-ignore: decorator
@inline
function leave(data: usize, target: usize, table: usize, p: v128, twoP: v128): void {
  const w2 = splat(table + 32), q2 = splat(table + 36);
  const w3 = splat(table + 40), q3 = splat(table + 44);
  const wn = splat(table + 48), qn = splat(table + 52);
  const w1 = splat(table + 56), q1 = splat(table + 60);
  const quarter: usize = <usize>VECTORS * 4;
  for (let v: usize = 0; v < VECTORS; v += 4) {
    const at = data + v * 16;
    const r0 = v128.load(at), r1 = v128.load(at, 16), r2 = v128.load(at, 32), r3 = v128.load(at, 48);
    const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
    const x0 = v128.shuffle<i64>(a, b, 0, 2), x1 = v128.shuffle<i64>(a, b, 1, 3);
    const x2 = v128.shuffle<i64>(c, d, 0, 2), x3 = v128.shuffle<i64>(c, d, 1, 3);
    const y0 = reduceOnce(i32x4.add(x0, x1), twoP);
    const y1 = mulShoup(i32x4.add(x0, i32x4.sub(twoP, x1)), w2, q2, p);
    const y2 = reduceOnce(i32x4.add(x2, x3), twoP);
    const y3 = mulShoup(i32x4.add(x2, i32x4.sub(twoP, x3)), w3, q3, p);
    const out = target + v * 4;
    v128.store(out, reduceOnce(mulShoup(i32x4.add(y0, y2), wn, qn, p), p));
    v128.store(out + quarter, reduceOnce(mulShoup(i32x4.add(y1, y3), wn, qn, p), p));
    v128.store(out + 2 * quarter, reduceOnce(mulShoup(i32x4.add(y0, i32x4.sub(twoP, y2)), w1, q1, p), p));
    v128.store(out + 3 * quarter, reduceOnce(mulShoup(i32x4.add(y1, i32x4.sub(twoP, y3)), w1, q1, p), p));
  }
}

/** Inverse transform of lanes in [0, 2p), which it overwrites, to 8,192 coefficients in [0, p) in natural order. */
export function inverse(data: usize, target: usize, table: usize): void {
  const p = splat(table);
  const twoP = i32x4.shl(p, 1);
  const twiddles = table + INVERSE;
  inverseFirstLayer(data, twiddles, p, twoP);
  for (let k: i32 = 8; k >= 0; k -= 2) inverseTwoLayers(data, twiddles, <u32>k, p, twoP);
  leave(data, target, table, p, twoP);
}
