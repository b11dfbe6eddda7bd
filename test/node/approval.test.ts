import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type DecideParts,
  decideRequest,
  type Grant,
  grantedHere,
  resendDecisions,
} from '@sealedger/node/approval/decide.ts';
import { answerByPolicy, type Policy, policySchema } from '@sealedger/node/approval/policy.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, openEnvelope } from '@sealedger/protocol/envelope.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { z } from 'zod';
import { type FakeLedger, fakeLedger } from './support/fake-ledger.ts';
import { kindOf, type NodeState, openNodeState } from './support/node-state.ts';
import { organisation, START_MS, testClock } from './support/organisations.ts';
import { refusal } from './support/refusals.ts';
import { onChainView, requestDocument } from './support/request-fixture.ts';
import { temporaryDirectory } from './support/temporary.ts';

const policy: Policy = policySchema.parse({
  requesters: ['bank'],
  purposes: ['credit-underwriting'],
  maxQuota: 100,
  maxTermDays: 30,
  otherwise: 'reject',
});
const now = START_MS / 1000;

describe('a policy', () => {
  it('approves what lies within every bound, at the bounds too', () => {
    assert.deepEqual(answerByPolicy(policy, requestDocument(), now), { decision: 'approve', rule: 'within-policy' });
  });

  const document = requestDocument();
  const broken: readonly (readonly [string, Partial<RequestDocument>])[] = [
    ['requester', { requester: 'other-bank' }],
    ['purpose', { purpose: 'marketing' }],
    ['quota', { quota: 101 }],
    ['term', { expiresAt: document.expiresAt + 1 }],
    ['departments', { features: document.features.filter(({ party }) => party === 'tax') }],
  ];
  for (const [rule, change] of broken) {
    it(`refuses past its bound on ${rule}, and names it; or asks a person`, () => {
      const asked = requestDocument(change);
      assert.deepEqual(answerByPolicy(policy, asked, now), { decision: 'reject', rule });
      assert.deepEqual(answerByPolicy({ ...policy, otherwise: 'ask' }, asked, now), { decision: 'ask', rule });
    });
  }

  it('takes a lone department only where it says so: its part of a score is bare', () => {
    const alone = requestDocument({ features: document.features.filter(({ party }) => party === 'tax') });
    assert.equal(answerByPolicy(policySchema.parse({ ...policy, minDepartments: 1 }), alone, now).decision, 'approve');
    assert.equal(policySchema.parse({ ...policy, minDepartments: undefined }).minDepartments, 2);
  });

  it('takes a floor from 1 to 10000 basis points, and none unless told', () => {
    assert.equal(policy.minQuality, null);
    for (const minQuality of [1, 10_000, null]) assert.ok(policySchema.safeParse({ ...policy, minQuality }).success);
    for (const minQuality of [0, -1, 10_001, 95.5, '9000']) {
      assert.ok(!policySchema.safeParse({ ...policy, minQuality }).success);
    }
  });

  it('asks a person unless told otherwise', () => {
    const { otherwise: _, ...rest } = policy;
    assert.equal(policySchema.parse(rest).otherwise, 'ask');
  });
});

interface Owner extends NodeState {
  readonly ledger: FakeLedger;
  readonly document: RequestDocument;
  readonly id: string;
  readonly parts: DecideParts;
}

async function owner(t: TestContext, change: Partial<Policy> = {}): Promise<Owner> {
  const node = await openNodeState(join(await temporaryDirectory(t), 'state'), 'tax');
  t.after(node.close);
  const ledger = fakeLedger('tax');
  const document = requestDocument();
  const pending = ['court', 'tax', 'bureau'].map((decider) => ({
    decider,
    decision: 'pending' as const,
    grantHash: '',
  }));
  const view = onChainView(document, { state: 'submitted', decisions: pending });
  ledger.requests.set(view.id, view);
  const tax = organisation('tax', ['department']);
  const parts: DecideParts = {
    org: 'tax',
    state: node.state,
    ledger,
    events: node.events,
    clock: testClock(),
    policy: { ...policy, ...change },
    signGrant: (grant) => tax.envelope(domains.grant, grant),
  };
  return { ...node, ledger, document, id: view.id, parts };
}

const decide = (o: Owner) => decideRequest(o.parts, o.document, o.ledger.requests.get(o.id)!);

describe('a decision', () => {
  it('is a signed grant whose digest stands on chain, with what it allows', async (t) => {
    const o = await owner(t);
    const decision = (await decide(o))!;
    const tax = organisation('tax', ['department']);
    const key = { signer: 'tax', keyEpoch: 1, publicKey: tax.ed25519 };
    const { body, digest } = openEnvelope(decision.grant, {
      domain: domains.grant,
      key,
      now: new Date(START_MS),
      schema: z.unknown(),
    });
    const { id: own } = o.document.datasets.find((dataset) => dataset.owner === 'tax')!;
    assert.deepEqual(body as Grant, {
      requestId: o.id,
      decider: 'tax',
      approved: true,
      rule: 'within-policy',
      datasets: [own],
      quota: 100,
      expiresAt: o.document.expiresAt,
      noisePolicy: o.document.noisePolicy,
      minQuality: null,
      modelCertificate: null,
    });
    assert.deepEqual(o.ledger.writes, [{ call: 'decide', args: [o.id, true, decision.reasonHash, toHex(digest)] }]);
    const [event] = await o.logged();
    assert.deepEqual([kindOf(event!), event!.openings['grantHash']!.value, o.log.size], ['decision', toHex(digest), 1]);
  });

  it('is durable before the chain hears of it, and the same grant goes out again', async (t) => {
    const o = await owner(t);
    o.ledger.away = true;
    await assert.rejects(decide(o), refusal('CHAIN_UNREACHABLE'));
    assert.equal(o.log.size, 1);
    o.ledger.away = false;
    (o.parts.clock as ReturnType<typeof testClock>).move(5000);
    const decision = (await decide(o))!;
    assert.equal(o.log.size, 1);
    assert.deepEqual(
      o.ledger.writes.map(({ args }) => args),
      [[o.id, true, decision.reasonHash, decision.grantHash]],
    );
    assert.equal(decision.grantHash, toHex(envelopeDigest(decision.grant)));
    assert.equal((await o.logged())[0]!.openings['grantHash']!.value, decision.grantHash);
  });

  it('that was taken is sent after a restart without being asked for, and only once', async (t) => {
    const o = await owner(t);
    const failing = { ...o.ledger, decide: () => Promise.reject(new Error('killed')) };
    await assert.rejects(
      decideRequest({ ...o.parts, ledger: failing }, o.document, o.ledger.requests.get(o.id)!),
      /killed/,
    );
    await resendDecisions(o.parts);
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 1);
    assert.equal(o.ledger.requests.get(o.id)!.decisions.find(({ decider }) => decider === 'tax')!.decision, 'approved');
  });

  it('goes out again where the chain took it back, and waits where it took the request back', async (t) => {
    const o = await owner(t);
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
    (o.parts.clock as ReturnType<typeof testClock>).move(1000 * o.document.expiresAt);
    o.ledger.change(o.id, { decisions: pending });
    await resendDecisions(o.parts);
    assert.equal(o.ledger.writes.length, 3, 'its time is over');
    assert.equal(o.log.size, 1);
  });

  it('stays what it was when the policy changes', async (t) => {
    const o = await owner(t);
    const first = await decide(o);
    const stricter = { ...o.parts, policy: { ...policy, maxQuota: 1 } };
    assert.deepEqual(await decideRequest(stricter, o.document, o.ledger.requests.get(o.id)!), first);
  });

  it('carries the floor that the policy sets, and keeps it when the policy changes', async (t) => {
    const o = await owner(t, { minQuality: 9_000 });
    assert.equal((await decide(o))!.grant.body.minQuality, 9_000);
    await decideRequest({ ...o.parts, policy: { ...policy, minQuality: 1 } }, o.document, o.ledger.requests.get(o.id)!);
    assert.equal((await grantedHere(o.state, o.id))!.minQuality, 9_000);
    assert.equal(await grantedHere(o.state, 'a request that was not decided'), undefined);
  });

  it('against a request is logged with its rule and sent as a refusal', async (t) => {
    const o = await owner(t, { maxQuota: 1 });
    const decision = (await decide(o))!;
    assert.equal(decision.approved, false);
    assert.equal((await o.logged())[0]!.openings['reason']!.value, 'quota');
    assert.equal(o.ledger.writes[0]!.args[1], false);
  });

  it('for a person is neither logged nor sent', async (t) => {
    const o = await owner(t, { maxQuota: 1, otherwise: 'ask' });
    assert.equal(await decide(o), undefined);
    assert.deepEqual([o.log.size, o.ledger.writes.length], [0, 0]);
  });

  it('is not sent where the request is over, or this owner has decided on chain', async (t) => {
    const o = await owner(t);
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
