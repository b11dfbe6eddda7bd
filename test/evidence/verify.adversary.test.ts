/** Bundles from hostile hands, each genuine in its own world: another chain, contract, validator, history or key. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle, BundleItem } from '@sealedger/protocol/evidence/bundle.ts';
import { commitField } from '@sealedger/protocol/evidence/commitment.ts';
import { describeEvent, withholdFields } from '@sealedger/protocol/evidence/event.ts';
import { mergeBundles } from '@sealedger/protocol/evidence/merge.ts';
import { readHeader } from '@sealedger/protocol/evidence/receipt-proof.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';
import { askChain } from '@sealedger/sdk/verify/later-claims.ts';
import { type Verification, verifyBundle } from '@sealedger/sdk/verify/verify-bundle.ts';
import { secret, testSigner } from './support/log-fixture.ts';
import {
  batchSubject,
  id,
  keysChanged,
  requestId,
  requestSubject,
  retiredDraft,
  type Story,
  type StoryOptions,
  tellStory,
  unlockingDraft,
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

test('a genuine bundle of a request and of a batch holds, and says what no file can show', async (t) => {
  const { bundle, trust } = await story(t);
  for (const subject of [requestSubject, batchSubject]) {
    const verification = verifyBundle(await bundle(subject), trust);
    assert.equal(verification.verdict, 'holds');
    assert.equal(verification.phase, 'active');
    const open = verification.claims.filter(({ status }) => status === 'not-checkable').map(({ code }) => code);
    assert.deepEqual(open, ['NOTHING_LATER', 'COMPUTATION_CORRECT']);
  }
});

test('with every opening withheld it still verifies', async (t) => {
  const { bundle, trust } = await story(t);
  const whole = await bundle(requestSubject, { withhold: () => true });
  assert.ok(whole.items.every(({ openings }) => Object.keys(openings).length === 0));
  assert.equal(verifyBundle(whole, trust).verdict, 'holds');
  const later = await bundle();
  const items = later.items.map((item) => ({
    ...item,
    openings: withholdFields(item.openings, (f) => f !== 'requestId'),
  }));
  assert.equal(verifyBundle({ ...later, items }, trust).verdict, 'holds');
});

test('a withheld field of two values cannot be told from the bundle, and can with its salt', async (t) => {
  const { bundle } = await story(t);
  const open = await bundle();
  const withheld = await bundle(requestSubject, {
    withhold: (kind, field) => kind === 'decision' && field === 'approved',
  });
  const decisionOf = ({ items }: Bundle): BundleItem =>
    items.find(({ signed }) => describeEvent(signed.event).kind === 'decision')!;
  const commitment = decisionOf(withheld).signed.event.data['approved']!;
  // Everything of 16 to 64 bytes that stands in the file is tried as a salt, whole and in its halves.
  const hexes = new Set(canonicalText(withheld).match(/\b[0-9a-f]{32,128}\b/g));
  const candidates = [...hexes].flatMap((hex) => [hex, hex.slice(0, 32), hex.slice(-32)]);
  const opens = (salt: string): boolean =>
    [true, false].some((value) => commitField(fromHex(salt), 'approved', value) === commitment);
  assert.ok(candidates.length > 500);
  assert.equal(candidates.some(opens), false);
  assert.equal(opens(decisionOf(open).openings['approved']!.salt), true);
  assert.equal(canonicalText(withheld).includes(toHex(secret)), false);
});

test('without pins nothing is verified, and each pin is held against the file', async (t) => {
  const { bundle, trust } = await story(t);
  const file = await bundle();
  const other = 'ff'.repeat(20);
  const cases: readonly [Trust, ClaimCode, string][] = [
    [{ ...trust, chainId: 1 }, 'CHAIN_PINNED', 'WHY_OTHER_CHAIN'],
    [{ ...trust, genesisHash: id('0') }, 'CHAIN_PINNED', 'WHY_OTHER_GENESIS'],
    [{ ...trust, contracts: { ...trust.contracts, consortium: other } }, 'KEY_REGISTERED', 'WHY_KEY_UNKNOWN'],
    [{ ...trust, contracts: { ...trust.contracts, requests: other } }, 'REQUEST_LIFE', 'WHY_LIFE_NOT_SUBMITTED'],
    [{ ...trust, contracts: { ...trust.contracts, evidence: other } }, 'CHECKPOINT_ANCHORED', 'WHY_NOT_ANCHORED'],
    [{ ...trust, contracts: { ...trust.contracts, catalogue: other } }, 'REQUEST_LIFE', 'WHY_LIFE_DATASET'],
    [{ ...trust, contracts: { ...trust.contracts, attestations: other } }, 'MODEL_CERTIFIED', 'WHY_NOT_CERTIFIED'],
    [{ ...trust, validators: [id('0')] }, 'BLOCK_SEALED', 'WHY_SEAL_WRONG'],
    [{ ...trust, checkpoint: { number: 3, hash: id('0') } }, 'BLOCK_SEALED', 'WHY_BLOCK_NOT_THE_PINNED'],
  ];
  for (const [pins, code, why] of cases) {
    const verification = verifyBundle(file, pins);
    assert.equal(verification.verdict, 'fails');
    assert.ok(whyOf(verification, code).includes(why), `${code} ${why}`);
  }
  const unpinned = verifyBundle(file, { ...trust, validators: [] });
  assert.equal(unpinned.verdict, 'undecided');
  assert.deepEqual(new Set(whyOf(unpinned, 'BLOCK_SEALED')), new Set(['WHY_NO_VALIDATOR_PINNED']));
});

test('of four validators three must have sealed each block', async (t) => {
  const { bundle, trust } = await story(t);
  const file = await bundle();
  const four = { ...trust, validators: [...trust.validators, id('1'), id('2'), id('3')] };
  const verification = verifyBundle(file, four);
  assert.equal(verification.verdict, 'fails');
  assert.ok(whyOf(verification, 'BLOCK_SEALED').every((why) => why === 'WHY_SEALS_MISSING'));
});

test('an anchor of a look-alike contract is none', async (t) => {
  const { bundle, trust, chain } = await story(t, { evidenceAddress: '9'.repeat(40) });
  await assert.rejects(bundle(), (error) => isProtocolError(error, 'EXPORT_NOT_ANCHORED'));
  assert.ok(chain !== undefined && trust !== undefined);
});

test('a forged file with the anchor of a look-alike contract fails', async (t) => {
  const genuine = await story(t);
  const file = await genuine.bundle();
  const { logs, chain } = genuine;
  await logs.tax.append([retiredDraft()]);
  const { checkpoint } = await logs.tax.checkpoint();
  const args = [orgToBytes32('tax'), checkpoint.size, `0x${checkpoint.root}`];
  await chain.mine([['evidence', 'CheckpointAnchored', args, '9'.repeat(40)]]);
  const forged = { ...file, checkpoints: [...file.checkpoints.slice(0, -1), await logs.tax.checkpoint()] };
  assert.ok(failed(verifyBundle(forged, genuine.trust)).includes('CHECKPOINT_ANCHORED'));
});

test('blocks sealed by a validator of nobody, or for another chain, prove nothing', async (t) => {
  const told = await story(t);
  told.chain.sealKey = new Uint8Array(32).fill(1);
  const foreign = verifyBundle(await told.bundle(), told.trust);
  assert.ok(whyOf(foreign, 'BLOCK_SEALED').every((why) => why === 'WHY_SEAL_WRONG'));
  assert.equal(foreign.verdict, 'fails');
  const pretended = verifyBundle(await told.bundle(), {
    ...told.trust,
    validators: [toHex(nobleEd25519.publicKey(told.chain.sealKey))],
  });
  assert.equal(pretended.verdict, 'holds');
  told.chain.chainId = 1;
  assert.ok(failed(verifyBundle(await told.bundle(), told.trust)).includes('BLOCK_SEALED'));
});

test('a part that is missing is named, and joins with the others', async (t) => {
  const { part, trust } = await story(t);
  const [tax, social, bureau] = await Promise.all([part('tax'), part('social'), part('bureau')]);
  const two = verifyBundle(mergeBundles([tax, bureau]), trust);
  assert.deepEqual(failed(two), ['PARTS_PRESENT']);
  assert.deepEqual(two.claims.find(({ status }) => status === 'fails')?.details, { org: 'social' });
  const anyOrder = mergeBundles([mergeBundles([bureau, social]), tax, tax]);
  assert.deepEqual(anyOrder, mergeBundles([tax, social, bureau]));
  const batch = await part('bureau', batchSubject);
  assert.throws(
    () => mergeBundles([tax, batch]),
    (error) => isProtocolError(error, 'BUNDLE_PARTS_DIFFER'),
  );
});

test('an event under a replaced key holds where it was anchored before, and not after', async (t) => {
  const told = await story(t);
  await told.rotate('tax');
  await told.logs.tax.append([retiredDraft()]);
  await told.anchor('tax');
  const rotated = verifyBundle(await told.bundle(), told.trust);
  assert.equal(rotated.verdict, 'holds');
  assert.ok(rotated.claims.some(({ code, status }) => code === 'EVENT_KEY_IN_FORCE' && status === 'holds'));
  assert.ok(rotated.claims.some(({ code, status }) => code === 'LOG_CONSISTENT' && status === 'holds'));

  const late = await story(t);
  await late.logs.tax.append([retiredDraft()]);
  await late.chain.mine([keysChanged('tax', 2)]);
  await late.anchor('tax');
  const verification = verifyBundle(await late.bundle(), late.trust);
  assert.deepEqual(failed(verification), ['EVENT_KEY_IN_FORCE']);
});

test('from its own last state the verifier sees growth, a rewound log and a second history', async (t) => {
  const told = await story(t);
  const first = verifyBundle(await told.bundle(), told.trust);
  const { size, root } = first.state['tax']!;
  assert.equal(verifyBundle(await told.bundle(), told.trust, { previousState: first.state }).verdict, 'holds');
  const split = { ...first.state, tax: { size, root: id('0') } };
  const two = verifyBundle(await told.bundle(), told.trust, { previousState: split });
  assert.deepEqual(whyOf(two, 'LOG_CONTINUES'), ['WHY_TWO_HISTORIES']);
  assert.equal(two.verdict, 'fails');
  assert.equal(two.state, split);

  await told.logs.tax.append([retiredDraft()]);
  await told.anchor('tax');
  const unproven = verifyBundle(await told.bundle(), told.trust, { previousState: first.state });
  assert.equal(unproven.verdict, 'undecided');
  assert.deepEqual(whyOf(unproven, 'LOG_CONTINUES'), ['WHY_NO_CONSISTENCY']);
  const parts = [
    await told.part('tax', requestSubject, { since: size }),
    await told.part('bureau'),
    await told.part('social'),
  ];
  const grown = verifyBundle(mergeBundles(parts), told.trust, { previousState: first.state });
  assert.equal(grown.verdict, 'holds');
  assert.equal(grown.state['tax']!.size, size + 1);
  const forged = verifyBundle(mergeBundles(parts), told.trust, {
    previousState: { ...first.state, tax: { size, root: root.replace(/^./, (c) => (c === '0' ? '1' : '0')) } },
  });
  assert.deepEqual(whyOf(forged, 'LOG_CONTINUES'), ['WHY_NOT_CONSISTENT']);
});

test('unlockings that skip, pass the quota, or stand on chain and not in the log are found', async (t) => {
  const cases = [
    { drafts: [unlockingDraft(3, 1, 7)], total: null, why: 'WHY_UNLOCKS_GAP' },
    { drafts: [unlockingDraft(3, 6, 11)], total: null, why: 'WHY_OVER_QUOTA' },
    { drafts: [unlockingDraft(3, 1, 6)], total: 9, why: 'WHY_UNLOCKS_UNLOGGED' },
  ];
  for (const { drafts, total, why } of cases) {
    const told = await story(t);
    await told.logs.bureau.append(drafts);
    if (total !== null) {
      await told.chain.mine([['requests', 'UnlocksRecorded', [`0x${requestId}`, orgToBytes32('bureau'), total]]]);
    }
    await told.anchor('bureau');
    const verification = verifyBundle(await told.bundle(), told.trust);
    assert.deepEqual(failed(verification), ['UNLOCKS_METERED']);
    assert.deepEqual(whyOf(verification, 'UNLOCKS_METERED'), [why]);
  }
});

test('many unlockings: the newest go in, the others are counted, and it is said so', async (t) => {
  const told = await story(t);
  const file = await told.bundle(requestSubject, { maxUnlockings: 1 });
  const verification = verifyBundle(file, told.trust);
  assert.equal(verification.verdict, 'holds');
  assert.deepEqual(whyOf(verification, 'UNLOCKS_METERED'), ['WHY_OMITTED']);
});

test('an event that says something else than the chain, or that two nodes computed differently, is found', async (t) => {
  const told = await story(t);
  const decision = { requestId, decider: 'tax', approved: false, reason: 'second.thought' };
  await told.logs.tax.append([{ kind: 'decision', key: 'again', fields: decision }]);
  const computation = { requestId, computationId: id('0'), attempt: 1, role: 'department', state: 'retired' } as const;
  await told.logs.social.append([{ kind: 'computation', key: 'other', fields: computation }]);
  await told.anchor('tax');
  await told.anchor('social');
  const verification = verifyBundle(await told.bundle(), told.trust);
  assert.deepEqual(failed(verification), ['EVENT_AGREES', 'COMPUTATION_AGREES']);
  assert.deepEqual(whyOf(verification, 'EVENT_AGREES'), ['WHY_CHAIN_DIFFERS']);
});

test('an event put in by somebody who is no member is not counted', async (t) => {
  const told = await story(t);
  const file = await told.bundle();
  const [item] = file.items;
  const event = { ...item!.signed.event, source: 'urn:sealedger:org:stranger' };
  const stranger = { ...item!, signed: { ...item!.signed, event } };
  const verification = verifyBundle(
    {
      ...file,
      items: [...file.items, stranger].sort((a, b) => (a.signed.event.source < b.signed.event.source ? -1 : 1)),
    },
    told.trust,
  );
  assert.ok(failed(verification).includes('EVENT_SIGNED'));
  assert.ok(failed(verification).includes('PARTS_PRESENT'));
});

test('the chain that is asked afterwards can refuse, and cannot make a bad file hold', async (t) => {
  const told = await story(t);
  const genuine = verifyBundle(await told.bundle(), told.trust);
  assert.ok(
    (await askChain(genuine, told.trust, told.chain.rpc)).claims.some(
      (c) => c.code === 'NOTHING_LATER' && c.status === 'holds',
    ),
  );
  const foreign = await askChain(genuine, told.trust, { request: async () => '0x1' });
  assert.deepEqual(whyOf(foreign, 'NOTHING_LATER'), ['WHY_RPC_OTHER_CHAIN']);
  const bad = verifyBundle({ ...(await told.bundle()), statements: [] }, told.trust);
  assert.equal((await askChain(bad, told.trust, told.chain.rpc)).verdict, 'fails');
  await told.chain.mine([['requests', 'RequestRevoked', [`0x${requestId}`, orgToBytes32('tax'), `0x${id('0')}`]]]);
  const revoked = await askChain(genuine, told.trust, told.chain.rpc);
  assert.deepEqual(whyOf(revoked, 'NOTHING_LATER'), ['WHY_LATER_ENDED']);
  assert.equal(revoked.verdict, 'fails');
});

test('the chain that is asked afterwards shows a key that the file keeps back', async (t) => {
  const told = await story(t);
  await told.chain.mine([keysChanged('tax', 2)]);
  await told.logs.tax.append([retiredDraft()]);
  await told.anchor('tax');
  const file = await told.bundle();
  const rotation = (await told.part('tax')).receipts.filter(({ proof }) =>
    proof.some((node) => node.includes(toHex(testSigner('tax', 2).publicKey))),
  );
  assert.equal(rotation.length, 1);
  const hidden = rotation[0]!.block;
  const receipts = file.receipts.filter(({ block }) => block !== hidden);
  const blocks = file.blocks.filter(({ header }) => readHeader(header).hash !== hidden);
  const silent = verifyBundle({ ...file, receipts, blocks }, told.trust);
  assert.equal(silent.verdict, 'holds');
  const asked = await askChain(silent, told.trust, told.chain.rpc);
  assert.deepEqual(whyOf(asked, 'NOTHING_LATER'), ['WHY_LATER_KEY']);
});
