import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ActorName, createWorld, GENESIS_SECONDS, publish, refused, suspend, type World, word } from './world.ts';

const id = word('request');
const zero = `0x${'0'.repeat(64)}`;
let world: World;

before(async () => {
  world = await createWorld();
  const datasets = [await publish(world, 'tax', 'income'), await publish(world, 'court', 'cases')];
  const register = await publish(world, 'bureau', 'register');
  const rest = [register, [word('meter')], 10, GENESIS_SECONDS + 100_000_000, false, 0, zero];
  for (const digest of [id, word('waiting')]) {
    await world.send('bank-a', 'requests', 'submit', [[digest, word('credit'), word('model'), datasets, ...rest]]);
  }
  for (const decider of ['tax', 'court', 'bureau'] as const) {
    await world.send(decider, 'requests', 'decide', [id, true, word('reason'), word('grant')]);
  }
  await world.send('meter', 'requests', 'publishGateKey', [id, word('key')]);
});
after(() => world.close());

const anchor = (actor: ActorName, size: number | bigint, root = word('root')) =>
  world.send(actor, 'evidence', 'anchor', [size, root]);
const commit = (actor: ActorName, batch: number, count = 2, commitment = word('batch'), request = id) =>
  world.send(actor, 'evidence', 'commitResult', [request, batch, commitment, count]);

test('a checkpoint is anchored and found by its size', () =>
  world.undone(async () => {
    const [anchored] = await anchor('tax', 5);
    assert.equal(anchored?.name, 'CheckpointAnchored');
    assert.deepEqual(anchored.args.org, 'tax');
    await anchor('tax', 9, word('later'));
    assert.deepEqual(Array.from(await world.view('evidence', 'latest', [word('tax')])), [9n, word('later')]);
    assert.equal((await world.view('evidence', 'rootAt', [word('tax'), 5]))[0], word('root'));
    assert.equal((await world.view('evidence', 'rootAt', [word('tax'), 6]))[0], zero);
    assert.deepEqual(Array.from(await world.view('evidence', 'latest', [word('court')])), [0n, zero]);
  }));

test('sizes only grow and a size has one root', () =>
  world.undone(async () => {
    await anchor('tax', 5);
    await refused(anchor('tax', 5, word('other')), 'EvidenceSizeNotGrowing', 'org=tax, latest=5, given=5');
    await refused(anchor('tax', 4), 'EvidenceSizeNotGrowing', 'org=tax, latest=5, given=4');
    await anchor('court', 1);
  }));

test('refuses an empty log, a zero root, a size that no reader holds, and who is no active organisation', () =>
  world.undone(async () => {
    await refused(anchor('tax', 0), 'EvidenceSizeNotGrowing', 'org=tax, latest=0, given=0');
    await refused(anchor('tax', 1, zero), 'EvidenceZeroRoot');
    await refused(anchor('tax', 2n ** 53n), 'EvidenceSizeTooLarge');
    await anchor('tax', 2n ** 53n - 1n);
    await refused(anchor('stranger', 1), 'ConsortiumUnknownAccount');
    await suspend(world, 'court');
    await refused(anchor('court', 1), 'ConsortiumNotActive', 'org=court');
  }));

test('requester and gate commit results in batches that grow by one, each on its own count', () =>
  world.undone(async () => {
    const [committed] = await commit('bank-a', 1);
    assert.equal(committed?.name, 'ResultCommitted');
    assert.deepEqual([committed.args.org, committed.args.batch, committed.args.count], ['bank-a', 1, 2]);
    await commit('meter', 1);
    await refused(commit('bank-a', 1), 'EvidenceBatchOutOfOrder', 'requestId=request, expected=2, given=1');
    await refused(commit('bank-a', 3), 'EvidenceBatchOutOfOrder', 'requestId=request, expected=2, given=3');
    await commit('bank-a', 2, 3);
    const [results] = Array.from(await world.view('evidence', 'resultsOf', [id, word('bank-a')]));
    assert.deepEqual(Array.from(results as unknown as bigint[]), [2n, 5n]);
    assert.equal((await world.view('evidence', 'resultCommitment', [id, word('bank-a'), 2]))[0], word('batch'));
  }));

test('results stay within the quota of the request', () =>
  world.undone(async () => {
    await refused(commit('bank-a', 1, 11), 'EvidenceOverQuota', 'requestId=request, quota=10, given=11');
    await commit('bank-a', 1, 10);
    await refused(commit('bank-a', 2, 1), 'EvidenceOverQuota', 'requestId=request, quota=10, given=11');
  }));

test('refuses results of others, of requests that were never active, and empty ones', () =>
  world.undone(async () => {
    await refused(commit('tax', 1), 'EvidenceMayNotRelease', 'requestId=request, org=tax');
    await refused(commit('bank-b', 1), 'EvidenceMayNotRelease');
    await refused(commit('stranger', 1), 'ConsortiumUnknownAccount');
    await refused(commit('bank-a', 1, 2, word('batch'), word('waiting')), 'EvidenceMayNotRelease');
    await refused(commit('bank-a', 1, 2, word('batch'), word('unknown')), 'EvidenceMayNotRelease');
    await refused(commit('bank-a', 1, 2, zero), 'EvidenceZeroCommitment');
    await refused(commit('bank-a', 1, 0), 'EvidenceEmptyBatch');
    await suspend(world, 'meter');
    await refused(commit('meter', 1), 'ConsortiumNotActive');
  }));
