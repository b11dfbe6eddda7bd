/** Chunks on worker threads: digests are durable before a byte leaves, the same bytes go out for ever, a kill costs what was in hand. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ComputationRecord, computationKeys } from '@sealedger/node/compute/computation.ts';
import { createRunner, type Runner } from '@sealedger/node/compute/runner.ts';
import { sha256 } from '@sealedger/node/crypto.ts';
import { tidyUp } from '@sealedger/node/maintenance.ts';
import { createEpochKeys } from '@sealedger/node/match/epoch-keys.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { createSealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { type FakeLedger, fakeLedger } from './support/fake-ledger.ts';
import { guardOf } from './support/guards.ts';
import { type NodeState, openNodeState } from './support/node-state.ts';
import { type FakeDirectory, fakeDirectory, organisation, START_MS } from './support/organisations.ts';
import { refusal } from './support/refusals.ts';
import { hexOf, onChainView, requestDocument, versionViews } from './support/request-fixture.ts';
import { parameters, sealedConsortium } from './support/sealed-consortium.ts';
import { temporaryDirectory } from './support/temporary.ts';

const poprf = await loadPoprf();
const owner = await createSealedModelOwner({ parameters });
const records = {
  publicKeyRecord: owner.publicKeyRecord,
  weightRecords: { court: owner.encryptWeights([1n, 2n]), tax: owner.encryptWeights([3n, 4n, 5n]) },
};
owner.delete();
const computation = sealedConsortium(9000, poprf).compute('runner', records);
const document = requestDocument();
const view = onChainView(document);
const record: ComputationRecord = {
  computationId: computation.id,
  requestId: view.id,
  attempt: 1,
  roles: ['department'],
  participants: ['bureau', 'court', 'tax'],
  people: 9000,
  chunks: 2,
  announcement: {} as ComputationRecord['announcement'],
  state: 'running',
  announcements: [],
  failure: null,
};
const silent = { info: () => undefined, error: () => undefined };

interface Court {
  readonly node: NodeState;
  readonly ledger: FakeLedger;
  readonly members: FakeDirectory;
  readonly directory: string;
  prepared: number;
  start(): Runner;
  stored(): Promise<ComputationRecord>;
  /** Waits for the record to be in a state. */
  until(state: ComputationRecord['state']): Promise<ComputationRecord>;
}

async function court(t: TestContext): Promise<Court> {
  const directory = await temporaryDirectory(t);
  const node = await openNodeState(join(directory, 'state'), 'court');
  t.after(node.close);
  const ledger = fakeLedger('court');
  ledger.requests.set(view.id, view);
  for (const version of versionViews(document)) ledger.versions.set(version.id, version);
  const members = fakeDirectory(['court', view.requester].map((org) => organisation(org, ['bank'])));
  await node.state.write([
    { type: 'put', key: computationKeys.record(record.computationId), value: record },
    { type: 'put', key: computationKeys.current(view.id), value: record.computationId },
  ]);
  const stored = async () => (await node.state.get<ComputationRecord>(computationKeys.record(record.computationId)))!;
  const made: Court = {
    node,
    ledger,
    members,
    directory: join(directory, 'chunks'),
    prepared: 0,
    start: () => {
      const runner = createRunner({
        guard: guardOf({ org: 'court', ledger, members, clock: { now: () => START_MS }, document }),
        directory: made.directory,
        workers: 1,
        state: node.state,
        events: node.events,
        clock: { now: () => Date.now(), sleep: () => sleep(5) },
        log: silent,
        prepare: async () => {
          made.prepared += 1;
          return computation.works.get('court')!;
        },
      });
      t.after(() => runner.close());
      return runner;
    },
    stored,
    until: async (state) => {
      for (let i = 0; i < 2000; i++) {
        const now = await stored();
        if (now.state === state) return now;
        await sleep(10);
      }
      assert.fail(`the computation did not become ${state}`);
    },
  };
  return made;
}

describe('a computation that runs', () => {
  it('gives each chunk’s bytes as often as asked, once their digest is durable', async (t) => {
    const c = await court(t);
    const runner = c.start();
    await assert.rejects(runner.chunk(record, 0), refusal('CHUNK_NOT_READY', { chunk: 0 }));
    await assert.rejects(runner.chunk(record, 2), refusal('CHUNK_UNKNOWN', { chunk: 2, chunks: 2 }));
    runner.run(record, document);
    runner.run(record, document);
    await c.until('completed');
    for (const chunk of [0, 1, 0])
      assert.deepEqual(await runner.chunk(record, chunk), computation.chunk('court', chunk));
    assert.deepEqual([c.prepared, c.node.log.size], [1, 1]);
    const [event] = await c.node.logged();
    assert.equal(event!.openings['state']!.value, 'completed');
    assert.deepEqual((await readdir(join(c.directory, record.computationId))).sort(), ['000000.bin', '000001.bin']);
  });

  it('goes on after a kill with the chunks that are missing, and leaves what is stored as it is', async (t) => {
    const c = await court(t);
    const marked = Uint8Array.of(1, 2, 3);
    await mkdir(join(c.directory, record.computationId), { recursive: true });
    await writeFile(join(c.directory, record.computationId, '000000.bin'), marked);
    await writeFile(join(c.directory, record.computationId, '000001.bin.new'), 'half a chunk');
    const stored = { inputDigest: hexOf(1), outputDigest: toHex(sha256(marked)), sizeBytes: 3 };
    await c.node.state.write([{ type: 'put', key: computationKeys.chunk(record.computationId, 0), value: stored }]);
    const runner = c.start();
    runner.run(record, document);
    await c.until('completed');
    assert.deepEqual(await runner.chunk(record, 0), marked);
    assert.deepEqual(await runner.chunk(record, 1), computation.chunk('court', 1));
    assert.deepEqual([c.prepared, c.node.log.size], [1, 1]);
  });

  it('never sends bytes other than those whose digest it stored', async (t) => {
    const c = await court(t);
    const runner = c.start();
    runner.run(record, document);
    await c.until('completed');
    const path = join(c.directory, record.computationId, '000000.bin');
    await writeFile(path, computation.chunk('court', 1));
    await assert.rejects(runner.chunk(record, 0), refusal('COMPUTATION_CONFLICT', { part: 'chunk 0' }));
    await rm(path);
    await assert.rejects(runner.chunk(record, 0), refusal('COMPUTATION_CONFLICT', { part: 'chunk 0' }));
    assert.deepEqual(await runner.chunk(record, 1), computation.chunk('court', 1));
  });

  it('ends where the grant is revoked, and says so', async (t) => {
    const c = await court(t);
    c.ledger.change(view.id, { state: 'revoked' });
    const runner = c.start();
    runner.run(record, document);
    const failed = await c.until('failed');
    assert.equal(failed.failure, 'REQUEST_NOT_ACTIVE');
    await assert.rejects(runner.chunk(failed, 0), refusal('COMPUTATION_FAILED', { code: 'REQUEST_NOT_ACTIVE' }));
    assert.equal(c.node.log.size, 0);
  });

  for (const suspended of ['bank', 'court']) {
    it(`ends where ${suspended} is suspended, and what was computed before stays unread`, async (t) => {
      const c = await court(t);
      c.members.suspended.add(suspended);
      const runner = c.start();
      runner.run(record, document);
      const failed = await c.until('failed');
      assert.equal(failed.failure, 'MEMBER_SUSPENDED');
      await assert.rejects(runner.chunk(failed, 0), refusal('COMPUTATION_FAILED', { code: 'MEMBER_SUSPENDED' }));
      assert.deepEqual([c.node.log.size, c.prepared], [0, 0]);
    });
  }

  it('waits while the chain is away, and goes on when it is back', async (t) => {
    const c = await court(t);
    c.ledger.away = true;
    c.start().run(record, document);
    await sleep(300);
    assert.equal((await c.stored()).state, 'running');
    c.ledger.away = false;
    await c.until('completed');
  });

  it('stays retired where a later attempt took its place, and logs no completion', async (t) => {
    const c = await court(t);
    await c.node.state.write([
      { type: 'put', key: computationKeys.record(record.computationId), value: { ...record, state: 'retired' } },
      { type: 'put', key: computationKeys.current(view.id), value: 'another' },
    ]);
    const whole = { inputDigest: hexOf(1), outputDigest: hexOf(2), sizeBytes: 1 };
    for (const chunks of [0, 1, 2]) {
      if (chunks > 0) {
        const key = computationKeys.chunk(record.computationId, chunks - 1);
        await c.node.state.write([{ type: 'put', key, value: whole }]);
      }
      const runner = c.start();
      runner.run(record, document);
      await sleep(200);
      await runner.close();
      assert.equal((await c.stored()).state, 'retired');
      assert.equal(c.node.log.size, 0, `with ${chunks} of 2 chunks made`);
    }
  });
});

describe('what is over', () => {
  it('is thrown away: keys of ended grants and chunks, while digests and live grants stay', async (t) => {
    const c = await court(t);
    const runner = c.start();
    runner.run(record, document);
    await c.until('completed');
    const gateState = c.node.state;
    const epochKeys = createEpochKeys('bureau', gateState, c.ledger, poprf);
    c.ledger.change(view.id, { state: 'submitted', gateKeys: [] });
    await epochKeys.publish(view.id);
    const secret = await epochKeys.secret(view.id);
    await epochKeys.publish(view.id);
    assert.deepEqual(await epochKeys.secret(view.id), secret, 'one key for one grant');
    assert.equal(
      c.ledger.writes.filter(({ call }) => call === 'publishGateKey').length,
      2,
      'until the chain shows it as this gate’s',
    );
    c.ledger.change(view.id, { state: 'active' });
    const evaluation = { forget: () => undefined };
    const parts = {
      evaluation,
      state: gateState,
      ledger: c.ledger,
      epochKeys,
      chunkDirectory: c.directory,
      mutex: createMutex(),
      log: silent,
    };
    await tidyUp(parts);
    assert.deepEqual(await runner.chunk(record, 0), computation.chunk('court', 0));
    c.ledger.away = true;
    await tidyUp(parts);
    c.ledger.away = false;
    await epochKeys.secret(view.id);
    c.ledger.change(view.id, { state: 'completed' });
    await tidyUp(parts);
    await assert.rejects(epochKeys.secret(view.id), refusal('REQUEST_NOT_CONCERNED'));
    assert.deepEqual(await readdir(c.directory), []);
    assert.equal((await gateState.list(computationKeys.chunkPrefix(record.computationId))).length, 2);
    await epochKeys.publish(view.id);
    await assert.rejects(
      epochKeys.secret(view.id),
      refusal('REQUEST_NOT_CONCERNED'),
      'no second key for an ended grant',
    );
  });
});
