/** The catalogue over real processes: an entry's life by the command line, and what members see of it. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { datasetCommand } from '@sealedger/node/cli/dataset-command.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { runCatalogueCommand } from '@sealedger/sdk/cli/catalogue-command.ts';
import { type Child, createProcesses } from '../../demo/processes.ts';
import { startConsortium, type TestConsortium } from '../journey/support/consortium.ts';
import { testPerson, withPersonKeys } from '../keys/support/persons.ts';
import { subjectOf } from '../node/support/subjects.ts';
import { csvOf } from '../node/support/temporary.ts';
import { definitionText } from './support/definitions.ts';

const SENSITIVE = definitionText((d) => void (d.fields[0]!['level'] = 4));
const NAME = 'personal-income';

/** What a command printed, as far as it is looked at. */
interface Answer {
  readonly id: string;
  readonly digest: string;
  readonly rows: number;
  readonly needId: string;
  readonly hits: readonly { readonly id: string }[];
  readonly faults: readonly { readonly org: string; readonly code: string }[];
  readonly filed: readonly unknown[];
  readonly needs: readonly {
    readonly org: string;
    readonly state: string;
    readonly need: { readonly title: string };
  }[];
  readonly metadata: { readonly entry: { readonly title: { readonly en: string } } };
  readonly '@graph': readonly { readonly '@type': unknown }[];
}

interface Told {
  readonly code: number;
  readonly json: Answer;
  readonly stderr: string;
}

function collector() {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    io: {
      stdout: (text: string) => void out.push(text),
      stderr: (text: string) => void err.push(text),
      locale: 'en' as const,
    },
  };
}

describe('the catalogue of a consortium', () => {
  let consortium: TestConsortium;
  let processes: ReturnType<typeof createProcesses>;
  let tax: Child;
  let config: string;
  let profile: string;
  let yaml: string;

  /** `sealedger-node dataset …` against the running node. */
  const node = async (...argv: string[]): Promise<Told> => {
    const { out, err, io } = collector();
    const signed = withPersonKeys(consortium.directory, argv);
    const code = await datasetCommand([...signed, '--config', config, '--json'], io);
    return { code, json: JSON.parse(out.join('')), stderr: err.join('') };
  };
  const bank = async (...argv: string[]): Promise<Told> => {
    const { out, err, io } = collector();
    const streams = {
      ...io,
      readFile: (path: string) => readFile(path, 'utf8'),
      writeFile: (path: string, text: string) => writeFile(path, text),
    };
    const code = await runCatalogueCommand([...argv, '--profile', profile, '--json'], streams);
    return { code, json: JSON.parse(out.join('') || '{}'), stderr: err.join('') };
  };

  before(async () => {
    consortium = await startConsortium();
    const { directory } = consortium.organisation('tax-bureau');
    config = join(directory, 'with-people.json');
    yaml = join(directory, 'income.yaml');
    const written = JSON.parse(await readFile(join(directory, 'node.json'), 'utf8')) as Record<string, unknown>;
    const people = [testPerson('ana', 'steward'), testPerson('bo', 'approver')];
    await writeFile(config, JSON.stringify({ ...written, people }));
    await writeFile(yaml, SENSITIVE);
    const rows = [1, 2, 3].map((n) => [subjectOf(n), String(100 * n), 'A']);
    await writeFile(join(dirname(yaml), 'income.csv'), csvOf(['id_number', 'income', 'grade'], rows));
    await consortium.kill('tax-bureau');
    processes = createProcesses(join(directory, 'logs'));
    tax = await processes.start('tax-bureau', new URL('../../node/main.ts', import.meta.url), [
      'run',
      '--config',
      config,
      '--passphrase-file',
      consortium.organisation('tax-bureau').passphraseFile,
      '--exit-with-parent',
    ]);
    await tax.line('ready');
    const member = consortium.organisation(consortium.files.scenario.bank.node);
    profile = join(member.directory, 'me.json');
    const me = {
      suite: SUITE,
      version: 1,
      org: member.org,
      keystore: 'keystore.json',
      passphraseFile: 'passphrase',
      deployment: consortium.chain.deploymentFile,
      rpc: consortium.chain.rpcUrl,
    };
    await writeFile(profile, JSON.stringify(me));
  });
  after(async () => {
    await processes.stopAll();
    await consortium.end();
  });

  it('has an entry after two people agreed, and every member finds it as the chain has it', async () => {
    const { digest } = (await node('draft', yaml, '--by', 'ana')).json;
    assert.equal((await node('submit', NAME, '--by', 'ana')).json.rows, 3);
    await assert.rejects(node('publish', NAME, '--by', 'ana'), /second person/);
    await node('approve', NAME, '--digest', digest, '--by', 'bo');
    const { id } = (await node('publish', NAME, '--by', 'ana')).json;
    assert.equal((await consortium.bank.ledger.datasetVersion(id))?.level, 4);
    const found = await bank('search', '个人收入');
    assert.deepEqual([found.code, found.json.hits.map((hit) => hit.id)], [0, [id]]);
    assert.equal((await bank('show', id)).json.metadata.entry.title.en, 'Personal income');
    assert.ok((await consortium.bank.catalogue()).some((listing) => listing.id === id));
    const all = await bank('search');
    assert.equal(all.json.hits.length, 1 + consortium.files.scenario.departments.length);
  });

  it('takes a need, and shows its filer the department’s answer', async () => {
    const filed = await bank(
      'need',
      '水电欠费',
      '--purpose',
      'credit-underwriting',
      '--needed-by',
      '2027-06-30',
      '--to',
      'tax-bureau',
    );
    const { needId } = filed.json;
    assert.deepEqual([filed.code, filed.json.filed.length], [0, 1]);
    assert.equal((await node('needs')).json.needs[0]?.need.title, '水电欠费');
    await node('answer', needId, '--state', 'declined', '--reason', '无此数据', '--by', 'ana');
    const { needs } = (await bank('needs', needId)).json;
    assert.deepEqual(
      needs.map((need) => [need.org, need.state]),
      [['tax-bureau', 'declined']],
    );
  });

  it('is exported whole as DCAT', async () => {
    const { code, json } = await bank('export');
    const types = json['@graph'].map((entry) => String(entry['@type']));
    const departments = consortium.files.scenario.departments.length;
    assert.equal(code, 0);
    assert.deepEqual(
      [
        types.filter((type) => type === 'dcat:Dataset').length,
        types.filter((type) => type === 'dcat:DataService').length,
      ],
      [departments + 1, departments],
    );
  });

  it('names a node that is away and gives the rest', async () => {
    const other = consortium.files.scenario.departments.find(({ node: org }) => org !== 'tax-bureau')!.node;
    await consortium.kill(other);
    const found = await bank('search', '--limit', '50');
    assert.equal(found.code, 1);
    assert.match(found.stderr, new RegExp(other));
    assert.equal(found.json.hits.length, consortium.files.scenario.departments.length);
    assert.deepEqual(
      found.json.faults.map(({ org, code }) => [org, code]),
      [[other, 'PEER_UNREACHABLE']],
    );
    await consortium.restart(other);
  });

  it('keeps entries over a restart, and offers none that was withdrawn', async () => {
    await tax.stop();
    tax = await processes.start('tax-bureau', new URL('../../node/main.ts', import.meta.url), [
      'run',
      '--config',
      config,
      '--passphrase-file',
      consortium.organisation('tax-bureau').passphraseFile,
      '--exit-with-parent',
    ]);
    await tax.line('ready');
    const { id } = (await bank('search', '个人收入')).json.hits[0]!;
    await node('withdraw', NAME, '--version', '1', '--by', 'bo');
    assert.deepEqual((await bank('search', '个人收入')).json.hits, []);
    assert.equal((await bank('search', '--state', 'withdrawn')).json.hits[0]?.id, id);
    assert.equal(
      (await consortium.bank.catalogue()).some((listing) => listing.id === id),
      false,
    );
    assert.equal((await consortium.bank.ledger.datasetVersion(id))?.state, 'withdrawn');
  });
});
