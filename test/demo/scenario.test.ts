import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inlineLevel } from '@sealedger/node/catalogue/dataset.ts';
import { readTable } from '@sealedger/node/catalogue/table.ts';
import { identifierKind, parseIdentifier } from '@sealedger/protocol/identifier.ts';
import { transformedValue } from '@sealedger/protocol/model.ts';
import { generateScenario } from '../../demo/generate-scenario.ts';
import {
  datasetNameOf,
  INDEPENDENT_GATE,
  readApplicants,
  readExpected,
  readScenario,
} from '../../demo/scenario-files.ts';
import { assertFree, refusal, refusalOf } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const SIZE = { people: 300, applicants: 60, strangers: 9 };

async function digests(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).sort();
  const entries = await Promise.all(
    names.map(
      async (name) =>
        [
          name,
          createHash('sha256')
            .update(await readFile(join(directory, name)))
            .digest('hex'),
        ] as const,
    ),
  );
  return Object.fromEntries(entries);
}

async function rowsOf(path: string, columns: readonly string[]): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  await readTable(path, columns, (batch) => void rows.push(...batch.rows.map((row) => [...row])));
  return rows;
}

describe('the built-in scenario', () => {
  it('is the same for the same seed, byte for byte, and another for another', async (t) => {
    const [a, b, c] = await Promise.all([temporaryDirectory(t), temporaryDirectory(t), temporaryDirectory(t)]);
    await Promise.all([generateScenario(a, SIZE), generateScenario(b, SIZE), generateScenario(c, SIZE, 'other')]);
    assert.deepEqual(await digests(a), await digests(b));
    assert.notEqual((await digests(c))['register.csv'], (await digests(a))['register.csv']);
  });

  it('has valid identifiers of nobody, missing rows, empty cells, and strangers among its applicants', async (t) => {
    const directory = await temporaryDirectory(t);
    await generateScenario(directory, SIZE);
    const files = await readScenario(directory);
    const register = (await rowsOf(join(directory, 'register.csv'), ['id_number'])).map(([id]) => parseIdentifier(id!));
    assert.equal(new Set(register).size, SIZE.people);
    for (const id of register) assert.ok(id.startsWith('99') && identifierKind(id) === 'resident-identity-number');
    const applicants = await readApplicants(files);
    assert.equal(applicants.length, SIZE.applicants);
    const known = new Set<string>(register);
    assert.equal(applicants.filter(({ subject }) => !known.has(subject)).length, SIZE.strangers);
    const sizes = await Promise.all(
      files.scenario.departments.map(async ({ table }) => (await rowsOf(join(directory, table), ['id_number'])).length),
    );
    assert.ok(
      sizes.every((size) => size > 200 && size < SIZE.people),
      String(sizes),
    );
    const grades = await rowsOf(join(directory, 'tax-bureau.csv'), ['grade']);
    assert.ok(grades.some(([grade]) => grade === null));
    assert.equal(files.scenario.departments.length, 3);
  });

  it('expects the cleartext score of every applicant in the register, computed here once more', async (t) => {
    const directory = await temporaryDirectory(t);
    await generateScenario(directory, SIZE);
    const files = await readScenario(directory);
    const expected = (await readExpected(files))!;
    assert.equal(expected.size, SIZE.applicants - SIZE.strangers);
    const cells = new Map<string, ReadonlyMap<string, string | null>>();
    for (const { node, table } of files.scenario.departments) {
      const fields = files.datasets.get(node)!.fields.map(({ name }) => name);
      for (const [id, ...values] of await rowsOf(join(directory, table), ['id_number', ...fields])) {
        cells.set(`${node}/${id}`, new Map(fields.map((field, i) => [field, values[i]!])));
      }
    }
    for (const { subject, cells: own } of await readApplicants(files)) {
      if (!expected.has(subject)) continue;
      const score = files.model.features.reduce((sum, feature) => {
        const cell =
          feature.party === files.scenario.bank.node
            ? own[feature.field]
            : cells.get(`${feature.party}/${subject}`)?.get(feature.field);
        return sum + feature.weight * transformedValue(feature, cell ?? null, 0);
      }, files.model.intercept);
      assert.ok(Math.abs(score - expected.get(subject)!) < 1e-8);
    }
  });
});

describe('a scenario directory', () => {
  async function changed(
    t: Parameters<typeof temporaryDirectory>[0],
    change: (directory: string) => Promise<unknown>,
  ): Promise<string> {
    const directory = await temporaryDirectory(t);
    await generateScenario(directory, SIZE);
    await change(directory);
    return directory;
  }
  const edit = (name: string, from: string | RegExp, to: string) => async (directory: string) => {
    const text = await readFile(join(directory, name), 'utf8');
    assert.notEqual(text.replace(from, to), text, 'the edit finds its place');
    await writeFile(join(directory, name), text.replace(from, to));
  };

  it('declares as numbers what the model uses as numbers, with its imputation value', async (t) => {
    const files = await readScenario(await changed(t, async () => undefined));
    const tax = files.datasets.get('tax-bureau')!;
    assert.deepEqual(
      tax.fields.map(({ item: _item, ...field }) => field),
      [
        { name: 'taxed_income', kind: 'number', missing: 76_000 },
        { name: 'arrears', kind: 'number', missing: 0 },
        { name: 'grade', kind: 'text' },
      ],
    );
    assert.deepEqual(
      [tax.level, inlineLevel(tax), tax.fields.map(({ item }) => item?.level)],
      [undefined, 3, [3, 3, 3]],
    );
    assert.deepEqual(files.gates, ['data-bureau', INDEPENDENT_GATE]);
  });

  const refused: readonly (readonly [
    string,
    (directory: string) => Promise<unknown>,
    Parameters<typeof refusal>[0],
  ])[] = [
    ['without scenario.json', (d) => rm(join(d, 'scenario.json')), 'SCENARIO_UNREADABLE'],
    ['without a table', (d) => rm(join(d, 'tax-bureau.csv')), 'SCENARIO_UNREADABLE'],
    ['without its model', (d) => rm(join(d, 'model.json')), 'SCENARIO_UNREADABLE'],
    ['whose scenario.json is no JSON', (d) => writeFile(join(d, 'scenario.json'), '{'), 'SCHEMA_MISMATCH'],
    ['whose table lies outside of it', edit('scenario.json', 'tax-bureau.csv', '../tax.csv'), 'SCHEMA_MISMATCH'],
    ['whose table has no subject', edit('tax-bureau.csv', 'id_number', 'id'), 'TABLE_FIELD_MISSING'],
    ['whose model names an unknown party', edit('model.json', '"social-security"', '"court"'), 'MODEL_UNKNOWN_PARTY'],
    ['whose model names an unknown field', edit('model.json', '"arrears"', '"debts"'), 'MODEL_UNKNOWN_FIELD'],
    ['whose model has a weight that is no number', edit('model.json', '-0.62', '"-0.62"'), 'SCHEMA_MISMATCH'],
    [
      'whose model reverses a clip',
      edit('model.json', /"clip": \[\s*0,\s*600000\s*\]/, '"clip": [600000, 0]'),
      'MODEL_CLIP_REVERSED',
    ],
  ];
  for (const [name, change, code] of refused) {
    it(`${name} is refused`, async (t) => {
      const directory = await changed(t, change);
      await assert.rejects(readScenario(directory), refusal(code));
    });
  }

  it('whose bank has a subject twice, or one that is none, is refused by its row', async (t) => {
    const directory = await changed(t, async () => undefined);
    const path = join(directory, 'bank.csv');
    const [head, first, ...rest] = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(path, [head, first, ...rest, first].join('\n'));
    const files = await readScenario(directory);
    await assert.rejects(
      readApplicants(files),
      refusal('ROW_DUPLICATE_SUBJECT', { row: SIZE.applicants + 1, firstRow: 1 }),
    );
    const wrong = `${first!.slice(0, 17)}${first![17] === '1' ? '2' : '1'}${first!.slice(18)}`;
    await writeFile(path, [head, wrong, ...rest].join('\n'));
    const error = await refusalOf(() => readApplicants(files));
    refusal('ROW_IDENTIFIER_INVALID', { row: 1 })(error);
    assertFree(error, [wrong.slice(0, 18)]);
  });

  it('gives each table a name that the chain takes', () => {
    const names = ['tax-bureau.csv', 'Tax Bureau (2026).CSV', '信用.csv', '_.csv', `${'x'.repeat(60)}.csv`].map(
      datasetNameOf,
    );
    assert.deepEqual(names, ['tax-bureau', 'tax-bureau-2026', 'dataset', 'dataset', 'x'.repeat(31)]);
  });
});
