/** Rule sets in YAML: what is read, where a fault is told, and what the digest depends on. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { parse as parseYaml } from 'yaml';
import { qualityPlanSchema } from '../../node/quality/plan.ts';
import { type RuleType, ruleHash, ruleSetHash } from '../../node/quality/rule.ts';
import { parseRuleSet, parseTable, readRuleSet } from '../../node/quality/rule-set.ts';
import { runOver } from './support/rule-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealedger-rules-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = 'ruleSet: set\nversion: 1\ndataset: data\nrules:\n';
const noTable = async (): Promise<never> => {
  throw new Error('no table here');
};
const parse = (text: string) => parseRuleSet(text, 'rules.yaml', noTable);
const rule = (lines: string) => `${HEAD}  - id: one\n    dimension: accuracy\n${lines}`;

test('the digest depends on what a rule set says, not on how it is written', async () => {
  const long = await parse(`${HEAD}  - id: one\n    type: notNull\n    field: a\n    dimension: completeness\n`);
  const short = await parse(
    `# said otherwise\ndataset: data\nversion: 1\nrules: [{ dimension: completeness, fields: [a], id: one, type: notNull, weight: 1, threshold: 1.0, severity: major }]\nruleSet: set\nmissing: []\n`,
  );
  assert.equal(ruleSetHash(short), ruleSetHash(long));
  for (const other of ['severity: minor', 'threshold: 0.9', 'weight: 2', 'when: a = 1']) {
    const changed = await parse(`${HEAD}  - { id: one, type: notNull, field: a, dimension: completeness, ${other} }\n`);
    assert.notEqual(ruleSetHash(changed), ruleSetHash(long), other);
    assert.notEqual(ruleHash(changed.rules[0]!), ruleHash(long.rules[0]!), other);
  }
});

const FAULTS: readonly (readonly [claim: string, text: string, line: number, reason: RegExp])[] = [
  ['broken YAML', 'ruleSet: [\n', 2, /./],
  ['a key twice', 'ruleSet: a\nruleSet: b\n', 2, /DUPLICATE_KEY/],
  ['an empty file', '', 1, /./],
  ['no rules', 'ruleSet: set\nversion: 1\ndataset: data\nrules: []\n', 4, /./],
  ['an unknown property', rule('    type: notNull\n    field: a\n    colour: red\n'), 5, /colour/],
  ['an unknown type', rule('    type: nonsense\n'), 7, /discriminator/],
  ['an unknown dimension', `${HEAD}  - { id: one, type: notNull, field: a, dimension: beauty }\n`, 5, /./],
  ['neither field nor fields', rule('    type: notNull\n'), 5, /either field or fields/],
  ['both field and fields', rule('    type: notNull\n    field: a\n    fields: [b]\n'), 8, /either field or fields/],
  ['a range without an end', rule('    type: range\n    field: a\n'), 5, /min, max/],
  ['a range turned round', rule('    type: range\n    field: a\n    min: 2\n    max: 1\n'), 5, /min is above max/],
  ['a day that is none', rule("    type: range\n    field: a\n    as: date\n    min: '2023-02-29'\n"), 5, /YYYY-MM-DD/],
  ['a code that YAML took for a number', rule('    type: codeList\n    field: a\n    codes: [01]\n'), 9, /string/],
  ['a weight of nothing', rule('    type: notNull\n    field: a\n    weight: 0\n'), 9, /above 0/],
  ['a weight of many decimals', rule('    type: notNull\n    field: a\n    weight: 0.12345\n'), 9, /decimals/],
  ['a threshold above 1', rule('    type: notNull\n    field: a\n    threshold: 1.1\n'), 9, /./],
  [
    'a reference to no table',
    rule('    type: reference\n    field: a\n    to: { table: t, fields: [x] }\n'),
    5,
    /no table/,
  ],
  [
    'an id twice',
    `${rule('    type: notNull\n    field: a\n')}  - { id: one, type: notNull, field: b, dimension: accuracy }\n`,
    9,
    /stands twice/,
  ],
];

suite('a fault is told with its line', () => {
  for (const [claim, text, line, reason] of FAULTS) {
    test(claim, async () => {
      await assert.rejects(parse(text), (error) => {
        assert.ok(isProtocolError(error, 'RULE_SET_INVALID'), String(error));
        assert.match(String(error.details['reason']), reason);
        assert.equal(error.details['line'], line);
        return true;
      });
    });
  }
});

test('aliases that unfold without end are refused', async () => {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array.from({ length: 9 }, () => `*l${i}`).join(', ')}]`,
  );
  await assert.rejects(parse(`l0: &l0 [x, x]\n${levels.join('\n')}\n`), { code: 'RULE_SET_INVALID' });
});

test('a table beside the rules is read, and its contents are part of the digest', async () => {
  const write = (csv: string) => writeFileSync(join(folder, 'codes.csv'), csv);
  const yaml = join(folder, 'rules.yaml');
  writeFileSync(
    yaml,
    'ruleSet: set\nversion: 1\ndataset: data\ntables: { codes: { file: codes.csv } }\nrules:\n  - { id: one, type: codeList, field: a, from: { table: codes, field: code }, dimension: conformity }\n',
  );
  write('code,name\r\n01,"a ""quoted"", name"\r\n02,"two\nlines"\r\n');
  const first = await readRuleSet(yaml);
  assert.deepEqual(first.tables['codes'], {
    columns: ['code', 'name'],
    rows: [
      ['01', 'a "quoted", name'],
      ['02', 'two\nlines'],
    ],
  });
  write('\uFEFFcode,name\n01,x\n');
  assert.notEqual(ruleSetHash(await readRuleSet(yaml)), ruleSetHash(first));
});

test('a table outside the folder of the rules is refused, by name or by link', async () => {
  mkdirSync(join(folder, 'set'));
  writeFileSync(join(folder, 'outside.csv'), 'code\n1\n');
  symlinkSync(join(folder, 'outside.csv'), join(folder, 'set', 'link.csv'));
  for (const file of ['../outside.csv', 'link.csv', '/etc/passwd', 'none.csv']) {
    const yaml = join(folder, 'set', 'rules.yaml');
    writeFileSync(
      yaml,
      `ruleSet: set\nversion: 1\ndataset: data\ntables: { t: { file: ${file} } }\nrules: [{ id: a, type: notNull, field: a, dimension: accuracy }]\n`,
    );
    await assert.rejects(readRuleSet(yaml), { code: 'RULE_TABLE_INVALID' });
  }
});

test('a table that is no table is refused with its line', () => {
  for (const [text, line] of [
    ['', 1],
    ['a,a\n1,2\n', 1],
    ['a,\n1,2\n', 1],
    ['a,b\n1,2\n3\n', 3],
    ['a,b\n1,"2\n', 2],
    ['a\n"x"y\n', 2],
  ] as const) {
    assert.throws(
      () => parseTable(text, 't.csv'),
      (error) => isProtocolError(error, 'RULE_TABLE_INVALID') && error.details['line'] === line,
      JSON.stringify(text),
    );
  }
});

test('the rule sets of the four tables with known truth are read', async () => {
  for (const name of ['hospital', 'flights', 'beers', 'cn-enterprise']) {
    const ruleSet = await readRuleSet(join(import.meta.dirname, 'rules', `${name}.yaml`));
    assert.equal(ruleSet.ruleSet, name);
  }
});

const RULE_TYPES: readonly RuleType[] = [
  'notNull',
  'type',
  'pattern',
  'codeList',
  'range',
  'length',
  'unique',
  'reference',
  'dependency',
  'expression',
  'conditional',
  'checkDigit',
  'dateOrder',
  'freshness',
  'rowCountDrift',
  'distributionDrift',
  'duplicateEntity',
  'consensus',
  'typo',
  'sql',
];

test('the example of the documentation has every type of rule, and runs', async () => {
  const page = readFileSync(new URL('../../docs/quality-rules.md', import.meta.url), 'utf8');
  const text = /```yaml\n([\s\S]*?)```/.exec(page)![1]!;
  const { rules: read } = await parse(text);
  assert.deepEqual(read.map(({ type }) => type).toSorted(), [...RULE_TYPES].toSorted());
  const [plan] = (JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!) as { readonly quality: readonly unknown[] })
    .quality;
  assert.ok(qualityPlanSchema.safeParse(plan).success);
  const { rules, ...set } = parseYaml(text) as { readonly rules: readonly Readonly<Record<string, unknown>>[] };
  const row = {
    code: '91350100M000100Y43',
    name: '海丝科技有限公司',
    phone: '13800001000',
    status: 'closed',
    capital: '100',
    paid: '200',
    district_code: '110101',
    district: '黄浦区',
    founded_on: '2001-01-01',
    closed_on: '2020-01-01',
    changed_on: '2020-01-01',
  };
  const table = Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, [cell]]));
  const { run } = await runOver(table, rules, { set });
  const failing = run.rules.filter((result) => result.failing > 0).map(({ rule: { id } }) => id);
  assert.deepEqual(failing, ['district-exists', 'paid-in-capital', 'up-to-date']);
});
