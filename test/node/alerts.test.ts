import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AnchorStatus } from '@sealedger/node/evidence/anchor.ts';
import { createAlerts } from '@sealedger/node/services/alerts.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { openNodeState } from './support/node-state.ts';
import { testClock } from './support/organisations.ts';
import { temporaryDirectory } from './support/temporary.ts';

const GIGABYTE = 1 << 30;

async function setUp(t: TestContext, wrap?: Parameters<typeof openNodeState>[2]) {
  const directory = join(await temporaryDirectory(t), 'state');
  const node = await openNodeState(directory, 'tax', wrap);
  const clock = testClock();
  const world = { backlog: 0, lastSeenAt: clock.now() as number | null, free: 100 * GIGABYTE };
  const anchoring = async (): Promise<AnchorStatus> =>
    ({ backlog: world.backlog, backlogLimit: 1000, isWarning: world.backlog >= 700 }) as AnchorStatus;
  const open = (opened = node) =>
    createAlerts({
      state: opened.state,
      events: opened.events,
      clock,
      anchoring,
      lastSeenAt: () => world.lastSeenAt,
      freeBytes: async () => world.free,
    });
  const said = async (opened = node) =>
    (await opened.logged()).map(({ openings }) => [openings['code']!.value, openings['count']!.value]);
  return { directory, node, clock, world, open, said };
}

test('a backlog above 70 % of its limit is said once, and once when it is well below again', async (t) => {
  const { node, world, open, said } = await setUp(t);
  t.after(node.close);
  const alerts = open();
  const steps = [
    [699, []],
    [700, ['backlog.high']],
    [950, ['backlog.high']],
    [400, ['backlog.high']],
    [349, []],
    [600, []],
    [800, ['backlog.high']],
  ] as const;
  for (const [backlog, standing] of steps) {
    world.backlog = backlog;
    await alerts.tick();
    assert.deepEqual(await alerts.standing(), standing, `backlog ${backlog}`);
  }
  assert.deepEqual(await said(), [
    ['backlog.high', 700],
    ['backlog.over', 349],
    ['backlog.high', 800],
  ]);
});

test('the chain away for a minute, or never reached since the start, is said, and its return', async (t) => {
  const { node, clock, world, open, said } = await setUp(t);
  t.after(node.close);
  const alerts = open();
  clock.move(59_999);
  await alerts.tick();
  assert.deepEqual(await said(), []);
  clock.move(1);
  await alerts.tick();
  world.lastSeenAt = clock.now();
  await alerts.tick();
  assert.deepEqual(await said(), [
    ['chain.away', 60],
    ['chain.back', 0],
  ]);
  world.lastSeenAt = null;
  const reborn = open();
  clock.move(60_000);
  await reborn.tick();
  assert.deepEqual(await reborn.standing(), ['chain.away']);
});

test('little room on the disk is said before the log is full', async (t) => {
  const { node, world, open, said } = await setUp(t);
  t.after(node.close);
  const alerts = open();
  world.free = GIGABYTE / 2 - 1;
  await alerts.tick();
  world.free = GIGABYTE / 2 + 1;
  await alerts.tick();
  world.free = GIGABYTE;
  await alerts.tick();
  assert.deepEqual(await said(), [
    ['disk.low', GIGABYTE / 2 - 1],
    ['disk.over', GIGABYTE],
  ]);
});

test('an alert stands over a restart, and a crash in the middle says it once', async (t) => {
  let dies = true;
  const first = await setUp(t, (store) => ({
    ...store,
    commit: async (puts, others) => {
      await store.commit(puts, others);
      if (dies) throw new Error('killed');
    },
  }));
  first.world.backlog = 900;
  await assert.rejects(first.open().tick(), (error) => isProtocolError(error, 'EVIDENCE_LOG_FAILED'));
  await first.node.close();
  dies = false;
  const again = await openNodeState(first.directory, 'tax');
  t.after(again.close);
  const reborn = first.open(again);
  assert.deepEqual(await reborn.standing(), ['backlog.high']);
  await reborn.tick();
  assert.deepEqual(await first.said(again), [['backlog.high', 900]]);
});
