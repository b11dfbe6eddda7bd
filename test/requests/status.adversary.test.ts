import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createMutex } from '@sealedger/node/mutex.ts';
import type { WorkOrder } from '@sealedger/node/quality/work-order.ts';
import { askQuestion } from '@sealedger/node/request/questions.ts';
import type { Caller } from '@sealedger/node/server/app.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { exchangeServices, questionParts } from '@sealedger/node/services/request-exchange.ts';
import { timerSchema } from '@sealedger/protocol/request-status.ts';
import { fakeLedger } from '../node/support/fake-ledger.ts';
import { openNodeState } from '../node/support/node-state.ts';
import { START_MS, testClock } from '../node/support/organisations.ts';
import { assertFree, everythingOf, refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const document = requestDocument({
  attachments: [{ name: 'form.txt', mediaType: 'text/plain', bytes: 3, sha256: hexOf(7) }],
});

async function node(t: TestContext, org = 'tax') {
  const dataDir = await temporaryDirectory(t);
  const { state, events, close } = await openNodeState(await temporaryDirectory(t), org);
  t.after(close);
  const ledger = fakeLedger(org);
  const view = onChainView(document, { state: 'submitted' });
  ledger.requests.set(view.id, view);
  const parts = { config: { org, dataDir }, state, ledger, events, clock: testClock(), mutex: createMutex() };
  // of a node's parts these services use no others
  const used = parts as unknown as NodeParts;
  const services = exchangeServices(used);
  const status = (caller: Caller) => services.requestStatus(caller, view.id);
  const store = (id: string) => state.write([{ type: 'put', key: `document/${id}`, value: document }]);
  return {
    ...services,
    status,
    store,
    ledger,
    clock: parts.clock,
    order: (change: Partial<WorkOrder>) => {
      const order = { id: hexOf(1), dataset: 'returns', state: 'open', openedAt: 0, dueAt: START_MS + 1000, ...change };
      return state.write([{ type: 'put', key: `work-order/${order.id}`, value: order }]);
    },
    id: view.id,
    ask: (text: string) => askQuestion(questionParts(used), view.id, text, null),
  };
}

const bank: Caller = { org: 'bank', roles: ['bank'] };
const court: Caller = { org: 'court', roles: ['department'] };
const regulator: Caller = { org: 'watchdog', roles: ['regulator'] };

describe('the status of a request', () => {
  it('is for requester, owners, gates and regulator, and for nobody else', async (t) => {
    const { status } = await node(t);
    for (const caller of [bank, court, { org: 'bureau', roles: ['registrar', 'gate'] } as const, regulator]) {
      assert.equal((await status(caller)).org, 'tax');
    }
    for (const caller of [
      { org: 'other-bank', roles: ['bank'] },
      { org: 'water', roles: ['department'] },
      { org: 'gate-of-others', roles: ['gate'] },
      { org: 'other-registrar', roles: ['registrar', 'department', 'bank'] },
    ] as const) {
      await assert.rejects(status(caller), refusal('REQUEST_NOT_CONCERNED'));
    }
  });

  it('is not answered by a node that has no part in the request, not even to the requester', async (t) => {
    const { status } = await node(t, 'water');
    for (const caller of [bank, regulator, court])
      await assert.rejects(status(caller), refusal('REQUEST_NOT_CONCERNED'));
  });

  it('says that nothing came, then what is missing', async (t) => {
    const { status, store, id } = await node(t);
    assert.deepEqual((await status(bank)).missing, ['document']);
    await store(id);
    assert.deepEqual((await status(bank)).missing, ['model', `attachment:${hexOf(7)}`]);
    assert.deepEqual((await status(bank)).decision, 'pending');
  });

  it('says by when asked-for data must be corrected, and nothing else of it', async (t) => {
    const { status, store, id, order, clock } = await node(t);
    await store(id);
    await order({ id: hexOf(1), dueAt: START_MS + 9000 });
    await order({ id: hexOf(2), dataset: 'other-data', dueAt: START_MS });
    await order({ id: hexOf(3) });
    const running = { kind: 'correct', dueAt: START_MS / 1000 + 1, state: 'running' };
    assert.deepEqual((await status(bank)).timers, [running]);
    clock.move(1000);
    assert.deepEqual((await status(bank)).timers, [{ ...running, state: 'overdue' }]);
    for (const closed of [1, 3]) await order({ id: hexOf(closed), state: 'closed' });
    assert.deepEqual((await status(bank)).timers, []);
  });

  it('holds no moment that a reader could not print', () => {
    const timer = { kind: 'answer', dueAt: 253_402_300_799, state: 'running' };
    assert.equal(timerSchema.safeParse(timer).success, true);
    assert.ok(new Date(1000 * timer.dueAt).toISOString());
    for (const dueAt of [253_402_300_800, Number.MAX_SAFE_INTEGER, -1, 1.5]) {
      assert.equal(timerSchema.safeParse({ ...timer, dueAt }).success, false);
    }
  });

  it('shows the words of a question to requester and regulator only', async (t) => {
    const { status, ask } = await node(t);
    await ask('Is Lin Yue on leave?');
    for (const caller of [bank, regulator])
      assert.equal((await status(caller)).questions[0]!.text, 'Is Lin Yue on leave?');
    const shown = await status(court);
    assert.equal(shown.questions.length, 1);
    assertFree(everythingOf(shown), ['Lin Yue']);
  });

  it('holds no contact, no legal text, no sheet', async (t) => {
    const { status, store, id } = await node(t);
    await store(id);
    const { contact, legalBasis, features } = document;
    for (const caller of [bank, court, regulator]) {
      assertFree(everythingOf(await status(caller)), [
        contact.channel,
        contact.person,
        legalBasis.text,
        features[0]!.sheet,
      ]);
    }
  });

  it('of an unknown request, or while the chain is away, is a refusal that says so', async (t) => {
    const { requestStatus, status, ledger } = await node(t);
    await assert.rejects(requestStatus(bank, hexOf(9)), refusal('REQUEST_UNKNOWN'));
    ledger.away = true;
    await assert.rejects(status(bank), refusal('CHAIN_UNREACHABLE'));
  });
});

describe('an attachment at the node’s door', () => {
  const nothing = async (): Promise<void> => assert.fail('the body was read');

  it('is refused from anybody but the requester before a byte is read', async (t) => {
    const { attachment, store, id } = await node(t);
    await store(id);
    for (const caller of ['other-bank', 'court', 'watchdog']) {
      await assert.rejects(attachment(caller, id, hexOf(7), nothing), refusal('REQUEST_NOT_REQUESTER'));
    }
    await assert.rejects(attachment('bank', id, hexOf(8), nothing), refusal('ATTACHMENT_UNDECLARED'));
  });

  it('is refused for a request that is over, or that was not delivered', async (t) => {
    const { attachment, store, ledger, id } = await node(t);
    await assert.rejects(attachment('bank', id, hexOf(7), nothing), refusal('REQUEST_UNKNOWN'));
    await store(id);
    for (const state of ['rejected', 'withdrawn', 'superseded', 'expired', 'completed', 'revoked'] as const) {
      ledger.change(id, { state });
      await assert.rejects(attachment('bank', id, hexOf(7), nothing), refusal('REQUEST_NOT_ACTIVE', { state }));
    }
  });
});
