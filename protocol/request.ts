/**
 * The request for a sealed joint score, and the manifest of the sealed model it names.
 *
 * The document goes to every owner and gate; its digest is the request id on chain, so what was approved cannot be
 * changed afterwards. The manifest's digest is the model digest on chain.
 */
import { z } from 'zod';
import { digestHex } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { featureDefinitionSchema } from './model.ts';
import { deriveParameters, MAX_PARTICIPANTS, type RlweParameters } from './rlwe/parameters.ts';
import { RING_TAG } from './rlwe/ring.ts';
import { hex32, organisationId, purposeCode } from './schema.ts';

export const sealedModelManifestSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  ring: z.literal(RING_TAG),
  /** SHA-256 of the public-key record. */
  publicKey: hex32,
  /** SHA-256 of each weight record, in the order of the request's features. */
  weights: z.array(hex32).min(1).max(4096),
});
export type SealedModelManifest = z.output<typeof sealedModelManifestSchema>;

/** The model digest that stands on chain. */
export function modelDigest(manifest: SealedModelManifest): string {
  return digestHex(domains.model, manifest);
}

export const requestDocumentSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requester: organisationId,
  purpose: purposeCode,
  legalBasis: z.string().min(1).max(2000),
  computation: z.literal('sealed-scoring'),
  datasets: z
    .array(z.strictObject({ owner: organisationId, name: z.string().max(31), version: z.int().positive(), id: hex32 }))
    .min(1)
    .max(MAX_PARTICIPANTS),
  register: z.strictObject({ owner: organisationId, name: z.string().max(31), version: z.int().positive(), id: hex32 }),
  gates: z.array(organisationId).min(1).max(8),
  /** Definitions of all departments' features; each department's weights are numbered in this order. */
  features: z.array(featureDefinitionSchema).min(1).max(4096),
  modelDigest: hex32,
  /** s: a score integer is the logit times 2^s; it sizes the release noise. */
  scaleBits: z.int().min(1).max(40),
  noisePolicy: z.strictObject({ kind: z.literal('centred-uniform'), totalWidthLog2: z.literal(-12) }),
  /** The certificate of DESIGN.md 3.2; its issue is still to come, so only its place is kept. */
  modelCertificate: z.null(),
  singleDepartment: z.boolean(),
  quota: z.int().positive(),
  /** Seconds since the epoch. */
  expiresAt: z.int().positive(),
  /** Makes two requests of equal content distinct. */
  nonce: hex32,
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
export function requestParameters(document: Pick<RequestDocument, 'datasets' | 'features' | 'gates'>): RlweParameters {
  const departments = document.datasets.map(({ owner }) => ({
    party: owner,
    valueBits: document.features.filter((feature) => feature.party === owner).map((feature) => feature.valueBits),
  }));
  return deriveParameters({ departments, gates: document.gates.length });
}

/** Indexes, in the request's order, of the features of one department. */
export function featureIndexes(document: RequestDocument, party: string): readonly number[] {
  return document.features.flatMap((feature, index) => (feature.party === party ? [index] : []));
}
