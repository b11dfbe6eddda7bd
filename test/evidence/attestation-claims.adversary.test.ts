/** Certificates, grants, halts and overlaps in bundles: what holds, and what a hostile or careless hand makes of them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';
import { askChain } from '@sealedger/sdk/verify/later-claims.ts';
import { type Verification, verifyBundle } from '@sealedger/sdk/verify/verify-bundle.ts';
import type { PaperEvent } from './support/paper-chain.ts';
import {
  batchSubject,
  id,
  requestId,
  requestSubject,
  retiredDraft,
  type Story,
  type StoryOptions,
  tellStory,
} from './support/request-story.ts';

const word = (hex: string): string => `0x${hex}`;

async function story(t: TestContext, options?: StoryOptions): Promise<Story> {
  const told = await tellStory(options);
  t.after(() => told.close());
  return told;
}

function failed({ claims }: Verification): readonly string[] {
  return [...new Set(claims.filter(({ status }) => status === 'fails').map(({ code, why }) => `${code} ${why}`))];
}

function statusOf({ claims }: Verification, code: ClaimCode): readonly string[] {
  return claims.filter((claim) => claim.code === code).map(({ status }) => status);
}

function ofRequest(name: string, ...args: readonly unknown[]): PaperEvent {
  return ['requests', name, [word(requestId), ...args]];
}

const halt = (org: string): PaperEvent => ofRequest('RequestSuspended', orgToBytes32(org), word(id('5')));
const goOn = (org: string): PaperEvent => ofRequest('RequestResumed', orgToBytes32(org));

test('the certificate that a request names holds with its transaction, in bundles of request and batch', async (t) => {
  const told = await story(t);
  for (const subject of [requestSubject, batchSubject]) {
    const verification = verifyBundle(await told.bundle(subject), told.trust);
    assert.equal(verification.verdict, 'holds');
    assert.deepEqual(statusOf(verification, 'MODEL_CERTIFIED'), ['holds']);
    assert.deepEqual(statusOf(verification, 'GRANTS_NAMED'), ['holds']);
    assert.ok(verification.facts.events.some(({ name }) => name === 'ModelCertified'));
  }
});

test('a request that names no regulator claims nothing of certificates', async (t) => {
  const told = await story(t, { certificate: 'unasked' });
  const verification = verifyBundle(await told.bundle(), told.trust);
  assert.equal(verification.verdict, 'holds');
  assert.deepEqual(statusOf(verification, 'MODEL_CERTIFIED'), []);
});

for (const [certificate, why] of [
  ['none', 'WHY_NOT_CERTIFIED'],
  ['of another', 'WHY_NOT_CERTIFIED'],
  ['for another', 'WHY_NOT_CERTIFIED'],
  ['late', 'WHY_CERTIFIED_LATE'],
  ['withdrawn before', 'WHY_CERTIFICATE_WITHDRAWN'],
] as const) {
  test(`a certificate ${certificate} does not hold for what was computed`, async (t) => {
    const told = await story(t, { certificate });
    const verification = verifyBundle(await told.bundle(), told.trust);
    assert.deepEqual(failed(verification), [`MODEL_CERTIFIED ${why}`]);
  });
}

test('a certificate taken back after the attempt leaves what was computed before', async (t) => {
  const told = await story(t, { certificate: 'withdrawn after' });
  assert.equal(verifyBundle(await told.bundle(), told.trust).verdict, 'holds');
});

test('who leaves out that the certificate was taken back breaks the signed counts', async (t) => {
  const told = await story(t, { certificate: 'withdrawn before' });
  const whole = await told.bundle();
  const { facts } = verifyBundle(whole, told.trust);
  const withdrawal = facts.events.find(({ name }) => name === 'CertificateWithdrawn')!;
  const receipts = whole.receipts.filter(
    ({ block, transactionIndex }) => block !== withdrawal.blockHash || transactionIndex !== withdrawal.transactionIndex,
  );
  const hidden: Bundle = { ...whole, receipts };
  const verification = verifyBundle(hidden, told.trust);
  assert.deepEqual(statusOf(verification, 'MODEL_CERTIFIED'), ['holds'], 'what is hidden cannot be seen here');
  assert.equal(verification.verdict, 'fails');
  assert.ok(failed(verification).includes('PART_COMPLETE WHY_CHAIN_EVENTS_DROPPED'));
});

test('a result names the grants that stand on chain, all of them and in their order', async (t) => {
  for (const [grantHashes, why] of [
    [null, 'WHY_GRANTS_UNNAMED'],
    [[id('4')], 'WHY_GRANTS_DIFFER'],
    [[id('4'), id('4'), id('f')], 'WHY_GRANTS_DIFFER'],
  ] as const) {
    const told = await story(t, { grantHashes });
    const found = failed(verifyBundle(await told.bundle(), told.trust));
    assert.ok(found.includes(`GRANTS_NAMED ${why}`), found.join());
  }
});

test('withheld grants and regulators are said to be withheld, and fail nothing', async (t) => {
  const told = await story(t);
  const bundle = await told.bundle(requestSubject, {
    withhold: (_, field) => field === 'grantHashes' || field === 'certifier',
  });
  const verification = verifyBundle(bundle, told.trust);
  assert.equal(verification.verdict, 'holds');
  assert.deepEqual(new Set(statusOf(verification, 'MODEL_CERTIFIED')), new Set(['not-checkable']));
  assert.deepEqual(statusOf(verification, 'GRANTS_NAMED'), ['not-checkable']);
});

test('a request that was halted and goes on is told as it was, and its halts as the nodes logged them', async (t) => {
  const told = await story(t, { beforeResult: [halt('tax'), halt('bureau'), goOn('tax'), goOn('bureau')] });
  const facts = verifyBundle(await told.bundle(), told.trust).facts.events;
  const at = (name: string): number => facts.find((event) => event.name === name)!.blockNumber;
  const common = { requestId, org: 'tax' } as const;
  const own = {
    kind: 'suspension',
    key: 'own',
    fields: { requestId, state: 'suspended', reason: 'usage.burst' },
  } as const;
  const suspended = { ...common, state: 'suspended', reasonHash: id('5'), block: at('RequestSuspended') } as const;
  await told.logs.social.append([
    own,
    { kind: 'suspension', key: 'seen', fields: suspended },
    { kind: 'suspension', key: 'seen-end', fields: { ...common, state: 'resumed', block: at('RequestResumed') } },
  ]);
  await told.anchor('social');
  const verification = verifyBundle(await told.bundle(), told.trust);
  assert.equal(verification.verdict, 'holds');
  assert.equal(verification.phase, 'active');

  for (const [key, fields] of [
    ['never', { ...suspended, block: 1 }],
    ['other', { ...suspended, org: 'social' }],
    ['reason', { ...suspended, reasonHash: id('6') }],
  ] as const) {
    const lying = await story(t, { beforeResult: [halt('tax'), halt('bureau'), goOn('tax'), goOn('bureau')] });
    await lying.logs.social.append([{ kind: 'suspension', key, fields }]);
    await lying.anchor('social');
    const found = failed(verifyBundle(await lying.bundle(), lying.trust));
    assert.ok(found.length === 1 && found[0]!.startsWith('EVENT_AGREES'), `${key}: ${found.join()}`);
  }
});

test('halts that the contract could not have told are found', async (t) => {
  const cases: readonly (readonly [readonly PaperEvent[], string])[] = [
    [[halt('tax'), halt('tax')], 'WHY_LIFE_TWICE'],
    [[goOn('tax')], 'WHY_LIFE_ORDER'],
    [[halt('tax'), goOn('social')], 'WHY_LIFE_STRANGER'],
    [[halt('tax'), ofRequest('AttemptOpened', 2)], 'WHY_LIFE_ORDER'],
    [[ofRequest('RequestSuperseded', word(id('8'))), halt('tax')], 'WHY_LIFE_ORDER'],
    [[ofRequest('RequestCompleted'), ofRequest('RequestSuperseded', word(id('8')))], 'WHY_LIFE_ORDER'],
  ];
  for (const [beforeResult, why] of cases) {
    const told = await story(t, { beforeResult });
    const found = failed(verifyBundle(await told.bundle(), told.trust));
    assert.ok(found.includes(`REQUEST_LIFE ${why}`), `${why}: ${found.join()}`);
  }
});

test('a replaced request says so', async (t) => {
  const told = await story(t, { beforeResult: [ofRequest('RequestSuperseded', word(id('8')))] });
  assert.equal(verifyBundle(await told.bundle(), told.trust).phase, 'superseded');
});

test('an event that names no request does not belong in the bundle of one', async (t) => {
  const told = await story(t);
  const fields = { modelDigest: id('1'), certifier: 'watchdog', state: 'certified' } as const;
  await told.logs.tax.append([{ kind: 'certificate', key: 'seen', fields }]);
  await told.anchor('tax');
  const bundle = await told.bundle();
  assert.ok(!bundle.items.some(({ signed }) => describeEvent(signed.event).kind === 'certificate'));
});

test('an event under the key before counts within the overlap that the chain knows, and not after it', async (t) => {
  const late = async (overlapSeconds: number, between: readonly PaperEvent[] = []): Promise<readonly string[]> => {
    const told = await story(t);
    await told.logs.tax.append([retiredDraft()]);
    const old = told.logs.tax;
    await told.rotate('tax', overlapSeconds);
    assert.notEqual(told.logs.tax, old);
    for (const event of between) await told.chain.mine([event]);
    await told.anchor('tax');
    return failed(verifyBundle(await told.bundle(), told.trust));
  };
  const revoked: PaperEvent = ['consortium', 'PreviousKeysRevoked', [orgToBytes32('tax'), 2]];
  const nothing: PaperEvent = ['consortium', 'EndpointChanged', [orgToBytes32('tax'), 'https://tax']];
  assert.deepEqual(await late(60), []);
  assert.deepEqual(await late(4, [nothing]), []);
  assert.deepEqual(await late(1, [nothing]), ['EVENT_KEY_IN_FORCE WHY_KEY_REPLACED']);
  assert.deepEqual(await late(60, [revoked]), ['EVENT_KEY_IN_FORCE WHY_KEY_REPLACED']);
});

test('the chain that is asked afterwards shows a halt that stands, and a certificate taken back', async (t) => {
  const later = async (...events: readonly PaperEvent[]): Promise<readonly (string | null)[]> => {
    const told = await story(t);
    const verification = verifyBundle(await told.bundle(), told.trust);
    for (const event of events) await told.chain.mine([event]);
    const { claims } = await askChain(verification, told.trust, told.chain.rpc);
    return claims.filter(({ code }) => code === 'NOTHING_LATER').map(({ why }) => why);
  };
  const withdrawn = (by: string): PaperEvent => [
    'attestations',
    'CertificateWithdrawn',
    [word(id('1')), orgToBytes32(by)],
  ];
  assert.deepEqual(await later(halt('tax'), halt('social'), goOn('tax')), ['WHY_LATER_ENDED']);
  assert.deepEqual(await later(halt('tax'), goOn('tax')), [null]);
  assert.deepEqual(await later(withdrawn('watchdog')), ['WHY_LATER_ENDED']);
  assert.deepEqual(await later(withdrawn('watchdog-2')), [null]);
  assert.deepEqual(await later(ofRequest('RequestSuperseded', word(id('8')))), [null]);
});
