/** Withheld fields: the bundle still verifies, says what it lacks, and gives none of it away. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import { bundleText, parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { commitField, deriveEventSecrets } from '@sealedger/protocol/evidence/commitment.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import { type EventKind, eventKinds, fieldNames } from '@sealedger/protocol/evidence/event-kinds.ts';
import { withholdInBundle } from '@sealedger/protocol/evidence/withhold.ts';
import type { CommandIo } from '@sealedger/sdk/cli/verify-command.ts';
import { runWithholdCommand } from '@sealedger/sdk/cli/withhold-command.ts';
import { verifyBundle, verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { secret } from './support/log-fixture.ts';
import { rememberedEd25519 } from './support/remembered-ed25519.ts';
import { requestId, requestSubject, type Story, tellStory, versionSubject } from './support/request-story.ts';

let story: Story;
let bundle: Bundle;
before(async () => {
  story = await tellStory();
  bundle = await story.bundle(requestSubject);
});
after(() => story.close());
const ed25519 = rememberedEd25519();

/** Every `kind.field` that is open in a bundle. */
function openFields({ items }: Bundle): readonly string[] {
  const names = items.flatMap(({ signed, openings }) =>
    Object.keys(openings).map((field) => `${describeEvent(signed.event).kind}.${field}`),
  );
  return [...new Set(names)].sort();
}

test('each field of each kind can be withheld alone, and the file says which', () => {
  const names = openFields(bundle);
  assert.ok(names.length > 40);
  for (const name of names) {
    const cut = withholdInBundle(bundle, [name]);
    const text = bundleText(cut.bundle);
    const { verdict, withheld } = verifyBundleText(text, story.trust, { ed25519 });
    assert.equal(verdict, 'holds', name);
    assert.deepEqual([...new Set(withheld.map(({ kind, fields }) => `${kind}.${fields.join('+')}`))], [name]);
    assert.equal(withheld.length, cut.count);
  }
});

test('with everything withheld it holds, for a request, a batch and a version, in what order ever it is cut', async () => {
  for (const subject of [requestSubject, versionSubject]) {
    const whole = await story.bundle(subject);
    const { bundle: none } = withholdInBundle(whole, ['all']);
    assert.deepEqual(openFields(none), []);
    const text = bundleText(none);
    assert.equal(verifyBundleText(text, story.trust, { ed25519 }).verdict, 'holds');
    assert.equal(bundleText(parseBundle(JSON.parse(text))), text);
    const stepwise = openFields(whole).reduceRight((rest, name) => withholdInBundle(rest, [name]).bundle, whole);
    assert.equal(bundleText(stepwise), text);
  }
});

test('a withheld field that is put back with another value fails', () => {
  const { bundle: cut } = withholdInBundle(bundle, ['decision.reason']);
  const items = cut.items.map((item) => {
    const isDecision = describeEvent(item.signed.event).kind === 'decision';
    const forged = { reason: { salt: '00'.repeat(16), value: 'forged' } };
    return isDecision ? { ...item, openings: { ...item.openings, ...forged } } : item;
  });
  const { verdict, claims } = verifyBundle({ ...cut, items }, story.trust, { ed25519 });
  assert.equal(verdict, 'fails');
  assert.ok(claims.some(({ code, status }) => code === 'EVENT_FIELDS' && status === 'fails'));
  assert.equal(verifyBundleText(bundleText({ ...cut, items }), story.trust, { ed25519 }).verdict, 'fails');
});

/** The whole domain of fields that have a small one. */
const domainsOfFields: Readonly<Record<string, readonly unknown[]>> = {
  approved: [true, false],
  reason: ['policy.level-3', 'policy.level-4', 'another.request', 'second.thought'],
  role: ['department', 'gate', 'registrar', 'bank'],
  state: ['announced', 'started', 'completed', 'retired', 'open', 'closed', 'published', 'withdrawn'],
  attempt: Array.from({ length: 16 }, (_, i) => i),
  chunks: Array.from({ length: 16 }, (_, i) => i),
  lane: [0, 1, 2, 3],
  counter: Array.from({ length: 16 }, (_, i) => i),
  count: Array.from({ length: 16 }, (_, i) => i),
  rows: [12, 8193, ...Array.from({ length: 16 }, (_, i) => i)],
};

test('a withheld field of a small domain cannot be found by trying everything against everything in the file', () => {
  const { bundle: cut } = withholdInBundle(bundle, Object.keys(domainsOfFields));
  const text = bundleText(cut);
  // Whatever is as long as a salt or longer, whole and in its halves: neighbours' salts, ids, digests, signatures, hashes.
  const hexes = new Set(canonicalText(cut).match(/\b[0-9a-f]{32,128}\b/g));
  const salts = [...new Set([...hexes].flatMap((hex) => [hex, hex.slice(0, 32), hex.slice(-32)]))].map((hex) =>
    fromHex(hex),
  );
  let tried = 0;
  for (const { signed } of cut.items) {
    for (const [field, domain] of Object.entries(domainsOfFields)) {
      const commitment = signed.event.data[field];
      if (commitment === undefined) continue;
      for (const value of domain.slice(0, 4)) {
        for (const salt of salts.filter((_, i) => i % 2 === 0)) {
          tried += 1;
          assert.notEqual(commitField(salt, field, value), commitment, field);
        }
      }
    }
  }
  assert.ok(tried > 20_000, `${tried} tries`);
  for (const [field, domain] of Object.entries(domainsOfFields)) {
    for (const value of domain) assertDigestsAbsent(text, field, value);
  }
});

/** No plain digest of the value, in any form that a careless writer would take, stands in the file, as an id or elsewhere. */
function assertDigestsAbsent(text: string, field: string, value: unknown): void {
  const plain = [value, [field, value], { [field]: value }].map(canonicalText);
  const keyed = [
    `${requestId}${String(value)}`,
    `${requestId}/${String(value)}`,
    `${field}/${requestId}/${String(value)}`,
  ];
  for (const preimage of [String(value), ...plain, ...keyed]) {
    const digest = createHash('sha256').update(preimage).digest('hex');
    assert.equal(text.includes(digest.slice(0, 32)), false, `${field}: a digest of ${preimage.length} characters`);
  }
}

test('the salt of a field follows from no opening beside it, and from the secret of the node alone', () => {
  const decision = bundle.items.find(({ signed }) => describeEvent(signed.event).kind === 'decision')!;
  const { approved, ...others } = decision.openings;
  const { bundle: cut } = withholdInBundle(bundle, ['decision.approved']);
  assert.equal(canonicalText(cut).includes(approved!.salt), false);
  const neighbours = [decision.signed.event.id, ...Object.values(others).map(({ salt }) => salt)];
  const guesses = neighbours.flatMap((one) => [
    ...neighbours.map((two) => xorHex(one, two)),
    createHash('sha256').update(fromHex(one)).digest('hex').slice(0, 32),
    createHash('sha256').update(fromHex(one)).update('approved').digest('hex').slice(0, 32),
    ...keysOfDecision().map((key) => toSalt(fromHex(one.padEnd(64, '0')), 'decision', key, 'approved')),
  ]);
  for (const salt of guesses) {
    for (const value of [true, false]) {
      assert.notEqual(commitField(fromHex(salt), 'approved', value), decision.signed.event.data['approved']);
    }
  }
  const right = keysOfDecision().map((key) => toSalt(secret, 'decision', key, 'approved'));
  assert.ok(right.includes(approved!.salt), 'who has the secret of the node makes the opening again');
});

function keysOfDecision(): readonly string[] {
  return [requestId, `decision/${requestId}`];
}

function toSalt(key: Uint8Array, kind: EventKind, happening: string, field: string): string {
  return Buffer.from(deriveEventSecrets(key, kind, happening).saltFor(field)).toString('hex');
}

function xorHex(one: string, two: string): string {
  const other = fromHex(two);
  return Buffer.from(fromHex(one).map((byte, i) => byte ^ other[i]!)).toString('hex');
}

test('no two fields and no two events share a salt or an id', () => {
  // All nodes of the story have one secret, which no two real nodes have: so within one of them.
  const items = bundle.items.filter(({ signed }) => describeEvent(signed.event).org === 'bureau');
  const salts = items.flatMap(({ openings }) => Object.values(openings).map(({ salt }) => salt));
  assert.equal(new Set(salts).size, salts.length);
  const ids = items.map(({ signed }) => signed.event.id);
  assert.equal(new Set(ids).size, ids.length);
  for (const kind of eventKinds) assert.ok(fieldNames(kind).allowed.size > 0);
});

async function withhold(...argv: string[]): Promise<{ code: number; stderr: string; written: string | undefined }> {
  let [stderr, written] = ['', undefined as string | undefined];
  const io: CommandIo = {
    stdout: () => assert.fail('nothing goes to stdout'),
    stderr: (text) => (stderr += text),
    readFile: async (path) => (path === 'bundle.json' ? bundleText(bundle) : '{'),
    writeFile: async (_, text) => void (written = text),
    locale: 'en',
  };
  return { code: await runWithholdCommand(argv, io), stderr, written };
}

test('the command writes a file with less in it, and says how much', async () => {
  const { code, stderr, written } = await withhold(
    'bundle.json',
    '--fields',
    'reason,unlocking.count',
    '--out',
    'b.json',
  );
  assert.equal(code, 0);
  assert.match(stderr, /5 openings were cut/);
  const { verdict, withheld } = verifyBundleText(written!, story.trust, { ed25519 });
  assert.equal(verdict, 'holds');
  assert.equal(withheld.length, 5);
});

test('a field that no event has is refused, and nothing is written', async () => {
  const refused: readonly (readonly [string[], RegExp])[] = [
    [['bundle.json', '--fields', 'reasom', '--out', 'b.json'], /WITHHOLD_FIELD_UNKNOWN/],
    [['bundle.json', '--fields', 'result.reason', '--out', 'b.json'], /WITHHOLD_FIELD_UNKNOWN/],
    [['bundle.json', '--fields', '', '--out', 'b.json'], /WITHHOLD_USAGE/],
    [['bundle.json', '--fields', 'all', '--out', 'bundle.json'], /WITHHOLD_USAGE/],
    [['bundle.json', '--fields', 'all'], /WITHHOLD_USAGE/],
    [['--fields', 'all', '--out', 'b.json'], /WITHHOLD_USAGE/],
    [['noise.json', '--fields', 'all', '--out', 'b.json'], /SCHEMA_MISMATCH/],
    [['bundle.json', '--fields', 'all', '--out', 'b.json', '--much'], /WITHHOLD_USAGE/],
  ];
  for (const [argv, reason] of refused) {
    const { code, stderr, written } = await withhold(...argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, reason);
    assert.equal(written, undefined);
  }
  assert.throws(
    () => withholdInBundle(bundle, ['nothing']),
    (error) => isProtocolError(error, 'WITHHOLD_FIELD_UNKNOWN'),
  );
});
