/** Running work of a grant that is suspended or revoked: cut off in the middle of a chunk, nothing half-made is kept or served. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ComputationRecord, computationKeys } from '@sealedger/node/compute/computation.ts';
import { createRunner, type Runner } from '@sealedger/node/compute/runner.ts';
import type { GrantConditions } from '@sealedger/protocol/policy/conditions.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { type FakeLedger, fakeLedger } from '../node/support/fake-ledger.ts';
import { guardOf } from '../node/support/guards.ts';
import { type NodeState, openNodeState } from '../node/support/node-state.ts';
import { fakeDirectory, organisation, START_MS } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { onChainView, requestDocument, versionViews } from '../node/support/request-fixture.ts';
import { sealedConsortium } from '../node/support/sealed-consortium.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

/** What the issue allows between the moment that the node can see it and the last work. */
const BOUND_MS = 2000;
const CHUNKS = 2;
const PEOPLE = CHUNKS * 8192;
const poprf = await loadPoprf();
const none = { publicKeyRecord: new Uint8Array(), weightRecords: { court: [], tax: [] } };
// a gate's chunk takes about a second: long enough to be in the middle of one
const computation = sealedConsortium(PEOPLE, poprf).compute('stopping', none, ['bureau']);
const document = requestDocument();
const view = onChainView(document);
const record: ComputationRecord = {
  computationId: computation.id,
  requestId: view.id,
  attempt: 1,
  roles: ['gate'],
  participants: ['bureau'],
  people: PEOPLE,
  chunks: CHUNKS,
  announcement: {} as ComputationRecord['announcement'],
  state: 'running',
  announcements: [],
  failure: null,
};

interface Bureau {
  readonly node: NodeState;
  readonly ledger: FakeLedger;
  readonly runner: Runner;
  readonly directory: string;
  readonly isSuspended: { value: boolean };
  readonly conditions: { value: Partial<GrantConditions> };
  /** Chunks whose digests are stored. */
  stored(): Promise<number>;
  state(): Promise<ComputationRecord>;
  /** Waits until it holds; in milliseconds how long that took. */
  until(holds: () => Promise<boolean>): Promise<number>;
}

async function bureau(t: TestContext): Promise<Bureau> {
  const directory = await temporaryDirectory(t);
  const node = await openNodeState(join(directory, 'state'), 'bureau');
  t.after(node.close);
  const ledger = fakeLedger('bureau');
  ledger.requests.set(view.id, view);
  for (const version of versionViews(document)) ledger.versions.set(version.id, version);
  const members = fakeDirectory(['bureau', view.requester].map((org) => organisation(org, ['bank'])));
  await node.state.write([
    { type: 'put', key: computationKeys.record(record.computationId), value: record },
    { type: 'put', key: computationKeys.current(view.id), value: record.computationId },
  ]);
  const isSuspended = { value: false };
  const conditions: Bureau['conditions'] = { value: {} };
  const guard = guardOf({
    org: 'bureau',
    ledger,
    members,
    clock: { now: () => START_MS },
    document,
    conditions: () => conditions.value,
    isSuspended: () => isSuspended.value,
  });
  const runner = createRunner({
    directory: join(directory, 'chunks'),
    workers: 1,
    state: node.state,
    guard,
    events: node.events,
    clock: { now: () => Date.now(), sleep: () => sleep(10) },
    log: { info: () => undefined, error: () => undefined },
    prepare: async () => computation.works.get('bureau')!,
  });
  t.after(() => runner.close());
  const stored = async () => (await node.state.list(computationKeys.chunkPrefix(record.computationId))).length;
  const state = async () => (await node.state.get<ComputationRecord>(computationKeys.record(record.computationId)))!;
  const until: Bureau['until'] = async (holds) => {
    const begun = performance.now();
    while (!(await holds())) {
      if (performance.now() - begun > 60_000) assert.fail('it did not come');
      await sleep(10);
    }
    return performance.now() - begun;
  };
  return { node, ledger, runner, directory: join(directory, 'chunks'), isSuspended, conditions, stored, state, until };
}

/** Runs until the first chunk is stored: the second one is then in the middle of being made. */
async function inTheMiddle(t: TestContext): Promise<Bureau> {
  const b = await bureau(t);
  b.runner.run(record, document);
  await b.until(async () => (await b.stored()) === 1);
  return b;
}

async function filesOf(b: Bureau): Promise<string[]> {
  const path = join(b.directory, record.computationId);
  return existsSync(path) ? (await readdir(path)).sort() : [];
}

describe('a computation that is in the middle of a chunk', () => {
  for (const state of ['revoked', 'expired'] as const) {
    it(`ends within two seconds of a request that is ${state}, the chunk in hand is lost, nothing is served`, async (t) => {
      const b = await inTheMiddle(t);
      b.ledger.change(view.id, { state });
      const took = await b.until(async () => (await b.state()).state === 'failed');
      assert.ok(took < BOUND_MS, `${took} ms`);
      const failed = await b.state();
      assert.equal(failed.failure, state === 'expired' ? 'GRANT_EXPIRED' : 'REQUEST_NOT_ACTIVE');
      assert.deepEqual([await b.stored(), await filesOf(b)], [1, ['000000.bin']]);
      for (const chunk of [0, 1]) await assert.rejects(b.runner.chunk(failed, chunk), refusal('COMPUTATION_FAILED'));
      assert.equal(b.node.log.size, 0, 'no completion is logged');
    });
  }

  it('is cut off at once where the node is told, without waiting for the next look', async (t) => {
    const b = await inTheMiddle(t);
    b.ledger.change(view.id, { state: 'revoked' });
    await b.runner.recheck(view.id);
    const took = await b.until(async () => (await b.state()).state === 'failed');
    assert.ok(took < 500, `${took} ms`);
  });

  it('stops where it is suspended, makes nothing while it is, and goes on with what is missing', async (t) => {
    const b = await inTheMiddle(t);
    b.isSuspended.value = true;
    await b.runner.recheck(view.id);
    assert.equal((await b.state()).state, 'running');
    await assert.rejects(b.runner.chunk(record, 1), refusal('CHUNK_NOT_READY'));
    // longer than a chunk takes
    await sleep(2500);
    assert.deepEqual([await b.stored(), await filesOf(b)], [1, ['000000.bin']]);
    b.isSuspended.value = false;
    await b.until(async () => (await b.state()).state === 'completed');
    assert.equal(await b.stored(), CHUNKS);
    assert.equal(b.node.log.size, 1);
    for (const chunk of [0, 1])
      assert.deepEqual(await b.runner.chunk(record, chunk), computation.chunk('bureau', chunk));
  });

  it('waits out the hours in which the grant may not be used', async (t) => {
    const b = await inTheMiddle(t);
    // it is 16:00 in Shanghai
    b.conditions.value = { hours: ['08:00/16:00'] };
    await b.runner.recheck(view.id);
    await assert.rejects(b.runner.chunk(record, 1), refusal('CHUNK_NOT_READY'));
    b.conditions.value = { hours: ['08:00/16:30'] };
    await b.until(async () => (await b.state()).state === 'completed');
  });

  it('goes on with another request’s work where one is suspended', async (t) => {
    const b = await inTheMiddle(t);
    await b.runner.recheck('another request');
    await b.until(async () => (await b.stored()) === 2);
  });

  it('is not cut off by a chain that is away: nothing new begins, and it goes on when the chain is back', async (t) => {
    const b = await inTheMiddle(t);
    b.ledger.away = true;
    await b.runner.recheck();
    await b.until(async () => (await b.stored()) === 2);
    assert.equal((await b.state()).state, 'running');
    b.ledger.away = false;
    await b.until(async () => (await b.state()).state === 'completed');
  });
});
