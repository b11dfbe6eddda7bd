/** Adding a keystream's words to a polynomial: uniform modulo the prime by refusal, never by reduction. */
import { reduceOnce } from './modular';

const WORD_MASK: i32 = 0x3fffffff;

/**
 * target ± the stream's words of 30 bits that are below p, in order, modulo p; 8,192 of them.
 * Sums are formed without a branch; the branches are on refused words, which are thrown away and tell nothing.
 * @param stream - `count` words. @param negative - 0 adds, 1 subtracts. @returns words used up to 8,192; fewer when the stream was too short.
 */
export function addStream(target: usize, stream: usize, count: u32, prime: u32, negative: u32): u32 {
  const p = i32x4.splat(<i32>prime);
  const mask = i32x4.splat(WORD_MASK);
  const flip = i32x4.splat(-<i32>negative);
  const base = i32x4.splat(<i32>(negative * (prime + 1)));
  const end = stream + <usize>count * 4;
  let made: u32 = 0;
  while (made <= 8188 && stream + 16 <= end) {
    const words = v128.and(v128.load(stream), mask);
    if (i32x4.all_true(i32x4.lt_u(words, p))) {
      const at = target + <usize>made * 4;
      const signed = i32x4.add(v128.xor(words, flip), base);
      v128.store(at, reduceOnce(i32x4.add(v128.load(at), signed), p));
      made += 4;
      stream += 16;
    } else {
      made += addWord(target, stream, made, prime, negative);
      stream += 4;
    }
  }
  while (made < 8192 && stream < end) {
    made += addWord(target, stream, made, prime, negative);
    stream += 4;
  }
  return made;
}

function addWord(target: usize, stream: usize, made: u32, prime: u32, negative: u32): u32 {
  const word = load<u32>(stream) & <u32>WORD_MASK;
  if (word >= prime) return 0;
  const at = target + <usize>made * 4;
  const sum = load<u32>(at) + (negative ? prime - word : word);
  store<u32>(at, sum >= prime ? sum - prime : sum);
  return 1;
}
