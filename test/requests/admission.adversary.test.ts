/** How much of a node one bank may take up, and what goes when its time is over. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { createMutex } from '@sealedger/node/mutex.ts';
import { type AdmissionParts, assertAdmitted, requestBoundsSchema } from '@sealedger/node/request/admission.ts';
import { requestStores } from '@sealedger/node/request/completeness.ts';
import { isRemoved, removeEnded } from '@sealedger/node/request/retention.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { requestId } from '@sealedger/protocol/request.ts';
import { fakeLedger } from '../node/support/fake-ledger.ts';
import { openNodeState } from '../node/support/node-state.ts';
import { START_MS, testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const DAY_MS = 86_400_000;
const content = Buffer.from('I agree that my bank asks.');
const sha256 = createHash('sha256').update(content).digest('hex');
const form = { name: 'form.txt', mediaType: 'text/plain', bytes: content.length, sha256 };
const large = (byte: number) => ({ ...form, bytes: 16 << 20, sha256: hexOf(byte) });
const sending = (sink: NodeJS.WritableStream): Promise<void> => pipeline(Readable.from([content]), sink);

/** The node of `court` with requests of the bank. */
async function node(t: TestContext, bounds: Partial<AdmissionParts['bounds']> = {}) {
  const directory = await temporaryDirectory(t);
  const { state, close } = await openNodeState(join(directory, 'state'), 'court');
  t.after(close);
  const ledger = fakeLedger('court');
  const clock = testClock();
  const stores = requestStores('court', directory);
  const received = new Map<string, number>();
  const parts: AdmissionParts = {
    org: 'court',
    bounds: { ...requestBoundsSchema.parse({}), ...bounds },
    state,
    ledger,
    clock,
    stores,
    isDecided: async () => true,
    receivedAt: async (id) => received.get(id) ?? 0,
  };
  const round = () =>
    removeEnded({ ...parts, state, mutex: createMutex(), log: { info: () => undefined }, retentionDays: 30 });
  return {
    directory,
    state,
    ledger,
    clock,
    stores,
    parts,
    round,
    /** A request that came in. */
    has: async (document: RequestDocument, chainState: 'submitted' | 'active' | 'completed' | 'rejected') => {
      const id = requestId(document);
      ledger.requests.set(id, onChainView(document, { state: chainState }));
      received.set(id, clock.now());
      await state.write([{ type: 'put', key: `document/${id}`, value: document }]);
      return id;
    },
  };
}

const another = (byte: number, change: Partial<RequestDocument> = {}): RequestDocument =>
  requestDocument({ nonce: hexOf(byte), ...change });

describe('a bank that asks without end', () => {
  it('has so many open requests at one node and no more; what ended makes room', async (t) => {
    const o = await node(t, { maxOpen: 2 });
    await o.has(another(1), 'submitted');
    await o.has(another(2), 'rejected');
    await assertAdmitted(o.parts, another(9));
    const active = await o.has(another(3), 'active');
    await assert.rejects(assertAdmitted(o.parts, another(9)), refusal('REQUEST_LIMIT_OPEN', { open: 2 }));
    await assertAdmitted(o.parts, another(9, { requester: 'other-bank' }));
    o.ledger.change(active, { state: 'completed' });
    await assertAdmitted(o.parts, another(9));
  });

  it('has so many that wait for a person', async (t) => {
    const o = await node(t, { maxWaiting: 3 });
    const undecided = { ...o.parts, isDecided: async () => false };
    for (const byte of [1, 2]) await o.has(another(byte), 'submitted');
    await o.has(another(3), 'completed');
    await assertAdmitted(undecided, another(9));
    await o.has(another(4), 'submitted');
    await assert.rejects(assertAdmitted(undecided, another(9)), refusal('REQUEST_LIMIT_WAITING', { waiting: 3 }));
    await assertAdmitted(o.parts, another(9));
  });

  it('has so many within a day, also where each is refused at once', async (t) => {
    const o = await node(t, { maxPerDay: 2 });
    await o.has(another(1), 'rejected');
    await o.has(another(2), 'rejected');
    await assert.rejects(assertAdmitted(o.parts, another(9)), refusal('REQUEST_LIMIT_DAY', { count: 2 }));
    o.clock.move(DAY_MS);
    await assertAdmitted(o.parts, another(9));
  });

  it('does not fill the disk: what it declares counts from the beginning', async (t) => {
    const o = await node(t, { maxMegabytes: 40 });
    await o.has(another(1, { attachments: [large(1)] }), 'submitted');
    await assertAdmitted(o.parts, another(9, { attachments: [large(2)] }));
    const both = another(9, { attachments: [large(2), large(3)] });
    await assert.rejects(assertAdmitted(o.parts, both), refusal('REQUEST_LIMIT_BYTES'));
    // of what ended, only what is here
    await o.has(another(1, { attachments: [large(1)] }), 'completed');
    await assertAdmitted(o.parts, both);
  });

  it('pays for each sealed model once, however many requests name it', async (t) => {
    const o = await node(t, { maxMegabytes: 1 });
    for (let i = 1; i < 60; i++) await o.has(another(i), 'active');
    await assertAdmitted(o.parts, another(90));
    const models = Array.from({ length: 9 }, (_, i) => another(100 + i, { modelDigest: hexOf(100 + i) }));
    for (const document of models) await o.has(document, 'active');
    await assert.rejects(assertAdmitted(o.parts, another(90)), refusal('REQUEST_LIMIT_BYTES'));
  });

  it('waits while the chain is away', async (t) => {
    const o = await node(t);
    await o.has(another(1), 'active');
    o.ledger.away = true;
    await assert.rejects(assertAdmitted(o.parts, another(9)), refusal('CHAIN_UNREACHABLE'));
  });
});

describe('what came with a request', () => {
  const document = another(1, { attachments: [form] });
  const model = (o: Awaited<ReturnType<typeof node>>) => join(o.directory, 'models', `${document.modelDigest}.model`);
  const withFiles = async (t: TestContext, state: 'active' | 'completed' = 'completed') => {
    const o = await node(t);
    const id = await o.has(document, state);
    await o.stores.attachments.receive(document, sha256, sending);
    await mkdir(join(o.directory, 'models'), { recursive: true });
    await writeFile(model(o), 'sealed');
    return { ...o, id, here: () => [o.stores.attachments.has(document, sha256), o.stores.models.has(document)] };
  };

  it('stays for its time after the end, and goes then', async (t) => {
    const o = await withFiles(t);
    await o.round();
    o.clock.move(30 * DAY_MS - 1);
    await o.round();
    assert.deepEqual([o.here(), await isRemoved(o.state, o.id)], [[true, true], false]);
    o.clock.move(1);
    await o.round();
    assert.deepEqual([o.here(), await isRemoved(o.state, o.id)], [[false, false], true]);
    await o.round();
  });

  it('stays while the request runs, however long, and while the chain is away', async (t) => {
    const o = await withFiles(t, 'active');
    for (let i = 0; i < 3; i++, o.clock.move(400 * DAY_MS)) await o.round();
    o.ledger.change(o.id, { state: 'completed' });
    await o.round();
    o.clock.move(400 * DAY_MS);
    o.ledger.away = true;
    await o.round();
    assert.deepEqual(o.here(), [true, true]);
  });

  it('stays where the chain took the end back, and its time begins anew', async (t) => {
    const o = await withFiles(t);
    await o.round();
    o.ledger.change(o.id, { state: 'active' });
    o.clock.move(30 * DAY_MS);
    await o.round();
    o.ledger.change(o.id, { state: 'completed' });
    await o.round();
    assert.deepEqual(o.here(), [true, true]);
    o.clock.move(30 * DAY_MS);
    await o.round();
    assert.deepEqual(o.here(), [false, false]);
  });

  it('leaves the model of a renewal', async (t) => {
    const o = await withFiles(t);
    const previous = { requestId: o.id, change: 'renewal' } as const;
    await o.has(another(2, { previous }), 'active');
    await o.round();
    o.clock.move(30 * DAY_MS);
    await o.round();
    assert.deepEqual(o.here(), [false, true]);
  });

  it('and was cut off by a stop goes after a day, not before', async (t) => {
    const o = await withFiles(t, 'active');
    const leftover = `${model(o)}.x.new`;
    await writeFile(leftover, 'half');
    await utimes(leftover, new Date(START_MS), new Date(START_MS));
    await o.round();
    assert.equal((await readdir(join(o.directory, 'models'))).length, 2);
    o.clock.move(DAY_MS + 1);
    await o.round();
    assert.equal((await readdir(join(o.directory, 'models'))).length, 1);
    assert.deepEqual(o.here(), [true, true]);
  });
});
