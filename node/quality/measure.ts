/**
 * Measures a dataset's source: runs the rules, lays failures to units, keeps row lists, and makes the report.
 *
 * Reads only; nothing here is recorded. The source is compared with the published version before and after.
 */
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { DatasetConfig } from '../catalogue/dataset.ts';
import type { PublishedVersion } from '../catalogue/publish.ts';
import { type OpenSource, type ResolvedSource, withSource } from '../catalogue/source.ts';
import { collectFailures, failingRows, failuresByUnit, type UnitFailures } from './failures.ts';
import type { QualityPlan } from './plan.ts';
import type { QualityReport } from './report.ts';
import { scoreParts } from './report-score.ts';
import { type PlaceOptions, placesOf, type RowPlace } from './row-places.ts';
import type { Rule, RuleSet } from './rule.ts';
import { runRuleSet } from './run.ts';
import type { DatasetProfile, QualityRun, RunOptions, RunProgress } from './run-types.ts';
import { rowsByUnit, unitScores } from './units.ts';

export interface MeasuredDataset {
  readonly config: DatasetConfig;
  readonly published: PublishedVersion;
}

export interface MeasureOptions {
  readonly org: string;
  readonly plan: QualityPlan;
  readonly ruleSet: RuleSet;
  readonly now: number;
  /** 16 random bytes in hex. */
  readonly salt: string;
  /** Key of row digests, in hex. */
  readonly secret: string;
  readonly previous: DatasetProfile | null;
  readonly sample: RunOptions['sample'];
  readonly sourceChangedMs: number | null;
  readonly progress: (progress: RunProgress) => void;
}

/** One unit's failing rows under one rule, with their places. */
export interface FailingGroup extends UnitFailures {
  readonly rule: Rule;
  readonly places: ReadonlyMap<number, RowPlace>;
}

export interface Measurement {
  readonly run: QualityRun;
  readonly report: QualityReport;
  readonly groups: readonly FailingGroup[];
  /** Rules whose failures are not all known: sampled, or more than are kept. */
  readonly partial: ReadonlySet<string>;
}

/** @throws {ProtocolError} RULE_*, QUALITY_COLUMN_UNKNOWN, QUALITY_UNITS, SOURCE_* */
export async function measure(dataset: MeasuredDataset, options: MeasureOptions): Promise<Measurement> {
  const { source, limits } = dataset.config;
  return withSource(source, limits, async (open) => {
    const collected = collectFailures();
    const run = await runRuleSet(open, options.ruleSet, runOptions(dataset.config, options, collected.sink));
    const places = await placesOf(open, failingRows(collected), placeOptions(options));
    const byRule = new Map(
      [...collected.byRule].map(([id, failures]) => [id, failuresByUnit(options.plan, id, failures, places)]),
    );
    const units = unitScores(run, options.plan, byRule, await rowsByUnit(open, options.plan));
    const rules = new Map(options.ruleSet.rules.map((rule) => [rule.id, rule]));
    const dropped = [...collected.byRule].filter(([, failures]) => failures.dropped > 0).map(([id]) => id);
    return {
      run,
      report: reportOf(dataset.published, run, units, options),
      groups: [...byRule].flatMap(([id, groups]) =>
        groups.map((group) => ({ ...group, rule: rules.get(id)!, places })),
      ),
      partial: new Set([...dropped, ...run.rules.filter(isPartial).map(({ rule }) => rule.id)]),
    };
  });
}

/** Opens a dataset's source for the work of an order. */
export function withDataset<T>({ source, limits }: DatasetConfig, use: (open: OpenSource) => Promise<T>): Promise<T> {
  return withSource(source, limits, use);
}

export function placeOptions({ plan, secret }: Pick<MeasureOptions, 'plan' | 'secret'>): PlaceOptions {
  return { unitColumn: plan.units.column, key: plan.key, secret };
}

export function runOptions(
  { limits }: Pick<DatasetConfig, 'limits'>,
  options: MeasureOptions,
  sink: RunOptions['sink'],
): RunOptions {
  return {
    sink,
    maxFailuresPerRule: options.plan.maxListedRows,
    timeoutMs: limits.timeoutMs,
    asOfMs: options.now,
    sourceChangedMs: options.sourceChangedMs,
    previous: options.previous,
    sample: options.sample,
    progress: options.progress,
  };
}

/** @throws {ProtocolError} QUALITY_DATASET_MISMATCH where the rules are about another dataset */
export function assertAbout(ruleSet: RuleSet, plan: QualityPlan): void {
  if (ruleSet.dataset !== plan.dataset) {
    throw new ProtocolError('QUALITY_DATASET_MISMATCH', { dataset: plan.dataset, found: ruleSet.dataset });
  }
}

/** Whether a source is a file, whose time of change tells how fresh it is. */
export function sourceFile(source: ResolvedSource): string | undefined {
  return source.type === 'postgres' ? undefined : source.file;
}

function isPartial({ sampled, reported, failing }: QualityRun['rules'][number]): boolean {
  return sampled || reported < failing;
}

function reportOf(
  published: PublishedVersion,
  run: QualityRun,
  units: readonly QualityReport['units'][number][],
  { org, now, salt }: MeasureOptions,
): QualityReport {
  const { ruleSet } = run;
  return {
    suite: SUITE,
    version: 1,
    salt,
    org,
    dataset: published.name,
    versionId: published.id,
    datasetVersion: published.version,
    commitment: published.commitment,
    ruleSet: { name: ruleSet.ruleSet, version: ruleSet.version, hash: run.ruleSetHash },
    measuredAt: new Date(now).toISOString(),
    rows: run.rows,
    sampledRows: run.sample?.rows ?? null,
    ...scoreParts(run),
    units: [...units],
  };
}
