import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { poprfInfo } from '@sealedger/node/release/unlocking.ts';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { openEnvelope } from '@sealedger/protocol/envelope.ts';
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import {
  decodeUnlockAnswer,
  elementsDigest,
  type UnlockOrder,
  unlockReceiptSchema,
} from '@sealedger/protocol/unlocking.ts';
import {
  bank,
  bureau,
  COMPUTATION_ID,
  finalise,
  type Gate,
  gateKey,
  openGate,
  orderFor,
  poprf,
  readAnswer,
  stranger,
} from './support/gate-fixture.ts';
import { kindOf } from './support/node-state.ts';
import { START_MS } from './support/organisations.ts';
import { refusal } from './support/refusals.ts';
import { EXPIRES_AT, hexOf } from './support/request-fixture.ts';
import { subjectOf, subjectsOf } from './support/subjects.ts';
import { temporaryDirectory } from './support/temporary.ts';

async function gateOf(t: TestContext, change: Partial<RequestDocument> = {}): Promise<Gate> {
  const gate = await openGate(join(await temporaryDirectory(t), 'state'), change);
  t.after(gate.node.close);
  return gate;
}

/** Nothing was counted, logged or stored. */
async function assertUntouched(gate: Gate, used = 0, events = 0): Promise<void> {
  assert.equal(await gate.used(), used);
  assert.equal(gate.node.log.size, events);
  assert.equal((await gate.node.state.list('lane/')).length, events > 0 ? 1 : 0);
}

describe('an order', () => {
  it('is answered with outputs that the gate itself would derive, and a receipt over what was sent', async (t) => {
    const gate = await gateOf(t);
    const subjects = subjectsOf(3);
    const order = orderFor(gate, subjects);
    const frame = await gate.unlocking.unlock('bank', order.frame);
    const own = poprf.createEvaluator(gateKey.secretKey, poprfInfo(COMPUTATION_ID));
    assert.deepEqual(
      finalise(order, frame),
      subjects.map((subject) => own.evaluate(utf8(subject))),
    );
    const { header, elements, proof } = decodeUnlockAnswer(frame);
    const key = { signer: 'bureau', keyEpoch: 1, publicKey: bureau.ed25519 };
    const { body } = openEnvelope(header, {
      domain: domains.unlockReceipt,
      key,
      now: new Date(START_MS),
      schema: unlockReceiptSchema,
    });
    assert.deepEqual([body.count, body.totalUsed, body.counter], [3, 3, 1]);
    assert.equal(body.evaluatedDigest, elementsDigest([...elements, proof]));
    assert.deepEqual(gate.metered, [gate.requestId]);
    const [event] = await gate.node.logged();
    assert.equal(kindOf(event!), 'unlocking');
    assert.equal(event!.openings['requestDigest']!.value, body.orderDigest);
    assert.equal(event!.openings['blindedDigest']!.value, order.order.blindedDigest);
  });

  it('that comes again gets the stored bytes and counts once, also side by side and after a restart', async (t) => {
    const directory = await temporaryDirectory(t);
    const gate = await openGate(join(directory, 'state'));
    const order = orderFor(gate, subjectsOf(2));
    const first = await gate.unlocking.unlock('bank', order.frame);
    const again = await Promise.all([1, 2, 3].map(() => gate.unlocking.unlock('bank', order.frame)));
    for (const bytes of again) assert.deepEqual(bytes, first);
    assert.deepEqual([await gate.used(), gate.node.log.size, gate.evaluations], [2, 1, 1]);
    await gate.node.close();
    const restarted = await openGate(join(directory, 'state'));
    t.after(restarted.node.close);
    assert.deepEqual(await restarted.unlocking.unlock('bank', order.frame), first);
    assert.deepEqual([await restarted.used(), restarted.node.log.size, restarted.evaluations], [2, 1, 0]);
  });

  it('sent many times at once before the first answer is metered once', async (t) => {
    const gate = await gateOf(t);
    const order = orderFor(gate, subjectsOf(1));
    const answers = await Promise.all(Array.from({ length: 8 }, () => gate.unlocking.unlock('bank', order.frame)));
    for (const bytes of answers) assert.deepEqual(bytes, answers[0]);
    assert.deepEqual([await gate.used(), gate.node.log.size, gate.metered.length], [1, 1, 1]);
  });

  it('acknowledges the one before it, and may name only its receipt', async (t) => {
    const gate = await gateOf(t);
    const first = orderFor(gate, subjectsOf(1));
    const { receiptDigest } = readAnswer(await gate.unlocking.unlock('bank', first.frame));
    const conflict = (counter: number, expectedCounter: number) =>
      refusal('UNLOCK_LANE_CONFLICT', { lane: 0, counter, expectedCounter });
    const send = (change: Partial<UnlockOrder>) =>
      gate.unlocking.unlock('bank', orderFor(gate, [subjectOf(9)], change).frame);
    await assert.rejects(send({ counter: 1 }), conflict(1, 2));
    await assert.rejects(send({ counter: 2, previousReceipt: null }), conflict(2, 2));
    await assert.rejects(send({ counter: 2, previousReceipt: hexOf(1) }), conflict(2, 2));
    await assert.rejects(send({ counter: 3, previousReceipt: receiptDigest }), conflict(3, 2));
    await assertUntouched(gate, 1, 1);
    const second = orderFor(gate, [subjectOf(9)], { counter: 2, previousReceipt: receiptDigest });
    const answered = readAnswer(await gate.unlocking.unlock('bank', second.frame));
    assert.equal(answered.receipt.totalUsed, 2);
    await assert.rejects(gate.unlocking.unlock('bank', first.frame), conflict(1, 3));
    assert.equal(await gate.used(), 2);
    const status = await gate.unlocking.lane('bank', gate.requestId, 0);
    assert.deepEqual(status, { lane: 0, counter: 2, receiptDigest: answered.receiptDigest, used: 2 });
    await assert.rejects(gate.unlocking.lane('stranger', gate.requestId, 0), refusal('REQUEST_NOT_REQUESTER'));
  });

  it('begins a lane with 1 and no receipt', async (t) => {
    const gate = await gateOf(t);
    for (const change of [{ counter: 2 }, { previousReceipt: hexOf(1) }]) {
      const { frame } = orderFor(gate, subjectsOf(1), change);
      await assert.rejects(
        gate.unlocking.unlock('bank', frame),
        refusal('UNLOCK_LANE_CONFLICT', { expectedCounter: 1 }),
      );
    }
    await assertUntouched(gate);
  });
});

describe('the quota', () => {
  it('is used up exactly, and an order past it counts nothing, not even in part', async (t) => {
    const gate = await gateOf(t, { quota: 5 });
    await gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(4)).frame);
    const tooMany = orderFor(gate, subjectsOf(2), { lane: 1 });
    await assert.rejects(
      gate.unlocking.unlock('bank', tooMany.frame),
      refusal('QUOTA_EXHAUSTED', { used: 4, count: 2, quota: 5 }),
    );
    assert.deepEqual([await gate.used(), gate.node.log.size], [4, 1]);
    await gate.unlocking.unlock('bank', orderFor(gate, [subjectOf(3)], { lane: 1 }).frame);
    await assert.rejects(
      gate.unlocking.unlock('bank', orderFor(gate, [subjectOf(3)], { lane: 2 }).frame),
      refusal('QUOTA_EXHAUSTED'),
    );
    assert.equal(await gate.used(), 5);
  });

  it('lets exactly 37 of 100 parallel orders pass where 37 are left, each with one event', async (t) => {
    const gate = await gateOf(t, { quota: 50 });
    await gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(13), { lane: 500 }).frame);
    const orders = Array.from({ length: 100 }, (_, lane) => orderFor(gate, [subjectOf(lane)], { lane }));
    const outcomes = await Promise.allSettled(orders.map(({ frame }) => gate.unlocking.unlock('bank', frame)));
    const passed = outcomes.filter(({ status }) => status === 'fulfilled');
    assert.equal(passed.length, 37);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') refusal('QUOTA_EXHAUSTED', { quota: 50 })(outcome.reason);
    assert.deepEqual([await gate.used(), gate.node.log.size, gate.metered.length], [50, 38, 38]);
    const totals = new Set((await gate.node.logged()).map(({ openings }) => openings['totalUsed']!.value));
    assert.equal(totals.size, 38);
    outcomes.forEach((outcome, i) => {
      if (outcome.status === 'fulfilled') assert.equal(finalise(orders[i]!, outcome.value).length, 1);
    });
  });

  it('holds over computations of one grant: a new attempt begins where the last one stood', async (t) => {
    const gate = await gateOf(t, { quota: 3 });
    const answer = readAnswer(await gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(2)).frame));
    gate.current = { computationId: hexOf(0xc2), roles: ['gate'] };
    const next = { computationId: hexOf(0xc2), counter: 2, previousReceipt: answer.receiptDigest };
    await assert.rejects(
      gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(2), next).frame),
      refusal('QUOTA_EXHAUSTED', { used: 2 }),
    );
    await gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(1), next).frame);
    assert.equal(await gate.used(), 3);
  });
});

describe('an order is refused, and nothing is counted, logged or evaluated,', () => {
  type Case = readonly [string, (gate: Gate) => Promise<Uint8Array>, ErrorCode, ErrorDetails?];
  const send = (gate: Gate, ...rest: Parameters<typeof orderFor> extends [unknown, unknown, ...infer R] ? R : never) =>
    gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(2), ...rest).frame);
  const cases: readonly Case[] = [
    [
      'of another organisation',
      async (g) => g.unlocking.unlock('stranger', orderFor(g, subjectsOf(1), {}, { signer: stranger }).frame),
      'REQUEST_NOT_REQUESTER',
    ],
    ['signed by another than the caller', (g) => send(g, {}, { signer: stranger }), 'ENVELOPE_SIGNER'],
    ['for another gate', (g) => send(g, { gate: 'tax' }), 'UNLOCK_ORDER_MISMATCH', { part: 'gate' }],
    [
      'with another count than it has elements',
      (g) => send(g, { count: 1 }),
      'UNLOCK_ORDER_MISMATCH',
      { part: 'count' },
    ],
    [
      'with the digest of other elements',
      (g) => send(g, { blindedDigest: hexOf(1) }),
      'UNLOCK_ORDER_MISMATCH',
      { part: 'blindedDigest' },
    ],
    ['of an unknown request', (g) => send(g, { requestId: hexOf(9) }), 'REQUEST_UNKNOWN'],
    ['of a computation that was retired', (g) => send(g, { computationId: hexOf(9) }), 'COMPUTATION_RETIRED'],
    ['with a lane past 65,535', (g) => send(g, { lane: 65_536 }), 'ENVELOPE_MALFORMED'],
    [
      'with a garbage element',
      (g) => send(g, {}, { elements: [new Uint8Array(32).fill(0xff)] }),
      'POPRF_ELEMENT_INVALID',
    ],
    ['with the identity as element', (g) => send(g, {}, { elements: [new Uint8Array(32)] }), 'POPRF_ELEMENT_INVALID'],
    [
      'after expiry',
      async (g) => {
        g.clock.move(1000 * EXPIRES_AT - START_MS);
        return send(g);
      },
      'GRANT_EXPIRED',
    ],
    [
      'where the chain says expired',
      async (g) => {
        g.ledger.change(g.requestId, { state: 'expired' });
        return send(g);
      },
      'GRANT_EXPIRED',
    ],
    [
      'after revocation',
      async (g) => {
        g.ledger.change(g.requestId, { state: 'revoked' });
        return send(g);
      },
      'REQUEST_NOT_ACTIVE',
      { state: 'revoked' },
    ],
    [
      'after completion',
      async (g) => {
        g.ledger.change(g.requestId, { state: 'completed' });
        return send(g);
      },
      'REQUEST_NOT_ACTIVE',
    ],
    [
      'of a suspended bank',
      async (g) => {
        g.members.suspended.add('bank');
        return send(g);
      },
      'MEMBER_SUSPENDED',
    ],
    [
      'with the chain away',
      async (g) => {
        g.ledger.away = true;
        return send(g);
      },
      'CHAIN_UNREACHABLE',
    ],
    [
      'before a computation',
      async (g) => {
        g.current = undefined;
        return send(g);
      },
      'COMPUTATION_UNKNOWN',
    ],
    [
      'of a computation in which this node is no gate',
      async (g) => {
        g.current = { ...g.current!, roles: ['department'] };
        return send(g);
      },
      'COMPUTATION_UNKNOWN',
    ],
  ];
  for (const [name, attempt, code, details] of cases) {
    it(name, async (t) => {
      const gate = await gateOf(t);
      await assert.rejects(attempt(gate), refusal(code, details ?? {}));
      await assertUntouched(gate);
    });
  }

  it('with a byte of its elements or its envelope changed', async (t) => {
    const gate = await gateOf(t);
    const { frame } = orderFor(gate, subjectsOf(2));
    const swapped = frame.slice();
    swapped[frame.length - 1]! ^= 1;
    await assert.rejects(
      gate.unlocking.unlock('bank', swapped),
      refusal('UNLOCK_ORDER_MISMATCH', { part: 'blindedDigest' }),
    );
    const text = new TextDecoder('latin1').decode(frame).replace('"lane":0', '"lane":7');
    const forged = Uint8Array.from(text, (character) => character.charCodeAt(0));
    await assert.rejects(gate.unlocking.unlock('bank', forged), refusal('ENVELOPE_SIGNATURE'));
    await assertUntouched(gate);
  });

  it('in a grant that ends between evaluation and metering', async (t) => {
    const gate = await gateOf(t);
    const recent = gate.ledger.recentRequest;
    let looks = 0;
    gate.ledger.recentRequest = async (id) => {
      looks += 1;
      return looks <= 2 ? recent(id) : { ...(await recent(id)), state: 'revoked' };
    };
    await assert.rejects(send(gate), refusal('REQUEST_NOT_ACTIVE', { state: 'revoked' }));
    assert.equal(gate.evaluations, 1);
    await assertUntouched(gate);
  });
});

describe('what a gate keeps of an order', () => {
  it('tells of no subject: not the event, not the state, not the answer', async (t) => {
    const gate = await gateOf(t);
    const subjects = subjectsOf(4, 7000);
    const order = orderFor(gate, subjects);
    await gate.unlocking.unlock('bank', order.frame);
    const stored = JSON.stringify([await gate.node.state.list(''), await gate.node.logged()]);
    for (const subject of subjects) assert.ok(!stored.includes(subject));
    for (const secret of [toHex(bank.signing), toHex(bureau.signing), toHex(gateKey.secretKey)])
      assert.ok(!stored.includes(secret));
  });
});
