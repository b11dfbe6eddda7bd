/** Who abused a grant does not get the next one from a policy: a person is told and decides. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { decideRequest, evaluate, grantedHere } from '@sealedger/node/approval/decide.ts';
import { storedWaiting } from '@sealedger/node/approval/queue.ts';
import { suspensionKey } from '@sealedger/node/approval/suspensions.ts';
import type { RequestView } from '@sealedger/node/ports.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { START_MS } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { bounds, type Owner, owner } from './support/owner.ts';
import { decideAs, person } from './support/persons.ts';

const earlier = requestDocument({ nonce: hexOf(0x31) });
const amendment = { previous: { requestId: requestId(earlier), change: 'amendment' } } as const;

/** An owner whose policy approves, and which knows an earlier request of the bank. */
async function knowing(
  t: TestContext,
  document: Partial<RequestDocument>,
  past: { readonly onChain?: Partial<RequestView>; readonly document?: RequestDocument; readonly record?: unknown },
): Promise<Owner> {
  const o = await owner(t, [bounds()], { document });
  const before = past.document ?? earlier;
  const id = requestId(before);
  o.ledger.requests.set(id, onChainView(before, past.onChain));
  const granted = { requestId: id, approved: true, grant: { issuedAt: new Date(START_MS).toISOString() } };
  await o.state.write([
    { type: 'put', key: `document/${id}`, value: before },
    { type: 'put', key: `decision/${id}`, value: granted },
  ]);
  if (past.record !== undefined) await o.state.write([{ type: 'put', key: suspensionKey(id), value: past.record }]);
  return o;
}

async function askedBecause(o: Owner, caution: string): Promise<void> {
  const { decision, evaluation } = await decideRequest(o.parts, o.deciding());
  assert.deepEqual([decision, evaluation?.decision, evaluation?.rule], [undefined, 'ask', caution]);
  assert.equal((await storedWaiting(o.state, o.id))?.evaluation.rule, caution);
  assert.deepEqual([o.ledger.writes, o.log.size], [[], 0]);
}

describe('a policy alone does not approve', () => {
  it('an amendment or renewal of a request that anybody suspended', async (t) => {
    for (const change of ['amendment', 'renewal'] as const) {
      const previous = { requestId: requestId(earlier), change };
      const onChain = { state: 'suspended', suspenders: ['watchdog'] } as const;
      const o = await knowing(t, { previous }, { onChain });
      await askedBecause(o, 'previous-suspended');
      assert.equal((await decideAs(o, person('ann'))).status, 'decided', 'a person may');
    }
  });

  it('an amendment of one that the bank itself completed while it was suspended', async (t) => {
    const o = await knowing(t, amendment, { onChain: { state: 'completed', suspenders: ['watchdog'] } });
    await askedBecause(o, 'previous-suspended');
  });

  it('another request of the bank while one is suspended here, though the chain has not heard of it', async (t) => {
    const o = await knowing(t, {}, { record: { requestId: requestId(earlier), state: 'suspended' } });
    await askedBecause(o, 'requester-suspended');
  });

  it('another request of the bank while one of its requests is revoked', async (t) => {
    const o = await knowing(t, {}, { onChain: { state: 'revoked' } });
    await askedBecause(o, 'requester-revoked');
  });

  it('what asks for consent of a request that names no holder; nor does a person', async (t) => {
    const o = await owner(t, [bounds({ consent: 'needed' })]);
    await askedBecause(o, 'consent-holder-missing');
    await assert.rejects(decideAs(o, person('ann')), refusal('CONSENT_HOLDER_MISSING'));
    assert.equal(await grantedHere(o.state, o.id), undefined);
    assert.equal((await decideAs(o, person('ann'), { approved: false })).status, 'decided');
  });

  it('where a person asks for consent beyond the policy, and nobody holds it', async (t) => {
    const o = await owner(t, [bounds({ decidedBy: 'person' })]);
    await decideRequest(o.parts, o.deciding());
    const conditions = { needsConsent: true } as const;
    await assert.rejects(decideAs(o, person('ann'), { conditions }), refusal('CONSENT_HOLDER_MISSING'));
  });
});

describe('a policy goes on approving', () => {
  const goesOn = async (o: Owner) => {
    const { decision, evaluation } = await decideRequest(o.parts, o.deciding());
    assert.deepEqual([decision?.approved, evaluation?.cautions], [true, []]);
  };

  it('what asks for consent and names who holds it', async (t) => {
    await goesOn(await owner(t, [bounds({ consent: 'needed' })], { document: { consent: { holder: 'bank' } } }));
  });

  it('an amendment of a request of good standing, and of one that was resumed', async (t) => {
    await goesOn(await knowing(t, amendment, {}));
    await goesOn(await knowing(t, amendment, { record: { requestId: requestId(earlier), state: 'resumed' } }));
  });

  it('requests of a bank when another bank’s is suspended, or the suspended one’s term is over', async (t) => {
    const suspended = { state: 'suspended', suspenders: ['watchdog'] } as const;
    const others = requestDocument({ requester: 'other-bank' });
    await goesOn(await knowing(t, {}, { document: others, onChain: suspended }));
    const over = requestDocument({ expiresAt: 1 });
    await goesOn(await knowing(t, {}, { document: over, onChain: suspended }));
  });
});

describe('a caution', () => {
  it('that comes between two approvals takes the first one away', async (t) => {
    const o = await owner(t, [bounds({ decidedBy: 'two-persons' })], { document: amendment });
    o.ledger.requests.set(requestId(earlier), onChainView(earlier));
    await decideRequest(o.parts, o.deciding());
    assert.equal((await decideAs(o, person('ann'))).status, 'second-needed');
    o.ledger.change(requestId(earlier), { state: 'suspended', suspenders: ['watchdog'] });
    assert.deepEqual(await decideAs(o, person('ben')), { status: 'second-needed', isVoided: true });
  });

  it('softens no rejection, and waits for the chain', async (t) => {
    const o = await knowing(t, { ...amendment, quota: 500 }, { onChain: { state: 'suspended', suspenders: ['x'] } });
    assert.equal((await evaluate(o.parts, o.deciding())).decision, 'reject');
    o.ledger.away = true;
    await assert.rejects(decideRequest(o.parts, o.deciding()), refusal('CHAIN_UNREACHABLE'));
  });
});
