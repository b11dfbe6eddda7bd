import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type ActorName,
  createWorld,
  GENESIS_SECONDS,
  type OrgName,
  publish,
  refused,
  suspend,
  type World,
  word,
} from './world.ts';

const zero = `0x${'0'.repeat(64)}`;
const request = word('request');
let world: World;
let income: string;
let cases: string;
let register: string;

before(async () => {
  world = await createWorld();
  income = await publish(world, 'tax', 'income');
  cases = await publish(world, 'court', 'cases');
  register = await publish(world, 'bureau', 'register');
});
after(() => world.close());

const record = (actor: ActorName, id: string, score: number, report = `report-${score}`, rules = word('rules')) =>
  world.send(actor, 'catalogue', 'recordQuality', [id, rules, score, report === '' ? zero : word(report)]);
const withdraw = (actor: ActorName, id: string) => world.send(actor, 'catalogue', 'withdraw', [id]);
const qualityOf = async (id: string) => {
  const [quality] = Array.from(await world.view('catalogue', 'qualityOf', [id]));
  const { round, scoreBasisPoints } = quality as unknown as { round: bigint; scoreBasisPoints: bigint };
  return [Number(round), Number(scoreBasisPoints)];
};

describe('recording quality', () => {
  test('its owner records rounds that count from 1, and the latest one stands', () =>
    world.undone(async () => {
      assert.deepEqual(await qualityOf(income), [0, 0]);
      const [first] = await record('tax', income, 9_000);
      assert.ok(first?.name === 'QualityRecorded');
      assert.deepEqual([first.args.round, first.args.scoreBasisPoints, first.args.owner], [1, 9_000, 'tax']);
      const [second] = await record('tax', income, 0);
      assert.ok(second?.name === 'QualityRecorded' && second.args.round === 2);
      assert.deepEqual(await qualityOf(income), [2, 0]);
      await record('tax', income, 10_000);
      assert.deepEqual(await qualityOf(income), [3, 10_000]);
      assert.deepEqual(await qualityOf(cases), [0, 0]);
    }));

  test('one report counts once, also after a later one', () =>
    world.undone(async () => {
      await record('tax', income, 9_000, 'first');
      await refused(record('tax', income, 9_000, 'first'), 'CatalogueReportRecorded', `id=${income}, round=1`);
      await record('tax', income, 9_100, 'second');
      await refused(record('tax', income, 9_900, 'first'), 'CatalogueReportRecorded', `id=${income}, round=1`);
      assert.deepEqual(await qualityOf(income), [2, 9_100]);
    }));

  test('refuses a score over 100 %, zero hashes, and a version that is unknown or withdrawn', () =>
    world.undone(async () => {
      await refused(record('tax', income, 10_001), 'CatalogueScoreOutOfRange', 'scoreBasisPoints=10001, max=10000');
      await refused(record('tax', income, 1, ''), 'CatalogueZeroHash');
      await refused(record('tax', income, 1, 'report', zero), 'CatalogueZeroHash');
      await refused(record('tax', word('unknown'), 1), 'CatalogueUnknownVersion', 'id=unknown');
      await withdraw('tax', income);
      await refused(record('tax', income, 1), 'CatalogueAlreadyWithdrawn');
    }));

  test('nobody but its active owner records it', () =>
    world.undone(async () => {
      await refused(record('court', income, 10_000), 'CatalogueNotOwner');
      await refused(record('bank-a', income, 10_000), 'CatalogueRoleMissing', 'org=bank-a');
      await refused(record('stranger', income, 10_000), 'ConsortiumUnknownAccount');
      await suspend(world, 'tax');
      await refused(record('tax', income, 10_000), 'ConsortiumNotActive', 'org=tax');
      assert.deepEqual(await qualityOf(income), [0, 0]);
    }));
});

describe('the quality floor of a request', () => {
  const submit = (qualityFloor: number) =>
    world.send('bank-a', 'requests', 'submit', [
      [
        request,
        word('credit'),
        word('model'),
        [income, cases],
        register,
        [word('meter')],
        10,
        GENESIS_SECONDS + 100_000_000,
        false,
        qualityFloor,
        zero,
      ],
    ]);
  const open = (attempt: number) => world.send('bank-a', 'requests', 'openAttempt', [request, attempt]);
  const activate = async (qualityFloor: number): Promise<void> => {
    await submit(qualityFloor);
    for (const owner of ['tax', 'court', 'bureau'] as const satisfies OrgName[]) {
      await world.send(owner, 'requests', 'decide', [request, true, word('reason'), word('grant')]);
    }
    await world.send('meter', 'requests', 'publishGateKey', [request, word('key')]);
  };

  test('stands in the terms, and is at most 100 %', () =>
    world.undone(async () => {
      await refused(submit(10_001), 'RequestsQualityFloorOutOfRange', 'qualityFloor=10001, max=10000');
      const [submitted] = await submit(10_000);
      assert.ok(submitted?.name === 'RequestSubmitted' && submitted.args.qualityFloor === 10_000);
      const [terms] = Array.from(await world.view('requests', 'termsOf', [request]));
      assert.equal((terms as unknown as { qualityFloor: bigint }).qualityFloor, 10_000n);
    }));

  test('opens no attempt while a version has no score or one below it', () =>
    world.undone(async () => {
      await activate(9_500);
      await refused(open(1), 'RequestsQualityMissing', `id=request, datasetVersion=${income}`);
      await record('tax', income, 9_500);
      await refused(open(1), 'RequestsQualityMissing', `id=request, datasetVersion=${cases}`);
      await record('court', cases, 9_499);
      const low = `id=request, datasetVersion=${cases}, floor=9500, score=9499`;
      await refused(open(1), 'RequestsQualityBelowFloor', low);
      await record('court', cases, 9_600);
      await open(1);
      await record('tax', income, 9_000);
      await refused(open(2), 'RequestsQualityBelowFloor');
    }));

  test('where there is none, needs no score', () =>
    world.undone(async () => {
      await activate(0);
      await open(1);
      await record('tax', income, 0);
      await open(2);
    }));

  test('no attempt opens over a version that was withdrawn after the request, and the request can end', () =>
    world.undone(async () => {
      await activate(0);
      await open(1);
      await withdraw('court', cases);
      await refused(open(2), 'RequestsDatasetNotPublished', `datasetVersion=${cases}`);
      await world.send('bank-a', 'requests', 'complete', [request]);
    }));

  test('no attempt opens over a withdrawn register version', () =>
    world.undone(async () => {
      await activate(0);
      await withdraw('bureau', register);
      await refused(open(1), 'RequestsDatasetNotPublished', `datasetVersion=${register}`);
    }));
});
