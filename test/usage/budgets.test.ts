/** Privacy budgets: what a release costs, periods of the calendar, and that no race, restart or clock spends one twice. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Budget, budgetsSchema, scoreCost } from '@sealedger/node/release/budgets.ts';
import { createCalendar, periodOf } from '@sealedger/node/release/calendar.ts';
import { openGate, orderFor } from '../node/support/gate-fixture.ts';
import { refusal } from '../node/support/refusals.ts';
import { subjectOf, subjectsOf } from '../node/support/subjects.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { eventsOf, gateOf, unlock } from './support.ts';

const HOUR_MS = 3_600_000;
const perDay = (limit: number, more: Partial<Budget> = {}): Budget => ({
  subjects: 'person',
  period: 'day',
  limit,
  ...more,
});

describe('the cost of a score', () => {
  it('doubles with each bit of precision beyond the reference and is never nothing', () => {
    assert.deepEqual([-12, -13, -14, -20].map(scoreCost), [1000, 2000, 4000, 256_000]);
    assert.deepEqual([-11, -10, -2, 0].map(scoreCost), [500, 250, 1, 1]);
  });
});

describe('the calendar', () => {
  const calendar = createCalendar();

  it('has the day and hour of a place, over its changes of clock as well', () => {
    const midnight = Date.UTC(2026, 10, 21, 16);
    assert.equal(calendar.day(midnight - 1, 'Asia/Shanghai'), '2026-11-21');
    assert.equal(calendar.day(midnight, 'Asia/Shanghai'), '2026-11-22');
    assert.equal(calendar.day(midnight, 'UTC'), '2026-11-21');
    const [before, after] = [Date.UTC(2026, 9, 25, 0, 59), Date.UTC(2026, 9, 25, 1)];
    assert.deepEqual(
      [before, after].map((at) => calendar.time(at, 'Europe/Berlin').hour),
      [2, 2],
    );
    const next = calendar.time(midnight, 'Asia/Shanghai');
    assert.deepEqual([next.hour, next.day - calendar.time(midnight - 1, 'Asia/Shanghai').day], [0, 1]);
  });

  it('has periods that begin anew with it', () => {
    const periods = (day: string) =>
      (['day', 'month', 'quarter', 'year'] as const).map((period) => periodOf(day, period));
    assert.deepEqual(periods('2026-09-30'), ['2026-09-30', '2026-09', '2026-Q3', '2026']);
    assert.deepEqual(periods('2026-10-01'), ['2026-10-01', '2026-10', '2026-Q4', '2026']);
  });
});

describe('a budget', () => {
  it('is spent exactly, and refuses a batch that would pass it as a whole', async (t) => {
    const gate = await gateOf(t, {}, { budgets: [perDay(5000)] });
    assert.equal(await unlock(gate, 4), null);
    await assert.rejects(
      gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(2), { lane: 700 }).frame),
      refusal('BUDGET_EXHAUSTED', { period: 'day', subjects: 'person', spent: 4000, cost: 2000, limit: 5000 }),
    );
    assert.equal(await unlock(gate, 1), null);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED');
    assert.deepEqual([await gate.used(), (await eventsOf(gate, 'unlocking')).length], [5, 2]);
  });

  it('costs a sharper score more', async (t) => {
    const sharp = { noisePolicy: { kind: 'centred-uniform', totalWidthLog2: -14 } as const };
    const gate = await gateOf(t, sharp, { budgets: [perDay(10_000)] });
    assert.equal(await unlock(gate, 2), null);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED');
  });

  it('is not overspent by 100 orders at once, one for each of 37 that are left', async (t) => {
    const gate = await gateOf(t, { quota: 1000 }, { budgets: [perDay(37_999), perDay(500_000, { period: 'year' })] });
    const orders = Array.from({ length: 100 }, (_, lane) => orderFor(gate, [subjectOf(lane)], { lane }));
    const outcomes = await Promise.allSettled(orders.map(({ frame }) => gate.unlocking.unlock('bank', frame)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 37);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') refusal('BUDGET_EXHAUSTED', { limit: 37_999 })(outcome.reason);
    assert.equal(await gate.used(), 37);
  });

  it('holds over a restart, and begins anew at midnight of the policy’s place', async (t) => {
    const directory = join(await temporaryDirectory(t), 'state');
    const setting = { budgets: [perDay(3000), perDay(5000, { period: 'month' })] };
    const first = await openGate(directory, {}, undefined, setting);
    assert.equal(await unlock(first, 3), null);
    await first.node.close();
    const gate = await openGate(directory, {}, undefined, setting);
    t.after(gate.node.close);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED');
    // 16:00 in Shanghai, where the day ends in eight hours
    gate.clock.move(8 * HOUR_MS - 1);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED');
    gate.clock.move(1);
    assert.equal(await unlock(gate, 2), null);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED', 'the month has no more');
    gate.clock.move(9 * 24 * HOUR_MS);
    assert.equal(await unlock(gate, 1), null, 'December');
  });

  it('of a day that is over does not come back with a clock that is set back', async (t) => {
    const gate = await gateOf(t, {}, { budgets: [perDay(3000)] });
    gate.clock.move(9 * HOUR_MS);
    assert.equal(await unlock(gate, 3), null);
    gate.clock.move(-9 * HOUR_MS);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED');
    gate.clock.move(20 * HOUR_MS);
    assert.equal(await unlock(gate, 1), 'BUDGET_EXHAUSTED', 'still the same day');
  });

  it('is of one class of subjects and of one requester', async (t) => {
    const other = await gateOf(
      t,
      {},
      { budgets: [perDay(1, { subjects: 'enterprise' }), perDay(1, { requester: 'rival' })] },
    );
    assert.equal(await unlock(other, 5), null);
    const named = await gateOf(t, {}, { budgets: [perDay(2000, { requester: 'bank' })] });
    assert.equal(await unlock(named, 3), 'BUDGET_EXHAUSTED');
  });

  it('is read strictly', () => {
    const isGood = (value: unknown): boolean => budgetsSchema.safeParse(value).success;
    assert.ok(isGood([perDay(1)]));
    for (const wrong of [{ limit: 0 }, { period: 'week' }, { subjects: 'all' }, { unit: 'x' }])
      assert.ok(!isGood([{ ...perDay(1), ...wrong }]), JSON.stringify(wrong));
  });
});
