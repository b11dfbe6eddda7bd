/**
 * Blake2Xb as SEAL keys it, and SEAL's uniform polynomial over it.
 *
 * SEAL's generator fills a buffer of 4,096 bytes at a time with Blake2Xb(key = 64-byte seed, input = 8-byte counter).
 * A uniform polynomial takes one 64-bit word per coefficient and limb first, and then, in order, further words for
 * those that were refused; words are reduced modulo the prime.
 * Source: RFC 7693; Aumasson et al., BLAKE2X (2016); SEAL 4.1 randomgen.cpp (Blake2xbPRNG), util/rlwe.cpp (sample_poly_uniform).
 */
const IV = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);
const SIGMA = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
]);

const STATE = memory.data(64);
const WORK = memory.data(128);
const BLOCK = memory.data(128);
const ROOT = memory.data(64);
const BUFFER = memory.data(4096);
const BUFFER_BYTES: usize = 4096;

/** Parameter words of a root keyed with 64 bytes, and of an expansion node; the output length of both is 4,096. */
const ROOT_PARAMETERS: u64 = 0x01014040;
const NODE_PARAMETERS: u64 = 0x40_0000_0040;
const OUTPUT_LENGTH: u64 = <u64>4096 << 32;
const NODE_INNER_LENGTH: u64 = 0x4000;

// @ts-ignore: decorator
@inline
function mix(a: usize, b: usize, c: usize, d: usize, x: u64, y: u64): void {
  let va = load<u64>(WORK + a), vb = load<u64>(WORK + b), vc = load<u64>(WORK + c), vd = load<u64>(WORK + d);
  va += vb + x;
  vd = rotr(vd ^ va, 32);
  vc += vd;
  vb = rotr(vb ^ vc, 24);
  va += vb + y;
  vd = rotr(vd ^ va, 16);
  vc += vd;
  vb = rotr(vb ^ vc, 63);
  store<u64>(WORK + a, va);
  store<u64>(WORK + b, vb);
  store<u64>(WORK + c, vc);
  store<u64>(WORK + d, vd);
}

// @ts-ignore: decorator
@inline
function word(sigma: usize, index: usize): u64 {
  return load<u64>(BLOCK + (<usize>load<u8>(sigma + index) << 3));
}

function compress(length: u64, last: u64): void {
  memory.copy(WORK, STATE, 64);
  memory.copy(WORK + 64, IV, 64);
  store<u64>(WORK + 96, load<u64>(WORK + 96) ^ length);
  store<u64>(WORK + 112, load<u64>(WORK + 112) ^ last);
  for (let round: usize = 0; round < 12; round++) {
    const s = SIGMA + round * 16;
    mix(0, 32, 64, 96, word(s, 0), word(s, 1));
    mix(8, 40, 72, 104, word(s, 2), word(s, 3));
    mix(16, 48, 80, 112, word(s, 4), word(s, 5));
    mix(24, 56, 88, 120, word(s, 6), word(s, 7));
    mix(0, 40, 80, 120, word(s, 8), word(s, 9));
    mix(8, 48, 88, 96, word(s, 10), word(s, 11));
    mix(16, 56, 64, 104, word(s, 12), word(s, 13));
    mix(24, 32, 72, 112, word(s, 14), word(s, 15));
  }
  for (let i: usize = 0; i < 64; i += 8) {
    store<u64>(STATE + i, load<u64>(STATE + i) ^ load<u64>(WORK + i) ^ load<u64>(WORK + 64 + i));
  }
}

function begin(first: u64, second: u64, third: u64): void {
  memory.copy(STATE, IV, 64);
  store<u64>(STATE, load<u64>(STATE) ^ first);
  store<u64>(STATE + 8, load<u64>(STATE + 8) ^ second);
  store<u64>(STATE + 16, load<u64>(STATE + 16) ^ third);
}

function refill(seed: usize, counter: u64): void {
  begin(ROOT_PARAMETERS, OUTPUT_LENGTH, 0);
  memory.fill(BLOCK, 0, 128);
  memory.copy(BLOCK, seed, 64);
  compress(128, 0);
  memory.fill(BLOCK, 0, 128);
  store<u64>(BLOCK, counter);
  compress(136, u64.MAX_VALUE);
  memory.copy(ROOT, STATE, 64);
  memory.fill(BLOCK, 0, 128);
  memory.copy(BLOCK, ROOT, 64);
  for (let node: usize = 0; node < BUFFER_BYTES / 64; node++) {
    begin(NODE_PARAMETERS, OUTPUT_LENGTH | <u64>node, NODE_INNER_LENGTH);
    compress(64, u64.MAX_VALUE);
    memory.copy(BUFFER + node * 64, STATE, 64);
  }
}

/** The smallest refused word: SEAL keeps words below 2^64 − 1 − (2^64 − 1 mod p) − 1. */
// @ts-ignore: decorator
@inline
function refusedFrom(p: u64): u64 {
  return u64.MAX_VALUE - (u64.MAX_VALUE % p) - 1;
}

/**
 * Expands a seed into the second polynomial of a ciphertext: `limbs` polynomials of 8,192 words in [0, p).
 * @param primes - `limbs` 32-bit primes. @param scratch - limbs·65,536 bytes.
 */
export function expandSeed(seed: usize, primes: usize, limbs: u32, target: usize, scratch: usize): void {
  const refills = <usize>limbs * 16;
  for (let i: usize = 0; i < refills; i++) {
    refill(seed, <u64>i);
    memory.copy(scratch + i * BUFFER_BYTES, BUFFER, BUFFER_BYTES);
  }
  let counter = <u64>refills;
  let head: usize = BUFFER_BYTES;
  for (let i: usize = 0; i < <usize>limbs * 8192; i++) {
    const p = <u64>load<u32>(primes + (i >> 13) * 4);
    let random = load<u64>(scratch + i * 8);
    while (random >= refusedFrom(p)) {
      if (head == BUFFER_BYTES) {
        refill(seed, counter++);
        head = 0;
      }
      random = load<u64>(BUFFER + head);
      head += 8;
    }
    store<u32>(target + i * 4, <u32>(random % p));
  }
}
