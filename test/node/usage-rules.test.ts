/** What counts as unusual use, each rule just inside and just outside its bound. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEFAULT_USAGE_RULES,
  findUnusual,
  type UsageHistory,
  type UsageRecord,
  type UsageRules,
  usageRulesSchema,
} from '@sealedger/node/release/usage-rules.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Noon of a day in UTC, which is the time zone of these tests. */
const NOW = 20_000 * DAY_MS + 12 * HOUR_MS;
const NONE: UsageRules = { burst: null, sweep: null, rise: null, refusals: null, newHour: null };

function history(unlockings: readonly UsageRecord[], more: Partial<UsageHistory> = {}): UsageHistory {
  return {
    unlockings,
    bucketMs: 0,
    recent: unlockings,
    refusals: [],
    registerSize: 10_000,
    localTime: (atMs) => ({ day: Math.floor(atMs / DAY_MS), hour: Math.floor((atMs % DAY_MS) / HOUR_MS) }),
    ...more,
  };
}
const ago = (ms: number, count: number): UsageRecord => ({ atMs: NOW - ms, count });
const rulesFound = (rules: Partial<UsageRules>, of: UsageHistory): string[] =>
  findUnusual({ ...NONE, ...rules }, of, NOW).map(({ rule, action, count }) => `${rule} ${action} ${count}`);

describe('unusual use', () => {
  it('is a burst above the count within the window, and not what is older', () => {
    const burst = { count: 10, seconds: 60, action: 'alert' as const };
    assert.deepEqual(rulesFound({ burst }, history([ago(60_000, 500), ago(59_999, 4), ago(0, 6)])), []);
    assert.deepEqual(rulesFound({ burst }, history([ago(59_999, 5), ago(0, 6)])), ['burst alert 11']);
  });

  it('is a sweep over a share of the register, however slow', () => {
    const sweep = { registerBasisPoints: 2500, days: 30, atLeast: 1, action: 'suspend' as const };
    const slow = Array.from({ length: 25 }, (_, i) => ago((25 - i) * DAY_MS, 100));
    assert.deepEqual(rulesFound({ sweep }, history(slow)), []);
    assert.deepEqual(rulesFound({ sweep }, history([...slow, ago(0, 1)])), ['sweep suspend 2501']);
    assert.deepEqual(rulesFound({ sweep }, history([ago(30 * DAY_MS, 9000), ...slow])), []);
  });

  it('is a sudden rise against the own history, not a first day and not a small one', () => {
    const rise = { factor: 10, days: 14, atLeast: 100, action: 'alert' as const };
    const usual = [5, 4, 3, 2, 1].map((days) => ago(days * DAY_MS, 20 + days));
    assert.deepEqual(rulesFound({ rise }, history([...usual, ago(0, 230)])), []);
    assert.deepEqual(rulesFound({ rise }, history([...usual, ago(0, 231)])), ['rise alert 231']);
    assert.deepEqual(rulesFound({ rise }, history([...usual.slice(3), ago(0, 5000)])), []);
    const tiny = [3, 2, 1].map((days) => ago(days * DAY_MS, 1));
    assert.deepEqual(rulesFound({ rise }, history([...tiny, ago(0, 99)])), []);
  });

  it('is many refusals in a short time', () => {
    const refusals = { count: 3, seconds: 60, action: 'alert' as const };
    const of = (count: number): UsageHistory => history([], { refusals: [ago(90_000, 50), ago(1000, count)] });
    assert.deepEqual(rulesFound({ refusals }, of(3)), []);
    assert.deepEqual(rulesFound({ refusals }, of(4)), ['refusals alert 4']);
  });

  it('is an hour in which the requester was never seen, once it is known', () => {
    const newHour = { afterDays: 3, action: 'alert' as const };
    const mornings = [3, 2, 1].map((days) => ago(days * DAY_MS + 3 * HOUR_MS, 5));
    assert.deepEqual(rulesFound({ newHour }, history([...mornings, ago(3 * HOUR_MS, 2)])), []);
    assert.deepEqual(rulesFound({ newHour }, history([...mornings, ago(0, 2)])), ['newHour alert 2']);
    assert.deepEqual(rulesFound({ newHour }, history([...mornings.slice(1), ago(0, 2)])), []);
  });

  it('is nothing where no rule is set, and nothing for a quiet requester under the default rules', () => {
    assert.deepEqual(rulesFound({}, history([ago(0, 1e9)])), []);
    const quiet = Array.from({ length: 20 }, (_, i) => ago((19 - i) * DAY_MS, 100));
    assert.deepEqual(findUnusual(DEFAULT_USAGE_RULES, history(quiet), NOW), []);
    assert.deepEqual(findUnusual(DEFAULT_USAGE_RULES, history([]), NOW), []);
  });

  it('has rules that are read strictly', () => {
    assert.deepEqual(usageRulesSchema.parse(DEFAULT_USAGE_RULES), DEFAULT_USAGE_RULES);
    assert.equal(
      usageRulesSchema.safeParse({ ...NONE, burst: { count: 0, seconds: 1, action: 'alert' } }).success,
      false,
    );
    assert.equal(usageRulesSchema.safeParse({ ...NONE, other: null }).success, false);
  });
});
