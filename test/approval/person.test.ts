/** Decisions of persons: what waits, who may take them, how many it needs, and what they can change. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideRequest, evaluate, grantedHere, sendDecision } from '@sealedger/node/approval/decide.ts';
import { createPolicyBook } from '@sealedger/node/approval/policy-book.ts';
import { allWaiting, basisOf, dropEnded, findRequest, storedWaiting } from '@sealedger/node/approval/queue.ts';
import { refusal } from '../node/support/refusals.ts';
import { bounds, type Owner, owner } from './support/owner.ts';
import { decideAs, person } from './support/persons.ts';

const ASKS = [bounds({ decidedBy: 'person' })];
const [ann, ben] = [person('ann'), person('ben')];

async function waiting(t: Parameters<typeof owner>[0], policies = ASKS, change = {}): Promise<Owner> {
  const o = await owner(t, policies, change);
  assert.equal((await decideRequest(o.parts, o.deciding())).decision, undefined);
  return o;
}

describe('the queue', () => {
  it('holds what a person must decide, once, in its first place, with what the policy said', async (t) => {
    const o = await waiting(t);
    o.clock.move(60_000);
    await decideRequest(o.parts, o.deciding());
    const [entry, ...rest] = await allWaiting(o.state);
    assert.equal(rest.length, 0);
    assert.equal(entry!.since, o.clock.now() - 60_000);
    assert.deepEqual([entry!.evaluation.decision, entry!.evaluation.rule], ['ask', 'within-bounds']);
    assert.deepEqual(entry!.evaluation.answers[0]!.answer.failed, [
      { rule: 'within-bounds', leftOperand: 'sealedger:askPerson' },
    ]);
  });

  it('lets go of it with the decision, and finds a request by the beginning of its id', async (t) => {
    const o = await waiting(t);
    assert.equal(await findRequest(o.state, o.id.slice(0, 6)), o.id);
    await assert.rejects(findRequest(o.state, 'zz'), refusal('REQUEST_UNKNOWN'));
    await decideAs(o, ann);
    assert.deepEqual(await allWaiting(o.state), []);
  });

  it('lets go of what ended on chain, keeps it while the chain is away, and takes it in again with a delivery', async (t) => {
    const o = await waiting(t);
    await dropEnded(o.parts);
    assert.equal((await allWaiting(o.state)).length, 1);
    o.ledger.away = true;
    await assert.rejects(dropEnded(o.parts), refusal('CHAIN_UNREACHABLE'));
    assert.equal((await allWaiting(o.state)).length, 1);
    o.ledger.away = false;
    o.ledger.change(o.id, { state: 'withdrawn' });
    await dropEnded(o.parts);
    assert.equal((await allWaiting(o.state)).length, 0);
    o.ledger.change(o.id, { state: 'submitted' });
    await decideRequest(o.parts, o.deciding());
    assert.equal((await allWaiting(o.state)).length, 1);
  });

  it('loses its entry where the policy decides after all', async (t) => {
    const o = await waiting(t);
    const { decision } = await decideRequest({ ...o.parts, policies: createPolicyBook([bounds()]) }, o.deciding());
    assert.equal(decision!.approved, true);
    assert.deepEqual(await allWaiting(o.state), []);
  });

  it('takes a request whose policy cannot be read, and no one can approve it until it can', async (t) => {
    const o = await owner(t, ['/nonexistent/policy.yaml']);
    const { evaluation } = await decideRequest(o.parts, o.deciding());
    assert.deepEqual([evaluation!.decision, evaluation!.rule], ['ask', 'policy-unreadable']);
    await assert.rejects(decideAs(o, ann), refusal('POLICY_UNREADABLE'));
    const outcome = await decideAs(o, ann, { approved: false });
    assert.equal(outcome.status, 'decided');
  });
});

describe('a person’s approval', () => {
  it('is a signed grant of one approver with the policy’s conditions, its reason salted and at home', async (t) => {
    const o = await waiting(t);
    const outcome = await decideAs(o, ann, { reason: 'the mayor of Ximen said so' });
    assert.equal(outcome.status, 'decided');
    const grant = (await grantedHere(o.state, o.id))!;
    assert.deepEqual([grant.approved, grant.approvers, grant.rule], [true, 1, 'within-bounds']);
    assert.equal(grant.conditions.needsCertificate, true);
    const [event] = await o.logged();
    assert.equal(event!.openings['actor']!.value, ann.pseudonym);
    assert.doesNotMatch(JSON.stringify([await o.logged(), grant, o.ledger.writes]), /Ximen/);
  });

  it('makes conditions stricter and never looser', async (t) => {
    const o = await owner(t, [bounds({ decidedBy: 'person', minQuality: 8000 })], {
      document: { consent: { holder: 'bank' } },
    });
    const id = o.document.datasets.find(({ owner: of }) => of === 'tax')!.id;
    o.ledger.measurements.set(id, { round: 1, ruleSetHash: '', scoreBasisPoints: 9_900, reportHash: '' });
    await decideRequest(o.parts, o.deciding());
    await decideAs(o, ann, {
      conditions: { qualityFloor: 7000, hours: ['09:00/17:00'], weekdays: [1, 2, 3], needsConsent: true },
    });
    const { conditions } = (await grantedHere(o.state, o.id))!;
    assert.deepEqual(conditions, {
      qualityFloor: 8000,
      hours: ['09:00/17:00'],
      weekdays: [1, 2, 3],
      timeZone: 'Asia/Shanghai',
      needsConsent: true,
      needsCertificate: true,
    });
  });

  it('needs two persons at level 4, whoever they are, and both stand in the event', async (t) => {
    const o = await waiting(t, ASKS, { dataset: { level: 4 } });
    assert.deepEqual(await decideAs(o, ann, { conditions: { qualityFloor: 100 } }), {
      status: 'second-needed',
      isVoided: false,
    });
    assert.deepEqual([o.log.size, await grantedHere(o.state, o.id)], [0, undefined]);
    const outcome = await decideAs(o, ben, { conditions: { qualityFloor: 200 } });
    assert.equal(outcome.status, 'decided');
    const [event] = await o.logged();
    assert.deepEqual(
      [event!.openings['actor']!.value, event!.openings['secondActor']!.value],
      [ann.pseudonym, ben.pseudonym],
    );
    const grant = (await grantedHere(o.state, o.id))!;
    assert.deepEqual([grant.approvers, grant.conditions.qualityFloor], [2, 200]);
  });

  it('needs two where the policy says so, and one person’s rejection ends it', async (t) => {
    const o = await waiting(t, [bounds({ decidedBy: 'two-persons' })]);
    assert.equal((await decideAs(o, ann)).status, 'second-needed');
    const outcome = await decideAs(o, ben, { approved: false });
    assert.equal(outcome.status, 'decided');
    const grant = (await grantedHere(o.state, o.id))!;
    assert.deepEqual([grant.approved, grant.approvers], [false, 1]);
  });

  it('of a first person is void once the policy answers otherwise', async (t) => {
    const o = await waiting(t, [bounds({ decidedBy: 'two-persons' })]);
    await decideAs(o, ann);
    const policies = createPolicyBook([bounds({ decidedBy: 'two-persons', maxQuota: 5000 })]);
    const before = basisOf(await evaluate(o.parts, o.deciding()));
    assert.notEqual(basisOf(await evaluate({ ...o.parts, policies }, o.deciding())), before);
    assert.deepEqual(await decideAs(o, ben, {}, { parts: { policies } }), { status: 'second-needed', isVoided: true });
    assert.equal((await storedWaiting(o.state, o.id))!.first!.actor, ben.pseudonym);
    assert.equal((await decideAs(o, ann, {}, { parts: { policies } })).status, 'decided');
  });

  it('is nothing where its event could not be written, and can be given again', async (t) => {
    const o = await waiting(t);
    const events = { append: () => Promise.reject(new Error('disk full')) };
    await assert.rejects(decideAs(o, ann, {}, { parts: { events } }), /disk full/);
    assert.deepEqual([(await allWaiting(o.state)).length, await grantedHere(o.state, o.id)], [1, undefined]);
    assert.equal((await decideAs(o, ann)).status, 'decided');
    assert.equal(o.log.size, 1);
  });

  it('goes to the chain once, and again where the chain was away', async (t) => {
    const o = await waiting(t);
    const outcome = await decideAs(o, ann);
    assert.ok(outcome.status === 'decided');
    o.ledger.away = true;
    await assert.rejects(sendDecision(o.parts, outcome.decision), refusal('CHAIN_UNREACHABLE'));
    o.ledger.away = false;
    await sendDecision(o.parts, outcome.decision);
    await sendDecision(o.parts, outcome.decision);
    assert.equal(o.ledger.writes.filter(({ call }) => call === 'decide').length, 1);
  });
});
