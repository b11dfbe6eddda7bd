/**
 * SHA-256 of four messages at a time, one in each lane of a vector: leaves and nodes of a Merkle tree over rows.
 *
 * All messages of a call have the same length and layout, so that no lane waits for another. Words are loaded big-endian
 * and kept transposed: vector i of a block holds word i of four messages.
 * Source: FIPS 180-4, sections 5.3.3 and 6.2.2.
 */

const ROUND_CONSTANTS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
/** Chaining values, then the message schedule, one vector a word. */
const STATE = memory.data(8 * 16, 16);
const SCHEDULE = memory.data(64 * 16, 16);
/** Four messages of up to two blocks. */
const BLOCKS = memory.data(4 * 128, 16);
const HASH_BYTES: usize = 32;

// @ts-ignore: decorator
@inline
function rotateRight(x: v128, by: i32): v128 {
  return v128.or(i32x4.shr_u(x, by), i32x4.shl(x, 32 - by));
}

// @ts-ignore: decorator
@inline
function swapped(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function start(): void {
  for (let i: usize = 0; i < 8; i++) v128.store(STATE + i * 16, i32x4.splat(load<u32>(INITIAL + i * 4)));
}

/** Loads 64 bytes of each of four messages that begin `stride` bytes apart into the schedule. */
function loadBlock(at: usize, stride: usize): void {
  for (let part: usize = 0; part < 4; part++) {
    const p = at + part * 16;
    const a = swapped(v128.load(p));
    const b = swapped(v128.load(p + stride));
    const c = swapped(v128.load(p + 2 * stride));
    const d = swapped(v128.load(p + 3 * stride));
    const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    const to = SCHEDULE + part * 64;
    v128.store(to, v128.shuffle<i64>(ab0, cd0, 0, 2));
    v128.store(to, v128.shuffle<i64>(ab0, cd0, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(ab1, cd1, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(ab1, cd1, 1, 3), 48);
  }
}

/** One compression of all four lanes. */
function compress(): void {
  for (let w = SCHEDULE + 16 * 16; w < SCHEDULE + 64 * 16; w += 16) {
    const far = v128.load(w - 15 * 16);
    const near = v128.load(w - 2 * 16);
    const s0 = v128.xor(v128.xor(rotateRight(far, 7), rotateRight(far, 18)), i32x4.shr_u(far, 3));
    const s1 = v128.xor(v128.xor(rotateRight(near, 17), rotateRight(near, 19)), i32x4.shr_u(near, 10));
    v128.store(w, i32x4.add(i32x4.add(v128.load(w - 16 * 16), s0), i32x4.add(v128.load(w - 7 * 16), s1)));
  }
  let a = v128.load(STATE), b = v128.load(STATE, 16), c = v128.load(STATE, 32), d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64), f = v128.load(STATE, 80), g = v128.load(STATE, 96), h = v128.load(STATE, 112);
  for (let round: usize = 0; round < 64; round++) {
    const key = i32x4.add(v128.load(SCHEDULE + round * 16), v128.load32_splat(ROUND_CONSTANTS + round * 4));
    const sum1 = v128.xor(v128.xor(rotateRight(e, 6), rotateRight(e, 11)), rotateRight(e, 25));
    const choice = v128.bitselect(f, g, e);
    const first = i32x4.add(i32x4.add(h, sum1), i32x4.add(choice, key));
    const sum0 = v128.xor(v128.xor(rotateRight(a, 2), rotateRight(a, 13)), rotateRight(a, 22));
    const majority = v128.bitselect(c, b, v128.xor(a, b));
    h = g;
    g = f;
    f = e;
    e = i32x4.add(d, first);
    d = c;
    c = b;
    b = a;
    a = i32x4.add(first, i32x4.add(sum0, majority));
  }
  add(0, a);
  add(16, b);
  add(32, c);
  add(48, d);
  add(64, e);
  add(80, f);
  add(96, g);
  add(112, h);
}

// @ts-ignore: decorator
@inline
function add(place: usize, value: v128): void {
  v128.store(STATE + place, i32x4.add(v128.load(STATE + place), value));
}

/** Writes the first 32-byte hash of each lane to `to`, one after another. */
function finish(to: usize): void {
  for (let half: usize = 0; half < 2; half++) {
    const at = STATE + half * 64;
    const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
    const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    const out = to + half * 16;
    v128.store(out, swapped(v128.shuffle<i64>(ab0, cd0, 0, 2)));
    v128.store(out + HASH_BYTES, swapped(v128.shuffle<i64>(ab0, cd0, 1, 3)));
    v128.store(out + 2 * HASH_BYTES, swapped(v128.shuffle<i64>(ab1, cd1, 0, 2)));
    v128.store(out + 3 * HASH_BYTES, swapped(v128.shuffle<i64>(ab1, cd1, 1, 3)));
  }
}

/** Second block of 65 bytes: the last byte of the message, the end mark, zeros, the length of 520 bits. */
function loadNodeEnd(lasts: v128): void {
  v128.store(SCHEDULE, v128.or(i32x4.shl(lasts, 24), i32x4.splat(0x800000)));
  for (let word: usize = 1; word < 15; word++) v128.store(SCHEDULE + word * 16, i32x4.splat(0));
  v128.store(SCHEDULE + 15 * 16, i32x4.splat(520));
}

/** Shifts 64 bytes at `at` by one: the prefix 0x01, then 63 of them; for a message of four. */
function prefixed(at: usize, to: usize): void {
  store<u8>(to, 1);
  memory.copy(to + 1, at, 63);
}

/**
 * Four Merkle nodes: SHA-256(0x01 ‖ left ‖ right) of pairs that lie one after another.
 * @param pairs - 4 · 64 bytes. @param to - 4 · 32 bytes; may be where the pairs are.
 */
function fourNodes(pairs: usize, to: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) prefixed(pairs + lane * 64, BLOCKS + lane * 64);
  const lasts = lastBytes(pairs);
  start();
  loadBlock(BLOCKS, 64);
  compress();
  loadNodeEnd(lasts);
  compress();
  finish(to);
}

function lastBytes(pairs: usize): v128 {
  let lasts = i32x4.splat(load<u8>(pairs, 63));
  lasts = i32x4.replace_lane(lasts, 1, load<u8>(pairs, 127));
  lasts = i32x4.replace_lane(lasts, 2, load<u8>(pairs, 191));
  return i32x4.replace_lane(lasts, 3, load<u8>(pairs, 255));
}

/**
 * One level of the tree in place: hashes of `pairs` (a multiple of four) pairs.
 * @param hashes - 2 · `pairs` hashes of 32 bytes, of which the first half becomes the level above.
 */
export function nodeLevel(hashes: usize, pairs: u32): void {
  for (let i: usize = 0; i < <usize>pairs; i += 4) fourNodes(hashes + i * 64, hashes + i * HASH_BYTES);
}

/** DuckDB keeps a UUID as a signed little-endian number of 128 bits whose sign is turned. */
// @ts-ignore: decorator
@inline
function copyWord(from: usize, to: usize): void {
  const word = v128.load(from);
  const turned = v128.shuffle<u8>(word, word, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  v128.store(to, v128.xor(turned, i8x16.replace_lane(i8x16.splat(0), 0, -128)));
}

/**
 * Leaves SHA-256(0x00 ‖ schema ‖ salt ‖ digest), 81 bytes before the padding.
 * @param schema - 32 bytes. @param salts - 16 bytes a row. @param high - first half of the digests, as DuckDB keeps UUIDs.
 * @param count - a multiple of four. @param leaves - 32 bytes a row.
 */
export function leafHashes(schema: usize, salts: usize, high: usize, low: usize, count: u32, leaves: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const message = BLOCKS + lane * 128;
    memory.fill(message, 0, 128);
    memory.copy(message + 1, schema, 32);
    store<u8>(message + 81, 0x80);
    // 81 bytes are 648 bits: 0x0288, most significant byte first.
    store<u8>(message + 126, 0x02);
    store<u8>(message + 127, 0x88);
  }
  for (let i: usize = 0; i < <usize>count; i += 4) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const message = BLOCKS + lane * 128;
      const row = (i + lane) * 16;
      v128.store(message + 33, v128.load(salts + row));
      copyWord(high + row, message + 49);
      copyWord(low + row, message + 65);
    }
    start();
    loadBlock(BLOCKS, 128);
    compress();
    loadBlock(BLOCKS + 64, 128);
    compress();
    finish(leaves + i * HASH_BYTES);
  }
}
