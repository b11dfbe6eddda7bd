/** The score against the formula of docs/quality-score.md, worked by hand. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBasisPoints } from '../../node/quality/fraction.ts';
import { ruleSetHash, ruleSetSchema } from '../../node/quality/rule.ts';
import type { QualityRun } from '../../node/quality/run-types.ts';
import { sampleRows } from '../../node/quality/sampling.ts';
import { scoreOf, wilsonInterval } from '../../node/quality/score.ts';

interface Counted {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly counts: readonly (readonly [field: string, checked: number, failing: number])[];
  readonly sampled?: boolean;
}

function runOf(counted: readonly Counted[], set: Readonly<Record<string, unknown>> = {}): QualityRun {
  const ruleSet = ruleSetSchema.parse({
    ruleSet: 'test',
    version: 1,
    dataset: 'test',
    ...set,
    rules: counted.map(({ rule, counts }, i) => ({
      id: `r${i}`,
      type: 'notNull',
      fields: counts.map(([field]) => field),
      dimension: 'completeness',
      ...rule,
    })),
  });
  const sum = (counts: Counted['counts'], place: 1 | 2) => counts.reduce((total, count) => total + count[place], 0);
  return {
    ruleSet,
    ruleSetHash: ruleSetHash(ruleSet),
    rows: 1000,
    asOfMs: 0,
    sample: null,
    rules: counted.map(({ counts, sampled }, i) => ({
      rule: ruleSet.rules[i]!,
      checks: counts.map(([field, checked, failing]) => ({ fields: [field], checked, failing })),
      checked: sum(counts, 1),
      failing: sum(counts, 2),
      sampled: sampled ?? false,
      measured: null,
      reported: sum(counts, 2),
    })),
    profile: { rows: 1000, distributions: [] },
  };
}

test('the worked example of docs/quality-score.md', () => {
  const score = scoreOf(
    runOf(
      [
        {
          rule: { id: 'present' },
          counts: [
            ['name', 1000, 10],
            ['code', 1000, 0],
          ],
        },
        { rule: { id: 'phone', weight: 0.5, severity: 'minor' }, counts: [['phone', 1000, 200]] },
        {
          rule: { id: 'check', dimension: 'accuracy', weight: 2, severity: 'critical', threshold: 0.99 },
          counts: [['code', 1000, 60]],
        },
        { rule: { id: 'range', dimension: 'accuracy', threshold: 0.95 }, counts: [['capital', 900, 27]] },
        { rule: { id: 'late', dimension: 'timeliness' }, counts: [['day', 0, 0]] },
      ],
      { dimensionWeights: { accuracy: 3 } },
    ),
  );
  const present = (0.995 * 0.995) / 1;
  const check = 0.94 * (0.94 / 0.99) ** 2;
  const completeness = (1 * present + 0.5 * 0.8) / 1.5;
  const accuracy = (2 * check + 1 * 0.97) / 3;
  const total = (1 * completeness + 3 * accuracy) / 4;
  const floor = (value: number) => Math.floor(value * 10_000);
  assert.deepEqual(
    score.dimensions.map(({ dimension, basisPoints }) => [dimension, basisPoints]),
    [
      ['completeness', floor(completeness)],
      ['accuracy', floor(accuracy)],
    ],
  );
  assert.equal(score.basisPoints, floor(total));
  assert.deepEqual([score.rules.get('check')?.passedBasisPoints, score.rules.get('check')?.met], [9400, false]);
  assert.deepEqual([score.rules.get('range')?.basisPoints, score.rules.get('range')?.met], [9700, true]);
  assert.equal(score.rules.get('late')?.basisPoints, null);
  const text = readFileSync(new URL('../../docs/quality-score.md', import.meta.url), 'utf8');
  for (const [name, value] of [
    ['completeness', completeness],
    ['accuracy', accuracy],
    ['total', total],
  ] as const) {
    assert.ok(
      text.includes(`${name} = ${value.toFixed(6)} → ${floor(value)}`),
      `${name} = ${value.toFixed(6)} → ${floor(value)}`,
    );
  }
});

test('10,000 means that nothing failed: one cell in a billion takes a point', () => {
  assert.equal(scoreOf(runOf([{ rule: {}, counts: [['a', 1_000_000_000, 0]] }])).basisPoints, 10_000);
  assert.equal(scoreOf(runOf([{ rule: {}, counts: [['a', 1_000_000_000, 1]] }])).basisPoints, 9_999);
});

test('a score grows with what passes, and a severer rule never gives more', () => {
  const shares = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(shares, fc.integer({ min: 1, max: 10_000 }), ([checked, part], threshold) => {
      const failing = Math.min(checked, Math.floor(part * (checked + 1)));
      const of = (severity: string, count: number) =>
        scoreOf(runOf([{ rule: { severity, threshold: threshold / 10_000 }, counts: [['a', checked, count]] }]))
          .basisPoints;
      const [minor, major, critical] = ['minor', 'major', 'critical'].map((severity) => of(severity, failing));
      assert.ok(minor! >= major! && major! >= critical!);
      if (failing > 0) assert.ok(of('critical', failing - 1) >= critical!);
    }),
    { seed: 20260101, numRuns: 100 },
  );
});

test('fields are scored by the rules that look at them', () => {
  const score = scoreOf(
    runOf([
      {
        rule: { severity: 'minor' },
        counts: [
          ['a', 10, 5],
          ['b', 10, 0],
        ],
      },
      { rule: { severity: 'minor', weight: 3 }, counts: [['a', 10, 0]] },
    ]),
  );
  assert.deepEqual(
    score.fields.map(({ field, basisPoints, rules, failing }) => [field, basisPoints, rules, failing]),
    [
      ['a', 8750, 2, 5],
      ['b', 10_000, 1, 0],
    ],
  );
});

test('without one checked cell there is no score', () => {
  assert.throws(() => scoreOf(runOf([{ rule: {}, counts: [['a', 0, 0]] }])), { code: 'QUALITY_NOTHING_CHECKED' });
});

test('the Wilson interval is the published one', () => {
  // Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  for (const [passed, checked, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const [least, most] = wilsonInterval(passed, checked).map((end) => toBasisPoints(end) / 10_000) as [number, number];
    assert.ok(Math.abs(least - low) < 2e-4 && Math.abs(most - high) < 2e-4, `${passed}/${checked}: ${least} ${most}`);
  }
});

test('a sampled rule gives intervals that hold its share, up to the total', () => {
  const score = scoreOf(
    runOf([
      { rule: {}, counts: [['a', 400, 40]], sampled: true },
      { rule: { dimension: 'accuracy' }, counts: [['a', 1000, 0]] },
    ]),
  );
  const [low, high] = score.interval!;
  assert.ok(low < score.basisPoints && score.basisPoints < high);
  assert.equal(score.dimensions.find(({ dimension }) => dimension === 'accuracy')!.interval, null);
});

test('a sample holds distinct rows of the table, the same for the same seed, each as likely as the others', () => {
  const rows = sampleRows(1000, 100, 'seed');
  assert.equal(new Set(rows).size, 100);
  assert.ok(rows.every((row) => Number.isInteger(row) && row >= 1 && row <= 1000));
  assert.deepEqual(sampleRows(1000, 100, 'seed'), rows);
  assert.notDeepEqual(sampleRows(1000, 100, 'tree'), rows);
  assert.deepEqual(sampleRows(3, 5, 'seed'), [1, 2, 3]);
  const hits = new Map<number, number>();
  for (let i = 0; i < 2000; i++)
    for (const row of sampleRows(10, 3, `seed ${i}`)) hits.set(row, (hits.get(row) ?? 0) + 1);
  // 2,000 draws of 3 in 10: 600 each, standard deviation about 20.
  for (let row = 1; row <= 10; row++) assert.ok(Math.abs(hits.get(row)! - 600) < 100, `row ${row}: ${hits.get(row)}`);
});
