/**
 * How a department keeps the quality of one dataset: which rules, who repairs what by when, when it is measured.
 *
 * Written by a person into the node's configuration; what it says stays at home.
 */
import { datasetName } from '@sealedger/protocol/dataset.ts';
import { z } from 'zod';
import { calendarSchema } from './working-days.ts';

/** A unit that rows come from. Shown to people, never in an event. */
export const unitName = z.string().trim().min(1).max(128);
const byName = z.record(z.string().min(1).max(128), unitName).default({});
const workingDays = z.int().min(0).max(250);

export const qualityPlanSchema = z.strictObject({
  dataset: datasetName,
  /** The rule set's YAML file. */
  rules: z.string().min(1),
  /** Which unit an order goes to: by rule, else by field, else by the row's cell in `column`, else `default`. */
  units: z
    .strictObject({
      default: unitName.default('steward'),
      column: z.string().min(1).max(128).optional(),
      byField: byName,
      byRule: byName,
    })
    .prefault({}),
  /** Working days until an order is due. */
  dueIn: z
    .strictObject({ minor: workingDays.default(20), major: workingDays.default(10), critical: workingDays.default(3) })
    .prefault({}),
  calendar: calendarSchema.prefault({ timeZone: 'Asia/Shanghai' }),
  /** Columns by which a row is found again when others came or went; the row's number without them. */
  key: z.array(z.string().min(1).max(128)).max(8).default([]),
  /** Cron expression, in the calendar's time zone. */
  schedule: z.string().min(9).max(100).optional(),
  /** Rows of an order that are listed; the others only count. */
  maxListedRows: z.int().min(1).max(1_000_000).default(100_000),
});
export type QualityPlan = z.output<typeof qualityPlanSchema>;
export type UnitRule = QualityPlan['units'];

/** A column of the plan that the dataset does not have. @returns undefined where all are there. */
export function missingColumn(plan: QualityPlan, columns: readonly string[]): string | undefined {
  const { column } = plan.units;
  return [...(column === undefined ? [] : [column]), ...plan.key].find((name) => !columns.includes(name));
}
