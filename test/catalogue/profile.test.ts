import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { definedDataset, parseDefinition } from '@sealedger/node/catalogue/definition.ts';
import { suggestedLevel } from '@sealedger/node/catalogue/draft.ts';
import { profileSource, type SourceProfile } from '@sealedger/node/catalogue/profile.ts';
import { sourceSchema, withSource } from '@sealedger/node/catalogue/source.ts';
import { datasetCommand } from '@sealedger/node/cli/dataset-command.ts';
import { checkDigitSql } from '@sealedger/node/quality/compile-identifier.ts';
import { creditCodeCheckCharacter, organisationCheckCharacter } from '@sealedger/protocol/identifier.ts';
import { refusal } from '../node/support/refusals.ts';
import { subjectOf } from '../node/support/subjects.ts';
import { PROVIDER_CODE } from './support/definitions.ts';
import { placeOf } from './support/sources.ts';

const ROWS = 400;
const RARE = 'onlyonce';
const [HIGHEST, FIRST_NAME] = [987_654.25, '张伟三'];

function organisationOf(n: number): string {
  const first8 = `MA${String(n).padStart(6, '0')}`;
  return first8 + organisationCheckCharacter(first8);
}

function creditOf(n: number): string {
  const first17 = `91350100${organisationOf(n)}`;
  return first17 + creditCodeCheckCharacter(first17);
}

function rowOf(i: number): string[] {
  const wrong = `${subjectOf(i).slice(0, 17)}${subjectOf(i).endsWith('0') ? '1' : '0'}`;
  return [
    i % 10 === 0 ? wrong : subjectOf(i),
    creditOf(i),
    organisationOf(i),
    ['440106', '110101', '990000'][i % 3]!,
    `${FIRST_NAME}${i}`,
    i === 7 ? String(HIGHEST) : String(1000 + i / 4),
    i === 9 ? RARE : ['A', 'B'][i % 2]!,
    `2026-0${1 + (i % 9)}-11`,
    i % 4 === 0 ? '' : String(i % 7),
    `00${i}`,
    String(i),
  ];
}

const HEADER = ['id', 'uscc', 'orgcode', 'region', '姓名', '年收入', 'grade', 'since', 'children', 'serial', 'n'];

async function tableOf(
  t: TestContext,
): Promise<{ readonly file: string; readonly directory: string; readonly profile: SourceProfile }> {
  const { directory, limits } = await placeOf(t);
  const file = join(directory, 'people.csv');
  await writeFile(
    file,
    `${[HEADER, ...Array.from({ length: ROWS }, (_, i) => rowOf(i))].map((cells) => cells.join()).join('\n')}\n`,
  );
  const source = sourceSchema.parse({ type: 'csv', file });
  assert.ok(source.type === 'csv');
  return { file, directory, profile: await withSource(source, limits, (open) => profileSource(open, checkDigitSql)) };
}

describe('a profile', () => {
  it('tells types, ranges, missing cells, keys and identifiers by their check digit', async (t) => {
    const { profile } = await tableOf(t);
    assert.equal(profile.rows, ROWS);
    const column = (name: string) => profile.columns.find((candidate) => candidate.name === name)!;
    const kinds = Object.fromEntries(profile.columns.map(({ name, kind }) => [name, kind]));
    assert.deepEqual(kinds, {
      id: 'text',
      uscc: 'text',
      orgcode: 'text',
      region: 'integer',
      姓名: 'text',
      年收入: 'number',
      grade: 'text',
      since: 'date',
      children: 'integer',
      serial: 'text',
      n: 'integer',
    });
    assert.deepEqual(
      ['id', 'uscc', 'orgcode', 'region', 'serial', 'n'].map((name) => column(name).identifier),
      [
        { kind: 'resident-id', share: 0.9 },
        { kind: 'credit-code', share: 1 },
        { kind: 'organisation-code', share: 1 },
        { kind: 'division-code', share: 1 },
        null,
        null,
      ],
    );
    assert.equal(column('children').missing, 100);
    assert.deepEqual(column('年收入').range, { min: 1000, max: HIGHEST });
    assert.ok(column('n').isKey && column('uscc').isKey && !column('grade').isKey && !column('children').isKey);
    assert.ok(Math.abs(column('n').distinct - ROWS) < 0.15 * ROWS, 'the approximate count is far off');
    assert.deepEqual(
      column('grade').codes.map(({ value }) => value),
      ['A', 'B'],
    );
  });

  it('is refused where the first row is data: it would name columns by identifiers', async (t) => {
    const { directory, limits } = await placeOf(t);
    const file = join(directory, 'headless.csv');
    await writeFile(file, `${subjectOf(1)},1\n${subjectOf(2)},2\n`);
    const source = sourceSchema.parse({ type: 'csv', file });
    assert.ok(source.type === 'csv');
    await assert.rejects(
      withSource(source, limits, (open) => profileSource(open, checkDigitSql)),
      refusal('SOURCE_COLUMN', { column: 1, reason: 'no-header' }),
    );
  });

  it('of no rows and of blank columns is one too', async (t) => {
    const { directory, limits } = await placeOf(t);
    for (const [name, text, kind] of [
      ['none.csv', 'a,b\n', 'empty'],
      ['blank.csv', 'a,b\n ,\n,\n', 'empty'],
    ] as const) {
      await writeFile(join(directory, name), text);
      const source = sourceSchema.parse({ type: 'csv', file: join(directory, name) });
      assert.ok(source.type === 'csv');
      const profile = await withSource(source, limits, (open) => profileSource(open, checkDigitSql));
      assert.deepEqual(
        profile.columns.map((column) => column.kind),
        [kind, kind],
      );
    }
  });
});

describe('a drafted definition', () => {
  const io = () => {
    const told: string[] = [];
    return {
      told,
      io: {
        stdout: (text: string) => void told.push(text),
        stderr: (text: string) => void told.push(text),
        locale: 'zh-CN' as const,
      },
    };
  };

  it('holds no identifier, no rare value and no exact extreme, and passes once a person filled it in', async (t) => {
    const { file, directory } = await tableOf(t);
    const out = join(directory, 'people.yaml');
    const { told, io: streams } = io();
    assert.equal(await datasetCommand(['init', file, '--out', out], streams), 0);
    const text = await readFile(out, 'utf8');
    for (let i = 0; i < ROWS; i++)
      for (const secret of [subjectOf(i), creditOf(i), organisationOf(i)]) assert.ok(!text.includes(secret));
    for (const secret of [RARE, String(HIGHEST), FIRST_NAME]) assert.ok(!text.includes(secret), secret);
    assert.equal(await datasetCommand(['check', out], streams), 1, 'a draft passed with its placeholders');
    assert.match(told.at(-1)!, /people\.yaml 尚有 \d+ 处.*第 (\d+, )+\d+ 行/);
    const filled = text
      .replace('CHANGE-ME (307000/000001)', '307000/000001')
      .replace(/(provider:[\s\S]*?code: )CHANGE-ME/, `$1${PROVIDER_CODE}`)
      .replace('updateCycle: CHANGE-ME', 'updateCycle: monthly')
      .replaceAll('CHANGE-ME', '说明');
    const dataset = definedDataset(parseDefinition(filled.replace('Fill in every 说明', ''), 'people.yaml'));
    assert.deepEqual(
      [dataset.name, dataset.subject, dataset.level, dataset.fields.length],
      ['people', 'uscc', 4, HEADER.length - 1],
    );
    const byName = Object.fromEntries(dataset.fields.map(({ name, item }) => [name, item]));
    assert.deepEqual(byName['年收入']?.bounds, { min: 0, max: 1_000_000 });
    assert.deepEqual([byName['id']?.identifier, byName['id']?.level, byName['姓名']?.level], ['resident-id', 4, 3]);
  });

  it('never overwrites a file', async (t) => {
    const { file, directory } = await tableOf(t);
    const out = join(directory, 'mine.yaml');
    await writeFile(out, 'mine');
    await assert.rejects(datasetCommand(['init', file, '--out', out], io().io), refusal('DEFINITION_EXISTS'));
    assert.equal(await readFile(out, 'utf8'), 'mine');
  });

  it('suggests levels with a reason, in both languages', () => {
    for (const [name, level] of [
      ['手机号', 3],
      ['phone', 3],
      ['诊断', 4],
      ['指纹', 5],
      ['salary', 3],
      ['区域', 2],
    ] as const) {
      const suggested = suggestedLevel({ name, identifier: null });
      assert.equal(suggested.level, level, name);
      assert.ok(suggested.reason.length > 0);
    }
  });
});
