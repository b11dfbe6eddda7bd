import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callAdmin, type PersonCredential } from '@sealedger/node/cli/admin-client.ts';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { questionContracts } from '@sealedger/node/services/admin-questions.ts';
import { requestContracts } from '@sealedger/node/services/admin-requests.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { transformedValue } from '@sealedger/protocol/model.ts';
import { simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import { runAnswerCommand } from '@sealedger/sdk/cli/answer-command.ts';
import { runComputeCommand } from '@sealedger/sdk/cli/compute-command.ts';
import { runGrantCommand } from '@sealedger/sdk/cli/grant-command.ts';
import { runRequestCommand } from '@sealedger/sdk/cli/request-command.ts';
import { runStatusCommand } from '@sealedger/sdk/cli/status-command.ts';
import { runUnlockCommand } from '@sealedger/sdk/cli/unlock-command.ts';
import type { CommandIo } from '@sealedger/sdk/cli/verify-command.ts';
import { runWithdrawCommand } from '@sealedger/sdk/cli/withdraw-command.ts';
import { SMALL, startConsortium, type TestConsortium } from '../journey/support/consortium.ts';
import { keyOf } from '../node/support/organisations.ts';

const commands = {
  answer: runAnswerCommand,
  compute: runComputeCommand,
  grant: runGrantCommand,
  request: runRequestCommand,
  status: runStatusCommand,
  unlock: runUnlockCommand,
  withdraw: runWithdrawCommand,
} as const;

const PERSON = 'tax-bureau';
const approver: PersonCredential = { id: 'wang', secret: keyOf('wang') };
const QUESTION = 'Which edition of the consent form is this?';

describe('a bank at its command line', () => {
  let world: TestConsortium;
  let profile: string;
  let first = '';
  let amended = '';
  let model = '';

  before(async () => {
    const policy = simplePolicy({
      requesters: ['harbour-bank'],
      purposes: ['credit-underwriting'],
      maxQuota: 1000,
      maxTermDays: 366,
      certificate: 'waived',
      decidedBy: 'person',
    });
    const key = toHex(nativeEd25519.publicKey(keyOf('wang')));
    const settings = { policies: [policy], people: [{ id: 'wang', roles: ['approver'], key }] };
    world = await startConsortium(
      SMALL,
      undefined,
      { certificate: 'waived' },
      {
        settings: (org) => (org === PERSON ? settings : {}),
      },
    );
    profile = await writeProfile(world);
    const example = /```yaml\n([^`]*)```/.exec(
      await readFile(new URL('../../docs/requests.md', import.meta.url), 'utf8'),
    )!;
    const scenario = join(world.directory, 'scenario');
    await writeFile(join(scenario, 'request.yaml'), example[1]!);
    await writeFile(join(scenario, 'consent-form.txt'), 'I agree that …');
  });
  after(() => world.end());

  async function run(name: keyof typeof commands, ...args: string[]) {
    const printed = { stdout: '', stderr: '' };
    const io: CommandIo = {
      stdout: (text) => void (printed.stdout += text),
      stderr: (text) => void (printed.stderr += text),
      readFile: (path) => readFile(path, 'utf8'),
      locale: 'en',
    };
    const code = await commands[name]([...args, '--profile', profile], io);
    return { code, ...printed };
  }
  async function json(name: keyof typeof commands, ...args: string[]) {
    const { code, stdout, stderr } = await run(name, ...args, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }
  const configOf = (org: string): string => join(world.organisation(org).directory, 'node.json');
  const io = { stderr: () => undefined, locale: 'en' as const, person: approver };
  const approve = (requestId: string) =>
    callAdmin(configOf(PERSON), requestContracts.decide, { requestId, approved: true, reason: 'in order' }, io);

  it('sends the example of the documentation, and sees who has not decided', async () => {
    const sent = await json('request', join(world.directory, 'scenario', 'request.yaml'));
    first = sent.requestId;
    model = sent.document.modelDigest;
    assert.equal(sent.state, 'submitted');
    assert.equal(sent.document.contact.person, 'Lin Yue');
    const status = await json('status', first.slice(0, 8));
    assert.deepEqual(status.waitingFor, [{ org: PERSON, what: 'decision' }]);
    for (const { org, node } of status.parties) assert.deepEqual([org, node.missing], [org, []]);
    assert.match((await run('status', '--lang', 'zh-CN')).stdout, /待审批;用途 credit-underwriting;已用 0\/60 次/);
  });

  it('answers a question, once', async () => {
    const asked = await callAdmin(configOf(PERSON), questionContracts.ask, { requestId: first, text: QUESTION }, io);
    const again = await callAdmin(configOf(PERSON), questionContracts.ask, { requestId: first, text: QUESTION }, io);
    assert.equal(asked.questionId, again.questionId, 'asked twice is asked once');
    const { stdout } = await run('status', first);
    assert.ok(stdout.includes(QUESTION) && stdout.includes(`waits for ${PERSON}: an answer`), stdout);
    await json('answer', first, asked.questionId.slice(0, 8), 'That of 2026.');
    await json('answer', first, asked.questionId.slice(0, 8), 'That of 2026.');
    const changed = await run('answer', first, asked.questionId.slice(0, 8), 'That of 2025.');
    assert.equal(changed.code, 1);
    assert.match(changed.stderr, /QUESTION_ANSWERED/);
    const { questions } = await callAdmin(configOf(PERSON), questionContracts.questions, { requestId: first }, io);
    assert.deepEqual(
      questions.map(({ text, answer }) => [text, answer]),
      [[QUESTION, 'That of 2026.']],
    );
  });

  it('shows grants that hold against the chain', async () => {
    await approve(first);
    await json('request', '--deliver', first, '--wait', '60');
    const { grants } = await json('grant', first);
    assert.equal(grants.length, 5);
    for (const { org, holds, checks, grant } of grants) {
      assert.ok(holds, org);
      assert.equal(checks.hash, org === 'audit-office' ? null : true, org);
      assert.deepEqual([checks.signature, checks.scope, grant.quota], [true, true, 60]);
    }
    const text = (await run('grant', first)).stdout;
    assert.match(text, /tax-bureau: approved by the rule within-bounds, approvers: 1/);
  });

  it('computes and unlocks, and the scores are those of the model in clear', async () => {
    await json('compute', first);
    const subjects = join(world.directory, 'subjects.txt');
    const out = join(world.directory, 'scores.csv');
    await writeFile(subjects, `${world.subjects.join('\n')}\n`);
    const { scored, notInRegister, quota } = await json('unlock', first, '--subjects', subjects, '--out', out);
    assert.deepEqual([scored, notInRegister, quota], [54, 6, 60]);
    assert.equal((await stat(out)).mode & 0o777, 0o600);
    const lines = (await readFile(out, 'utf8')).trim().split('\n').slice(1);
    const own = world.files.model.features.filter(({ party }) => party === 'harbour-bank');
    for (const [i, line] of lines.entries()) {
      const [subject = '', logit, state] = line.split(',');
      if (state !== 'scored') continue;
      const { cells, row } = world.applicants[i]!;
      const ownPart = own.reduce(
        (sum, feature) => sum + feature.weight * transformedValue(feature, cells[feature.field] ?? null, row),
        0,
      );
      assert.ok(Math.abs(Number(logit) + ownPart - world.expected.get(subject)!) < 1e-3);
    }
    await writeFile(subjects, '123\n');
    const refused = await run('unlock', first, '--subjects', subjects, '--out', out);
    assert.deepEqual([refused.code, refused.stderr.includes('123')], [2, false], refused.stderr);
  });

  it('amends: all decide anew, the old version goes on until then and no longer', async () => {
    const change = join(world.directory, 'change.yaml');
    await writeFile(change, 'quota: 30\npurpose: credit-underwriting\n');
    const sent = await json('request', '--amend', first, change);
    amended = sent.requestId;
    assert.deepEqual([sent.state, sent.previous, sent.document.quota], ['submitted', first, 30]);
    const before = await json('status', first);
    assert.equal(before.state, 'active');
    assert.equal(sent.document.modelDigest, model, 'the same ciphertexts: a certificate stays good');
    await approve(amended);
    await json('request', '--deliver', amended, '--wait', '60');
    const after = await json('status', amended);
    assert.deepEqual(
      after.versions.map(({ requestId, change: how, state }: { requestId: string; change: string; state: string }) => [
        requestId,
        how,
        state,
      ]),
      [
        [first, 'new', 'superseded'],
        [amended, 'amendment', 'active'],
      ],
    );
    const old = await run('compute', first);
    assert.equal(old.code, 1, old.stderr);
    const subjects = join(world.directory, 'one.txt');
    await writeFile(subjects, `${world.subjects[0]}\n`);
    const table = await run('unlock', amended, '--subjects', subjects, '--out', join(world.directory, 'x.csv'));
    assert.notEqual(table.code, 0, 'the new version has no table of its own yet');
  });

  it('renews without sending the model again, and nothing but quota and term may differ', async () => {
    const sent = await json('request', '--renew', amended, '--term-days', '120', '--quota', '40');
    assert.equal(sent.change, 'renewal');
    const status = await json('status', sent.requestId);
    assert.deepEqual(status.waitingFor, [{ org: PERSON, what: 'decision' }]);
    await json('withdraw', sent.requestId);
    assert.equal((await json('status', sent.requestId)).state, 'withdrawn');
    assert.equal((await json('status', amended)).state, 'active', 'what is taken back replaces nothing');
    const twice = await run('withdraw', sent.requestId);
    assert.deepEqual([twice.code, /REQUEST_NOT_ACTIVE/.test(twice.stderr)], [1, true]);
    const late = await run('answer', sent.requestId, '00000000', 'x');
    assert.deepEqual([late.code, /QUESTION_UNKNOWN/.test(late.stderr)], [1, true]);
  });

  it('seals anew where the precision changes, and hands out the new ciphertexts', async () => {
    const change = join(world.directory, 'precision.yaml');
    await writeFile(change, 'noiseWidthLog2: -10\nlegalBasis: { code: consent, text: renewed form }\n');
    const sent = await json('request', '--amend', amended, change);
    assert.notEqual(sent.document.modelDigest, model);
    const { noisePolicy, legalBasis, expiresAt, quota } = sent.document;
    assert.deepEqual([noisePolicy.totalWidthLog2, legalBasis.code, quota], [-10, 'consent', 30]);
    const { waitingFor, expiresAt: ends } = await json('status', sent.requestId);
    assert.deepEqual(waitingFor, [{ org: PERSON, what: 'decision' }]);
    assert.ok(
      Math.abs(expiresAt - (await json('status', amended)).expiresAt) <= 1 && ends === expiresAt,
      'the same end',
    );
    const refused = callAdmin(
      configOf(PERSON),
      requestContracts.decide,
      { requestId: sent.requestId, approved: false, reason: 'too much noise' },
      io,
    );
    assert.equal((await refused).approved, false);
    const again = await run('request', '--renew', sent.requestId, '--term-days', '9');
    assert.deepEqual([again.code, /REQUEST_PREVIOUS_STATE/.test(again.stderr)], [1, true], again.stderr);
    const rejected = await json('grant', sent.requestId);
    const { grant } = rejected.grants.find(({ org }: { org: string }) => org === PERSON);
    assert.deepEqual([grant.approved, grant.approvers], [false, 1]);
  });

  it('ends what is in use', async () => {
    assert.equal((await json('withdraw', amended)).state, 'completed');
    const { requests } = await json('status');
    assert.deepEqual(
      requests.map(({ state }: { state: string }) => state),
      ['superseded', 'completed', 'withdrawn', 'rejected'],
    );
  });

  it('says what is wrong with a call, a file or an id', async () => {
    const file = join(world.directory, 'scenario', 'bad.yaml');
    await writeFile(file, 'purpose: curiosity\n');
    const bad = await run('request', file);
    assert.deepEqual([bad.code, /SCHEMA_MISMATCH.*purpose/.test(bad.stderr)], [2, true]);
    const unknown = await run('status', 'deadbeef');
    assert.deepEqual([unknown.code, /REQUEST_UNKNOWN/.test(unknown.stderr)], [1, true]);
    assert.equal((await run('request')).code, 2);
    assert.match((await run('request', '--codes', '--lang', 'zh-CN')).stdout, /个人信息保护法第十三条第一款第\(一\)项/);
  });
});

async function writeProfile(world: TestConsortium): Promise<string> {
  const { keystoreFile, passphraseFile, directory } = world.organisation('harbour-bank');
  const path = join(directory, 'profile.json');
  await writeFile(
    path,
    JSON.stringify({
      suite: SUITE,
      version: 1,
      org: 'harbour-bank',
      keystore: keystoreFile,
      passphraseFile,
      deployment: world.chain.deploymentFile,
      rpc: world.chain.rpcUrl,
      store: 'cli-store',
    }),
  );
  return path;
}
