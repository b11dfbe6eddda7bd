/**
 * A scored run of a dataset's rules: measured, written down, recorded on chain, logged, and turned into work orders.
 *
 * Order, and what a stop leaves at each point: (1) measuring leaves nothing; (2) the plan of everything that follows is one
 * write; (3) the chain takes a report once and says which round it is; (4) the event and the history are one write;
 * (5) orders and points take their planned steps, each once; (6) the plan is dropped. From (2) on the plan is gone through
 * again at the next start, or when the chain is back.
 * Source: docs/decisions/0017-the-quality-loop.md.
 */
import { stat } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Mutex } from '../mutex.ts';
import type { Clock, EventLog, Ledger, Logger, StateStore } from '../ports.ts';
import { type AccountParts, award } from './account.ts';
import { type HistoryEntry, historyKey, historyOf } from './history.ts';
import { assertAbout, type MeasuredDataset, type Measurement, measure, sourceFile } from './measure.ts';
import { finishTests, type OrderBook } from './order-book.ts';
import { nextDue, type OrderStepPlan, planOrders, takeSteps } from './order-plan.ts';
import type { OrderFiles } from './order-rows.ts';
import type { QualityPlan } from './plan.ts';
import { closingPoints, improvementPoints, levelPoints, overduePoints, type ScoredVersion } from './points.ts';
import { type QualityReport, reportHash } from './report.ts';
import { type RuleSet, ruleSetHash } from './rule.ts';
import { readRuleSet } from './rule-set.ts';
import type { DatasetProfile, RunOptions, RunProgress } from './run-types.ts';
import type { WorkOrder } from './work-order.ts';
import { dayOf } from './working-days.ts';

export interface AssessParts {
  readonly org: string;
  readonly state: StateStore;
  readonly events: EventLog;
  readonly ledger: Pick<Ledger, 'recordQuality' | 'quality'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly mutex: Mutex;
  readonly log: Logger;
  readonly plans: readonly QualityPlan[];
  readonly datasets: () => readonly MeasuredDataset[];
  readonly book: OrderBook;
  readonly files: OrderFiles;
  /** Keyed digest of a dataset's source as it is now. */
  readonly fingerprint: (config: MeasuredDataset['config']) => Promise<string>;
  readonly pseudonym: (person: string) => string;
  /** Key of order ids, and of row digests in hex. */
  readonly orderKey: Uint8Array;
  readonly rowSecret: string;
  /** 16 random bytes in hex. */
  readonly salt: () => string;
}

export interface AssessOptions {
  /** Person who answers for the run; null for a scheduled one. */
  readonly by: string | null;
  readonly sample: RunOptions['sample'];
  readonly progress: (progress: RunProgress) => void;
}

/** Everything that follows from a measurement, written down before any of it happens. */
export interface PendingAssessment {
  readonly report: QualityReport;
  readonly fingerprint: string;
  readonly profile: DatasetProfile;
  readonly by: string | null;
  readonly entry: Omit<HistoryEntry, 'round'>;
  readonly steps: readonly OrderStepPlan[];
}

export interface Assessed {
  readonly report: QualityReport;
  readonly reportHash: string;
  readonly round: number;
}

export interface Assessor {
  /** Runs the rules and records nothing. @throws {ProtocolError} as run */
  check(dataset: string, options: AssessOptions): Promise<QualityReport>;
  /**
   * Runs the rules over the published version and records the score.
   * @throws {ProtocolError} QUALITY_PLAN_UNKNOWN, QUALITY_RUN_BUSY, QUALITY_RULES_CHANGED, DATASET_CHANGED, RULE_*, SOURCE_*,
   *   CHAIN_UNREACHABLE (what was measured is recorded once the chain is back)
   */
  run(dataset: string, options: AssessOptions): Promise<Assessed>;
  /** Goes on with what a stop or an absent chain left. @returns datasets whose assessment still waits for the chain. */
  resume(): Promise<readonly string[]>;
  /** Alerts about late orders, and the points that follow from orders. */
  settle(): Promise<void>;
}

const PENDING = 'quality-pending/';
const profileKey = (dataset: string): string => `quality-profile/${dataset}`;
export const reportKey = (hash: string): string => `quality-report/${hash}`;
const MONTH_LENGTH = 7;

export function createAssessor(parts: AssessParts): Assessor {
  const running = new Set<string>();
  /** Two runs at once on one dataset: the second is refused, so that nobody waits unawares. */
  const alone = async <T>(dataset: string, task: () => Promise<T>): Promise<T> => {
    if (running.has(dataset)) throw new ProtocolError('QUALITY_RUN_BUSY', { dataset });
    running.add(dataset);
    try {
      return await task();
    } finally {
      running.delete(dataset);
    }
  };
  return {
    check: (dataset, options) =>
      alone(dataset, async () => (await measureNow(parts, dataset, options)).measured.report),
    run: (dataset, options) =>
      alone(dataset, async () => {
        await finishPending(parts, dataset);
        const { measured, ...found } = await measureNow(parts, dataset, options);
        await prepare(parts, measured, found, options.by);
        return (await finishPending(parts, dataset))!;
      }),
    resume: async () => {
      await finishTests(parts.book, (order) => dueAfter(parts, order));
      const waiting: string[] = [];
      for (const [key] of await parts.state.list<PendingAssessment>(PENDING)) {
        const dataset = key.slice(PENDING.length);
        if (running.has(dataset)) continue;
        await alone(dataset, () => finishPending(parts, dataset)).catch((error: unknown) => {
          parts.log.error('assessment waits', { dataset }, error);
          waiting.push(dataset);
        });
      }
      return waiting;
    },
    settle: async () => {
      await parts.book.raiseOverdue();
      await settlePoints(parts);
    },
  };
}

/** @throws {ProtocolError} QUALITY_PLAN_UNKNOWN */
export function planOf({ plans }: Pick<AssessParts, 'plans'>, dataset: string): QualityPlan {
  const plan = plans.find((candidate) => candidate.dataset === dataset);
  if (plan === undefined) throw new ProtocolError('QUALITY_PLAN_UNKNOWN', { dataset });
  return plan;
}

/** @throws {ProtocolError} DATASET_NOT_OFFERED */
export function datasetOf({ datasets }: Pick<AssessParts, 'datasets'>, name: string): MeasuredDataset {
  const dataset = datasets().find(({ published }) => published.name === name);
  if (dataset === undefined) throw new ProtocolError('DATASET_NOT_OFFERED', { dataset: name });
  return dataset;
}

/** Aggregates of the version before, for rules about drift. */
export async function previousProfile(
  { state }: Pick<AssessParts, 'state'>,
  dataset: string,
): Promise<DatasetProfile | null> {
  return (await state.get<DatasetProfile>(profileKey(dataset))) ?? null;
}

/** When a dataset's source changed last, where that can be told. */
export async function changedMs({ source }: MeasuredDataset['config']): Promise<number | null> {
  const file = sourceFile(source);
  return file === undefined ? null : (await stat(file)).mtimeMs;
}

interface Found {
  readonly plan: QualityPlan;
  readonly ruleSet: RuleSet;
  readonly fingerprint: string;
  readonly now: number;
}

async function measureNow(
  parts: AssessParts,
  name: string,
  { sample, progress }: AssessOptions,
): Promise<Found & { readonly measured: Measurement }> {
  const plan = planOf(parts, name);
  const dataset = datasetOf(parts, name);
  const ruleSet = await readRuleSet(plan.rules);
  assertAbout(ruleSet, plan);
  const { fingerprint } = dataset.published;
  if ((await parts.fingerprint(dataset.config)) !== fingerprint)
    throw new ProtocolError('DATASET_CHANGED', { dataset: name });
  const now = parts.clock.now();
  const measured = await measure(dataset, {
    org: parts.org,
    plan,
    ruleSet,
    now,
    salt: parts.salt(),
    secret: parts.rowSecret,
    previous: await previousProfile(parts, name),
    sample,
    sourceChangedMs: await changedMs(dataset.config),
    progress,
  });
  return { plan, ruleSet, fingerprint, now, measured };
}

/**
 * Rules, source and version are those that were measured.
 * @throws {ProtocolError} QUALITY_RULES_CHANGED, DATASET_CHANGED
 */
async function assertUnchanged(
  parts: AssessParts,
  plan: QualityPlan,
  report: QualityReport,
  fingerprint: string,
): Promise<void> {
  if (ruleSetHash(await readRuleSet(plan.rules)) !== report.ruleSet.hash) {
    throw new ProtocolError('QUALITY_RULES_CHANGED', { dataset: plan.dataset });
  }
  const { config, published } = datasetOf(parts, plan.dataset);
  if (published.id !== report.versionId || (await parts.fingerprint(config)) !== fingerprint) {
    throw new ProtocolError('DATASET_CHANGED', { dataset: plan.dataset });
  }
}

async function prepare(
  parts: AssessParts,
  measured: Measurement,
  { plan, fingerprint, now }: Found,
  by: string | null,
): Promise<void> {
  const { report, run } = measured;
  const hash = reportHash(report);
  const orders = (await parts.book.list()).filter(({ dataset }) => dataset === plan.dataset);
  const { files, orderKey: key } = parts;
  const steps = await planOrders(measured, { plan, key, now, reportHash: hash, orders, files });
  const pending: PendingAssessment = {
    report,
    fingerprint,
    profile: run.profile,
    by,
    entry: entryOf(measured, hash, now),
    // Sampled rules say that there are failing rows, not which ones there are.
    steps: run.sample === null ? steps : steps.filter(({ type }) => type !== 'test'),
  };
  await parts.state.write([{ type: 'put', key: `${PENDING}${plan.dataset}`, value: pending }]);
}

function entryOf({ report, run }: Measurement, hash: string, now: number): PendingAssessment['entry'] {
  return {
    dataset: report.dataset,
    versionId: report.versionId,
    version: report.datasetVersion,
    at: now,
    ruleSetHash: report.ruleSet.hash,
    ruleSetVersion: report.ruleSet.version,
    reportHash: hash,
    scoreBasisPoints: report.score.basisPoints,
    rows: report.rows,
    failing: run.rules.reduce((sum, { failing }) => sum + failing, 0),
    dimensions: report.dimensions.map(({ dimension, basisPoints }) => ({ dimension, basisPoints })),
    units: report.units,
  };
}

/** Takes every step of a pending assessment that was not taken yet. */
async function finishPending(parts: AssessParts, dataset: string): Promise<Assessed | undefined> {
  const { state, ledger } = parts;
  const key = `${PENDING}${dataset}`;
  const pending = await state.get<PendingAssessment>(key);
  if (pending === undefined) return undefined;
  const { report, entry, by } = pending;
  const { versionId: id, reportHash: hash, ruleSetHash: rules, scoreBasisPoints } = entry;
  const plan = planOf(parts, dataset);
  if ((await ledger.quality(id))?.reportHash !== hash) {
    try {
      await assertUnchanged(parts, plan, report, pending.fingerprint);
    } catch (error) {
      // What was measured is not what would be published: nothing of it was told to anybody, and it is dropped.
      await state.write([{ type: 'del', key }]);
      throw error;
    }
  }
  const { round } = await ledger.recordQuality({ id, ruleSetHash: rules, scoreBasisPoints, reportHash: hash });
  const full: HistoryEntry = { ...entry, round };
  const actor = by === null ? {} : { actor: parts.pseudonym(by) };
  await parts.events.append(
    'quality',
    { datasetId: id, version: entry.version, round, ruleSetHash: rules, scoreBasisPoints, reportHash: hash, ...actor },
    {
      id: `quality/${id}/${hash}`,
      operations: [
        { type: 'put', key: reportKey(hash), value: report },
        { type: 'put', key: historyKey(full), value: full },
        { type: 'put', key: profileKey(dataset), value: pending.profile },
      ],
    },
  );
  await takeSteps(parts.book, pending.steps);
  await scorePoints(parts, plan, full);
  await settlePoints(parts);
  await state.write([{ type: 'del', key }]);
  return { report, reportHash: hash, round };
}

function accountOf({ state, events, clock, mutex }: AssessParts): AccountParts {
  return { state, events, clock, mutex };
}

async function scorePoints(parts: AssessParts, plan: QualityPlan, entry: HistoryEntry): Promise<void> {
  const scored = (each: HistoryEntry): ScoredVersion => ({
    versionId: each.versionId,
    ruleSetHash: each.ruleSetHash,
    scoreBasisPoints: each.scoreBasisPoints,
    month: dayOf(each.at, plan.calendar.timeZone).slice(0, MONTH_LENGTH),
  });
  const earlier = (await historyOf(parts.state, entry.dataset))
    .filter(({ reportHash: hash }) => hash !== entry.reportHash)
    .map(scored);
  const { dataset, versionId, reportHash: hash } = entry;
  const what = { dataset, versionId, orderId: null, unit: null };
  const account = accountOf(parts);
  const [level, improvement] = [levelPoints(scored(entry), earlier), improvementPoints(scored(entry), earlier)];
  await award(account, { ...what, cause: 'level', happening: `level/${hash}`, points: () => level });
  await award(account, { ...what, cause: 'improvement', happening: `improvement/${hash}`, points: () => improvement });
}

/** Points of orders: for those that closed in time, off for each due day that passed. */
async function settlePoints(parts: AssessParts): Promise<void> {
  const account = accountOf(parts);
  for (const order of await parts.book.list()) {
    const { id: orderId, dataset, unit, versionId, severity } = order;
    const what = { dataset, unit, versionId, orderId };
    if (order.overdueRaisedFor !== null) {
      const happening = `overdue/${orderId}/${order.overdueRaisedFor}`;
      await award(account, { ...what, cause: 'overdue', happening, points: (total) => overduePoints(severity, total) });
    }
    if (order.state === 'closed') {
      const points = isInTime(order) ? closingPoints(severity) : 0;
      await award(account, { ...what, cause: 'closed-in-time', happening: `closed/${orderId}`, points: () => points });
    }
  }
}

/** Whether the rows were repaired by the due day; the day on which the unit said so counts, not that of the test. */
function isInTime({ outcome, dueAt, overdueRaisedFor, steps }: WorkOrder): boolean {
  const said = steps.findLast(({ state }) => state === 'fixed') ?? steps.at(-1)!;
  return outcome === 'passed' && overdueRaisedFor === null && said.at < dueAt;
}

function dueAfter(parts: AssessParts, { dataset, severity, dueOn, dueAt }: WorkOrder) {
  const plan = parts.plans.find((candidate) => candidate.dataset === dataset);
  return plan === undefined ? { dueOn, dueAt } : nextDue(plan, severity, parts.clock.now());
}
