/**
 * Rules that weigh cells against each other, as SQL: consensus and typo.
 *
 * The SQL that a person wrote into them is judged like any other (node/quality/sandbox.ts). The rows come with their missing
 * cells null and all others as text, so that no rule has to know which texts stand for one, or a column's type.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteName, quoteText } from '../catalogue/sql-text.ts';
import { BLANKS_SQL, type Column, isText, textSql } from './compile-cell.ts';
import { consensusSql } from './consensus.ts';
import { normaliseSql } from './normalise.ts';
import type { Rule, RuleOf } from './rule.ts';
import { assertBinds, conditionSql, type Scope } from './sandbox.ts';
import { typoSql } from './typo.ts';

/** A value made of a row's cells, as a rule says it. */
type Operand = NonNullable<Rule['propose']>;

export interface CellSource {
  readonly connection: DuckDBConnection;
  /** Quoted SQL name of a relation with `_row`. */
  readonly relation: string;
  readonly columns: readonly Column[];
  /** Texts that stand for a missing cell. */
  readonly missing: readonly string[];
}

/** The relation with missing cells null and all others as text; a name to select from. */
export function presentCells({ relation, columns, missing }: CellSource): string {
  const cells = columns.map((column) => `${presentSql(column, missing)} AS ${quoteName(column.name)}`);
  return `(SELECT _row, ${cells.join(', ')} FROM ${relation})`;
}

/**
 * The cell as text, null where it is missing: as `missingSql` says it (test/quality/cell-rules.test.ts holds the two against
 * each other), in few words, since every statement here has it for every column and is planned anew.
 */
function presentSql(column: Column, missing: readonly string[]): string {
  const text = textSql(column);
  if (!isText(column)) return text;
  const named = missing.length === 0 ? '' : `WHEN ${text} IN (${missing.map(quoteText).join(', ')}) THEN NULL `;
  // No blank has a code point in these ranges.
  const solid = `WHEN ascii(${text}) BETWEEN 33 AND 159 OR ascii(${text}) BETWEEN ${0x3001} AND ${0xfefe} THEN ${text} `;
  return `CASE ${named}${solid}WHEN trim(${text}, ${BLANKS_SQL}) = '' THEN NULL ELSE ${text} END`;
}

/**
 * Cells of `field` that a rule finds against the others.
 * @returns SQL of rows `_row BIGINT, disagrees BOOLEAN, proposed VARCHAR, confidence DOUBLE`; `disagrees` is false where the
 *   row has no value that could be wrong, and the proposal would fill it. `proposed` is null where the rule knows of no value.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN
 */
export async function cellFindings(
  source: CellSource,
  rule: RuleOf<'consensus' | 'typo'>,
  field: string,
): Promise<string> {
  const rows = await checkedRows(source, rule);
  return rule.type === 'typo' ? typoFindings(source, rule, field, rows) : consensusFindings(source, rule, field, rows);
}

/** SQL of an operand over {@link presentCells}. @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN */
export async function operandSql(
  source: CellSource,
  rule: Rule,
  place: string,
  field: string,
  operand: Operand,
): Promise<string> {
  if (typeof operand !== 'string') return normaliseSql(operand.normalise, quoteName(field));
  return conditionSql(source.connection, { rule: rule.id, place, sql: operand }, scopeOf(source));
}

/**
 * Judges what a rule proposes before any row is read, like all that a person wrote; it is asked for much later.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN
 */
export async function assertProposal(source: CellSource, rule: Rule): Promise<void> {
  if (typeof rule.propose !== 'string') return;
  const value = await operandSql(source, rule, 'propose', '', rule.propose);
  const fragment = { rule: rule.id, place: 'propose', sql: rule.propose };
  await assertBinds(source.connection, fragment, `SELECT CAST(${value} AS VARCHAR) FROM ${presentCells(source)}`);
}

async function checkedRows(source: CellSource, rule: Rule): Promise<string> {
  const rows = presentCells(source);
  if (rule.when === undefined) return rows;
  const when = await operandSql(source, rule, 'when', '', rule.when);
  return `(SELECT * FROM ${rows} WHERE ${when})`;
}

async function consensusFindings(
  source: CellSource,
  rule: RuleOf<'consensus'>,
  field: string,
  rows: string,
): Promise<string> {
  const names = source.columns.map(({ name }) => name);
  const sql = async (place: string, text: string): Promise<string> =>
    names.includes(text) ? quoteName(text) : operandSql(source, rule, place, field, text);
  const witnesses: string[][] = [];
  for (const parts of rule.witnesses) {
    const witness: string[] = [];
    for (const part of parts) witness.push(await sql('witnesses', part));
    witnesses.push(witness);
  }
  const voted = rule.compare ?? rule.value;
  const found = consensusSql(rows, {
    value: voted === undefined ? quoteName(field) : await operandSql(source, rule, 'value', field, voted),
    witnesses,
    source: rule.source === undefined ? undefined : await sql('source', rule.source),
    authority: rule.authority === undefined ? undefined : await sql('authority', rule.authority),
    minRows: rule.minRows,
    minShare: rule.minShare,
  });
  const proposed = rule.compare === undefined ? 'proposed' : 'CAST(NULL AS VARCHAR)';
  return `SELECT _row, disagrees, ${proposed} AS proposed, confidence FROM (${found})`;
}

async function typoFindings(source: CellSource, rule: RuleOf<'typo'>, field: string, rows: string): Promise<string> {
  const { by, maxDistance, maxShare, minRatio, minCount } = rule;
  const cell = quoteName(field);
  const part = rule.part === undefined ? cell : await operandSql(source, rule, 'part', field, rule.part);
  const found = typoSql(rows, { value: part, by, maxDistance, maxShare, minRatio, minCount });
  if (rule.part === undefined) return `SELECT _row, true AS disagrees, proposed, confidence FROM (${found})`;
  // What stands in front of the part stays.
  const whole = `CASE WHEN ends_with(whole, part) THEN left(whole, length(whole) - length(part)) || proposed END`;
  const wholes = `SELECT _row, ${cell} AS whole, CAST(${part} AS VARCHAR) AS part FROM ${rows}`;
  return `SELECT _row, true AS disagrees, ${whole} AS proposed, confidence FROM (${found}) JOIN (${wholes}) USING (_row)`;
}

function scopeOf({ columns }: CellSource): Scope {
  return { columns: columns.map(({ name }) => name), tables: [] };
}
