/**
 * What a member sees of a dataset version; the digest of its metadata stands on chain.
 *
 * Of a dataset that its owner does not share, members see that it exists and under which code; the details stand behind
 * a salted digest, so that what is shown still verifies against the chain.
 */
import { z } from 'zod';
import { digestHex } from './canonical.ts';
import { type DataClass, entrySchema, itemSchema, levelSchema, MAX_DATASET_FIELDS } from './catalogue/entry.ts';
import { domains, SUITE } from './domains.ts';
import { hex32, organisationId } from './schema.ts';

const fieldName = z.string().min(1).max(128);

export const datasetFieldSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    name: fieldName,
    kind: z.literal('number'),
    /** Value that stands for a subject without a row or without a value. */
    missing: z.number(),
    item: itemSchema.optional(),
  }),
  z.strictObject({ name: fieldName, kind: z.literal('text'), item: itemSchema.optional() }),
]);
export type DatasetField = z.output<typeof datasetFieldSchema>;

export const datasetName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'a dataset name is 1 to 31 of a-z 0-9 -');

const headShape = {
  suite: z.literal(SUITE),
  version: z.literal(1),
  owner: organisationId,
  name: datasetName,
  datasetVersion: z.int().positive(),
  kind: z.enum(['features', 'register']),
  /** Sensitivity, JR/T 0197-2020: 1 (public) to 5; that of the highest item where there is an entry. */
  level: levelSchema,
  entry: entrySchema.optional(),
  /** Where details are withheld: keeps their digest from being guessed. 32 bytes. */
  salt: hex32.optional(),
};

export const datasetMetadataSchema = z.strictObject({
  ...headShape,
  fields: z.array(datasetFieldSchema).max(MAX_DATASET_FIELDS),
});
export type DatasetMetadata = z.output<typeof datasetMetadataSchema>;

/** Metadata without its details: the digest of the fields in place of them, and no salt. */
export const withheldMetadataSchema = z.strictObject({
  ...headShape,
  salt: z.undefined().optional(),
  fieldsDigest: hex32,
});
export type WithheldMetadata = z.output<typeof withheldMetadataSchema>;

/** A published version as a node lists it. */
export const datasetListingSchema = z.strictObject({
  id: hex32,
  rows: z.int().min(0),
  metadata: datasetMetadataSchema,
});
export type DatasetListing = z.output<typeof datasetListingSchema>;

/** The metadata hash on chain; the same for metadata and for what is shown of it. */
export function metadataHash(metadata: DatasetMetadata | WithheldMetadata): string {
  const { fieldsDigest, ...head } = 'fieldsDigest' in metadata ? metadata : withheld(metadata);
  return digestHex(domains.datasetVersion, { ...head, fieldsDigest });
}

/** What is shown of a version whose owner does not share it. */
export function withheld(metadata: DatasetMetadata): WithheldMetadata {
  const { fields, salt, ...head } = metadata;
  return { ...head, fieldsDigest: digestHex(domains.datasetFields, { salt: salt ?? null, fields }) };
}

/** Whether members may ask for it, and see its fields. */
export function isShared({
  entry,
}: {
  readonly entry?: { readonly sharing: { readonly type: string } } | undefined;
}): boolean {
  return entry?.sharing.type !== 'none';
}

/** Highest class of the items (GB/T 43697); general where nothing is said. */
export function dataClassOf(fields: readonly DatasetField[]): DataClass {
  const classes = fields.map(({ item }) => item?.dataClass ?? 'general');
  return (['core', 'important'] as const).find((found) => classes.includes(found)) ?? 'general';
}
