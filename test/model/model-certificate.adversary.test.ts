/** Who gets a certificate and who does not: real SEAL records, and records that no SEAL would make. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import {
  type CertificateSubmission,
  examineModel,
  packSecret,
  unpackSecret,
} from '@sealedger/protocol/model-certificate.ts';
import { type FeatureSheet, modelDigest, type SealedModelManifest, sheetDigest } from '@sealedger/protocol/request.ts';
import { RING_DEGREE, RING_TAG } from '@sealedger/protocol/rlwe/ring.ts';
import { serialisePublicKeyRecord, serialiseWeightRecord } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { scaled, ToyBank } from '../rlwe/toy-bank.ts';

const PARTIES = ['market', 'social', 'tax'];
const FIELDS = 4;
const VALUE_BITS = 16;
const SCALE_BITS = 30;
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function sheetsOf(clipHigh = 10): FeatureSheet[] {
  return PARTIES.map((party) => ({
    suite: SUITE,
    version: 1,
    party,
    dataset: 'rows',
    salt: sha(Buffer.from(party)),
    definitions: Array.from({ length: FIELDS }, (_, i) => ({
      party,
      field: `f${i}`,
      transform: 'linear' as const,
      clip: [0, clipHigh] as [number, number],
      missing: 0,
      valueBits: VALUE_BITS,
    })),
  }));
}

/** The integer weight that gives a swing in logits. */
function weightOf(swing: number): bigint {
  return BigInt(Math.round((swing * 2 ** SCALE_BITS) / (2 ** VALUE_BITS - 1)));
}

function submissionOf(
  records: { publicKeyRecord: Uint8Array; weightRecords: readonly Uint8Array[]; secret: Int32Array },
  sheets = sheetsOf(),
): CertificateSubmission {
  const manifest: SealedModelManifest = {
    suite: SUITE,
    version: 1 as const,
    ring: RING_TAG,
    publicKey: sha(records.publicKeyRecord),
    weights: records.weightRecords.map(sha),
    sheets: sheets.map(sheetDigest),
    scaleBits: SCALE_BITS,
  };
  const features = sheets.map((sheet) => ({
    party: sheet.party,
    valueBits: sheet.definitions.map((definition) => definition.valueBits),
    sheet: sheetDigest(sheet),
  }));
  const document = {
    requester: 'bank',
    modelDigest: modelDigest(manifest),
    datasets: sheets.map(({ party, dataset }) => ({
      owner: party,
      name: dataset,
      version: 1,
      id: sha(Buffer.from(party)),
    })),
    features,
    scaleBits: SCALE_BITS,
    noisePolicy: { kind: 'centred-uniform' as const, totalWidthLog2: -12 },
  };
  return { document, sheets, manifest, ...records };
}

const spread = [1, -0.5, 0.7, 1.2, -1, 0.8, 0.9, 0.4, 1.1, -0.6, 0.5, 1];

describe('a model certificate', () => {
  let owner: SealedModelOwner;
  const sealed = (swings: readonly number[], sheets = sheetsOf()): CertificateSubmission =>
    submissionOf(
      {
        publicKeyRecord: owner.publicKeyRecord,
        weightRecords: owner.encryptWeights(swings.map(weightOf)),
        secret: owner.secretCoefficients(),
      },
      sheets,
    );
  before(async () => {
    owner = await createSealedModelOwner();
  });
  after(() => owner.delete());

  it('is given to an honest model and names what was looked at', () => {
    const submission = sealed(spread);
    const { certificate, exposure } = examineModel(submission, []);
    assert.equal(certificate.modelDigest, submission.document.modelDigest);
    assert.deepEqual(certificate.sheets, submission.sheets.map(sheetDigest));
    assert.deepEqual(certificate.comparedWith, []);
    assert.ok(exposure.effectiveFeatures > 9 && exposure.featureLeverage < 0.2);
  });

  it('says nothing of the weights', () => {
    const text = JSON.stringify(examineModel(sealed(spread), []).certificate);
    const other = JSON.stringify(examineModel(sealed(spread.map((swing) => -swing)), []).certificate);
    const neutral = (json: string): string => json.replace(/"modelDigest":"[0-9a-f]+"/, '');
    assert.equal(neutral(text), neutral(other));
  });

  it('is refused to one-hot models, with and without tiny weights beside', () => {
    for (const rest of [0, 0.001]) {
      const swings = spread.map((_, i) => (i === 5 ? 3 : rest));
      assert.throws(() => examineModel(sealed(swings), []), {
        code: 'CERTIFICATE_EXPOSURE',
        details: { measure: 'effective-features' },
      });
    }
  });

  it('is refused to a model of one department in the clothes of three', () => {
    const swings = spread.map((swing, i) => (i < FIELDS ? swing : 0.001));
    assert.throws(() => examineModel(sealed(swings), []), { details: { measure: 'party-leverage' } });
  });

  it('is refused where it differs from an earlier model in one feature or one department', () => {
    const first = examineModel(sealed(spread), []).certified;
    const oneFeature = spread.map((swing, i) => (i === 7 ? swing + 0.5 : swing));
    const oneParty = spread.map((swing, i) => (i < FIELDS ? swing + 0.3 * (i + 1) : swing));
    assert.throws(() => examineModel(sealed(oneFeature), [first]), { details: { measure: 'feature-leverage' } });
    assert.throws(() => examineModel(sealed(oneParty), [first]), { details: { measure: 'party-leverage' } });
    const retrained = spread.map((swing, i) => swing * (1 + 0.2 * Math.sin(i)));
    const { certificate } = examineModel(sealed(retrained), [first]);
    assert.deepEqual(certificate.comparedWith, [first.modelDigest]);
  });

  it('is refused where a difference hides behind a clip that moved', () => {
    const first = examineModel(sealed(spread), []).certified;
    const swings = spread.map((swing, i) => (i === 7 ? swing + 0.5 : swing));
    assert.throws(() => examineModel(sealed(swings, sheetsOf(10.001)), [first]), { code: 'CERTIFICATE_EXPOSURE' });
    const moved = sheetsOf();
    const definition = moved[1]!.definitions[3]!;
    moved[1]!.definitions[3] = { ...definition, clip: [0, 1000] } as typeof definition;
    assert.throws(() => examineModel(sealed(spread, moved), [first]), { code: 'CERTIFICATE_EXPOSURE' });
  });

  it('is given again to the same model', () => {
    const submission = sealed(spread);
    const { certified } = examineModel(submission, []);
    assert.deepEqual(examineModel(submission, [certified]).certificate.comparedWith, []);
    examineModel(sealed(spread), [certified]);
  });

  it('is refused where the parts are not those of the sealed model', () => {
    const submission = sealed(spread);
    const other = sealed(spread.map((swing) => 2 * swing));
    const changes: readonly (readonly [string, Partial<CertificateSubmission>])[] = [
      ['weights', { weightRecords: other.weightRecords }],
      ['manifest', { manifest: other.manifest }],
      ['sheets', { sheets: sheetsOf(11) }],
      ['sheets', { sheets: submission.sheets.slice(1) }],
      ['public key', { publicKeyRecord: submission.weightRecords[0]! }],
    ];
    for (const [part, change] of changes) {
      assert.throws(() => examineModel({ ...submission, ...change }, []), {
        code: 'CERTIFICATE_SUBMISSION',
        details: { part },
      });
    }
    assert.throws(() => examineModel({ ...submission, secret: new ToyBank('x').secret }, []), {
      code: 'CERTIFICATE_KEY',
    });
  });

  it('carries its secret in 2,048 bytes', () => {
    const secret = owner.secretCoefficients();
    const packed = packSecret(secret);
    assert.equal(packed.length, 2048);
    assert.deepEqual(unpackSecret(packed), secret);
    assert.throws(() => unpackSecret(packed.subarray(1)), { code: 'BYTES_LENGTH' });
    const wrong = packed.slice();
    wrong[9]! |= 3;
    assert.throws(() => examineModel({ ...sealed(spread), secret: unpackSecret(wrong) }, []), {
      code: 'RLWE_SECRET_NOT_TERNARY',
    });
  });
});

describe('a model that no SEAL would make', () => {
  const bank = new ToyBank('dishonest');
  const dishonest = (name: string, message: readonly bigint[]): CertificateSubmission => {
    const weights = spread.map((swing, i) => bank.weight(`${name} ${i}`, weightOf(swing)));
    weights[4] = bank.seal(name, message);
    return submissionOf({
      publicKeyRecord: serialisePublicKeyRecord(bank.publicKey()),
      weightRecords: weights.map(serialiseWeightRecord),
      secret: bank.secret,
    });
  };
  const constant = scaled(weightOf(spread[4]!));

  it('passes where it is honest all the same', () => {
    examineModel(dishonest('honest', [constant]), []);
  });

  it('gets no certificate for a weight that reads a neighbour, nor for noise of 2^60', () => {
    const neighbour = Array.from({ length: RING_DEGREE }, (_, i) => (i === 1 ? scaled(1n << 22n) : 0n));
    neighbour[0] = constant;
    const noisy = Array.from({ length: RING_DEGREE }, () => 0n);
    noisy[0] = constant;
    noisy[9] = 1n << 60n;
    for (const [name, message, flaw] of [
      ['neighbour', neighbour, 'not-constant'],
      ['noisy', noisy, 'noise'],
    ] as const) {
      assert.throws(() => examineModel(dishonest(name, message), []), {
        code: 'CERTIFICATE_WEIGHT',
        details: { feature: 4, flaw },
      });
    }
    assert.ok(toHex(packSecret(bank.secret)).length === 4096);
  });
});
