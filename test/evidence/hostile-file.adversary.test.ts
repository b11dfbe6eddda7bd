/** Files that were made to break the reader instead of the proof: each is refused with a reason, none ends the verifier. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { runVerifyCommand } from '@sealedger/sdk/cli/verify-command.ts';
import { runWithholdCommand } from '@sealedger/sdk/cli/withhold-command.ts';
import { verifyBundleText } from '@sealedger/sdk/verify/verify-bundle.ts';
import { outcomeOf } from './support/byte-flips.ts';
import { type Story, tellStory, versionSubject } from './support/request-story.ts';

type Draft = {
  words: string[];
  blocks: { header: string[]; receipts: { above: string[]; at: number }[] }[];
  logs: { org: string; checkpoints: { size: number; events: { at: number; fields: Record<string, unknown> }[] }[] }[];
};

let story: Story;
let whole: string;
before(async () => {
  story = await tellStory();
  whole = bundleText(await story.part('tax', versionSubject));
});
after(() => story.close());

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

function draft(change: (file: Draft) => void): string {
  const file = JSON.parse(whole) as Draft;
  change(file);
  return `${JSON.stringify(file)}\n`;
}

/** The file with `text` as the value of the first field of the first event. */
function withValue(text: string): string {
  const mark = draft(({ logs }) => {
    const { fields } = logs[0]!.checkpoints[0]!.events[0]!;
    fields[Object.keys(fields)[0]!] = ['00'.repeat(16), '@'];
  });
  return mark.replace('"@"', () => text);
}

const refused: Readonly<Record<string, () => string>> = {
  'nested two million deep': () => nested(2_000_000),
  'objects in objects': () => `${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}`,
  'a value nested a million deep': () => withValue(nested(1_000_000)),
  'a value nested three thousand deep': () => withValue(nested(3_000)),
  'a member nested a million deep': () => whole.replace('"subject":{', () => `"subject":{"x":${nested(1_000_000)},`),
  'a text of twenty million digits': () => draft(({ blocks }) => (blocks[0]!.header[3] = 'ff'.repeat(10_000_000))),
  'a word that becomes three hundred million digits': () =>
    draft(({ words, blocks }) => {
      const place = words.push('ab'.repeat(500_000)) - 1;
      for (const block of blocks) block.header = block.header.map(() => `#${place}`);
      blocks.push(...Array.from({ length: 20 }, () => structuredClone(blocks[0]!)));
    }),
  'a key that is a prototype': () => whole.replace('"subject":{', '"subject":{"__proto__":{"kind":"version"},'),
  'a size that is no number': () => whole.replace(/"size":\d+/, '"size":1e400'),
  'a lone surrogate': () => withValue(String.raw`"\ud800"`),
};

test('what is too deep, too long or no JSON of ours is refused before anything is computed from it', () => {
  for (const [name, make] of Object.entries(refused)) {
    const outcome = outcomeOf(make(), story.trust);
    assert.ok('unreadable' in outcome, name);
    assert.ok(['SCHEMA_MISMATCH', 'JSON_NOT_CANONICAL'].includes(outcome.unreadable), `${name}: ${outcome.unreadable}`);
  }
  assert.equal(verifyBundleText(whole, story.trust).verdict, 'holds');
});

test('numbers as large as JSON has them, doubled keys and names of prototypes fail a claim and nothing else', () => {
  const files: Readonly<Record<string, string>> = {
    size: draft(({ logs }) => (logs[0]!.checkpoints[0]!.size = Number.MAX_SAFE_INTEGER)),
    place: draft(({ logs }) => (logs[0]!.checkpoints[0]!.events.at(-1)!.at = 2 ** 52)),
    receipt: draft(({ blocks }) => (blocks.find(({ receipts }) => receipts.length > 0)!.receipts[0]!.at = 2 ** 52)),
    organisation: draft(({ logs }) => (logs[0]!.org = 'constructor')),
    'key twice': whole.replace('{', '{"version":2,'),
    prototype: whole.replace('{', '{"__proto__":{"version":2},'),
    'prototype of fields': whole.replace('"fields":{', `"fields":{"__proto__":["${'00'.repeat(16)}",1],`),
    'byte order': whole.replace('\n', '\r\n'),
  };
  for (const [name, text] of Object.entries(files)) {
    const outcome = outcomeOf(text, story.trust);
    assert.ok('failed' in outcome && outcome.failed.size > 0, name);
  }
  assert.equal(({} as Record<string, unknown>)['version'], undefined);
});

test('an organisation named like a member of every object starts from no last state', () => {
  const text = draft(({ logs }) => (logs[0]!.org = 'constructor'));
  const { claims } = verifyBundleText(text, story.trust, { previousState: {} });
  assert.deepEqual(
    claims.filter(({ code }) => code === 'LOG_CONTINUES'),
    [],
  );
});

test('the commands end with 2 and a reason, and write nothing', async () => {
  const deep = withValue(nested(1_000_000));
  let written = 0;
  let stderr = '';
  const io = {
    stdout: () => undefined,
    stderr: (text: string) => void (stderr += text),
    readFile: async (path: string) => (path === 'trust.json' ? JSON.stringify(story.trust) : deep),
    writeFile: async () => void (written += 1),
    locale: 'en',
  } as const;
  assert.equal(await runVerifyCommand(['deep.json', '--trust', 'trust.json'], io), 2);
  assert.equal(await runWithholdCommand(['deep.json', '--fields', 'all', '--out', 'out.json'], io), 2);
  assert.match(stderr, /nesting is too deep[\s\S]+nesting is too deep/);
  assert.equal(written, 0);
  assert.throws(
    () => verifyBundleText(deep, story.trust),
    (error) => isProtocolError(error, 'SCHEMA_MISMATCH'),
  );
});
