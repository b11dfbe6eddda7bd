import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import {
  featureDefinition,
  featureDefinitionSchema,
  parseModel,
  parseNumericCell,
  transformedValue,
} from '@sealedger/protocol/model.ts';
import { assertFree, refusal, refusalOf } from '../node/support/refusals.ts';

const parties = new Map([
  ['tax', new Set(['income', 'grade'])],
  ['bank', new Set(['amount'])],
]);
const income = {
  party: 'tax',
  field: 'income',
  transform: 'linear' as const,
  weight: -0.5,
  clip: [0, 100] as [number, number],
  mean: 40,
  std: 20,
  missing: 30,
};
const grade = { party: 'tax', field: 'grade', transform: 'equals' as const, weight: 1, value: 'A' };
const modelOf = (...features: object[]) => ({ kind: 'logistic', intercept: 0.1, features });

describe('a model', () => {
  it('is taken with negative weights, an empty clip range and every transform', () => {
    const missing = { party: 'tax', field: 'grade', transform: 'missing', weight: 0 };
    const model = parseModel(modelOf(income, { ...income, clip: [5, 5] }, grade, missing), parties);
    assert.equal(model.features.length, 4);
  });

  const refused: readonly (readonly [string, unknown, ErrorCode, ErrorDetails])[] = [
    [
      'a weight that is NaN',
      modelOf({ ...income, weight: Number.NaN }),
      'SCHEMA_MISMATCH',
      { path: 'features.0.weight' },
    ],
    [
      'an infinite weight',
      modelOf(grade, { ...income, weight: 1 / 0 }),
      'SCHEMA_MISMATCH',
      { path: 'features.1.weight' },
    ],
    ['a weight in text', modelOf({ ...income, weight: '1' }), 'SCHEMA_MISMATCH', { path: 'features.0.weight' }],
    ['an infinite intercept', { ...modelOf(income), intercept: -1 / 0 }, 'SCHEMA_MISMATCH', { path: 'intercept' }],
    ['a standard deviation of zero', modelOf({ ...income, std: 0 }), 'SCHEMA_MISMATCH', { path: 'features.0.std' }],
    ['a negative standard deviation', modelOf({ ...income, std: -1 }), 'SCHEMA_MISMATCH', { path: 'features.0.std' }],
    ['an infinite clip', modelOf({ ...income, clip: [0, 1 / 0] }), 'SCHEMA_MISMATCH', { path: 'features.0.clip.1' }],
    ['a clip of one end', modelOf({ ...income, clip: [0] }), 'SCHEMA_MISMATCH', { path: 'features.0.clip' }],
    [
      'a reversed clip',
      modelOf(grade, { ...income, clip: [2, 1] }),
      'MODEL_CLIP_REVERSED',
      { index: 1, field: 'income' },
    ],
    ['an unknown party', modelOf({ ...grade, party: 'court' }), 'MODEL_UNKNOWN_PARTY', { index: 0, party: 'court' }],
    [
      'an unknown field',
      modelOf({ ...grade, field: 'arrears' }),
      'MODEL_UNKNOWN_FIELD',
      { index: 0, field: 'arrears' },
    ],
    ['a field of another party', modelOf({ ...grade, field: 'amount' }), 'MODEL_UNKNOWN_FIELD', { party: 'tax' }],
    [
      'an unknown transform',
      modelOf({ ...grade, transform: 'square' }),
      'SCHEMA_MISMATCH',
      { path: 'features.0.transform' },
    ],
    ['a key that is not known', modelOf({ ...grade, scale: 2 }), 'SCHEMA_MISMATCH', {}],
    ['no feature', modelOf(), 'SCHEMA_MISMATCH', { path: 'features' }],
    ['another kind', { ...modelOf(grade), kind: 'tree' }, 'SCHEMA_MISMATCH', { path: 'kind' }],
    ['nothing', null, 'SCHEMA_MISMATCH', { path: '(root)' }],
  ];
  for (const [name, value, code, details] of refused) {
    it(`with ${name} is refused`, () => assert.throws(() => parseModel(value, parties), refusal(code, details)));
  }
});

describe('a feature definition, which is what a department is told,', () => {
  it('has neither weight nor mean nor standard deviation', () => {
    const definition = featureDefinition(income, 16);
    assert.deepEqual(definition, {
      party: 'tax',
      field: 'income',
      transform: 'linear',
      clip: [0, 100],
      missing: 30,
      valueBits: 16,
    });
    assert.deepEqual(featureDefinition(grade, 16), {
      party: 'tax',
      field: 'grade',
      transform: 'equals',
      value: 'A',
      valueBits: 1,
    });
    for (const feature of [income, grade])
      assert.ok(featureDefinitionSchema.safeParse(featureDefinition(feature, 9)).success);
  });

  it('is refused with a weight in it, a width that is none, or a clip whose ends are reversed', () => {
    const definition = featureDefinition(income, 16);
    for (const change of [
      { weight: 1 },
      { mean: 1 },
      { valueBits: 0 },
      { valueBits: 21 },
      { valueBits: 1.5 },
      { clip: [1, 0] },
      { clip: [-1e308, 1e308] },
      { clip: [-1e308, 1e308] },
    ]) {
      assert.equal(
        featureDefinitionSchema.safeParse({ ...definition, ...change }).success,
        false,
        JSON.stringify(change),
      );
    }
    assert.equal(featureDefinitionSchema.safeParse({ ...featureDefinition(grade, 1), valueBits: 2 }).success, false);
  });
});

describe('a numeric cell', () => {
  const where = { field: 'income', row: 12 };
  it('is read with signs, exponents, blanks around it and either side of the point', () => {
    const read: readonly (readonly [string, number])[] = [
      ['12', 12],
      [' +12.5\t', 12.5],
      ['-.5', -0.5],
      ['5.', 5],
      ['3e+05', 300_000],
      ['1E-3', 0.001],
      ['-0', -0],
      ['007', 7],
      ['1e-400', 0],
    ];
    for (const [cell, value] of read) assert.equal(parseNumericCell(cell, where), value, cell);
  });

  it('with nothing but blanks is missing, and so is a subject without a row', () => {
    for (const cell of [null, '', ' ', '\t', '\u3000', '\u00a0']) assert.equal(parseNumericCell(cell, where), null);
  });

  it('that is no decimal number is refused without being repeated', async () => {
    const cells = [
      'NaN',
      'Infinity',
      '-inf',
      '0x10',
      '0b1',
      '1_000',
      '1,000',
      '12a',
      '--1',
      '1e',
      'e5',
      '.',
      '+',
      '1 2',
      '１２',
      '٣',
      '1e999',
      '−5',
      'null',
      '12元',
    ];
    for (const cell of cells) {
      const error = await refusalOf(() => parseNumericCell(cell, where));
      refusal('CELL_NOT_NUMERIC', where)(error);
      assert.ok(!JSON.stringify({ ...error, message: error.message }).includes(`"${cell}"`), cell);
    }
    assertFree(await refusalOf(() => parseNumericCell('plantedcell', where)), ['plantedcell']);
  });
});

describe('the transformed value of a cell', () => {
  it('clips, imputes and standardises a number', () => {
    assert.equal(transformedValue(income, '40', 1), 0);
    assert.equal(transformedValue(income, '1000', 1), 3);
    assert.equal(transformedValue(income, '-5', 1), -2);
    for (const cell of [null, '', '  ']) assert.equal(transformedValue(income, cell, 1), -0.5);
    assert.equal(transformedValue({ ...income, missing: 1e9 }, null, 1), 3);
  });

  it('compares text as it stands and never takes an empty cell for a value', () => {
    assert.equal(transformedValue(grade, 'A', 1), 1);
    for (const cell of ['a', 'A ', 'B', '', null]) assert.equal(transformedValue(grade, cell, 1), 0);
    assert.equal(transformedValue({ ...grade, value: '' }, '', 1), 0);
  });

  it('tells a missing cell from any other', () => {
    const missing = { party: 'tax', field: 'grade', transform: 'missing' as const, weight: 1 };
    for (const cell of [null, '', ' ']) assert.equal(transformedValue(missing, cell, 1), 1);
    for (const cell of ['0', 'x']) assert.equal(transformedValue(missing, cell, 1), 0);
  });
});
