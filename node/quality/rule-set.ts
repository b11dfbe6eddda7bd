/**
 * Reads a rule set from its YAML file, with the line in every refusal, and the CSV tables it names.
 *
 * In the file a table is `{ file: NAME.csv }` beside the rules, or `{ columns, rows }` in place. What is read becomes
 * part of the rule set, so that its digest covers the tables' contents.
 */
import { open, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type RuleSet, type RuleTable, ruleSetSchema } from './rule.ts';

const MAX_RULE_FILE_BYTES = 4 << 20;
const MAX_TABLE_BYTES = 64 << 20;
const BYTE_ORDER_MARK = '\uFEFF';
/** An alias may stand for a list that many rules share; more of them are an attack on the reader's memory. */
const MAX_ALIASES = 100;

const tableFile = z.strictObject({ file: z.string().min(1).max(255) });

/**
 * The rule set in a file.
 * @throws {ProtocolError} RULE_SET_INVALID with file, line, place and reason; RULE_SET_TOO_LARGE, RULE_TABLE_INVALID
 */
export async function readRuleSet(path: string): Promise<RuleSet> {
  const text = await readText(path, MAX_RULE_FILE_BYTES);
  return parseRuleSet(text, basename(path), (file) => readTableFile(dirname(path), file));
}

/**
 * A rule set out of its YAML text.
 * @param file - name for messages.
 * @param readTable - contents of a CSV file that the rule set names.
 * @throws {ProtocolError} as {@link readRuleSet}
 */
export async function parseRuleSet(
  text: string,
  file: string,
  readTable: (file: string) => Promise<RuleTable>,
): Promise<RuleSet> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', uniqueKeys: true, strict: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const { line } = lines.linePos(fault.pos[0]);
    throw new ProtocolError('RULE_SET_INVALID', { file, line, place: 'YAML', reason: fault.code }, { cause: fault });
  }
  const written = plainValue(document, file);
  const parsed = ruleSetSchema.safeParse(await withTables(written, readTable));
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues);
  const place = issue.path.map(String).join('.') || 'ruleSet';
  throw new ProtocolError('RULE_SET_INVALID', {
    file,
    line: lineOf(document, lines, issue.path),
    place,
    reason: reason(issue),
  });
}

/**
 * The first column names and the rows of a small CSV file (RFC 4180, UTF-8).
 * @throws {ProtocolError} RULE_TABLE_INVALID
 */
export function parseTable(text: string, file: string): RuleTable {
  const rows = [...csvRecords(text.replace(BYTE_ORDER_MARK, ''), file)];
  const columns = rows.shift()?.cells ?? [];
  const refuse = (line: number, why: string): never => {
    throw new ProtocolError('RULE_TABLE_INVALID', { file, line, reason: why });
  };
  if (columns.some((name) => name === '') || columns.length === 0) refuse(1, 'a column has no name');
  if (new Set(columns).size !== columns.length) refuse(1, 'a column name stands twice');
  for (const { line, cells } of rows) {
    if (cells.length !== columns.length) refuse(line, `${cells.length} cells instead of ${columns.length}`);
  }
  return { columns, rows: rows.map(({ cells }) => cells) };
}

function plainValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new ProtocolError('RULE_SET_INVALID', { file, line: 1, place: 'YAML', reason: 'alias' }, { cause: error });
  }
}

async function withTables(written: unknown, readTable: (file: string) => Promise<RuleTable>): Promise<unknown> {
  if (typeof written !== 'object' || written === null || !('tables' in written)) return written;
  const { tables } = written;
  if (typeof tables !== 'object' || tables === null) return written;
  const read: [string, unknown][] = [];
  for (const [name, table] of Object.entries(tables)) {
    const named = tableFile.safeParse(table);
    read.push([name, named.success ? await readTable(named.data.file) : table]);
  }
  return { ...written, tables: Object.fromEntries(read) };
}

/** A rule set reads files of its own folder only. */
async function readTableFile(folder: string, file: string): Promise<RuleTable> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new ProtocolError('RULE_TABLE_INVALID', { file, line: 0, reason: why }, { cause });
  };
  let path = '';
  try {
    path = await realpath(resolve(folder, file));
    const inside = relative(await realpath(folder), path);
    if (inside.startsWith('..') || isAbsolute(inside)) refuse('it lies outside the folder of the rule set');
    return parseTable(await readText(path, MAX_TABLE_BYTES), file);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    return refuse('it cannot be read', error);
  }
}

async function readText(path: string, limitBytes: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > limitBytes) throw new ProtocolError('RULE_SET_TOO_LARGE', { file: basename(path), limitBytes });
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
  } finally {
    await file.close();
  }
}

type Issue = z.core.$ZodIssue;

/** Of the faults found, the one that lies furthest inside: nearest to what the person has to change. */
function deepest(issues: readonly Issue[]): Issue {
  return issues.reduce((best, issue) => (issue.path.length > best.path.length ? issue : best));
}

function reason(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `unknown: ${issue.keys.join(', ')}`;
  return issue.message;
}

function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line;
    }
  }
  return 1;
}

interface CsvRecord {
  readonly line: number;
  readonly cells: string[];
}

/** One cell and what ends it: quoted with doubled quotes inside, or plain. */
const CSV_CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

function* csvRecords(text: string, file: string): Generator<CsvRecord> {
  let [line, cells, started] = [1, [] as string[], 1];
  CSV_CELL.lastIndex = 0;
  while (CSV_CELL.lastIndex < text.length || cells.length > 0) {
    const cell = CSV_CELL.exec(text);
    if (cell === null) throw new ProtocolError('RULE_TABLE_INVALID', { file, line, reason: 'a quote is not closed' });
    line += cell[1]?.split('\n').length ?? 1;
    line -= 1;
    cells.push(cell[1]?.replaceAll('""', '"') ?? cell[2] ?? '');
    if (cell[3] === ',') continue;
    const isBlank = cells.length === 1 && cells[0] === '';
    if (!isBlank) yield { line: started, cells };
    line += 1;
    [cells, started] = [[], line];
  }
}
