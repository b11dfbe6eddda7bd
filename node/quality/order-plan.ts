/**
 * What a measurement means for work orders: new ones, others that go on with the rows that fail now, and those whose rows
 * pass. Planned once and written down, so that a stop in the middle leads to the same orders.
 */
import type { FailingGroup, Measurement } from './measure.ts';
import type { NextDue, OrderBook, Refreshed, TestResult } from './order-book.ts';
import type { OrderFiles, OrderRows } from './order-rows.ts';
import type { QualityPlan } from './plan.ts';
import { type Rule, ruleHash, type Severity } from './rule.ts';
import { isOpen, orderId, orderSubject, type WorkOrder } from './work-order.ts';
import { addWorkingDays, endOfDay } from './working-days.ts';

export type OrderStepPlan =
  | { readonly type: 'open'; readonly order: WorkOrder }
  | { readonly type: 'refresh'; readonly orderId: string; readonly changes: Refreshed }
  | { readonly type: 'test'; readonly orderId: string; readonly result: TestResult; readonly next: NextDue };

export interface PlanContext {
  readonly plan: QualityPlan;
  readonly key: Uint8Array;
  readonly now: number;
  readonly reportHash: string;
  /** All orders of the dataset. */
  readonly orders: readonly WorkOrder[];
  readonly files: OrderFiles;
}

/** When an order of a severity is due that is given out now. */
export function nextDue(plan: QualityPlan, severity: Severity, now: number): NextDue {
  const dueOn = addWorkingDays(now, plan.dueIn[severity], plan.calendar);
  return { dueOn, dueAt: endOfDay(dueOn, plan.calendar.timeZone) };
}

/** Plans the orders of a measurement and writes their lists of rows. */
export async function planOrders(measured: Measurement, context: PlanContext): Promise<readonly OrderStepPlan[]> {
  const steps: OrderStepPlan[] = [];
  const failing = new Set<string>();
  for (const group of measured.groups) {
    const subject = orderSubject({ dataset: context.plan.dataset, ruleId: group.rule.id, unit: group.unit });
    const waived = await waivedDigests(context, subject);
    const rows = listRows(group, waived);
    if (rows.length === 0 && !group.whole) continue;
    failing.add(subject);
    const step = await groupStep(measured, group, rows, subject, context);
    if (step !== undefined) steps.push(step);
  }
  for (const order of context.orders) {
    if (isOpen(order) && !failing.has(orderSubject(order)) && !measured.partial.has(order.ruleId)) {
      steps.push(passedStep(measured, order, context));
    }
  }
  return steps;
}

/** Takes the planned steps; what was taken already is not taken again. */
export async function takeSteps(book: OrderBook, steps: readonly OrderStepPlan[]): Promise<void> {
  const orders = new Map((await book.list()).map((order) => [order.id, order]));
  for (const step of steps) {
    if (step.type === 'open') {
      await book.open(step.order);
      continue;
    }
    const order = orders.get(step.orderId);
    if (order === undefined || !isOpen(order)) continue;
    if (step.type === 'refresh') await book.refresh(order, step.changes);
    else await book.retested(order, step.result, step.next, null);
  }
}

/** Digests of rows that stay as they are because a second person took the unit's rejection. */
export async function waivedDigests(
  { orders, files }: Pick<PlanContext, 'orders' | 'files'>,
  subject: string,
): Promise<ReadonlySet<string>> {
  const accepted = orders.filter((order) => order.outcome === 'accepted' && orderSubject(order) === subject);
  const lists = await Promise.all(accepted.map(({ id }) => files.read(id)));
  return new Set(lists.flatMap(({ rows }) => rows.map(([, , digest]) => digest)));
}

/** A group's rows as an order's file has them. */
export function listRows(
  { rows, places }: Pick<FailingGroup, 'rows' | 'places'>,
  waived: ReadonlySet<string>,
): OrderRows['rows'] {
  return rows.flatMap(({ row, reasons }): OrderRows['rows'] => {
    const place = places.get(row);
    if (place === undefined || waived.has(place.digest)) return [];
    return [[row, place.key, place.digest, [...reasons]]];
  });
}

/** The file of an order. */
export function rowsFile(
  id: string,
  reasons: FailingGroup['reasons'],
  rows: OrderRows['rows'],
  sourceRows: number,
  limit: number,
): OrderRows {
  const listed = reasons.map(({ code, details, fields }) => ({ code, details, fields: [...fields] }));
  return { version: 1, orderId: id, sourceRows, total: rows.length, reasons: listed, rows: rows.slice(0, limit) };
}

async function groupStep(
  measured: Measurement,
  group: FailingGroup,
  rows: OrderRows['rows'],
  subject: string,
  context: PlanContext,
): Promise<OrderStepPlan | undefined> {
  const { report } = measured;
  const { plan, files, reportHash, orders, key, now } = context;
  const open = orders.find((order) => isOpen(order) && orderSubject(order) === subject);
  if (open?.state === 'rejected') return undefined;
  const id = open?.id ?? orderId(key, subject, report.versionId, reportHash);
  const file = rowsFile(id, group.reasons, rows, report.rows, plan.maxListedRows);
  await files.write(file);
  const found = {
    versionId: report.versionId,
    version: report.datasetVersion,
    // A dataset that fails as a whole counts as one.
    rows: group.whole ? 1 : rows.length,
    listed: file.rows.length,
    lastTest: reportHash,
  };
  const due = nextDue(plan, group.rule.severity, now);
  if (open === undefined) return { type: 'open', order: newOrder(id, group, found, due, context) };
  if (open.state === 'fixed') {
    return { type: 'test', orderId: id, result: { ...found, outcome: 'passed' }, next: due };
  }
  return { type: 'refresh', orderId: id, changes: found };
}

function newOrder(
  id: string,
  { rule, unit, reasons }: FailingGroup,
  found: Refreshed,
  due: NextDue,
  { plan, now }: PlanContext,
): WorkOrder {
  const { rows } = found;
  return {
    id,
    dataset: plan.dataset,
    ruleId: rule.id,
    ruleHash: ruleHash(rule),
    unit,
    severity: rule.severity,
    dimension: rule.dimension,
    fields: [...new Set(reasons.flatMap(({ fields }) => fields))],
    state: 'open',
    openedAt: now,
    assignee: null,
    overdueRaisedFor: null,
    outcome: null,
    ...found,
    ...due,
    steps: [{ state: 'open', at: now, by: null, rows }],
  };
}

function passedStep({ report, run }: Measurement, order: WorkOrder, context: PlanContext): OrderStepPlan {
  const isAsked = run.ruleSet.rules.some((rule: Rule) => rule.id === order.ruleId);
  const result: TestResult = {
    rows: 0,
    listed: 0,
    versionId: report.versionId,
    version: report.datasetVersion,
    lastTest: context.reportHash,
    outcome: isAsked ? 'passed' : 'rule-gone',
  };
  return { type: 'test', orderId: order.id, result, next: { dueOn: order.dueOn, dueAt: order.dueAt } };
}
