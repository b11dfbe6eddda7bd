/** Opening scores over a sealed table that real departments and gates made; the gates answer in this process. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { poprfInfo } from '@sealedger/node/release/unlocking.ts';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import type { ReleasedScore } from '@sealedger/protocol/result.ts';
import { DEPARTMENT_CHUNK_BYTES, GATE_CHUNK_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import {
  decodeUnlockOrder,
  elementsDigest,
  encodeUnlockAnswer,
  type UnlockOrder,
} from '@sealedger/protocol/unlocking.ts';
import type { BankContext } from '@sealedger/sdk/bank.ts';
import { createSealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { createScoreOpener } from '@sealedger/sdk/scores.ts';
import { gateLocators, slotOf } from '@sealedger/sdk/sealed-table.ts';
import { requestKeys } from '@sealedger/sdk/stored-request.ts';
import { loadTable, storeTable } from '@sealedger/sdk/table-store.ts';
import { keyOf, organisation } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf } from '../node/support/request-fixture.ts';
import { gates, parameters, SCALE_BITS, sealedConsortium } from '../node/support/sealed-consortium.ts';
import { subjectOf, subjectsOf } from '../node/support/subjects.ts';
import { bankPorts, fakePeers, memoryStore } from './support/bank-fixture.ts';

const PEOPLE = 200;
const ID = hexOf(0x52);
const OFFSET = -0.75;
const poprf = await loadPoprf();
const weights = { court: [7001n, -123_456n], tax: [-900n, 80_000n, 3n] };
const consortium = sealedConsortium(PEOPLE, poprf);
const secretOf = (gate: string) => poprf.deriveKeyPair(keyOf(`${gate}/epoch`), utf8('test'));
const bank = organisation('bank', ['bank']);

/** A bank with a finished table; `fail` says whether the gates are away. */
async function openBank(change: { readonly swapLocators?: boolean; readonly fail?: () => boolean } = {}) {
  const owner = await createSealedModelOwner({ parameters });
  const weightRecords = { court: owner.encryptWeights(weights.court), tax: owner.encryptWeights(weights.tax) };
  const computation = consortium.compute('scores', { publicKeyRecord: owner.publicKeyRecord, weightRecords });
  const store = memoryStore();
  await store.put(requestKeys.secretKey(ID), owner.secretKeyBytes());
  await store.put(requestKeys.publicKey(ID), owner.publicKeyRecord);
  await store.put(
    requestKeys.request(ID),
    utf8(JSON.stringify({ requestId: ID, document: { scaleBits: SCALE_BITS }, offset: OFFSET })),
  );
  owner.delete();
  const locators = new Map(
    gates.map((gate) => [
      gate as string,
      computation.chunk(gate, 0).slice(gate === 'tax' ? DEPARTMENT_CHUNK_BYTES : GATE_CHUNK_BYTES),
    ]),
  );
  if (change.swapLocators === true) {
    const own = locators.get('tax')!;
    const [a, b] = [own.slice(0, 8), own.slice(8, 16)];
    own.set(b, 0);
    own.set(a, 8);
  }
  await storeTable(
    store,
    { requestId: ID, computationId: computation.id, people: PEOPLE, chunks: 1, gates: [...gates] },
    [computation.sum(0)],
    locators,
  );
  const unlocked: number[] = [];
  const peers = fakePeers(async (peer, { body }) => {
    if (change.fail?.() === true) throw new ProtocolError('PEER_UNREACHABLE', { peer: peer.org });
    const { header, elements } = decodeUnlockOrder(body!);
    const order = header as SignedEnvelope<UnlockOrder>;
    const evaluated = poprf.blindEvaluate({
      secretKey: secretOf(peer.org).secretKey,
      info: poprfInfo(computation.id),
      blindedElements: elements,
      proofScalar: poprf.randomScalar(new Uint8Array(randomBytes(64))),
    });
    unlocked.push(elements.length);
    const { requestId, computationId, lane, counter, count } = order.body;
    const receipt = organisation(peer.org, ['gate']).envelope(domains.unlockReceipt, {
      requestId,
      computationId,
      gate: peer.org,
      lane,
      counter,
      count,
      totalUsed: 1,
      orderDigest: toHex(envelopeDigest(order)),
      evaluatedDigest: elementsDigest([...evaluated.evaluatedElements, evaluated.proof]),
    });
    return encodeUnlockAnswer(receipt, evaluated.evaluatedElements, evaluated.proof);
  });
  const member = async (org: string) => ({
    id: org,
    endpoint: '',
    keyEpoch: 1,
    ed25519Key: toHex(organisation(org, ['gate']).ed25519),
  });
  const peer = async (org: string) => ({
    org,
    endpoint: '',
    keyEpoch: 1,
    ed25519: organisation(org, ['gate']).ed25519,
  });
  const ledger = {
    request: async () => ({ gates: gates.map((org) => ({ org, poprfPublicKey: toHex(secretOf(org).publicKey) })) }),
  };
  const context = {
    consent: { assertCovered: async () => undefined, keeperFor: () => async () => undefined },
    org: 'bank',
    keyEpoch: 1,
    signing: bank.signing,
    ledger,
    peers,
    poprf,
    ports: bankPorts(store),
    member,
    peer,
    lanes: new Map(),
    blinders: new Map(),
  };
  const noted: ReleasedScore[] = [];
  const known = new Map<string, ReleasedScore>();
  const opener = createScoreOpener(context as unknown as BankContext, {
    known: async () => known,
    note: async (_, scores) => {
      noted.push(...scores);
      for (const score of scores) known.set(score.subject, score);
    },
    commit: async () => null,
  });
  return { opener, noted, unlocked, store, computation };
}

const expectedOf = (n: number): bigint => {
  const subject = subjectOf(n);
  const ranks = Array.from({ length: PEOPLE }, (_, rank) => rank);
  const rank = ranks.find(
    (r) => Buffer.from(consortium.identifiers.subarray(18 * r, 18 * r + 18)).toString() === subject,
  )!;
  return (
    consortium.partOf('court', weights.court, rank).released + consortium.partOf('tax', weights.tax, rank).released
  );
};

describe('opened scores', () => {
  it('are the departments’ sum, strangers are said to be such, and each was noted before it was returned', async () => {
    const { opener, noted, unlocked } = await openBank();
    const subjects = [...subjectsOf(7), subjectOf(PEOPLE), subjectOf(PEOPLE - 1)];
    const opened = await opener.open(ID, subjects, { batchSize: 4, lanes: 2 });
    for (const [i, subject] of subjects.entries()) {
      const score = opened.get(subject)!;
      if (subject === subjectOf(PEOPLE)) assert.deepEqual(score, { status: 'not-in-register' });
      else
        assert.deepEqual(score, {
          status: 'scored',
          logit: Number(expectedOf(i === 8 ? PEOPLE - 1 : i)) / 2 ** SCALE_BITS + OFFSET,
        });
    }
    assert.deepEqual(
      noted.map(({ subject }) => subject),
      subjects,
    );
    assert.equal(noted[0]!.score, expectedOf(0).toString());
    assert.equal(noted[7]!.score, null);
    assert.deepEqual(unlocked.sort(), [1, 1, 4, 4, 4, 4], 'each gate was asked for each subject once');
  });

  it('are refused where the gates point to different slots', async () => {
    const { opener, noted, computation } = await openBank({ swapLocators: true });
    const rank = computation.rankOfSlot[0]!;
    const subject = subjectsOf(PEOPLE).find(
      (s) => Buffer.from(consortium.identifiers.subarray(18 * rank, 18 * rank + 18)).toString() === s,
    )!;
    await assert.rejects(opener.open(ID, [subject]), refusal('GATES_DISAGREE'));
    assert.deepEqual(noted, []);
  });

  it('end at the first refusal in any lane: nothing more is unlocked that nobody waits for', async () => {
    let calls = 0;
    const { opener, unlocked, noted } = await openBank({
      fail: () => {
        calls += 1;
        return calls > 4;
      },
    });
    await assert.rejects(opener.open(ID, subjectsOf(60), { batchSize: 2, lanes: 2 }), refusal('PEER_UNREACHABLE'));
    const before = unlocked.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(unlocked.length, before);
    assert.ok(before <= 4);
    assert.ok(noted.length > 0);
    const again = await opener.open(
      ID,
      noted.map(({ subject }) => subject as SubjectId),
    );
    assert.equal(again.size, noted.length);
    assert.equal(unlocked.length, before, 'what was opened is not metered again');
  });

  it('are not there before a table is, and a gate that is away loses nothing', async () => {
    let away = true;
    const { opener, store, unlocked } = await openBank({ fail: () => away });
    await assert.rejects(opener.open(ID, [subjectOf(1)]), refusal('PEER_UNREACHABLE'));
    away = false;
    assert.equal((await opener.open(ID, [subjectOf(1)])).get(subjectOf(1))!.status, 'scored');
    assert.deepEqual(unlocked, [1, 1]);
    store.entries.delete(`table/${ID}/head`);
    opener.forget(ID);
    await assert.rejects(opener.open(ID, [subjectOf(1)]), refusal('COMPUTATION_UNKNOWN'));
  });
});

describe('a sealed table', () => {
  it('is stored and loaded as it was, and is absent until it is whole', async () => {
    const { store, computation } = await openBank();
    const { head, chunks, locators } = await loadTable(store, ID);
    assert.deepEqual([head.people, head.gates, locators.size], [PEOPLE, [...gates], 2]);
    assert.deepEqual(chunks[0], computation.sum(0));
    const broken = memoryStore();
    broken.failAt = 2;
    await assert.rejects(storeTable(broken, head, chunks, locators), /killed/);
    await assert.rejects(loadTable(broken, ID), refusal('COMPUTATION_UNKNOWN'));
    store.entries.delete(`table/${computation.id}/chunk-0`);
    await assert.rejects(loadTable(store, ID), refusal('COMPUTATION_UNKNOWN', { computationId: computation.id }));
  });

  it('finds every locator’s slot and no other', () => {
    const bytes = new Uint8Array(randomBytes(8 * 1000));
    const table = gateLocators('g', new Uint8Array(32), bytes);
    for (let slot = 0; slot < 1000; slot++) assert.equal(slotOf(table, bytes.subarray(8 * slot, 8 * slot + 8)), slot);
    const other = bytes.slice(80, 88);
    other[0]! ^= 1;
    assert.equal(slotOf(table, other), -1);
  });
});
