/**
 * Rules to SQL: what one row says is one condition of the common pass, what several rows say is a statement of its own.
 *
 * Every identifier is quoted and every text of a rule a literal; SQL that a person wrote went through sandbox.ts.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { quoteName, quoteText } from '../catalogue/sql-text.ts';
import { assertProposal } from './cell-rules.ts';
import {
  type Column,
  dateSql,
  fullMatch,
  isTypeSql,
  missingSql,
  numberLiteral,
  numberSql,
  textSql,
} from './compile-cell.ts';
import {
  type Check,
  type CompileContext,
  type CompiledRule,
  condition,
  type RowCheck,
  type RuleParts,
  tableSql,
} from './compile-check.ts';
import { groupChecks, isGroupRule } from './compile-group.ts';
import { checkDigitSql } from './compile-identifier.ts';
import { CYCLE_DAYS, type Rule, type RuleOf, type RuleSet } from './rule.ts';

/** More codes than these become a table that is joined. */
const MAX_INLINE_CODES = 16;
const MS_PER_DAY = 86_400_000;

/** Name of the temporary table of a rule's codes, quoted. */
export function codesSql(rule: RuleOf<'codeList'>): string {
  return quoteName(`codes_${rule.id}`);
}

/** Whether a rule's codes need a table. */
export function hasCodeTable(rule: Rule): rule is RuleOf<'codeList'> & { readonly codes: string[] } {
  return rule.type === 'codeList' && rule.codes !== undefined && rule.codes.length > MAX_INLINE_CODES;
}

/**
 * Compiles every rule of a set and has DuckDB bind what people wrote. Tables and macros of the set must be there.
 * @throws {ProtocolError} RULE_FIELD_UNKNOWN, RULE_SQL_INVALID, RULE_SQL_FORBIDDEN
 */
export async function compileRules(context: CompileContext, ruleSet: RuleSet): Promise<readonly CompiledRule[]> {
  const compiled: CompiledRule[] = [];
  for (const rule of ruleSet.rules) compiled.push({ rule, checks: await compileRule(context, ruleSet, rule) });
  return compiled;
}

/** A column of the dataset by its name. @throws {ProtocolError} RULE_FIELD_UNKNOWN */
export function columnOf(columns: readonly Column[], rule: Rule, field: string): Column {
  const column = columns.find(({ name }) => name === field);
  if (column === undefined) throw new ProtocolError('RULE_FIELD_UNKNOWN', { rule: rule.id, field });
  return column;
}

/** SQL of a time as a TIMESTAMP in UTC. */
export function timestampSql(ms: number): string {
  return `make_timestamp(${Math.round(ms)}000)`;
}

/** Days after which a dataset or row is late. */
export function maxAgeDays(rule: RuleOf<'freshness'>): number {
  return rule.maxAgeDays ?? CYCLE_DAYS[rule.cycle!];
}

async function compileRule(context: CompileContext, ruleSet: RuleSet, rule: Rule): Promise<readonly Check[]> {
  const column = (field: string): Column => columnOf(context.columns, rule, field);
  rule.fields.forEach(column);
  const when =
    rule.when === undefined ? 'true' : `coalesce(${await condition(context, rule, 'when', rule.when)}, false)`;
  const present = (...fields: readonly string[]): string =>
    [when, ...fields.map((field) => `NOT ${missingSql(column(field), ruleSet.missing)}`)].join(' AND ');
  await assertProposal({ ...context, missing: ruleSet.missing }, rule);
  const parts: RuleParts = { context, ruleSet, when, column, present };
  if (isGroupRule(rule)) return groupChecks(parts, rule);
  switch (rule.type) {
    case 'expression':
      return [await sqlCheck(parts, rule, 'sql', rule.sql)];
    case 'conditional':
      return [await sqlCheck(parts, rule, 'then', rule.then)];
    case 'reference':
      return [referenceCheck(parts, rule)];
    case 'dateOrder':
      return [dateOrderCheck(parts, rule)];
    case 'freshness':
      return [freshnessCheck(parts, rule)];
    case 'rowCountDrift':
      return [{ kind: 'dataset', fields: [], aggregate: null }];
    case 'distributionDrift':
      return rule.fields.map((field) => ({ kind: 'dataset', fields: [field], aggregate: null }));
    default:
      return rule.fields.map((field) => cellCheck(parts, rule, field));
  }
}

type CellRule = RuleOf<'notNull' | 'type' | 'pattern' | 'codeList' | 'range' | 'length' | 'checkDigit'>;

function cellCheck({ column, present, ruleSet, when }: RuleParts, rule: CellRule, field: string): RowCheck {
  const cell = column(field);
  const join = rule.type === 'codeList' ? codeJoin(rule, cell) : '';
  if (rule.type === 'notNull') {
    return { kind: 'row', fields: [field], applies: when, fails: missingSql(cell, ruleSet.missing), join };
  }
  return { kind: 'row', fields: [field], applies: present(field), fails: `NOT (${passesSql(rule, cell)})`, join };
}

/** Whether a present cell passes; never null. */
function passesSql(rule: Exclude<CellRule, RuleOf<'notNull'>>, cell: Column): string {
  const text = textSql(cell);
  switch (rule.type) {
    case 'type':
      return isTypeSql(cell, rule.is, rule.format);
    case 'pattern':
      return fullMatch(text, rule.pattern);
    case 'codeList':
      if (rule.codes === undefined || hasCodeTable(rule)) return `${joinName(rule, cell)}.${joinColumn(0)} IS NOT NULL`;
      return `${text} IN (${rule.codes.map(quoteText).join(', ')})`;
    case 'range':
      return rangeSql(rule, cell);
    case 'length':
      return `length(${text}) BETWEEN ${rule.min ?? 0} AND ${rule.max ?? Number.MAX_SAFE_INTEGER}`;
    case 'checkDigit':
      return checkDigitSql(rule.kind, text);
  }
}

function rangeSql(rule: RuleOf<'range'>, cell: Column): string {
  const value = rule.as === 'number' ? numberSql(cell) : dateSql(cell, rule.format);
  const end = (bound: number | string): string =>
    typeof bound === 'number' ? numberLiteral(bound) : `CAST(${quoteText(bound)} AS TIMESTAMP)`;
  const equal = rule.bounds === 'closed' ? '=' : '';
  // An upper bound that is a day holds for the whole of it.
  const upper = (bound: number | string): string =>
    rule.as === 'date' && rule.bounds === 'closed' ? `< ${end(bound)} + INTERVAL 1 DAY` : `<${equal} ${end(bound)}`;
  const least = rule.min === undefined ? [] : [`${value} >${equal} ${end(rule.min)}`];
  const most = rule.max === undefined ? [] : [`${value} ${upper(rule.max)}`];
  return `coalesce(${[...least, ...most].join(' AND ')}, false)`;
}

/** A name that no column of a dataset has: SQL of a person must not meet it. */
function joinColumn(place: number): string {
  return quoteName(`matched\t${place}`);
}

function joinName(rule: Rule, cell: Column): string {
  return quoteName(`match_${rule.id}_${cell.name}`);
}

function codeJoin(rule: RuleOf<'codeList'>, cell: Column): string {
  if (rule.from === undefined && !hasCodeTable(rule)) return '';
  const codes =
    rule.from === undefined
      ? `SELECT code AS ${joinColumn(0)} FROM ${codesSql(rule)}`
      : `SELECT DISTINCT ${quoteName(rule.from.field)} AS ${joinColumn(0)} FROM ${tableSql(rule.from.table)}`;
  const name = joinName(rule, cell);
  return ` LEFT JOIN (${codes}) AS ${name} ON ${textSql(cell)} = ${name}.${joinColumn(0)}`;
}

function referenceCheck({ column, present }: RuleParts, rule: RuleOf<'reference'>): RowCheck {
  const name = quoteName(`match_${rule.id}`);
  const keys = rule.to.fields.map((field, i) => `${quoteName(field)} AS ${joinColumn(i)}`).join(', ');
  const matches = rule.fields.map((field, i) => `${textSql(column(field))} = ${name}.${joinColumn(i)}`).join(' AND ');
  const join = ` LEFT JOIN (SELECT DISTINCT ${keys} FROM ${tableSql(rule.to.table)}) AS ${name} ON ${matches}`;
  return {
    kind: 'row',
    fields: rule.fields,
    applies: present(...rule.fields),
    fails: `${name}.${joinColumn(0)} IS NULL`,
    join,
  };
}

function dateOrderCheck({ column, present }: RuleParts, rule: RuleOf<'dateOrder'>): RowCheck {
  const dates = rule.fields.map((field) => dateSql(column(field), rule.format));
  const relation = rule.equal === 'allowed' ? '<=' : '<';
  const pairs = dates.slice(1).map((later, i) => `${dates[i]} ${relation} ${later}`);
  const fails = `NOT coalesce(${pairs.join(' AND ')}, false)`;
  return { kind: 'row', fields: rule.fields, applies: present(...rule.fields), fails, join: '' };
}

function freshnessCheck({ context, column, present }: RuleParts, rule: RuleOf<'freshness'>): Check {
  const [field] = rule.fields;
  if (field === undefined) return { kind: 'dataset', fields: [], aggregate: null };
  const date = dateSql(column(field), rule.format);
  if (rule.of === 'dataset') {
    const aggregate = `epoch_ms(max(CASE WHEN ${present(field)} THEN ${date} END))`;
    return { kind: 'dataset', fields: [field], aggregate };
  }
  const oldest = timestampSql(context.asOfMs - maxAgeDays(rule) * MS_PER_DAY);
  const fails = `NOT coalesce(${date} >= ${oldest}, false)`;
  return { kind: 'row', fields: [field], applies: present(field), fails, join: '' };
}

async function sqlCheck(
  { context, when }: RuleParts,
  rule: RuleOf<'expression' | 'conditional'>,
  place: string,
  sql: string,
): Promise<RowCheck> {
  const holds = await condition(context, rule, place, sql);
  // As in a CHECK of SQL, what is neither true nor false is not held against a row.
  const applies =
    when === 'true' ? `(${holds} IS NOT NULL)` : `CASE WHEN ${when} THEN ${holds} IS NOT NULL ELSE false END`;
  return { kind: 'row', fields: rule.fields, applies, fails: `NOT ${holds}`, join: '' };
}
