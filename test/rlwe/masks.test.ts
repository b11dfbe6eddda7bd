import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { concatPrefixed, uint32be, utf8 } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  addPads,
  addZeroShare,
  addZeroShares,
  createZeroShareKeys,
  padFromPoprfOutput,
  shareSign,
  subtractPads,
  zeroShareKey,
} from '@sealedger/protocol/rlwe/masks.ts';
import { RING_DEGREE, SWITCHED_PRIMES } from '@sealedger/protocol/rlwe/ring.ts';
import { chiSquare, expand, keyOf, UNIFORM_LIMIT, wordsOf } from './support.ts';

const WORDS = 2 * RING_DEGREE;
const pair = { secret: keyOf('secret'), computationId: keyOf('computation'), lower: 'courts', higher: 'tax' };
const start = (): Uint32Array => wordsOf('start', WORDS).map((word, i) => word % SWITCHED_PRIMES[i >> 13]!);
const refuses = (work: () => unknown, code: Parameters<typeof isProtocolError>[1]): void =>
  assert.throws(work, (error) => isProtocolError(error, code));
/** A stream whose first words are given and whose others are zero. */
const streamOf =
  (...words: number[]) =>
  (_: Uint8Array, lengthBytes: number): Uint8Array => {
    const stream = new Uint32Array(lengthBytes / 4);
    stream.set(words);
    return new Uint8Array(stream.buffer);
  };

describe('keys of zero shares', () => {
  it('are HKDF-SHA256 as specified, computed a second way', () => {
    const info = concatPrefixed(
      utf8('sealedger/v1/zero-share'),
      utf8('courts'),
      utf8('tax'),
      uint32be(109),
      uint32be(1),
    );
    const expected = new Uint8Array(hkdfSync('sha256', pair.secret, pair.computationId, info, 32));
    assert.deepEqual(zeroShareKey({ ...pair, chunk: 109, limb: 1 }), expected);
  });

  it('differ with the secret, the computation, the pair, the chunk and the limb', () => {
    const keys = [
      zeroShareKey({ ...pair, chunk: 0, limb: 0 }),
      zeroShareKey({ ...pair, chunk: 1, limb: 0 }),
      zeroShareKey({ ...pair, chunk: 0, limb: 1 }),
      zeroShareKey({ ...pair, secret: keyOf('other'), chunk: 0, limb: 0 }),
      zeroShareKey({ ...pair, computationId: keyOf('retry'), chunk: 0, limb: 0 }),
      zeroShareKey({ ...pair, higher: 'taxes', chunk: 0, limb: 0 }),
      zeroShareKey({ ...pair, lower: 'court', higher: 'stax', chunk: 0, limb: 0 }),
    ];
    assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, keys.length);
  });

  it('are refused for an all-zero or short secret and for parties out of order', () => {
    refuses(() => createZeroShareKeys({ ...pair, secret: new Uint8Array(32) }), 'RLWE_SHARE_SECRET');
    refuses(() => createZeroShareKeys({ ...pair, secret: keyOf('x').subarray(1) }), 'RLWE_SHARE_SECRET');
    refuses(() => createZeroShareKeys({ ...pair, lower: 'tax', higher: 'courts' }), 'RLWE_SHARE_PARTIES');
    refuses(() => createZeroShareKeys({ ...pair, lower: 'tax' }), 'RLWE_SHARE_PARTIES');
    refuses(() => shareSign('tax', 'tax'), 'RLWE_SHARE_PARTIES');
  });
});

describe('zero shares', () => {
  it('cancel between the two of a pair and change every coefficient in between', () => {
    const c0 = start();
    const shares = [0, 1].map((limb) => ({ limb, key: zeroShareKey({ ...pair, chunk: 3, limb }) }));
    addZeroShares(
      c0,
      shares.map((share) => ({ ...share, sign: shareSign('courts', 'tax') })),
      expand,
    );
    const original = start();
    assert.ok(c0.filter((word, i) => word === original[i]).length < 3);
    for (const [limb, prime] of SWITCHED_PRIMES.entries()) {
      const words = [...c0.subarray(limb * RING_DEGREE, (limb + 1) * RING_DEGREE)];
      assert.ok(words.every((word) => word < prime));
      assert.ok(chiSquare(words, prime) < UNIFORM_LIMIT);
    }
    for (const { limb, key } of shares) addZeroShare(c0, limb, key, shareSign('tax', 'courts'), expand);
    assert.deepEqual(c0, original);
  });

  it('refuse words at or above the prime and reduce none', () => {
    const [p] = SWITCHED_PRIMES;
    for (const refused of [p, p + 1, 2 ** 30 - 1]) {
      const added = new Uint32Array(WORDS);
      addZeroShare(added, 0, keyOf('k'), 'add', streamOf(refused, p - 1, refused, refused, 5, 6, 7, 8, refused, 9));
      assert.deepEqual([...added.subarray(0, 7)], [p - 1, 5, 6, 7, 8, 9, 0]);
      const subtracted = new Uint32Array(WORDS);
      addZeroShare(subtracted, 0, keyOf('k'), 'subtract', streamOf(refused, p - 1, 0, 5));
      assert.deepEqual([...subtracted.subarray(0, 4)], [1, 0, p - 5, 0]);
    }
  });

  it('agree with slow big-integer arithmetic', () => {
    const key = keyOf('slow');
    const fast = start();
    addZeroShare(fast, 1, key, 'subtract', expand);
    const p = BigInt(SWITCHED_PRIMES[1]);
    const bytes = expand(key, 4 * (RING_DEGREE + 128));
    const words = [...new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
    const kept = words.map((word) => BigInt(word & 0x3fffffff)).filter((word) => word < p);
    const slow = start();
    for (let i = 0; i < RING_DEGREE; i++) {
      slow[RING_DEGREE + i] = Number((BigInt(slow[RING_DEGREE + i]!) - kept[i]! + p) % p);
    }
    assert.deepEqual(fast, slow);
  });

  it('refuse a keystream that is short or refuses too much, and a limb that does not exist', () => {
    refuses(() => addZeroShare(start(), 0, keyOf('k'), 'add', () => new Uint8Array(16)), 'RLWE_KEYSTREAM');
    const useless = (_: Uint8Array, lengthBytes: number): Uint8Array => new Uint8Array(lengthBytes).fill(255);
    refuses(() => addZeroShare(start(), 0, keyOf('k'), 'add', useless), 'RLWE_KEYSTREAM');
    refuses(() => addZeroShare(start(), 2, keyOf('k'), 'add', expand), 'RLWE_LIMB');
    refuses(() => addZeroShare(start().subarray(1), 0, keyOf('k'), 'add', expand), 'RLWE_RECORD_LENGTH');
  });

  it('leave c0 as it was when a keystream fails', () => {
    const c0 = start();
    refuses(() => addZeroShare(c0, 0, keyOf('k'), 'add', () => new Uint8Array(16)), 'RLWE_KEYSTREAM');
    assert.deepEqual(c0, start());
  });
});

describe('pads', () => {
  const output = new Uint8Array([...keyOf('poprf'), ...keyOf('output')]);

  it('are 16 bytes of HKDF per limb modulo the prime, computed a second way', () => {
    for (const [limb, prime] of SWITCHED_PRIMES.entries()) {
      const info = concatPrefixed(utf8('sealedger/v1/pad'), uint32be(limb));
      const bytes = Buffer.from(hkdfSync('sha256', output, new Uint8Array(0), info, 16));
      assert.equal(padFromPoprfOutput(output, limb), Number(BigInt(`0x${bytes.toString('hex')}`) % BigInt(prime)));
    }
  });

  it('come out the same with node:crypto as the port', () => {
    const port = (input: Uint8Array, info: Uint8Array, lengthBytes: number): Uint8Array =>
      new Uint8Array(hkdfSync('sha256', input, new Uint8Array(0), info, lengthBytes));
    assert.equal(padFromPoprfOutput(output, 1, port), padFromPoprfOutput(output, 1));
  });

  it('come off exactly where they are taken off', () => {
    const pads = wordsOf('pads', WORDS).map((word, i) => word % SWITCHED_PRIMES[i >> 13]!);
    const chunk = { c0: start(), c1: start() };
    addPads(chunk.c0, pads);
    const opened = subtractPads(chunk, [{ index: 4096, pads: [pads[4096]!, pads[RING_DEGREE + 4096]!] }]);
    assert.equal(opened.c0[4096], start()[4096]);
    assert.equal(opened.c0[RING_DEGREE + 4096], start()[RING_DEGREE + 4096]);
    const changed = [...opened.c0.keys()].filter((i) => opened.c0[i] !== chunk.c0[i]);
    assert.deepEqual(changed, [4096, RING_DEGREE + 4096]);
  });

  it('are refused with a wrong length, out of range, or off the chunk', () => {
    const chunk = { c0: start(), c1: start() };
    refuses(() => padFromPoprfOutput(output.subarray(1), 0), 'RLWE_PAD_INPUT');
    refuses(() => padFromPoprfOutput(output, 2), 'RLWE_LIMB');
    refuses(() => addPads(chunk.c0, new Uint32Array(RING_DEGREE)), 'RLWE_PAD_INPUT');
    refuses(() => addPads(chunk.c0, new Uint32Array(WORDS).fill(2 ** 31)), 'RLWE_COEFFICIENT_RANGE');
    refuses(() => subtractPads(chunk, [{ index: 8192, pads: [0, 0] }]), 'RLWE_INDEX');
    refuses(() => subtractPads(chunk, [{ index: 0, pads: [0] }]), 'RLWE_PAD_INPUT');
    refuses(() => subtractPads(chunk, [{ index: 0, pads: [SWITCHED_PRIMES[0], 0] }]), 'RLWE_COEFFICIENT_RANGE');
  });
});
