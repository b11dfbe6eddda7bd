/**
 * Tests again what a work order is about, and no more: one rule instead of all, and of the rows only those that changed.
 *
 * A rule that looks at each row by itself is run over the changed rows alone; rows that hold what they held still fail, and
 * rows that are gone no longer do. A rule that compares rows is run over the whole table, alone.
 */
import { quoteName } from '../catalogue/sql-text.ts';
import { type Collected, collectFailures, failingRows } from './failures.ts';
import type { OrderRows } from './order-rows.ts';
import {
  copyCandidates,
  type PlaceOptions,
  placesByDigest,
  placesOf,
  type RowPlace,
  tableOfRows,
} from './row-places.ts';
import type { Rule, RuleSet, RuleType } from './rule.ts';
import { runRuleSet } from './run.ts';
import type { RunOptions, RunSource } from './run-types.ts';

/** Rules that see one row at a time. */
const ROW_RULES: ReadonlySet<RuleType> = new Set([
  'notNull',
  'type',
  'pattern',
  'codeList',
  'range',
  'length',
  'reference',
  'expression',
  'conditional',
  'checkDigit',
  'dateOrder',
] satisfies RuleType[]);

export interface RetestWork {
  /** Rows of the order, and what became of them. */
  readonly listed: number;
  readonly unchanged: number;
  readonly changed: number;
  readonly gone: number;
  /** Rows over which the rule was run. */
  readonly testedRows: number;
  readonly sourceRows: number;
  readonly rulesRun: number;
  readonly rulesInSet: number;
}

export interface Retest {
  /** Whether the rule was run over the order's changed rows, or over the whole table. */
  readonly scope: 'rows' | 'table';
  /** Rows that still fail, with the reasons of this test. */
  readonly collected: Collected;
  readonly places: ReadonlyMap<number, RowPlace>;
  readonly sourceRows: number;
  /** Rows of the order that hold what they held when they failed; only for rules that see one row at a time. */
  readonly stillFailing: readonly (readonly [RowPlace, OrderRows['rows'][number]])[];
  readonly work: RetestWork;
}

/**
 * Whether a rule may be run over some of the rows. An expression over a window sees others too.
 */
export function seesOneRow(rule: Rule): boolean {
  if (!ROW_RULES.has(rule.type)) return false;
  const texts = [rule.when, 'sql' in rule ? rule.sql : undefined, 'then' in rule ? rule.then : undefined];
  return !texts.some((text) => text !== undefined && /\b(over|select|from)\b/i.test(text));
}

/** A source that may be counted without numbering its rows, which takes one thread. */
export interface RetestSource extends RunSource {
  readonly unnumbered?: string;
}

/** Tests an order's rows against the source as it is now. @throws {ProtocolError} what running rules throws */
export async function retestOrder(
  source: RetestSource,
  ruleSet: RuleSet,
  rule: Rule,
  rows: OrderRows,
  options: PlaceOptions,
  run: Omit<RunOptions, 'sink'>,
): Promise<Retest> {
  const sourceRows = await countRows(source);
  const alone: RuleSet = { ...ruleSet, rules: [rule] };
  const count = { listed: rows.rows.length, sourceRows, rulesRun: 1, rulesInSet: ruleSet.rules.length };
  // By numbers alone nobody can tell which row is which once rows came or went.
  const isTraceable = options.key.length > 0 || rows.sourceRows === sourceRows;
  const isWhole = rows.total > 0 && rows.total === rows.rows.length;
  if (!seesOneRow(rule) || !isTraceable || !isWhole) {
    const collected = await runCollecting(source, alone, run);
    const places = await placesOf(source, failingRows(collected), options);
    const work = { ...count, unchanged: 0, changed: count.listed, gone: 0, testedRows: sourceRows };
    return { scope: 'table', collected, places, sourceRows, stillFailing: [], work };
  }
  const own = await copyCandidates(source, 'rows_of_order', wantedOf(rows, options), options);
  const { unchanged, changed, gone } = await compareRows(own, rows, options);
  const collected = await runOver(own, alone, changed, run);
  await source.connection.run(`DROP TABLE ${own.relation}`);
  const places = new Map(changed.map((place) => [place.row, place]));
  const work = { ...count, unchanged: unchanged.length, changed: changed.length, gone, testedRows: changed.length };
  return { scope: 'rows', collected, places, sourceRows, stillFailing: unchanged, work };
}

function wantedOf({ rows }: OrderRows, { key }: PlaceOptions): Parameters<typeof copyCandidates>[2] {
  const digests = rows.flatMap(([, keyed, digest]) => (key.length === 0 ? [digest] : keyed === null ? [] : [keyed]));
  return { digests, rows: rows.map(([row]) => row) };
}

interface Comparison {
  readonly unchanged: readonly (readonly [RowPlace, OrderRows['rows'][number]])[];
  readonly changed: readonly RowPlace[];
  readonly gone: number;
}

async function compareRows(source: RunSource, rows: OrderRows, options: PlaceOptions): Promise<Comparison> {
  return options.key.length > 0 ? compareByKey(source, rows, options) : compareByContent(source, rows, options);
}

async function compareByKey(source: RunSource, rows: OrderRows, options: PlaceOptions): Promise<Comparison> {
  const listed = new Map(rows.rows.map((entry) => [entry[1] ?? '', entry]));
  const found = await placesByDigest(source, 'key', [...listed.keys()], options);
  const isSame = ({ key, digest }: RowPlace): boolean => listed.get(key ?? '')?.[2] === digest;
  return {
    unchanged: found.filter(isSame).map((place) => [place, listed.get(place.key ?? '')!] as const),
    changed: found.filter((place) => !isSame(place)),
    gone: listed.size - new Set(found.map(({ key }) => key)).size,
  };
}

/** Without a key, a row that holds what it held is the same wherever it stands now; of the others the number counts. */
async function compareByContent(source: RunSource, rows: OrderRows, options: PlaceOptions): Promise<Comparison> {
  const byDigest = new Map(rows.rows.map((entry) => [entry[2], entry]));
  const kept = await placesByDigest(source, 'digest', [...byDigest.keys()], options);
  const present = new Set(kept.map(({ digest }) => digest));
  const taken = new Set(kept.map(({ row }) => row));
  const lost = rows.rows.filter(([row, , digest]) => !present.has(digest) && !taken.has(row)).map(([row]) => row);
  const changed = await placesOf(source, new Set(lost), options);
  const entryOf = (place: RowPlace) => [place, byDigest.get(place.digest)!] as const;
  return { unchanged: kept.map(entryOf), changed: [...changed.values()], gone: lost.length - changed.size };
}

async function runOver(
  source: RunSource,
  ruleSet: RuleSet,
  places: readonly RowPlace[],
  run: Omit<RunOptions, 'sink'>,
): Promise<Collected> {
  if (places.length === 0) return collectFailures();
  const name = 'rows_to_test';
  const table = await tableOfRows(
    source,
    name,
    places.map(({ row }) => row),
  );
  const copy = quoteName('source_rows_to_test');
  const { connection, relation } = source;
  try {
    await connection.run(
      `CREATE TEMP TABLE ${copy} AS SELECT data.* FROM ${relation} AS data SEMI JOIN ${table} AS wanted ON data._row = wanted.row`,
    );
    return await runCollecting({ ...source, relation: copy }, ruleSet, run);
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${copy}`);
    await connection.run(`DROP TABLE ${table}`);
  }
}

async function runCollecting(source: RunSource, ruleSet: RuleSet, run: Omit<RunOptions, 'sink'>): Promise<Collected> {
  const collected = collectFailures();
  await runRuleSet(source, ruleSet, { ...run, sink: collected.sink });
  return collected;
}

async function countRows({ connection, relation, unnumbered = relation }: RetestSource): Promise<number> {
  const result = await connection.runAndReadAll(`SELECT count(*) FROM ${unnumbered}`);
  return Number(result.getRows()[0]![0]);
}
