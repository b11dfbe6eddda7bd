/** Each way to a proposal that the register of repair.test.ts does not take, with a neighbour that gets none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proposeRepairs } from '../../node/quality/repair.ts';
import { ruleSetSchema } from '../../node/quality/rule.ts';
import { type Cells, runRules, withTable } from './support/rule-table.ts';

const KEY = new Uint8Array(32).fill(7);

interface Proposed {
  readonly row: number;
  readonly field: string;
  readonly method: string;
  readonly proposed: string;
}

async function proposalsOf(
  table: Readonly<Record<string, Cells>>,
  rule: Readonly<Record<string, unknown>>,
  set: Readonly<Record<string, unknown>> = {},
): Promise<readonly Proposed[]> {
  return withTable(table, async (source) => {
    const { failures } = await runRules(source, [rule], { set });
    const rules = [{ id: 'r0', dimension: 'accuracy', ...rule }];
    const ruleSet = ruleSetSchema.parse({ ruleSet: 'test', version: 1, dataset: 'test', ...set, rules });
    const proposals = await proposeRepairs(source, ruleSet, failures, { key: KEY, limit: 100 });
    return proposals.map(({ row, field, method, proposed }) => ({ row, field, method, proposed }));
  });
}

const repeated = (cell: string, times: number): string[] => Array.from({ length: times }, () => cell);

test('a dependency proposes what nearly all rows of the group hold, and nothing where they are divided', async () => {
  const rule = { type: 'dependency', determinant: ['code'], dependent: ['city'] };
  const codes = [...repeated('1', 20), ...repeated('2', 4)];
  const cities = [...repeated('north', 19), 'nort', 'east', 'east', 'west', 'west'];
  assert.deepEqual(await proposalsOf({ code: codes, city: cities }, rule), [
    { row: 20, field: 'city', method: 'dependency', proposed: 'north' },
  ]);
});

test('a reference proposes the one entry that fits the rest of the row, and nothing where two or none do', async () => {
  const tables = {
    districts: {
      columns: ['code', 'name', 'kind'],
      rows: [
        ['11', 'north', 'a'],
        ['12', 'south', 'a'],
        ['13', 'east', 'b'],
        ['13', 'west', 'b'],
      ],
    },
  };
  const rule = {
    type: 'reference',
    fields: ['code', 'name'],
    to: { table: 'districts', fields: ['code', 'name'] },
  };
  const table = { code: ['11', '11', '12', '13', '99'], name: ['north', 'nroth', 'south', 'weast', 'nowhere'] };
  const proposals = await proposalsOf(table, rule, { tables });
  assert.deepEqual(proposals, [{ row: 2, field: 'name', method: 'reference', proposed: 'north' }]);
});

test('a code list proposes the only code that is near, and nothing between two', async () => {
  const rule = { type: 'codeList', field: 'status', codes: ['operating', 'dissolved', 'AB1', 'AB2'] };
  const table = { status: ['operating', 'operatng', 'AB3', 'something else'] };
  assert.deepEqual(await proposalsOf(table, rule), [
    { row: 2, field: 'status', method: 'codeList', proposed: 'operating' },
  ]);
});

test('a misspelt word is proposed within its text, and a rare one that is near to nothing is left', async () => {
  const rule = { type: 'typo', field: 'text', by: 'word' };
  const texts = [...repeated('surgery department', 60), 'surgery deprtment', 'surgery orchard'];
  assert.deepEqual(await proposalsOf({ text: texts }, rule), [
    { row: 61, field: 'text', method: 'word', proposed: 'surgery department' },
  ]);
});
