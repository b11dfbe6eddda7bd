/** Schedules run when they are due in their own time zone, and what was missed while the node was away is noticed. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type QualityPlan, qualityPlanSchema } from '@sealedger/node/quality/plan.ts';
import { assertSchedule, createScheduler, type Due, dueBetween } from '@sealedger/node/quality/schedule.ts';
import { openNodeState } from '../node/support/node-state.ts';
import { testClock } from '../node/support/organisations.ts';
import { refusalOf } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const planOf = (schedule: string, timeZone = 'Asia/Shanghai'): QualityPlan =>
  qualityPlanSchema.parse({ dataset: 'companies', rules: 'r.yaml', schedule, calendar: { timeZone } });
const DAY_MS = 86_400_000;

describe('a schedule', () => {
  it('comes due in the time zone of its plan', () => {
    const after = Date.parse('2026-11-21T00:00:00Z');
    const due = (zone: string) => dueBetween(planOf('0 3 * * *', zone), after, after + DAY_MS)?.at;
    assert.equal(new Date(due('Asia/Shanghai')!).toISOString(), '2026-11-21T19:00:00.000Z');
    assert.equal(new Date(due('UTC')!).toISOString(), '2026-11-21T03:00:00.000Z');
    assert.equal(dueBetween(planOf('0 3 * * *', 'UTC'), after, after + 1000), null);
  });

  it('runs once after the node was away, however often it was due, and counts what was missed', async (t) => {
    const node = await openNodeState(join(await temporaryDirectory(t), 'state'), 'tax');
    t.after(node.close);
    const clock = testClock(Date.parse('2026-11-21T00:00:00Z'));
    const runs: Due[] = [];
    let failure: string | null = null;
    const open = () =>
      createScheduler({
        state: node.state,
        clock,
        plans: [planOf('0 3 * * *', 'UTC')],
        run: async (_, due) => {
          runs.push(due);
          return failure;
        },
      });
    const scheduler = open();
    await scheduler.tick();
    assert.deepEqual(runs, [], 'a new schedule missed nothing');
    clock.move(DAY_MS);
    await scheduler.tick();
    await scheduler.tick();
    assert.deepEqual(
      runs.map(({ missed }) => missed),
      [0],
    );
    clock.move(5 * DAY_MS);
    failure = 'DATASET_CHANGED';
    const restarted = open();
    await restarted.tick();
    assert.deepEqual(
      runs.map(({ missed }) => missed),
      [0, 4],
    );
    const [view] = await restarted.view();
    assert.deepEqual([view!.missed, view!.lastFailure, view!.timeZone], [4, 'DATASET_CHANGED', 'UTC']);
    assert.equal(new Date(view!.next!).toISOString(), '2026-11-27T03:00:00.000Z');
  });

  it('that a node died in runs again', async (t) => {
    const node = await openNodeState(join(await temporaryDirectory(t), 'state'), 'tax');
    t.after(node.close);
    const clock = testClock(0);
    let runs = 0;
    const scheduler = createScheduler({
      state: node.state,
      clock,
      plans: [planOf('0 3 * * *')],
      run: async () => {
        runs += 1;
        if (runs === 1) throw new Error('died');
        return null;
      },
    });
    await scheduler.tick();
    clock.move(DAY_MS);
    await assert.rejects(scheduler.tick());
    await scheduler.tick();
    await scheduler.tick();
    assert.equal(runs, 2);
  });

  it('that is none, or never comes due, is refused at the start', async () => {
    for (const schedule of ['not a cron at all', '99 * * * *', '0 0 30 2 *', '* * * * * * * *']) {
      assert.equal((await refusalOf(() => assertSchedule(planOf(schedule), 0))).code, 'SCHEDULE_INVALID', schedule);
    }
    assertSchedule(planOf('0 3 * * MON'), 0);
  });
});
