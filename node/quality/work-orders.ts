/** What people do with work orders: hand out, repair, reject, test again, export; one step at a time. */
import type { Locale } from '@sealedger/protocol/messages/catalogue.ts';
import { type AssessParts, changedMs, datasetOf, planOf, previousProfile } from './assess.ts';
import { failuresByUnit } from './failures.ts';
import { placeOptions, runOptions, withDataset } from './measure.ts';
import type { TestResult } from './order-book.ts';
import { exportOrder, type OrderExport } from './order-export.ts';
import { listRows, nextDue, rowsFile, waivedDigests } from './order-plan.ts';
import type { OrderRows } from './order-rows.ts';
import { type Retest, type RetestWork, retestOrder } from './retest.ts';
import type { Rule, RuleSet } from './rule.ts';
import { readRuleSet } from './rule-set.ts';
import { assertTransition, orderSubject, type RejectionReason, type WorkOrder } from './work-order.ts';

export interface WorkOrders {
  list(): Promise<readonly WorkOrder[]>;
  find(id: string): Promise<WorkOrder>;
  /** The rows of an order, as its file has them. */
  rows(id: string): Promise<OrderRows>;
  assign(id: string, to: string, by: string): Promise<WorkOrder>;
  fix(id: string, by: string, note?: string): Promise<WorkOrder>;
  reject(id: string, by: string, reason: RejectionReason, note?: string): Promise<WorkOrder>;
  accept(id: string, by: string): Promise<WorkOrder>;
  decline(id: string, by: string): Promise<WorkOrder>;
  /** Tests the order's rows against the source as it is now. */
  retest(id: string, by: string): Promise<{ readonly order: WorkOrder; readonly work: RetestWork | null }>;
  export(id: string, locale: Locale): Promise<OrderExport>;
}

/** All steps on orders follow each other: a test must not overtake a rejection. */
export function createWorkOrders(parts: AssessParts): WorkOrders {
  const { book, files, mutex } = parts;
  const step = (id: string, take: (order: WorkOrder) => Promise<WorkOrder>): Promise<WorkOrder> =>
    mutex.run('work-orders', async () => take(await book.find(id)));
  const due = (order: WorkOrder) => nextDue(planOf(parts, order.dataset), order.severity, parts.clock.now());
  return {
    list: book.list,
    find: book.find,
    rows: async (id) => files.read((await book.find(id)).id),
    assign: (id, to, by) => step(id, (order) => book.assign(order, to, by)),
    fix: (id, by, note) => step(id, (order) => book.fix(order, by, note)),
    reject: (id, by, reason, note) => step(id, (order) => book.reject(order, by, reason, note)),
    accept: (id, by) => step(id, (order) => book.accept(order, by)),
    decline: (id, by) => step(id, (order) => book.decline(order, due(order), by)),
    retest: (id, by) =>
      mutex.run('work-orders', async () => {
        const order = await book.find(id);
        assertTransition(order, 'retested');
        const { result, work } = await testAgain(parts, order);
        return { order: await book.retested(order, result, due(order), by), work };
      }),
    export: async (id, locale) => {
      const order = await book.find(id);
      const rows = await files.read(order.id);
      const { rule } = await rulesOf(parts, order);
      const options = placeOptions({ plan: planOf(parts, order.dataset), secret: parts.rowSecret });
      return withDataset(datasetOf(parts, order.dataset).config, (source) =>
        exportOrder(source, rule, rows, options, locale),
      );
    },
  };
}

async function rulesOf(
  parts: AssessParts,
  order: WorkOrder,
): Promise<{ readonly ruleSet: RuleSet; readonly rule: Rule | undefined }> {
  const ruleSet = await readRuleSet(planOf(parts, order.dataset).rules);
  return { ruleSet, rule: ruleSet.rules.find(({ id }) => id === order.ruleId) };
}

async function testAgain(
  parts: AssessParts,
  order: WorkOrder,
): Promise<{ readonly result: TestResult; readonly work: RetestWork | null }> {
  const plan = planOf(parts, order.dataset);
  const { ruleSet, rule } = await rulesOf(parts, order);
  const where = { versionId: order.versionId, version: order.version, lastTest: parts.salt() };
  if (rule === undefined) return { result: { ...where, rows: 0, listed: 0, outcome: 'rule-gone' }, work: null };
  const { config } = datasetOf(parts, order.dataset);
  const before = await parts.files.read(order.id);
  const options = placeOptions({ plan, secret: parts.rowSecret });
  const base = {
    org: parts.org,
    plan,
    ruleSet,
    salt: '',
    secret: parts.rowSecret,
    sample: null,
    progress: () => undefined,
  };
  const run = runOptions(
    config,
    {
      ...base,
      now: parts.clock.now(),
      previous: await previousProfile(parts, order.dataset),
      sourceChangedMs: await changedMs(config),
    },
    { write: async () => undefined },
  );
  const retest = await withDataset(config, (source) => retestOrder(source, ruleSet, rule, before, options, run));
  const file = await failingNow(parts, order, rule, before, retest);
  if (file.total > 0) await parts.files.write(file);
  const isWhole = (retest.collected.byRule.get(rule.id)?.whole.length ?? 0) > 0;
  const rows = isWhole ? 1 : file.total;
  return { result: { ...where, rows, listed: file.rows.length, outcome: 'passed' }, work: retest.work };
}

/** The order's rows after a test: those that hold what they held, and those that fail it anew. */
async function failingNow(
  parts: AssessParts,
  order: WorkOrder,
  rule: Rule,
  before: OrderRows,
  { scope, collected, places, stillFailing, sourceRows }: Retest,
): Promise<OrderRows> {
  const plan = planOf(parts, order.dataset);
  const failures = collected.byRule.get(rule.id);
  const groups = failures === undefined ? [] : failuresByUnit(plan, rule.id, failures, places);
  // A rule over rows was run over this order's rows alone; they stay its own, also where the unit's cell was changed.
  const own = scope === 'rows' ? groups : groups.filter(({ unit }) => unit === order.unit);
  const orders = (await parts.book.list()).filter(({ dataset }) => dataset === order.dataset);
  const waived = await waivedDigests({ orders, files: parts.files }, orderSubject(order));
  const reasons = [...before.reasons] as Parameters<typeof rowsFile>[1][number][];
  const offset = reasons.length;
  reasons.push(...(own[0]?.reasons ?? []));
  const kept = stillFailing.map(([place, [, , , why]]): OrderRows['rows'][number] => [
    place.row,
    place.key,
    place.digest,
    why,
  ]);
  const failed = own.flatMap((group) =>
    listRows({ rows: group.rows, places }, waived).map(([row, key, digest, why]): OrderRows['rows'][number] => [
      row,
      key,
      digest,
      why.map((index) => index + offset),
    ]),
  );
  return rowsFile(
    order.id,
    reasons,
    [...kept, ...failed].toSorted((a, b) => a[0] - b[0]),
    sourceRows,
    plan.maxListedRows,
  );
}
