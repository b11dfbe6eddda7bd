/**
 * YAML that a person wrote, as a value checked by a schema; a refusal names line and column and never quotes the text.
 *
 * Anchors and aliases are refused: a definition needs none, and a short text of them can unfold into gigabytes.
 */
import { PLACEHOLDER } from '@sealedger/protocol/catalogue/entry.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

const MAX_BYTES = 1 << 20;
/** Deeper than any definition, and far from where a reader's stack ends. */
const MAX_DEPTH = 32;
const REFUSED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads a text by a schema.
 * @param file - name for messages.
 * @throws {ProtocolError} DEFINITION_INVALID with file, line, column, place and reason; DEFINITION_UNFILLED with every line
 */
export function parseYaml<S extends z.ZodType>(schema: S, text: string, file: string): z.output<S> {
  const lines = new LineCounter();
  const refuse = (offset: number, place: string, reason: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new ProtocolError('DEFINITION_INVALID', { file, line, column: col, place, reason });
  };
  if (Buffer.byteLength(text) > MAX_BYTES) refuse(0, 'YAML', `more than ${MAX_BYTES} bytes`);
  assertShallow(text, refuse);
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', uniqueKeys: true, strict: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) refuse(fault.pos[0], 'YAML', fault.code);
  assertPlain(document, refuse);
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  assertFilled(document, lines, file);
  const issue = deepest(parsed.error.issues);
  return refuse(offsetOf(document, issue.path), issue.path.map(String).join('.') || '(root)', reasonOf(issue));
}

type Refuse = (offset: number, place: string, reason: string) => never;

/** Brackets and indentation are counted before the parser, which recurses, sees them. */
function assertShallow(text: string, refuse: Refuse): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
    if (depth > MAX_DEPTH) refuse(at, 'YAML', 'nesting is too deep');
  }
  const deep = new RegExp(`^ {${2 * MAX_DEPTH + 1},}[^ ]|^ *(- ){${MAX_DEPTH},}`, 'm').exec(text);
  if (deep !== null) refuse(deep.index, 'YAML', 'nesting is too deep');
}

function assertPlain(document: Document.Parsed, refuse: Refuse): void {
  visit(document, {
    Alias: (_key, node) => refuse(node.range?.[0] ?? 0, 'YAML', 'anchors and aliases are not taken'),
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined) {
        refuse(node.range?.[0] ?? 0, 'YAML', 'anchors and aliases are not taken');
      }
      if (node.tag?.startsWith('!') === true) refuse(node.range?.[0] ?? 0, 'YAML', 'tags are not taken');
    },
    Pair: (_key, { key }) => {
      const name = isNode(key) ? String(key) : '';
      if (REFUSED_KEYS.has(name)) refuse(isNode(key) ? (key.range?.[0] ?? 0) : 0, 'YAML', 'this key is not taken');
    },
  });
}

/** All places at once: a person fills a draft in from top to bottom, not one refusal at a time. */
function assertFilled(document: Document.Parsed, lines: LineCounter, file: string): void {
  const left: number[] = [];
  visit(document, {
    Scalar: (_key, { value, range }) => {
      if (typeof value === 'string' && value.includes(PLACEHOLDER)) left.push(lines.linePos(range?.[0] ?? 0).line);
    },
  });
  if (left.length > 0)
    throw new ProtocolError('DEFINITION_UNFILLED', { file, count: left.length, lines: left.join(', ') });
}

type Issue = z.core.$ZodIssue;

/** Of the faults found, the one that lies furthest inside: nearest to what the person has to change. */
function deepest(issues: readonly Issue[]): Issue {
  const flat = issues.flatMap((issue) => inner(issue));
  return flat.reduce((best, issue) => (issue.path.length > best.path.length ? issue : best));
}

function inner(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const options = issue.errors.filter((option) => option.length > 0);
  if (options.length === 0) return [issue];
  // Of the alternatives, the one that fits best: its faults lie inside and not in its form, and are fewest.
  const misfit = (option: readonly Issue[]): number =>
    option.length + (option.some(({ path }) => path.length === 0) ? 1000 : 0);
  const closest = options.reduce((best, option) => (misfit(option) < misfit(best) ? option : best));
  return closest.flatMap((nested) => inner({ ...nested, path: [...issue.path, ...nested.path] }));
}

/** zod quotes unknown keys and no values; both are the writer's own words, and keys are needed to find the place. */
function reasonOf(issue: Issue): string {
  return issue.message.slice(0, 200);
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return node.range[0];
  }
  return 0;
}
