/**
 * What a rule compiles to: conditions on one row for the common pass, statements over groups of rows, or one number about
 * the dataset.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteName } from '../catalogue/sql-text.ts';
import type { Column } from './compile-cell.ts';
import type { Rule, RuleSet } from './rule.ts';
import { assertBinds, conditionSql } from './sandbox.ts';

/** Judged row by row, in the common pass. */
export interface RowCheck {
  readonly kind: 'row';
  readonly fields: readonly string[];
  /** Condition that is never null: whether the row is checked. */
  readonly applies: string;
  /** Condition that is never null where `applies` is true: whether it fails. */
  readonly fails: string;
  /** What stands behind the relation in FROM: tables of codes, one match per row at most. */
  readonly join: string;
}

/** Judged over groups of rows; `fails` is known only after the groups are. */
export interface GroupCheck {
  readonly kind: 'group';
  readonly fields: readonly string[];
  readonly applies: string;
  /** Aggregate of the common pass that is true where no row can fail; null where none says so. */
  readonly clean: string | null;
  /** SELECT of the `_row` of failing rows, once each. */
  readonly failing: string;
}

/** Judged by one number about the whole dataset. */
export interface DatasetCheck {
  readonly kind: 'dataset';
  readonly fields: readonly string[];
  /** Aggregate of the common pass; null where none is needed. */
  readonly aggregate: string | null;
}

export type Check = RowCheck | GroupCheck | DatasetCheck;

export interface CompiledRule {
  readonly rule: Rule;
  readonly checks: readonly Check[];
}

export interface CompileContext {
  readonly connection: DuckDBConnection;
  /** Relation with `_row`. */
  readonly relation: string;
  readonly columns: readonly Column[];
  readonly asOfMs: number;
}

/** What the checks of one rule are made of. */
export interface RuleParts {
  readonly context: CompileContext;
  readonly ruleSet: RuleSet;
  /** Condition of the rule's `when`, never null. */
  readonly when: string;
  readonly column: (field: string) => Column;
  readonly present: (...fields: readonly string[]) => string;
}

/** Name of the temporary table of a table of the rule set, quoted. */
export function tableSql(name: string): string {
  return quoteName(`rules_${name}`);
}

/**
 * SQL of a rule on one row, judged, with its columns and types known to be right.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN
 */
export async function expression(context: CompileContext, rule: Rule, place: string, sql: string): Promise<string> {
  const fragment = { rule: rule.id, place, sql };
  const scope = { columns: context.columns.map(({ name }) => name), tables: [] };
  const judged = await conditionSql(context.connection, fragment, scope);
  await assertBinds(context.connection, fragment, `SELECT ${judged} FROM ${context.relation}`);
  return judged;
}

/** {@link expression} that is true, false or null. @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN */
export async function condition(context: CompileContext, rule: Rule, place: string, sql: string): Promise<string> {
  const judged = `CAST(${await expression(context, rule, place, sql)} AS BOOLEAN)`;
  const fragment = { rule: rule.id, place, sql };
  await assertBinds(context.connection, fragment, `SELECT ${judged} FROM ${context.relation}`);
  return judged;
}
