/**
 * From a model in clear to a request: definitions for the departments, sealed weights, the document that is signed.
 *
 * Learns: departments, the definitions of their features and the ciphertexts; the weights stay sealed.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { DatasetListing } from '@sealedger/protocol/dataset.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { largestValue, quantiseWeights, releaseNoiseReach } from '@sealedger/protocol/fixed-point.ts';
import { featureDefinition, type Model, type ModelFeature } from '@sealedger/protocol/model.ts';
import {
  type FeatureSheet,
  modelDigest,
  type RequestDocument,
  requestParameters,
  type SealedModelManifest,
  sheetDigest,
} from '@sealedger/protocol/request.ts';
import { assertScoreRange, type RlweParameters } from '@sealedger/protocol/rlwe/parameters.ts';
import { RING_TAG } from '@sealedger/protocol/rlwe/ring.ts';
import type { SealedModelOwner } from './he-client.ts';

/** What the bank asks, beside the model. */
export interface RequestTermsInput {
  readonly requester: string;
  readonly purpose: RequestDocument['purpose'];
  readonly legalBasis: RequestDocument['legalBasis'];
  readonly subjects: RequestDocument['subjects'];
  readonly contact: RequestDocument['contact'];
  readonly certifier: string | null;
  readonly consent: RequestDocument['consent'];
  readonly attachments: RequestDocument['attachments'];
  readonly previous: RequestDocument['previous'];
  /** Width of the release noise as a power of two of a logit, -20 to 0. */
  readonly totalWidthLog2: number;
  readonly datasets: readonly DatasetListing[];
  readonly register: DatasetListing;
  readonly gates: readonly string[];
  readonly quota: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Score in basis points, 1 to 10000; null for none. */
  readonly qualityFloor: number | null;
  /** 32 bytes in hex. */
  readonly nonce: string;
  /** A fresh salt of 32 bytes in hex for the sheet of one department. */
  readonly sheetSalt: () => string;
}

/** The departments' part of a model in integers, ready to be sealed. */
export interface RequestPlan {
  readonly features: readonly ModelFeature[];
  readonly valueBits: number;
  readonly weights: readonly bigint[];
  readonly scaleBits: number;
  /** What the bank adds to an opened score, in logits, beside its own features. */
  readonly offset: number;
  readonly parameters: RlweParameters;
  readonly draft: Omit<RequestDocument, 'modelDigest'>;
  /** One for each department, in the order of the request. */
  readonly sheets: readonly FeatureSheet[];
}

/** Widths of linear features that are tried, widest first: the widest that the noise leaves room for is taken. */
const WIDTHS = [20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10] as const;

/**
 * Plans the request for a model: widths, integer weights, parameters.
 * @param model - checked by parseModel.
 * @throws {ProtocolError} MODEL_WITHOUT_DEPARTMENT, SCORE_RANGE_OVERFLOW, RLWE_PARAMETERS_*
 */
export function planRequest(model: Model, terms: RequestTermsInput): RequestPlan {
  const owners = terms.datasets.map((dataset) => dataset.metadata.owner);
  const features = owners.flatMap((owner) => model.features.filter(({ party }) => party === owner));
  if (features.length === 0) throw new ProtocolError('MODEL_WITHOUT_DEPARTMENT', {});
  const { valueBits, parameters, draft, sheets } = widest(features, terms);
  const definitions = sheets.flatMap((sheet) => sheet.definitions);
  const { totalWidthLog2 } = terms;
  const quantised = quantiseWeights(
    features.map((feature, i) => ({ feature, valueBits: definitions[i]!.valueBits })),
    totalWidthLog2,
  );
  const reach = quantised.weights.reduce(
    (sum, weight, i) => sum + (weight < 0n ? -weight : weight) * BigInt(largestValue(definitions[i]!.valueBits)),
    0n,
  );
  assertScoreRange(reach, releaseNoiseReach(quantised.scaleBits, totalWidthLog2));
  return {
    features,
    valueBits,
    weights: quantised.weights,
    scaleBits: quantised.scaleBits,
    offset: quantised.offset + model.intercept,
    parameters,
    draft: { ...draft, scaleBits: quantised.scaleBits },
    sheets,
  };
}

/** Seals the weights and names them in the manifest. @returns the document, the manifest, and the records by feature. */
export function sealRequest(
  plan: RequestPlan,
  owner: SealedModelOwner,
): {
  readonly document: RequestDocument;
  readonly manifest: SealedModelManifest;
  readonly weightRecords: readonly Uint8Array[];
} {
  const weightRecords = owner.encryptWeights([...plan.weights]);
  const manifest: SealedModelManifest = {
    suite: SUITE,
    version: 1,
    ring: RING_TAG,
    publicKey: toHex(sha256(owner.publicKeyRecord)),
    weights: weightRecords.map((record) => toHex(sha256(record))),
    sheets: plan.draft.features.map(({ sheet }) => sheet),
    scaleBits: plan.scaleBits,
  };
  return { document: { ...plan.draft, modelDigest: modelDigest(manifest) }, manifest, weightRecords };
}

type Draft = Omit<RequestDocument, 'modelDigest'>;
type Widest = Pick<RequestPlan, 'valueBits' | 'parameters' | 'draft' | 'sheets'>;

function widest(features: readonly ModelFeature[], terms: RequestTermsInput): Widest {
  let refusal: unknown;
  for (const valueBits of WIDTHS) {
    const sheets = sheetsOf(features, terms, valueBits);
    const draft = draftOf(sheets, terms);
    try {
      return { valueBits, parameters: requestParameters(draft), draft, sheets };
    } catch (error) {
      if (!isProtocolError(error, 'RLWE_PARAMETERS_NOISE')) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function sheetsOf(features: readonly ModelFeature[], terms: RequestTermsInput, valueBits: number): FeatureSheet[] {
  const parties = [...new Set(features.map(({ party }) => party))];
  const datasets = new Map(terms.datasets.map(({ metadata }) => [metadata.owner, metadata.name]));
  return parties.map((party) => ({
    suite: SUITE,
    version: 1,
    party,
    dataset: datasets.get(party)!,
    salt: terms.sheetSalt(),
    definitions: features
      .filter((feature) => feature.party === party)
      .map((feature) => featureDefinition(feature, valueBits)),
  }));
}

function draftOf(sheets: readonly FeatureSheet[], terms: RequestTermsInput): Draft {
  const asked = terms.datasets.filter(({ metadata }) => sheets.some(({ party }) => party === metadata.owner));
  const named = ({ id, metadata }: DatasetListing) => ({
    owner: metadata.owner,
    name: metadata.name,
    version: metadata.datasetVersion,
    id,
  });
  return {
    suite: SUITE,
    version: 1,
    requester: terms.requester,
    purpose: terms.purpose,
    legalBasis: terms.legalBasis,
    subjects: terms.subjects,
    contact: terms.contact,
    computation: 'sealed-scoring',
    output: 'subject-score',
    datasets: asked.map(named),
    register: named(terms.register),
    gates: [...terms.gates],
    features: sheets.map((sheet) => ({
      party: sheet.party,
      valueBits: sheet.definitions.map((definition) => definition.valueBits),
      sheet: sheetDigest(sheet),
    })),
    scaleBits: 1,
    noisePolicy: { kind: 'centred-uniform', totalWidthLog2: terms.totalWidthLog2 },
    certifier: terms.certifier,
    consent: terms.consent,
    attachments: [...terms.attachments],
    singleDepartment: asked.length < 2,
    qualityFloor: terms.qualityFloor,
    quota: terms.quota,
    expiresAt: terms.expiresAt,
    previous: terms.previous,
    nonce: terms.nonce,
  };
}
