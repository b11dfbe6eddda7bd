/** The exposure of models: single ones, combinations, and what noise hides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FeatureSwing, type ModelSwings, measureExposure } from '@sealedger/protocol/model-exposure.ts';

const PARTIES = ['tax', 'tax', 'tax', 'social', 'social', 'market', 'market', 'market'];

function feature(key: string, party: string, swing: number, change: Partial<FeatureSwing> = {}): FeatureSwing {
  return { key, loose: key, field: key, party, swing, width: null, ...change };
}
function model(...swings: readonly number[]): ModelSwings {
  return swings.map((swing, i) => feature(`f${i}`, PARTIES[i]!, swing));
}
const even = model(1, -1, 1, 1, 1, -1, 1, 1);
const near = (found: number, expected: number): void => assert.ok(Math.abs(found - expected) < 1e-9, `${found}`);

test('an even model has as many effective features as features, and little leverage on any', () => {
  const { effectiveFeatures, featureLeverage, partyLeverage, rank } = measureExposure([even]);
  near(effectiveFeatures, 8);
  near(featureLeverage, 1 / 8);
  near(partyLeverage, 3 / 8);
  assert.equal(rank, 1);
});

test('a one-hot model is its feature', () => {
  const { effectiveFeatures, featureLeverage, partyLeverage } = measureExposure([model(0, 0, 0, 2, 0, 0, 0, 0)]);
  near(effectiveFeatures, 1);
  near(featureLeverage, 1);
  near(partyLeverage, 1);
});

test('tiny weights beside a heavy one do not hide it', () => {
  const { featureLeverage, effectiveFeatures } = measureExposure([model(8, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01)]);
  assert.ok(featureLeverage > 0.999 && effectiveFeatures < 1.1);
});

test('two even models whose difference is one feature expose that feature', () => {
  const other = model(1, -1, 1, 1, 1, -1, 1, 3);
  near(measureExposure([other]).featureLeverage, 9 / 16);
  near(measureExposure([even, other]).featureLeverage, 1);
});

test('two models that differ in one department expose that department, also where one is scaled', () => {
  const other = model(2.5, 0.5, -3, 3, 3, -3, 3, 3);
  near(measureExposure([even, other]).partyLeverage, 1);
  assert.ok(measureExposure([even, other]).featureLeverage < 0.9);
});

test('a third model that closes the gap is caught, though it is far from each of the two', () => {
  const second = model(1, 1, -1, 1, -1, 1, 1, -1);
  const sum = model(2, 0, 0, 2, 0, 0, 2, 5);
  assert.ok(measureExposure([even, second]).featureLeverage < 0.5);
  near(measureExposure([even, second, sum]).featureLeverage, 1);
});

test('the same model again, or one that differs by less than the narrowest noise, adds nothing; a little more is read', () => {
  const again = model(1, -1, 1, 1, 1, -1, 1, 1 + 2 ** -22);
  const { featureLeverage, rank } = measureExposure([even, again]);
  assert.equal(rank, 1);
  assert.ok(featureLeverage < 0.13);
  const readable = model(1, -1, 1, 1, 1, -1, 1, 1 + 2 ** -17);
  assert.ok(measureExposure([even, readable]).featureLeverage > 0.9999);
});

test('a model that was sealed a hundred times is one direction, however large its weights are', () => {
  const large = model(...Array.from({ length: 8 }, (_, i) => 1000 * Math.sin(i + 1)));
  assert.equal(measureExposure(Array.from({ length: 100 }, () => large)).rank, 1);
});

test('models over other features of the same parties are counted on their own axes', () => {
  const later: ModelSwings = [feature('g0', 'tax', 1), feature('g1', 'social', 1)];
  const { featureLeverage, rank } = measureExposure([even, later]);
  near(featureLeverage, 1 / 2);
  assert.equal(rank, 2);
});
