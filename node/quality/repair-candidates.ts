/**
 * Where proposals for failing cells come from, one statement for each rule and field.
 *
 * A rule proposes only for cells that failed it; consensus and dependencies, which know what a row's other cells say, for
 * every failing cell of their field. Every proposal satisfies the unconditional rules about single cells of its field.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { quoteName, quoteText } from '../catalogue/sql-text.ts';
import { type CellSource, cellFindings, operandSql, presentCells } from './cell-rules.ts';
import { fullMatch, isTypeSql } from './compile-cell.ts';
import { checkDigitSql } from './compile-identifier.ts';
import { consensusSql } from './consensus.ts';
import { normalisationNames, normaliseSql } from './normalise.ts';
import { completeIdentifier } from './repair-check-digit.ts';
import type { Rule, RuleOf, RuleSet } from './rule.ts';

export const REPAIR_METHODS = [
  'consensus',
  'sources',
  'dependency',
  'reference',
  'checkDigit',
  'format',
  'rule',
  'codeList',
  'typo',
  'word',
] as const;
export type RepairMethod = (typeof REPAIR_METHODS)[number];

export interface Candidate {
  readonly row: number;
  readonly ruleId: string;
  readonly method: RepairMethod;
  /** Empty where the cell should be empty. */
  readonly proposed: string;
  /** Strength of the evidence, 0 to 1; node/quality/repair.ts turns it into a confidence. */
  readonly evidence: number;
}

export interface RepairContext {
  readonly source: CellSource;
  readonly ruleSet: RuleSet;
  /** Quoted name of a table `(rule INTEGER, field VARCHAR, row BIGINT)` of failing cells. */
  readonly cells: string;
  /** {@link failingKey} of every rule and field with a failing cell. */
  readonly failing: ReadonlySet<string>;
  readonly limit: number;
}

export function failingKey(rule: number, field: string): string {
  return `${rule}/${field}`;
}

/** More codes than these are not searched for one that is near. */
const MAX_CODES = 2000;
/** A longer reference table is not searched for the one row that fits. */
const MAX_REFERENCES = 50_000;
const NO_CANDIDATES = 'SELECT 0::BIGINT AS _row, NULL AS proposed, 0 AS confidence WHERE false';
const MAX_CODE_DISTANCE = 2;
const MAX_CODE_SHARE = 0.34;
const CERTAIN = '1.0::DOUBLE';

/**
 * Everything that rule number `index` proposes for `field`.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN; REPAIR_FAILED with the rule where its statement failed
 */
export async function candidatesOf(
  context: RepairContext,
  rule: Rule,
  index: number,
  field: string,
): Promise<readonly Candidate[]> {
  try {
    return await candidatesOfRule(context, rule, index, field);
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    // DuckDB's own message may quote a cell.
    throw new ProtocolError('REPAIR_FAILED', { rule: rule.id, field }, { cause });
  }
}

async function candidatesOfRule(
  context: RepairContext,
  rule: Rule,
  index: number,
  field: string,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const ofField = `SELECT DISTINCT row FROM ${context.cells} WHERE field = ${quoteText(field)}`;
  const take = async (method: RepairMethod, rows: string, sql: string): Promise<void> => {
    found.push(...(await query(context, rule, field, { method, rows, sql })));
  };
  if (rule.type === 'consensus' && rule.compare === undefined) {
    const method = rule.source === undefined ? 'consensus' : 'sources';
    await take(method, ofField, await cellFindings(context.source, rule, field));
  }
  if (rule.type === 'dependency') await take('dependency', ofField, dependencyCandidates(context, rule, field));
  if (!context.failing.has(failingKey(index, field))) return found;
  const own = `${ofField} AND rule = ${index}`;
  if (rule.type === 'typo') {
    await take(rule.by === 'cell' ? 'typo' : 'word', own, await cellFindings(context.source, rule, field));
  }
  // What looks at the failing cell alone need not read the others.
  const relation = `(SELECT * FROM ${context.source.relation} SEMI JOIN (${own}) AS asked ON _row = asked.row)`;
  const narrow = { ...context, source: { ...context.source, relation } };
  if (rule.propose !== undefined) await take('rule', own, await operandCandidates(narrow, rule, field));
  if (rule.type === 'checkDigit') found.push(...(await completions(narrow, rule, field)));
  if (rule.type === 'codeList')
    await take('codeList', own, codeCandidates(narrow, codesOf(context.ruleSet, rule), field));
  if (rule.type === 'reference') await take('reference', own, referenceCandidates(narrow, rule, field));
  if ((rule.type === 'pattern' || rule.type === 'type') && rule.propose === undefined) {
    await take('format', own, formatCandidates(narrow, field));
  }
  return found;
}

interface CandidateQuery {
  readonly method: RepairMethod;
  /** SQL of the rows asked about. */
  readonly rows: string;
  /** SQL of `_row, proposed, confidence`. */
  readonly sql: string;
}

async function query(
  context: RepairContext,
  rule: Rule,
  field: string,
  { method, rows, sql }: CandidateQuery,
): Promise<Candidate[]> {
  const now = `coalesce(CAST(cells.${quoteName(field)} AS VARCHAR), '')`;
  const result = await context.source.connection.runAndReadAll(
    `SELECT found._row, found.proposed, found.confidence
     FROM (SELECT _row, CAST(proposed AS VARCHAR) AS proposed, confidence FROM (${sql}) WHERE proposed IS NOT NULL) AS found
     SEMI JOIN (${rows}) AS wanted ON found._row = wanted.row
     JOIN ${context.source.relation} AS cells ON cells._row = found._row
     WHERE found.proposed <> ${now} AND ${satisfies(context.ruleSet, field)}
     ORDER BY 1, 2 LIMIT ${context.limit}`,
  );
  return result.getRows().map(([row, proposed, evidence]) => ({
    row: Number(row),
    ruleId: rule.id,
    method,
    proposed: String(proposed),
    evidence: Number(evidence),
  }));
}

async function operandCandidates({ source }: RepairContext, rule: Rule, field: string): Promise<string> {
  const value = await operandSql(source, rule, 'propose', field, rule.propose!);
  return `SELECT _row, ${value} AS proposed, ${CERTAIN} AS confidence FROM ${presentCells(source)}`;
}

function dependencyCandidates({ source }: RepairContext, rule: RuleOf<'dependency'>, field: string): string {
  const witnesses = [rule.determinant.map(quoteName)];
  return consensusSql(presentCells(source), { value: quoteName(field), witnesses, minRows: 2, minShare: 0.5 });
}

/** The one named form of the cell that satisfies the field's rules, where there is exactly one. */
function formatCandidates({ source, ruleSet }: RepairContext, field: string): string {
  const forms = normalisationNames.map((name) => normaliseSql(name, quoteName(field)));
  return `SELECT _row, min(proposed) AS proposed, ${CERTAIN} AS confidence
    FROM (SELECT _row, unnest([${forms.join(', ')}]) AS proposed FROM ${presentCells(source)})
    WHERE proposed IS NOT NULL AND ${satisfies(ruleSet, field)} GROUP BY _row HAVING count(DISTINCT proposed) = 1`;
}

/** The code that a cell begins, or is nearest to; null where two are. */
function codeCandidates({ source }: Pick<RepairContext, 'source'>, codes: readonly string[], field: string): string {
  const cell = quoteName(field);
  if (codes.length === 0 || codes.length > MAX_CODES) return NO_CANDIDATES;
  const list = `(VALUES ${codes.map((code) => `(${quoteText(code)})`).join(', ')}) AS codes(code)`;
  const cells = `SELECT DISTINCT ${cell} AS cell FROM ${presentCells(source)} WHERE ${cell} IS NOT NULL`;
  const distance = `CASE WHEN length(cell) >= 2 AND starts_with(code, cell) THEN 0 ELSE damerau_levenshtein(cell, code) END`;
  const near = `SELECT cell, code, ${distance} AS distance FROM (${cells}) CROSS JOIN ${list}
    WHERE distance <= least(${MAX_CODE_DISTANCE}, length(code) * ${MAX_CODE_SHARE})`;
  const one = `SELECT cell, min(code) AS code, 1 - min(distance) / max(length(code)) AS confidence
    FROM (SELECT *, min(distance) OVER (PARTITION BY cell) AS least FROM (${near})) WHERE distance = least
    GROUP BY cell HAVING count(DISTINCT code) = 1`;
  return `SELECT _row, code AS proposed, confidence FROM ${presentCells(source)} JOIN (${one}) AS one ON one.cell = ${cell}`;
}

function codesOf(ruleSet: RuleSet, rule: RuleOf<'codeList'>): readonly string[] {
  if (rule.from === undefined) return rule.codes ?? [];
  const table = ruleSet.tables[rule.from.table]!;
  const column = table.columns.indexOf(rule.from.field);
  return [...new Set(table.rows.map((row) => row[column]!))].filter((code) => code !== '');
}

/** The reference row that agrees with all other cells of the rule, where there is exactly one. */
function referenceCandidates({ source, ruleSet }: RepairContext, rule: RuleOf<'reference'>, field: string): string {
  const table = ruleSet.tables[rule.to.table]!;
  const places = rule.to.fields.map((name) => table.columns.indexOf(name));
  const sought = rule.fields.indexOf(field);
  const others = rule.fields.flatMap((name, i) => (i === sought ? [] : [{ name, i }]));
  if (others.length === 0) {
    const codes = [...new Set(table.rows.map((row) => row[places[0]!]!))];
    return codeCandidates({ source }, codes, field);
  }
  if (table.rows.length > MAX_REFERENCES) return NO_CANDIDATES;
  const rows = table.rows.map((row) => `(${places.map((place) => quoteText(row[place]!)).join(', ')})`);
  const names = places.map((_, i) => `k${i}`);
  const same = others.map(({ name, i }) => `cells.${quoteName(name)} = known.k${i}`).join(' AND ');
  return `SELECT _row, min(known.k${sought}) AS proposed, ${CERTAIN} AS confidence FROM ${presentCells(source)} AS cells
    JOIN (VALUES ${rows.join(', ')}) AS known(${names.join(', ')}) ON ${same}
    GROUP BY _row HAVING count(DISTINCT known.k${sought}) = 1`;
}

async function completions(context: RepairContext, rule: RuleOf<'checkDigit'>, field: string): Promise<Candidate[]> {
  const cell = quoteName(field);
  const result = await context.source.connection.runAndReadAll(
    `SELECT _row, ${cell} FROM ${presentCells(context.source)}
     WHERE ${cell} IS NOT NULL ORDER BY 1 LIMIT ${context.limit}`,
  );
  return result.getRows().flatMap(([row, text]) => {
    const completion = completeIdentifier(rule.kind, String(text));
    if (completion === undefined) return [];
    const { value, evidence } = completion;
    return [{ row: Number(row), ruleId: rule.id, method: 'checkDigit' as const, proposed: value, evidence }];
  });
}

/** Condition on `proposed`: it passes every rule about single cells of the field that holds for all rows. */
function satisfies(ruleSet: RuleSet, field: string): string {
  const column = { name: 'proposed', type: 'VARCHAR' };
  const rules = ruleSet.rules.filter((rule) => rule.when === undefined && rule.fields.includes(field));
  const isNeeded = rules.some(({ type }) => type === 'notNull');
  const tests = rules.flatMap((rule) => {
    switch (rule.type) {
      case 'pattern':
        return [fullMatch('proposed', rule.pattern)];
      case 'type':
        return [isTypeSql(column, rule.is, rule.format)];
      case 'codeList':
        return codesOf(ruleSet, rule).length > MAX_CODES
          ? []
          : [`proposed IN (${codesOf(ruleSet, rule).map(quoteText).join(', ')})`];
      case 'checkDigit':
        return [checkDigitSql(rule.kind, 'proposed')];
      default:
        return [];
    }
  });
  const present = tests.length === 0 ? 'true' : tests.join(' AND ');
  return isNeeded ? `(proposed <> '' AND ${present})` : `(proposed = '' OR (${present}))`;
}

/** A table of failing cells on the source's connection. @returns its quoted name. */
export async function tableOfCells(
  connection: DuckDBConnection,
  cells: Iterable<{ readonly rule: number; readonly field: string; readonly row: number }>,
): Promise<string> {
  await connection.run('CREATE TEMP TABLE cells_to_repair (rule INTEGER, field VARCHAR, row BIGINT)');
  const appender = await connection.createAppender('cells_to_repair', null, 'temp');
  for (const { rule, field, row } of cells) {
    appender.appendInteger(rule);
    appender.appendVarchar(field);
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
  return quoteName('cells_to_repair');
}
