/**
 * What stands between a rule's SQL and the machine.
 *
 * The text is parsed by DuckDB's own parser and judged as a tree: one SELECT, over the dataset's rows and the rule set's
 * tables, of functions on a list. What then runs is the tree written out again, never the text itself, so that no comment,
 * bracket or second statement in it means anything. Below that the connection has no files, no network and no way to change
 * that (node/catalogue/engine.ts); {@link assertConfined} refuses to run where it has.
 *
 * No message of DuckDB leaves: some quote cells. A fault is told by its kind, the rule and the place.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { z } from 'zod';
import { quoteText } from '../catalogue/sql-text.ts';
import {
  CAST_TYPES,
  GROWTH_BITS,
  growthBits,
  SCALAR_FUNCTIONS,
  SELECT_FUNCTIONS,
  SESSION_NAMES,
} from './sandbox-functions.ts';

/** Part of a rule that is SQL. */
export interface Fragment {
  readonly rule: string;
  /** Property of the rule: when, then, sql. */
  readonly place: string;
  readonly sql: string;
}

/** What a SELECT may name. */
export interface Scope {
  /** Columns of the dataset. */
  readonly columns: readonly string[];
  /** Tables beside `data`. */
  readonly tables: readonly string[];
}

/** Settings without which no rule runs, and the value that each must have. */
const CONFINED = [
  ['enable_external_access', false],
  ['lock_configuration', true],
] as const;

const EXPRESSION_CLASSES: ReadonlySet<string> = new Set([
  ...['COLUMN_REF', 'CONSTANT', 'COMPARISON', 'CONJUNCTION', 'OPERATOR', 'CAST', 'FUNCTION', 'CASE', 'BETWEEN'],
]);
const SELECT_CLASSES: ReadonlySet<string> = new Set([...EXPRESSION_CLASSES, 'STAR', 'SUBQUERY', 'WINDOW']);
/** Operators that make or take apart lists and structs, or swallow errors. */
const FORBIDDEN_OPERATORS: ReadonlySet<string> = new Set([
  ...['ARRAY_EXTRACT', 'ARRAY_SLICE', 'ARRAY_CONSTRUCTOR', 'STRUCT_EXTRACT', 'OPERATOR_UNPACK', 'GROUPING_FUNCTION'],
]);
/** Everything that is no expression: parts of queries and of their order. */
const NODE_TYPES: ReadonlySet<string> = new Set([
  ...['SELECT_NODE', 'SET_OPERATION_NODE', 'CTE_NODE', 'BASE_TABLE', 'SUBQUERY', 'JOIN', 'EMPTY', 'EXPRESSION_LIST'],
  ...['ORDER_MODIFIER', 'LIMIT_MODIFIER', 'DISTINCT_MODIFIER', 'ORDER_DEFAULT', 'ASCENDING', 'DESCENDING'],
  ...['ORDER_ASCENDING', 'ORDER_DESCENDING'],
]);

const answerSchema = z.discriminatedUnion('error', [
  z.object({ error: z.literal(false), statements: z.array(z.object({ node: z.record(z.string(), z.unknown()) })) }),
  z.object({
    error: z.literal(true),
    error_type: z.string(),
    error_message: z.string(),
    position: z.coerce.number().optional(),
  }),
]);
type Node = Readonly<Record<string, unknown>>;

/**
 * Refuses a connection on which SQL could reach more than what it was given.
 * @throws {ProtocolError} RULES_NOT_CONFINED
 */
export async function assertConfined(connection: DuckDBConnection): Promise<void> {
  for (const [setting, value] of CONFINED) {
    const answer = await connection.runAndReadAll(`SELECT current_setting(${quoteText(setting)})`);
    if (answer.getRows()[0]?.[0] !== value) throw new ProtocolError('RULES_NOT_CONFINED', { setting });
  }
}

/**
 * A condition on one row, judged and written out again in brackets.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN
 */
export async function conditionSql(connection: DuckDBConnection, fragment: Fragment, scope: Scope): Promise<string> {
  const { select, text } = await parseSelect(connection, fragment, `SELECT (\n${fragment.sql}\n)`);
  const items = Array.isArray(select['select_list']) ? select['select_list'] : [];
  const isPlain =
    select['type'] === 'SELECT_NODE' &&
    items.length === 1 &&
    isNode(select['from_table']) &&
    select['from_table']['type'] === 'EMPTY' &&
    ['where_clause', 'having', 'qualify', 'sample'].every((part) => !isNode(select[part])) &&
    ['modifiers', 'group_expressions', 'group_sets'].every((part) => isEmpty(select[part])) &&
    isNode(items[0]) &&
    items[0]['alias'] === '';
  if (!isPlain) throw forbidden(fragment, 'more than one expression');
  const columns = new Set([...scope.columns, '_row'].map(folded));
  judge(items[0], { fragment, classes: EXPRESSION_CLASSES, functions: SCALAR_FUNCTIONS, tables: new Set(), columns });
  return `(${text.replace(/^SELECT /, '')})`;
}

/**
 * A SELECT over `data` and the tables of the rule set, judged and written out again in brackets.
 * @throws {ProtocolError} RULE_SQL_INVALID, RULE_SQL_FORBIDDEN
 */
export async function selectSql(connection: DuckDBConnection, fragment: Fragment, scope: Scope): Promise<string> {
  const { select, text } = await parseSelect(connection, fragment, fragment.sql);
  const own = scope.columns.filter((name) => SESSION_NAMES.has(folded(name))).map(folded);
  const tables = new Set(['data', ...scope.tables, ...cteNames(select)].map(folded));
  judge(select, { fragment, classes: SELECT_CLASSES, functions: SELECT_FUNCTIONS, tables, columns: null, own });
  return `(${text})`;
}

/**
 * Refuses SQL that does not bind: unknown columns, wrong types. Reads no row.
 * @param sql - statement around the fragment.
 * @throws {ProtocolError} RULE_SQL_INVALID
 */
export async function assertBinds(connection: DuckDBConnection, { rule, place }: Fragment, sql: string): Promise<void> {
  try {
    const prepared = await connection.prepare(sql);
    prepared.destroySync();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : '';
    const what = /referenced column/i.test(text) ? 'an unknown column' : kindOf(cause);
    throw new ProtocolError('RULE_SQL_INVALID', { rule, place, position: 1, reason: what }, { cause });
  }
}

/** DuckDB's kind of an error, without its text: `conversion`, `binder`, `parser`, … */
export function kindOf(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  return /^([A-Za-z -]{1,40}) Error:/.exec(text)?.[1]?.toLowerCase() ?? 'unknown';
}

async function parseSelect(
  connection: DuckDBConnection,
  fragment: Fragment,
  sql: string,
): Promise<{ readonly select: Node; readonly text: string }> {
  const { rule, place } = fragment;
  if (sql.includes('\0'))
    throw new ProtocolError('RULE_SQL_INVALID', { rule, place, position: 1, reason: 'characters' });
  const answer = answerSchema.parse(
    JSON.parse(await one(connection, `json_serialize_sql(${quoteText(sql)})`, fragment)),
  );
  if (answer.error) {
    if (answer.error_type === 'not implemented') throw forbidden(fragment, 'anything but a SELECT');
    const offset = sql.indexOf(fragment.sql);
    const position = Math.max(1, (answer.position ?? 0) - offset + 1);
    throw new ProtocolError('RULE_SQL_INVALID', { rule, place, position, reason: answer.error_type });
  }
  const [statement, second] = answer.statements;
  if (statement === undefined || second !== undefined) throw forbidden(fragment, 'a second statement');
  const text = await one(connection, `json_deserialize_sql(json_serialize_sql(${quoteText(sql)}))`, fragment);
  return { select: statement.node, text };
}

async function one(connection: DuckDBConnection, call: string, { rule, place }: Fragment): Promise<string> {
  try {
    const answer = await connection.runAndReadAll(`SELECT CAST(${call} AS VARCHAR)`);
    return String(answer.getRows()[0]?.[0]);
  } catch (cause) {
    throw new ProtocolError('RULE_SQL_INVALID', { rule, place, position: 1, reason: kindOf(cause) }, { cause });
  }
}

interface Judgement {
  readonly fragment: Fragment;
  readonly classes: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
  /** The only columns; null where a query gives names of its own. */
  readonly columns: ReadonlySet<string> | null;
  /** Columns of the dataset that are called like a value of the session. */
  readonly own?: readonly string[];
}

/** Walks the tree without recursion: its depth is the writer's to choose. */
function judge(root: unknown, judgement: Judgement): void {
  const open: unknown[] = [root];
  let growth = 0;
  while (open.length > 0) {
    const node = open.pop();
    if (Array.isArray(node)) open.push(...(node as unknown[]));
    if (!isNode(node)) continue;
    const fault = 'class' in node ? expressionFault(node, judgement) : queryFault(node, judgement);
    if (fault !== undefined) throw forbidden(judgement.fragment, fault);
    growth += growthOf(node);
    open.push(...Object.entries(node).flatMap(([key, value]) => (isLeaf(node, key) ? [] : [value])));
  }
  if (growth > GROWTH_BITS) throw forbidden(judgement.fragment, 'so much joining and replacing of texts');
}

function expressionFault(node: Node, { classes, functions, columns, own }: Judgement): string | undefined {
  const kind = String(node['class']);
  if (!classes.has(kind)) return kind.toLowerCase().replaceAll('_', ' ');
  switch (kind) {
    case 'FUNCTION':
    case 'WINDOW':
      return functionFault(node, functions);
    case 'COLUMN_REF':
      return columnFault(node, columns, own ?? []);
    case 'OPERATOR':
      return FORBIDDEN_OPERATORS.has(String(node['type'])) ? String(node['type']).toLowerCase() : undefined;
    case 'STAR':
      return node['columns'] === true || isNode(node['expr']) ? 'COLUMNS' : undefined;
    case 'CAST':
      return castFault(node['cast_type']);
    default:
      return undefined;
  }
}

function functionFault(node: Node, functions: ReadonlySet<string>): string | undefined {
  const name = String(node['function_name']);
  const hasPlace = !['', 'main', undefined].includes(node['schema'] as string) || !isEmpty(node['catalog']);
  return functions.has(folded(name)) && !hasPlace ? undefined : `the function ${name}`;
}

function columnFault(node: Node, columns: ReadonlySet<string> | null, own: readonly string[]): string | undefined {
  const names = Array.isArray(node['column_names']) ? node['column_names'].map(String) : [];
  const [name = ''] = names.slice(-1);
  if (columns !== null) return names.length === 1 && columns.has(folded(name)) ? undefined : `the name ${name}`;
  const isSession = names.some((part) => SESSION_NAMES.has(folded(part)) && !own.includes(folded(part)));
  return isSession || names.length > 2 ? `the name ${names.join('.')}` : undefined;
}

function castFault(type: unknown): string | undefined {
  const id = isNode(type) ? String(type['id']) : '';
  return CAST_TYPES.has(id) ? undefined : `a cast to ${id}`;
}

function queryFault(node: Node, { tables }: Judgement): string | undefined {
  if (isNode(node['sample'])) return 'a sample';
  if (typeof node['type'] === 'string' && !NODE_TYPES.has(node['type'])) {
    return node['type'].toLowerCase().replaceAll('_', ' ');
  }
  if (node['type'] !== 'BASE_TABLE') return undefined;
  const name = String(node['table_name']);
  const isOwn = tables.has(folded(name)) && isEmpty(node['schema_name']) && isEmpty(node['catalog_name']);
  return isOwn && !isNode(node['at_clause']) ? undefined : `the table ${name}`;
}

function growthOf(node: Node): number {
  if (node['class'] !== 'FUNCTION') return 0;
  const operands = Array.isArray(node['children']) ? node['children'].filter(isNode) : [];
  const name = folded(String(node['function_name']));
  // What a text is replaced by, or mapped to, is the last or third operand; where it is no literal it can be of any length.
  const replacement = operands[2];
  const literal = replacement === undefined ? 0 : literalLength(replacement);
  return growthBits(name, operands.length, literal);
}

function literalLength(node: Node): number {
  const value = node['value'];
  if (!isConstant(node) || !isNode(value)) return 2 ** (GROWTH_BITS + 1);
  return String(value['value'] ?? '').length;
}

function cteNames(node: Node): string[] {
  const names: string[] = [];
  const open: unknown[] = [node];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) open.push(...(next as unknown[]));
    if (!isNode(next) || isConstant(next)) continue;
    const map = isNode(next['cte_map']) ? next['cte_map']['map'] : undefined;
    if (Array.isArray(map)) names.push(...map.filter(isNode).map(({ key }) => String(key)));
    open.push(...Object.values(next));
  }
  return names;
}

function forbidden({ rule, place }: Fragment, what: string): ProtocolError {
  return new ProtocolError('RULE_SQL_FORBIDDEN', { rule, place, what: what.slice(0, 80) });
}

/** The value of a constant is the writer's text and the type of a cast was judged: no trees. */
function isLeaf(node: Node, key: string): boolean {
  return (key === 'value' && isConstant(node)) || key === 'cast_type';
}

function isConstant(node: Node): boolean {
  return node['class'] === 'CONSTANT';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** DuckDB tells names apart without the case of ASCII letters. */
function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
