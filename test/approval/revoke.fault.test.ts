/** Revoking what was granted: in force here at once, on chain when it can be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RevokeParts, revocationCheck, revokeRequest, sendRevocations } from '@sealedger/node/approval/revoke.ts';
import { refusal } from '../node/support/refusals.ts';
import { bounds, type Owner, owner } from './support/owner.ts';
import { person } from './support/persons.ts';

const actor = person('ann').pseudonym;
const partsOf = (o: Owner): RevokeParts => ({ ...o.parts, randomBytes: (length) => new Uint8Array(length).fill(9) });

describe('a revocation by an owner', () => {
  it('is on chain with a salted digest, and its words are nowhere but here', async (t) => {
    const o = await owner(t, [bounds()]);
    o.ledger.change(o.id, { state: 'active' });
    const { reasonHash } = await revokeRequest(partsOf(o), o.id, 'the court of Ximen stopped it', actor);
    await revokeRequest(partsOf(o), o.id, 'another word', actor);
    assert.deepEqual(o.ledger.writes, [{ call: 'revoke', args: [o.id, reasonHash] }]);
    const [event, ...rest] = await o.logged();
    assert.deepEqual([event!.openings['actor']!.value, rest.length], [actor, 0]);
    assert.doesNotMatch(JSON.stringify([await o.logged(), o.ledger.writes]), /Ximen/);
  });

  it('refuses every use from the same moment, with the chain away, and goes out when it is back', async (t) => {
    const o = await owner(t, [bounds()]);
    o.ledger.change(o.id, { state: 'active' });
    const check = revocationCheck(o.state);
    const use = { kind: 'unlock', moment: 'order', requestId: o.id, count: 1 } as const;
    const asked = [use, o.ledger.requests.get(o.id)!, o.document, undefined] as const;
    await check(...asked);
    o.ledger.away = true;
    await assert.rejects(revokeRequest(partsOf(o), o.id, 'stop', actor), refusal('CHAIN_UNREACHABLE'));
    await assert.rejects(check(...asked), refusal('REQUEST_NOT_ACTIVE'));
    await assert.rejects(sendRevocations(partsOf(o)), refusal('CHAIN_UNREACHABLE'));
    o.ledger.away = false;
    await sendRevocations(partsOf(o));
    await sendRevocations(partsOf(o));
    assert.equal(o.ledger.writes.filter(({ call }) => call === 'revoke').length, 1);
  });

  it('of what is over already is refused', async (t) => {
    const o = await owner(t, [bounds()]);
    o.ledger.change(o.id, { state: 'completed' });
    await assert.rejects(revokeRequest(partsOf(o), o.id, 'stop', actor), refusal('REQUEST_NOT_ACTIVE'));
    assert.deepEqual([o.log.size, o.ledger.writes.length], [0, 0]);
  });
});
