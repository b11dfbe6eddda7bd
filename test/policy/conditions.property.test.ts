/** Conditions of several grants together, and what a person adds: nothing ever gets looser. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type GrantConditions,
  isWithinHours,
  noConditions,
  stricterConditions,
  stricterConditionsSchema,
  strictestConditions,
} from '@sealedger/protocol/policy/conditions.ts';
import * as fc from 'fast-check';

const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
const clock = (at: number): string =>
  `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`;
const interval = fc
  .tuple(minute, minute)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => `${clock(Math.min(a, b))}/${clock(Math.max(a, b))}`);
const weekdays = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 });
const conditions: fc.Arbitrary<GrantConditions> = fc.record({
  qualityFloor: fc.option(fc.integer({ min: 1, max: 10_000 })),
  hours: fc.array(interval, { maxLength: 3 }),
  weekdays: fc.option(weekdays),
  timeZone: fc.constant('Asia/Shanghai'),
  needsConsent: fc.boolean(),
  needsCertificate: fc.boolean(),
});
const more = fc.record(
  {
    qualityFloor: fc.integer({ min: 1, max: 10_000 }),
    hours: fc.array(interval, { maxLength: 2 }),
    weekdays,
    needsConsent: fc.constant(true as const),
    needsCertificate: fc.constant(true as const),
  },
  { requiredKeys: [] },
);
const instant = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
const runs = { seed: 5, numRuns: 300 };

/** Whether whatever `a` allows, `b` allows. */
function isAsStrict(a: GrantConditions, b: GrantConditions): boolean {
  return (
    (a.qualityFloor ?? 0) >= (b.qualityFloor ?? 0) &&
    (a.needsConsent || !b.needsConsent) &&
    (a.needsCertificate || !b.needsCertificate)
  );
}

describe('the strictest of several conditions', () => {
  it('is as strict as each, allows what all allow, and does not depend on their order', () => {
    fc.assert(
      fc.property(fc.array(conditions, { minLength: 1, maxLength: 4 }), instant, (all, now) => {
        const together = strictestConditions(all);
        for (const one of all) assert.ok(isAsStrict(together, one));
        const expected = all.every((one) => isWithinHours(one, now));
        assert.equal(isWithinHours(together, now), expected);
        assert.equal(isWithinHours(strictestConditions(all.toReversed()), now), expected);
        assert.deepEqual(strictestConditions([together]), together);
      }),
      runs,
    );
  });

  it('cannot be told where two limit hours in different time zones; one without hours goes with any', () => {
    const berlin = { ...noConditions('Europe/Berlin'), hours: ['08:00/17:00'] };
    const beijing = { ...noConditions('Asia/Shanghai'), weekdays: [1] };
    assert.throws(() => strictestConditions([berlin, beijing]), { code: 'POLICY_TIME_ZONES' });
    const free = noConditions('Asia/Shanghai');
    assert.equal(strictestConditions([free, berlin]).timeZone, 'Europe/Berlin');
  });
});

describe('what a person adds', () => {
  it('only takes away from what was allowed', () => {
    fc.assert(
      fc.property(conditions, more, instant, (before, asked, now) => {
        const after = stricterConditions(before, asked);
        assert.ok(isAsStrict(after, before));
        assert.ok(!isWithinHours(after, now) || isWithinHours(before, now));
      }),
      runs,
    );
  });

  it('has no word for giving up what the policy asks', () => {
    for (const looser of [
      { needsConsent: false },
      { needsCertificate: false },
      { qualityFloor: null },
      { timeZone: 'UTC' },
    ]) {
      assert.ok(!stricterConditionsSchema.safeParse(looser).success);
    }
  });

  it('may leave no day at all, and then nothing is ever allowed', () => {
    const before = { ...noConditions('Asia/Shanghai'), weekdays: [1] };
    const after = stricterConditions(before, { weekdays: [2] });
    assert.deepEqual(after.weekdays, []);
    for (let day = 0; day < 7; day++) assert.equal(isWithinHours(after, new Date(Date.UTC(2026, 10, 20 + day))), false);
  });
});
