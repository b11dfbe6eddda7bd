/** What an organisation suspends itself: at once, over a restart, on chain as soon as the chain answers, until a person lifts it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openSuspensions, type Suspensions } from '@sealedger/node/approval/suspensions.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type FakeLedger, fakeLedger } from '../node/support/fake-ledger.ts';
import { kindOf, type NodeState, openNodeState } from '../node/support/node-state.ts';
import { testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const view = onChainView(requestDocument());
const PERSON = hexOf(0xaa);

interface Office {
  readonly node: NodeState;
  readonly ledger: FakeLedger;
  readonly suspensions: Suspensions;
  readonly changed: string[];
}

async function officeAt(directory: string): Promise<Office> {
  const node = await openNodeState(directory, 'tax');
  const ledger = fakeLedger('tax');
  ledger.requests.set(view.id, view);
  const changed: string[] = [];
  const suspensions = await openSuspensions({
    org: 'tax',
    state: node.state,
    ledger,
    events: node.events,
    clock: testClock(),
    log: { info: () => undefined, error: () => undefined },
    salt: () => hexOf(0x5a),
    changed: (id) => void changed.push(id),
  });
  return { node, ledger, suspensions, changed };
}

async function office(t: TestContext): Promise<Office> {
  const made = await officeAt(join(await temporaryDirectory(t), 'state'));
  t.after(made.node.close);
  return made;
}
const calls = ({ ledger }: Office): string[] => ledger.writes.map(({ call }) => call);

describe('a suspension', () => {
  it('counts from the call on, before anything is on disk or on chain', async (t) => {
    const o = await office(t);
    o.ledger.away = true;
    const done = o.suspensions.suspend(view.id, 'usage.sweep');
    assert.equal(o.suspensions.isSuspended(view.id), true);
    assert.deepEqual(o.changed, [view.id]);
    assert.equal(o.node.log.size, 0);
    await done;
    assert.equal(o.node.log.size, 1);
    assert.equal(o.suspensions.isSuspended(hexOf(9)), false);
  });

  it('is logged once with its reason, however often it is asked for, and the words stay at home', async (t) => {
    const o = await office(t);
    const by = { actor: PERSON, note: 'the bank cannot show consent for 1985-03-21' };
    await Promise.all([1, 2, 3].map(() => o.suspensions.suspend(view.id, 'person.suspended', by)));
    const [event] = await o.node.logged();
    assert.equal(o.node.log.size, 1);
    assert.equal(kindOf(event!), 'suspension');
    const { state, reason, actor, org } = event!.openings;
    assert.deepEqual(
      [state!.value, reason!.value, actor!.value, org!.value],
      ['suspended', 'person.suspended', PERSON, 'tax'],
    );
    assert.ok(!JSON.stringify(event).includes('consent for'));
    assert.equal(o.suspensions.standing()[0]!.note, by.note);
  });

  it('is held over a restart with the chain away, and sent when it is back, once', async (t) => {
    const directory = join(await temporaryDirectory(t), 'state');
    const first = await officeAt(directory);
    first.ledger.away = true;
    await first.suspensions.suspend(view.id, 'usage.sweep');
    await first.suspensions.flush();
    await first.node.close();
    const o = await officeAt(directory);
    t.after(o.node.close);
    assert.equal(o.suspensions.isSuspended(view.id), true);
    assert.equal(await o.suspensions.flush(), true);
    assert.equal(await o.suspensions.flush(), true);
    assert.deepEqual(calls(o), ['suspend']);
    assert.equal(o.ledger.writes[0]!.args[1], o.suspensions.standing()[0]!.reasonHash);
  });

  it('is lifted by a person, here and on chain, and may come again as another one', async (t) => {
    const o = await office(t);
    await assert.rejects(o.suspensions.resume(view.id, PERSON), refusal('GRANT_NOT_SUSPENDED'));
    await o.suspensions.suspend(view.id, 'usage.sweep');
    await o.suspensions.resume(view.id, PERSON);
    assert.equal(o.suspensions.isSuspended(view.id), false);
    await assert.rejects(o.suspensions.resume(view.id, PERSON), refusal('GRANT_NOT_SUSPENDED'));
    await o.suspensions.suspend(view.id, 'usage.sweep');
    assert.equal(await o.suspensions.flush(), true);
    assert.equal(calls(o).at(-1), 'suspend');
    const states = (await o.node.logged()).map(({ openings }) => openings['state']!.value);
    assert.deepEqual(states, ['suspended', 'resumed', 'suspended']);
  });

  it('asked for while another person’s lifting is on its way to the disk is not lost', async (t) => {
    const o = await office(t);
    await o.suspensions.suspend(view.id, 'usage.sweep');
    const lifted = o.suspensions.resume(view.id, PERSON);
    const again = o.suspensions.suspend(view.id, 'consent.audit-failed');
    await Promise.all([lifted, again]);
    assert.equal(o.suspensions.isSuspended(view.id), true);
    assert.equal(o.suspensions.standing()[0]!.reason, 'consent.audit-failed');
    assert.equal(await o.suspensions.flush(), true);
    assert.equal(calls(o).at(-1), 'suspend');
    const states = (await o.node.logged()).map(({ openings }) => openings['state']!.value);
    assert.deepEqual(states, ['suspended', 'resumed', 'suspended']);
  });

  it('lifted before the chain heard of it reaches the chain as what holds in the end', async (t) => {
    const o = await office(t);
    o.ledger.away = true;
    await o.suspensions.suspend(view.id, 'usage.sweep');
    await o.suspensions.resume(view.id, PERSON);
    o.ledger.away = false;
    assert.equal(await o.suspensions.flush(), true);
    assert.equal(calls(o).at(-1), 'resume');
    assert.equal(o.suspensions.isSuspended(view.id), false);
  });

  it('of a request that ended meanwhile is not sent for ever, and stands here all the same', async (t) => {
    const o = await office(t);
    o.ledger.away = true;
    await o.suspensions.suspend(view.id, 'usage.sweep');
    o.ledger.away = false;
    const refused = async (): Promise<void> => {
      throw new ProtocolError('CHAIN_REFUSED', { reason: 'RequestsState' });
    };
    o.ledger.suspend = refused;
    assert.equal(await o.suspensions.flush(), false, 'an active request may yet be suspended');
    o.ledger.change(view.id, { state: 'revoked' });
    assert.equal(await o.suspensions.flush(), true);
    assert.equal(o.suspensions.isSuspended(view.id), true);
  });

  it('that the chain took back is sent again', async (t) => {
    const o = await office(t);
    await o.suspensions.suspend(view.id, 'usage.sweep');
    await o.suspensions.flush();
    o.suspensions.recheck();
    await o.suspensions.flush();
    assert.deepEqual(calls(o), ['suspend', 'suspend']);
  });
});
