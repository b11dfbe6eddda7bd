/** Work while a request is halted, without a certificate or under no grant, and keys past their overlap: what the audit finds. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EventDraft } from '@sealedger/node/evidence/log-entry.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import { compareLogs } from '@sealedger/sdk/audit/compare.ts';
import { FindingList } from '@sealedger/sdk/audit/findings.ts';
import { type Fact, rebuildRequests } from '@sealedger/sdk/audit/requests.ts';
import type { AuditedEntry } from '@sealedger/sdk/audit/verify-log.ts';
import { startMs } from '../evidence/support/log-fixture.ts';
import type { PaperEvent } from '../evidence/support/paper-chain.ts';
import { id, keysChanged, requestId, retiredDraft, type StoryOptions } from '../evidence/support/request-story.ts';
import { codesOf, type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

async function consortium(t: TestContext, options?: StoryOptions): Promise<PaperConsortium> {
  const world = await paperConsortium(options);
  t.after(() => world.close());
  return world;
}

const word = (hex: string): string => `0x${hex}`;
const halt = (org: string): PaperEvent => [
  'requests',
  'RequestSuspended',
  [word(requestId), orgToBytes32(org), word(id('5'))],
];
const goOn = (org: string): PaperEvent => ['requests', 'RequestResumed', [word(requestId), orgToBytes32(org)]];

/** Findings where the facts of one name have other times and one kind of entry too. */
async function codesWith(
  world: PaperConsortium,
  factTimes: Readonly<Record<string, number>>,
  workOf: (entry: AuditedEntry) => number | null,
): Promise<readonly string[]> {
  const view = await world.look();
  const facts = world.context.archive.facts.map(
    (fact): Fact => ({ ...fact, timeMs: factTimes[fact.event.name] ?? fact.timeMs }),
  );
  const findings = new FindingList();
  const story = rebuildRequests(facts, world.nowMs, findings);
  const own = view.logs.flatMap(({ entries }) => entries.filter(({ fields }) => fields['requestId'] === requestId));
  const moved = own.map((entry) => ({ ...entry, timeMs: workOf(entry) ?? entry.timeMs }));
  const bounds = { ...world.context.bounds, stopMs: 10_000 };
  const entries = new Map([[requestId, moved]]);
  compareLogs({ story, facts, entries, others: [], readAfter: new Map(), bounds, nowMs: world.nowMs, findings });
  return findings.drafts.map(({ code }) => code);
}

test('an honest life with halts and a certificate has no findings', async (t) => {
  const world = await consortium(t, { beforeResult: [halt('tax'), halt('bureau'), goOn('bureau'), goOn('tax')] });
  const view = await world.look();
  assert.deepEqual(codesOf(view), {});
  const request = view.story.requests.get(requestId)!;
  assert.equal(request.phase, 'active');
  assert.equal(request.halts.length, 1, 'two that overlap are one time without leave');
  assert.ok(request.halts[0]!.toMs !== null && request.halts[0]!.toMs - request.halts[0]!.fromMs === 3000);
});

test('unlocking and computing while a suspension stands is found, and not within the time it takes to stop', async (t) => {
  const world = await consortium(t, { beforeResult: [halt('tax')] });
  const times = { RequestSuspended: startMs + 20_000, RequestActivated: startMs - 1000 };
  for (const [kind, delay, isFound] of [
    ['unlocking', 11_000, true],
    ['unlocking', 9_000, false],
    ['computation', 11_000, true],
    ['computation', 9_000, false],
  ] as const) {
    const codes = await codesWith(world, times, (entry) => (entry.kind === kind ? startMs + 20_000 + delay : null));
    assert.equal(codes.includes('FINDING_WHILE_HALTED'), isFound, `${kind} after ${delay}`);
  }
});

test('what comes after the end of a suspension is no finding', async (t) => {
  const world = await consortium(t, { beforeResult: [halt('tax'), goOn('tax')] });
  const times = { RequestSuspended: startMs + 10_000, RequestResumed: startMs + 50_000, RequestActivated: startMs };
  const codes = await codesWith(world, times, ({ kind }) => (kind === 'unlocking' ? startMs + 50_000 : null));
  assert.ok(!codes.includes('FINDING_WHILE_HALTED'));
  const inside = await codesWith(world, times, ({ kind }) => (kind === 'unlocking' ? startMs + 30_000 : null));
  assert.ok(inside.includes('FINDING_WHILE_HALTED'));
});

test('a computation without the certificate that the request names is found with each node', async (t) => {
  for (const certificate of ['none', 'of another', 'for another'] as const) {
    const world = await consortium(t, { certificate });
    assert.deepEqual(codesOf(await world.look()), { FINDING_UNCERTIFIED: 3 }, certificate);
  }
  const unasked = await consortium(t, { certificate: 'unasked' });
  assert.deepEqual(codesOf(await unasked.look()), {});
});

test('a computation before its certificate, or after it was taken back, is found', async (t) => {
  const world = await consortium(t, { certificate: 'withdrawn after' });
  const started = ({ kind, fields }: AuditedEntry): number | null =>
    kind === 'computation' && fields['state'] === 'started' ? startMs + 30_000 : null;
  const times = { RequestActivated: startMs - 1000 };
  const codes = (changes: Readonly<Record<string, number>>): Promise<readonly string[]> =>
    codesWith(world, { ...times, ...changes }, started);
  assert.ok((await codes({ ModelCertified: startMs + 41_000 })).includes('FINDING_UNCERTIFIED'));
  assert.ok((await codes({ CertificateWithdrawn: startMs + 19_000 })).includes('FINDING_UNCERTIFIED'));
  const within = await codes({ ModelCertified: startMs + 39_000, CertificateWithdrawn: startMs + 21_000 });
  assert.ok(!within.includes('FINDING_UNCERTIFIED'));
});

test('a result that names no grant, or another, is found', async (t) => {
  const unnamed = await consortium(t, { grantHashes: null });
  assert.deepEqual(codesOf(await unnamed.look()), { FINDING_GRANTS_UNNAMED: 1 });
  const other = await consortium(t, { grantHashes: [id('4'), id('f'), id('4')] });
  assert.deepEqual(codesOf(await other.look()), { FINDING_LOG_DIFFERS: 1 });
});

test('halts that a log invents, or keeps to itself, are found in time', async (t) => {
  const world = await consortium(t, { beforeResult: [halt('tax')] });
  const drafts: EventDraft[] = [
    {
      kind: 'suspension',
      key: 'invented',
      fields: { requestId, state: 'suspended', org: 'social', reasonHash: id('5'), block: 3 },
    },
    { kind: 'suspension', key: 'kept', fields: { requestId, state: 'suspended', reason: 'usage.burst' } },
  ];
  await world.story.logs.bureau.append(drafts);
  await world.story.anchor('bureau');
  assert.deepEqual(codesOf(await world.look()), {});
  world.nowMs += 1_200_000;
  const codes = codesOf(await world.look());
  assert.deepEqual([codes['FINDING_LOG_UNSENT'], codes['FINDING_LOG_MISSING']], [2, 1], JSON.stringify(codes));
});

test('certificates and consent logs that nodes invent are found', async (t) => {
  const world = await consortium(t);
  const certificate = {
    modelDigest: id('1'),
    certifier: 'watchdog',
    certificateHash: id('f'),
    state: 'certified',
  } as const;
  await world.look();
  const block = world.context.archive.facts.find(({ event }) => event.name === 'ModelCertified')!.event.blockNumber;
  await world.story.logs.tax.append([
    { kind: 'certificate', key: 'other', fields: { ...certificate, block } },
    { kind: 'certificate', key: 'none', fields: { ...certificate, block: 1 } },
    { kind: 'consent', key: 'none', fields: { holder: 'bank', size: 3, root: id('a'), state: 'committed', block: 1 } },
  ]);
  await world.story.anchor('tax');
  world.nowMs += 3_600_000;
  const codes = codesOf(await world.look());
  assert.deepEqual([codes['FINDING_LOG_DIFFERS'], codes['FINDING_LOG_UNSENT']], [1, 2], JSON.stringify(codes));
});

test('a key before a rotation counts while its overlap runs, and in no look afterwards', async (t) => {
  const rotated = async (overlapSeconds: number, ...between: PaperEvent[]): Promise<PaperConsortium> => {
    const world = await consortium(t);
    const until = (await world.story.chain.nowSeconds()) + overlapSeconds;
    await world.story.chain.mine([keysChanged('tax', 2, until)]);
    for (const event of between) await world.story.chain.mine([event]);
    world.epochs['tax'] = 2;
    await world.story.logs.tax.append([retiredDraft()]);
    return world;
  };
  const within = await rotated(3600);
  assert.deepEqual(codesOf(await within.look()), {}, 'not anchored yet, and the overlap runs');
  await within.story.anchor('tax');
  assert.deepEqual(codesOf(await within.look()), {});

  const slow = await rotated(3600);
  await slow.look();
  slow.nowMs += 3_700_000;
  assert.equal(codesOf(await slow.look())['FINDING_KEY_REPLACED'], 1, 'never anchored while it ran');

  const short = await rotated(1);
  await short.story.anchor('tax');
  assert.deepEqual(codesOf(await short.look()), { FINDING_KEY_REPLACED: 1 });

  const ended = await rotated(3600, ['consortium', 'PreviousKeysRevoked', [orgToBytes32('tax'), 2]]);
  await ended.story.anchor('tax');
  assert.deepEqual(codesOf(await ended.look()), { FINDING_KEY_REPLACED: 1 });
});
