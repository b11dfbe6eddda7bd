/** Sampling audits on paper: what a dishonest bank, gate, holder or regulator can try, and what is found. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import type { ConsentOpening } from '@sealedger/protocol/consent-audit.ts';
import { decodeConsentEntries, encodeConsentEntries } from '@sealedger/protocol/consent-history.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { reportOfSample } from '@sealedger/sdk/consent-report.ts';
import { type CheckedSample, challengeFrom, checkOpening, unopenedSample } from '@sealedger/sdk/consent-sampling.ts';
import { organisation } from '../node/support/organisations.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import {
  digestOf,
  findingsOf,
  type PaperWorld,
  paperWorld,
  poprf,
  receiptFor,
  regulator,
  START,
} from './support/paper-audit.ts';

const [anna, ben, carla, dora] = subjectsOf(4) as [never, never, never, never];

/** Receipts of the subjects on chain. */
async function worldWith(subjects: readonly string[]): Promise<PaperWorld> {
  const world = paperWorld();
  await world.add(subjects.map((subject) => receiptFor(subject)));
  await world.commit();
  world.tick(5);
  return world;
}

/** The queries that an opening is about, changed one by one. */
function eachQuery(
  change: (query: ConsentOpening['queries'][number], i: number) => ConsentOpening['queries'][number] | null,
) {
  return (opening: ConsentOpening): ConsentOpening => ({
    ...opening,
    queries: opening.queries.flatMap((query, i) => change(query, i) ?? []),
  });
}

describe('a bank with consents', () => {
  it('unlocks, opens what is sampled, and passes', async () => {
    const world = await worldWith([anna, ben]);
    await world.unlock([anna, ben]);
    assert.deepEqual(findingsOf(await world.audit()), ['-', '-', '-', '-']);
  });

  it('is refused by its own SDK for a subject without a receipt, before a gate hears of it', async () => {
    const world = await worldWith([anna]);
    const refused = refusal('CONSENT_RECEIPT_MISSING', { without: 1, place: 2, reason: 'no-receipt' });
    await assert.rejects(world.unlock([anna, carla]), (error) => {
      assertFree(error, [carla]);
      return refused(error);
    });
    assert.equal(world.entries.get('bureau')!.length, 0);
  });

  it('is refused for a receipt that no root covers yet, and served once one does', async () => {
    const world = await worldWith([anna]);
    await world.add([receiptFor(ben)]);
    await assert.rejects(world.unlock([ben]), refusal('CONSENT_RECEIPT_MISSING', { reason: 'no-receipt' }));
    await world.commit();
    await world.unlock([ben]);
    assert.deepEqual(findingsOf(await world.audit()), ['-', '-']);
  });

  it('is refused for receipts of another requester, purpose, scope or time, and for withdrawn ones', async () => {
    const changes = {
      'other-requester': { requester: 'other-bank' },
      'other-purpose': { purpose: 'post-loan-monitoring' },
      'out-of-scope': { scope: ['court'] },
      'not-in-force': { issuedAt: START - 90, expiresAt: START - 30 },
    } as const;
    for (const [reason, change] of Object.entries(changes)) {
      const world = paperWorld();
      await world.add([receiptFor(anna, { ...change, scope: [...('scope' in change ? change.scope : [])] })]);
      await world.commit();
      await assert.rejects(world.unlock([anna]), refusal('CONSENT_RECEIPT_MISSING', { reason }));
    }
    const world = await worldWith([anna]);
    await (await world.consent.book()).withdraw([0]);
    await assert.rejects(world.unlock([anna]), refusal('CONSENT_RECEIPT_MISSING', { reason: 'withdrawn' }));
  });
});

describe('a bank that bypasses its SDK', () => {
  it('is found where a subject had no receipt', async () => {
    const world = await worldWith([anna]);
    await world.unlock([anna, carla], false);
    assert.deepEqual(findingsOf(await world.audit()), ['-', 'no-receipt', '-', 'no-receipt']);
  });

  it('is found where the receipt was added and committed to after the query, also backdated', async () => {
    const world = await worldWith([anna]);
    await world.unlock([ben], false);
    world.tick();
    await world.add([receiptFor(ben, { issuedAt: START - 86_400 })]);
    await world.commit();
    assert.deepEqual(findingsOf(await world.audit()), ['no-receipt', 'no-receipt']);
  });

  it('is found for queries after a withdrawal’s block, and not for those before', async () => {
    const world = await worldWith([anna]);
    await world.unlock([anna]);
    await (await world.consent.book()).withdraw([0]);
    await world.commit();
    world.tick();
    await world.unlock([anna], false);
    assert.deepEqual(findingsOf(await world.audit()), ['-', 'withdrawn', '-', 'withdrawn']);
  });

  it('is found for receipts of another requester, purpose, scope or time', async () => {
    const changes = {
      'other-requester': { requester: 'other-bank' },
      'other-purpose': { purpose: 'post-loan-monitoring' },
      'out-of-scope': { scope: ['court'] },
      'not-in-force': { issuedAt: START - 90, expiresAt: START - 30 },
    } as const;
    for (const [finding, change] of Object.entries(changes)) {
      const world = paperWorld();
      await world.add([receiptFor(anna, { ...change, scope: [...('scope' in change ? change.scope : [])] })]);
      await world.commit();
      world.tick(5);
      await world.unlock([anna], false);
      assert.deepEqual(findingsOf(await world.audit()), [finding, finding]);
    }
  });

  it('gets no help from another’s receipt, subject, blind or query', async () => {
    const world = await worldWith([anna, ben]);
    await world.unlock([anna, ben]);
    await world.unlock([carla, dora], false);
    const audit = (forge: Parameters<typeof eachQuery>[0]) => world.audit({ forge: eachQuery(forge) });
    const honest: ConsentOpening[] = [];
    await world.audit({
      forge: (opening) => {
        honest.push(opening);
        return opening;
      },
    });
    const [first, second] = honest[0]!.queries;
    const bad = (finding: string): string[] => ['-', '-', finding, finding, '-', '-', finding, finding];
    // receipts of those who agreed, for those who did not
    const lent = await audit((query) => (query.consent === null ? { ...query, consent: first!.consent } : query));
    assert.deepEqual(findingsOf(lent), bad('no-receipt'));
    // those who agreed, in place of those who did not
    const posed = await audit((query) =>
      query.consent === null ? { ...first!, gate: query.gate, number: query.number } : query,
    );
    assert.deepEqual(findingsOf(posed), bad('other-query'));
    const blinded = await audit((query) =>
      query.consent === null ? { ...query, blind: second!.blind, consent: second!.consent } : query,
    );
    assert.deepEqual(findingsOf(blinded), bad('other-query'));
    for (const blind of ['00'.repeat(32), 'ff'.repeat(32)]) {
      const none = await audit((query) =>
        query.consent === null ? { ...query, blind, consent: first!.consent } : query,
      );
      assert.deepEqual(findingsOf(none), bad('other-query'));
    }
    const nobody = await audit((query) =>
      query.consent === null ? { ...query, subject: 'nobody', consent: first!.consent } : query,
    );
    assert.deepEqual(findingsOf(nobody), bad('other-query'));
  });

  it('is found where it opens less than was sampled, or hands in other elements', async () => {
    const world = await worldWith([anna, ben]);
    await world.unlock([anna, ben]);
    const silent = await world.audit({ forge: eachQuery((query, i) => (i === 1 ? null : query)) });
    assert.deepEqual(findingsOf(silent), ['-', 'not-opened', '-', '-']);
    const nothing = await world.audit({ forge: (opening) => ({ ...opening, queries: [], orders: [] }) });
    assert.deepEqual(new Set(findingsOf(nothing)), new Set(['not-opened']));
    const swapped = await world.audit({
      forge: (opening) => ({
        ...opening,
        orders: opening.orders.map(({ elements }) => ({ elements: flip(elements) })),
      }),
    });
    assert.deepEqual(new Set(findingsOf(swapped)), new Set(['not-opened']));
    const challenge = world.challenge();
    assert.deepEqual(new Set(findingsOf(unopenedSample(challenge.body))), new Set(['not-opened']));
  });

  it('cannot pass off an opening of another challenge, nor somebody else’s', async () => {
    const world = await worldWith([anna, ben]);
    await world.unlock([anna, ben]);
    world.anchor();
    const first = world.challenge();
    const { sealed } = await world.open(first);
    world.tick(10);
    const second = world.challenge({ beacon: world.beacon(2) });
    await assert.rejects(world.unseal(sealed, second), refusal('SEALED_BOX_OPEN_FAILED'));
    const relabelled = { ...sealed, body: { ...sealed.body, about: digestOf('x') } };
    await assert.rejects(world.unseal(relabelled, first), refusal('ENVELOPE_SIGNATURE'));
    const other = organisation('other-bank', ['bank']);
    const stolen = other.envelope(domains.consentOpening, sealed.body);
    await assert.rejects(world.unseal(stolen as typeof sealed, first), refusal('ENVELOPE_SIGNER'));
    const opening = await world.unseal(sealed, first);
    const elsewhere = { ...opening, document: { ...opening.document, quota: 99 } };
    const check = (one: ConsentOpening) => () =>
      checkOpening(world.view, first.body, one, { poprf, toleranceMs: 10_000 });
    assert.throws(check(elsewhere), refusal('CONSENT_OPENING_OTHER'));
    const foreignLog = { ...opening, log: { ...opening.log, holder: 'authority' } };
    assert.throws(check(foreignLog), refusal('CONSENT_OPENING_OTHER'));
  });
});

describe('a holder', () => {
  const forgeLog =
    (change: (entries: ReturnType<typeof decodeConsentEntries>) => ReturnType<typeof decodeConsentEntries>) =>
    (opening: ConsentOpening): ConsentOpening => {
      const entries = change(decodeConsentEntries(fromHex(opening.log.entries)));
      return { ...opening, log: { ...opening.log, entries: toHex(encodeConsentEntries(entries)) } };
    };

  it('that shows another log than the one on chain is found, whatever it changed', async () => {
    const world = await worldWith([anna, ben]);
    await world.unlock([anna, ben]);
    await (await world.consent.book()).withdraw([1]);
    await world.commit();
    world.tick();
    await world.unlock([ben], false);
    const withdrawalAsReceipt = forgeLog((entries) =>
      entries.map((entry) => (entry.kind === 'withdrawal' ? { kind: 'receipt', hash: digestOf('x') } : entry)),
    );
    const forged = await world.audit({ forge: withdrawalAsReceipt });
    assert.deepEqual(forged.forkedAt, [3]);
    assert.ok(findingsOf(forged).includes('no-receipt'));
    const swapped = await world.audit({ forge: forgeLog(([one, two, ...rest]) => [two!, one!, ...rest]) });
    assert.deepEqual(swapped.forkedAt, [2, 3]);
    assert.deepEqual(new Set(findingsOf(swapped)), new Set(['no-receipt']));
    const shrunk = await world.audit({ forge: forgeLog((entries) => entries.slice(0, 1)) });
    assert.deepEqual(new Set(findingsOf(shrunk)), new Set(['no-receipt']));
    const garbage = await world.audit({ forge: (opening) => ({ ...opening, log: { ...opening.log, entries: '07' } }) });
    assert.ok(garbage.forkedAt.length > 0);
    assert.deepEqual(new Set(findingsOf(garbage)), new Set(['no-receipt']));
    assert.deepEqual((await world.audit()).forkedAt, []);
  });

  it('does not commit to a log that the chain has grown past, or to another one', async () => {
    const world = await worldWith([anna]);
    const copy = new Map(world.store.values);
    await world.add([receiptFor(ben)]);
    await world.commit();
    world.store.values.clear();
    for (const [key, value] of copy) world.store.values.set(key, value);
    const restored = paperWorld();
    for (const [key, value] of copy) restored.store.values.set(key, value);
    restored.facts.push(...world.facts);
    await assert.rejects(restored.commit(), refusal('CONSENT_LOG_REWOUND', { size: 1, committed: 2 }));
    await restored.add([receiptFor(carla)]);
    await restored.add([receiptFor(dora)]);
    await assert.rejects(restored.commit(), refusal('CONSENT_LOG_FORKED', { size: 2 }));
  });
});

describe('a gate', () => {
  async function worldOfGate(change: (fields: Record<string, unknown>, timeMs: number) => Record<string, unknown>) {
    const world = await worldWith([anna]);
    await world.unlock([anna]);
    const log = world.entries.get('bureau')!;
    log[0] = { ...log[0]!, fields: change({ ...log[0]!.fields }, log[0]!.timeMs) as never };
    return world;
  }

  it('that did not look at the log of consents is found, and the bank is not blamed', async () => {
    const world = await worldOfGate(({ consentSize: _, ...rest }) => rest);
    const sample = await world.audit();
    assert.deepEqual(findingsOf(sample), ['unchecked', '-']);
    assert.equal(report(world, sample).outcome, 'incomplete');
  });

  it('that names a log which was never on chain, or not yet, is found', async () => {
    assert.deepEqual(findingsOf(await (await worldOfGate((fields) => ({ ...fields, consentSize: 9 }))).audit()), [
      'unknown-root',
      '-',
    ]);
    const world = await worldWith([anna]);
    await world.unlock([ben], false);
    world.anchor();
    world.tick(1);
    await world.add([receiptFor(ben)]);
    await world.commit();
    const log = world.entries.get('bureau')!;
    log[0] = { ...log[0]!, fields: { ...log[0]!.fields, consentSize: 2 } };
    assert.deepEqual(findingsOf(await world.audit()), ['unknown-root', 'no-receipt']);
  });

  it('that goes on with a log that was replaced long before is found', async () => {
    const world = await worldWith([anna, ben]);
    await (await world.consent.book()).withdraw([0]);
    await world.commit();
    world.tick(60);
    await world.unlock([anna], false);
    const log = world.entries.get('bureau')!;
    log[0] = { ...log[0]!, fields: { ...log[0]!.fields, consentSize: 2 } };
    assert.deepEqual(findingsOf(await world.audit()), ['stale-root', 'withdrawn']);
  });

  it('whose log could not be read to its anchor stops the audit before it begins', async () => {
    const world = await worldWith([anna]);
    await world.unlock([anna]);
    world.anchor();
    world.entries.set('tax', []);
    assert.throws(() => world.challenge(), refusal('CONSENT_LOG_UNREAD', { org: 'tax' }));
  });
});

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

function report(world: PaperWorld, sample: CheckedSample, sampleSize = 100, logFindings: readonly never[] = []) {
  return reportOfSample({
    regulator: 'watch',
    challenge: world.challenge({ sampleSize }).body,
    challengeDigest: digestOf('challenge'),
    sample,
    logFindings,
    unrevealedBeacons: 0,
    checkedAt: new Date(world.clock.now()).toISOString(),
  });
}

function flip(hex: string): string {
  return `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`;
}

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
    const thief = createVault({ org: 'bank', seed: utf8('0'.repeat(32)), store: world.store, randomBytes });
    const opened = openConsentBook({ org: 'bank', vault: thief, ledger: world.ledger, randomBytes });
    await assert.rejects(opened, refusal('SEALED_BOX_OPEN_FAILED'));
  });
});
