/** Histories that were changed after the fact, in the order of issue 3: each is told apart from a genuine one. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import { bundleText, parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { orderBundle } from '@sealedger/protocol/evidence/bundle-order.ts';
import { checkpointSigningBytes } from '@sealedger/protocol/evidence/checkpoint.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';
import { type Verification, verifyBundle, verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { testSigner } from './support/log-fixture.ts';
import { id, retiredDraft, type Story, tellStory, versionSubject } from './support/request-story.ts';

async function story(t: TestContext): Promise<Story> {
  const told = await tellStory();
  t.after(() => told.close());
  return told;
}

function failed({ claims }: Verification): readonly ClaimCode[] {
  return [...new Set(claims.filter(({ status }) => status === 'fails').map(({ code }) => code))];
}

function whyOf({ claims }: Verification, code: ClaimCode): readonly (string | null)[] {
  return claims.filter((claim) => claim.code === code && claim.status !== 'holds').map(({ why }) => why);
}

/** A checkpoint of tax with another root, signed with its real key. */
async function otherCheckpoint(size: number): Promise<Bundle['checkpoints'][number]> {
  const signer = testSigner('tax');
  const checkpoint = { suite: 'sealedger-v1/ed25519-sha256-ristretto255', org: 'tax', size, root: id('0') } as const;
  return { checkpoint, keyEpoch: 1, signature: await signer.sign(checkpointSigningBytes(checkpoint, 1)) };
}

test('split view: a second checkpoint of one size is signed well, and is not the anchored one', async (t) => {
  const { bundle, trust } = await story(t);
  const file = await bundle();
  const genuine = file.checkpoints.find(({ checkpoint }) => checkpoint.org === 'tax')!;
  const second = await otherCheckpoint(genuine.checkpoint.size);
  const swapped = { ...file, checkpoints: file.checkpoints.map((one) => (one === genuine ? second : one)) };
  const verification = verifyBundle(swapped, trust);
  assert.deepEqual(whyOf(verification, 'CHECKPOINT_ANCHORED'), ['WHY_OTHER_ROOT']);
  assert.deepEqual(whyOf(verification, 'CHECKPOINT_SIGNED'), []);
  const both = { ...file, checkpoints: [...file.checkpoints, second] };
  assert.ok(failed(verifyBundle(both, trust)).includes('FORM'));
});

test('rewound log: a verifier that saw more of it hears of a second history, whatever order the files come in', async (t) => {
  const told = await story(t);
  const early = await told.bundle();
  await told.logs.tax.append([retiredDraft()]);
  await told.anchor('tax');
  const late = await told.bundle();
  const state = verifyBundle(late, told.trust).state;
  const older = verifyBundle(early, told.trust, { previousState: state });
  assert.equal(older.verdict, 'holds');
  assert.deepEqual(whyOf(older, 'LOG_CONTINUES'), ['WHY_BUNDLE_OLDER']);
  assert.deepEqual(older.state, state);
  const rewound = await story(t);
  await rewound.logs.tax.append([
    { kind: 'revocation', key: 'new', fields: { requestId: id('2'), reason: 'rewound' } },
  ]);
  await rewound.anchor('tax');
  const other = verifyBundle(await rewound.part('tax', versionSubject), rewound.trust, { previousState: state });
  assert.equal(other.verdict, 'holds');
  await rewound.logs.tax.append([retiredDraft()]);
  await rewound.anchor('tax');
  const size = state['tax']!.size;
  const grown = await rewound.part('tax', undefined, { since: size });
  const seen = verifyBundle(grown, rewound.trust, { previousState: state });
  assert.deepEqual(whyOf(seen, 'LOG_CONTINUES'), ['WHY_NOT_CONSISTENT']);
});

test('a state between two checkpoints of a file is checked against the next one', async (t) => {
  const told = await story(t);
  await told.rotate('tax');
  await told.logs.tax.append([retiredDraft()]);
  const { checkpoint } = await told.logs.tax.checkpoint();
  await told.logs.tax.append([{ ...retiredDraft(), key: 'later' }]);
  await told.anchor('tax');
  const previousState = { tax: { size: checkpoint.size, root: checkpoint.root } };
  const silent = verifyBundle(await told.bundle(), told.trust, { previousState });
  assert.deepEqual(whyOf(silent, 'LOG_CONTINUES'), ['WHY_NO_CONSISTENCY']);
  const part = await told.part('tax', versionSubject, { since: checkpoint.size });
  assert.equal(verifyBundle(part, told.trust, { previousState: {} }).verdict, 'holds');
  const request = await told.part('tax', undefined, { since: checkpoint.size });
  const whole = verifyBundle(request, told.trust, { previousState });
  assert.deepEqual(whyOf(whole, 'LOG_CONTINUES'), []);
  const forged = { tax: { ...previousState.tax, root: id('0') } };
  assert.deepEqual(whyOf(verifyBundle(request, told.trust, { previousState: forged }), 'LOG_CONTINUES'), [
    'WHY_NOT_CONSISTENT',
  ]);
});

test('dropped event: the statement of its organisation misses it', async (t) => {
  const { bundle, trust } = await story(t);
  const file = await bundle();
  for (const [i, { signed }] of file.items.entries()) {
    const rest = { ...file, items: file.items.filter((_, j) => j !== i) };
    const why = whyOf(verifyBundle(rest, trust), 'PART_COMPLETE');
    assert.deepEqual(why, ['WHY_EVENTS_DROPPED'], signed.event.type);
  }
  const last = JSON.parse(bundleText(file)) as { logs: { checkpoints: { events: unknown[] }[] }[] };
  last.logs[0]!.checkpoints[0]!.events.pop();
  assert.ok(failed(verifyBundle(parseBundle(last), trust)).includes('PART_COMPLETE'));
});

test('reordered events: out of their order the form fails, at exchanged places the log does', async (t) => {
  const { bundle, trust } = await story(t);
  const file = await bundle();
  const [first, second, ...others] = file.items;
  assert.ok(failed(verifyBundle({ ...file, items: [second!, first!, ...others] }, trust)).includes('FORM'));
  const exchanged = orderBundle({
    ...file,
    items: [{ ...first!, log: second!.log }, { ...second!, log: first!.log }, ...others],
  });
  const verification = verifyBundle(exchanged, trust);
  assert.deepEqual(failed(verification), ['EVENT_LOGGED']);
  assert.equal(whyOf(verification, 'EVENT_LOGGED').length, 2);
  assert.ok(failed(verifyBundleText(bundleText(exchanged), trust)).includes('EVENT_LOGGED'));
});

test('replay from another chain: relabelled for the pinned one, its blocks are sealed by nobody who counts', async (t) => {
  const pinned = await story(t);
  const elsewhere = await story(t);
  elsewhere.chain.chainId = 4242;
  const file = await elsewhere.bundle();
  const verification = verifyBundle(file, pinned.trust);
  assert.ok(whyOf(verification, 'BLOCK_SEALED').every((why) => why === 'WHY_SEAL_WRONG'));
  assert.ok(verification.claims.every(({ code, status }) => code !== 'CHECKPOINT_ANCHORED' || status === 'fails'));
  const relabelled = { ...file, chain: { ...file.chain, chainId: 4242 } };
  assert.ok(whyOf(verifyBundle(relabelled, pinned.trust), 'CHAIN_PINNED').includes('WHY_OTHER_CHAIN'));
});

test('a file whose anchor was taken from another size, or from another organisation, is not anchored', async (t) => {
  const told = await story(t);
  const { checkpoint } = await told.logs.tax.checkpoint();
  const anchorOf = async (org: string, size: number, root: string): Promise<void> => {
    await told.chain.mine([['evidence', 'CheckpointAnchored', [orgToBytes32(org), size, `0x${root}`]]]);
  };
  await told.logs.tax.append([retiredDraft()]);
  const grown = await told.logs.tax.checkpoint();
  await anchorOf('social', grown.checkpoint.size, grown.checkpoint.root);
  await assert.rejects(told.part('tax'), (error: Error & { code?: string }) => error.code === 'EXPORT_NOT_ANCHORED');
  await anchorOf('tax', grown.checkpoint.size, checkpoint.root);
  const forged = verifyBundle(await told.part('tax'), told.trust);
  assert.deepEqual(whyOf(forged, 'CHECKPOINT_ANCHORED'), ['WHY_OTHER_ROOT']);
  assert.equal(toHex(testSigner('tax').publicKey).length, 64);
});
