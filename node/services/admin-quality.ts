/** What the operator's channel takes for quality: runs, reports, scores over time, points, schedules. */
import { datasetName } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { personWith } from '../people.ts';
import { pointEntries } from '../quality/account.ts';
import { planOf, reportKey } from '../quality/assess.ts';
import { dqvOf } from '../quality/dqv.ts';
import { historyOf, rankDatasets, rankUnits } from '../quality/history.ts';
import { pointsRuleHash } from '../quality/points.ts';
import { reportHash as hashOf, type QualityReport, qualityReportSchema } from '../quality/report.ts';
import { reportHtml } from '../quality/report-html.ts';
import { type AdminCommand, type AdminContext, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';
import { historyView, isoOf, pointView, rankView, scheduleView, viewOfEntry } from './quality-views.ts';

const maybeDataset = z.strictObject({ dataset: datasetName.optional() });
const runInput = z.strictObject({
  dataset: datasetName,
  /** Rows to look at with rules about single rows; all of them without it. */
  sampleRows: z.int().min(100).max(1_000_000_000).optional(),
});

/** The contracts, for the command line. A run asks for no person: a schedule makes the same one by itself. */
export const qualityContracts = {
  run: {
    name: 'quality.run',
    summary: 'ADMIN_QUALITY_RUN',
    input: runInput,
    output: z.strictObject({ report: qualityReportSchema, reportHash: hex32, round: z.int().positive() }),
  },
  check: {
    name: 'quality.check',
    summary: 'ADMIN_QUALITY_CHECK',
    input: runInput,
    output: z.strictObject({ report: qualityReportSchema }),
  },
  report: {
    name: 'quality.report',
    summary: 'ADMIN_QUALITY_REPORT',
    input: z.strictObject({
      dataset: datasetName,
      /** The latest without it. */
      reportHash: hex32.optional(),
      locale: z.enum(['en', 'zh-CN']).default('zh-CN'),
    }),
    output: z.strictObject({ report: qualityReportSchema, html: z.string(), dqv: z.unknown() }),
  },
  history: {
    name: 'quality.history',
    summary: 'ADMIN_QUALITY_HISTORY',
    input: maybeDataset,
    output: z.strictObject({ entries: z.array(historyView) }),
  },
  ranking: {
    name: 'quality.ranking',
    summary: 'ADMIN_QUALITY_RANKING',
    input: z.strictObject({ of: z.enum(['datasets', 'units']).default('datasets'), dataset: datasetName.optional() }),
    output: z.strictObject({ lines: z.array(rankView) }),
  },
  points: {
    name: 'quality.points',
    summary: 'ADMIN_QUALITY_POINTS',
    input: maybeDataset,
    output: z.strictObject({
      ruleHash: hex32,
      totals: z.array(z.strictObject({ dataset: datasetName, total: z.int().min(0) })),
      entries: z.array(pointView),
    }),
  },
  schedule: {
    name: 'quality.schedule',
    summary: 'ADMIN_QUALITY_SCHEDULE',
    input: z.strictObject({}),
    output: z.strictObject({ schedules: z.array(scheduleView) }),
  },
} as const;

/** The commands of a running node. */
export function adminQuality(parts: NodeParts): readonly AdminCommand[] {
  const { quality, state, config } = parts;
  const { run, check, report, history, ranking, points, schedule } = qualityContracts;
  const options = (sampleRows: number | undefined, { person, progress }: AdminContext) => ({
    // A run may be made by nobody, as scheduled ones are; a person who is named must be one of the node's.
    by: person === null ? null : personWith(config.people, person.id, 'steward', 'operator').id,
    sample: sampleRows === undefined ? null : { rows: sampleRows, seed: quality.parts.salt() },
    progress: ({ done, total }: { readonly done: number; readonly total: number }) =>
      progress({ code: 'QUALITY_PROGRESS', details: { done, total } }),
  });
  return [
    adminCommand(run, ({ dataset, sampleRows }, context) =>
      quality.assessor.run(dataset, options(sampleRows, context)),
    ),
    adminCommand(check, async ({ dataset, sampleRows }, context) => ({
      report: await quality.assessor.check(dataset, options(sampleRows, context)),
    })),
    adminCommand(report, async ({ dataset, reportHash, locale }) => {
      const found = await storedReport(parts, dataset, reportHash);
      const entries = await historyOf(state, dataset);
      const ownHash = hashOf(found);
      const until = entries.findIndex((entry) => entry.reportHash === ownHash);
      const recorded = entries[until];
      if (recorded === undefined) throw new ProtocolError('QUALITY_REPORT_UNKNOWN', { dataset });
      const html = reportHtml(found, {
        locale,
        timeZone: planOf(quality.parts, dataset).calendar.timeZone,
        now: parts.clock.now(),
        history: entries.slice(0, until + 1),
        orders: (await quality.orders.list()).filter((order) => order.dataset === dataset),
      });
      return { report: found, html, dqv: dqvOf(found, { reportHash: ownHash, round: recorded.round }) };
    }),
    adminCommand(history, async ({ dataset }) => ({ entries: (await historyOf(state, dataset)).map(viewOfEntry) })),
    adminCommand(ranking, async ({ of, dataset }) => {
      const entries = await historyOf(state, dataset);
      const lines = of === 'datasets' ? rankDatasets(entries) : rankUnits(entries);
      return { lines: lines.map((line) => ({ ...line, at: isoOf(line.at) })) };
    }),
    adminCommand(points, async ({ dataset }) => {
      const entries = await pointEntries(state, dataset);
      const totals = new Map(entries.map(({ dataset: name, total }) => [name, total]));
      return {
        ruleHash: pointsRuleHash(),
        totals: [...totals].map(([name, total]) => ({ dataset: name, total })),
        entries: entries.map(({ happening: _, versionId: __, ...entry }) => ({ ...entry, at: isoOf(entry.at) })),
      };
    }),
    adminCommand(schedule, async () => ({
      schedules: (await quality.scheduler.view()).map(({ until: _, next, ...view }) => ({
        ...view,
        next: next === null ? null : isoOf(next),
      })),
    })),
  ];
}

/** @throws {ProtocolError} QUALITY_REPORT_UNKNOWN */
export async function storedReport(
  { state }: Pick<NodeParts, 'state'>,
  dataset: string,
  reportHash?: string,
): Promise<QualityReport> {
  const hash = reportHash ?? (await historyOf(state, dataset)).at(-1)?.reportHash;
  const report = hash === undefined ? undefined : await state.get<QualityReport>(reportKey(hash));
  if (report === undefined || report.dataset !== dataset)
    throw new ProtocolError('QUALITY_REPORT_UNKNOWN', { dataset });
  return report;
}
