import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { createModelStore, type ModelStore } from '@sealedger/node/request/model-store.ts';
import { concat, uint32be } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import {
  featureIndexes,
  modelDigest,
  type RequestDocument,
  type SealedModelManifest,
} from '@sealedger/protocol/request.ts';
import { RING_TAG } from '@sealedger/protocol/rlwe/ring.ts';
import {
  DEPARTMENT_CHUNK_BYTES,
  serialiseDepartmentChunk,
  serialisePublicKeyRecord,
  serialiseWeightRecord,
  WEIGHT_RECORD_BYTES,
} from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { keyOf } from './support/organisations.ts';
import { refusal } from './support/refusals.ts';
import { requestDocument } from './support/request-fixture.ts';
import { temporaryDirectory } from './support/temporary.ts';

const owner = await createSealedModelOwner();
const weightRecords = owner.encryptWeights([5n, -6n, 7n, -8n]);
owner.delete();
const hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function manifestOf(publicKey: Uint8Array, weights: readonly Uint8Array[]): SealedModelManifest {
  const { features, scaleBits } = requestDocument({});
  const sheets = features.map(({ sheet }) => sheet);
  return {
    suite: SUITE,
    version: 1,
    ring: RING_TAG,
    publicKey: hex(publicKey),
    weights: weights.map(hex),
    sheets,
    scaleBits,
  };
}

/** A request for these records, and the upload for `tax`. */
function modelOf(publicKey: Uint8Array, weights: readonly Uint8Array[]) {
  const manifest = manifestOf(publicKey, weights);
  const document = requestDocument({ modelDigest: modelDigest(manifest) });
  const records = featureIndexes(document, 'tax').map((index) => weights[index]!);
  return { document, manifest, records, file: fileOf(manifest, publicKey, records) };
}

function fileOf(manifest: unknown, publicKey: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  const head = canonicalBytes(manifest);
  return concat(uint32be(head.length), head, publicKey, ...records);
}

const whole = modelOf(owner.publicKeyRecord, weightRecords);

async function storeOf(t: TestContext): Promise<{
  store: ModelStore;
  directory: string;
  receive: (document: RequestDocument, file: Uint8Array) => Promise<void>;
}> {
  const directory = join(await temporaryDirectory(t), 'models');
  const store = createModelStore('tax', directory);
  return {
    store,
    directory,
    receive: (document, file) =>
      store.receive(document, (sink) =>
        pipeline(async function* () {
          for (let i = 0; i < file.length; i += 65_536) yield file.subarray(i, i + 65_536);
        }, sink),
      ),
  };
}

describe('a sealed model', () => {
  it('is kept, readable for its owner only, and loaded as it was', async (t) => {
    const { store, directory, receive } = await storeOf(t);
    await receive(whole.document, whole.file);
    const loaded = await store.load(whole.document);
    assert.deepEqual(new Uint8Array(loaded.publicKeyRecord), owner.publicKeyRecord);
    assert.deepEqual(
      loaded.weightRecords.map((record) => new Uint8Array(record)),
      whole.records,
    );
    const [name] = await readdir(directory);
    assert.equal((await stat(join(directory, name!))).mode & 0o777, 0o600);
    await receive(whole.document, whole.file);
    assert.deepEqual(await readdir(directory), [name]);
  });

  it('that was not uploaded is not found', async (t) => {
    const { store } = await storeOf(t);
    await assert.rejects(store.load(whole.document), refusal('MODEL_NOT_UPLOADED'));
  });

  it('may come twice at once', async (t) => {
    const { store, receive } = await storeOf(t);
    await Promise.all([
      receive(whole.document, whole.file),
      receive(whole.document, whole.file),
      receive(whole.document, whole.file),
    ]);
    assert.equal((await store.load(whole.document)).weightRecords.length, 2);
  });

  it('changed on disk after it was taken is not used', async (t) => {
    const { store, directory, receive } = await storeOf(t);
    await receive(whole.document, whole.file);
    const path = join(directory, (await readdir(directory))[0]!);
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    await assert.rejects(store.load(whole.document), refusal('MODEL_DIGEST_MISMATCH'));
  });
});

describe('an upload is refused, and nothing of it stays on disk,', () => {
  const { document, manifest, records, file } = whole;
  const unseeded = serialiseDepartmentChunk({ c0: new Uint32Array(16_384), c1: new Uint32Array(16_384) });
  const garbage = new Uint8Array(WEIGHT_RECORD_BYTES).fill(0x5a);
  const wrongPrng = weightRecords[3]!.slice();
  wrongPrng[WEIGHT_RECORD_BYTES - 65] = 2;
  const outOfRange = weightRecords[3]!.slice();
  outOfRange.fill(0xff, 40, 44);
  const otherRing = weightRecords[3]!.slice();
  otherRing[10]! ^= 1;
  const swapped = serialisePublicKeyRecord({ c0: new Uint32Array(4 * 8192), seed: keyOf64('x') });
  /** Consistent in every digest, so that only the record's own form is wrong. */
  const withRecord = (record: Uint8Array) => {
    const model = modelOf(owner.publicKeyRecord, [...weightRecords.slice(0, 3), record]);
    return [model.document, model.file] as const;
  };
  const cases: readonly (readonly [string, RequestDocument, Uint8Array, Parameters<typeof refusal>[0]])[] = [
    ['empty', document, new Uint8Array(), 'MODEL_UPLOAD_SIZE'],
    ['cut by a byte', document, file.subarray(0, file.length - 1), 'MODEL_UPLOAD_SIZE'],
    ['with a byte too many', document, concat(file, Uint8Array.of(0)), 'MODEL_UPLOAD_SIZE'],
    ['with a weight too few', document, file.subarray(0, file.length - WEIGHT_RECORD_BYTES), 'MODEL_UPLOAD_SIZE'],
    [
      'with a manifest that reaches past the end',
      document,
      concat(uint32be(0xffffffff), file.subarray(4)),
      'MODEL_UPLOAD_SIZE',
    ],
    [
      'with the manifest of another model',
      document,
      fileOf({ ...manifest, publicKey: hex(garbage) }, owner.publicKeyRecord, records),
      'MODEL_DIGEST_MISMATCH',
    ],
    [
      'with a manifest of another form',
      document,
      fileOf({ ...manifest, note: 'x' }, owner.publicKeyRecord, records),
      'SCHEMA_MISMATCH',
    ],
    [
      'with a manifest of another ring',
      document,
      fileOf({ ...manifest, ring: hex(garbage) }, owner.publicKeyRecord, records),
      'SCHEMA_MISMATCH',
    ],
    ['with the public key of another model', document, fileOf(manifest, swapped, records), 'MODEL_DIGEST_MISMATCH'],
    [
      'with a weight of another model',
      document,
      fileOf(manifest, owner.publicKeyRecord, [records[0]!, weightRecords[1]!]),
      'MODEL_DIGEST_MISMATCH',
    ],
    [
      'with its weights in another order',
      document,
      fileOf(manifest, owner.publicKeyRecord, [...records].reverse()),
      'MODEL_DIGEST_MISMATCH',
    ],
    ['with a weight that is garbage', ...withRecord(garbage), 'RLWE_RECORD_MAGIC'],
    ['with a public key in a weight’s place', ...withRecord(owner.publicKeyRecord), 'RLWE_RECORD_KIND'],
    ['with a weight under another generator', ...withRecord(wrongPrng), 'RLWE_SEED_PRNG'],
    ['with a coefficient past its prime', ...withRecord(outOfRange), 'RLWE_COEFFICIENT_RANGE'],
    ['with a weight of other parameters', ...withRecord(otherRing), 'RLWE_RECORD_PARAMETERS'],
    [
      'with an unseeded ciphertext, padded to size',
      ...withRecord(
        concat(
          unseeded.subarray(0, Math.min(DEPARTMENT_CHUNK_BYTES, WEIGHT_RECORD_BYTES)),
          new Uint8Array(Math.max(0, WEIGHT_RECORD_BYTES - DEPARTMENT_CHUNK_BYTES)),
        ),
      ),
      'RLWE_RECORD_KIND',
    ],
    ['for a request with another number of weights', ...shortManifest(), 'MODEL_DIGEST_MISMATCH'],
    ['sealed for other feature sheets', ...remade({ sheets: [hex(garbage), hex(garbage)] }), 'MODEL_DIGEST_MISMATCH'],
    ['sealed at another scale', ...remade({ scaleBits: 29 }), 'MODEL_DIGEST_MISMATCH'],
  ];
  for (const [name, asked, upload, code] of cases) {
    it(name, async (t) => {
      const { store, directory, receive } = await storeOf(t);
      await assert.rejects(receive(asked, upload), refusal(code));
      assert.deepEqual(await readdir(directory), []);
      await assert.rejects(store.load(asked), refusal('MODEL_NOT_UPLOADED'));
    });
  }

  it('larger than any model of this request, without being written to its end', async (t) => {
    const { directory, store } = await storeOf(t);
    let sent = 0;
    const endless = async function* () {
      for (; sent < 3000; sent++) yield new Uint8Array(65_536);
    };
    await assert.rejects(
      store.receive(document, (sink) => pipeline(endless, sink)),
      refusal('MODEL_UPLOAD_SIZE'),
    );
    assert.ok(sent < 200, `${sent} parts were taken`);
    assert.deepEqual(await readdir(directory), []);
  });

  it('where the caller goes away, and the model that was there stays', async (t) => {
    const { store, directory, receive } = await storeOf(t);
    await receive(document, file);
    const broken = async function* () {
      yield file.subarray(0, 5000);
      throw new Error('the caller went away');
    };
    await assert.rejects(
      store.receive(document, (sink) => pipeline(broken, sink)),
      /went away/,
    );
    await assert.rejects(
      store.receive(document, () => Promise.reject(new Error('went away at once'))),
      /at once/,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await readdir(directory)).length, 1);
    assert.equal((await store.load(document)).weightRecords.length, 2);
  });

  /** The digest fits, the manifest says that these weights stand for something else than the request does. */
  function remade(change: Partial<SealedModelManifest>): readonly [RequestDocument, Uint8Array] {
    const other = { ...manifest, ...change };
    return [requestDocument({ modelDigest: modelDigest(other) }), fileOf(other, owner.publicKeyRecord, records)];
  }

  function shortManifest(): readonly [RequestDocument, Uint8Array] {
    const short = manifestOf(owner.publicKeyRecord, weightRecords.slice(0, 3));
    return [requestDocument({ modelDigest: modelDigest(short) }), fileOf(short, owner.publicKeyRecord, records)];
  }
});

describe('records of one length', () => {
  it('are told apart by their kind alone: a weight is no public key', () => {
    const weight = serialiseWeightRecord({ c0: new Uint32Array(4 * 8192), seed: keyOf64('w') });
    assert.equal(weight.length, WEIGHT_RECORD_BYTES);
    assert.notDeepEqual(weight, serialisePublicKeyRecord({ c0: new Uint32Array(4 * 8192), seed: keyOf64('w') }));
  });
});

function keyOf64(label: string): Uint8Array {
  return concat(keyOf(label), keyOf(`${label}/2`));
}
