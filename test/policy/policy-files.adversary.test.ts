/** Policy files and their samples at the command line: what is tested, and files made to break the reader. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createPolicyBook, readPolicy } from '@sealedger/node/approval/policy-book.ts';
import { policyCommand } from '@sealedger/node/cli/policy-command.ts';
import { parsePolicy } from '@sealedger/protocol/policy/policy.ts';
import { simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import { refusal } from '../node/support/refusals.ts';
import { requestDocument } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const POLICY = simplePolicy({
  requesters: ['harbour-bank', 'bank'],
  purposes: ['credit-underwriting'],
  maxQuota: 1000,
  maxTermDays: 90,
  otherwise: 'ask',
});
const DEFAULTS = {
  dataset: 'tax-arrears',
  requester: 'harbour-bank',
  purpose: 'credit-underwriting',
  quota: 500,
  termDays: 30,
};

async function run(...args: readonly string[]) {
  const out: string[] = [];
  const io = { stdout: (text: string) => void out.push(text), stderr: () => undefined, locale: 'en' as const };
  return { code: await policyCommand(args, io), out: out.join('') };
}

async function files(t: TestContext, contents: Readonly<Record<string, unknown>>) {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(at(name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return at;
}

describe('policy test', () => {
  it('says of each sample what is decided, by which rule and why not, and fails where one is not as expected', async (t) => {
    const samples = {
      defaults: DEFAULTS,
      requests: [
        {
          name: 'usual',
          facts: {},
          expect: { decision: 'approve', rule: 'within-bounds', conditions: { needsCertificate: true } },
        },
        { name: 'too many', facts: { quota: 1001 }, expect: { decision: 'ask', failed: ['within-bounds/count'] } },
      ],
    };
    const wrong = {
      defaults: DEFAULTS,
      requests: [{ name: 'hoped', facts: { purpose: 'marketing' }, expect: { decision: 'approve' } }],
    };
    const at = await files(t, { 'policy.json': POLICY, 'good.json': samples, 'wrong.json': wrong });
    const good = await run('test', at('policy.json'), '--requests', at('good.json'), '--json');
    assert.equal(good.code, 0, good.out);
    assert.deepEqual(
      JSON.parse(good.out).outcomes.map(({ name, differences }: { name: string; differences: unknown }) => [
        name,
        differences,
      ]),
      [
        ['usual', []],
        ['too many', []],
      ],
    );
    const bad = await run('test', at('policy.json'), '--requests', at('wrong.json'));
    assert.equal(bad.code, 1);
    assert.match(bad.out, /✖ {2}"hoped" {2}ask .*within-bounds\/purpose/);
  });

  it('takes real request documents, and every file of a directory in order', async (t) => {
    const document = requestDocument();
    const sample = {
      requests: [
        {
          name: 'real',
          document,
          at: new Date(1000 * (document.expiresAt - 30 * 86_400)).toISOString(),
          facts: { dataset: 'returns' },
          expect: { decision: 'approve' },
        },
      ],
    };
    const at = await files(t, { 'policy.json': POLICY });
    await mkdir(at('samples'));
    await writeFile(join(at('samples'), '1.json'), JSON.stringify(sample));
    await writeFile(join(at('samples'), 'notes.txt'), 'not a sample');
    const tested = await run('test', at('policy.json'), '--requests', at('samples'), '--json');
    assert.equal(tested.code, 0, tested.out);
    assert.equal(JSON.parse(tested.out).outcomes.length, 1);
  });

  it('refuses a sample with a fact that is unknown, missing or out of range, and a directory without samples', async (t) => {
    const with_ = (facts: unknown, defaults: unknown = DEFAULTS) => ({
      defaults,
      requests: [{ name: 'a', facts, expect: { decision: 'ask' } }],
    });
    const at = await files(t, {
      'policy.json': POLICY,
      'unknown.json': with_({ mood: 'good' }),
      'range.json': with_({ level: 6 }),
      'missing.json': with_({}, { dataset: 'a' }),
    });
    const tested = (name: string) => run('test', at('policy.json'), '--requests', at(name));
    await assert.rejects(tested('unknown.json'), refusal('DEFINITION_INVALID'));
    await assert.rejects(tested('range.json'), refusal('DEFINITION_INVALID'));
    await assert.rejects(tested('missing.json'), refusal('POLICY_SAMPLE'));
    await assert.rejects(tested('nowhere.json'), refusal('POLICY_UNREADABLE'));
    await mkdir(at('empty'));
    await assert.rejects(tested('empty'), refusal('POLICY_UNREADABLE'));
  });
});

describe('a policy file', () => {
  it('is checked without a node, in JSON or YAML, and a draft of the tool is a policy', async (t) => {
    const draft = await run('draft', '--requesters', 'bank-a, bank-b', '--quota', '5', '--datasets', 'tax,court');
    const at = await files(t, { 'draft.yaml': draft.out, 'policy.json': POLICY, 'broken.json': '{"@type": "Set"}' });
    assert.equal((await run('check', at('draft.yaml'), at('policy.json'))).code, 0);
    assert.equal((await run('check', at('policy.json'), at('broken.json'))).code, 1);
    assert.deepEqual(
      (await readPolicy(at('draft.yaml'))).permission.map(({ target }) => target),
      ['urn:sealedger:dataset:tax', 'urn:sealedger:dataset:court'],
    );
    assert.deepEqual(parsePolicy(JSON.parse((await run('show', at('policy.json'), '--json')).out)), POLICY);
    assert.equal(JSON.parse((await run('schema')).out).type, 'object');
  });

  it('that is a bomb is refused in a moment, with its place', async (t) => {
    const text = JSON.stringify(POLICY);
    const bombs = {
      'huge.json': ' '.repeat((1 << 20) + 1),
      'deep.json': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      'aliases.yaml': `a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]\n`,
      'prototype.json': text.replace('{', '{"__proto__": {"permission": []}, '),
      'twice.json': text.replace('"@type"', '"@type": "Set", "@type"'),
      'unknown.json': text.replace('"recipient"', '"spatial"'),
      'binary.json': '\u0000\u0001\u0002',
    };
    const at = await files(t, bombs);
    const started = performance.now();
    for (const name of Object.keys(bombs)) {
      await assert.rejects(readPolicy(at(name)), (error: unknown) => {
        const { code } = error as { code: string };
        return code === 'DEFINITION_INVALID' || code === 'POLICY_UNREADABLE';
      });
    }
    assert.ok(performance.now() - started < 5000);
  });

  it('of the same name twice ends the start, and an applied one takes the place of the configured one', async () => {
    await assert.rejects(createPolicyBook([POLICY, POLICY]).read(), refusal('POLICY_TWICE'));
    const stricter = simplePolicy({ requesters: ['bank'], purposes: ['loan-pricing'], maxQuota: 1, maxTermDays: 1 });
    const book = createPolicyBook([POLICY], async () => [
      { policy: stricter, replaced: POLICY, actor: 'ab'.repeat(32), at: 0 },
    ]);
    assert.deepEqual(await book.read(), [stricter]);
  });
});
