import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { checkTable, parseSubjectCell } from '@sealedger/node/catalogue/dataset.ts';
import { plainCsv } from '@sealedger/node/catalogue/rows.ts';
import { readTable, tableColumns } from '@sealedger/node/catalogue/table.ts';
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { assertFree, refusal, refusalOf } from './support/refusals.ts';
import { subjectOf, subjectsOf } from './support/subjects.ts';
import { csvOf, temporaryDirectory, writeTable } from './support/temporary.ts';

const [ann, ben, cem] = [subjectOf(1), subjectOf(2), subjectOf(3)];
const wrongCheck = ann.slice(0, 17) + (ann.endsWith('X') ? '1' : 'X');
const PLANTED = 'plantedvalue';
const fields = [
  { name: 'income', kind: 'number' as const, missing: 0 },
  { name: 'grade', kind: 'text' as const },
];

async function check(t: TestContext, content: string | Uint8Array): Promise<number> {
  const file = await writeTable(await temporaryDirectory(t), 'tax.csv', content);
  return checkTable({ ...plainCsv(file), subject: 'id_number', fields, name: 'tax' });
}

describe('a table that is in order', () => {
  const accepted: readonly (readonly [string, string])[] = [
    ['as RFC 4180 has it', `id_number,income,grade\n${ann},1,A\n${ben},2.5e3,B\n`],
    ['with a byte order mark', `\ufeffid_number,income,grade\n${ann},1,A\n${ben},2,B\n`],
    ['with CRLF', `id_number,income,grade\r\n${ann},1,A\r\n${ben},2,B\r\n`],
    ['without a line end after the last row', `id_number,income,grade\n${ann},1,A\n${ben},2,B`],
    ['with quoted commas, quotes and line ends', `id_number,income,grade\n"${ann}","1","a,""b""\nc"\n${ben},2,B\n`],
    ['with empty cells', `id_number,income,grade\n${ann},,\n${ben}, ,""\n`],
    ['with other columns and another order', `x,grade,income,id_number\n?,A,1,${ann}\n?,B,2,${ben}\n`],
    ['with rows that look like comments', `grade,id_number,income\n#A,${ann},1\n#B,${ben},2\n`],
    ['with names that differ in case only', `id_number,income,grade,INCOME\n${ann},1,A,x\n${ben},2,B,y\n`],
    ['with identifiers as people type them', `id_number,income,grade\n ${ann.toLowerCase()} ,1,A\n${ben},2,B\n`],
  ];
  for (const [name, content] of accepted) {
    it(`is taken ${name}`, async (t) => assert.equal(await check(t, content), 2));
  }

  it('has no rows where there is only a header', async (t) => {
    assert.equal(await check(t, 'id_number,income,grade\n'), 0);
  });

  it('keeps row numbers over many of DuckDB’s vectors', async (t) => {
    const rows = subjectsOf(5000).map((subject, i) => [subject, String(i), 'A']);
    const path = await writeTable(await temporaryDirectory(t), 'big.csv', csvOf(['id_number', 'income', 'g'], rows));
    const seen: string[] = [];
    await readTable(path, ['income'], (batch) => {
      assert.equal(batch.firstRow, seen.length + 1);
      seen.push(...batch.rows.map(([cell]) => cell!));
    });
    assert.deepEqual(
      seen,
      rows.map(([, income]) => income),
    );
  });

  it('is read by name, not by what DuckDB takes for the same name', async (t) => {
    const path = await writeTable(await temporaryDirectory(t), 'case.csv', 'A,a,"b ""x"""\n1,2,3\n');
    assert.deepEqual(await tableColumns(path), ['A', 'a', 'b "x"']);
    await readTable(path, ['b "x"', 'a', 'A'], ({ rows }) => assert.deepEqual(rows, [['3', '2', '1']]));
  });
});

describe('a dirty table is refused with its first bad row', () => {
  const good = Array.from({ length: 40 }, (_, i) => `${subjectOf(100 + i)},1,A\n`).join('');
  const head = 'id_number,income,grade\n';
  const refused: readonly (readonly [string, string | Uint8Array, ErrorCode, ErrorDetails])[] = [
    [
      'wrong check digit',
      `${head}${ann},1,A\n${wrongCheck},1,A\n`,
      'ROW_IDENTIFIER_INVALID',
      { row: 2, reason: 'check-character' },
    ],
    [
      'identifier of fifteen digits',
      `${head}999999840321001,1,A\n`,
      'ROW_IDENTIFIER_INVALID',
      { row: 1, reason: 'fifteen-digit-form' },
    ],
    ['identifier that is empty', `${head}${ann},1,A\n ,1,A\n`, 'ROW_IDENTIFIER_INVALID', { row: 2, reason: 'empty' }],
    [
      'duplicate subject',
      `${head}${ann},1,A\n${ben},1,A\n${ann},2,B\n`,
      'ROW_DUPLICATE_SUBJECT',
      { row: 3, firstRow: 1 },
    ],
    [
      'duplicate in another spelling',
      `${head}${ann},1,A\n ${ann} ,2,B\n`,
      'ROW_DUPLICATE_SUBJECT',
      { row: 2, firstRow: 1 },
    ],
    [
      'text where a number is declared',
      `${head}${ann},1,A\n${ben},${PLANTED},A\n`,
      'CELL_NOT_NUMERIC',
      { field: 'income', row: 2 },
    ],
    ['no number at all', `${head}${ann},NaN,A\n`, 'CELL_NOT_NUMERIC', { field: 'income', row: 1 }],
    [
      'bad cell past the first vector',
      `${head}${csvOf(
        [],
        subjectsOf(3000, 500).map((s) => [s, '1', 'A']),
      ).slice(1)}${cem},${PLANTED},A\n`,
      'CELL_NOT_NUMERIC',
      { row: 3001 },
    ],
    ['missing column', `id_number,grade\n${ann},A\n`, 'TABLE_FIELD_MISSING', { field: 'income' }],
    ['missing subject column', `income,grade\n1,A\n`, 'TABLE_FIELD_MISSING', { field: 'id_number' }],
    ['empty file', '', 'TABLE_UNREADABLE', { file: 'tax.csv', line: 1 }],
    ['row that is too long', `${head}${good}${ann},1,A,${PLANTED}\n`, 'TABLE_UNREADABLE', { line: 42 }],
    ['row that is too short', `${head}${ann},1,A\n${ben},${PLANTED}\n`, 'TABLE_UNREADABLE', { line: 3 }],
    [
      'header that is too short',
      `id_number,income\n${ann},1,A\n${ben},1,A\n`,
      'TABLE_FIELD_MISSING',
      { field: 'grade' },
    ],
    ['line before the header', `report of 2026\n${head}${ann},1,A\n`, 'TABLE_FIELD_MISSING', {}],
    ['column that stands twice', `id_number,income,grade,income\n${ann},1,A,2\n`, 'TABLE_UNREADABLE', { line: 1 }],
    ['quote that never ends', `${head}${ann},1,"${PLANTED}\n${ben},1,A\n`, 'TABLE_UNREADABLE', {}],
    ['quote in the middle', `${head}${ann},1,"${PLANTED}"x\n`, 'TABLE_UNREADABLE', { line: 2 }],
    [
      'bytes that are no UTF-8',
      Buffer.from(`${head}${ann},1,caf\xe9${PLANTED}\n`, 'latin1'),
      'TABLE_UNREADABLE',
      { line: 2 },
    ],
  ];
  for (const [name, content, code, details] of refused) {
    it(name, async (t) => {
      const error = await refusalOf(() => check(t, content));
      refusal(code, details)(error);
      assertFree(error, [ann, ben, cem, wrongCheck, PLANTED, '999999840321001']);
    });
  }

  it('a file that is not there', async (t) => {
    const path = join(await temporaryDirectory(t), 'none.csv');
    await assert.rejects(tableColumns(path), refusal('TABLE_UNREADABLE', { file: 'none.csv' }));
  });
});

describe('an identifier cell', () => {
  it('is refused without its content or that of its cause', async () => {
    for (const cell of [wrongCheck, `${ann}0`, '１２３', 'x'.repeat(500), '']) {
      const error = await refusalOf(() => parseSubjectCell(cell, 'tax', 7));
      refusal('ROW_IDENTIFIER_INVALID', { dataset: 'tax', row: 7 })(error);
      assertFree(error, [cell || ann]);
    }
    assert.equal(parseSubjectCell(` ${ann.toLowerCase()}`, 'tax', 7), ann);
  });
});
