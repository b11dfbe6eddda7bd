/** Sampling audits on paper: what a regulator can and cannot do, what its report says, what the bank keeps. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { challengeFrom } from '@sealedger/sdk/consent-sampling.ts';
import { organisation } from '../node/support/organisations.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { digestOf, type PaperWorld, paperWorld, regulator, report, START, worldWith } from './support/paper-audit.ts';

const [anna, ben, carla, dora] = subjectsOf(4) as [never, never, never, never];

describe('a regulator', () => {
  let world: PaperWorld;
  before(async () => {
    world = await worldWith([anna, ben, carla, dora]);
    for (const subject of [anna, ben, carla, dora]) await world.unlock([subject]);
    world.anchor();
  });

  it('samples no query that was anchored after it committed to the beacon', async () => {
    const beacon = world.beacon(7);
    world.anchor();
    await world.unlock([anna]);
    world.anchor();
    assert.equal(world.challenge({ beacon }).body.gates[0]!.total, 4);
  });

  it('cannot choose: the bank opens what the beacon picked and nothing else', async () => {
    const { body } = world.challenge({ sampleSize: 2, beacon: world.beacon(3) });
    const [first, ...others] = body.gates;
    const sign = (changed: typeof body) => regulator.envelope(domains.consentChallenge, changed);
    const shifted = first!.sample.map((query) => ({ ...query, number: (query.number + 1) % 4 }));
    const chosen = sign({ ...body, gates: [{ ...first!, sample: shifted }, ...others] });
    await assert.rejects(world.open(chosen), refusal('CONSENT_CHALLENGE_SAMPLE'));
    const other = sign({ ...body, beacon: { ...body.beacon, value: digestOf('mine') } });
    await assert.rejects(world.open(other), refusal('CONSENT_CHALLENGE_BEACON'));
    const later = sign({ ...body, beacon: { ...body.beacon, commitBlock: body.beacon.commitBlock + 1 } });
    await assert.rejects(world.open(later), refusal('CONSENT_CHALLENGE_BEACON'));
    const smaller = sign({ ...body, gates: [{ ...first!, checkpoint: { ...first!.checkpoint, size: 1 } }, ...others] });
    await assert.rejects(world.open(smaller), refusal('CONSENT_CHALLENGE_SAMPLE'));
    const twice = sign({ ...body, gates: [first!, first!] });
    await assert.rejects(world.open(twice), refusal('CONSENT_CHALLENGE_SAMPLE'));
    const foreign = sign({ ...body, requester: 'other-bank' });
    await assert.rejects(world.open(foreign), refusal('CONSENT_CHALLENGE_OTHER'));
  });

  it('must be one: nobody else’s challenge is opened, and no other regulator uses its beacon', async () => {
    const { body } = world.challenge({ beacon: world.beacon(4) });
    const gate = organisation('bureau', ['registrar', 'gate']);
    await assert.rejects(world.open(gate.envelope(domains.consentChallenge, body)), refusal('ROLE_MISSING'));
    const stranger = organisation('nobody', ['regulator']);
    await assert.rejects(world.open(stranger.envelope(domains.consentChallenge, body)), refusal('MEMBER_UNKNOWN'));
    const other = organisation('other', ['regulator']);
    await assert.rejects(
      world.open(other.envelope(domains.consentChallenge, body)),
      refusal('CONSENT_CHALLENGE_BEACON'),
    );
  });

  it('asks in time: after the window nothing needs to be opened', async () => {
    const late = await worldWith([anna]);
    await late.unlock([anna]);
    late.anchor();
    const challenge = late.challenge();
    late.tick(30 * 86_400 + 180 * 86_400);
    await assert.rejects(late.open(challenge), refusal('CONSENT_WINDOW_OVER'));
  });

  it('has nothing to ask where the request names no holder', async () => {
    const without = paperWorld({ consent: null });
    without.anchor();
    const { view, requestId } = without;
    const draw = () => challengeFrom(view, requestId, without.beacon(), { sampleSize: 1, deadline: START });
    assert.throws(draw, refusal('CONSENT_NOT_ASKED'));
  });
});

describe('the report', () => {
  it('says how likely a finding was, and that a small sample proves little', async () => {
    const world = await worldWith([anna]);
    for (let i = 0; i < 4; i++) await world.unlock(new Array(50).fill(anna));
    world.anchor();
    const sample = await world.audit({ sampleSize: 2 });
    const { gates, outcome } = report(world, sample, 2);
    assert.equal(outcome, 'passed');
    assert.deepEqual([gates[0]!.total, gates[0]!.sampled, gates[0]!.detection.without], [200, 2, 2]);
    // 1 - (198/200)(197/199)
    assert.ok(Math.abs(gates[0]!.detection.probability - (1 - (198 * 197) / (200 * 199))) < 1e-12);
    assert.equal(gates[0]!.detection.least95, 155);
    const all = await world.audit({ sampleSize: 500 });
    assert.deepEqual(
      [report(world, all, 500).gates[0]!.detection.probability, report(world, all, 500).gates[0]!.detection.least95],
      [1, 1],
    );
  });

  it('has no identifier, blind or salt in it', async () => {
    const world = await worldWith([anna]);
    await world.unlock([anna, carla], false);
    const secrets: string[] = [anna, carla];
    const sample = await world.audit({
      forge: (opening) => {
        for (const { blind, consent } of opening.queries)
          secrets.push(blind, ...(consent === null ? [] : [consent.salt]));
        return opening;
      },
    });
    assert.ok(secrets.length > 6);
    assertFree(report(world, sample), secrets);
  });

  it('leaves the outcome open where the gate’s log is in doubt', async () => {
    const world = await worldWith([anna]);
    await world.unlock([anna]);
    const sample = await world.audit();
    const doubt = { code: 'FINDING_UNLOCKS_GAP', org: 'bureau' } as never;
    const elsewhere = { code: 'FINDING_LOG_REWOUND', org: 'court' } as never;
    assert.equal(report(world, sample, 100, [doubt]).outcome, 'incomplete');
    assert.equal(report(world, sample, 100, [elsewhere]).outcome, 'passed');
  });
});

describe('what the bank keeps', () => {
  it('is sealed: no identifier stands in its store, and none is left after it is erased', async () => {
    const world = await worldWith([anna, ben]);
    await world.unlock([anna, ben]);
    await world.unlock([ben]);
    const stored = [...world.store.values].map(([key, value]) => `${key} ${Buffer.from(value).toString('latin1')}`);
    assertFree(stored.join(), [anna, ben]);
    const { blindedDigest } = world.entries.get('bureau')![0]!.fields;
    const queries = world.consent.queries();
    assert.deepEqual((await queries.find(world.requestId, String(blindedDigest)))?.subjects, [anna, ben]);
    assert.equal(await queries.erase(world.requestId, 'bureau'), 2);
    assert.equal(await queries.find(world.requestId, String(blindedDigest)), undefined);
    assert.equal(await queries.erase(world.requestId, 'bureau'), 0);
    assert.equal((await world.audit()).queries.filter(({ found }) => found?.finding === 'not-opened').length, 3);
  });

  it('does not open under another organisation’s secret', async () => {
    const world = await worldWith([anna]);
    const { createVault } = await import('@sealedger/sdk/vault.ts');
    const { openConsentBook } = await import('@sealedger/sdk/consent.ts');
    const randomBytes = () => new Uint8Array(32);
    const thief = createVault({
      domain: domains.consentStore,
      org: 'bank',
      seed: utf8('0'.repeat(32)),
      store: world.store,
      randomBytes,
    });
    const opened = openConsentBook({ org: 'bank', vault: thief, ledger: world.ledger, randomBytes });
    await assert.rejects(opened, refusal('SEALED_RECORD'));
  });
});
