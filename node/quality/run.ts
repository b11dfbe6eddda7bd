/** Runs a rule set over a relation on a locked connection: counts out, places of failing cells to the sink. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteName } from '../catalogue/sql-text.ts';
import { columnOf, compileRules, maxAgeDays } from './compile.ts';
import type { Check, CompiledRule } from './compile-check.ts';
import { type Rule, type RuleSet, ruleSetHash } from './rule.ts';
import { countsOver, distributionOf, stabilityIndex } from './run-drift.ts';
import { reasonOf } from './run-reason.ts';
import { rowNumbers, type Scanned, scan } from './run-scan.ts';
import { isSourceFault, prepareSetting, runFailed, withTimeLimit } from './run-setting.ts';
import type { CheckResult, Distribution, QualityRun, RuleResult, RunOptions, RunSource } from './run-types.ts';
import { sampleRows } from './sampling.ts';
import { assertConfined } from './sandbox.ts';

export type {
  CheckResult,
  DatasetProfile,
  Failure,
  FailureSink,
  QualityRun,
  RuleResult,
  RunOptions,
  RunSource,
} from './run-types.ts';

const SAMPLE_TABLE = 'rules_sample_rows';
const FAILING_TABLE = quoteName('rules_failing_rows');
const FAILURES_PER_WRITE = 10_000;
const MS_PER_DAY = 86_400_000;

/** A check on its way: what it is, what the passes said, and the rows found. */
interface Work {
  readonly rule: Rule;
  readonly check: Check;
  readonly clean: boolean;
  checked: number;
  failing: number;
  measured: number | null;
  rows: readonly number[];
}

/**
 * Runs every rule of a set.
 * @throws {ProtocolError} RULE_FIELD_UNKNOWN, RULE_SQL_INVALID, RULE_SQL_FORBIDDEN before any row is read; RULE_RUN_FAILED,
 *   RULES_NOT_CONFINED, RULES_TIMED_OUT, RULES_OUT_OF_MEMORY; none of them names a cell. An error of reading the source is
 *   DuckDB's own and quotes cells: `withSource` puts it into words.
 */
export async function runRuleSet(source: RunSource, ruleSet: RuleSet, options: RunOptions): Promise<QualityRun> {
  const { connection } = source;
  await assertConfined(connection);
  return withTimeLimit(connection, options.timeoutMs, async () => {
    await prepareSetting(connection, ruleSet, options.asOfMs);
    const compiled = await compileRules({ ...source, asOfMs: options.asOfMs }, ruleSet);
    const total = 2 + compiled.flatMap(({ checks }) => checks).filter(({ kind }) => kind !== 'row').length;
    let done = 0;
    const step = (): void => options.progress({ done: (done += 1), total });
    const { rows, works } = await commonPass(source, compiled, options);
    step();
    const distributions: Distribution[] = [];
    for (const work of works) {
      if (work.check.kind === 'row') continue;
      if (work.check.kind === 'group') await runGroup(source, work, options);
      else distributions.push(...(await runDataset(source, ruleSet, work, rows, options)));
      step();
    }
    const rules = await report(compiled, works, options);
    step();
    return {
      ruleSet,
      ruleSetHash: ruleSetHash(ruleSet),
      rows,
      asOfMs: options.asOfMs,
      sample: options.sample,
      rules,
      profile: { rows, distributions },
    };
  });
}

/** Counts what one statement can count; row checks over the sample, where there is one. */
async function commonPass(
  source: RunSource,
  compiled: readonly CompiledRule[],
  options: RunOptions,
): Promise<{ readonly rows: number; readonly works: Work[] }> {
  const { connection } = source;
  const parts = compiled.flatMap(({ rule, checks }) => checks.map((check) => ({ rule, check })));
  const isSampled = (check: Check): boolean => options.sample !== null && check.kind === 'row';
  const whole = parts.filter(({ check }) => !isSampled(check));
  const limit = options.maxFailuresPerRule;
  const overAll = await scanNaming(connection, source.relation, whole, limit);
  const answers = new Map(whole.map(({ check }, i) => [check, overAll.answers[i]!]));
  if (options.sample !== null) {
    const sampled = parts.filter(({ check }) => isSampled(check));
    const part = await sampleOf(source, overAll.rows, options.sample);
    const found = await scanNaming(connection, part, sampled, limit);
    sampled.forEach(({ check }, i) => void answers.set(check, found.answers[i]!));
  }
  const works = parts.map(({ rule, check }) => {
    const { checked, failing, rows, value, clean } = answers.get(check)!;
    return { rule, check, clean, checked, failing, measured: value, rows };
  });
  return { rows: overAll.rows, works };
}

/** {@link scan}, and where it fails the rule that makes it fail. */
async function scanNaming(
  connection: DuckDBConnection,
  relation: string,
  parts: readonly { readonly rule: Rule; readonly check: Check }[],
  limit: number,
): Promise<{ readonly rows: number; readonly answers: readonly Scanned[] }> {
  try {
    return await scan(
      connection,
      relation,
      parts.map(({ check }) => check),
      limit,
    );
  } catch (error) {
    if (isSourceFault(error) || parts.length < 2) throw runFailed(parts[0]?.rule.id ?? '', error);
    for (const part of parts) await scanNaming(connection, relation, [part], limit);
    throw runFailed(parts.map(({ rule }) => rule.id).join(', '), error);
  }
}

/** The rows of the sample as a relation. */
async function sampleOf(
  { connection, relation }: RunSource,
  rows: number,
  { rows: size, seed }: NonNullable<RunOptions['sample']>,
): Promise<string> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${quoteName(SAMPLE_TABLE)} (_row BIGINT)`);
  const appender = await connection.createAppender(SAMPLE_TABLE, null, 'temp');
  for (const row of sampleRows(rows, size, seed)) {
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
  return `(SELECT rows.* FROM ${relation} AS rows SEMI JOIN ${quoteName(SAMPLE_TABLE)} USING (_row))`;
}

async function runGroup({ connection }: RunSource, work: Work, options: RunOptions): Promise<void> {
  if (work.check.kind !== 'group' || work.clean || work.checked === 0) return;
  try {
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${FAILING_TABLE} AS ${work.check.failing}`);
    const [failing] = await rowNumbers(connection, `SELECT count(*) FROM ${FAILING_TABLE}`);
    work.failing = failing ?? 0;
    const limit = options.maxFailuresPerRule;
    if (work.failing > 0) {
      work.rows = await rowNumbers(connection, `SELECT _row FROM ${FAILING_TABLE} ORDER BY _row LIMIT ${limit}`);
    }
    await connection.run(`DROP TABLE ${FAILING_TABLE}`);
  } catch (error) {
    throw runFailed(work.rule.id, error);
  }
}

/** One number about the dataset against its bound; a first version has nothing to be compared with and is not checked. */
async function runDataset(
  source: RunSource,
  ruleSet: RuleSet,
  work: Work,
  rows: number,
  options: RunOptions,
): Promise<readonly Distribution[]> {
  const { rule } = work;
  const { previous, asOfMs, sourceChangedMs } = options;
  const judge = (measured: number | null, limit: number): void => {
    work.measured = measured;
    work.checked = measured === null ? 0 : 1;
    work.failing = measured !== null && measured > limit ? 1 : 0;
  };
  if (rule.type === 'freshness') {
    const newest = rule.fields.length === 0 ? sourceChangedMs : work.measured;
    judge(newest === null ? null : (asOfMs - newest) / MS_PER_DAY, maxAgeDays(rule));
  }
  if (rule.type === 'rowCountDrift') {
    judge(previous === null ? null : Math.abs(rows - previous.rows) / Math.max(previous.rows, 1), rule.maxChange);
  }
  if (rule.type !== 'distributionDrift') return [];
  const [field = ''] = work.check.fields;
  const column = columnOf(source.columns, rule, field);
  const drift = {
    connection: source.connection,
    relation: source.relation,
    missing: ruleSet.missing,
  };
  const before = previous?.distributions.find((known) => known.field === field && known.as === rule.as);
  try {
    judge(
      before === undefined ? null : stabilityIndex(before.counts, await countsOver(drift, column, before)),
      rule.maxPsi,
    );
    return [await distributionOf(drift, column, rule)];
  } catch (error) {
    throw runFailed(rule.id, error);
  }
}

/** Gives failures to the sink, rule by rule, and sums up. */
async function report(
  compiled: readonly CompiledRule[],
  works: readonly Work[],
  options: RunOptions,
): Promise<readonly RuleResult[]> {
  const results: RuleResult[] = [];
  for (const { rule, checks } of compiled) {
    const own = works.filter(({ check }) => checks.includes(check));
    let reported = 0;
    for (const work of own) {
      const rows = rowsToReport(work).slice(0, options.maxFailuresPerRule - reported);
      reported += rows.length;
      await give(rule, work.check, rows, options);
    }
    const sum = (of: (work: Work) => number): number => own.reduce((total, work) => total + of(work), 0);
    results.push({
      rule,
      checks: own.map(({ check, checked, failing }): CheckResult => ({ fields: check.fields, checked, failing })),
      checked: sum(({ checked }) => checked),
      failing: sum(({ failing }) => failing),
      sampled: options.sample !== null && own.every(({ check }) => check.kind === 'row'),
      measured: own.reduce<number | null>(
        (most, { measured, checked }) =>
          checked > 0 && measured !== null ? Math.max(most ?? measured, measured) : most,
        null,
      ),
      reported,
    });
  }
  return results;
}

/** Row numbers of a check's failures; one null where the dataset as a whole fails. */
function rowsToReport({ check, failing, rows }: Work): readonly (number | null)[] {
  if (check.kind !== 'dataset') return rows;
  return failing > 0 ? [null] : [];
}

async function give(
  rule: Rule,
  { fields }: Check,
  rows: readonly (number | null)[],
  { sink }: RunOptions,
): Promise<void> {
  const reason = reasonOf(rule, fields);
  for (let start = 0; start < rows.length; start += FAILURES_PER_WRITE) {
    const part = rows.slice(start, start + FAILURES_PER_WRITE);
    await sink.write(part.map((row) => ({ ruleId: rule.id, row, fields, reason })));
  }
}
