/**
 * Quantised scores against cleartext. Tolerance: the bound that fixed-point.ts states, and what doubles of that size
 * lose: a linear feature computes with terms of size |w|·max(|lo|, |hi|, |mean|)/std, each off by some units of 2^-52.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  largestValue,
  noiseBitsFit,
  quantise,
  quantiseWeights,
  scoreFromInteger,
} from '@sealedger/protocol/fixed-point.ts';
import { featureDefinition, type ModelFeature, transformedValue } from '@sealedger/protocol/model.ts';
import { assertScoreRange } from '@sealedger/protocol/rlwe/parameters.ts';
import fc from 'fast-check';
import { refusal } from '../node/support/refusals.ts';

const finite = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });
const linear = fc
  .record({
    weight: finite(20),
    ends: fc.oneof(
      fc.tuple(finite(1e3), finite(1e3)),
      fc.tuple(finite(1e15), finite(1e15)),
      finite(1e6).map((end): [number, number] => [end, end]),
    ),
    mean: fc.double({ min: 0, max: 1, noNaN: true }),
    spread: fc.double({ min: 0.02, max: 2, noNaN: true }),
    missing: finite(1e6),
  })
  .map(({ weight, ends, mean, spread, missing }): ModelFeature => {
    const clip: [number, number] = [Math.min(...ends), Math.max(...ends)];
    const width = clip[1] - clip[0];
    return {
      party: 'tax',
      field: 'x',
      transform: 'linear',
      weight,
      clip,
      mean: clip[0] + mean * width,
      std: Math.max(spread * width, 1e-3),
      missing,
    };
  });
const indicator = fc.record({
  party: fc.constant('tax'),
  field: fc.constant('x'),
  transform: fc.constant('equals' as const),
  weight: finite(20),
  value: fc.constantFrom('A', '7'),
});
const missing = indicator.map(({ value: _, ...rest }): ModelFeature => ({ ...rest, transform: 'missing' }));
const feature: fc.Arbitrary<ModelFeature> = fc.oneof(linear, indicator, missing);
const cell = fc.oneof(
  fc.constantFrom(null, '', ' ', '7', '-0', '+3.25', '1e15', '-1e300'),
  finite(1e3).map(String),
  finite(1e16).map(String),
);

/** What the header of fixed-point.ts promises, plus the rounding of doubles. */
function errorBound(features: readonly { feature: ModelFeature; valueBits: number }[], scaleBits: number): number {
  return features.reduce((sum, { feature: f, valueBits }) => {
    const top = largestValue(valueBits);
    const weightRounding = top / 2 ** (scaleBits + 1);
    if (f.transform !== 'linear') return sum + weightRounding;
    const slope = Math.abs(f.weight * (f.clip[1] - f.clip[0])) / (f.std * top);
    const size = (Math.abs(f.weight) * Math.max(...[...f.clip, f.mean].map(Math.abs))) / f.std;
    return sum + slope / 2 + weightRounding + 64 * size * Number.EPSILON;
  }, 1e-12);
}

describe('a quantised score', () => {
  it('differs from the cleartext by no more than the stated bound, and stays in range', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ feature, valueBits: fc.integer({ min: 8, max: 20 }), cell }), {
          minLength: 1,
          maxLength: 24,
        }),
        (drawn) => {
          const features = drawn.map(({ feature: f, valueBits }) => ({
            feature: f,
            valueBits: f.transform === 'linear' ? valueBits : 1,
          }));
          const { scaleBits, weights, offset } = quantiseWeights(features, -12);
          const values = features.map(({ feature: f, valueBits }, i) => {
            const value = quantise(featureDefinition(f, valueBits), drawn[i]!.cell, 1);
            assert.ok(Number.isInteger(value) && value >= 0 && value <= largestValue(valueBits));
            return value;
          });
          const integer = values.reduce((sum, value, i) => sum + weights[i]! * BigInt(value), 0n);
          const reach = weights.reduce(
            (sum, weight, i) => sum + (weight < 0n ? -weight : weight) * BigInt(largestValue(features[i]!.valueBits)),
            0n,
          );
          assertScoreRange(reach, 2n ** 29n);
          const clear = features.reduce(
            (sum, { feature: f }, i) => sum + f.weight * transformedValue(f, drawn[i]!.cell, 1),
            0,
          );
          const error = Math.abs(scoreFromInteger(integer, scaleBits) + offset - clear);
          assert.ok(error <= errorBound(features, scaleBits), `${error} > ${errorBound(features, scaleBits)}`);
        },
      ),
      { seed: 20261121, numRuns: 3000 },
    );
  });

  it('of columns without a single value is that of the imputation values', () => {
    const f: ModelFeature = {
      party: 'tax',
      field: 'x',
      transform: 'linear',
      weight: -3,
      clip: [0, 10],
      mean: 5,
      std: 2,
      missing: 4,
    };
    const { scaleBits, weights, offset } = quantiseWeights([{ feature: f, valueBits: 16 }], -12);
    const score =
      scoreFromInteger(weights[0]! * BigInt(quantise(featureDefinition(f, 16), null, 0)), scaleBits) + offset;
    assert.ok(Math.abs(score - -3 * ((4 - 5) / 2)) < 1e-3);
  });

  it('of an empty clip range is exact: the value is always 0 and the constant part carries it', () => {
    const f: ModelFeature = {
      party: 'tax',
      field: 'x',
      transform: 'linear',
      weight: 2,
      clip: [7, 7],
      mean: 5,
      std: 4,
      missing: 0,
    };
    const { weights, offset } = quantiseWeights([{ feature: f, valueBits: 12 }], -12);
    assert.deepEqual(weights, [0n]);
    for (const text of [null, '7', '1e9']) assert.equal(quantise(featureDefinition(f, 12), text, 1), 0);
    assert.equal(offset, 1);
  });

  it('uses the whole width: the ends of the clip are 0 and 2^b - 1', () => {
    const definition = {
      party: 'tax',
      field: 'x',
      transform: 'linear' as const,
      clip: [-5, 5] as [number, number],
      missing: 0,
      valueBits: 20,
    };
    assert.equal(quantise(definition, '-1e300', 1), 0);
    assert.equal(quantise(definition, '-5', 1), 0);
    assert.equal(quantise(definition, '5', 1), 2 ** 20 - 1);
    assert.equal(quantise(definition, '+1e300', 1), 2 ** 20 - 1);
    assert.throws(() => quantise(definition, 'x', 9), refusal('CELL_NOT_NUMERIC', { row: 9 }));
  });
});

describe('the score range', () => {
  const weighing = (weight: number) => ({
    feature: { party: 'tax', field: 'x', transform: 'missing' as const, weight },
    valueBits: 1,
  });
  it('takes what leaves twelve bits behind the point, and refuses one bit more', () => {
    assert.equal(quantiseWeights([weighing(2 ** 22)], -12).scaleBits, 19);
    assert.throws(
      () => quantiseWeights([weighing(2 ** 22 + 1)], -12),
      refusal('SCORE_RANGE_OVERFLOW', { limitBits: 23 }),
    );
    assert.equal(quantiseWeights([weighing(2 ** 29)], 0).scaleBits, 12);
    assert.throws(
      () => quantiseWeights([weighing(2 ** 29 + 1)], 0),
      refusal('SCORE_RANGE_OVERFLOW', { limitBits: 30 }),
    );
    assert.throws(() => quantiseWeights([weighing(2 ** 15)], -20), refusal('SCORE_RANGE_OVERFLOW', { limitBits: 15 }));
    assert.throws(() => quantiseWeights([weighing(-1e30)], -12), refusal('SCORE_RANGE_OVERFLOW'));
  });

  it('is refused where doubles overflow on the way to it', () => {
    const wide: ModelFeature = {
      party: 'tax',
      field: 'x',
      transform: 'linear',
      weight: 1,
      clip: [-1e308, 1e308],
      mean: 0,
      std: 1,
      missing: 0,
    };
    for (const f of [
      wide,
      { ...wide, weight: 0 },
      { ...wide, clip: [0, 1] as [number, number], mean: 1e308, std: 1e-10 },
    ]) {
      assert.throws(() => quantiseWeights([{ feature: f, valueBits: 16 }], -12), refusal('SCORE_RANGE_OVERFLOW'));
    }
    assert.throws(() => quantiseWeights([weighing(1.7e308), weighing(1.7e308)], -12), refusal('SCORE_RANGE_OVERFLOW'));
  });

  it('never gives more than 38 bits behind the point, so that release noise stays below 2^28', () => {
    assert.equal(quantiseWeights([weighing(1e-9)], -12).scaleBits, 38);
    assert.equal(quantiseWeights([weighing(0)], -12).scaleBits, 38);
    assert.equal(quantiseWeights([weighing(0)], 0).scaleBits, 28, 'wider noise leaves fewer bits');
    for (let width = -20; width <= 0; width++) {
      const { scaleBits } = quantiseWeights([weighing(1)], width);
      assert.ok(noiseBitsFit(scaleBits, width), String(width));
      assert.ok(!noiseBitsFit(6 - width, width) && !noiseBitsFit(29 - width, width));
    }
  });
});
