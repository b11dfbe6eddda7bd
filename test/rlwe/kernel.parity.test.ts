import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RlweKernel } from '@sealedger/protocol/rlwe/kernel.ts';
import { DATA_LIMBS, DATA_PRIMES, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import { parseWeightRecord, type SeededCiphertext } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import fc from 'fast-check';
import { SealOracle } from './seal-oracle.ts';
import { columnOf, keyOf, plainScores, uniformPoly } from './support.ts';

const kernel = new RlweKernel();
const noKey: SeededCiphertext = { c0: new Uint32Array(DATA_LIMBS * RING_DEGREE), seed: new Uint8Array(64) };
let owner: SealedModelOwner;
let secretKey: Uint8Array;
let oracle: SealOracle;

before(async () => {
  oracle = await SealOracle.create();
  owner = await createSealedModelOwner();
  secretKey = owner.secretKeyBytes();
});
after(() => {
  owner.delete();
  oracle.scope.delete();
});

/** Kernel, node-seal and cleartext on one model, word for word and score for score. */
function assertParity(weights: readonly bigint[], columns: readonly (Uint16Array | Uint32Array)[]): void {
  const records = owner.encryptWeights(weights).map(parseWeightRecord);
  kernel.loadModel(noKey, records);
  kernel.putColumns(columns);
  kernel.accumulate();
  const expected = oracle.accumulate(records, columns);
  assert.deepEqual(kernel.read(DATA_LIMBS), oracle.words(expected));
  kernel.switchModulus();
  assert.deepEqual(kernel.read(2), oracle.words(oracle.switchTwice(expected), 2));
  assert.deepEqual(oracle.decrypt(expected, secretKey), plainScores(weights, columns));
}

describe('the kernel agrees with node-seal and with cleartext', () => {
  it('on random models with negative weights', () => {
    const model = fc.array(
      fc.record({ weight: fc.bigInt(-(2n ** 22n), 2n ** 22n), bits: fc.integer({ min: 1, max: 20 }) }),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(model, fc.string(), (features, label) =>
        assertParity(
          features.map(({ weight }) => weight),
          features.map(({ bits }, j) => columnOf(`${label}/${j}`, bits)),
        ),
      ),
      { seed: 20260, numRuns: 8 },
    );
  });

  it('at the extremes of the range', () => {
    const widest = new Uint32Array(RING_DEGREE).fill(2 ** 20 - 1);
    assertParity([2n ** 22n, -(2n ** 22n)], [widest, widest]);
    const extreme = 2n ** 43n - 1n;
    assertParity([extreme], [Uint16Array.from({ length: RING_DEGREE }, (_, i) => i & 1)]);
    assertParity([-extreme], [new Uint16Array(RING_DEGREE).fill(1)]);
  });

  it('on columns of zeros, alone and among others, and on zero weights', () => {
    const zeros = new Uint16Array(RING_DEGREE);
    assertParity([5n], [zeros]);
    assertParity([5n, -7n, 0n], [zeros, columnOf('some', 16), columnOf('other', 9)]);
  });

  it('on one feature, and on 128 features, which fill several groups', () => {
    assertParity([-123_456n], [columnOf('one', 16)]);
    const columns = Array.from({ length: 128 }, (_, j) => columnOf(`many/${j}`, 8));
    assertParity(
      columns.map((_, j) => BigInt(j * 7919 - 500_000)),
      columns,
    );
  });
});

describe('seed expansion', () => {
  it("is SEAL's, for seeds of SEAL's and of ours", () => {
    const own = { c0: uniformPoly('c0'), seed: new Uint8Array([...keyOf('x'), ...keyOf('y')]) };
    for (const record of [...owner.encryptWeights([1n, -1n]).map(parseWeightRecord), own]) {
      assert.deepEqual(kernel.expand(record), oracle.words(oracle.load(record)));
    }
  });

  it('depends on every byte of the seed', () => {
    const seed = new Uint8Array([...keyOf('x'), ...keyOf('y')]);
    const expanded = kernel.expand({ c0: noKey.c0, seed }).c1;
    for (const at of [0, 31, 63]) {
      const other = seed.slice();
      other[at]! ^= 1;
      const different = kernel.expand({ c0: noKey.c0, seed: other }).c1;
      assert.ok(different.filter((word, i) => word === expanded[i]).length < 5);
    }
  });
});

describe('multiplication in the ring', () => {
  it('equals the schoolbook product modulo X^N + 1 in every limb', () => {
    const poly = uniformPoly('schoolbook');
    const column = columnOf('schoolbook', 20);
    kernel.loadModel(noKey, [{ c0: poly, seed: new Uint8Array(64) }]);
    kernel.putColumns([column]);
    kernel.accumulate();
    const { c0 } = kernel.read(DATA_LIMBS);
    for (let limb = 0; limb < DATA_LIMBS; limb++) {
      for (const index of [0, 1, 2047, 2048, 4095, 4096, 6143, 8190, 8191]) {
        assert.equal(BigInt(c0[limb * RING_DEGREE + index]!), schoolbook(poly, limb, column, index));
      }
    }
  });
});

function schoolbook(poly: Uint32Array, limb: number, column: ArrayLike<number>, index: number): bigint {
  let sum = 0n;
  for (let i = 0; i < RING_DEGREE; i++) {
    const j = index - i;
    const product = BigInt(poly[limb * RING_DEGREE + i]!) * BigInt(column[j < 0 ? j + RING_DEGREE : j]!);
    sum += j < 0 ? -product : product;
  }
  const p = BigInt(DATA_PRIMES[limb]!);
  return ((sum % p) + p) % p;
}
