/** Each type of rule: what passes, what fails, what is not checked. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Cells, runOver } from './support/rule-table.ts';

interface Case {
  readonly claim: string;
  readonly table: Readonly<Record<string, Cells>>;
  readonly rule: Readonly<Record<string, unknown>>;
  readonly checked: number;
  readonly fails: readonly (number | null)[];
  readonly set?: Readonly<Record<string, unknown>>;
}

const division = {
  columns: ['code', 'city'],
  rows: [
    ['11', 'Bei'],
    ['31', 'Shang'],
    ['44', ''],
  ],
};

const CASES: readonly Case[] = [
  {
    claim: 'notNull fails null, blank and the named texts',
    table: { a: ['x', null, '', ' \t', '　', '-', ' x'] },
    rule: { type: 'notNull', field: 'a' },
    set: { missing: ['-'] },
    checked: 7,
    fails: [2, 3, 4, 5, 6],
  },
  {
    claim: 'a missing cell is not checked by any other rule on cells',
    table: { a: ['12', null, '', '-', 'x'] },
    rule: { type: 'pattern', field: 'a', pattern: '[0-9]+' },
    set: { missing: ['-'] },
    checked: 2,
    fails: [5],
  },
  {
    claim: 'type integer takes no fraction and no exponent',
    table: { a: ['1', '-20', '+3', '1.0', '1e3', 'x', ' 1'] },
    rule: { type: 'type', field: 'a', is: 'integer' },
    checked: 7,
    fails: [4, 5, 6, 7],
  },
  {
    claim: 'type number takes finite numbers',
    table: { a: ['1', '-2.5', '1e3', 'nan', 'inf', '1,5'] },
    rule: { type: 'type', field: 'a', is: 'number' },
    checked: 6,
    fails: [4, 5, 6],
  },
  {
    claim: 'type date takes days of the calendar in ISO form',
    table: { a: ['2024-02-29', '2023-02-29', '2024-2-1', '2024/02/01', '2024-13-01', 'infinity'] },
    rule: { type: 'type', field: 'a', is: 'date' },
    checked: 6,
    fails: [2, 3, 4, 5, 6],
  },
  {
    claim: 'type date takes the declared format',
    table: { a: ['31.12.2024', '2024-12-31', '32.12.2024'] },
    rule: { type: 'type', field: 'a', is: 'date', format: '%d.%m.%Y' },
    checked: 3,
    fails: [2, 3],
  },
  {
    claim: 'type timestamp, time and boolean',
    table: { a: ['2024-01-01T10:00:00Z', '2024-01-01', '10:00', 'true'] },
    rule: { type: 'type', field: 'a', is: 'timestamp' },
    checked: 4,
    fails: [3, 4],
  },
  {
    claim: 'pattern must match the whole cell',
    table: { a: ['ab1', 'ab', 'xab1', 'ab1\n'] },
    rule: { type: 'pattern', field: 'a', pattern: 'ab[0-9]' },
    checked: 4,
    fails: [2, 3, 4],
  },
  {
    claim: 'codeList keeps leading zeros apart',
    table: { a: ['01', '1', '02', "o'1"] },
    rule: { type: 'codeList', field: 'a', codes: ['01', '02', "o'1"] },
    checked: 4,
    fails: [2],
  },
  {
    claim: 'codeList of many codes is joined and doubles none',
    table: { a: ['c7', 'c7', 'c99', 'C7'] },
    rule: { type: 'codeList', field: 'a', codes: [...Array.from({ length: 40 }, (_, i) => `c${i}`), 'c7'] },
    checked: 4,
    fails: [3, 4],
  },
  {
    claim: 'codeList from a table of the rule set',
    table: { a: ['Bei', 'Shang', 'Nan'] },
    rule: { type: 'codeList', field: 'a', from: { table: 'division', field: 'city' } },
    set: { tables: { division } },
    checked: 3,
    fails: [3],
  },
  {
    claim: 'range closed takes its bounds and fails what is no number',
    table: { a: ['0', '10', '10.01', '-1', 'x'] },
    rule: { type: 'range', field: 'a', min: 0, max: 10 },
    checked: 5,
    fails: [3, 4, 5],
  },
  {
    claim: 'range open refuses its bounds',
    table: { a: [0, 5, 10] },
    rule: { type: 'range', field: 'a', min: 0, max: 10, bounds: 'open' },
    checked: 3,
    fails: [1, 3],
  },
  {
    claim: 'range of dates takes the whole last day',
    table: { a: ['2024-01-01', '2024-12-31 23:59:59', '2025-01-01', 'x'] },
    rule: { type: 'range', field: 'a', as: 'date', min: '2024-01-01', max: '2024-12-31' },
    checked: 4,
    fails: [3, 4],
  },
  {
    claim: 'length counts characters, not bytes',
    table: { a: ['汉字', '汉', 'abcd'] },
    rule: { type: 'length', field: 'a', min: 2, max: 3 },
    checked: 3,
    fails: [2, 3],
  },
  {
    claim: 'unique fails every row of a doubled key and leaves missing ones alone',
    table: { a: ['x', 'y', 'x', null, null, ''], b: ['1', '1', '1', '1', '1', '1'] },
    rule: { type: 'unique', fields: ['a', 'b'] },
    checked: 3,
    fails: [1, 3],
  },
  {
    claim: 'unique keeps composite keys apart',
    table: { a: ['ab', 'a'], b: ['c', 'bc'] },
    rule: { type: 'unique', fields: ['a', 'b'] },
    checked: 2,
    fails: [],
  },
  {
    claim: 'reference over two fields',
    table: { a: ['11', '31', '31', '44', null], b: ['Bei', 'Bei', 'Shang', 'x', 'Bei'] },
    rule: { type: 'reference', fields: ['a', 'b'], to: { table: 'division', fields: ['code', 'city'] } },
    set: { tables: { division } },
    checked: 4,
    fails: [2, 4],
  },
  {
    claim: 'dependency lays it to the minority',
    table: { a: ['k', 'k', 'k', 'm', null], b: ['1', '1', '2', '3', '9'] },
    rule: { type: 'dependency', determinant: ['a'], dependent: ['b'] },
    checked: 4,
    fails: [3],
  },
  {
    claim: 'dependency lays it to all where two values are as frequent',
    table: { a: ['k', 'k', 'm'], b: ['1', '2', '3'] },
    rule: { type: 'dependency', determinant: ['a'], dependent: ['b'] },
    checked: 3,
    fails: [1, 2],
  },
  {
    claim: 'dependency lays it to the group where the rule says so',
    table: { a: ['k', 'k', 'k'], b: ['1', '1', '2'] },
    rule: { type: 'dependency', determinant: ['a'], dependent: ['b'], blame: 'group' },
    checked: 3,
    fails: [1, 2, 3],
  },
  {
    claim: 'expression does not hold null against a row',
    table: { a: [1, 2, 3], b: ['2', '1', null] },
    rule: { type: 'expression', sql: 'a < TRY_CAST(b AS DOUBLE)', fields: ['b'] },
    checked: 2,
    fails: [2],
  },
  {
    claim: 'expression in which a comment stands means what it says',
    table: { a: [1, 2, 3] },
    rule: { type: 'expression', sql: 'a < 3 -- and not more' },
    checked: 3,
    fails: [3],
  },
  {
    claim: 'conditional checks the rows of its case',
    table: { status: ['注销', '注销', '存续'], date: ['2024-01-01', null, null] },
    // biome-ignore lint/suspicious/noThenProperty: the word a person writes in a rule.
    rule: { type: 'conditional', when: "status = '注销'", then: 'date IS NOT NULL', fields: ['date'] },
    checked: 2,
    fails: [2],
  },
  {
    claim: 'when leaves rows out, those for which it is null as well',
    table: { a: ['x', 'x', 'x'], b: ['1', '0', null] },
    rule: { type: 'pattern', field: 'a', pattern: 'y', when: "b = '1'" },
    checked: 1,
    fails: [1],
  },
  {
    claim: 'when shields the rule from rows on which its SQL would fail',
    table: { a: ['1', 'x'] },
    rule: { type: 'expression', sql: 'CAST(a AS INTEGER) > 1', when: "a <> 'x'" },
    checked: 1,
    fails: [1],
  },
  {
    claim: 'dateOrder fails a later first and what is no date',
    table: { a: ['2024-01-01', '2024-01-02', '2024-01-01', null], b: ['2024-01-01', '2024-01-01', 'x', 'x'] },
    rule: { type: 'dateOrder', fields: ['a', 'b'] },
    checked: 3,
    fails: [2, 3],
  },
  {
    claim: 'dateOrder may refuse equal days',
    table: { a: ['2024-01-01', '2024-01-01'], b: ['2024-01-01', '2024-01-02'] },
    rule: { type: 'dateOrder', fields: ['a', 'b'], equal: 'refused' },
    checked: 2,
    fails: [1],
  },
  {
    claim: 'freshness of rows against the time of the run',
    table: { a: ['2026-01-30', '2025-12-01', 'x'] },
    rule: { type: 'freshness', field: 'a', of: 'row', cycle: 'monthly' },
    checked: 3,
    fails: [2, 3],
  },
  {
    claim: 'freshness of the dataset looks at its newest row',
    table: { a: ['2020-01-01', '2026-01-29'] },
    rule: { type: 'freshness', field: 'a', cycle: 'weekly' },
    checked: 1,
    fails: [],
  },
  {
    claim: 'freshness fails a dataset whose newest row is old',
    table: { a: ['2020-01-01', '2026-01-19'] },
    rule: { type: 'freshness', field: 'a', cycle: 'weekly' },
    checked: 1,
    fails: [null],
  },
  {
    claim: 'duplicateEntity sees through width, case, blanks, punctuation and legal form',
    table: {
      a: [
        '安泰汽车维修有限公司',
        '安泰　汽车维修有限责任公司',
        'ＡＣＭＥ Ltd.',
        'acme, Inc',
        '安泰餐饮有限公司',
        '有限公司',
      ],
    },
    rule: { type: 'duplicateEntity', field: 'a', form: 'company' },
    checked: 6,
    fails: [1, 2, 3, 4],
  },
  {
    claim: 'sql gives the failing rows, each counted once',
    table: { a: ['1', '2', '2'] },
    rule: { type: 'sql', sql: "SELECT d._row FROM data d JOIN data e ON d.a = e.a WHERE d.a = '2'" },
    checked: 3,
    fails: [2, 3],
  },
  {
    claim: 'sql may ask a table of the rule set and our own functions',
    table: { a: ['11', '12'] },
    rule: {
      type: 'sql',
      sql: "SELECT _row FROM data ANTI JOIN division ON a = code WHERE is_division_code(a || '0000')",
    },
    set: { tables: { division } },
    checked: 2,
    fails: [2],
  },
];

suite('rules over a table', () => {
  for (const { claim, table, rule, checked, fails, set } of CASES) {
    test(claim, async () => {
      const { run, rowsOf } = await runOver(table, [rule], { ...(set === undefined ? {} : { set }) });
      assert.deepEqual(rowsOf('r0'), fails);
      assert.equal(run.rules[0]!.checked, checked);
      assert.equal(run.rules[0]!.failing, fails.length);
    });
  }
});

test('many rules of all kinds share one run and keep their answers apart', async () => {
  const cases = CASES.filter(({ table, set }) => Object.keys(table).length === 1 && 'a' in table && set === undefined);
  const columns = Object.fromEntries(cases.map(({ table }, i) => [`c${i}`, table['a']!]));
  const length = Math.max(...Object.values(columns).map((cells) => cells.length));
  const padded = Object.fromEntries(
    Object.entries(columns).map(([name, cells]) => {
      const texts = cells.map((cell) => (cell === null ? null : String(cell)));
      return [name, [...texts, ...Array.from({ length: length - texts.length }, () => null)]];
    }),
  );
  const plain = cases
    .map(({ rule, fails }, i) => ({ rule, fails, i }))
    .filter(({ rule }) => 'field' in rule && !('when' in rule) && rule['type'] !== 'notNull');
  const { rowsOf } = await runOver(
    padded,
    plain.map(({ rule, i }) => ({ ...rule, id: `c${i}`, field: `c${i}` })),
  );
  for (const { fails, i } of plain) assert.deepEqual(rowsOf(`c${i}`), fails, `c${i}`);
});

test('a column called like a part of our own SQL is just a column', async () => {
  const { rowsOf } = await runOver({ k0: ['x', 'x'], v: ['1', '2'], code: ['a', 'b'], 'we"ird; DROP': ['', 'y'] }, [
    { type: 'unique', field: 'k0' },
    { type: 'dependency', determinant: ['k0'], dependent: ['v'] },
    { type: 'codeList', field: 'code', codes: Array.from({ length: 20 }, (_, i) => String.fromCharCode(98 + i)) },
    { type: 'notNull', field: 'we"ird; DROP' },
    { type: 'expression', sql: "code = 'a' AND k0 = 'x'" },
  ]);
  assert.deepEqual(['r0', 'r1', 'r2', 'r3', 'r4'].map(rowsOf), [[1, 2], [1, 2], [1], [1], [2]]);
});

test('failures given to the sink are bounded, counts are not', async () => {
  const cells = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? 'x' : 'y'));
  const { run, rowsOf } = await runOver(
    { a: cells, b: cells },
    [
      { type: 'pattern', fields: ['a', 'b'], pattern: 'x' },
      { type: 'notNull', field: 'a' },
    ],
    { maxFailuresPerRule: 10 },
  );
  assert.deepEqual([run.rules[0]!.failing, run.rules[0]!.reported, run.rules[1]!.failing], [5000, 10, 0]);
  assert.deepEqual(rowsOf('r0'), [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
});

test('an unknown field is refused before any row is read', async () => {
  await assert.rejects(runOver({ a: ['x'] }, [{ type: 'notNull', field: 'b' }]), { code: 'RULE_FIELD_UNKNOWN' });
});

test('a sample looks at as many rows as asked, the same for the same seed', async () => {
  const cells = Array.from({ length: 10_000 }, (_, i) => (i % 10 === 0 ? '' : 'x'));
  const rules = [
    { type: 'notNull', field: 'a' },
    { type: 'unique', field: 'a' },
  ];
  const once = await runOver({ a: cells }, rules, { sample: { rows: 500, seed: 's' } });
  const again = await runOver({ a: cells }, rules, { sample: { rows: 500, seed: 's' } });
  const other = await runOver({ a: cells }, rules, { sample: { rows: 500, seed: 't' } });
  assert.equal(once.run.rules[0]!.checked, 500);
  assert.equal(once.run.rules[0]!.sampled, true);
  assert.deepEqual([once.run.rules[1]!.checked, once.run.rules[1]!.sampled], [9000, false]);
  assert.deepEqual(again.rowsOf('r0'), once.rowsOf('r0'));
  assert.notDeepEqual(other.rowsOf('r0'), once.rowsOf('r0'));
});
