/** Points cannot be earned by tricks, and working days are those of the place. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import {
  closingPoints,
  improvementPoints,
  levelPoints,
  overduePoints,
  POINTS_RULE,
  pointsRuleHash,
  type ScoredVersion,
} from '@sealedger/node/quality/points.ts';
import { addWorkingDays, calendarSchema, dayOf, endOfDay, isWorkingDay } from '@sealedger/node/quality/working-days.ts';
import { refusalOf } from '../node/support/refusals.ts';

const scored = (score: number, part: Partial<ScoredVersion> = {}): ScoredVersion => ({
  versionId: 'v1',
  ruleSetHash: 'r1',
  scoreBasisPoints: score,
  month: '2026-11',
  ...part,
});

describe('points', () => {
  it('for a level come once a version and once a month', () => {
    assert.equal(levelPoints(scored(9950), []), 10);
    assert.equal(levelPoints(scored(9899), []), 6);
    assert.equal(levelPoints(scored(7999), []), 0);
    assert.equal(levelPoints(scored(9950), [scored(5000)]), 0, 'the version was scored before');
    assert.equal(levelPoints(scored(9950, { versionId: 'v2' }), [scored(5000)]), 0, 'the month was counted');
    assert.equal(levelPoints(scored(9950, { versionId: 'v2', month: '2026-12' }), [scored(5000)]), 10);
  });

  it('for an improvement count against the best so far under the same rules', () => {
    assert.equal(improvementPoints(scored(9100), []), 0, 'the first score improves on nothing');
    assert.equal(improvementPoints(scored(9100), [scored(9000)]), 2);
    assert.equal(improvementPoints(scored(9100), [scored(9100), scored(2000)]), 0, 'down and up again');
    assert.equal(improvementPoints(scored(9100), [scored(2000, { ruleSetHash: 'r0' })]), 0, 'easier rules');
    assert.equal(improvementPoints(scored(10_000), [scored(0)]), POINTS_RULE.maxImprovementPoints);
  });

  it('for late orders take no more than there is', () => {
    assert.deepEqual([closingPoints('minor'), closingPoints('critical')], [1, 4]);
    assert.deepEqual(
      [overduePoints('critical', 10), overduePoints('critical', 3), overduePoints('critical', 0)],
      [-4, -3, 0],
    );
  });

  it('follow the published rule, whose digest and figures stand in its document', async () => {
    const document = await readFile(new URL('../../docs/quality-points.md', import.meta.url), 'utf8');
    assert.ok(document.includes(pointsRuleHash()));
    for (const { fromBasisPoints, points } of POINTS_RULE.levels) {
      assert.match(document, new RegExp(`\\| ${(fromBasisPoints / 100).toFixed(2)} \\| ${points} \\|`));
    }
  });
});

describe('working days', () => {
  const calendar = calendarSchema.parse({
    timeZone: 'Asia/Shanghai',
    holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
    workdays: ['2026-10-10'],
  });

  it('skip weekends and holidays and take moved working days', () => {
    const before = Date.parse('2026-09-30T03:00:00Z');
    assert.equal(addWorkingDays(before, 1, calendar), '2026-10-08');
    assert.equal(addWorkingDays(before, 3, calendar), '2026-10-10');
    assert.equal(addWorkingDays(before, 4, calendar), '2026-10-12');
    assert.equal(addWorkingDays(before, 0, calendar), '2026-09-30');
    assert.deepEqual([isWorkingDay('2026-10-10', calendar), isWorkingDay('2026-10-11', calendar)], [true, false]);
  });

  it('begin and end in the time zone of the place', () => {
    assert.equal(dayOf(Date.parse('2026-09-30T16:00:00Z'), 'Asia/Shanghai'), '2026-10-01');
    assert.equal(new Date(endOfDay('2026-10-10', 'Asia/Shanghai')).toISOString(), '2026-10-10T16:00:00.000Z');
    // The clocks go back in the night of the 25th and forward in that of 29 March.
    assert.equal(new Date(endOfDay('2026-10-25', 'Europe/Berlin')).toISOString(), '2026-10-25T23:00:00.000Z');
    assert.equal(new Date(endOfDay('2026-10-24', 'Europe/Berlin')).toISOString(), '2026-10-24T22:00:00.000Z');
    assert.equal(new Date(endOfDay('2026-03-29', 'Europe/Berlin')).toISOString(), '2026-03-29T22:00:00.000Z');
  });

  it('refuse a calendar without them, days that are none and zones that are none', async () => {
    const every = Array.from({ length: 1000 }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10));
    const never = calendarSchema.parse({ timeZone: 'UTC', holidays: every });
    assert.ok(addWorkingDays(Date.UTC(2026, 0, 1), 1, never) > '2028-09-26');
    assert.equal((await refusalOf(() => addWorkingDays(Date.UTC(2026, 0, 1), 3000, never))).code, 'CALENDAR_EXHAUSTED');
    for (const wrong of [
      { timeZone: 'Mars/Olympus' },
      { timeZone: 'UTC', holidays: ['2026-02-30'] },
      { timeZone: 'UTC', holidays: ['x'] },
    ]) {
      assert.equal(calendarSchema.safeParse(wrong).success, false);
    }
  });
});
