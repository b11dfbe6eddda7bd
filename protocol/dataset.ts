/** What a member sees of a dataset version; the digest of its metadata stands on chain. */
import { z } from 'zod';
import { digestHex } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { hex32, organisationId } from './schema.ts';

const fieldName = z.string().min(1).max(128);

export const datasetFieldSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    name: fieldName,
    kind: z.literal('number'),
    /** Value that stands for a subject without a row or without a value. */
    missing: z.number(),
  }),
  z.strictObject({ name: fieldName, kind: z.literal('text') }),
]);
export type DatasetField = z.output<typeof datasetFieldSchema>;

export const datasetName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'a dataset name is 1 to 31 of a-z 0-9 -');

export const datasetMetadataSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  owner: organisationId,
  name: datasetName,
  datasetVersion: z.int().positive(),
  kind: z.enum(['features', 'register']),
  /** Sensitivity, JR/T 0197-2020: 1 (public) to 5. */
  level: z.int().min(1).max(5),
  fields: z.array(datasetFieldSchema).max(4096),
});
export type DatasetMetadata = z.output<typeof datasetMetadataSchema>;

/** A published version as a node lists it. */
export const datasetListingSchema = z.strictObject({
  id: hex32,
  rows: z.int().min(0),
  metadata: datasetMetadataSchema,
});
export type DatasetListing = z.output<typeof datasetListingSchema>;

/** The metadata hash on chain. */
export function metadataHash(metadata: DatasetMetadata): string {
  return digestHex(domains.datasetVersion, metadata);
}
