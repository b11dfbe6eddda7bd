/** Deadlines: reckoned in working days, met or raised once. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  acknowledge,
  deadlinePlanSchema,
  deadlinesFrom,
  overdue,
  putDeadlines,
  raiseOverdue,
  standingOverdue,
  storedDeadlines,
  timersAt,
} from '@sealedger/node/approval/deadlines.ts';
import { decideRequest, type StoredDecision } from '@sealedger/node/approval/decide.ts';
import { refusal } from '../node/support/refusals.ts';
import { bounds, type Owner, owner } from './support/owner.ts';
import { decideAs, person } from './support/persons.ts';

const DAY_MS = 86_400_000;
const plan = (change = {}) => deadlinePlanSchema.parse(change);
const at = (text: string): number => Date.parse(text);
const id = 'ab'.repeat(32);

describe('the deadlines of a request', () => {
  it('end with a working day of the place, weekends, holidays and moved working days counted', () => {
    // Friday 25 September 2026, 16:00 in Beijing; the week after next has the national holiday.
    const calendar = {
      timeZone: 'Asia/Shanghai',
      holidays: ['2026-10-01', '2026-10-02', '2026-10-05', '2026-10-06', '2026-10-07'],
      workdays: ['2026-09-27', '2026-10-10'],
    };
    const { dueAt } = deadlinesFrom(plan({ calendar }), id, ['conditional'], at('2026-09-25T08:00:00Z'));
    assert.equal(new Date(dueAt.acknowledge).toISOString(), '2026-09-27T16:00:00.000Z');
    assert.equal(new Date(dueAt.answer).toISOString(), '2026-10-14T16:00:00.000Z');
  });

  it('fall on the day of the place, not of the clock in Greenwich', () => {
    const { dueAt } = deadlinesFrom(plan(), id, ['unconditional'], at('2026-11-23T16:30:00Z'));
    assert.equal(new Date(dueAt.answer).toISOString(), '2026-11-25T16:00:00.000Z', 'received on the 24th there');
  });

  it('are those of the slowest of what is asked for, and configurable', () => {
    const own = plan({ answer: { unconditional: 2, conditional: 5 } });
    const due = (sharing: ('conditional' | 'unconditional')[]) =>
      deadlinesFrom(own, id, sharing, at('2026-11-23T01:00:00Z')).dueAt.answer;
    assert.equal(due(['unconditional', 'conditional']) - due(['unconditional']), 5 * DAY_MS, 'a weekend lies between');
  });

  it('refuse a plan that counts backwards or for ever', () => {
    for (const wrong of [{ acknowledge: -1 }, { answer: { conditional: 1000 } }, { acknowledgedBy: 'nobody' }]) {
      assert.ok(!deadlinePlanSchema.safeParse(wrong).success);
    }
  });
});

describe('a deadline', () => {
  it('is met by the answer and overdue from its last moment on, also when the answer comes late', () => {
    const deadlines = deadlinesFrom(plan(), id, ['unconditional'], at('2026-11-23T01:00:00Z'));
    const decision = (issuedAt: number) =>
      ({ grant: { issuedAt: new Date(issuedAt).toISOString() } }) as StoredDecision;
    const answer = (decided: StoredDecision | undefined, now: number) =>
      timersAt(deadlines, decided, now).find(({ kind }) => kind === 'answer')!.state;
    const due = deadlines.dueAt.answer;
    assert.deepEqual([answer(undefined, due - 1), answer(undefined, due)], ['running', 'overdue']);
    assert.deepEqual([answer(decision(due - 1000), due), answer(decision(due), due)], ['met', 'overdue']);
  });

  async function waiting(t: TestContext, change = {}): Promise<Owner> {
    const o = await owner(t, [bounds({ decidedBy: 'person' })]);
    await o.state.write([putDeadlines(deadlinesFrom(plan(change), o.id, ['conditional'], o.clock.now()))]);
    await decideRequest(o.parts, o.deciding());
    return o;
  }

  it('that passes is raised once, as an event, and stands until the decision', async (t) => {
    const o = await waiting(t);
    await raiseOverdue(o.parts);
    assert.equal(o.log.size, 0);
    o.clock.move(20 * DAY_MS);
    await raiseOverdue(o.parts);
    await raiseOverdue(o.parts);
    assert.equal(o.log.size, 1);
    const [event] = await o.logged();
    assert.equal(event!.openings['code']!.value, 'request.answer-overdue');
    assert.equal(event!.openings['requestId']!.value, o.id);
    assert.deepEqual(await standingOverdue(o.parts), ['request.answer-overdue']);
    await decideAs(o, person('ann'));
    assert.deepEqual(await standingOverdue(o.parts), []);
  });

  it('of a request that was withdrawn is not raised', async (t) => {
    const o = await waiting(t);
    o.ledger.change(o.id, { state: 'withdrawn' });
    o.clock.move(20 * DAY_MS);
    await raiseOverdue(o.parts);
    assert.equal(o.log.size, 0);
    assert.deepEqual(await overdue(o.parts), []);
  });

  it('that was raised stands no longer once the request ends elsewhere', async (t) => {
    const o = await waiting(t);
    o.clock.move(20 * DAY_MS);
    await raiseOverdue(o.parts);
    assert.equal((await standingOverdue(o.parts)).length, 1);
    o.ledger.change(o.id, { state: 'rejected' });
    await raiseOverdue(o.parts);
    assert.deepEqual(await standingOverdue(o.parts), []);
  });

  it('to acknowledge is a person’s where the plan says so, once', async (t) => {
    const o = await waiting(t, { acknowledgedBy: 'person' });
    o.clock.move(5 * DAY_MS);
    await raiseOverdue(o.parts);
    assert.deepEqual(await standingOverdue(o.parts), ['request.acknowledgement-overdue']);
    const actor = person('ann').pseudonym;
    const { acknowledgedAt } = await acknowledge(o.parts, o.id, actor);
    o.clock.move(DAY_MS);
    await acknowledge(o.parts, o.id, person('ben').pseudonym);
    const kept = (await storedDeadlines(o.state, o.id))!;
    assert.deepEqual([kept.acknowledgedAt, kept.acknowledgedBy], [acknowledgedAt, actor]);
    assert.deepEqual(await standingOverdue(o.parts), []);
    await assert.rejects(acknowledge(o.parts, id, actor), refusal('REQUEST_UNKNOWN'));
  });
});
