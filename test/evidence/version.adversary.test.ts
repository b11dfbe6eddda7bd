/** Quality scores in bundles: what the chain records, what the owner logged, and the floor that a request asks for. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';
import { askChain } from '@sealedger/sdk/verify/later-claims.ts';
import { type Verification, verifyBundle } from '@sealedger/sdk/verify/verify-bundle.ts';
import {
  id,
  qualityDraft,
  qualityRecorded,
  requestSubject,
  type Story,
  type StoryOptions,
  tellStory,
  versionSubject,
  versions,
} from './support/request-story.ts';

async function story(t: TestContext, options?: StoryOptions): Promise<Story> {
  const told = await tellStory(options);
  t.after(() => told.close());
  return told;
}

function failed({ claims }: Verification): readonly ClaimCode[] {
  return [...new Set(claims.filter(({ status }) => status === 'fails').map(({ code }) => code))];
}

function whyOf({ claims }: Verification, code: ClaimCode): readonly (string | null)[] {
  return claims.filter((claim) => claim.code === code && claim.status !== 'holds').map(({ why }) => why);
}

function held({ claims }: Verification, code: ClaimCode): number {
  return claims.filter((claim) => claim.code === code && claim.status === 'holds').length;
}

test("the owner's part alone is the proof of a quality score", async (t) => {
  const { part, trust } = await story(t);
  const file = await part('tax', versionSubject);
  const verification = verifyBundle(file, trust);
  assert.equal(verification.verdict, 'holds');
  assert.equal(held(verification, 'VERSION_PUBLISHED'), 1);
  assert.equal(held(verification, 'QUALITY_RECORDED'), 1);
  const kinds = file.items.map(({ signed }) => signed.event.type.split('.')[2]);
  assert.deepEqual(kinds, ['quality', 'workOrder', 'version']);
});

test('a request carries the scores of its versions, and names the one that is below the floor', async (t) => {
  const whole = await story(t);
  const good = verifyBundle(await whole.bundle(), whole.trust);
  assert.equal(held(good, 'QUALITY_RECORDED'), 2);
  assert.equal(held(good, 'QUALITY_FLOOR'), 1);
  const poor = await story(t, { scoreBasisPoints: 7_999 });
  const verification = verifyBundle(await poor.bundle(), poor.trust);
  assert.deepEqual(failed(verification), ['QUALITY_FLOOR']);
  assert.deepEqual(whyOf(verification, 'QUALITY_FLOOR'), ['WHY_BELOW_FLOOR']);
  const careless = await story(t, { scoreBasisPoints: 7_999, qualityFloor: 0 });
  assert.equal(verifyBundle(await careless.bundle(), careless.trust).verdict, 'holds');
});

test('the score at the time of the attempt counts, not a better one from later', async (t) => {
  const told = await story(t, { scoreBasisPoints: 7_999 });
  for (const name of ['tax', 'social'] as const) {
    await told.logs[name].append([qualityDraft(versions[name], 2, 9_900)]);
    await told.chain.mine([qualityRecorded(name, 2, 9_900)]);
    await told.anchor(name);
  }
  const verification = verifyBundle(await told.bundle(), told.trust);
  assert.deepEqual(failed(verification), ['QUALITY_FLOOR']);
  assert.equal(held(verification, 'QUALITY_RECORDED'), 4);
});

test('a score that the log tells differently, keeps silent about, or that another organisation recorded is found', async (t) => {
  const different = await story(t);
  await different.logs.tax.append([qualityDraft(versions.tax, 2, 9_999)]);
  await different.chain.mine([qualityRecorded('tax', 2, 8_100)]);
  await different.anchor('tax');
  const told = verifyBundle(await different.part('tax', versionSubject), different.trust);
  assert.deepEqual(failed(told), ['EVENT_AGREES']);
  assert.deepEqual(whyOf(told, 'EVENT_AGREES'), ['WHY_CHAIN_DIFFERS']);

  const silent = await story(t);
  await silent.chain.mine([qualityRecorded('tax', 2, 8_100)]);
  const unlogged = verifyBundle(await silent.part('tax', versionSubject), silent.trust);
  assert.deepEqual(whyOf(unlogged, 'QUALITY_RECORDED'), ['WHY_SCORE_UNLOGGED']);

  const invented = await story(t);
  await invented.logs.tax.append([qualityDraft(versions.tax, 2, 9_999)]);
  await invented.anchor('tax');
  const absent = verifyBundle(await invented.part('tax', versionSubject), invented.trust);
  assert.deepEqual(whyOf(absent, 'EVENT_AGREES'), ['WHY_NOT_ON_CHAIN']);

  const foreign = await story(t);
  const [contract, name, args] = qualityRecorded('tax', 2, 10_000);
  await foreign.logs.tax.append([qualityDraft(versions.tax, 2, 10_000)]);
  await foreign.chain.mine([[contract, name, args.with(1, orgToBytes32('social'))]]);
  await foreign.anchor('tax');
  const stranger = verifyBundle(await foreign.part('tax', versionSubject), foreign.trust);
  assert.ok(whyOf(stranger, 'QUALITY_RECORDED').includes('WHY_SCORE_ORDER'));
  assert.equal(stranger.verdict, 'fails');
});

test('rounds of scores that skip one are found', async (t) => {
  const told = await story(t);
  await told.logs.tax.append([qualityDraft(versions.tax, 3, 8_100)]);
  await told.chain.mine([qualityRecorded('tax', 3, 8_100)]);
  await told.anchor('tax');
  const verification = verifyBundle(await told.part('tax', versionSubject), told.trust);
  assert.deepEqual(whyOf(verification, 'QUALITY_RECORDED'), ['WHY_SCORE_ORDER']);
});

test('an attempt over a version that was withdrawn is found', async (t) => {
  const told = await story(t);
  await told.chain.mine([['catalogue', 'DatasetVersionWithdrawn', [`0x${versions.tax}`, orgToBytes32('tax')]]]);
  assert.equal(verifyBundle(await told.bundle(), told.trust).verdict, 'holds');
  await told.chain.mine([['requests', 'AttemptOpened', [`0x${id('a')}`, 2]]]);
  const verification = verifyBundle(await told.bundle(), told.trust);
  assert.deepEqual(whyOf(verification, 'REQUEST_LIFE'), ['WHY_LIFE_WITHDRAWN']);
});

test('the chain that is asked afterwards knows that a version was withdrawn', async (t) => {
  const told = await story(t);
  const verification = verifyBundle(await told.part('tax', versionSubject), told.trust);
  const before = await askChain(verification, told.trust, told.chain.rpc);
  assert.equal(before.verdict, 'holds');
  await told.chain.mine([['catalogue', 'DatasetVersionWithdrawn', [`0x${versions.tax}`, orgToBytes32('tax')]]]);
  const later = await askChain(verification, told.trust, told.chain.rpc);
  assert.deepEqual(whyOf(later, 'NOTHING_LATER'), ['WHY_LATER_ENDED']);
});

test('the proof of one version is no proof of another', async (t) => {
  const told = await story(t);
  const file = await told.part('tax', versionSubject);
  const other: BundleSubject = { kind: 'version', datasetId: versions.social };
  const verification = verifyBundle({ ...file, subject: other }, told.trust);
  assert.ok(failed(verification).includes('VERSION_PUBLISHED'));
  assert.ok(failed(verification).includes('PART_COMPLETE'));
  assert.ok(failed(verification).includes('EVENT_AGREES'));
  const unknown: BundleSubject = { kind: 'version', datasetId: id('0') };
  await assert.rejects(told.part('tax', unknown), (error) => isProtocolError(error, 'EXPORT_VERSION_UNKNOWN'));
});

test('of many work orders the newest go in, and the statement counts the others', async (t) => {
  const told = await story(t);
  const order = { datasetId: versions.tax, version: 1, orderId: id('6'), state: 'closed', rows: 3 };
  const keys = Array.from({ length: 5 }, (_, i) => `order/${i}`);
  await told.logs.tax.append(keys.map((key) => ({ kind: 'workOrder', key, fields: order }) as const));
  await told.anchor('tax');
  const file = await told.part('tax', versionSubject, { maxRepairs: 2 });
  assert.equal(file.statements[0]?.statement.omittedRepairs, 4);
  const verification = verifyBundle(file, told.trust);
  assert.equal(verification.verdict, 'holds');
  assert.deepEqual(whyOf(verification, 'PART_COMPLETE'), ['WHY_REPAIRS_OMITTED']);
  const none = verifyBundle(await told.bundle(requestSubject, { maxRepairs: 0 }), told.trust);
  assert.equal(none.verdict, 'holds');
});

test('a suspended organisation vouches for nothing: valid before, not after, and again when it is back', async (t) => {
  const told = await story(t);
  const suspended = ['consortium', 'OrganisationSuspended', [orgToBytes32('tax')]] as const;
  const back = ['consortium', 'OrganisationReinstated', [orgToBytes32('tax')]] as const;
  await told.chain.mine([suspended]);
  const before = verifyBundle(await told.part('tax', versionSubject), told.trust);
  assert.equal(before.verdict, 'holds');
  assert.equal(held(before, 'EVENT_KEY_IN_FORCE'), 3);
  await told.logs.tax.append([qualityDraft(versions.tax, 2, 9_000)]);
  await told.chain.mine([qualityRecorded('tax', 2, 9_000)]);
  await told.anchor('tax');
  const during = verifyBundle(await told.part('tax', versionSubject), told.trust);
  assert.deepEqual(new Set(whyOf(during, 'EVENT_KEY_IN_FORCE')), new Set(['WHY_ORGANISATION_SUSPENDED']));
  assert.equal(during.verdict, 'fails');
  await told.chain.mine([back]);
  await told.logs.tax.append([qualityDraft(versions.tax, 3, 9_100)]);
  await told.chain.mine([qualityRecorded('tax', 3, 9_100)]);
  await told.anchor('tax');
  const after = verifyBundle(await told.part('tax', versionSubject), told.trust);
  assert.equal(after.verdict, 'holds');
});
