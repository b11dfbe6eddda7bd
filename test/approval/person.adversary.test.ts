/** What persons and requesters must not get past: preparing and approving, twice, late, changed, prohibited. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { decideRequest } from '@sealedger/node/approval/decide.ts';
import { createPolicyBook } from '@sealedger/node/approval/policy-book.ts';
import { storedWaiting } from '@sealedger/node/approval/queue.ts';
import { ALL_DATASETS, type Policy, parsePolicy } from '@sealedger/protocol/policy/policy.ts';
import { requestId } from '@sealedger/protocol/request.ts';
import { refusal } from '../node/support/refusals.ts';
import { onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { bounds, type Owner, owner } from './support/owner.ts';
import { decideAs, person } from './support/persons.ts';

const [ann, ben] = [person('ann'), person('ben')];

async function waiting(t: TestContext, change: Parameters<typeof owner>[2] = {}): Promise<Owner> {
  const o = await owner(t, [bounds({ decidedBy: 'person' })], change);
  await decideRequest(o.parts, o.deciding());
  return o;
}

function prohibiting(purpose: string): Policy {
  return parsePolicy({
    ...bounds({ name: 'forbids', decidedBy: 'person' }),
    prohibition: [
      {
        uid: 'forbidden-purpose',
        target: ALL_DATASETS,
        action: 'sealedger:compute',
        constraint: [{ leftOperand: 'purpose', operator: 'isAnyOf', rightOperand: [purpose] }],
      },
    ],
  });
}

describe('an approval is refused', () => {
  it('to who prepared the dataset or the policy; a rejection of theirs counts', async (t) => {
    const o = await waiting(t);
    await assert.rejects(decideAs(o, ann, {}, { preparers: ['ann'] }), refusal('PERSON_PREPARED'));
    assert.equal((await decideAs(o, ben, {}, { preparers: ['ann'] })).status, 'decided');
    const other = await waiting(t);
    assert.equal((await decideAs(other, ann, { approved: false }, { preparers: ['ann'] })).status, 'decided');
  });

  it('to who is the contact of the request', async (t) => {
    const o = await waiting(t, { document: { contact: { unit: 'loans', person: ' Ann ', channel: '1' } } });
    await assert.rejects(decideAs(o, ann), refusal('PERSON_PREPARED'));
    assert.equal((await decideAs(o, ben)).status, 'decided');
  });

  it('to the same person as first and second', async (t) => {
    const o = await waiting(t, { dataset: { level: 4 } });
    assert.equal((await decideAs(o, ann)).status, 'second-needed');
    await assert.rejects(decideAs(o, ann), refusal('PERSON_SAME'));
    assert.equal((await decideAs(o, ben)).status, 'decided');
  });

  it('a second time, and after a rejection', async (t) => {
    const o = await waiting(t);
    await decideAs(o, ann, { approved: false });
    await assert.rejects(decideAs(o, ben), refusal('DECISION_TAKEN'));
    await assert.rejects(decideAs(o, ann, { approved: false }), refusal('DECISION_TAKEN'));
    assert.equal(o.log.size, 1);
  });

  it('of a request that never waited here', async (t) => {
    const o = await owner(t, [bounds()]);
    await assert.rejects(decideAs(o, ann), refusal('REQUEST_NOT_WAITING'));
  });

  for (const state of ['withdrawn', 'rejected', 'revoked', 'superseded', 'expired', 'active'] as const) {
    it(`of a request that is ${state} on chain`, async (t) => {
      const o = await waiting(t);
      o.ledger.change(o.id, { state });
      await assert.rejects(decideAs(o, ann), refusal('REQUEST_NOT_ACTIVE'));
      assert.equal(o.log.size, 0);
    });
  }

  it('at the second in which its term ends, though nobody told the chain', async (t) => {
    const o = await waiting(t);
    o.clock.move(1000 * o.document.expiresAt - o.clock.now());
    await assert.rejects(decideAs(o, ann), refusal('REQUEST_NOT_ACTIVE'));
  });

  it('of a version that an amendment replaces; the amendment itself may be approved', async (t) => {
    const o = await waiting(t);
    const newer = requestDocument({ quota: 50, previous: { requestId: o.id, change: 'amendment' } });
    const id = requestId(newer);
    await o.state.write([{ type: 'put', key: `document/${id}`, value: newer }]);
    await assert.rejects(decideAs(o, ann), refusal('REQUEST_AMENDED'));
    const decisions = o.ledger.requests.get(o.id)!.decisions;
    o.ledger.requests.set(id, onChainView(newer, { state: 'submitted', decisions }));
    const deciding = { ...o.deciding(), document: newer, onChain: o.ledger.requests.get(id)! };
    await decideRequest(o.parts, deciding);
    assert.equal((await decideAs(o, ann, {}, { deciding })).status, 'decided');
  });

  it('of what a policy prohibits by now; a person may still reject it', async (t) => {
    const o = await waiting(t);
    const policies = createPolicyBook([bounds({ decidedBy: 'person' }), prohibiting('credit-underwriting')]);
    await assert.rejects(decideAs(o, ann, {}, { parts: { policies } }), refusal('POLICY_PROHIBITS'));
    assert.notEqual(await storedWaiting(o.state, o.id), undefined);
    const outcome = await decideAs(o, ann, { approved: false }, { parts: { policies } });
    assert.ok(outcome.status === 'decided' && !outcome.decision.approved);
  });

  it('by a policy too: a prohibition of one wins over the permission of another', async (t) => {
    const o = await owner(t, [bounds(), prohibiting('credit-underwriting')]);
    const { decision } = await decideRequest(o.parts, o.deciding());
    assert.deepEqual([decision!.approved, decision!.grant.body.rule], [false, 'forbidden-purpose']);
    const free = await owner(t, [bounds(), prohibiting('loan-pricing')]);
    const { evaluation } = await decideRequest(free.parts, free.deciding());
    assert.equal(evaluation!.decision, 'ask', 'the second policy has a permission that asks, and each must allow');
  });

  it('while the chain is away: nothing is decided on what was true once', async (t) => {
    const o = await waiting(t);
    const policies = createPolicyBook([bounds({ decidedBy: 'person', minQuality: 1 })]);
    o.ledger.away = true;
    await assert.rejects(decideAs(o, ann, {}, { parts: { policies } }), refusal('CHAIN_UNREACHABLE'));
    assert.deepEqual([o.log.size, o.ledger.writes.length], [0, 0]);
  });
});

describe('the facts of a request', () => {
  it('count the models that were approved, and the next one over the bound goes to a person', async (t) => {
    const models = parsePolicy({
      ...bounds(),
      permission: [
        {
          ...bounds().permission[0]!,
          constraint: [
            { leftOperand: 'sealedger:models', operator: 'lteq', rightOperand: 1, 'sealedger:period': 'P30D' },
          ],
        },
      ],
      'sealedger:otherwise': 'ask',
    });
    const o = await owner(t, [models]);
    assert.equal((await decideRequest(o.parts, o.deciding())).decision!.approved, true);
    const again = (modelDigest: string) => {
      const document = requestDocument({ modelDigest, nonce: 'ab'.repeat(32) });
      const onChain = onChainView(document, { state: 'submitted', decisions: o.deciding().onChain.decisions });
      o.ledger.requests.set(onChain.id, onChain);
      return { document, sheet: o.deciding().sheet, onChain };
    };
    const same = await decideRequest(o.parts, again(o.document.modelDigest));
    assert.equal(same.decision!.approved, true, 'the same model again is no other model');
    const other = await decideRequest(o.parts, again('cd'.repeat(32)));
    assert.deepEqual(other.evaluation!.answers[0]!.answer.failed, [
      { rule: 'within-bounds', leftOperand: 'sealedger:models' },
    ]);
    o.clock.move(31 * 86_400_000);
    const { evaluation } = await decideRequest(o.parts, again('ef'.repeat(32)));
    assert.doesNotMatch(JSON.stringify(evaluation ?? {}), /sealedger:models/, 'the period is over');
  });

  it('send data shared on conditions to a person unless a permission names that', async (t) => {
    const entry = { sharing: { type: 'conditional' } };
    const o = await owner(t, [bounds()], { dataset: { entry } });
    const { evaluation } = await decideRequest(o.parts, o.deciding());
    assert.deepEqual(evaluation!.answers[0]!.answer.failed, [
      { rule: 'within-bounds', leftOperand: 'sealedger:sharing' },
    ]);
    const [permission] = bounds().permission;
    const naming = parsePolicy({
      ...bounds(),
      permission: [
        {
          ...permission!,
          constraint: [
            ...permission!.constraint,
            { leftOperand: 'sealedger:sharing', operator: 'isAnyOf', rightOperand: ['conditional'] },
          ],
        },
      ],
    });
    const named = await owner(t, [naming], { dataset: { entry } });
    assert.equal((await decideRequest(named.parts, named.deciding())).decision!.approved, true);
  });

  it('take the policy that the catalogue entry names, and no other’s permission', async (t) => {
    const entry = { sharing: { type: 'unconditional' }, policy: 'urn:sealedger:policy:strict' };
    const o = await owner(t, [bounds(), bounds({ name: 'strict', maxQuota: 1 })], { dataset: { entry } });
    assert.equal((await decideRequest(o.parts, o.deciding())).decision!.approved, false);
    const missing = await owner(t, [bounds()], { dataset: { entry } });
    assert.equal((await decideRequest(missing.parts, missing.deciding())).evaluation!.rule, 'no-policy');
  });

  it('take rows of residents for rows of persons, whatever the request calls them', async (t) => {
    const basis = { code: 'contract', text: 'x' } as const;
    const change = { subjects: 'enterprise', legalBasis: basis } as const;
    const conditions = async (identifier: string) => {
      const o = await owner(t, [bounds()], { document: change, dataset: { identifier } });
      return (await decideRequest(o.parts, o.deciding())).decision!.grant.body.conditions;
    };
    assert.equal((await conditions('resident-id')).needsCertificate, true);
    assert.equal((await conditions('credit-code')).needsCertificate, false);
  });

  it('have the registrar and the gate decide by their own policy, without fields', async (t) => {
    const registrar = await owner(t, [bounds()], { org: 'bureau' });
    const { evaluation } = await decideRequest(registrar.parts, registrar.deciding());
    assert.deepEqual(
      evaluation!.answers.map(({ dataset, level }) => [dataset, level]),
      [['people', 4]],
    );
    const silent = parsePolicy({ ...bounds(), permission: [{ ...bounds().permission[0]!, constraint: [] }] });
    const unnamed = await owner(t, [silent], { org: 'bureau' });
    const asked = await decideRequest(unnamed.parts, unnamed.deciding());
    assert.equal(asked.evaluation!.decision, 'ask', 'personal identifiers are level 4, which no term names');
  });
});
