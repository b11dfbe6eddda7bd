/** What a gate counts of a grant's use, by day and over restarts, and what its rules do about it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type StoredUsage, usageKeys } from '@sealedger/node/release/usage-history.ts';
import { NO_RULES, openGate, orderFor, PEOPLE } from '../node/support/gate-fixture.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf } from '../node/support/request-fixture.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { eventsOf, gateOf, unlock } from './support.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PERSON = hexOf(0xaa);
const sweep = { registerBasisPoints: 10, days: 30, atLeast: 1, action: 'suspend' as const };

describe('the account of a grant', () => {
  it('has one value for each day of the grant’s calendar, written with the metering', async (t) => {
    const gate = await gateOf(t);
    assert.equal(await unlock(gate, 2), null);
    assert.equal(await unlock(gate, 3), null);
    // 16:00 in Shanghai; nine hours later it is the next day there
    gate.clock.move(9 * HOUR_MS);
    assert.equal(await unlock(gate, 1), null);
    const stored = await gate.node.state.list<StoredUsage>(usageKeys.all);
    assert.deepEqual(
      stored.map(([key, { count, calls, cost }]) => [key.slice(-10), count, calls, cost]),
      [
        ['2026-11-21', 5, 2, 5000],
        ['2026-11-22', 1, 1, 1000],
      ],
    );
    assert.equal(await gate.used(), 6);
  });

  it('counts no refused order as a use, and the refusal by its code', async (t) => {
    const gate = await gateOf(t, { quota: 3 });
    assert.equal(await unlock(gate, 3), null);
    for (let i = 0; i < 4; i++) {
      const code = await unlock(gate, 1);
      assert.equal(code, 'QUOTA_EXHAUSTED');
      await gate.usage.refused('bank', gate.requestId, 'QUOTA_EXHAUSTED');
    }
    await gate.usage.refused('bank', hexOf(9), 'REQUEST_UNKNOWN');
    await gate.usage.refused('stranger', gate.requestId, 'REQUEST_NOT_REQUESTER');
    await gate.usage.tick();
    const [stored] = await gate.node.state.list<StoredUsage>(usageKeys.all);
    assert.equal(stored![1].count, 3);
    const refused = await gate.node.state.list<Record<string, number>>(usageKeys.refusals);
    const own = refused.find(([key]) => key.includes(gate.requestId))!;
    assert.deepEqual(own[1], { QUOTA_EXHAUSTED: 4 });
    assert.ok(own[0].startsWith('refused/bank/'));
    assert.ok(
      !refused.some(([key]) => key.startsWith(`refused/stranger/${gate.requestId}`)),
      'a stranger has no part in it',
    );
  });
});

describe('a bank that goes through the register with a grant', () => {
  it('is stopped before the share that the rule allows is passed, whatever its quota', async (t) => {
    const gate = await gateOf(t, { quota: 5000 }, { rules: { ...NO_RULES, sweep } });
    const allowed = (PEOPLE * sweep.registerBasisPoints) / 10_000;
    let passed = 0;
    while ((await unlock(gate, 3)) === null) passed += 3;
    assert.equal(passed, 9, `${allowed} are allowed, and orders of three fit three times`);
    assert.equal(await gate.used(), passed);
    // small orders do not get through either: the grant is suspended
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
    const [alert, ...more] = await eventsOf(gate, 'alert');
    assert.deepEqual(
      [alert!['code'], alert!['org'], alert!['requestId'], alert!['count']],
      ['usage.sweep', 'bank', gate.requestId, 12],
    );
    assert.equal(more.length, 0);
    assert.equal((await eventsOf(gate, 'suspension')).length, 1);
    assert.equal(await gate.usage.suspensions.flush(), true);
    assert.equal(gate.ledger.writes.at(-1)!.call, 'suspend');
  });

  it('stays stopped over a restart, also where the suspension was not written yet', async (t) => {
    const directory = join(await temporaryDirectory(t), 'state');
    const rules = { ...NO_RULES, sweep };
    const first = await openGate(directory, { quota: 5000 }, undefined, { rules });
    for (let i = 0; i < 5; i++) assert.equal(await unlock(first, 2), null);
    await first.node.close();
    const gate = await openGate(directory, { quota: 5000 }, undefined, { rules });
    t.after(gate.node.close);
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
    assert.equal(await gate.used(), 10);
  });

  it('slowly, a few a day, is found as well, and what is older than the days of the rule no longer counts', async (t) => {
    const gate = await gateOf(t, { quota: 5000, expiresAt: 1_900_000_000 }, { rules: { ...NO_RULES, sweep } });
    for (let day = 0; day < 10; day++) {
      assert.equal(await unlock(gate, 1), null);
      gate.clock.move(2 * DAY_MS);
    }
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
    await gate.usage.resumeGrant(gate.requestId, PERSON);
    gate.ledger.change(gate.requestId, { state: 'active', suspenders: [] });
    gate.clock.move(60 * DAY_MS);
    assert.equal(await unlock(gate, 10), null);
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
  });

  it('goes on where an approver looked and lifted it, for as much again', async (t) => {
    const gate = await gateOf(t, { quota: 5000 }, { rules: { ...NO_RULES, sweep } });
    assert.equal(await unlock(gate, 10), null);
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
    await gate.usage.resumeGrant(gate.requestId, PERSON);
    await gate.usage.suspensions.flush();
    assert.equal((await gate.ledger.request(gate.requestId)).state, 'active');
    assert.equal(await unlock(gate, 10), null);
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
    assert.equal(await gate.used(), 20);
    assert.equal((await eventsOf(gate, 'alert')).length, 1, 'the same finding within the hour');
  });

  it('in one large order is refused as a whole', async (t) => {
    const gate = await gateOf(t, { quota: 5000 }, { rules: { ...NO_RULES, sweep } });
    assert.equal(await unlock(gate, 11), 'GRANT_SUSPENDED');
    assert.deepEqual([await gate.used(), (await eventsOf(gate, 'unlocking')).length], [0, 0]);
  });
});

describe('an alert', () => {
  const burst = { count: 5, seconds: 60, action: 'alert' as const };

  it('is raised once for a finding, not for each call, and again after an hour of quiet', async (t) => {
    const gate = await gateOf(t, { quota: 1000 }, { rules: { ...NO_RULES, burst } });
    for (let i = 0; i < 10; i++) assert.equal(await unlock(gate, 2), null);
    assert.equal((await eventsOf(gate, 'alert')).length, 1);
    gate.clock.move(30 * 60_000);
    for (let i = 0; i < 4; i++) await unlock(gate, 2);
    assert.equal((await eventsOf(gate, 'alert')).length, 1);
    gate.clock.move(HOUR_MS + 60_001);
    for (let i = 0; i < 4; i++) await unlock(gate, 2);
    assert.equal((await eventsOf(gate, 'alert')).length, 2);
    assert.equal(gate.usage.alerts.list()[0]!.times, 2);
  });

  it('waits for a person, and is kept over a restart with who looked at it', async (t) => {
    const directory = join(await temporaryDirectory(t), 'state');
    const setting = { rules: { ...NO_RULES, burst } };
    const first = await openGate(directory, { quota: 1000 }, undefined, setting);
    await unlock(first, 6);
    await assert.rejects(first.usage.alerts.acknowledge('usage.sweep', 'bank', PERSON), refusal('ALERT_UNKNOWN'));
    await first.usage.alerts.acknowledge('usage.burst', 'bank', PERSON);
    await first.node.close();
    const gate = await openGate(directory, { quota: 1000 }, undefined, setting);
    t.after(gate.node.close);
    const [alert] = gate.usage.alerts.list();
    assert.deepEqual([alert!.code, alert!.acknowledged!.actor], ['usage.burst', PERSON]);
    assert.equal(gate.usage.alerts.stands(alert!), false);
    assert.equal(await unlock(gate, 6), null);
    assert.equal((await eventsOf(gate, 'alert')).length, 1);
  });

  it('that a person looked at is raised again where it goes on for an hour, or with another request, and once each', async (t) => {
    const { usage, clock, ...gate } = await gateOf(t);
    const raise = (requestId: string) => usage.alerts.raise({ code: 'usage.rise', org: 'bank', requestId, count: 1 });
    const raised = async () => (await eventsOf({ usage, clock, ...gate }, 'alert')).length;
    const goOn = async (): Promise<void> => {
      for (let minutes = 0; minutes < 120; minutes += 10) {
        clock.move(10 * 60_000);
        await raise(gate.requestId);
      }
    };
    await raise(gate.requestId);
    await goOn();
    assert.equal(await raised(), 1, 'it stands already');
    await usage.alerts.acknowledge('usage.rise', 'bank', PERSON);
    await goOn();
    assert.equal(await raised(), 2);
    assert.equal(usage.alerts.stands(usage.alerts.list()[0]!), true);
    await usage.alerts.acknowledge('usage.rise', 'bank', PERSON);
    await raise(gate.requestId);
    assert.equal(await raised(), 2);
    for (let i = 0; i < 20; i++) await raise('ab'.repeat(32));
    for (let i = 0; i < 20; i++) await raise(gate.requestId);
    assert.equal(await raised(), 3);
  });

  it('of many refusals is raised once, and a flood writes little', async (t) => {
    const rules = { ...NO_RULES, refusals: { count: 100, seconds: 60, action: 'alert' as const } };
    const gate = await gateOf(t, {}, { rules });
    const before = (await gate.node.state.list('')).length;
    for (let i = 0; i < 5000; i++) await gate.usage.refused('bank', gate.requestId, 'UNLOCK_LANE_CONFLICT');
    await gate.usage.tick();
    const [alert, ...more] = await eventsOf(gate, 'alert');
    assert.deepEqual([alert!['code'], alert!['count'], more.length], ['usage.refusals', 101, 0]);
    const after = await gate.node.state.list('');
    assert.equal(after.length, before + 2, 'one count, one alert');
    assert.equal(await unlock(gate, 1), null, 'an alert stops nothing');
  });
});

describe('an identical order', () => {
  it('counts nothing again: not in the day, not for a rule', async (t) => {
    const gate = await gateOf(t, {}, { rules: { ...NO_RULES, sweep } });
    const { frame } = orderFor(gate, subjectsOf(10));
    for (let i = 0; i < 5; i++) await gate.unlocking.unlock('bank', frame);
    const [stored] = await gate.node.state.list<StoredUsage>(usageKeys.all);
    assert.deepEqual([stored![1].count, stored![1].calls], [10, 1]);
    assert.equal((await eventsOf(gate, 'alert')).length, 0);
  });
});
