/** What the operator's channel shows of the quality loop, as schemas and as views of the records. */

import { datasetName } from '@sealedger/protocol/dataset.ts';
import { qualityDimension } from '@sealedger/protocol/quality-history.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { HistoryEntry } from '../quality/history.ts';
import { POINT_CAUSES } from '../quality/points.ts';
import { unitReportSchema } from '../quality/report.ts';
import { SEVERITIES } from '../quality/rule.ts';
import { isOverdue, ORDER_OUTCOMES, ORDER_STATES, type WorkOrder } from '../quality/work-order.ts';

const count = z.int().min(0);
const basisPoints = z.int().min(0).max(10_000);
const moment = z.iso.datetime();

export const orderView = z.strictObject({
  id: hex32,
  dataset: datasetName,
  versionId: hex32,
  version: z.int().positive(),
  ruleId: z.string(),
  unit: z.string(),
  severity: z.enum(SEVERITIES),
  dimension: qualityDimension,
  fields: z.array(z.string()),
  /** Failing rows, and how many of them the order lists. */
  rows: count,
  listed: count,
  state: z.enum(ORDER_STATES),
  outcome: z.enum(ORDER_OUTCOMES).nullable(),
  openedAt: moment,
  dueOn: z.iso.date(),
  overdue: z.boolean(),
  assignee: z.string().nullable(),
  steps: z.array(
    z.strictObject({
      state: z.enum(ORDER_STATES),
      at: moment,
      by: z.string().nullable(),
      rows: count,
      reason: z.string().nullable(),
      note: z.string().nullable(),
    }),
  ),
});
export type OrderView = z.output<typeof orderView>;

export function viewOfOrder(order: WorkOrder, now: number): OrderView {
  const { id, dataset, versionId, version, ruleId, unit, severity, dimension, fields, rows, listed, state } = order;
  const { outcome, dueOn, assignee } = order;
  return {
    ...{ id, dataset, versionId, version, ruleId, unit, severity, dimension, fields: [...fields], rows, listed, state },
    ...{ outcome, dueOn, assignee, openedAt: isoOf(order.openedAt), overdue: isOverdue(order, now) },
    steps: order.steps.map((step) => ({
      state: step.state,
      at: isoOf(step.at),
      by: step.by,
      rows: step.rows,
      reason: step.reason ?? null,
      note: step.note ?? null,
    })),
  };
}

export const historyView = z.strictObject({
  dataset: datasetName,
  versionId: hex32,
  version: z.int().positive(),
  round: z.int().positive(),
  measuredAt: moment,
  ruleSetHash: hex32,
  ruleSetVersion: z.int().positive(),
  reportHash: hex32,
  scoreBasisPoints: basisPoints,
  rows: count,
  failing: count,
  dimensions: z.array(z.strictObject({ dimension: qualityDimension, basisPoints })),
  units: z.array(unitReportSchema),
});

export function viewOfEntry({ at, dimensions, units, ...entry }: HistoryEntry): z.output<typeof historyView> {
  return { ...entry, measuredAt: isoOf(at), dimensions: [...dimensions], units: [...units] };
}

export const rankView = z.strictObject({
  place: z.int().positive(),
  name: z.string(),
  dataset: datasetName.nullable(),
  basisPoints,
  change: z.int().nullable(),
  at: moment,
});

export const pointView = z.strictObject({
  dataset: datasetName,
  sequence: z.int().positive(),
  at: moment,
  cause: z.enum(POINT_CAUSES),
  orderId: hex32.nullable(),
  unit: z.string().nullable(),
  points: z.int(),
  total: count,
  ruleHash: hex32,
});

export const scheduleView = z.strictObject({
  dataset: datasetName,
  schedule: z.string(),
  timeZone: z.string(),
  next: moment.nullable(),
  missed: count,
  lastFailure: z.string().nullable(),
});

export const retestView = z
  .strictObject({
    listed: count,
    unchanged: count,
    changed: count,
    gone: count,
    testedRows: count,
    sourceRows: count,
    rulesRun: count,
    rulesInSet: count,
  })
  .nullable();

export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
