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

test('a value rounded otherwise is the same feature but for its rounding', () => {
  const rounded = (bits: number, rest = 20): ModelSwings =>
    even.map((swing, i) => ({ ...swing, width: i < 3 ? bits : rest }));
  assert.ok(measureExposure([rounded(20), rounded(19, 19)]).partyLeverage < 0.4);
  assert.equal(measureExposure([rounded(26, 26), rounded(25, 26)]).rank, 1, 'what is below all noise is not read');
  near(measureExposure([rounded(20), rounded(1)]).partyLeverage, 1);
});

test('a difference shows in the worst of the views: sought and rest each as several axes or as one', () => {
  const looks = (far: readonly number[], little: readonly number[]): ModelSwings =>
    even.map((swing, i) => ({
      ...swing,
      key: `${swing.key} ${far.includes(i) ? 'far' : little.includes(i) ? 'little' : ''}`,
    }));
  const rest = [3, 4, 5, 6, 7];
  near(measureExposure([even, looks([0, 1, 2], rest)]).partyLeverage, 1);
  const grown = looks([], rest).map((swing, i) => ({ ...swing, swing: i < 3 ? 2 * swing.swing : swing.swing }));
  near(measureExposure([even, grown]).partyLeverage, 1);
});

test('features of one field count as one', () => {
  const pieces = even.map((swing, i) => (i < 5 ? { ...swing, field: 'tax f0', party: 'tax' } : swing));
  const { effectiveFeatures, featureLeverage } = measureExposure([pieces]);
  near(featureLeverage, 5 / 8);
  near(effectiveFeatures, 64 / 28);
});

test('of a party that is alone in a model, the models in which it is not are measured', () => {
  const alone: ModelSwings = even.slice(0, 3);
  assert.ok(measureExposure([even, alone]).partyLeverage < 1);
  near(measureExposure([alone]).partyLeverage, 0);
  const more = model(2, -2, 2, 1, 1, -1, 1, 1);
  near(measureExposure([even, alone, more]).partyLeverage, 1);
  const pair: ModelSwings = even.slice(0, 5);
  near(measureExposure([alone, pair]).partyLeverage, 1);
});

test('models over other features of the same parties are counted on their own axes', () => {
  const later: ModelSwings = [feature('g0', 'tax', 1), feature('g1', 'social', 1)];
  const { featureLeverage, rank } = measureExposure([even, later]);
  near(featureLeverage, 1 / 2);
  assert.equal(rank, 2);
});
