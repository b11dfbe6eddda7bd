/**
 * The request for a sealed joint score, and the manifest of the sealed model it names.
 *
 * The document goes to every owner and gate; its digest is the request id on chain, so what was approved cannot be
 * changed afterwards. The manifest's digest is the model digest on chain.
 */
import { z } from 'zod';
import { digestHex } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { noiseBitsFit } from './fixed-point.ts';
import { valueBits as bits, featureDefinitionSchema } from './model.ts';
import { isBasisFor, legalBasisSchema, purposeSchema } from './purposes.ts';
import { deriveParameters, MAX_FEATURES, MAX_PARTICIPANTS, type RlweParameters } from './rlwe/parameters.ts';
import { RING_TAG } from './rlwe/ring.ts';
import { hex32, organisationId, plainText } from './schema.ts';

export const sealedModelManifestSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  ring: z.literal(RING_TAG),
  /** SHA-256 of the public-key record. */
  publicKey: hex32,
  /** SHA-256 of each weight record, in the order of the request's features. */
  weights: z.array(hex32).min(1).max(4096),
  /** What the weights stand for: commitments to the sheets in the request's order, and the scale. A certificate of this
   * model is none for the same ciphertexts under other definitions. */
  sheets: z.array(hex32).min(1).max(MAX_PARTICIPANTS),
  scaleBits: z.int().min(1).max(40),
});
export type SealedModelManifest = z.output<typeof sealedModelManifestSchema>;

/** The model digest that stands on chain. */
export function modelDigest(manifest: SealedModelManifest): string {
  return digestHex(domains.model, manifest);
}

/** The part of a manifest that is not the document's; null where it is the manifest of the model that is named there. */
export function manifestMismatch(
  manifest: SealedModelManifest,
  document: Pick<RequestDocument, 'modelDigest' | 'features' | 'scaleBits'>,
): 'manifest' | 'number of weights' | 'sheets' | 'scale' | null {
  if (modelDigest(manifest) !== document.modelDigest) return 'manifest';
  if (manifest.weights.length !== featureCount(document)) return 'number of weights';
  if (manifest.sheets.join() !== document.features.map(({ sheet }) => sheet).join()) return 'sheets';
  return manifest.scaleBits === document.scaleBits ? null : 'scale';
}

const namedVersion = z.strictObject({
  owner: organisationId,
  name: z.string().max(31),
  version: z.int().positive(),
  id: hex32,
});

/** Width of all departments' release noise together, as a power of two of a logit. */
export const noiseWidthLog2 = z.int().min(-20).max(0);
export const DEFAULT_NOISE_WIDTH_LOG2 = -12;

export const noisePolicySchema = z.strictObject({
  kind: z.literal('centred-uniform'),
  totalWidthLog2: noiseWidthLog2,
});

export const MAX_ATTACHMENTS = 16;
export const MAX_ATTACHMENT_BYTES = 16 << 20;

/** A file that goes with the request, by its digest: a specimen of the consent form, a committee's minutes. */
export const attachmentSchema = z.strictObject({
  name: plainText(128),
  mediaType: z.string().regex(/^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,63}$/, 'a media type such as application/pdf'),
  bytes: z.int().min(1).max(MAX_ATTACHMENT_BYTES),
  sha256: hex32,
});
export type Attachment = z.output<typeof attachmentSchema>;

/** Who answers for the request; it goes to owners and gates, never into an event or onto the chain. */
export const contactSchema = z.strictObject({
  unit: plainText(128),
  person: plainText(64),
  /** Telephone, mail address or the like. */
  channel: plainText(128),
});
export type Contact = z.output<typeof contactSchema>;

const documentShape = {
  suite: z.literal(SUITE),
  version: z.literal(1),
  requester: organisationId,
  purpose: purposeSchema,
  legalBasis: z.strictObject({ code: legalBasisSchema, text: plainText(2000) }),
  /** Whose data: natural persons, or enterprises and the like. */
  subjects: z.enum(['person', 'enterprise']),
  contact: contactSchema,
  computation: z.literal('sealed-scoring'),
  /** What comes out: one score of one subject at a time. */
  output: z.literal('subject-score'),
  datasets: z.array(namedVersion).min(1).max(MAX_PARTICIPANTS),
  register: namedVersion,
  gates: z.array(organisationId).min(1).max(8),
  /**
   * One entry for each department, in the order of the datasets: how many features of which width it is asked for, which
   * everybody needs for the noise bound, and the commitment to its sheet, which only that department gets.
   */
  features: z
    .array(z.strictObject({ party: organisationId, valueBits: z.array(bits).min(1).max(MAX_FEATURES), sheet: hex32 }))
    .min(1)
    .max(MAX_PARTICIPANTS),
  modelDigest: hex32,
  /** s: a score integer is the logit times 2^s; it sizes the release noise. */
  scaleBits: z.int().min(1).max(40),
  /** What is asked for; owners' policies bound it. */
  noisePolicy: noisePolicySchema,
  /** The regulator that certifies the model; null for none, which an owner may refuse. */
  certifier: organisationId.nullable(),
  /** Who holds the log of consents that counts for this request: the bank itself or a consent authority. */
  consent: z.strictObject({ holder: organisationId }).nullable(),
  attachments: z.array(attachmentSchema).max(MAX_ATTACHMENTS),
  singleDepartment: z.boolean(),
  /** Score in basis points below which no dataset version may enter, as recorded on chain; null for none. */
  qualityFloor: z.int().min(1).max(10_000).nullable(),
  quota: z.int().positive(),
  /** Seconds since the epoch. */
  expiresAt: z.int().positive(),
  /** The request of the same requester that this one changes or prolongs; it ends when this one becomes active. */
  previous: z.strictObject({ requestId: hex32, change: z.enum(['amendment', 'renewal']) }).nullable(),
  /** Makes two requests of equal content distinct. */
  nonce: hex32,
} as const;

export const requestDocumentSchema = z
  .strictObject(documentShape)
  .refine(({ legalBasis, subjects }) => isBasisFor(legalBasis.code, subjects), {
    error: 'this ground is none for such subjects',
    path: ['legalBasis', 'code'],
  })
  .refine(({ scaleBits, noisePolicy }) => noiseBitsFit(scaleBits, noisePolicy.totalWidthLog2), {
    error: 'at this scale the noise would be rounded away or not fit',
    path: ['scaleBits'],
  })
  .refine(({ attachments }) => new Set(attachments.map(({ sha256 }) => sha256)).size === attachments.length, {
    error: 'two attachments have one digest',
    path: ['attachments'],
  });
export type RequestDocument = z.output<typeof requestDocumentSchema>;

/** The request id: digest of the document. */
export function requestId(document: RequestDocument): string {
  return digestHex(domains.request, document);
}

/**
 * The parameters that follow from a request: every party derives them, none is told.
 * @throws {ProtocolError} RLWE_PARAMETERS_* where the schema does not fit.
 */
export function requestParameters(document: Pick<RequestDocument, 'features' | 'gates'>): RlweParameters {
  const departments = document.features.map(({ party, valueBits }) => ({ party, valueBits }));
  return deriveParameters({ departments, gates: document.gates.length });
}

/** Indexes of one department's weights among all: departments in the request's order, then features in their sheet's. */
export function featureIndexes(document: Pick<RequestDocument, 'features'>, party: string): readonly number[] {
  let first = 0;
  for (const entry of document.features) {
    if (entry.party === party) return entry.valueBits.map((_, i) => first + i);
    first += entry.valueBits.length;
  }
  return [];
}

/** Number of all departments' features. */
export function featureCount(document: Pick<RequestDocument, 'features'>): number {
  return document.features.reduce((sum, { valueBits }) => sum + valueBits.length, 0);
}

/**
 * The features of one department in clear; the salt keeps the others from guessing them out of the commitment. The dataset
 * is named here, so that no certificate of a model counts for another dataset whose fields have the same names.
 */
export const featureSheetSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  party: organisationId,
  dataset: z.string().min(1).max(31),
  salt: hex32,
  definitions: z.array(featureDefinitionSchema).min(1).max(MAX_FEATURES),
});
export type FeatureSheet = z.output<typeof featureSheetSchema>;

/** The commitment to a sheet that stands in the request. */
export function sheetDigest(sheet: FeatureSheet): string {
  return digestHex(domains.featureSheet, sheet);
}

/** What is sent to an owner or a gate: the document, and to a department its sheet. */
export const requestDeliverySchema = z.strictObject({
  document: requestDocumentSchema,
  sheet: featureSheetSchema.nullable(),
});

/** Whether a sheet is the one that the request names for a department; of a party without features there is none. */
export function isSheetOf(
  document: Pick<RequestDocument, 'datasets' | 'features'>,
  sheet: FeatureSheet | null,
  party: string,
): boolean {
  const entry = document.features.find((candidate) => candidate.party === party);
  if (entry === undefined || sheet === null) return entry === undefined && sheet === null;
  return (
    sheet.party === party &&
    sheetDigest(sheet) === entry.sheet &&
    document.datasets.some(({ owner, name }) => owner === party && name === sheet.dataset) &&
    sheet.definitions.every((definition) => definition.party === party) &&
    sheet.definitions.map((definition) => definition.valueBits).join() === entry.valueBits.join()
  );
}

/**
 * Checks a department's sheet against the request.
 * @throws {ProtocolError} REQUEST_SHEET_MISMATCH
 */
export function assertSheet(document: RequestDocument, sheet: FeatureSheet | null, party: string): void {
  if (!isSheetOf(document, sheet, party)) throw new ProtocolError('REQUEST_SHEET_MISMATCH', {});
}
