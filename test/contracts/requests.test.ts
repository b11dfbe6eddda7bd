import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ActorName, createWorld, GENESIS_SECONDS, publish, refused, suspend, type World, word } from './world.ts';

const id = word('request');
const zero = `0x${'0'.repeat(64)}`;
const states = [
  'none',
  'submitted',
  'active',
  'rejected',
  'revoked',
  'withdrawn',
  'completed',
  'expired',
  'suspended',
  'superseded',
];
const expiresAt = GENESIS_SECONDS + 100_000_000;

type Terms = {
  requestDigest: string;
  purpose: string;
  modelDigest: string;
  datasetVersions: readonly string[];
  registerVersion: string;
  gates: readonly string[];
  quota: bigint | number;
  expiresAt: number;
  singleDepartment: boolean;
  qualityFloor: number;
  previous: string;
};

let world: World;
let terms: Terms;
let datasets: { readonly income: string; readonly assets: string; readonly cases: string; readonly register: string };

before(async () => {
  world = await createWorld();
  datasets = {
    income: await publish(world, 'tax', 'income'),
    assets: await publish(world, 'tax', 'assets'),
    cases: await publish(world, 'court', 'cases'),
    register: await publish(world, 'bureau', 'register'),
  };
  terms = {
    requestDigest: id,
    purpose: word('credit'),
    modelDigest: word('model'),
    datasetVersions: [datasets.income, datasets.cases],
    registerVersion: datasets.register,
    gates: [word('bureau'), word('meter')],
    quota: 10,
    expiresAt,
    singleDepartment: false,
    qualityFloor: 0,
    previous: zero,
  };
});
after(() => world.close());

const call = (actor: ActorName, name: string, ...args: readonly unknown[]) => world.send(actor, 'requests', name, args);
const submit = (changes: Partial<Terms> = {}, actor: ActorName = 'bank-a') =>
  call(actor, 'submit', Object.values({ ...terms, ...changes }));
const approve = (actor: ActorName) => call(actor, 'decide', id, true, word('reason'), word('grant'));
const reject = (actor: ActorName) => call(actor, 'decide', id, false, word('reason'), zero);
const publishKey = (actor: ActorName) => call(actor, 'publishGateKey', id, word(`key-${actor}`));
const one = async (name: string, ...args: readonly unknown[]) => (await world.view('requests', name, args))[0];
const state = async () => states[Number(await one('stateOf', id))];
const inState = (wanted: string) => `id=request, state=${states.indexOf(wanted)}`;

async function activate(): Promise<void> {
  await submit();
  for (const decider of ['tax', 'court', 'bureau'] as const) await approve(decider);
  for (const gate of ['bureau', 'meter'] as const) await publishKey(gate);
  assert.equal(await state(), 'active');
}

describe('submitting a request', () => {
  test('names the owners as deciders, and the datasets owners and gates as participants', () =>
    world.undone(async () => {
      const [submitted] = await submit({ datasetVersions: [datasets.cases, datasets.income, datasets.assets] });
      assert.equal(submitted?.name, 'RequestSubmitted');
      assert.equal(submitted.args.requester, 'bank-a');
      assert.equal(submitted.args.purpose, 'credit');
      assert.deepEqual(Array.from((await one('decidersOf', id)) as string[]), ['court', 'tax', 'bureau'].map(word));
      const participants = ['court', 'tax', 'bureau', 'meter'].map(word);
      assert.deepEqual(Array.from((await one('participantsOf', id)) as string[]), participants);
      assert.equal(await state(), 'submitted');
    }));

  test('a registrar that is no gate decides and takes no part; a department may be a gate', () =>
    world.undone(async () => {
      await submit({ gates: [word('court')] });
      assert.deepEqual(Array.from((await one('participantsOf', id)) as string[]), ['tax', 'court'].map(word));
      assert.deepEqual(Array.from((await one('decidersOf', id)) as string[]), ['tax', 'court', 'bureau'].map(word));
      const summary = (await one('summaryOf', id)) as unknown as { departments: bigint };
      assert.equal(summary.departments, 2n);
    }));

  test('is for active banks only', () =>
    world.undone(async () => {
      await refused(submit({}, 'tax'), 'RequestsRoleMissing', 'org=tax, role=1');
      await refused(submit({}, 'stranger'), 'ConsortiumUnknownAccount');
      await suspend(world, 'bank-a');
      await refused(submit(), 'ConsortiumNotActive', 'org=bank-a');
    }));

  test('refuses a known id and zero digests', () =>
    world.undone(async () => {
      await refused(submit({ requestDigest: zero }), 'RequestsZeroDigest');
      await refused(submit({ modelDigest: zero }), 'RequestsZeroDigest');
      await submit();
      await refused(submit(), 'RequestsAlreadySubmitted', 'id=request');
      await refused(submit({}, 'bank-b'), 'RequestsAlreadySubmitted');
    }));

  test('refuses datasets that are missing, repeated, unknown, withdrawn or too many', () =>
    world.undone(async () => {
      await refused(submit({ datasetVersions: [] }), 'RequestsNoDataset');
      const twice = [datasets.income, datasets.cases, datasets.income];
      await refused(submit({ datasetVersions: twice }), 'RequestsDuplicateDataset');
      const unknown = [datasets.income, word('unknown')];
      await refused(submit({ datasetVersions: unknown }), 'RequestsDatasetNotPublished', 'datasetVersion=unknown');
      await refused(submit({ registerVersion: word('unknown') }), 'RequestsDatasetNotPublished');
      const many = Array.from({ length: 129 }, (_, i) => word(`d${i}`));
      await refused(submit({ datasetVersions: many }), 'RequestsTooManyDatasets', 'count=129, max=128');
      await world.send('court', 'catalogue', 'withdraw', [datasets.cases]);
      await refused(submit(), 'RequestsDatasetNotPublished');
      await world.send('bureau', 'catalogue', 'withdraw', [datasets.register]);
      await refused(submit({ datasetVersions: [datasets.income, datasets.assets] }), 'RequestsTooFewDepartments');
      const single = { datasetVersions: [datasets.income], singleDepartment: true };
      await refused(submit(single), 'RequestsDatasetNotPublished');
    }));

  test('refuses owners and gates without their role, suspended, or unknown', () =>
    world.undone(async () => {
      await refused(submit({ registerVersion: datasets.assets }), 'RequestsRoleMissing', 'org=tax, role=4');
      const withRegister = [datasets.income, datasets.register];
      await refused(submit({ datasetVersions: withRegister }), 'RequestsRoleMissing', 'org=bureau, role=2');
      await refused(submit({ gates: [word('tax')] }), 'RequestsRoleMissing', 'org=tax, role=8');
      await refused(submit({ gates: [word('nobody')] }), 'RequestsOrganisationNotActive', 'org=nobody');
      await suspend(world, 'meter');
      await refused(submit(), 'RequestsOrganisationNotActive', 'org=meter');
      await suspend(world, 'court');
      await refused(submit({ gates: [word('bureau')] }), 'RequestsOrganisationNotActive', 'org=court');
    }));

  test('refuses gates that are missing, repeated, or more than participants may be', async () => {
    await refused(submit({ gates: [] }), 'RequestsNoGate');
    await refused(submit({ gates: [word('meter'), word('meter')] }), 'RequestsDuplicateGate', 'gate=meter');
    const many = Array.from({ length: 33 }, (_, i) => word(`g${i}`));
    await refused(submit({ gates: many }), 'RequestsTooManyParticipants', 'count=33, max=32');
  });

  test('a bank is neither owner nor gate of its own request', () =>
    world.undone(async () => {
      await refused(submit({ gates: [word('meter'), word('bank-a')] }), 'RequestsRequesterTakesPart', 'org=bank-a');
      for (const [made, voters] of [[31, ['bank-b', 'tax', 'court']]] as const) {
        const [proposal] = await world.send('bank-a', 'consortium', 'proposeRoles', [word('bank-a'), made]);
        assert.ok(proposal?.name === 'ProposalMade');
        for (const voter of voters) await world.send(voter, 'consortium', 'vote', [proposal.args.proposalId, true]);
      }
      const own = await publish(world, 'bank-a', 'own');
      await refused(submit({ datasetVersions: [datasets.income, own] }), 'RequestsRequesterTakesPart', 'org=bank-a');
      await refused(submit({ registerVersion: own }), 'RequestsRequesterTakesPart', 'org=bank-a');
    }));

  test('refuses a quota or an expiry out of range', async () => {
    const max = 1n << 40n;
    await refused(submit({ quota: 0 }), 'RequestsQuotaOutOfRange', `quota=0, max=${max}`);
    await refused(submit({ quota: max + 1n }), 'RequestsQuotaOutOfRange');
    await refused(submit({ expiresAt: await world.nowSeconds() }), 'RequestsExpiryOutOfRange');
    const term = 1830 * 86_400;
    await refused(submit({ expiresAt: (await world.nowSeconds()) + term + 60 }), 'RequestsExpiryOutOfRange');
  });

  test('one department alone needs the word for it, and the word fits one department only', () =>
    world.undone(async () => {
      const alone = [datasets.income, datasets.assets];
      await refused(submit({ datasetVersions: alone }), 'RequestsTooFewDepartments', 'departments=1');
      await refused(submit({ singleDepartment: true }), 'RequestsNotSingleDepartment', 'departments=2');
      await submit({ datasetVersions: alone, singleDepartment: true });
    }));
});

describe('deciding', () => {
  test('is active once all owners approved and all gates published, in any order', () =>
    world.undone(async () => {
      await submit();
      await publishKey('meter');
      for (const decider of ['bureau', 'tax', 'court'] as const) await approve(decider);
      assert.equal(await state(), 'submitted');
      const events = await publishKey('bureau');
      assert.deepEqual(
        events.map(({ name }) => name),
        ['GateKeyPublished', 'RequestActivated'],
      );
      assert.equal(await one('gateKey', id, word('bureau')), word('key-bureau'));
    }));

  test('one rejection rejects at once', () =>
    world.undone(async () => {
      await submit();
      await approve('tax');
      const events = await reject('court');
      assert.deepEqual(
        events.map(({ name }) => name),
        ['RequestDecided', 'RequestRejected'],
      );
      await refused(approve('bureau'), 'RequestsWrongState', inState('rejected'));
      await refused(publishKey('meter'), 'RequestsWrongState', inState('rejected'));
      const decision = (await one('decisionOf', id, word('court'))) as unknown as { verdict: bigint };
      assert.equal(decision.verdict, 2n);
    }));

  test('is for the owners, once each, with a grant where they approve and only there', () =>
    world.undone(async () => {
      await refused(approve('tax'), 'RequestsUnknownRequest', 'id=request');
      await submit();
      for (const actor of ['meter', 'bank-a', 'watchdog'] as const) {
        await refused(approve(actor), 'RequestsNotDecider', `id=request, org=${actor}`);
      }
      await refused(approve('stranger'), 'ConsortiumUnknownAccount');
      await refused(call('tax', 'decide', id, true, word('reason'), zero), 'RequestsGrantMissing');
      const rejection = call('tax', 'decide', id, false, word('reason'), word('grant'));
      await refused(rejection, 'RequestsGrantWithoutApproval');
      await approve('tax');
      await refused(approve('tax'), 'RequestsAlreadyDecided', 'id=request, org=tax');
      await refused(reject('tax'), 'RequestsAlreadyDecided');
      await suspend(world, 'court');
      await refused(approve('court'), 'ConsortiumNotActive', 'org=court');
    }));

  test('a key is published by the gates, once each, and is not zero', () =>
    world.undone(async () => {
      await refused(publishKey('meter'), 'RequestsUnknownRequest');
      await submit();
      await refused(publishKey('court'), 'RequestsNotGate', 'id=request, org=court');
      await refused(call('meter', 'publishGateKey', id, zero), 'RequestsZeroGateKey');
      await publishKey('meter');
      await refused(call('meter', 'publishGateKey', id, word('other')), 'RequestsGateKeyPublished');
      await suspend(world, 'bureau');
      await refused(publishKey('bureau'), 'ConsortiumNotActive');
    }));
});

describe('an active request', () => {
  test('opens attempts one after the other, by its requester', () =>
    world.undone(async () => {
      await submit();
      await refused(call('bank-a', 'openAttempt', id, 1), 'RequestsWrongState', inState('submitted'));
      for (const decider of ['tax', 'court', 'bureau'] as const) await approve(decider);
      for (const gate of ['bureau', 'meter'] as const) await publishKey(gate);
      await refused(call('bank-b', 'openAttempt', id, 1), 'RequestsNotRequester', 'id=request, org=bank-b');
      await refused(
        call('bank-a', 'openAttempt', id, 2),
        'RequestsAttemptOutOfOrder',
        'id=request, expected=1, given=2',
      );
      const [opened] = await call('bank-a', 'openAttempt', id, 1);
      assert.deepEqual(opened?.name === 'AttemptOpened' && opened.args.attempt, 1);
      await refused(
        call('bank-a', 'openAttempt', id, 1),
        'RequestsAttemptOutOfOrder',
        'id=request, expected=2, given=1',
      );
      await call('bank-a', 'openAttempt', id, 2);
      assert.equal(await one('attemptOf', id), 2n);
    }));

  test('opens no attempt while a participant is suspended', () =>
    world.undone(async () => {
      await activate();
      await suspend(world, 'meter');
      await refused(call('bank-a', 'openAttempt', id, 1), 'RequestsOrganisationNotActive', 'org=meter');
    }));

  test('records unlockings that grow, up to the quota, per gate', () =>
    world.undone(async () => {
      await refused(call('meter', 'recordUnlocks', id, 1), 'RequestsUnknownRequest');
      await submit();
      await refused(call('meter', 'recordUnlocks', id, 1), 'RequestsWrongState', inState('submitted'));
      for (const decider of ['tax', 'court', 'bureau'] as const) await approve(decider);
      for (const gate of ['bureau', 'meter'] as const) await publishKey(gate);
      await refused(call('court', 'recordUnlocks', id, 1), 'RequestsNotGate', 'id=request, org=court');
      await refused(call('meter', 'recordUnlocks', id, 0), 'RequestsUnlocksNotGrowing');
      await call('meter', 'recordUnlocks', id, 4);
      await refused(
        call('meter', 'recordUnlocks', id, 4),
        'RequestsUnlocksNotGrowing',
        'id=request, recorded=4, given=4',
      );
      await refused(call('meter', 'recordUnlocks', id, 11), 'RequestsOverQuota', 'id=request, quota=10, given=11');
      await call('meter', 'recordUnlocks', id, 10);
      await call('bureau', 'recordUnlocks', id, 1);
      assert.equal(await one('unlocks', id, word('meter')), 10n);
    }));

  test('takes late counts after it ended, but none where it never was active', () =>
    world.undone(async () => {
      await activate();
      await call('bank-a', 'complete', id);
      await call('meter', 'recordUnlocks', id, 3);
      await submit({ requestDigest: word('other') });
      await call('tax', 'revoke', word('other'), word('reason'));
      await refused(call('meter', 'recordUnlocks', word('other'), 1), 'RequestsWrongState', 'id=other, state=4');
      await suspend(world, 'meter');
      await refused(call('meter', 'recordUnlocks', id, 4), 'ConsortiumNotActive');
    }));

  test('is completed by its requester, and only while it is active', () =>
    world.undone(async () => {
      await submit();
      await refused(call('bank-a', 'complete', id), 'RequestsWrongState', inState('submitted'));
      for (const decider of ['tax', 'court', 'bureau'] as const) await approve(decider);
      for (const gate of ['bureau', 'meter'] as const) await publishKey(gate);
      await refused(call('bank-b', 'complete', id), 'RequestsNotRequester');
      await refused(call('stranger', 'complete', id), 'ConsortiumUnknownAccount');
      await call('bank-a', 'complete', id);
      assert.equal(await state(), 'completed');
      await refused(call('bank-a', 'complete', id), 'RequestsWrongState', inState('completed'));
      await refused(call('tax', 'revoke', id, word('reason')), 'RequestsWrongState', inState('completed'));
      await refused(call('bank-a', 'openAttempt', id, 1), 'RequestsWrongState', inState('completed'));
    }));
});

describe('ending a request', () => {
  test('its requester withdraws it before it is active', () =>
    world.undone(async () => {
      await refused(call('bank-a', 'withdraw', id), 'RequestsUnknownRequest');
      await submit();
      await refused(call('bank-b', 'withdraw', id), 'RequestsNotRequester');
      await call('bank-a', 'withdraw', id);
      assert.equal(await state(), 'withdrawn');
    }));

  test('an active request is not withdrawn', () =>
    world.undone(async () => {
      await activate();
      await refused(call('bank-a', 'withdraw', id), 'RequestsWrongState', inState('active'));
    }));

  for (const actor of ['tax', 'bureau', 'meter', 'watchdog'] as const) {
    test(`${actor} may revoke it, submitted or active`, () =>
      world.undone(async () => {
        await activate();
        await submit({ requestDigest: word('other') });
        for (const request of [id, word('other')]) {
          const [revoked] = await call(actor, 'revoke', request, word('reason'));
          assert.equal(revoked?.name, 'RequestRevoked');
          await refused(call(actor, 'revoke', request, word('reason')), 'RequestsWrongState');
        }
      }));
  }

  test('nobody else revokes, and no suspended organisation', () =>
    world.undone(async () => {
      await submit();
      await refused(call('bank-b', 'revoke', id, word('reason')), 'RequestsMayNotRevoke', 'id=request, org=bank-b');
      await refused(call('bank-a', 'revoke', id, word('reason')), 'RequestsMayNotRevoke');
      await refused(call('stranger', 'revoke', id, word('reason')), 'ConsortiumUnknownAccount');
      await refused(call('watchdog', 'revoke', word('other'), word('reason')), 'RequestsUnknownRequest');
      await suspend(world, 'watchdog');
      await refused(call('watchdog', 'revoke', id, word('reason')), 'ConsortiumNotActive');
    }));

  test('after its time nothing is granted, whether or not the expiry was recorded', () =>
    world.undone(async () => {
      await activate();
      await refused(call('stranger', 'expire', id), 'RequestsNotYetExpired', `id=request, expiresAt=${expiresAt}`);
      await world.pass(expiresAt - (await world.nowSeconds()));
      assert.equal(await state(), 'expired');
      await refused(call('bank-a', 'openAttempt', id, 1), 'RequestsWrongState', inState('expired'));
      await refused(call('bank-a', 'complete', id), 'RequestsWrongState', inState('expired'));
      await refused(call('tax', 'revoke', id, word('reason')), 'RequestsWrongState', inState('expired'));
      const [expired] = await call('stranger', 'expire', id);
      assert.equal(expired?.name, 'RequestExpired');
      await refused(call('stranger', 'expire', id), 'RequestsWrongState', inState('expired'));
      await refused(call('stranger', 'expire', word('other')), 'RequestsUnknownRequest');
      await call('meter', 'recordUnlocks', id, 2);
    }));

  test('a submitted request expires too, and is then not decided', () =>
    world.undone(async () => {
      await submit();
      await world.pass(expiresAt - (await world.nowSeconds()));
      await refused(approve('tax'), 'RequestsWrongState', inState('expired'));
      await refused(publishKey('meter'), 'RequestsWrongState', inState('expired'));
      await refused(call('bank-a', 'withdraw', id), 'RequestsWrongState', inState('expired'));
    }));
});
