/**
 * What a bank hands in for a model certificate, as one file: a signed head, a sealed box and the ciphertexts.
 *
 * Parties: the bank, which signs the head and seals the box to the certifier's X25519 key on chain; the certifier, which
 * opens it. Who holds the file otherwise learns that this bank asks this certifier about this request, and the size of
 * the model; neither the secret key nor a feature definition. Signature, digests and sizes are tested before anything of
 * the box or of the records is parsed.
 * Form: magic "SLMS", version (u8), three zero bytes, then length (u32 BE) and bytes of head and box, then the public-key
 * record and the weight records. The box holds the packed secret, 2,048 bytes, and JSON.
 * Source: DESIGN.md 3.2, "model certificate".
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { concat, equalBytes, toHex, uint32be, utf8, utf8Decode, wipe } from './bytes.ts';
import { canonicalBytes } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { envelopeHeader, openEnvelope, type SignedEnvelope } from './envelope.ts';
import { isProtocolError, ProtocolError } from './errors.ts';
import { type CertificateSubmission, packSecret, unpackSecret } from './model-certificate.ts';
import {
  featureSheetSchema,
  type RequestDocument,
  requestDocumentSchema,
  requestId,
  sealedModelManifestSchema,
} from './request.ts';
import { RING_DEGREE } from './rlwe/ring.ts';
import { PUBLIC_KEY_RECORD_BYTES, WEIGHT_RECORD_BYTES } from './rlwe/wire.ts';
import { hex32, organisationId, parseDocument, parseJson } from './schema.ts';
import { openSealedBox, type SealedBoxContext, sealBox } from './sealed-box.ts';
import type { Ed25519 } from './signature.ts';

const MAGIC = Uint8Array.of(0x53, 0x4c, 0x4d, 0x53, 1, 0, 0, 0);
const MAX_HEAD_BYTES = 4096;
/** 4,096 definitions of two texts, and as many digests, with room to spare. */
const MAX_BOX_BYTES = 16 << 20;
const SECRET_BYTES = RING_DEGREE / 4;
export const MAX_SUBMISSION_BYTES =
  MAGIC.length + 8 + MAX_HEAD_BYTES + MAX_BOX_BYTES + PUBLIC_KEY_RECORD_BYTES + 4096 * WEIGHT_RECORD_BYTES;

/** What the bank signs, in an envelope of the domain `modelSubmission`. */
export const submissionHeadSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requester: organisationId,
  certifier: organisationId,
  requestId: hex32,
  modelDigest: hex32,
  /** SHA-256 of the sealed box and of the records. */
  box: hex32,
  records: hex32,
});
export type SubmissionHead = z.output<typeof submissionHeadSchema>;

const contentSchema = z.strictObject({
  document: requestDocumentSchema,
  sheets: z.array(featureSheetSchema).min(1).max(32),
  manifest: sealedModelManifestSchema,
});

/** A submission with the request as a whole. */
export type FullSubmission = Omit<CertificateSubmission, 'document'> & { readonly document: RequestDocument };

/**
 * Writes the file. Learns: who opens it, the model.
 * @param options.certifier - who opens it: the one whom the request names, or another that shall know the model so that it
 *   can hold later ones against it.
 * @param options.receiverPublicKey - the certifier's X25519 key, from the chain.
 * @param options.ephemeralSecret - 32 uniform bytes, for this file only.
 * @param options.sign - signs a head as the bank.
 */
export async function writeSubmission(options: {
  readonly submission: FullSubmission;
  readonly certifier: string;
  readonly receiverPublicKey: Uint8Array;
  readonly ephemeralSecret: Uint8Array;
  readonly sign: (head: SubmissionHead) => SignedEnvelope<SubmissionHead>;
}): Promise<Uint8Array> {
  const { document, sheets, manifest, publicKeyRecord, weightRecords, secret } = options.submission;
  const naming = {
    requester: document.requester,
    certifier: options.certifier,
    requestId: requestId(document),
    modelDigest: document.modelDigest,
  };
  const packed = packSecret(secret);
  const message = concat(packed, canonicalBytes({ document, sheets, manifest }));
  try {
    const { receiverPublicKey, ephemeralSecret } = options;
    const box = await sealBox({ message, receiverPublicKey, ephemeralSecret, context: boxContext(naming) });
    const records = concat(publicKeyRecord, ...weightRecords);
    const digests = { box: toHex(sha256(box)), records: toHex(sha256(records)) };
    const head = utf8(JSON.stringify(options.sign({ suite: SUITE, version: 1, ...naming, ...digests })));
    return concat(MAGIC, uint32be(head.length), head, uint32be(box.length), box, records);
  } finally {
    wipe(packed);
    wipe(message);
  }
}

/** A file cut into its parts; nothing of it is verified. */
export type SubmissionFile = {
  readonly head: unknown;
  /** Organisation and key epoch that the head claims. */
  readonly signer: string;
  readonly keyEpoch: number;
  readonly box: Uint8Array;
  readonly records: Uint8Array;
};

/** @throws {ProtocolError} CERTIFICATE_SUBMISSION, ENVELOPE_MALFORMED */
export function splitSubmission(file: Uint8Array): SubmissionFile {
  if (file.length > MAX_SUBMISSION_BYTES || !equalBytes(file.subarray(0, MAGIC.length), MAGIC)) throw unfit('file');
  const [head, afterHead] = prefixed(file, MAGIC.length, MAX_HEAD_BYTES);
  const [box, afterBox] = prefixed(file, afterHead, MAX_BOX_BYTES);
  const envelope = parseHead(head);
  const { signer, keyEpoch } = envelopeHeader(envelope);
  return { head: envelope, signer, keyEpoch, box, records: file.subarray(afterBox) };
}

/** Who opens: the certifier, with its current X25519 secret and those before a rotation. */
export type SubmissionReader = {
  readonly certifier: string;
  readonly sealing: readonly Uint8Array[];
  /** The bank's signing key, from the chain. */
  readonly publicKey: Uint8Array;
  readonly now: Date;
  readonly ed25519?: Ed25519;
};

/**
 * Verifies signature and digests, opens the box and cuts the records. The secret in the answer is the caller's to wipe.
 * @throws {ProtocolError} ENVELOPE_*, CERTIFICATE_SUBMISSION naming the part that does not fit, SEALED_BOX_OPEN_FAILED,
 *   SCHEMA_MISMATCH
 */
export async function openSubmission(file: SubmissionFile, reader: SubmissionReader): Promise<FullSubmission> {
  const { body: head } = openEnvelope(file.head, {
    domain: domains.modelSubmission,
    key: { signer: file.signer, keyEpoch: file.keyEpoch, publicKey: reader.publicKey },
    now: reader.now,
    schema: submissionHeadSchema,
    ...(reader.ed25519 === undefined ? {} : { ed25519: reader.ed25519 }),
  });
  if (head.requester !== file.signer) throw unfit('requester');
  if (head.certifier !== reader.certifier) throw unfit('certifier');
  if (toHex(sha256(file.box)) !== head.box) throw unfit('box');
  if (toHex(sha256(file.records)) !== head.records) throw unfit('records');
  const message = await openBox(file.box, reader.sealing, boxContext(head));
  try {
    return readMessage(message, file.records, head);
  } finally {
    wipe(message);
  }
}

function readMessage(message: Uint8Array, records: Uint8Array, head: SubmissionHead): FullSubmission {
  if (message.length <= SECRET_BYTES) throw unfit('box');
  const content = parseContent(message.subarray(SECRET_BYTES));
  const { document, manifest } = content;
  const stated = [document.requester, requestId(document), document.modelDigest].join();
  if (stated !== [head.requester, head.requestId, head.modelDigest].join()) throw unfit('document');
  const count = manifest.weights.length;
  if (records.length !== PUBLIC_KEY_RECORD_BYTES + count * WEIGHT_RECORD_BYTES) throw unfit('records');
  const at = (i: number): number => PUBLIC_KEY_RECORD_BYTES + i * WEIGHT_RECORD_BYTES;
  return {
    ...content,
    publicKeyRecord: records.subarray(0, PUBLIC_KEY_RECORD_BYTES),
    weightRecords: Array.from({ length: count }, (_, i) => records.subarray(at(i), at(i + 1))),
    secret: unpackSecret(message.subarray(0, SECRET_BYTES)),
  };
}

/** What is in the box is between bank and certifier: a refusal names no part of it. */
function parseContent(bytes: Uint8Array): z.output<typeof contentSchema> {
  try {
    return parseJson(contentSchema, utf8Decode(bytes), 'submission');
  } catch {
    throw unfit('content');
  }
}

/** Tries the current secret first; a box from before a rotation opens under the key of its time. */
async function openBox(
  box: Uint8Array,
  secrets: readonly Uint8Array[],
  context: SealedBoxContext,
): Promise<Uint8Array> {
  let refusal: unknown = new ProtocolError('SEALED_BOX_OPEN_FAILED', {
    sender: context.sender,
    receiver: context.receiver,
    purpose: context.purpose,
  });
  for (const secretKey of secrets) {
    try {
      return await openSealedBox({ box, secretKey, context });
    } catch (error) {
      if (!isProtocolError(error, 'SEALED_BOX_OPEN_FAILED')) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

type Naming = Pick<SubmissionHead, 'requester' | 'certifier' | 'requestId' | 'modelDigest'>;

/** A box opens for this bank, certifier, request and model only. */
function boxContext({ requester, certifier, requestId: id, modelDigest }: Naming): SealedBoxContext {
  return {
    domain: domains.modelSubmission,
    sender: requester,
    receiver: certifier,
    purpose: `request ${id} model ${modelDigest}`,
  };
}

function prefixed(file: Uint8Array, at: number, maxBytes: number): readonly [Uint8Array, number] {
  if (file.length < at + 4) throw unfit('file');
  const length = new DataView(file.buffer, file.byteOffset).getUint32(at, false);
  const end = at + 4 + length;
  if (length === 0 || length > maxBytes || end > file.length) throw unfit('file');
  return [file.subarray(at + 4, end), end];
}

function parseHead(bytes: Uint8Array): unknown {
  try {
    return parseDocument(z.record(z.string(), z.unknown()), JSON.parse(utf8Decode(bytes)), 'head');
  } catch (cause) {
    throw new ProtocolError('CERTIFICATE_SUBMISSION', { part: 'head' }, { cause });
  }
}

function unfit(part: string): ProtocolError {
  return new ProtocolError('CERTIFICATE_SUBMISSION', { part });
}
