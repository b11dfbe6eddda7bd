/** Rules over groups of rows: keys, entities, dependencies, consensus, misspellings, free SQL. Each gives the rows that fail. */
import { cellFindings } from './cell-rules.ts';
import { textSql } from './compile-cell.ts';
import { type GroupCheck, type RuleParts, tableSql } from './compile-check.ts';
import { keySql } from './compile-key.ts';
import type { Rule, RuleOf, RuleType } from './rule.ts';
import { assertBinds, selectSql } from './sandbox.ts';

const GROUP_TYPES = [
  'unique',
  'duplicateEntity',
  'dependency',
  'consensus',
  'typo',
  'sql',
] as const satisfies RuleType[];
type GroupRule = RuleOf<(typeof GROUP_TYPES)[number]>;

/** Whether a rule compares rows with each other. */
export function isGroupRule(rule: Rule): rule is GroupRule {
  return (GROUP_TYPES as readonly RuleType[]).includes(rule.type);
}

/** @throws {ProtocolError} RULE_FIELD_UNKNOWN, RULE_SQL_INVALID, RULE_SQL_FORBIDDEN */
export async function groupChecks(parts: RuleParts, rule: GroupRule): Promise<readonly GroupCheck[]> {
  const text = (field: string): string => textSql(parts.column(field));
  switch (rule.type) {
    case 'unique':
      return [uniqueCheck(parts, rule, text)];
    case 'duplicateEntity':
      return [uniqueCheck(parts, rule, (field) => keySql(rule.form, text(field)))];
    case 'dependency':
      return dependencyChecks(parts, rule);
    case 'consensus':
    case 'typo':
      return Promise.all(rule.fields.map((field) => findingCheck(parts, rule, field)));
    case 'sql':
      return [await selectCheck(parts, rule)];
  }
}

async function selectCheck(parts: RuleParts, rule: RuleOf<'sql'>): Promise<GroupCheck> {
  const { context, ruleSet, when } = parts;
  const { connection, relation, columns } = context;
  const tables = Object.keys(ruleSet.tables);
  const fragment = { rule: rule.id, place: 'sql', sql: rule.sql };
  const select = await selectSql(connection, fragment, { columns: columns.map(({ name }) => name), tables });
  const scope = [
    `data AS (SELECT * FROM ${relation})`,
    ...tables.map((name) => `${name} AS (SELECT * FROM ${tableSql(name)})`),
  ];
  // IN takes one column of numbers and nothing else, and a row that is not there is none that fails.
  const failing = `WITH ${scope.join(', ')} SELECT _row FROM ${relation} WHERE ${when} AND _row IN ${select}`;
  await assertBinds(connection, fragment, failing);
  return { kind: 'group', fields: rule.fields, applies: when, clean: null, failing };
}

/** Rows whose key another row has too; `keyOf` may be null where a row has no key. */
function uniqueCheck(
  { context, present }: RuleParts,
  rule: RuleOf<'unique' | 'duplicateEntity'>,
  keyOf: (field: string) => string,
): GroupCheck {
  const keys = rule.fields.map(keyOf);
  const hasKey = rule.type === 'unique' ? [] : keys.map((key) => `${key} IS NOT NULL`);
  const applies = [present(...rule.fields), ...hasKey].join(' AND ');
  const names = keys.map((_, i) => `k${i}`).join(', ');
  const keyed = `SELECT _row, ${keys.map((key, i) => `${key} AS k${i}`).join(', ')} FROM ${context.relation} WHERE ${applies}`;
  const doubled = `SELECT ${names} FROM (${keyed}) GROUP BY ${names} HAVING count(*) > 1`;
  // As many different hashes as rows: then all keys differ. Fewer may be chance, and the keys themselves are asked.
  const clean = `count(DISTINCT CASE WHEN ${applies} THEN hash(${keys.join(', ')}) END) = count_if(${applies})`;
  return {
    kind: 'group',
    fields: rule.fields,
    applies,
    clean,
    failing: `SELECT _row FROM (${keyed}) SEMI JOIN (${doubled}) USING (${names})`,
  };
}

function dependencyChecks({ context, column, present }: RuleParts, rule: RuleOf<'dependency'>): GroupCheck[] {
  rule.determinant.forEach(column);
  const keys = rule.determinant.map((field, i) => `${textSql(column(field))} AS k${i}`).join(', ');
  const names = rule.determinant.map((_, i) => `k${i}`).join(', ');
  return rule.dependent.map((field) => {
    const applies = present(...rule.determinant, field);
    const rows = `SELECT _row, ${keys}, ${textSql(column(field))} AS v FROM ${context.relation} WHERE ${applies}`;
    const torn = `SELECT ${names} FROM (${rows}) GROUP BY ${names} HAVING min(v) <> max(v)`;
    const counted = `SELECT ${names}, v, count(*) AS n FROM (${rows}) SEMI JOIN (${torn}) USING (${names}) GROUP BY ${names}, v`;
    const best = `SELECT ${names}, arg_max(v, n) AS best, max(n, 2) AS most FROM (${counted}) GROUP BY ${names}`;
    const blamed = rule.blame === 'group' ? '' : ' WHERE v <> best OR most[1] = most[2]';
    const failing = `SELECT _row FROM (${rows}) JOIN (${best}) USING (${names})${blamed}`;
    return { kind: 'group', fields: [field], applies, clean: null, failing };
  });
}

/** What node/quality/cell-rules.ts finds wrong; what it could fill is no failure of this rule. */
async function findingCheck(parts: RuleParts, rule: RuleOf<'consensus' | 'typo'>, field: string): Promise<GroupCheck> {
  const { context, ruleSet, present, column } = parts;
  column(field);
  const found = await cellFindings({ ...context, missing: ruleSet.missing }, rule, field);
  const applies = present(field);
  const failing = `SELECT DISTINCT _row FROM (${found}) WHERE disagrees`;
  return { kind: 'group', fields: [field], applies, clean: null, failing: chosenOf(parts, failing, applies) };
}

/** Of the rows of a SELECT, those to which the rule applies. */
function chosenOf({ context }: RuleParts, select: string, applies: string): string {
  return `SELECT _row FROM (${select}) SEMI JOIN (SELECT _row FROM ${context.relation} WHERE ${applies}) USING (_row)`;
}
