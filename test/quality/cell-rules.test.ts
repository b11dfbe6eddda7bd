/** Cells as consensus and typo see them: missing ones null, spellings brought to one form. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { presentCells } from '@sealedger/node/quality/cell-rules.ts';
import { missingSql } from '@sealedger/node/quality/compile-cell.ts';
import { type Normalisation, normalisationNames, normaliseSql } from '@sealedger/node/quality/normalise.ts';

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await DuckDBConnection.create(instance);
after(() => {
  connection.closeSync();
  instance.closeSync();
});

const COLUMN = { name: 'cell', type: 'VARCHAR' };

async function ask(texts: readonly (string | null)[], select: string): Promise<unknown[]> {
  await connection.run('CREATE OR REPLACE TABLE cells (_row BIGINT, cell VARCHAR)');
  const appender = await connection.createAppender('cells');
  texts.forEach((text, index) => {
    appender.appendBigInt(BigInt(index));
    if (text === null) appender.appendNull();
    else appender.appendVarchar(text);
    appender.endRow();
  });
  appender.closeSync();
  return (await connection.runAndReadAll(select)).getRows().map(([value]) => value);
}

test('a cell is missing here exactly where the rules about single cells say so', async () => {
  const points = Array.from({ length: 0x3100 }, (_, point) => point).filter((point) => point > 0);
  const ends = [0xfefe, 0xfeff, 0xff00, 0x10000, 0x1f600];
  const characters = [...points, ...ends].map((point) => String.fromCodePoint(point));
  const texts = [
    null,
    '',
    '-',
    'N/A',
    ' N/A',
    ...characters,
    ...characters.map((character) => ` ${character}`),
    ...['\u3000\u3000', '\uFEFF \t', 'a ', ' a', '\u3000甲'],
  ];
  const missing = ['-', 'N/A'];
  const source = { connection, relation: 'cells', columns: [COLUMN], missing };
  const here = await ask(texts, `SELECT cell IS NULL FROM ${presentCells(source)} ORDER BY _row`);
  const there = await ask(texts, `SELECT ${missingSql(COLUMN, missing)} FROM cells ORDER BY _row`);
  assert.deepEqual(here, there);
  assert.ok(here.filter(Boolean).length > 40 && here.some((isMissing) => !isMissing));
});

/** Spelling, form, what comes out; null where the text says no such thing. */
const FORMS: readonly (readonly [Normalisation, string, string | null])[] = [
  ['clock12', '7:10 a.m.', '7:10 a.m.'],
  ['clock12', '07:10', '7:10 a.m.'],
  ['clock12', '0:05', '12:05 a.m.'],
  ['clock12', '12:15noon', '12:15 p.m.'],
  ['clock12', 'Thu  19:33', '7:33 p.m.'],
  ['clock12', '5:11aDec 2', '5:11 a.m.'],
  ['clock12', '11/30 8:00 p.m.', '8:00 p.m.'],
  ['clock12', '7:39P', '7:39 p.m.'],
  ['clock12', '13:00 p.m.', null],
  ['clock12', '24:00', null],
  ['clock12', '7:60', null],
  ['clock12', 'Not Available', null],
  ['isoDate', '2019-1-3', '2019-01-03'],
  ['isoDate', '2019年1月3日', '2019-01-03'],
  ['isoDate', '２０１９.０１.０３', '2019-01-03'],
  ['isoDate', '20190103', '2019-01-03'],
  ['isoDate', '20190230', null],
  ['isoDate', '2019-13-01', null],
  ['isoDate', '3/1/2019', null],
  ['isoDate', '19/1/3', null],
  ['plainNumber', '1,200', '1200'],
  ['plainNumber', '１２.50', '12.5'],
  ['plainNumber', '+7', '7'],
  ['plainNumber', '-0.10', '-0.1'],
  ['plainNumber', '1200.0', '1200'],
  ['plainNumber', '12,00', null],
  ['plainNumber', '12 oz', null],
  ['plainNumber', '1e5', null],
  ['numberBeforeUnit', '12.0 oz. Alumi-Tek', '12'],
  ['numberBeforeUnit', '0.08900000000000001%', '0.089'],
  ['numberBeforeUnit', '12', null],
  ['numberBeforeUnit', '12 oz 3', null],
  ['text', '  a\u3000\u3000ｂ  c ', 'a b c'],
  ['text', '\u3000', null],
  ['chineseText', ' 甲 乙(中国)公司\u3000', '甲乙（中国）公司'],
  ['code', ' 91-a5 ｘ', '91A5X'],
  ['code', '--', null],
];

test('a named form brings spellings to one, and says nothing where it cannot read', async () => {
  for (const [form, text, expected] of FORMS) {
    const [found] = await ask([text], `SELECT ${normaliseSql(form, 'cell')} FROM cells`);
    assert.equal(found, expected, `${form} of ${JSON.stringify(text)}`);
  }
});

test('a form of a form is itself, and no text makes one fail', async () => {
  const texts = [
    ...FORMS.map(([, text]) => text),
    '9'.repeat(60),
    '\u0000x',
    "o'x",
    '\\1',
    '%',
    '😀',
    '9:'.repeat(500),
  ];
  for (const form of normalisationNames) {
    const once = await ask(texts, `SELECT ${normaliseSql(form, 'cell')} FROM cells ORDER BY _row`);
    const twice = await ask(once as (string | null)[], `SELECT ${normaliseSql(form, 'cell')} FROM cells ORDER BY _row`);
    // A number with no unit behind it has none to be taken from.
    if (form !== 'numberBeforeUnit') assert.deepEqual(twice, once, form);
  }
});
