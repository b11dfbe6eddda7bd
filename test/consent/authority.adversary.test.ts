/** Consents that an authority holds, and not the bank: what the bank may use of them, and what a sample then finds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import { refusal } from '../node/support/refusals.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { findingsOf, type PaperWorld, paperWorld, receiptFor } from './support/paper-audit.ts';

const [anna, ben, carla] = subjectsOf(3) as [SubjectId, SubjectId, SubjectId];

/** An authority with receipts of these subjects on chain, of which the bank has its share. */
async function authorityWith(...subjects: readonly string[]): Promise<PaperWorld> {
  const world = paperWorld({ consent: { holder: 'consent-office' } });
  await world.add(subjects.map((subject) => receiptFor(subject)));
  await world.commit();
  await world.share();
  world.tick(5);
  return world;
}

describe('a bank whose consents an authority holds', () => {
  it('unlocks with its share, opens what is sampled from it, and passes', async () => {
    const world = await authorityWith(anna, ben);
    await world.unlock([anna, ben]);
    assert.deepEqual(findingsOf(await world.audit()), ['-', '-', '-', '-']);
  });

  it('unlocks nothing before the authority’s root is on chain and its share has come', async () => {
    const world = paperWorld({ consent: { holder: 'consent-office' } });
    await world.add([receiptFor(anna)]);
    await assert.rejects(world.unlock([anna]), refusal('CONSENT_ROOT_MISSING', { holder: 'consent-office' }));
    await world.commit();
    world.tick(5);
    await assert.rejects(world.unlock([anna]), refusal('CONSENT_SHARE_MISSING', { holder: 'consent-office' }));
    assert.equal(await world.share(), 1);
    await world.unlock([anna]);
    assert.equal(world.entries.get('bureau')!.length, 1);
  });

  it('is refused by its own SDK for who gave the authority no receipt, and for a receipt of another bank', async () => {
    const world = await authorityWith(anna);
    await world.add([receiptFor(ben, { requester: 'other-bank' })]);
    await world.commit();
    await world.share();
    world.tick(5);
    for (const subject of [ben, carla]) {
      await assert.rejects(world.unlock([subject]), refusal('CONSENT_RECEIPT_MISSING', { reason: 'no-receipt' }));
    }
  });

  it('uses no old share: after the authority committed to more it must fetch anew, and finds a withdrawal there', async () => {
    const world = await authorityWith(anna, ben);
    await (await world.authority.book()).withdraw([0]);
    await world.commit();
    world.tick(5);
    await assert.rejects(world.unlock([anna]), refusal('CONSENT_SHARE_OLD', { holder: 'consent-office' }));
    await world.share();
    await assert.rejects(world.unlock([anna]), refusal('CONSENT_RECEIPT_MISSING', {}));
    await world.unlock([ben]);
  });

  it('that goes round its SDK is found by a sample, for a subject that the authority has no receipt of', async () => {
    const world = await authorityWith(anna);
    await world.unlock([anna]);
    await world.unlock([carla], false);
    const findings = findingsOf(await world.audit());
    assert.deepEqual(findings.filter((finding) => finding !== '-').length, 2, 'one at each gate');
    assert.equal(findings.length, 4);
  });

  it('gets no help from a log of its own: only the named holder’s counts', async () => {
    const world = await authorityWith(anna);
    // the bank writes itself a receipt
    await (await world.consent.book()).add([receiptFor(carla)]);
    await assert.rejects(world.unlock([carla]), refusal('CONSENT_RECEIPT_MISSING', { reason: 'no-receipt' }));
  });
});
