/** Decisions by policy: signed, logged, sent once, sent again, and never another one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideRequest, grantedHere, resendDecisions } from '@sealedger/node/approval/decide.ts';
import { createPolicyBook } from '@sealedger/node/approval/policy-book.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, openEnvelope } from '@sealedger/protocol/envelope.ts';
import { grantSchema } from '@sealedger/protocol/grant.ts';
import { policyHash } from '@sealedger/protocol/policy/policy.ts';
import { kindOf } from '../node/support/node-state.ts';
import { organisation, START_MS } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { bounds, type Owner, owner } from './support/owner.ts';

const decide = async (o: Owner) => (await decideRequest(o.parts, o.deciding())).decision;

describe('a decision', () => {
  it('is a signed grant whose digest stands on chain, with what it allows', async (t) => {
    const o = await owner(t, [bounds()]);
    const decision = (await decide(o))!;
    const tax = organisation('tax', ['department']);
    const key = { signer: 'tax', keyEpoch: 1, publicKey: tax.ed25519 };
    const { body, digest } = openEnvelope(decision.grant, {
      domain: domains.grant,
      key,
      now: new Date(START_MS),
      schema: grantSchema,
    });
    const { id: own } = o.document.datasets.find((dataset) => dataset.owner === 'tax')!;
    assert.deepEqual(body, {
      suite: SUITE,
      version: 1,
      requestId: o.id,
      decider: 'tax',
      approved: true,
      rule: 'within-bounds',
      policyHash: policyHash(bounds()),
      datasets: [own],
      quota: 100,
      expiresAt: o.document.expiresAt,
      noisePolicy: o.document.noisePolicy,
      approvers: 0,
      conditions: {
        qualityFloor: null,
        hours: [],
        weekdays: null,
        timeZone: 'Asia/Shanghai',
        needsConsent: false,
        needsCertificate: true,
      },
    });
    assert.deepEqual(o.ledger.writes, [{ call: 'decide', args: [o.id, true, decision.reasonHash, toHex(digest)] }]);
    const [event] = await o.logged();
    assert.deepEqual([kindOf(event!), event!.openings['grantHash']!.value, o.log.size], ['decision', toHex(digest), 1]);
  });

  it('is durable before the chain hears of it, and the same grant goes out again', async (t) => {
    const o = await owner(t, [bounds()]);
    o.ledger.request = async () => Promise.reject(new Error('away'));
    await assert.rejects(decide(o), /away/);
    assert.equal(o.log.size, 1);
    o.ledger.request = o.ledger.recentRequest;
    o.clock.move(5000);
    const decision = (await decide(o))!;
    assert.equal(o.log.size, 1);
    assert.deepEqual(
      o.ledger.writes.map(({ args }) => args),
      [[o.id, true, decision.reasonHash, decision.grantHash]],
    );
    assert.equal(decision.grantHash, toHex(envelopeDigest(decision.grant)));
    assert.equal((await o.logged())[0]!.openings['grantHash']!.value, decision.grantHash);
  });

  it('is not taken while the chain cannot be asked for what it is about', async (t) => {
    const o = await owner(t, [bounds({ minQuality: 9000 })]);
    o.ledger.away = true;
    await assert.rejects(decide(o), refusal('CHAIN_UNREACHABLE'));
    assert.equal(o.log.size, 0);
  });

  it('that was taken is sent after a restart without being asked for, and only once', async (t) => {
    const o = await owner(t, [bounds()]);
    const failing = { ...o.ledger, decide: () => Promise.reject(new Error('killed')) };
    await assert.rejects(decideRequest({ ...o.parts, ledger: failing }, o.deciding()), /killed/);
    await resendDecisions(o.parts);
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 1);
    assert.equal(o.ledger.requests.get(o.id)!.decisions.find(({ decider }) => decider === 'tax')!.decision, 'approved');
  });

  it('goes out again where the chain took it back, and waits where it took the request back', async (t) => {
    const o = await owner(t, [bounds()]);
    await decide(o);
    const pending = o.ledger.requests.get(o.id)!.decisions.map((entry) => ({ ...entry, decision: 'pending' as const }));
    o.ledger.change(o.id, { decisions: pending });
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 2);
    const request = o.ledger.requests.get(o.id)!;
    o.ledger.requests.delete(o.id);
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 2);
    o.ledger.requests.set(o.id, { ...request, decisions: pending });
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 3);
    o.clock.move(1000 * o.document.expiresAt);
    o.ledger.change(o.id, { decisions: pending });
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 3, 'its time is over');
    assert.equal(o.log.size, 1);
  });

  it('stays what it was when the policy changes', async (t) => {
    const o = await owner(t, [bounds({ minQuality: 9_000 })]);
    const id = o.document.datasets.find((dataset) => dataset.owner === 'tax')!.id;
    o.ledger.measurements.set(id, { round: 1, ruleSetHash: '', scoreBasisPoints: 9_100, reportHash: '' });
    const first = await decide(o);
    const stricter = { ...o.parts, policies: createPolicyBook([bounds({ maxQuota: 1 })]) };
    assert.deepEqual((await decideRequest(stricter, o.deciding())).decision, first);
    assert.equal((await grantedHere(o.state, o.id))!.conditions.qualityFloor, 9_000);
    assert.equal(await grantedHere(o.state, 'a request that was not decided'), undefined);
  });

  it('against a request is logged with its rule and sent as a refusal', async (t) => {
    const o = await owner(t, [bounds({ maxQuota: 1 })]);
    const decision = (await decide(o))!;
    assert.equal(decision.approved, false);
    assert.equal((await o.logged())[0]!.openings['reason']!.value, 'otherwise');
    assert.equal(o.ledger.writes[0]!.args[1], false);
  });

  it('for a person is neither logged nor sent', async (t) => {
    const o = await owner(t, [bounds({ maxQuota: 1, otherwise: 'ask' })]);
    assert.equal(await decide(o), undefined);
    assert.deepEqual([o.log.size, o.ledger.writes.length], [0, 0]);
  });

  it('is a person’s where no policy speaks about the dataset', async (t) => {
    const o = await owner(t, [bounds({ datasets: ['another'] })]);
    const { decision, evaluation } = await decideRequest(o.parts, o.deciding());
    assert.deepEqual([decision, evaluation!.decision, evaluation!.rule], [undefined, 'ask', 'no-policy']);
  });

  it('of a gate that owns nothing is its agreement: logged, kept, and no transaction', async (t) => {
    const o = await owner(t, [bounds()], { org: 'gatehouse', document: { gates: ['gatehouse', 'tax'] } });
    const decision = (await decide(o))!;
    assert.deepEqual([decision.approved, decision.grant.body.datasets], [true, []]);
    assert.deepEqual([o.log.size, o.ledger.writes.length], [1, 0]);
  });

  it('is not sent where the request is over, or this owner has decided on chain', async (t) => {
    const o = await owner(t, [bounds()]);
    o.ledger.change(o.id, { state: 'withdrawn' });
    await decide(o);
    o.ledger.change(o.id, {
      state: 'submitted',
      decisions: [{ decider: 'tax', decision: 'approved', grantHash: 'x' }],
    });
    await decide(o);
    assert.deepEqual(o.ledger.writes, []);
  });
});
