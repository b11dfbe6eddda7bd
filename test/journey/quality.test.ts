/**
 * The quality of a table as a department lives it, with real processes: described, reviewed by a second person, published,
 * scored, repaired, scored again, with points; anchored at each step, seen by a member, verified by a stranger.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import type { QualityReport } from '@sealedger/node/quality/report.ts';
import type { OrderView } from '@sealedger/node/services/quality-views.ts';
import { trustOfDeployment } from '@sealedger/protocol/evidence/trust.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { type QualityContext, qualityHistory } from '@sealedger/sdk/quality.ts';
import { systemClock } from '../../deploy/clock.ts';
import { testPerson } from '../keys/support/persons.ts';
import { assertFree, refusalOf } from '../node/support/refusals.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { type Department, startDepartment } from './support/department.ts';

const people = subjectsOf(40, 81_000);
const PLANTED = ['PlantedNameCell', '139x0000planted', '=cmd|planted', ...people] as const;
const HEADER = 'id_number,name,phone,district,office';
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Assessed {
  readonly report: QualityReport;
  readonly reportHash: string;
  readonly round: number;
}

/** Rows 1 and 3 lack a name, 2 has a letter in its phone, 4 an unknown district, 6 a formula. */
function table(isRepaired: boolean): string {
  const rows = people.map((id, i) => [
    id,
    `Payer ${i}`,
    `1390000${1000 + i}`,
    i % 2 ? 'north' : 'south',
    i % 4 ? 'west' : 'east',
  ]);
  rows[4]![1] = 'PlantedNameCell';
  if (!isRepaired) {
    rows[0]![1] = '';
    rows[2]![1] = '';
    rows[1]![2] = '139x0000planted';
    rows[3]![3] = 'nowhere';
    rows[5]![2] = '=cmd|planted';
  }
  return `${[HEADER, ...rows.map((row) => row.join(','))].join('\n')}\n`;
}

const RULES = `ruleSet: payers-rules
version: 1
dataset: payers
rules:
  - { id: name-present, type: notNull, field: name, dimension: completeness, severity: critical }
  - { id: phone-form, type: pattern, field: phone, pattern: '1[0-9]{10}', dimension: conformity, title: { en: A mobile number has eleven digits, zh-CN: 手机号码应为 11 位数字 } }
  - { id: district-known, type: codeList, field: district, codes: [north, south], dimension: accuracy, severity: minor }
  - { id: subject-once, type: unique, field: id_number, dimension: consistency }
`;

const DEFINITION = `dataset: payers
source: { type: csv, file: payers.csv }
subject: { column: id_number, identifier: resident-id, level: 4 }
title: { zh: 纳税人登记, en: Taxpayers }
code: 307000/000001
category: { class: department, item: 税务 }
provider: { name: { zh: 税务局, en: Tax bureau }, code: 91350100M000100Y43 }
abstract: { zh: 纳税人登记信息 }
format: { kind: spreadsheet, type: csv }
sharing: { type: conditional, condition: { zh: 经授权 } }
open: { type: closed }
updateCycle: monthly
publicationDate: 2026-11-21
fields:
  - { name: name, title: name, type: character, length: 64, level: 3 }
  - { name: phone, title: phone, type: character, length: 32, level: 3 }
  - { name: district, title: district, type: character, length: 16, level: 2 }
  - { name: office, title: office, type: character, length: 16, level: 2 }
`;

describe('the quality of a table', { timeout: 300_000 }, () => {
  let department: Department;
  const answers: string[] = [];
  before(async () => {
    department = await startDepartment(async (directory) => {
      await writeFile(join(directory, 'payers.csv'), table(false));
      await writeFile(join(directory, 'payers.yaml'), DEFINITION);
      await writeFile(join(directory, 'rules.yaml'), RULES);
      return {
        people: [
          testPerson('li', 'steward', 'operator'),
          testPerson('wang', 'steward'),
          testPerson('zhao', 'approver'),
        ],
        quality: [
          {
            dataset: 'payers',
            rules: 'rules.yaml',
            units: { column: 'office' },
            key: ['id_number'],
            schedule: '0 3 1 1 *',
          },
        ],
      };
    });
  });
  after(() => department.end());

  const command = async (...args: string[]) => {
    const ended = await department.command(...args);
    answers.push(ended.stdout, ended.stderr);
    return ended;
  };
  const json = async <T>(...args: string[]): Promise<T> => {
    const ended = await command(...args, '--json');
    assert.notEqual(ended.stdout, '', `${args.join(' ')}: ${ended.stderr}`);
    return JSON.parse(ended.stdout) as T;
  };
  const publish = async (): Promise<void> => {
    const definition = join(department.directory, 'payers.yaml');
    const draft = await command('dataset', 'draft', definition, '--by', 'li');
    assert.equal(draft.code, 0, draft.stderr);
    const { digest } = await json<{ digest: string }>('dataset', 'submit', 'payers', '--by', 'li');
    const early = await command('dataset', 'publish', 'payers', '--by', 'li');
    assert.match(early.stderr, /DATASET_SECOND_PERSON/);
    assert.match((await command('dataset', 'approve', 'payers', '--digest', digest, '--by', 'li')).stderr, /PERSON_/);
    const approved = await command('dataset', 'approve', 'payers', '--digest', digest, '--by', 'zhao');
    assert.equal(approved.code, 0, approved.stderr);
    const published = await command('dataset', 'publish', 'payers', '--by', 'li');
    assert.equal(published.code, 0, published.stderr);
  };
  const orders = async (): Promise<readonly OrderView[]> =>
    (await json<{ orders: OrderView[] }>('workorder', 'list')).orders;
  const context = async (): Promise<QualityContext> => {
    const bank = department.organisations.find(({ org }) => org === 'harbour-bank')!;
    const identity = {
      org: bank.org,
      keyEpoch: (await department.ledger.organisation(bank.org))!.keyEpoch,
      sign: (message: Uint8Array) => nativeEd25519.sign(message, bank.keys.signing),
    };
    const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
    return {
      ledger: department.ledger,
      peers: createPeerClient(identity, { fetch, clock: systemClock, randomBytes: random, ed25519: nativeEd25519 }),
      rpc: createJsonRpc(department.rpcUrl, fetch),
      deployment: department.ledger.deployment,
    };
  };
  let first: Assessed;

  it('is published after a second person’s look, scored, and the score stands on chain', async () => {
    await publish();
    const run = await command('quality', 'run', 'payers', '--by', 'li', '--json');
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stderr, /rules: step 1 of/);
    first = JSON.parse(run.stdout) as Assessed;
    const onChain = await department.ledger.qualityOf(first.report.versionId);
    assert.deepEqual(onChain, {
      round: 1,
      ruleSetHash: first.report.ruleSet.hash,
      scoreBasisPoints: first.report.score.basisPoints,
      reportHash: first.reportHash,
    });
    assert.deepEqual(
      (await orders()).map(({ ruleId, unit, rows, state }) => [ruleId, unit, rows, state].join(' ')).sort(),
      ['district-known west 1 open', 'name-present east 1 open', 'name-present west 1 open', 'phone-form west 2 open'],
    );
  });

  it('hands rows out with reasons, in a file beside the node that no spreadsheet runs', async () => {
    const phone = (await orders()).find(({ ruleId }) => ruleId === 'phone-form')!;
    assert.match((await command('workorder', 'assign', phone.id, '--to', 'wang')).stderr, /PERSON_MISSING/);
    assert.equal((await command('workorder', 'assign', phone.id, '--to', 'wang', '--by', 'li')).code, 0);
    const file = join(department.directory, 'phone.csv');
    const exported = await command('workorder', 'export', phone.id.slice(0, 10), '--out', file, '--by', 'li');
    assert.equal(exported.code, 0, exported.stderr);
    const text = await readFile(file, 'utf8');
    assert.equal(text.charCodeAt(0), 0xfeff);
    assert.match(text, /A mobile number has eleven digits/);
    assert.match(text, /,'=cmd\|planted,/);
    assert.match(text, /139x0000planted/);
    assert.equal((await stat(file)).mode & 0o077, 0);
  });

  it('re-tests what was repaired, closes what passes and gives back what does not', async () => {
    const [named] = (await orders()).filter(({ ruleId, unit }) => ruleId === 'name-present' && unit === 'east');
    assert.equal((await command('workorder', 'fix', named!.id, '--by', 'wang')).code, 0);
    const still = await command('workorder', 'retest', named!.id, '--by', 'li', '--json');
    assert.equal(still.code, 1);
    assert.equal((JSON.parse(still.stdout) as { order: OrderView }).order.state, 'reopened');
    await writeFile(join(department.directory, 'payers.csv'), table(true));
    assert.equal((await command('workorder', 'fix', named!.id, '--by', 'wang')).code, 0);
    const { order, work } = await json<{ order: OrderView; work: { testedRows: number; sourceRows: number } }>(
      'workorder',
      'retest',
      named!.id,
      '--by',
      'li',
    );
    assert.deepEqual([order.state, order.outcome], ['closed', 'passed']);
    assert.deepEqual([work.testedRows, work.sourceRows], [1, 40]);
    assert.match((await command('quality', 'run', 'payers', '--by', 'li')).stderr, /DATASET_CHANGED/);
  });

  it('is scored again as a new version, better, and earns points', async () => {
    await publish();
    const { report, reportHash } = await json<Assessed>('quality', 'run', 'payers', '--by', 'li');
    assert.equal(report.score.basisPoints, 10_000);
    assert.equal(report.datasetVersion, 2);
    assert.ok((await orders()).every(({ state }) => state === 'closed'));
    const points = await json<{
      totals: { dataset: string; total: number }[];
      entries: { points: number; cause: string }[];
    }>('quality', 'points', 'payers');
    const sum = points.entries.reduce((total, entry) => total + entry.points, 0);
    assert.ok(sum > 0);
    assert.deepEqual(points.totals, [{ dataset: 'payers', total: sum }]);
    assert.ok(points.entries.some(({ cause }) => cause === 'improvement'));
    assert.match((await command('quality', 'ranking')).stdout, /payers.*100\.00.*\+/);
    assert.match((await command('quality', 'dqv', 'payers')).stdout, /dqv:QualityMeasurement/);
    const { html } = await reportPages();
    assert.match(html, /<svg/);
    assert.match(html, new RegExp(reportHash));
  });

  const reportPages = async () => {
    const page = await command('quality', 'report', 'payers', '--format', 'html');
    assert.equal(page.code, 0, page.stderr);
    return { html: page.stdout };
  };

  it('shows members its scores, each as the chain has it', async () => {
    const verified = await qualityHistory(await context(), first.report.versionId);
    assert.deepEqual(
      verified.scores.map(({ version, round }) => [version, round]),
      [
        [1, 1],
        [2, 1],
      ],
    );
    answers.push(JSON.stringify(verified));
    const described = await command('openapi');
    assert.match(described.stdout, /"\/admin\/v1\/quality\.run"/);
    assert.match(described.stdout, /"\/v1\/datasets\/\{id\}\/quality"/);
    const lying = await context();
    const peers = {
      ...lying.peers,
      json: async (...args: Parameters<typeof lying.peers.json>) => {
        const answer = (await lying.peers.json(...args)) as { scores: unknown[] };
        return { ...answer, scores: answer.scores.slice(1) };
      },
    };
    assert.equal(
      (await refusalOf(() => qualityHistory({ ...lying, peers }, first.report.versionId))).code,
      'QUALITY_HISTORY_DIFFERS',
    );
  });

  it('has a bundle of its score that verifies with a trust file, and none of it after a change', async () => {
    const bundle = join(department.directory, 'version.json');
    const exported = await command(
      'evidence',
      'export',
      '--version',
      first.report.versionId,
      '--out',
      bundle,
      '--by',
      'li',
    );
    assert.equal(exported.code, 0, exported.stderr);
    const trust = join(department.directory, 'trust.json');
    const deployment = parseDeployment(JSON.parse(await readFile(department.deploymentFile, 'utf8')));
    await writeFile(trust, JSON.stringify(trustOfDeployment(deployment)));
    const good = await verify(bundle, trust);
    assert.equal(good.code, 0, good.stdout);
    const text = await readFile(bundle, 'utf8');
    answers.push(text);
    const changed = text.replace(String(first.report.score.basisPoints), String(first.report.score.basisPoints + 1));
    assert.notEqual(changed, text);
    await writeFile(bundle, changed);
    assert.equal((await verify(bundle, trust)).code, 1);
  });

  it('survives a kill in the middle of a run and of a test: nothing lost, nothing twice', async () => {
    await writeFile(join(department.directory, 'payers.csv'), table(false));
    await publish();
    for (const line of [1, 2, 3]) {
      await department.killDuring(line, 'quality', 'run', 'payers', '--by', 'li');
      await department.start();
    }
    const history = await json<{
      entries: { version: number; round: number; versionId: string; reportHash: string }[];
    }>('quality', 'history', 'payers');
    const last = await json<Assessed>('quality', 'run', 'payers', '--by', 'li');
    assert.equal((await department.ledger.qualityOf(last.report.versionId))!.round, last.round);
    assert.equal(history.entries.filter(({ version }) => version === 3).length + 1, last.round);
    const open = (await orders()).filter(({ state }) => state !== 'closed');
    assert.equal(new Set(open.map(({ ruleId, unit }) => `${ruleId} ${unit}`)).size, open.length);
    assert.equal(open.length, 4);
    const phone = open.find(({ ruleId }) => ruleId === 'phone-form')!;
    await command('workorder', 'fix', phone.id, '--by', 'wang');
    await writeFile(join(department.directory, 'payers.csv'), table(true));
    await Promise.all([command('workorder', 'retest', phone.id, '--by', 'li'), department.kill()]);
    await department.start();
    const after = (await orders()).find(({ id }) => id === phone.id)!;
    if (after.state !== 'closed') await json('workorder', 'retest', phone.id, '--by', 'li');
    const closed = (await orders()).find(({ id }) => id === phone.id)!;
    assert.deepEqual(closed.steps.map(({ state }) => state).slice(-3), ['fixed', 'retested', 'closed']);
    await department.kill();
    const checked = await command('fsck', '--rpc', department.rpcUrl);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  });

  it('shows no identifier and no cell in logs, answers, reports, bundles and on chain', async () => {
    const chain = await allTransactions(department.rpcUrl);
    assertFree(answers.join('\n'), PLANTED);
    assertFree(await department.logs(), PLANTED);
    assertFree(
      chain,
      PLANTED.flatMap((text) => [text, Buffer.from(text).toString('hex')]),
    );
  });
});

function verify(bundle: string, trust: string): Promise<{ readonly code: number; readonly stdout: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'sdk/cli/sealedger.ts'), 'verify', bundle, '--trust', trust],
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout: stdout + stderr }),
    );
  });
}

async function allTransactions(rpcUrl: string): Promise<string> {
  const rpc = createJsonRpc(rpcUrl, fetch);
  const head = Number(await rpc.request('eth_blockNumber', []));
  const blocks = await Promise.all(
    Array.from({ length: head + 1 }, (_, i) => rpc.request('eth_getBlockByNumber', [`0x${i.toString(16)}`, true])),
  );
  return JSON.stringify(blocks);
}
