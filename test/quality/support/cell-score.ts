/** Runs a rule set over a dirty table and compares the cells it flags and the repairs it proposes with the clean table. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenSource } from '@sealedger/node/catalogue/source.ts';
import { withSource } from '@sealedger/node/catalogue/source.ts';
import { proposeRepairs, type RepairProposal } from '@sealedger/node/quality/repair.ts';
import type { Dimension, RuleSet } from '@sealedger/node/quality/rule.ts';
import { readRuleSet } from '@sealedger/node/quality/rule-set.ts';
import { type Failure, runRuleSet } from '@sealedger/node/quality/run.ts';

/** Tables of shared/data with a clean twin, and the F1 of functional dependencies alone that issue 4 names. */
export const DIRTY_TABLES = [
  { name: 'hospital', folder: 'dq_hospital', baseline: 0.85 },
  { name: 'flights', folder: 'dq_flights', baseline: 0.85 },
  { name: 'beers', folder: 'dq_beers', baseline: 0.09 },
  { name: 'cn-enterprise', folder: 'dq_cn_enterprise', baseline: null },
] as const;
export type DirtyTable = (typeof DIRTY_TABLES)[number];

export interface Score {
  readonly flagged: number;
  readonly wrong: number;
  readonly hits: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface CellReport {
  readonly rules: RuleSet;
  readonly all: Score;
  /** Cells that rules of one dimension flag, against all wrong cells. */
  readonly byDimension: ReadonlyMap<Dimension, Score>;
  readonly repairs: readonly (RepairProposal & { readonly right: boolean })[];
  /** Cells that differ from the truth. */
  readonly wrong: number;
  /** 1-based rows that rules about entities found twice. */
  readonly doubled: ReadonlySet<number>;
}

/** Rules about whole rows (the same enterprise twice) point at no wrong cell. */
const ROW_RULES: readonly string[] = ['unique', 'duplicateEntity', 'rowCountDrift', 'distributionDrift'];
/** When the tables were made; nothing in the rules depends on it. */
const AS_OF_MS = Date.UTC(2025, 0, 1);
const LIMITS = { memoryMb: 1024, threads: 2, timeoutMs: 120_000 } as const;

/** The path of a file of shared/data; undefined where the shared folder is absent. */
export function sharedData(folder: string, file: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../../shared/data/${folder}/${file}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** The rule set of a table, as it stands in the repository. */
export function rulesOf(name: string): Promise<RuleSet> {
  return readRuleSet(rulePath(name));
}

export function rulePath(name: string): string {
  return fileURLToPath(new URL(`../rules/${name}.yaml`, import.meta.url));
}

/** Every row of a CSV file as text cells, null for empty ones, with its columns in the file's order. */
export function readCells(file: string): Promise<{ columns: readonly string[]; rows: readonly (string | null)[][] }> {
  return withTable(file, async ({ connection, relation, columns }) => {
    const names = columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
    const result = await connection.runAndReadAll(`SELECT ${names.join(', ')} FROM ${relation} ORDER BY _row`);
    return { columns: columns.map(({ name }) => name), rows: result.getRows() as (string | null)[][] };
  });
}

/** Opens a CSV file as the product does. */
export async function withTable<T>(file: string, use: (open: OpenSource) => Promise<T>): Promise<T> {
  const workDirectory = await mkdtemp(join(tmpdir(), 'sealedger-cells-'));
  try {
    return await withSource({ type: 'csv', file, delimiter: ',' }, { ...LIMITS, workDirectory }, use);
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}

/** Failures of a rule set over a table, and what the product proposes for them. */
export function checkTable(
  file: string,
  rules: RuleSet,
): Promise<{ failures: readonly Failure[]; repairs: readonly RepairProposal[] }> {
  return withTable(file, async (source) => {
    const failures: Failure[] = [];
    await runRuleSet(source, rules, {
      sink: { write: async (found) => void failures.push(...found) },
      maxFailuresPerRule: 10_000,
      timeoutMs: LIMITS.timeoutMs,
      asOfMs: AS_OF_MS,
      sourceChangedMs: null,
      previous: null,
      sample: null,
      progress: () => undefined,
    });
    const repairs = await proposeRepairs(source, rules, failures, { key: new Uint8Array(32), limit: 1_000_000 });
    return { failures, repairs };
  });
}

/** The whole comparison; the truth is read after the rules have run. */
export async function scoreTable(dirtyFile: string, cleanFile: string, rules: RuleSet): Promise<CellReport> {
  const { failures, repairs } = await checkTable(dirtyFile, rules);
  const dirty = await readCells(dirtyFile);
  const clean = await readCells(cleanFile);
  // By position: the header of the clean file may spell names otherwise.
  const truth = new Map<string, string>();
  dirty.rows.forEach((cells, row) => {
    cells.forEach((cell, column) => {
      const right = clean.rows[row]![column] ?? '';
      if ((cell ?? '') !== right) truth.set(cellName(row + 1, dirty.columns[column]!), right);
    });
  });
  const dimensionOf = new Map(rules.rules.map(({ id, dimension }) => [id, dimension]));
  const ofRows = new Set(rules.rules.filter(({ type }) => ROW_RULES.includes(type)).map(({ id }) => id));
  const cells = failures
    .filter(({ ruleId, row }) => row !== null && !ofRows.has(ruleId))
    .flatMap(({ ruleId, row, fields }) => fields.map((field) => ({ ruleId, cell: cellName(row!, field) })));
  const byDimension = Map.groupBy(cells, ({ ruleId }) => dimensionOf.get(ruleId)!);
  return {
    rules,
    all: scoreOf(cells, truth),
    byDimension: new Map([...byDimension].map(([dimension, found]) => [dimension, scoreOf(found, truth)])),
    repairs: repairs.map((proposal) => {
      const name = cellName(proposal.row, proposal.field);
      return { ...proposal, right: truth.get(name) === proposal.proposed };
    }),
    wrong: truth.size,
    doubled: new Set(failures.flatMap(({ ruleId, row }) => (row !== null && ofRows.has(ruleId) ? [row] : []))),
  };
}

function scoreOf(cells: readonly { readonly cell: string }[], truth: ReadonlyMap<string, string>): Score {
  const flagged = new Set(cells.map(({ cell }) => cell));
  const hits = [...flagged].filter((cell) => truth.has(cell)).length;
  const precision = flagged.size === 0 ? 1 : hits / flagged.size;
  const recall = truth.size === 0 ? 1 : hits / truth.size;
  const f1 = flagged.size + truth.size === 0 ? 1 : (2 * hits) / (flagged.size + truth.size);
  return { flagged: flagged.size, wrong: truth.size, hits, precision, recall, f1 };
}

function cellName(row: number, field: string): string {
  return `${row}/${field}`;
}
