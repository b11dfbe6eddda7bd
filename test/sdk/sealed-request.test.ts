import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { DatasetListing } from '@sealedger/protocol/dataset.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import type { Model, ModelFeature } from '@sealedger/protocol/model.ts';
import { modelDigest, requestDocumentSchema, requestParameters } from '@sealedger/protocol/request.ts';
import { parseWeightRecord } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { planRequest, type RequestTermsInput, sealRequest } from '@sealedger/sdk/sealed-request.ts';
import { assertFree, everythingOf, refusal } from '../node/support/refusals.ts';
import { EXPIRES_AT, hexOf } from '../node/support/request-fixture.ts';

function listing(owner: string, kind: 'features' | 'register' = 'features'): DatasetListing {
  const metadata = {
    suite: SUITE,
    version: 1 as const,
    owner,
    name: `${owner}-set`,
    datasetVersion: 3,
    kind,
    level: 3,
    fields: [],
  };
  return { id: hexOf(owner.charCodeAt(0)), rows: 10, metadata } as DatasetListing;
}

const linear = (party: string, weight = 0.5): ModelFeature => ({
  party,
  field: 'x',
  transform: 'linear',
  weight,
  clip: [0, 10],
  mean: 5,
  std: 2,
  missing: 1,
});
const equals = (party: string, weight = 1): ModelFeature => ({
  party,
  field: 'y',
  transform: 'equals',
  weight,
  value: 'A',
});
const modelOf = (...features: ModelFeature[]): Model => ({ kind: 'logistic', intercept: -1.25, features });

function terms(owners: readonly string[], change: Partial<RequestTermsInput> = {}): RequestTermsInput {
  return {
    requester: 'bank',
    purpose: 'credit-underwriting',
    legalBasis: { code: 'consent', text: 'consent of the applicant' },
    subjects: 'person',
    contact: { unit: 'risk', person: 'officer on duty', channel: 'risk@bank.example' },
    certifier: null,
    consent: null,
    attachments: [],
    previous: null,
    totalWidthLog2: -12,
    datasets: owners.map((owner) => listing(owner)),
    register: listing('bureau', 'register'),
    gates: ['bureau', 'audit'],
    quota: 10,
    expiresAt: EXPIRES_AT,
    qualityFloor: null,
    nonce: hexOf(1),
    sheetSalt: () => hexOf(2),
    ...change,
  };
}

describe('the plan of a request', () => {
  it('asks of departments what is theirs, and keeps the bank’s own features at home', () => {
    const plan = planRequest(
      modelOf(linear('tax'), linear('bank', 77), equals('court')),
      terms(['court', 'tax', 'water']),
    );
    assert.deepEqual(
      plan.draft.features.map(({ party }) => party),
      ['court', 'tax'],
    );
    assert.deepEqual(
      plan.draft.datasets.map(({ owner, version }) => [owner, version]),
      [
        ['court', 3],
        ['tax', 3],
      ],
    );
    assert.equal(plan.draft.singleDepartment, false);
    assert.equal(plan.offset, -1.25 + (0.5 * -5) / 2);
    assert.deepEqual(plan.parameters, requestParameters(plan.draft));
  });

  it('carries the floor of the data, from 1 to 10000 basis points, or none', () => {
    const model = modelOf(linear('tax'), linear('court'));
    const floorOf = (qualityFloor: number | null) =>
      planRequest(model, terms(['court', 'tax'], { qualityFloor })).draft;
    assert.equal(floorOf(null).qualityFloor, null);
    assert.equal(floorOf(9_000).qualityFloor, 9_000);
    const isDocument = (qualityFloor: number | null) =>
      requestDocumentSchema.safeParse({ ...floorOf(qualityFloor), modelDigest: hexOf(1) }).success;
    assert.deepEqual([null, 1, 10_000].map(isDocument), [true, true, true]);
    assert.deepEqual([0, -1, 10_001, 90.5].map(isDocument), [false, false, false, false]);
  });

  it('says so where one department is alone', () => {
    assert.equal(
      planRequest(modelOf(linear('tax'), equals('tax')), terms(['court', 'tax'])).draft.singleDepartment,
      true,
    );
  });

  it('takes the widest values that the noise leaves room for: fewer features, more bits', () => {
    const widthOf = (count: number): number =>
      planRequest(
        modelOf(...Array.from({ length: count }, (_, i) => linear(i % 2 ? 'tax' : 'court'))),
        terms(['court', 'tax']),
      ).valueBits;
    const [few, many] = [widthOf(2), widthOf(256)];
    assert.equal(few, 20);
    assert.ok(many < few && many >= 14, String(many));
  });

  it('of 31 departments still fits, and of one participant more does not', () => {
    const owners = Array.from({ length: 31 }, (_, i) => `d${i}`);
    const model = modelOf(...owners.map((owner) => equals(owner)));
    planRequest(model, terms(owners, { gates: ['bureau'] }));
    assert.throws(() => planRequest(model, terms(owners)), refusal('RLWE_PARAMETERS_PARTICIPANTS'));
  });

  it('is refused without a department’s feature, and where scores would overflow', () => {
    assert.throws(() => planRequest(modelOf(linear('bank')), terms(['tax'])), refusal('MODEL_WITHOUT_DEPARTMENT'));
    assert.throws(() => planRequest(modelOf(equals('tax', 1e12)), terms(['tax'])), refusal('SCORE_RANGE_OVERFLOW'));
    assert.throws(
      () => planRequest(modelOf(...Array.from({ length: 257 }, () => linear('tax'))), terms(['tax'])),
      refusal('RLWE_PARAMETERS_FEATURES', { party: 'tax' }),
    );
  });
});

describe('a sealed request', () => {
  const plan = planRequest(modelOf(linear('tax', 0.123456789), equals('court', -4.5)), terms(['court', 'tax']));

  it('is a valid document that names its records by digest, one for each feature, in order', async () => {
    const owner = await createSealedModelOwner({ parameters: plan.parameters });
    const { document, manifest, weightRecords } = sealRequest(plan, owner);
    requestDocumentSchema.parse(document);
    assert.equal(document.modelDigest, modelDigest(manifest));
    const digests = weightRecords.map((record) => createHash('sha256').update(record).digest('hex'));
    assert.deepEqual(manifest.weights, digests);
    assert.equal(manifest.publicKey, createHash('sha256').update(owner.publicKeyRecord).digest('hex'));
    for (const record of weightRecords) parseWeightRecord(record);
    const secret = toHex(owner.secretKeyBytes()).slice(200, 264);
    assertFree(everythingOf({ document, manifest }), [
      '0.123456789',
      '-4.5',
      '-1.25',
      String(plan.weights[0]),
      String(plan.weights[1]),
      secret,
    ]);
    owner.delete();
  });

  it('has other ciphertexts each time, also of equal weights', async () => {
    const equal = planRequest(modelOf(equals('tax', 2), equals('court', 2)), terms(['court', 'tax']));
    const owner = await createSealedModelOwner();
    const [first, second] = [sealRequest(equal, owner), sealRequest(equal, owner)];
    assert.notEqual(first.document.modelDigest, second.document.modelDigest);
    assert.equal(new Set([...first.manifest.weights, ...second.manifest.weights]).size, 4);
    owner.delete();
  });
});
