/** What a member sees of a dataset's quality over time: scores and digests; the chain has the same of each. */
import { z } from 'zod';
import { datasetName } from './dataset.ts';
import { hex32, organisationId } from './schema.ts';

/** Source: GB/T 36344-2018, 5. */
export const qualityDimension = z.enum([
  'conformity',
  'completeness',
  'accuracy',
  'consistency',
  'timeliness',
  'accessibility',
]);
const basisPoints = z.int().min(0).max(10_000);

export const qualityScoreSchema = z.strictObject({
  versionId: hex32,
  version: z.int().positive(),
  /** Counts the scores of a version from 1. */
  round: z.int().positive(),
  measuredAt: z.iso.datetime(),
  ruleSetHash: hex32,
  /** Digest of the report, which stays with the owner. */
  reportHash: hex32,
  scoreBasisPoints: basisPoints,
  /** As the owner says; of these only the total is on chain. */
  dimensions: z.array(z.strictObject({ dimension: qualityDimension, basisPoints })).max(6),
});
export type QualityScoreRecord = z.output<typeof qualityScoreSchema>;

export const qualityHistorySchema = z.strictObject({
  owner: organisationId,
  dataset: datasetName,
  /** Oldest first. */
  scores: z.array(qualityScoreSchema).max(10_000),
});
export type QualityHistory = z.output<typeof qualityHistorySchema>;
