/** Attacks on a grant in use: races, revocation in the middle, replay, hours, clocks, and one requester with many grants. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { createUsageBook, type Finding } from '@sealedger/node/release/usage-book.ts';
import { type StoredUsage, usageKeys } from '@sealedger/node/release/usage-history.ts';
import { openSteadyClock } from '@sealedger/node/steady-clock.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { memoryState } from '../keys/support/gate.ts';
import { type Gate, NO_RULES, openGate, orderFor, readAnswer } from '../node/support/gate-fixture.ts';
import { grantOf } from '../node/support/guards.ts';
import { START_MS, testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, requestDocument } from '../node/support/request-fixture.ts';
import { subjectOf, subjectsOf } from '../node/support/subjects.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { eventsOf, gateOf, unlock } from './support.ts';

const HOUR_MS = 3_600_000;
const PERSON = hexOf(0xaa);

/** Sends one order in each of so many lanes at once. */
async function race(gate: Gate, orders: number): Promise<{ readonly answered: number; readonly codes: string[] }> {
  const frames = Array.from({ length: orders }, (_, lane) => orderFor(gate, [subjectOf(lane)], { lane }).frame);
  const outcomes = await Promise.allSettled(frames.map((frame) => gate.unlocking.unlock('bank', frame)));
  const codes = outcomes.flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return [];
    assert.ok(isProtocolError(outcome.reason), String(outcome.reason));
    return [outcome.reason.code];
  });
  return { answered: orders - codes.length, codes };
}

/** A store that runs `between` after the commit that the n-th metering makes, before its caller hears of it. */
function pausing(n: number, between: () => void) {
  let commits = 0;
  return (store: EvidenceStore<BatchOp>): EvidenceStore<BatchOp> => ({
    ...store,
    commit: async (puts, others) => {
      await store.commit(puts, others);
      commits += 1;
      if (commits === n) between();
    },
  });
}

describe('the quota of a grant', () => {
  it('raced by 100 orders over 100 lanes at each of two gates lets exactly the quota pass at both', async (t) => {
    const gates = await Promise.all([1, 2].map(() => gateOf(t, { quota: 37 })));
    const results = await Promise.all(gates.map((gate) => race(gate, 100)));
    for (const [i, { answered, codes }] of results.entries()) {
      assert.equal(answered, 37);
      assert.deepEqual(new Set(codes), new Set(['QUOTA_EXHAUSTED']));
      assert.equal(await gates[i]!.used(), 37);
      const [stored] = await gates[i]!.node.state.list<StoredUsage>(usageKeys.all);
      assert.equal(stored![1].count, 37);
    }
  });
});

describe('unlocking while the grant is revoked or suspended', () => {
  it('answers nothing once the node has seen it: what was in flight is recorded, and its answer stays', async (t) => {
    const changes: readonly ((gate: Gate) => void)[] = [
      (gate) => gate.ledger.change(gate.requestId, { state: 'revoked' }),
      (gate) => gate.ledger.change(gate.requestId, { state: 'suspended', suspenders: ['tax'] }),
      (gate) => void gate.usage.suspendGrant(gate.requestId, 'consent.missing'),
    ];
    for (const change of changes) {
      let gate: Gate | undefined;
      const wrap = pausing(1, () => change(gate!));
      gate = await openGate(join(await temporaryDirectory(t), 'state'), {}, wrap);
      t.after(gate.node.close);
      const { answered, codes } = await race(gate, 30);
      assert.equal(answered, 0, 'the first metering was still on its way out');
      assert.deepEqual(new Set(codes).size, 1);
      assert.ok(['REQUEST_NOT_ACTIVE', 'GRANT_SUSPENDED'].includes(codes[0]!), codes[0]);
      const metered = (await eventsOf(gate, 'unlocking')).length;
      assert.ok(metered >= 1);
      assert.equal(await gate.used(), metered, 'what is recorded is recorded in full');
      const [stored] = await gate.node.state.list<StoredUsage>(usageKeys.all);
      assert.equal(stored![1].count, metered);
    }
  });

  it('gives every answered order an event, and answers no order after the block', async (t) => {
    let gate: Gate | undefined;
    const wrap = pausing(10, () => gate!.ledger.change(gate!.requestId, { state: 'revoked' }));
    gate = await openGate(join(await temporaryDirectory(t), 'state'), { quota: 1000 }, wrap);
    t.after(gate.node.close);
    const { answered, codes } = await race(gate, 60);
    const metered = (await eventsOf(gate, 'unlocking')).length;
    assert.deepEqual([answered, metered, await gate.used()], [9, 10, 10]);
    assert.deepEqual(new Set(codes), new Set(['REQUEST_NOT_ACTIVE']));
    assert.equal(await unlock(gate, 1), 'REQUEST_NOT_ACTIVE');
  });

  it('repeats no stored answer either; after a suspension is lifted it does, and counts nothing', async (t) => {
    const gate = await gateOf(t);
    const order = orderFor(gate, subjectsOf(2), { lane: 40_009 });
    const answer = await gate.unlocking.unlock('bank', order.frame);
    await gate.usage.suspendGrant(gate.requestId, 'person.suspended', { actor: PERSON });
    await assert.rejects(gate.unlocking.unlock('bank', order.frame), refusal('GRANT_SUSPENDED'));
    await gate.usage.suspensions.flush();
    await gate.usage.resumeGrant(gate.requestId, PERSON);
    await gate.usage.suspensions.flush();
    assert.deepEqual(await gate.unlocking.unlock('bank', order.frame), answer);
    gate.ledger.change(gate.requestId, { state: 'revoked' });
    await assert.rejects(
      gate.unlocking.unlock('bank', order.frame),
      refusal('REQUEST_NOT_ACTIVE', { state: 'revoked' }),
    );
    gate.ledger.change(gate.requestId, { state: 'completed' });
    assert.deepEqual(await gate.unlocking.unlock('bank', order.frame), answer, 'an end in order keeps no answer back');
    assert.equal(await gate.used(), 2);
  });

  it('is refused by the own suspension of one organisation though another lifts its own', async (t) => {
    const gate = await gateOf(t);
    await gate.usage.suspendGrant(gate.requestId, 'usage.sweep');
    await gate.usage.suspensions.flush();
    gate.ledger.change(gate.requestId, { state: 'active', suspenders: [] });
    assert.equal(await unlock(gate, 1), 'GRANT_SUSPENDED');
  });
});

describe('a gate that dies between metering and answer', () => {
  it('comes back with quota, day and budget as metered, and answers the same order for free', async (t) => {
    const directory = join(await temporaryDirectory(t), 'state');
    const budgets = [{ subjects: 'person', period: 'day', limit: 5000 } as const];
    const dying = (store: EvidenceStore<BatchOp>): EvidenceStore<BatchOp> => ({
      ...store,
      commit: async (puts, others) => {
        await store.commit(puts, others);
        throw new Error('killed');
      },
    });
    const first = await openGate(directory, {}, dying, { budgets });
    const order = orderFor(first, subjectsOf(3), { lane: 40_004 });
    await assert.rejects(first.unlocking.unlock('bank', order.frame));
    await first.node.database.close();
    const gate = await openGate(directory, {}, undefined, { budgets });
    t.after(gate.node.close);
    const [stored] = await gate.node.state.list<StoredUsage>(usageKeys.all);
    assert.deepEqual([await gate.used(), stored![1].count, stored![1].cost], [3, 3, 3000]);
    assert.equal(readAnswer(await gate.unlocking.unlock('bank', order.frame)).receipt.totalUsed, 3);
    assert.equal(await unlock(gate, 3), 'BUDGET_EXHAUSTED');
    assert.equal(await unlock(gate, 2), null);
  });
});

describe('the hours of a grant', () => {
  /** START_MS is 16:00 on a Saturday in Shanghai. */
  const at = (t: Parameters<typeof gateOf>[0], conditions: Record<string, unknown>) =>
    gateOf(t, {}, { conditions: () => conditions });

  it('end to the millisecond, and begin again the next day', async (t) => {
    const gate = await at(t, { hours: ['08:30/17:30'] });
    gate.clock.move(1.5 * HOUR_MS - 1);
    assert.equal(await unlock(gate, 1), null);
    gate.clock.move(1);
    const { frame } = orderFor(gate, subjectsOf(1), { lane: 60_000 });
    const details = { hours: '08:30/17:30', timeZone: 'Asia/Shanghai' };
    await assert.rejects(gate.unlocking.unlock('bank', frame), refusal('GRANT_HOURS', details));
    gate.clock.move(15 * HOUR_MS - 1);
    assert.equal(await unlock(gate, 1), 'GRANT_HOURS');
    gate.clock.move(1);
    assert.equal(await unlock(gate, 1), null);
  });

  it('that end between evaluation and metering count: nothing is metered', async (t) => {
    const hours = { value: '08:30/17:30' };
    const gate = await gateOf(t, {}, { conditions: () => ({ hours: [hours.value] }) });
    const { frame } = orderFor(gate, subjectsOf(1), { lane: 60_001 });
    const order = gate.unlocking.unlock('bank', frame);
    const evaluated = setInterval(() => {
      if (gate.evaluations > 0) hours.value = '08:30/09:00';
    });
    const outcome = await order.then(
      () => null,
      (error: unknown) => error,
    );
    clearInterval(evaluated);
    // either it was metered before the change, or it was refused and nothing counts
    if (outcome === null) assert.equal(await gate.used(), 1);
    else {
      refusal('GRANT_HOURS')(outcome);
      assert.equal(await gate.used(), 0);
    }
  });

  it('and weekdays both must hold, in the policy’s time zone', async (t) => {
    const gate = await at(t, { weekdays: [1, 2, 3, 4, 5] });
    assert.equal(await unlock(gate, 1), 'GRANT_HOURS', 'a Saturday');
    gate.clock.move(32 * HOUR_MS - 1);
    assert.equal(await unlock(gate, 1), 'GRANT_HOURS', 'the end of Sunday');
    gate.clock.move(1);
    assert.equal(await unlock(gate, 1), null, 'Monday there, Sunday in UTC');
    const none = await at(t, { weekdays: [] });
    assert.equal(await unlock(none, 1), 'GRANT_HOURS');
  });
});

describe('a clock that is set back', () => {
  const log = { error: () => undefined };

  it('opens no grant whose term is over, in the same process or after a restart', async () => {
    const state = memoryState();
    const clock = testClock();
    const steady = await openSteadyClock(clock, state, log);
    clock.move(HOUR_MS);
    assert.equal(steady.now(), START_MS + HOUR_MS);
    clock.move(-HOUR_MS);
    assert.equal(steady.now(), START_MS + HOUR_MS);
    await steady.keep();
    const restarted = await openSteadyClock(clock, state, log);
    assert.equal(restarted.now(), START_MS + HOUR_MS);
    clock.move(2 * HOUR_MS);
    assert.equal(restarted.now(), START_MS + 2 * HOUR_MS);
  });

  it('by more than a day was wrong before: the mark is dropped at the start, with a word', async () => {
    const state = memoryState();
    const clock = testClock();
    clock.move(48 * HOUR_MS);
    await (await openSteadyClock(clock, state, log)).keep();
    const wrong = await openSteadyClock(clock, state, log);
    clock.move(HOUR_MS);
    wrong.now();
    await wrong.keep();
    clock.move(-49 * HOUR_MS);
    const said: string[] = [];
    const restarted = await openSteadyClock(clock, state, { error: (message) => void said.push(message) });
    assert.equal(restarted.now(), START_MS);
    assert.equal(said.length, 1);
  });
});

describe('one requester with several grants at a gate', () => {
  it('sweeps no more of the register with ten than with one', async () => {
    const findings: Finding[] = [];
    const documents = new Map(Array.from({ length: 10 }, (_, i) => [hexOf(i), requestDocument({ nonce: hexOf(i) })]));
    const book = createUsageBook({
      state: memoryState(),
      clock: testClock(),
      rules: { ...NO_RULES, sweep: { registerBasisPoints: 100, days: 30, atLeast: 1, action: 'suspend' } },
      budgets: [],
      log: { error: () => undefined },
      document: async (id) => documents.get(id)!,
      grant: async (id) => grantOf('bureau', documents.get(id)!),
      found: async (finding) => void findings.push(finding),
    });
    const people = 10_000;
    let passed = 0;
    for (const requestId of documents.keys()) {
      for (let i = 0; i < 30; i++) {
        try {
          (await book.plan({ requester: 'bank', requestId, count: 1, people })).commit();
          passed += 1;
        } catch (error) {
          refusal('GRANT_SUSPENDED')(error);
          break;
        }
      }
    }
    assert.equal(passed, 100);
    assert.deepEqual(new Set(findings.map(({ requestId }) => requestId)).size, 7, 'each grant that goes on is stopped');
    const rival = { requester: 'rival', requestId: hexOf(0), count: 100, people };
    assert.equal((await book.plan(rival)).operations.length, 1, 'another requester has an account of its own');
  });
});
