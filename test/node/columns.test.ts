import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { DatasetConfig } from '@sealedger/node/catalogue/dataset.ts';
import { plainCsv } from '@sealedger/node/catalogue/rows.ts';
import { chunkColumns, loadColumns } from '@sealedger/node/compute/columns.ts';
import { noiseWidth, releaseNoise, releaseNoiseKey } from '@sealedger/node/compute/release-noise.ts';
import { buildRegister, type RegisterView, rankOf, tagOf } from '@sealedger/node/match/register.ts';
import type { FeatureDefinition } from '@sealedger/protocol/model.ts';
import { keyOf } from './support/organisations.ts';
import { assertFree, refusal, refusalOf } from './support/refusals.ts';
import { subjectOf, subjectsOf } from './support/subjects.ts';
import { csvOf, temporaryDirectory, writeTable } from './support/temporary.ts';

const key = keyOf('register');
const subjects = subjectsOf(40);
const { tags } = buildRegister(key, subjects);
const register: RegisterView = { id: 'r', key, tags, people: 40 };
const rank = (n: number): number => rankOf(tags, tagOf(key, subjectOf(n)));
const definitions: readonly FeatureDefinition[] = [
  { party: 'tax', field: 'income', transform: 'linear', clip: [0, 100], missing: 50, valueBits: 8 },
  { party: 'tax', field: 'income', transform: 'linear', clip: [0, 100], missing: 50, valueBits: 20 },
  { party: 'tax', field: 'grade', transform: 'equals', value: 'A', valueBits: 1 },
  { party: 'tax', field: 'grade', transform: 'missing', valueBits: 1 },
  { party: 'tax', field: 'income', transform: 'linear', clip: [0, 100], missing: 50, valueBits: 12 },
];

async function load(t: TestContext, rows: readonly (readonly string[])[], invalidSubjects?: 'leave-out') {
  const file = await writeTable(await temporaryDirectory(t), 'tax.csv', csvOf(['id_number', 'income', 'grade'], rows));
  const subject = { subject: 'id_number', invalidSubjects };
  const config: DatasetConfig = { name: 'tax', ...plainCsv(file), ...subject, level: 3, fields: [] };
  return loadColumns(config, definitions, register);
}

describe('feature columns', () => {
  it('hold quantised cells at the subject’s rank, in words that fit their width', async (t) => {
    const { columns } = await load(t, [
      [subjectOf(3), '100', 'A'],
      [subjectOf(9), '0', 'B'],
    ]);
    assert.deepEqual(
      columns.map((column) => column[rank(3)]),
      [255, 2 ** 20 - 1, 1, 0, 4095],
    );
    assert.deepEqual(
      columns.map((column) => column[rank(9)]),
      [0, 0, 0, 0, 0],
    );
    assert.deepEqual(
      columns.map((column) => column.BYTES_PER_ELEMENT),
      [1, 4, 1, 1, 2],
    );
  });

  it('give every subject without a row or a value the declared imputation, and say that it is missing', async (t) => {
    const { columns } = await load(t, [
      [subjectOf(3), '', ''],
      [subjectOf(4), ' ', 'A'],
    ]);
    const imputed = [128, 524_288, 0, 1, 2048];
    for (const n of [0, 3, 39])
      assert.deepEqual(
        columns.map((column) => column[rank(n)]),
        imputed,
      );
    assert.deepEqual(
      columns.map((column) => column[rank(4)]),
      [128, 524_288, 1, 0, 2048],
    );
  });

  it('are all imputation where the table has no rows', async (t) => {
    const { columns, rowsOutsideRegister } = await load(t, []);
    for (const column of columns) assert.equal(new Set(column).size, 1);
    assert.equal(rowsOutsideRegister, 0);
  });

  it('leave out and count rows whose subject the register does not know', async (t) => {
    const { columns, rowsOutsideRegister } = await load(t, [
      [subjectOf(900), '7', 'A'],
      [subjectOf(3), '100', 'A'],
      [subjectOf(901), '7', 'A'],
    ]);
    assert.equal(rowsOutsideRegister, 2);
    assert.equal(columns[2]!.filter((value) => value === 1).length, 1);
  });

  it('leave out rows that name nobody where the dataset says so, and only those', async (t) => {
    const [bad, good] = [
      ['110105194912310020', '100', 'A'],
      [subjectOf(3), '100', 'A'],
    ] as const;
    const { columns, rowsOutsideRegister } = await load(t, [bad, good], 'leave-out');
    const alone = await load(t, [good]);
    assert.deepEqual([columns, rowsOutsideRegister], [alone.columns, 0]);
    const twice = await refusalOf(() => load(t, [good, bad, good], 'leave-out'));
    refusal('ROW_DUPLICATE_SUBJECT', { row: 3 })(twice);
    const cell = await refusalOf(() => load(t, [[subjectOf(2), 'plantedcell', 'A']], 'leave-out'));
    refusal('CELL_NOT_NUMERIC', { row: 1 })(cell);
  });

  it('refuse a bad row by its number and without its content', async (t) => {
    const first = [subjectOf(1), '1', 'A'];
    for (const [rows, code, row] of [
      [[first, ['110105194912310020', '1', 'A']], 'ROW_IDENTIFIER_INVALID', 2],
      [[first, [subjectOf(2), 'plantedcell', 'A']], 'CELL_NOT_NUMERIC', 2],
      [[first, [subjectOf(2), '1', 'A'], first], 'ROW_DUPLICATE_SUBJECT', 3],
    ] as const) {
      const error = await refusalOf(() => load(t, rows));
      refusal(code, { row })(error);
      assertFree(error, ['plantedcell', '110105194912310020', subjectOf(1), subjectOf(2)]);
    }
  });

  it('come in slot order for a chunk, with zeros past the register', async (t) => {
    const features = await load(t, [[subjectOf(3), '100', 'A']]);
    const rankOfSlot = Uint32Array.from({ length: 40 }, (_, slot) => 39 - slot);
    const [first, second] = [0, 1].map((chunk) => chunkColumns(features, rankOfSlot, chunk, 32));
    assert.equal(first![0]![39 - rank(3)] ?? second![0]![39 - rank(3) - 32], 255);
    const together = [...first![4]!, ...second![4]!];
    assert.deepEqual(together.slice(0, 40), [...features.columns[4]!].reverse());
    assert.deepEqual(together.slice(40), new Array(24).fill(0));
  });
});

describe('release noise', () => {
  const seed = keyOf('tax/seed');
  const noiseKey = releaseNoiseKey(seed, keyOf('model'), keyOf('dataset'));
  const many = buildRegister(key, subjectsOf(8192)).tags;
  const width = noiseWidth(24, -12, 4);

  it('has the width 2^-12 over the root of the number of departments, in score units', () => {
    assert.equal(width, 2 ** 12 / 2);
    assert.equal(noiseWidth(38, -12, 1), 2 ** 26);
    assert.equal(noiseWidth(20, -12, 3), Math.floor(256 / Math.sqrt(3)));
  });

  it('is centred, fills its width and never leaves it', () => {
    const noise = releaseNoise(noiseKey, width, many);
    assert.ok(noise.every((value) => value >= -width / 2 && value < width / 2));
    assert.ok(Math.min(...noise) < -0.99 * (width / 2) && Math.max(...noise) > 0.99 * (width / 2));
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    // Standard error of the mean of 8,192 uniform values: width / sqrt(12 * 8192) = width / 313.
    assert.ok(Math.abs(mean) < (5 * width) / 313, String(mean));
  });

  it('is a subject’s own: the same in every attempt and place, another for another model, dataset, node or subject', () => {
    const noise = releaseNoise(noiseKey, width, many);
    const reversed = new Uint8Array(many.length);
    for (let i = 0; i < 8192; i++) reversed.set(many.subarray(32 * i, 32 * i + 32), 32 * (8191 - i));
    assert.deepEqual([...releaseNoise(noiseKey, width, reversed)].reverse(), [...noise]);
    const others = [
      releaseNoiseKey(seed, keyOf('other model'), keyOf('dataset')),
      releaseNoiseKey(seed, keyOf('model'), keyOf('other dataset')),
      releaseNoiseKey(keyOf('court/seed'), keyOf('model'), keyOf('dataset')),
    ].map((other) => releaseNoise(other, width, many));
    for (const other of others) assert.ok(other.filter((value, i) => value === noise[i]).length < 30);
    assert.ok(new Set(noise).size > 1900);
  });

  it('of all departments together stays within the released precision', () => {
    const sum = new Float64Array(8192);
    for (const org of ['a', 'b', 'c', 'd']) {
      releaseNoise(releaseNoiseKey(keyOf(org), keyOf('m'), keyOf('d')), width, many).forEach((value, i) => {
        sum[i]! += value / 2 ** 24;
      });
    }
    // Four uniform parts of half the width each: variance 4 · (2^-13)² / 12, so the deviation is 2^-12 / sqrt(12).
    const deviation = Math.sqrt(sum.reduce((total, value) => total + value ** 2, 0) / 8192);
    assert.ok(Math.abs(deviation / (2 ** -12 / Math.sqrt(12)) - 1) < 0.05, String(deviation));
    assert.ok(Math.max(...sum.map(Math.abs)) <= 2 ** -11);
  });
});
