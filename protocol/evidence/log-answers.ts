/**
 * What a node answers about its own log: checkpoints, consistency and inclusion proofs, pages of entries.
 *
 * Learns: every member, how many events an organisation logged, when and of what kind; a regulator, their fields too, which
 * are digests, codes, counts and times and never a personal value. Nothing here is believed before it is verified.
 */
import { z } from 'zod';
import { hex32, organisationId } from '../schema.ts';
import { openingsSchema, signedEventSchema } from './event.ts';

/** Entries of one page at most: below 1 MiB with their openings. */
export const MAX_LOG_PAGE = 256;
/** No page is longer: a caller stops reading there. */
export const MAX_LOG_PAGE_BYTES = 4 << 20;
/** No other answer about a log is longer. */
export const MAX_LOG_PROOF_BYTES = 16 << 10;

/** A tree below 2^53 leaves needs no longer proof. */
const merkleProof = z.array(hex32).max(54);
const size = z.int().min(1);
const index = z.int().min(0);

export const consistencyAnswerSchema = z.strictObject({
  org: organisationId,
  from: size,
  to: size,
  proof: merkleProof,
});
export type ConsistencyAnswer = z.output<typeof consistencyAnswerSchema>;

export const inclusionAnswerSchema = z.strictObject({ org: organisationId, index, size, proof: merkleProof });
export type InclusionAnswer = z.output<typeof inclusionAnswerSchema>;

/** One entry; the openings are there for a regulator only. */
export const logEntrySchema = z.strictObject({ signed: signedEventSchema, openings: openingsSchema.optional() });
export type LogPageEntry = z.output<typeof logEntrySchema>;

/** The entries `start` … `start + entries.length - 1` of a log that has `size` events now. */
export const logPageSchema = z.strictObject({
  org: organisationId,
  start: index,
  size: index,
  entries: z.array(logEntrySchema).max(MAX_LOG_PAGE),
});
export type LogPage = z.output<typeof logPageSchema>;
