/** The main job as a newcomer runs it: two commands, real processes, files that a script can use. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateScenario } from '../../demo/generate-scenario.ts';
import { createProcesses } from '../../demo/processes.ts';
import type { Report } from '../../demo/report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const taiwan = fileURLToPath(new URL('../../../shared/scenarios/taiwan-default', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function node(script: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, script), ...args],
      { cwd: root, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe('the main job', { timeout: 900_000 }, () => {
  let directory: string;
  let scenario: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sealedger-main-'));
    scenario = join(directory, 'scenario');
    await generateScenario(scenario, { people: 500, applicants: 80, strangers: 8 });
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('scores a scenario directory, reports, and leaves evidence that verifies and that a changed byte breaks', async () => {
    const out = join(directory, 'out');
    const run = await node('demo/run.ts', '--scenario', scenario, '--out', out, '--exit', '--lang', 'en');
    assert.equal(run.code, 0, run.stderr);
    const lines = (await readFile(join(out, 'scores.csv'), 'utf8')).trimEnd().split('\n');
    assert.equal(lines[0], 'id_number,score,status');
    assert.equal(lines.filter((line) => line.endsWith(',scored')).length, 72);
    assert.equal(lines.filter((line) => line.endsWith(',,not-in-register')).length, 8);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    assert.deepEqual([report.people, report.applicants, report.scored, report.notInRegister], [500, 80, 72, 8]);
    assert.ok(report.maxAbsError! <= 1e-3 && report.maxAbsError! > 0);
    assert.ok(Math.abs(report.auc! - report.cleartextAuc!) < 5e-3);
    assert.equal(report.evidence.bundles, 2);
    const bundles = (await readdir(join(out, 'evidence'))).map((name) => join(out, 'evidence', name));
    const trust = ['--trust', join(out, 'trust.json')];
    assert.equal((await node('sdk/cli/sealedger.ts', 'verify', ...bundles, ...trust)).code, 0);
    assert.notEqual((await node('sdk/cli/sealedger.ts', 'verify', ...bundles)).code, 0);
    const whole = await readFile(bundles.find((name) => name.includes('request-'))!, 'utf8');
    const tampered = whole.replace(
      /"totalUsed":\["(.)/,
      (found, digit: string) => found.slice(0, -1) + (digit === '0' ? '1' : '0'),
    );
    assert.ok(tampered !== whole);
    await writeFile(join(directory, 'tampered.json'), tampered);
    assert.equal((await node('sdk/cli/sealedger.ts', 'verify', join(directory, 'tampered.json'), ...trust)).code, 1);
  });

  it('goes on with the same chain and the same organisations at the next start', async () => {
    const out = join(directory, 'out');
    const before = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    const run = await node('demo/run.ts', '--scenario', scenario, '--out', out, '--exit', '--lang', 'zh-CN');
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /谁得知了什么/);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    assert.ok(report.chain.blocks > before.chain.blocks);
    assert.ok(report.evidence.events > before.evidence.events);
  });

  it('uses a chain that runs already, and says who is missing there without the founder', async () => {
    const chainScript = new URL('../../deploy/chain-main.ts', import.meta.url);
    const processes = createProcesses(join(directory, 'chain-logs'));
    try {
      const chain = await processes.start('chain', chainScript, [
        '--data',
        join(directory, 'own-chain'),
        '--exit-with-parent',
      ]);
      const { rpc, deployment, founderKey } = await chain.line('ready');
      const place = ['--rpc', String(rpc), '--deployment', String(deployment)];
      const job = [
        '--scenario',
        scenario,
        '--out',
        join(directory, 'own-chain-out'),
        '--exit',
        '--lang',
        'en',
        ...place,
      ];
      const refused = await node('demo/run.ts', ...job);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /FOUNDER_KEY_MISSING/);
      const run = await node('demo/run.ts', ...job, '--founder-key', String(founderKey));
      assert.equal(run.code, 0, run.stderr);
      assert.equal(await fetch(String(rpc)).then((response) => response.status > 0), true);
    } finally {
      await processes.stopAll();
    }
  });

  it('says what is wrong with bad input, where, and with a stable code', async () => {
    const spoilt = async (name: string, file: string, change: (text: string) => string): Promise<Ended> => {
      const copy = join(directory, name);
      await cp(scenario, copy, { recursive: true });
      await writeFile(join(copy, file), change(await readFile(join(copy, file), 'utf8')));
      return node('demo/run.ts', '--scenario', copy, '--out', join(directory, `${name}-out`), '--exit', '--lang', 'en');
    };
    // one case of each party that reads it: the runner, a node; more of them: test/demo, test/catalogue, test/sdk
    const cases: readonly (readonly [string, string, (text: string) => string, RegExp])[] = [
      [
        'check-digit',
        'bank.csv',
        (text) => text.replace(/^(\d{17})(.)/m, (_, head: string, check: string) => head + (check === '1' ? '2' : '1')),
        /ROW_IDENTIFIER_INVALID.*row 1/,
      ],
      [
        'duplicate',
        'tax-bureau.csv',
        (text) => text.replace(/\n(.*)\n/, '\n$1\n$1\n'),
        /tax-bureau: ROW_DUPLICATE_SUBJECT.*row 2/,
      ],
      [
        'unknown-party',
        'model.json',
        (text) => text.replace('"party": "tax-bureau"', '"party": "nobody"'),
        /MODEL_UNKNOWN_PARTY/,
      ],
      ['infinite', 'model.json', (text) => text.replace('"weight": 0.41', '"weight": 1e999'), /SCHEMA_MISMATCH/],
      ['bank-as-gate', 'scenario.json', (text) => text.replace('"audit-office"', '"harbour-bank"'), /SCENARIO_PARTIES/],
    ];
    for (const [name, file, change, expected] of cases) {
      const ended = await spoilt(name, file, change);
      assert.equal(ended.code, 1, `${name}: ${ended.stderr}`);
      assert.match(ended.stderr, expected, name);
      assert.doesNotMatch(ended.stderr, /\d{17}[\dX]/, name);
    }
  });

  it('refuses a scenario that is not there and options that do not fit', async () => {
    assert.equal(
      (await node('demo/run.ts', '--scenario', join(directory, 'nowhere'), '--out', join(directory, 'x'), '--exit'))
        .code,
      1,
    );
    assert.equal((await node('demo/run.ts', '--rpc', 'http://127.0.0.1:1', '--exit')).code, 2);
    assert.equal((await node('demo/run.ts', '--wrong')).code, 2);
  });

  it('reaches the promised figures on the real scenario', async (t) => {
    if (!existsSync(taiwan)) {
      t.skip('shared/scenarios/taiwan-default not found: the real scenario was NOT run');
      return;
    }
    const out = join(directory, 'taiwan');
    const run = await node('demo/run.ts', '--scenario', taiwan, '--out', out, '--exit');
    assert.equal(run.code, 0, run.stderr);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    assert.deepEqual([report.scored, report.notInRegister, report.features], [6000, 300, 110]);
    assert.ok(report.maxAbsError! <= 1e-3);
    assert.ok(Math.abs(report.auc! - 0.761736) <= 1e-4);
    for (const [name, peak] of Object.entries(report.peakRssMb)) assert.ok(peak <= 1024, `${name}: ${peak} MB`);
  });
});
