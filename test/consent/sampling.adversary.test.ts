/** Sampling audits on paper: what a dishonest bank, gate, holder or regulator can try, and what is found. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import type { ConsentOpening } from '@sealedger/protocol/consent-audit.ts';
import { decodeConsentEntries, encodeConsentEntries } from '@sealedger/protocol/consent-history.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { checkOpening, unopenedSample } from '@sealedger/sdk/consent-sampling.ts';
import { organisation } from '../node/support/organisations.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import {
  digestOf,
  findingsOf,
  paperWorld,
  poprf,
  receiptFor,
  report,
  START,
  worldWith,
} from './support/paper-audit.ts';

const [anna, ben, carla, dora] = subjectsOf(4) as [never, never, never, never];

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

function flip(hex: string): string {
  return `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`;
}
