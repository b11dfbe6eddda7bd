import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { areaUnderCurve, assessQuality } from '../../demo/report.ts';
import type { Applicant, ScenarioFiles } from '../../demo/scenario-files.ts';

/** The share of pairs in which the positive one has the higher score, ties counted half: the definition. */
function byPairs(rows: readonly { readonly score: number; readonly positive: boolean }[]): number | null {
  const [positives, negatives] = [true, false].map((label) => rows.filter(({ positive }) => positive === label));
  if (positives!.length === 0 || negatives!.length === 0) return null;
  let wins = 0;
  for (const p of positives!) for (const n of negatives!) wins += p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0;
  return wins / (positives!.length * negatives!.length);
}

describe('the area under the curve', () => {
  it('is the share of rightly ordered pairs, with ties', () => {
    const row = fc.record({
      score: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, min: -5, max: 5 })),
      positive: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const scores = new Map(rows.map(({ score }, i) => [String(i), score]));
        const labels = new Map(rows.map(({ positive }, i) => [String(i), positive]));
        const [fast, slow] = [areaUnderCurve(scores, labels), byPairs(rows)];
        if (slow === null) assert.equal(fast, null);
        else assert.ok(Math.abs(fast! - slow) < 1e-12);
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });
});

describe('the quality of a run', () => {
  const applicants: Applicant[] = ['a', 'b', 'c', 'd'].map((subject, i) => ({
    subject,
    row: i + 1,
    cells: { bad: i % 2 === 0 ? '1' : '0' },
  }));
  const files = (label?: string) =>
    ({
      scenario: { bank: { node: 'bank', table: 'b.csv', ...(label === undefined ? {} : { label }) } },
    }) as unknown as ScenarioFiles;
  const scores = new Map([
    ['a', 2],
    ['b', 1],
    ['c', 3],
    ['d', 0],
  ]);

  it('is the largest error, and both areas', () => {
    const expected = new Map([
      ['a', 2.001],
      ['b', 1],
      ['c', 2.9995],
      ['d', 0],
    ]);
    const { maxAbsError, auc, cleartextAuc } = assessQuality(files('bad'), applicants, scores, expected);
    assert.ok(Math.abs(maxAbsError! - 0.001) < 1e-12);
    assert.deepEqual([auc, cleartextAuc], [1, 1]);
  });

  it('is infinitely bad where a score that was expected is missing', () => {
    assert.equal(
      assessQuality(files('bad'), applicants, scores, new Map([['z', 1]])).maxAbsError,
      Number.POSITIVE_INFINITY,
    );
  });

  it('is null where there is nothing to compare with', () => {
    assert.deepEqual(assessQuality(files(), applicants, scores, null), {
      maxAbsError: null,
      auc: null,
      cleartextAuc: null,
    });
  });
});
