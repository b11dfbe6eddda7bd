/** Single exports of the kernel at the ends of their ranges, against big-integer arithmetic. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instantiateKernel } from '@sealedger/protocol/rlwe/kernel.ts';
import { DATA_PRIMES, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import { expand, keyOf, powMod, wordsOf } from './support.ts';

const memory = new WebAssembly.Memory({ initial: 80 });
const kernel = instantiateKernel(memory);
const POLY_BYTES = 4 * RING_DEGREE;
const [FIRST, SECOND, THIRD] = [1, 20, 60].map((page) => page * 65536) as [number, number, number];
const words = (at: number, count = RING_DEGREE): Uint32Array => new Uint32Array(memory.buffer, at, count);
const signed = (at: number, count = RING_DEGREE): Int32Array => new Int32Array(memory.buffer, at, count);
const modulo = (value: bigint, p: bigint): bigint => ((value % p) + p) % p;

describe('a group of products', () => {
  it('stays exact when twelve of them are as large as they can be, of either sign', () => {
    for (const prime of DATA_PRIMES) {
      const p = BigInt(prime);
      for (const [column, weight] of [
        [-prime, -((prime - 1) / 2)],
        [-prime, (prime - 1) / 2],
        [prime - 1, (prime - 1) / 2],
        [prime - 1, -((prime - 1) / 2)],
      ] as const) {
        signed(FIRST, 12 * RING_DEGREE).fill(column);
        signed(SECOND, 24 * RING_DEGREE).fill(weight);
        words(THIRD, 2 * RING_DEGREE).fill(2 * prime - 1);
        kernel.accumulateGroup(FIRST, POLY_BYTES, SECOND, 12, THIRD, prime);
        const product = 12n * BigInt(column) * BigInt(weight) * powMod(2n ** 32n % p, p - 2n, p);
        const expected = modulo(product + 2n * p - 1n, p);
        for (const word of words(THIRD, 2 * RING_DEGREE)) assert.equal(BigInt(word) % p, expected);
        assert.ok(words(THIRD, 2 * RING_DEGREE).every((word) => word < 2 * prime));
      }
    }
  });
});

describe('samplers', () => {
  it('make ternary values of the bytes below 255 and skip the others', () => {
    const bytes = expand(keyOf('ternary'), RING_DEGREE + 512);
    new Uint8Array(memory.buffer, FIRST, bytes.length).set(bytes);
    assert.equal(kernel.sampleTernary(FIRST, bytes.length, SECOND), RING_DEGREE);
    const kept = [...bytes].filter((byte) => byte !== 255).slice(0, RING_DEGREE);
    assert.deepEqual(
      [...signed(SECOND)],
      kept.map((byte) => (byte % 3) - 1),
    );
    for (const value of [-1, 0, 1]) {
      const count = signed(SECOND).filter((sample) => sample === value).length;
      assert.ok(Math.abs(count - RING_DEGREE / 3) < 5 * Math.sqrt((RING_DEGREE * 2) / 9));
    }
    assert.equal(kernel.sampleTernary(FIRST, 100, SECOND), [...bytes.subarray(0, 100)].filter((b) => b !== 255).length);
  });

  it("make errors like SEAL's: 21 bits minus 21 bits, centred, variance 10.5", () => {
    const bytes = expand(keyOf('binomial'), 6 * RING_DEGREE);
    new Uint8Array(memory.buffer, FIRST, bytes.length).set(bytes);
    kernel.sampleBinomial(FIRST, SECOND);
    const samples = [...signed(SECOND)];
    for (const i of [0, 1, 4095, 8191]) {
      const bits = BigInt(`0x${Buffer.from(bytes.subarray(6 * i, 6 * i + 6).toReversed()).toString('hex')}`);
      const ones = (value: bigint): number => value.toString(2).split('1').length - 1;
      assert.equal(samples[i], ones(bits & 0x1fffffn) - ones((bits >> 21n) & 0x1fffffn));
    }
    const mean = samples.reduce((sum, value) => sum + value, 0) / RING_DEGREE;
    const variance = samples.reduce((sum, value) => sum + value * value, 0) / RING_DEGREE;
    assert.ok(Math.abs(mean) < 0.18 && Math.abs(variance - 10.5) < 0.9);
    assert.ok(samples.every((value) => Math.abs(value) <= 21));
  });
});

describe('flooding', () => {
  it('adds the same number in [−2^f, 2^f) to every limb, at both ends of the range too', () => {
    const floodBits = 71;
    const random = wordsOf('flood', 3 * RING_DEGREE);
    for (const plane of [0, 1, 2]) random.fill(2 ** 32 - 1, plane * RING_DEGREE, plane * RING_DEGREE + 1);
    for (const plane of [0, 1, 2]) random.fill(0, plane * RING_DEGREE + 1, plane * RING_DEGREE + 2);
    words(FIRST, 3 * RING_DEGREE).set(random);
    for (const prime of DATA_PRIMES) {
      const p = BigInt(prime);
      const shoup = (value: bigint): [number, number] => [
        Number(modulo(value, p)),
        Number((modulo(value, p) << 32n) / p),
      ];
      const masks = [2 ** 30 - 1, 2 ** 30 - 1, 2 ** (floodBits - 59) - 1];
      const offset = Number(modulo(-(2n ** BigInt(floodBits)), p));
      words(SECOND, 8).set([...masks, ...shoup(2n ** 30n), ...shoup(2n ** 60n), offset]);
      words(THIRD).fill(prime - 1);
      kernel.addFlood(THIRD, FIRST, SECOND, prime);
      for (let i = 0; i < RING_DEGREE; i++) {
        const digits = [0, 1, 2].map((plane) => BigInt(random[plane * RING_DEGREE + i]! & masks[plane]!));
        const flood = digits[0]! + (digits[1]! << 30n) + (digits[2]! << 60n) - 2n ** BigInt(floodBits);
        assert.ok(flood >= -(2n ** BigInt(floodBits)) && flood < 2n ** BigInt(floodBits));
        assert.equal(BigInt(words(THIRD)[i]!), modulo(flood - 1n, p));
      }
    }
  });
});
