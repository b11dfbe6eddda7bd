/**
 * Sealed models as a bank uploads them: one file per request with the public key and this department's weight records.
 *
 * A file is `length (u32 BE) | manifest (JSON) | public-key record | weight records`. Its digest was signed with the call;
 * here manifest and records are compared with the model digest on chain before anything parses a ciphertext.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  featureIndexes,
  manifestMismatch,
  type RequestDocument,
  type SealedModelManifest,
  sealedModelManifestSchema,
} from '@sealedger/protocol/request.ts';
import {
  PUBLIC_KEY_RECORD_BYTES,
  parsePublicKeyRecord,
  parseWeightRecord,
  WEIGHT_RECORD_BYTES,
} from '@sealedger/protocol/rlwe/wire.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { sha256 } from '../crypto.ts';
import { boundedFile, closed, INCOMING } from './bounded-file.ts';

const MAX_MANIFEST_BYTES = 1 << 20;
/** 4,096 features are the most that a request may name. */
export const MAX_MODEL_BYTES = largestFile(4096);

export interface SealedModelPart {
  readonly publicKeyRecord: Uint8Array;
  /** Weight records of this department, in the order of its features. */
  readonly weightRecords: readonly Uint8Array[];
}

export interface ModelStore {
  /**
   * Streams an upload to disk and keeps it where it fits the request; nothing stays of one that is refused.
   * @throws {ProtocolError} MODEL_UPLOAD_SIZE, MODEL_DIGEST_MISMATCH, SCHEMA_MISMATCH and what the record parsers refuse
   */
  receive(document: RequestDocument, bodyInto: (sink: NodeJS.WritableStream) => Promise<void>): Promise<void>;
  /** Whether a model of this digest arrived; it is read and checked when it is loaded. */
  has(document: Pick<RequestDocument, 'modelDigest'>): boolean;
  /** @throws {ProtocolError} MODEL_NOT_UPLOADED, MODEL_DIGEST_MISMATCH and what the record parsers refuse */
  load(document: RequestDocument): Promise<SealedModelPart>;
  /** Removes a model; it may be sent again. */
  remove(document: Pick<RequestDocument, 'modelDigest'>): Promise<void>;
}

export function createModelStore(org: string, directory: string): ModelStore {
  const pathOf = ({ modelDigest }: Pick<RequestDocument, 'modelDigest'>): string =>
    join(directory, `${modelDigest}.model`);
  const has: ModelStore['has'] = (document) => existsSync(pathOf(document));
  return {
    has,
    remove: (document) => rm(pathOf(document), { force: true }),
    receive: async (document, bodyInto) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const incoming = `${pathOf(document)}.${randomUUID()}${INCOMING}`;
      const expectedBytes = largestFile(featureIndexes(document, org).length);
      const tooLarge = (bytes: number) => new ProtocolError('MODEL_UPLOAD_SIZE', { bytes, expectedBytes });
      const sink = boundedFile(incoming, expectedBytes, tooLarge);
      try {
        await bodyInto(sink);
        checkModelFile(await readFile(incoming), document, org);
        await rename(incoming, pathOf(document));
      } finally {
        await closed(sink);
        await rm(incoming, { force: true });
      }
    },
    load: async (document) => {
      if (!has(document)) throw new ProtocolError('MODEL_NOT_UPLOADED', {});
      return checkModelFile(await readFile(pathOf(document)), document, org);
    },
  };
}

function checkModelFile(file: Uint8Array, document: RequestDocument, org: string): SealedModelPart {
  const indexes = featureIndexes(document, org);
  const manifestBytes = file.length < 4 ? 0 : new DataView(file.buffer, file.byteOffset).getUint32(0, false);
  const expectedBytes = 4 + manifestBytes + PUBLIC_KEY_RECORD_BYTES + indexes.length * WEIGHT_RECORD_BYTES;
  if (manifestBytes === 0 || manifestBytes > MAX_MANIFEST_BYTES || file.length !== expectedBytes) {
    throw new ProtocolError('MODEL_UPLOAD_SIZE', { bytes: file.length, expectedBytes });
  }
  const manifest = parseJson(
    sealedModelManifestSchema,
    Buffer.from(file.subarray(4, 4 + manifestBytes)).toString('utf8'),
    'model manifest',
  );
  assertManifest(manifest, document);
  const records = splitRecords(file.subarray(4 + manifestBytes), indexes.length);
  assertDigest(records.publicKeyRecord, manifest.publicKey, 'public key');
  records.weightRecords.forEach((record, i) => {
    assertDigest(record, manifest.weights[indexes[i]!]!, `weight ${indexes[i]}`);
  });
  parsePublicKeyRecord(records.publicKeyRecord);
  for (const record of records.weightRecords) parseWeightRecord(record);
  return records;
}

function assertManifest(manifest: SealedModelManifest, document: RequestDocument): void {
  const part = manifestMismatch(manifest, document);
  if (part !== null) throw new ProtocolError('MODEL_DIGEST_MISMATCH', { part });
}

function splitRecords(bytes: Uint8Array, weights: number): SealedModelPart {
  const at = (i: number): number => PUBLIC_KEY_RECORD_BYTES + i * WEIGHT_RECORD_BYTES;
  return {
    publicKeyRecord: bytes.subarray(0, PUBLIC_KEY_RECORD_BYTES),
    weightRecords: Array.from({ length: weights }, (_, i) => bytes.subarray(at(i), at(i + 1))),
  };
}

function assertDigest(record: Uint8Array, expected: string, part: string): void {
  if (toHex(sha256(record)) !== expected) throw new ProtocolError('MODEL_DIGEST_MISMATCH', { part });
}

function largestFile(weights: number): number {
  return 4 + MAX_MANIFEST_BYTES + PUBLIC_KEY_RECORD_BYTES + weights * WEIGHT_RECORD_BYTES;
}
