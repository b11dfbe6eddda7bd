/**
 * The model certificate: an independent party's word that a sealed model is made of honest, bounded weights over enough
 * features, and that it does not lay features bare together with the bank's earlier models.
 *
 * Parties: the bank opens its secret key and its feature sheets to the certifier (a regulator or an agreed auditor),
 * and to nobody else. Learns: the certifier the model; everybody else, that it passed these floors. The certifier keeps
 * the swings of each model it certified, sealed at rest, to hold the next one against them.
 * Source: DESIGN.md 3.2, "model certificate"; docs/sealed-scoring.md.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { toHex } from './bytes.ts';
import { canonicalText } from './canonical.ts';
import { SUITE } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { largestValue, releaseNoiseReach } from './fixed-point.ts';
import { type FeatureDefinition, isMissing } from './model.ts';
import { type Exposure, type FeatureSwing, type ModelSwings, measureExposure } from './model-exposure.ts';
import {
  type FeatureSheet,
  isSheetOf,
  manifestMismatch,
  type RequestDocument,
  type SealedModelManifest,
  sheetDigest,
} from './request.ts';
import { assertScoreRange } from './rlwe/parameters.ts';
import { RING_DEGREE } from './rlwe/ring.ts';
import { createSecretKeyChecker } from './rlwe/secret-check.ts';
import { parsePublicKeyRecord, parseWeightRecord } from './rlwe/wire.ts';
import { hex32, organisationId } from './schema.ts';

const basisPoints = z.int().min(1).max(10_000);

/** What a model must keep to; integers, since the floors are signed. */
export const certificateFloorsSchema = z.strictObject({
  /** Least number of effective features (inverse Simpson index of the swings). */
  minEffectiveFeatures: z.int().min(1).max(8192),
  /** Largest leverage of one feature in the span of all the bank's models, in basis points. */
  maxFeatureLeverage: basisPoints,
  /** Largest share of one department in a combination of them; 10000 where one department is all there is. */
  maxPartyLeverage: basisPoints,
});
export type CertificateFloors = z.output<typeof certificateFloorsSchema>;

export const DEFAULT_CERTIFICATE_FLOORS: CertificateFloors = {
  minEffectiveFeatures: 3,
  maxFeatureLeverage: 9000,
  maxPartyLeverage: 9900,
};

/** What the certifier signs, in an envelope of the domain `modelCertificate`. */
export const modelCertificateSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  modelDigest: hex32,
  requester: organisationId,
  /** Commitments to the sheets that were looked at, in the order of the request. */
  sheets: z.array(hex32).min(1).max(32),
  scaleBits: z.int().min(1).max(40),
  floors: certificateFloorsSchema,
  /** Digests of the earlier models of this bank that it was held against. */
  comparedWith: z.array(hex32).max(1024),
});
export type ModelCertificate = z.output<typeof modelCertificateSchema>;

/** What a bank hands in; `secret` is {@link packSecret}'s input, which travels in a sealed box. */
export type CertificateSubmission = {
  readonly document: Pick<
    RequestDocument,
    'requester' | 'modelDigest' | 'datasets' | 'features' | 'scaleBits' | 'noisePolicy'
  >;
  readonly sheets: readonly FeatureSheet[];
  readonly manifest: SealedModelManifest;
  readonly publicKeyRecord: Uint8Array;
  /** In the order of the request's features. */
  readonly weightRecords: readonly Uint8Array[];
  /** Coefficients of the secret key, 8,192 of −1, 0 and 1. */
  readonly secret: Int32Array;
};

/** What the certifier keeps of a model. */
export type CertifiedModel = { readonly modelDigest: string; readonly swings: ModelSwings };

export type Examination = {
  readonly certificate: ModelCertificate;
  readonly certified: CertifiedModel;
  readonly exposure: Exposure;
};

/**
 * Reads a model: every weight and the public key are honest, and the parts are those of the request. Says nothing of how
 * much it gives away.
 * @throws {ProtocolError} CERTIFICATE_SUBMISSION where the parts do not belong together, CERTIFICATE_KEY,
 *   CERTIFICATE_WEIGHT with the feature's place and the flaw, SCORE_RANGE_OVERFLOW; RLWE_RECORD_*,
 *   RLWE_SECRET_NOT_TERNARY. No detail holds a weight.
 */
export function readModel(submission: CertificateSubmission): CertifiedModel {
  assertBelongTogether(submission);
  const weights = readWeights(submission);
  const { document, sheets } = submission;
  const definitions = sheets.flatMap((sheet) => sheet.definitions);
  const datasets = sheets.flatMap(({ dataset, definitions: { length } }) => new Array<string>(length).fill(dataset));
  const reach = weights.reduce((sum, weight, i) => {
    const size = weight < 0n ? -weight : weight;
    return sum + size * BigInt(largestValue(definitions[i]!.valueBits));
  }, 0n);
  assertScoreRange(reach, releaseNoiseReach(document.scaleBits, document.noisePolicy.totalWidthLog2));
  return {
    modelDigest: document.modelDigest,
    swings: definitions.map((definition, i) => swingOf(datasets[i]!, definition, weights[i]!, document.scaleBits)),
  };
}

/**
 * Examines a model.
 * @param history - all models of this bank that the certifier knows, in any order; the same model twice is one.
 * @throws {ProtocolError} as {@link readModel}; CERTIFICATE_EXPOSURE with the measure that was passed.
 */
export function examineModel(
  submission: CertificateSubmission,
  history: readonly CertifiedModel[],
  floors: CertificateFloors = DEFAULT_CERTIFICATE_FLOORS,
): Examination {
  const { document, sheets } = submission;
  const certified = readModel(submission);
  const earlier = history.filter((model) => model.modelDigest !== document.modelDigest);
  const exposure = measureExposure([...earlier, certified].map(({ swings }) => swings));
  assertExposure(exposure, floors);
  const certificate: ModelCertificate = {
    suite: SUITE,
    version: 1,
    modelDigest: document.modelDigest,
    requester: document.requester,
    sheets: sheets.map(sheetDigest),
    scaleBits: document.scaleBits,
    floors,
    comparedWith: earlier.map((model) => model.modelDigest).sort(),
  };
  return { certificate, certified, exposure };
}

/** Two bits a coefficient, 2,048 bytes. */
export function packSecret(secret: Int32Array): Uint8Array {
  const packed = new Uint8Array(RING_DEGREE / 4);
  secret.forEach((value, i) => {
    packed[i >> 2]! |= (value + 1) << (2 * (i & 3));
  });
  return packed;
}

/** @throws {ProtocolError} BYTES_LENGTH; a pair of bits that is no coefficient is found by the checker. */
export function unpackSecret(packed: Uint8Array): Int32Array {
  if (packed.length !== RING_DEGREE / 4) {
    throw new ProtocolError('BYTES_LENGTH', {
      what: 'packed secret key',
      expectedBytes: RING_DEGREE / 4,
      gotBytes: packed.length,
    });
  }
  return Int32Array.from({ length: RING_DEGREE }, (_, i) => ((packed[i >> 2]! >> (2 * (i & 3))) & 3) - 1);
}

/** Records, manifest, digest, sheets and widths name each other; otherwise another model than the sealed one is shown. */
function assertBelongTogether(submission: CertificateSubmission): void {
  const { document, sheets, manifest, publicKeyRecord, weightRecords } = submission;
  const refuse = (part: string): never => {
    throw new ProtocolError('CERTIFICATE_SUBMISSION', { part });
  };
  const mismatch = manifestMismatch(manifest, document);
  if (mismatch !== null) refuse(mismatch);
  if (toHex(sha256(publicKeyRecord)) !== manifest.publicKey) refuse('public key');
  const digests = weightRecords.map((record) => toHex(sha256(record)));
  if (digests.join() !== manifest.weights.join()) refuse('weights');
  const parties = document.features.map(({ party }) => party);
  const isAsked = parties.length === sheets.length && new Set(parties).size === parties.length;
  if (!isAsked || parties.some((party, i) => !isSheetOf(document, sheets[i]!, party))) refuse('sheets');
  if (sheets.flatMap((sheet) => sheet.definitions).length !== weightRecords.length) refuse('weights');
}

function readWeights({ secret, publicKeyRecord, weightRecords }: CertificateSubmission): bigint[] {
  const checker = createSecretKeyChecker(secret);
  try {
    const key = checker.checkPublicKey(parsePublicKeyRecord(publicKeyRecord));
    if (!key.isHonest) throw new ProtocolError('CERTIFICATE_KEY', { flaw: key.flaw });
    return weightRecords.map((record, feature) => {
      const checked = checker.checkWeight(parseWeightRecord(record));
      if (checked.isHonest) return checked.weight;
      throw new ProtocolError('CERTIFICATE_WEIGHT', { feature, flaw: checked.flaw });
    });
  } finally {
    checker.wipe();
  }
}

function swingOf(dataset: string, definition: FeatureDefinition, weight: bigint, scaleBits: number): FeatureSwing {
  const { valueBits, ...meaning } = definition;
  const { party, field, transform } = definition;
  const range = isConstant(definition) ? 0 : largestValue(valueBits);
  return {
    key: canonicalText({ dataset, ...meaning }),
    loose: canonicalText([party, field, transform, transform === 'equals' ? definition.value : null]),
    field: canonicalText([party, field]),
    party,
    swing: (Number(weight) * range) / 2 ** scaleBits,
    width: transform === 'linear' ? valueBits : null,
  };
}

/** Has one value whatever the cell says: a clip without width, an indicator of the text that stands for no value. */
function isConstant(definition: FeatureDefinition): boolean {
  if (definition.transform === 'linear') return definition.clip[0] === definition.clip[1];
  return definition.transform === 'equals' && isMissing(definition.value);
}

function assertExposure(exposure: Exposure, floors: CertificateFloors): void {
  const measures = [
    ['effective-features', exposure.effectiveFeatures >= floors.minEffectiveFeatures],
    ['feature-leverage', exposure.featureLeverage * 10_000 <= floors.maxFeatureLeverage],
    ['party-leverage', exposure.partyLeverage * 10_000 <= floors.maxPartyLeverage],
  ] as const;
  const broken = measures.find(([, holds]) => !holds);
  if (broken !== undefined) throw new ProtocolError('CERTIFICATE_EXPOSURE', { measure: broken[0] });
}
