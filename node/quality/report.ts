/**
 * The report of a run: what was checked, what failed and how it was counted; no cell's content.
 *
 * It stays at home, and its digest stands on chain. Counts of small tables can be guessed, so a salt is in it.
 */
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { hex32, organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { DIMENSIONS, SEVERITIES } from './rule.ts';

const count = z.int().min(0);
const basisPoints = z.int().min(0).max(10_000);
/** Ends of the 95 % interval of a share that was sampled, in basis points; null where everything was checked. */
const interval = z.tuple([basisPoints, basisPoints]).nullable();
const title = z.strictObject({ en: z.string().optional(), 'zh-CN': z.string().optional() });

export const ruleReportSchema = z.strictObject({
  id: z.string(),
  type: z.string(),
  title: title.optional(),
  dimension: z.enum(DIMENSIONS),
  severity: z.enum(SEVERITIES),
  weight: z.number(),
  /** Share that must pass, in basis points. */
  thresholdBasisPoints: basisPoints,
  fields: z.array(z.string()),
  checked: count,
  failing: count,
  /** Share that passes; null where the rule applied to nothing. */
  passedBasisPoints: basisPoints.nullable(),
  /** The same with what threshold and severity take off. */
  basisPoints: basisPoints.nullable(),
  interval,
  met: z.boolean(),
  /** What a rule about the whole dataset measured. */
  measured: z.number().nullable(),
});
export type RuleReport = z.output<typeof ruleReportSchema>;

export const unitReportSchema = z.strictObject({ unit: z.string(), basisPoints, failingRows: count });
export type UnitReport = z.output<typeof unitReportSchema>;

export const qualityReportSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  /** 16 random bytes. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  org: organisationId,
  dataset: z.string(),
  versionId: hex32,
  datasetVersion: z.int().positive(),
  /** Commitment of the version on chain. */
  commitment: hex32,
  ruleSet: z.strictObject({ name: z.string(), version: z.int().positive(), hash: hex32 }),
  /** RFC 3339, UTC. */
  measuredAt: z.iso.datetime(),
  rows: count,
  sampledRows: count.nullable(),
  score: z.strictObject({ basisPoints, interval }),
  dimensions: z.array(
    z.strictObject({ dimension: z.enum(DIMENSIONS), basisPoints, interval, rules: count, failing: count }),
  ),
  fields: z.array(z.strictObject({ field: z.string(), basisPoints, rules: count, failing: count })),
  units: z.array(unitReportSchema),
  rules: z.array(ruleReportSchema),
});
export type QualityReport = z.output<typeof qualityReportSchema>;

/** The digest that stands on chain, 32 bytes in hex. */
export function reportHash(report: QualityReport): string {
  return digestHex(domains.qualityReport, report);
}
