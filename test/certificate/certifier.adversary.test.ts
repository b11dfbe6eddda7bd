/** Whom a regulator certifies and whom not: models that SEAL made, models that no SEAL would make, files of others. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, openEnvelope } from '@sealedger/protocol/envelope.ts';
import { modelCertificateSchema } from '@sealedger/protocol/model-certificate.ts';
import { requestId, sheetDigest } from '@sealedger/protocol/request.ts';
import { RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import {
  parsePublicKeyRecord,
  parseWeightRecord,
  type SeededCiphertext,
  serialisePublicKeyRecord,
  serialiseWeightRecord,
} from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { assertFree, refusal, refusalOf } from '../node/support/refusals.ts';
import { SealOracle } from '../rlwe/seal-oracle.ts';
import { scaled, ToyBank } from '../rlwe/toy-bank.ts';
import {
  createWorld,
  FIELD_NAMES,
  memoryStore,
  type Records,
  SPREAD,
  sealedBy,
  sheetsOf,
  submissionOf,
  weightOf,
} from './support/certifier-world.ts';
import { pairwiseInnocent, withNoise } from './support/forged.ts';

let owner: SealedModelOwner;
let other: SealedModelOwner;
let sealed: (swings: readonly number[]) => Records;
before(async () => {
  owner = await createSealedModelOwner();
  other = await createSealedModelOwner();
  sealed = sealedBy(owner);
});
after(() => {
  owner.delete();
  other.delete();
});

describe('a certificate', () => {
  it('is given to an honest model, signed by the certifier, and stands on chain for it and its bank', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const { certificate, certificateHash, state, exposure } = await world
      .certifier()
      .examine(await world.file(submission));
    const watch = world.parties.get('watch')!;
    const { body } = openEnvelope(certificate, {
      domain: domains.modelCertificate,
      key: { signer: 'watch', keyEpoch: 1, publicKey: watch.ed25519 },
      now: new Date(world.nowMs),
      schema: modelCertificateSchema,
    });
    assert.equal(body.modelDigest, submission.document.modelDigest);
    assert.deepEqual(body.sheets, submission.sheets.map(sheetDigest));
    assert.equal(certificateHash, toHex(envelopeDigest(certificate!)));
    const standing = world.certificates.get(`${submission.document.modelDigest}/watch`)!;
    assert.deepEqual([standing.requester, standing.certificateHash], ['bank', certificateHash]);
    assert.ok(state === 'certified' && exposure!.effectiveFeatures > 9 && exposure!.rank === 1);
  });

  it('is the same for the same model, now and after a restart', async () => {
    const world = createWorld();
    const store = memoryStore();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const first = await world.certifier('watch', store).examine(await world.file(submission));
    world.nowMs += 60_000;
    const again = await world.certifier('watch', store).examine(await world.file(submission));
    assert.deepEqual(again, first);
    assert.equal(world.writes.length, 1);
  });

  it('opens for a box from before the rotation of the certifier’s key, and for a bank’s key in its overlap', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const bank = world.records.get('bank')!;
    const rotated = { ...bank, keyEpoch: 2, ed25519Key: '00'.repeat(32) };
    const untilSeconds = world.nowMs / 1000 + 60;
    world.records.set('bank', { ...rotated, previous: { ed25519Key: bank.ed25519Key, untilSeconds } });
    await world.certifier().examine(await world.file(submission));
    world.nowMs += 60_000;
    await assert.rejects(world.certifier().examine(await world.file(submission)), refusal('ENVELOPE_SIGNER'));
  });

  it('says nothing of weights and definitions, nor does the store, the report or the file', async () => {
    const world = createWorld();
    const store = memoryStore();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const file = await world.file(submission);
    const certifier = world.certifier('watch', store);
    const report = await certifier.examine(file);
    const planted = [...FIELD_NAMES, ...SPREAD.map((swing) => String(weightOf(swing))), 'planted'];
    assertFree(report, planted);
    assertFree(await certifier.list(), planted);
    for (const value of [file, ...store.values.values()]) assertFree(Buffer.from(value).toString('latin1'), planted);
  });

  it('is one of many in a list, by bank, also for a certifier that was opened anew', async () => {
    const world = createWorld();
    const store = memoryStore();
    for (const [bank, factor] of [
      ['bank', 1],
      ['other-bank', 2],
      ['bank', 3],
    ] as const) {
      const swings = SPREAD.map((swing, i) => swing * (1 + 0.1 * factor * Math.sin(i)));
      const submission = world.ask(submissionOf(sealed(swings), { requester: bank }));
      await world.certifier('watch', store).examine(await world.file(submission));
    }
    const list = await world.certifier('watch', store).list();
    assert.deepEqual(
      list.map(({ requester }) => requester),
      ['bank', 'bank', 'other-bank'],
    );
    await assert.rejects(
      world.certifier('second', store).list(),
      refusal('SEALED_RECORD'),
      'another organisation opens the store',
    );
  });
});

describe('a model that no SEAL would make gets no certificate', () => {
  const bank = new ToyBank('dishonest');
  const forged = (name: string, message: readonly bigint[]): Records => {
    const weights = SPREAD.map((swing, i) => bank.weight(`${name} ${i}`, weightOf(swing)));
    weights[4] = bank.seal(name, message);
    return recordsOf(bank.publicKey(), weights);
  };
  const recordsOf = (publicKey: SeededCiphertext, weights: readonly SeededCiphertext[]): Records => ({
    publicKeyRecord: serialisePublicKeyRecord(publicKey),
    weightRecords: weights.map(serialiseWeightRecord),
    secret: bank.secret.slice(),
  });
  const zeros = (): bigint[] => Array.from({ length: RING_DEGREE }, () => 0n);
  const refused = async (records: Records, ...expected: Parameters<typeof refusal>): Promise<void> => {
    const world = createWorld();
    const store = memoryStore();
    const submission = world.ask(submissionOf(records));
    const error = await refusalOf(async () => world.certifier('watch', store).examine(await world.file(submission)));
    refusal(...expected)(error);
    assertFree(error, [...FIELD_NAMES, String(weightOf(SPREAD[4]!))]);
    assert.deepEqual([world.writes, store.values.size], [[], 0], 'a refused model leaves nothing');
  };

  it('but one with honest weights does, whatever made it', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(forged('honest', [scaled(weightOf(SPREAD[4]!))])));
    assert.equal((await world.certifier().examine(await world.file(submission))).state, 'certified');
  });

  it('for a weight that is no constant', async () => {
    const message = zeros();
    message[0] = scaled(weightOf(SPREAD[4]!));
    message[4097] = scaled(1n << 22n);
    await refused(forged('neighbour', message), 'CERTIFICATE_WEIGHT', { feature: 4, flaw: 'not-constant' });
  });

  it('for a weight of 24 bits that is spread over many coefficients', async () => {
    const message = Array.from({ length: RING_DEGREE }, (_, i) => scaled(BigInt(i % 3)));
    await refused(forged('many', message), 'CERTIFICATE_WEIGHT', { feature: 4, flaw: 'not-constant' });
  });

  it('for noise of 2^60, which SEAL decrypts as if nothing were', async () => {
    const oracle = await SealOracle.create();
    const weight = weightOf(SPREAD[4]!);
    const noisy = withNoise(parseWeightRecord(owner.encryptWeights([weight])[0]!), 1n << 60n, 9);
    const chunk = oracle.words(oracle.switchTwice(oracle.load(noisy)), 2);
    assert.deepEqual(owner.openCoefficients(chunk, [0, 9, 10]), [weight, 0n, 0n]);
    oracle.scope.delete();
    const records = sealed(SPREAD);
    const weightRecords = records.weightRecords.map((record, i) => (i === 4 ? serialiseWeightRecord(noisy) : record));
    await refused({ ...records, weightRecords }, 'CERTIFICATE_WEIGHT', { feature: 4, flaw: 'noise' });
  });

  it('for a public key with noise of 2^60, which SEAL takes for an encryption of zero', async () => {
    const records = sealed(SPREAD);
    const noisy = withNoise(parsePublicKeyRecord(records.publicKeyRecord), 1n << 60n, 77);
    const publicKeyRecord = serialisePublicKeyRecord(noisy);
    const taken = await createSealedModelOwner({ stored: { secretKey: owner.secretKeyBytes(), publicKeyRecord } });
    taken.delete();
    await refused({ ...records, publicKeyRecord }, 'CERTIFICATE_KEY', { flaw: 'noise' });
  });

  it('for a public key that holds a message, or is of another secret', async () => {
    const weights = SPREAD.map((swing, i) => bank.weight(`key ${i}`, weightOf(swing)));
    await refused(recordsOf(bank.weight('as key', 1n), weights), 'CERTIFICATE_KEY', { flaw: 'noise' });
    await refused(recordsOf(new ToyBank('another').publicKey(), weights), 'CERTIFICATE_KEY');
  });

  it('for weights beyond the score’s range', async () => {
    const weights = SPREAD.map((_, i) => bank.weight(`large ${i}`, 1n << 26n));
    await refused(recordsOf(bank.publicKey(), weights), 'SCORE_RANGE_OVERFLOW');
  });

  it('for a secret that is not the one of the records, or is none', async () => {
    await refused({ ...sealed(SPREAD), secret: other.secretCoefficients() }, 'CERTIFICATE_KEY');
    const records = sealed(SPREAD);
    records.secret[5000] = 2;
    await refused(records, 'RLWE_SECRET_NOT_TERNARY');
    await refused({ ...sealed(SPREAD), secret: new Int32Array(RING_DEGREE) }, 'RLWE_SECRET_NOT_TERNARY');
  });

  it('for one-hot models, with and without tiny weights beside, and for a model without any weight', async () => {
    for (const rest of [0, 0.001]) {
      const swings = SPREAD.map((_, i) => (i === 5 ? 3 : rest));
      await refused(sealed(swings), 'CERTIFICATE_EXPOSURE', { measure: 'effective-features' });
    }
    await refused(sealed(SPREAD.map(() => 0)), 'CERTIFICATE_EXPOSURE', { measure: 'effective-features' });
  });
});

describe('a second model', () => {
  const examineBoth = async (first: readonly number[], second: readonly number[], bank = 'bank'): Promise<string> => {
    const world = createWorld();
    const store = memoryStore();
    for (const [requester, swings] of [
      ['bank', first],
      [bank, second],
    ] as const) {
      const submission = world.ask(submissionOf(sealed(swings), { requester }));
      await world.certifier('watch', store).examine(await world.file(submission));
    }
    return 'certified';
  };
  const retrained = SPREAD.map((swing, i) => swing * (1 + 0.2 * Math.sin(i)));
  const oneDepartment = SPREAD.map((swing, i) => (i < 4 ? swing + 0.3 * (i + 1) : swing));

  it('passes where it was trained anew, and is another bank’s own business', async () => {
    assert.equal(await examineBoth(SPREAD, retrained), 'certified');
    assert.equal(await examineBoth(SPREAD, oneDepartment, 'other-bank'), 'certified');
  });

  it('is refused where it differs from the first in one department only: their difference is that one’s part', async () => {
    await assert.rejects(
      examineBoth(SPREAD, oneDepartment),
      refusal('CERTIFICATE_EXPOSURE', { measure: 'party-leverage' }),
    );
  });

  it('is refused where it differs in one feature only', async () => {
    const second = SPREAD.map((swing, i) => (i === 7 ? swing + 0.4 : swing));
    await assert.rejects(examineBoth(SPREAD, second), refusal('CERTIFICATE_EXPOSURE', { measure: 'feature-leverage' }));
  });

  it('is refused as the third of three that pass in pairs and give a department away together', async () => {
    const [first, second, third] = pairwiseInnocent();
    assert.equal(await examineBoth(first, second), 'certified');
    assert.equal(await examineBoth(first, third), 'certified');
    assert.equal(await examineBoth(second, third), 'certified');
    const world = createWorld();
    const store = memoryStore();
    const examine = async (swings: readonly number[]) =>
      world.certifier('watch', store).examine(await world.file(world.ask(submissionOf(sealed(swings)))));
    await examine(first);
    await examine(second);
    await assert.rejects(examine(third), refusal('CERTIFICATE_EXPOSURE', { measure: 'party-leverage' }));
  });

  it('over one department that agreed to stand alone lays no other one bare later', async () => {
    const world = createWorld();
    const store = memoryStore();
    const examine = async (submission: ReturnType<typeof submissionOf>) =>
      world.certifier('watch', store).examine(await world.file(world.ask(submission)));
    const alone = SPREAD.slice(0, 4);
    await examine(submissionOf(sealed(alone), {}, sheetsOf(['court'])));
    await examine(submissionOf(sealed(retrained)));
    const pair = sheetsOf(['court', 'social']);
    const rest = [...alone, ...SPREAD.slice(4, 8)];
    await assert.rejects(
      examine(submissionOf(sealed(rest), {}, pair)),
      refusal('CERTIFICATE_EXPOSURE', { measure: 'party-leverage' }),
      'the sum minus the lone part is the other one’s part',
    );
  });
});

describe('a file that is not what it says', () => {
  it('is refused where another bank hands it in, as it is or under its own signature', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const certifier = world.certifier();
    await assert.rejects(
      certifier.examine(await world.file(submission, { signer: 'other-bank' })),
      refusal('CERTIFICATE_SUBMISSION', { part: 'requester' }),
    );
    const head = { requester: 'other-bank' };
    await assert.rejects(
      certifier.examine(await world.file(submission, { signer: 'other-bank', head })),
      refusal('SEALED_BOX_OPEN_FAILED'),
    );
    const claimed = { ...submission, document: { ...submission.document, requester: 'other-bank' } };
    await assert.rejects(certifier.examine(await world.file(claimed)), refusal('REQUEST_UNKNOWN'));
  });

  it('is refused where it is for another certifier, by its head or by its box', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    await assert.rejects(
      world.certifier('second').examine(await world.file(submission)),
      refusal('CERTIFICATE_SUBMISSION', { part: 'certifier' }),
    );
    await assert.rejects(
      world.certifier().examine(await world.file(submission, { receiver: 'second' })),
      refusal('SEALED_BOX_OPEN_FAILED'),
    );
    await assert.rejects(
      world.certifier('second').examine(await world.file(submission, { head: { certifier: 'second' } })),
      refusal('SEALED_BOX_OPEN_FAILED'),
    );
  });

  it('is refused where it is replayed for another request or another model', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const later = world.ask(submissionOf(sealed(SPREAD), { quota: 7 }));
    const certifier = world.certifier();
    const change = { requestId: requestId(later.document) };
    await assert.rejects(
      certifier.examine(await world.file(submission, { head: change })),
      refusal('SEALED_BOX_OPEN_FAILED'),
    );
    const mixed = { ...submission, document: later.document };
    await assert.rejects(
      certifier.examine(await world.file(mixed)),
      refusal('CERTIFICATE_SUBMISSION', { part: 'manifest' }),
    );
    const { modelDigest } = later.document;
    await assert.rejects(
      certifier.examine(await world.file(submission, { head: { modelDigest } })),
      refusal('SEALED_BOX_OPEN_FAILED'),
    );
    const foreign = createWorld();
    foreign.ask(submission, { terms: { modelDigest } as never });
    await assert.rejects(
      foreign.certifier().examine(await foreign.file(submission)),
      refusal('CERTIFICATE_SUBMISSION', { part: 'model digest' }),
    );
    const stolen = createWorld();
    stolen.ask(submission, { requester: 'other-bank' });
    await assert.rejects(stolen.certifier().examine(await stolen.file(submission)), refusal('REQUEST_NOT_REQUESTER'));
  });

  it('is refused for a request that is over, or that nobody put on chain', async () => {
    const world = createWorld();
    const submission = submissionOf(sealed(SPREAD));
    await assert.rejects(world.certifier().examine(await world.file(submission)), refusal('REQUEST_UNKNOWN'));
    for (const state of ['rejected', 'revoked', 'withdrawn', 'completed', 'expired', 'superseded'] as const) {
      world.ask(submission, { state });
      await assert.rejects(world.certifier().examine(await world.file(submission)), refusal('REQUEST_NOT_ACTIVE'));
    }
  });

  it('is refused with parts of another model, whichever', async () => {
    const world = createWorld();
    const submission = world.ask(submissionOf(sealed(SPREAD)));
    const second = submissionOf(sealed(SPREAD.map((swing) => 2 * swing)));
    const certifier = world.certifier();
    for (const [change, part] of [
      [{ weightRecords: second.weightRecords }, 'weights'],
      [{ weightRecords: submission.weightRecords.slice(1) }, 'records'],
      [{ manifest: second.manifest }, 'manifest'],
      [{ sheets: submission.sheets.slice(1) }, 'sheets'],
      [{ publicKeyRecord: submission.weightRecords[0]! }, 'public key'],
    ] as const) {
      await assert.rejects(
        certifier.examine(await world.file({ ...submission, ...change })),
        refusal('CERTIFICATE_SUBMISSION', { part }),
      );
    }
    assert.deepEqual(world.writes, []);
  });

  it('never certifies with any bit of it changed, and answers with a listed code', async () => {
    const world = createWorld();
    const store = memoryStore();
    const file = await world.file(world.ask(submissionOf(sealed(SPREAD))));
    const certifier = world.certifier('watch', store);
    const inHead = Array.from({ length: 90 }, (_, i) => 7 * i);
    const beyond = Array.from({ length: 60 }, (_, i) => 640 + Math.floor((i * (file.length - 640)) / 60));
    for (const place of [...inHead, ...beyond, file.length - 1]) {
      const changed = file.slice();
      changed[place]! ^= 1 << (place % 8);
      await refusalOf(() => certifier.examine(changed));
    }
    for (const length of [0, 1, 8, 11, 12, 700, file.length - 1]) {
      await refusalOf(() => certifier.examine(file.subarray(0, length)));
    }
    await refusalOf(() => certifier.examine(Buffer.concat([file, Uint8Array.of(0)])));
    assert.deepEqual([world.writes, store.values.size], [[], 0]);
    assert.equal((await certifier.examine(file)).state, 'certified', 'the file itself is good');
  });
});
