/** Rules over random tables: the SQL and a plain reference fail the same rows, whatever stands in the cells. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { parseRuleSet } from '@sealedger/node/quality/rule-set.ts';
import { runRuleSet } from '@sealedger/node/quality/run.ts';
import fc from 'fast-check';
import {
  type Cell,
  dependent,
  doubled,
  failing,
  isDay,
  isMissing,
  misspelt,
  numberOf,
  outvoted,
  type Row,
} from './support/plain-rules.ts';

const COLUMNS = ['a', 'b', 'v', 's'] as const;
const MISSING_TEXTS: readonly Cell[] = [null, '', ' ', '\u3000', '-', 'N/A'];
/** Texts on which readings of one cell part ways. */
const CELLS: readonly Cell[] = [
  ...MISSING_TEXTS,
  ...['a', 'A', 'ab', 'é', 'e\u0301', '😀', '张三', '张三 ', "o'x", '"q"', '\\', '%', '_'],
  ...['1', '01', '1.0', '-0', '10', '10.5', 'NaN', 'inf', '1e3', '1e400', '9007199254740993', '1,000', '+1', '.5'],
  ...['2020-02-29', '2021-02-29', '2020-2-9', '20200229'],
];
const FEW: readonly Cell[] = [null, '-', 'x', 'y', 'z', '甲', 'NaN'];
const WORDS: readonly Cell[] = [
  null,
  ...Array<Cell>(6).fill('hospital'),
  ...Array<Cell>(4).fill('医院门诊'),
  'hospitl',
  'hopsital',
  'hxspxtxl',
  '医院问诊',
  'hospital 2',
  'h',
];

const RULES = `
ruleSet: parity
version: 1
dataset: parity
missing: ['-', N/A]
tables: {}
rules:
  - { id: present, type: notNull, field: a, dimension: completeness }
  - { id: whole, type: type, field: a, is: integer, dimension: conformity }
  - { id: number, type: type, field: a, is: number, dimension: conformity }
  - { id: day, type: type, field: a, is: date, dimension: conformity }
  - { id: form, type: pattern, field: a, pattern: '[a-z]+|[0-9]+', dimension: conformity }
  - { id: listed, type: codeList, field: a, codes: [a, é, '1', '%'], dimension: conformity }
  - { id: between, type: range, field: a, min: 0, max: 10, dimension: accuracy }
  - { id: above, type: range, field: a, min: 0, bounds: open, dimension: accuracy }
  - { id: short, type: length, field: a, min: 1, max: 2, dimension: conformity }
  - { id: alone, type: unique, fields: [a, b], dimension: consistency }
  - { id: follows, type: dependency, determinant: [b], dependent: [v], dimension: consistency }
  - { id: told, type: conditional, fields: [b], when: "a = 'a'", then: "b <> 'x'", dimension: consistency }
  - { id: agreed, type: consensus, field: v, witnesses: [[b], [s], [b, s]], minRows: 2, minShare: 0.4, dimension: accuracy }
  - { id: sourced, type: consensus, field: v, witnesses: [[b]], source: s, authority: "s = 'x'", minRows: 1, minShare: 0, dimension: accuracy }
`;
const TYPOS = `
ruleSet: parity
version: 1
dataset: parity
rules:
  - { id: spelt, type: typo, field: v, maxDistance: 3, maxShare: 0.4, minRatio: 2, minCount: 2, dimension: accuracy }
`;

/** The same rules once more, in words of TypeScript. */
const REFERENCE: Readonly<Record<string, (rows: readonly Row[]) => number[]>> = {
  present: (rows) => failing(rows, ({ a }) => isMissing(a)),
  whole: ofPresent((cell) => /^[+-]?[0-9]+$/.test(cell)),
  number: ofPresent((cell) => numberOf(cell) !== undefined),
  day: ofPresent(isDay),
  form: ofPresent((cell) => /^([a-z]+|[0-9]+)$/.test(cell)),
  listed: ofPresent((cell) => ['a', 'é', '1', '%'].includes(cell)),
  between: ofPresent((cell) => (numberOf(cell) ?? -1) >= 0 && numberOf(cell)! <= 10),
  above: ofPresent((cell) => (numberOf(cell) ?? 0) > 0),
  short: ofPresent((cell) => [...cell].length >= 1 && [...cell].length <= 2),
  alone: (rows) => doubled(rows, ['a', 'b']),
  follows: (rows) => dependent(rows, 'b', 'v'),
  told: (rows) => failing(rows, ({ a, b }) => a === 'a' && b === 'x'),
  agreed: (rows) => outvoted(rows, { field: 'v', witnesses: [['b'], ['s'], ['b', 's']], minRows: 2, minShare: 0.4 }),
  sourced: (rows) =>
    outvoted(rows, {
      field: 'v',
      witnesses: [['b']],
      source: 's',
      authority: ({ s }) => s === 'x',
      minRows: 1,
      minShare: 0,
    }),
};

const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await DuckDBConnection.create(instance);
await connection.run('SET enable_external_access = false');
await connection.run('SET lock_configuration = true');
after(() => {
  connection.closeSync();
  instance.closeSync();
});

const RUNS = { seed: 20260522, numRuns: 30 };

test('every rule fails the rows that its plain reading fails', async () => {
  const seen = new Set<string>();
  const row = fc.tuple(
    fc.constantFrom(...CELLS),
    fc.constantFrom(...FEW),
    fc.constantFrom(...FEW),
    fc.constantFrom(...FEW),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (table) => {
      const found = await failuresOf(RULES, table);
      const rows = table.map(asRow);
      for (const [id, reading] of Object.entries(REFERENCE)) {
        const expected = reading(rows);
        assert.deepEqual(found.get(id) ?? [], expected, id);
        if (expected.length > 0) seen.add(id);
      }
    }),
    RUNS,
  );
  // A rule that never failed was not tested.
  assert.deepEqual([...seen].toSorted(), Object.keys(REFERENCE).toSorted());
});

test('misspellings are those within the distance of a word frequent enough', async () => {
  const row = fc.constantFrom(...WORDS).map((word): Cell[] => ['a', 'b', word, 's']);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (table) => {
      const found = await failuresOf(TYPOS, table);
      const limits = { maxDistance: 3, maxShare: 0.4, minRatio: 2, minCount: 2 };
      assert.deepEqual(found.get('spelt') ?? [], misspelt(table.map(asRow), 'v', limits));
    }),
    RUNS,
  );
});

function ofPresent(passes: (cell: string) => boolean): (rows: readonly Row[]) => number[] {
  return (rows) => failing(rows, ({ a }) => !isMissing(a) && !passes(a!));
}

function asRow(cells: readonly Cell[]): Row {
  return Object.fromEntries(COLUMNS.map((name, i) => [name, cells[i] ?? null]));
}

/** Failing rows by rule, as the product finds them. */
async function failuresOf(rules: string, table: readonly (readonly Cell[])[]): Promise<Map<string, number[]>> {
  await connection.run('CREATE OR REPLACE TABLE cells (_row BIGINT, a VARCHAR, b VARCHAR, v VARCHAR, s VARCHAR)');
  const appender = await connection.createAppender('cells');
  table.forEach((cells, index) => {
    appender.appendBigInt(BigInt(index + 1));
    for (const cell of cells) {
      if (cell === null) appender.appendNull();
      else appender.appendVarchar(cell);
    }
    appender.endRow();
  });
  appender.closeSync();
  const ruleSet = await parseRuleSet(rules, 'parity.yaml', async () => {
    throw new Error('no table here');
  });
  const found = new Map<string, number[]>();
  const columns = COLUMNS.map((name) => ({ name, type: 'VARCHAR' }));
  await runRuleSet({ connection, relation: 'cells', columns }, ruleSet, {
    sink: {
      write: async (failures) => {
        for (const { ruleId, row } of failures) found.set(ruleId, [...(found.get(ruleId) ?? []), row!]);
      },
    },
    maxFailuresPerRule: 1000,
    timeoutMs: 60_000,
    asOfMs: 0,
    sourceChangedMs: null,
    previous: null,
    sample: null,
    progress: () => undefined,
  });
  return found;
}
