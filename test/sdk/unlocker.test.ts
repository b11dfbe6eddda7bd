import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { poprfInfo } from '@sealedger/node/release/unlocking.ts';
import { concat, uint32be, utf8, utf8Decode } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { signEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import {
  decodeUnlockAnswer,
  elementsDigest,
  encodeUnlockAnswer,
  type UnlockReceipt,
} from '@sealedger/protocol/unlocking.ts';
import { type UnlockBatch, type UnlockerParts, type UnlockGate, unlockAtGate } from '@sealedger/sdk/unlocker.ts';
import {
  bank,
  bureau,
  COMPUTATION_ID,
  type Gate,
  gateKey,
  openGate,
  orderFor,
  poprf,
  stranger,
} from '../node/support/gate-fixture.ts';
import { keyOf } from '../node/support/organisations.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';
import { hexOf } from '../node/support/request-fixture.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { bankPorts, fakePeers, type MemoryStore, memoryStore } from './support/bank-fixture.ts';

/** What the gate signs with after a rotation. */
const NEXT_SIGNING = keyOf('bureau/next-signing');

interface Bank {
  readonly gate: Gate;
  readonly store: MemoryStore;
  /** Frames of orders as they went out. */
  readonly sent: Uint8Array[];
  readonly asked: string[];
  /** What becomes of the gate's answer on its way; tests change it. */
  onAnswer: (answer: Uint8Array) => Uint8Array;
  /** A bank process that knows only what is stored. */
  process(): UnlockerParts;
  batch(first: number, count?: number): UnlockBatch;
}

const unlockGate: UnlockGate = {
  org: 'bureau',
  endpoint: 'http://bureau.test',
  keyEpoch: 1,
  ed25519: bureau.ed25519,
  publicKey: gateKey.publicKey,
};

async function bankOf(t: TestContext): Promise<Bank> {
  const gate = await openGate(join(await temporaryDirectory(t), 'state'));
  t.after(gate.node.close);
  const store = memoryStore();
  const made: Bank = {
    gate,
    store,
    sent: [],
    asked: [],
    onAnswer: (answer) => answer,
    process: () => ({
      ports: bankPorts(store),
      poprf,
      signer: { org: 'bank', keyEpoch: 1, secretKey: bank.signing },
      signingKey: async (org, keyEpoch) => {
        if (keyEpoch !== 2) throw new ProtocolError('MEMBER_KEY_EPOCH', { org, keyEpoch });
        return nobleEd25519.publicKey(NEXT_SIGNING);
      },
      lanes: new Map(),
      blinders: new Map(),
      keep: async () => undefined,
      peers: fakePeers(async (_, call) => {
        made.asked.push(call.path);
        if (call.method === 'GET') return utf8(JSON.stringify(await gate.unlocking.lane('bank', gate.requestId, 0)));
        made.sent.push(call.body!);
        return made.onAnswer(await gate.unlocking.unlock('bank', call.body!));
      }),
    }),
    batch: (first, count = 2) => ({
      requestId: gate.requestId,
      computationId: COMPUTATION_ID,
      lane: 0,
      subjects: subjectsOf(count, first),
    }),
  };
  return made;
}

/** An answer with another receipt, signed by the gate unless said otherwise. */
function withReceipt(answer: Uint8Array, change: Partial<UnlockReceipt>, signer = bureau): Uint8Array {
  const { header, elements, proof } = decodeUnlockAnswer(answer);
  const body = { ...(header as { body: UnlockReceipt }).body, ...change };
  return encodeUnlockAnswer(signer.envelope(domains.unlockReceipt, body), elements, proof);
}

const outputsOf = (batch: UnlockBatch): Uint8Array[] => {
  const own = poprf.createEvaluator(gateKey.secretKey, poprfInfo(COMPUTATION_ID));
  return batch.subjects.map((subject) => own.evaluate(utf8(subject)));
};

describe('unlocking at a gate', () => {
  it('gives the gate’s outputs, one order after the other in a lane', async (t) => {
    const b = await bankOf(t);
    const parts = b.process();
    for (const first of [0, 10, 20])
      assert.deepEqual(await unlockAtGate(parts, unlockGate, b.batch(first)), outputsOf(b.batch(first)));
    assert.deepEqual([await b.gate.used(), b.sent.length, b.asked.length], [6, 3, 3]);
  });

  it('sends nothing from which a subject could be read', async (t) => {
    const b = await bankOf(t);
    await unlockAtGate(b.process(), unlockGate, b.batch(5000, 3));
    assertFree(Buffer.from(concat(...b.sent)).toString('latin1'), subjectsOf(3, 5000));
    const again = await bankOf(t);
    await unlockAtGate(again.process(), unlockGate, again.batch(5000, 3));
    assert.notDeepEqual(again.sent[0]!.slice(-96), b.sent[0]!.slice(-96), 'the same subjects are blinded afresh');
  });

  it('passes on what the gate refuses, and the lane goes on', async (t) => {
    const b = await bankOf(t);
    const parts = b.process();
    await unlockAtGate(parts, unlockGate, b.batch(0));
    await assert.rejects(unlockAtGate(parts, unlockGate, b.batch(0, 99)), refusal('QUOTA_EXHAUSTED'));
    assert.deepEqual(await unlockAtGate(parts, unlockGate, b.batch(50)), outputsOf(b.batch(50)));
    assert.equal(await b.gate.used(), 4);
  });
});

describe('a gate that does not keep to the rules', () => {
  it('with another key is found out by its proof', async (t) => {
    const b = await bankOf(t);
    const other = poprf.deriveKeyPair(keyOf('another'), utf8('test'));
    await assert.rejects(
      unlockAtGate(b.process(), { ...unlockGate, publicKey: other.publicKey }, b.batch(0)),
      refusal('POPRF_PROOF_INVALID'),
    );
  });

  it('that evaluates under another computation is found out by its proof', async (t) => {
    const b = await bankOf(t);
    b.onAnswer = (answer) => {
      const { elements } = decodeUnlockAnswer(answer);
      const evaluated = poprf.blindEvaluate({
        secretKey: gateKey.secretKey,
        info: poprfInfo(hexOf(0xee)),
        blindedElements: elements,
        proofScalar: poprf.randomScalar(keyTwice('scalar')),
      });
      const evaluatedDigest = elementsDigest([...evaluated.evaluatedElements, evaluated.proof]);
      const { header } = decodeUnlockAnswer(withReceipt(answer, { evaluatedDigest }));
      return encodeUnlockAnswer(header, evaluated.evaluatedElements, evaluated.proof);
    };
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('POPRF_PROOF_INVALID'));
  });

  const receipts: readonly (readonly [keyof UnlockReceipt, Partial<UnlockReceipt>])[] = [
    ['requestId', { requestId: hexOf(1) }],
    ['computationId', { computationId: hexOf(1) }],
    ['gate', { gate: 'tax' }],
    ['lane', { lane: 1 }],
    ['counter', { counter: 2 }],
    ['count', { count: 1 }],
    ['orderDigest', { orderDigest: hexOf(1) }],
    ['evaluatedDigest', { evaluatedDigest: hexOf(1) }],
  ];
  for (const [part, change] of receipts) {
    it(`with a receipt of another ${part} is refused`, async (t) => {
      const b = await bankOf(t);
      b.onAnswer = (answer) => withReceipt(answer, change);
      await assert.rejects(
        unlockAtGate(b.process(), unlockGate, b.batch(0)),
        refusal('UNLOCK_RECEIPT_MISMATCH', { part }),
      );
    });
  }

  it('whose receipt another signed, or nobody, is refused', async (t) => {
    const b = await bankOf(t);
    b.onAnswer = (answer) => withReceipt(answer, {}, stranger);
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('ENVELOPE_SIGNER'));
    b.onAnswer = (answer) => {
      const { header, elements, proof } = decodeUnlockAnswer(answer);
      return encodeUnlockAnswer({ ...(header as object), signature: '00'.repeat(64) }, elements, proof);
    };
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('ENVELOPE_SIGNATURE'));
  });

  it('that rotated its keys since it was looked up is read with the key that the chain has now, and with no other', async (t) => {
    const b = await bankOf(t);
    const receiptAt = (keyEpoch: number, key: Uint8Array) => (answer: Uint8Array) => {
      const { header, elements, proof } = decodeUnlockAnswer(answer);
      const { signer, issuedAt, body } = header as ReturnType<typeof bureau.envelope<UnlockReceipt>>;
      const fields = { domain: domains.unlockReceipt, signer, keyEpoch, issuedAt, body };
      return encodeUnlockAnswer(signEnvelope(fields, key), elements, proof);
    };
    b.onAnswer = receiptAt(3, NEXT_SIGNING);
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('MEMBER_KEY_EPOCH'));
    b.onAnswer = receiptAt(2, bureau.signing);
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('ENVELOPE_SIGNATURE'));
    b.onAnswer = receiptAt(2, NEXT_SIGNING);
    assert.deepEqual(await unlockAtGate(b.process(), unlockGate, b.batch(0)), outputsOf(b.batch(0)));
    assert.equal(await b.gate.unlocking.used(b.gate.requestId), 2, 'metered once');
  });

  it('that swaps two elements, drops one or sends garbage is refused', async (t) => {
    const b = await bankOf(t);
    const parts = b.process();
    const rebuilt = (change: (elements: readonly Uint8Array[]) => readonly Uint8Array[]) => (answer: Uint8Array) => {
      const { elements, proof } = decodeUnlockAnswer(answer);
      const changed = change(elements);
      const { header } = decodeUnlockAnswer(
        withReceipt(answer, { evaluatedDigest: elementsDigest([...changed, proof]) }),
      );
      return encodeUnlockAnswer(header, changed, proof);
    };
    b.onAnswer = rebuilt(([a, c]) => [c!, a!]);
    await assert.rejects(unlockAtGate(parts, unlockGate, b.batch(0)), refusal('POPRF_PROOF_INVALID'));
    b.onAnswer = rebuilt(([a]) => [a!]);
    await assert.rejects(unlockAtGate(parts, unlockGate, b.batch(0)), refusal('POPRF_BATCH_SIZE'));
    b.onAnswer = () => concat(utf8('SLV1'), uint32be(1), utf8('x'));
    await assert.rejects(unlockAtGate(parts, unlockGate, b.batch(0)), refusal('UNLOCK_FRAME_MALFORMED'));
    b.onAnswer = (answer) => answer;
    assert.deepEqual(await unlockAtGate(parts, unlockGate, b.batch(0)), outputsOf(b.batch(0)));
    assert.equal(await b.gate.used(), 2, 'asking again was free');
  });
});

describe('a bank that is killed', () => {
  const lost = () => {
    throw new ProtocolError('PEER_UNREACHABLE', { peer: 'bureau' });
  };

  it('before its order is stored has sent nothing', async (t) => {
    const b = await bankOf(t);
    b.store.failAt = 1;
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), /killed/);
    assert.deepEqual([b.sent.length, await b.gate.used()], [0, 0]);
  });

  it('after it sent an order sends the identical bytes again, which is free', async (t) => {
    const b = await bankOf(t);
    b.onAnswer = lost;
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('PEER_UNREACHABLE'));
    b.onAnswer = (answer) => answer;
    assert.deepEqual(await unlockAtGate(b.process(), unlockGate, b.batch(0)), outputsOf(b.batch(0)));
    assert.deepEqual(b.sent[1], b.sent[0]);
    assert.deepEqual([await b.gate.used(), b.gate.node.log.size], [2, 1]);
  });

  it('and comes back with other subjects asks the gate where the lane stands', async (t) => {
    const b = await bankOf(t);
    b.onAnswer = lost;
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('PEER_UNREACHABLE'));
    b.onAnswer = (answer) => answer;
    assert.deepEqual(await unlockAtGate(b.process(), unlockGate, b.batch(30)), outputsOf(b.batch(30)));
    assert.ok(b.asked.includes(`/v1/requests/${b.gate.requestId}/lanes/0`));
    assert.equal(await b.gate.used(), 4);
  });

  it('and comes back after a new attempt does not send the order of the old one', async (t) => {
    const b = await bankOf(t);
    b.onAnswer = lost;
    await assert.rejects(unlockAtGate(b.process(), unlockGate, b.batch(0)), refusal('PEER_UNREACHABLE'));
    b.onAnswer = (answer) => answer;
    b.gate.current = { computationId: hexOf(0xc2), roles: ['gate'] };
    const next = { ...b.batch(0), computationId: hexOf(0xc2) };
    const own = poprf.createEvaluator(gateKey.secretKey, poprfInfo(hexOf(0xc2)));
    assert.deepEqual(
      await unlockAtGate(b.process(), unlockGate, next),
      next.subjects.map((subject) => own.evaluate(utf8(subject))),
    );
    assert.ok(b.asked.includes(`/v1/requests/${b.gate.requestId}/lanes/0`));
  });

  it('with its whole store lost takes up the lane from the gate', async (t) => {
    const b = await bankOf(t);
    await unlockAtGate(b.process(), unlockGate, b.batch(0));
    b.store.entries.clear();
    assert.deepEqual(await unlockAtGate(b.process(), unlockGate, b.batch(40)), outputsOf(b.batch(40)));
    assert.equal(await b.gate.used(), 4);
  });
});

describe('the bank’s store', () => {
  it('holds blinds and subjects of open orders, and no key', async (t) => {
    const b = await bankOf(t);
    await unlockAtGate(b.process(), unlockGate, b.batch(0));
    const text = [...b.store.entries.values()].map(utf8Decode).join();
    assert.ok(text.includes(subjectsOf(1)[0]!));
    assertFree(text, [Buffer.from(bank.signing).toString('hex')]);
    assert.equal(orderFor(b.gate, subjectsOf(1)).order.lane, 0);
  });
});

function keyTwice(label: string): Uint8Array {
  return concat(keyOf(label), keyOf(`${label}/2`));
}
