/**
 * Documents between two organisations: sealed for the receiver, signed by the sender.
 *
 * Learns: who carries one, sender, receiver, kind and length. Trust: both keys come from the chain.
 */
import { fromHex, toHex, utf8Decode } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import type { Domain } from '@sealedger/protocol/domains.ts';
import { openEnvelope, type SignedEnvelope, type SignerKey, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32, parseJson } from '@sealedger/protocol/schema.ts';
import { openSealedBox, sealBox } from '@sealedger/protocol/sealed-box.ts';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';
import { z } from 'zod';

const sealedBodySchema = z.strictObject({
  receiver: z.string().max(31),
  /** What the document is about: the same word when it is sealed and when it is opened. */
  about: hex32,
  box: z.string().regex(/^([0-9a-f]{2})+$/, 'lower-case hex'),
});
export type SealedDocument = SignedEnvelope<z.output<typeof sealedBodySchema>>;

/** Who sends; `secretKey` signs. */
export type DocumentSender = {
  readonly org: string;
  readonly keyEpoch: number;
  readonly secretKey: Uint8Array;
  readonly ed25519?: Ed25519 | undefined;
};

/**
 * Seals and signs.
 * @param options.about - 32 bytes in hex that tie the document to its occasion.
 * @param options.receiver - with its X25519 key from the chain.
 */
export async function sealDocument(options: {
  readonly domain: Domain;
  readonly about: string;
  readonly document: unknown;
  readonly sender: DocumentSender;
  readonly receiver: { readonly org: string; readonly x25519: Uint8Array };
  readonly issuedAt: Date;
  readonly randomBytes: (length: number) => Uint8Array;
}): Promise<SealedDocument> {
  const { domain, about, document, sender, receiver, issuedAt, randomBytes } = options;
  const box = await sealBox({
    message: canonicalBytes(document),
    receiverPublicKey: receiver.x25519,
    context: { domain, sender: sender.org, receiver: receiver.org, purpose: about },
    ephemeralSecret: randomBytes(32),
  });
  return signEnvelope(
    {
      domain,
      signer: sender.org,
      keyEpoch: sender.keyEpoch,
      issuedAt: issuedAt.toISOString(),
      body: { receiver: receiver.org, about, box: toHex(box) },
    },
    sender.secretKey,
    sender.ed25519,
  );
}

/**
 * Verifies and opens; what is inside is parsed by `schema` after both held.
 * @param options.sealing - the receiver's X25519 secrets, newest first: a box from before a rotation still opens.
 * @throws {ProtocolError} ENVELOPE_*, SEALED_BOX_OPEN_FAILED also for another receiver or occasion, SCHEMA_MISMATCH
 */
export async function openDocument<S extends z.ZodType>(
  value: unknown,
  options: {
    readonly domain: Domain;
    readonly about: string;
    readonly schema: S;
    readonly key: SignerKey;
    readonly receiver: string;
    readonly sealing: readonly Uint8Array[];
    readonly now: Date;
    readonly ed25519?: Ed25519 | undefined;
  },
): Promise<z.output<S>> {
  const { domain, about, schema, key, receiver, sealing, now, ed25519 } = options;
  const { body } = openEnvelope(value, {
    domain,
    key,
    now,
    schema: sealedBodySchema,
    ...(ed25519 === undefined ? {} : { ed25519 }),
  });
  const context = { domain, sender: key.signer, receiver, purpose: about };
  const message = await openAny(fromHex(body.box), sealing, context);
  return parseJson(schema, utf8Decode(message), 'sealed document');
}

type Context = Parameters<typeof openSealedBox>[0]['context'];

async function openAny(box: Uint8Array, secrets: readonly Uint8Array[], context: Context): Promise<Uint8Array> {
  for (const secretKey of secrets) {
    try {
      return await openSealedBox({ box, secretKey, context });
    } catch (error) {
      if (!isProtocolError(error, 'SEALED_BOX_OPEN_FAILED')) throw error;
    }
  }
  const { sender, receiver, purpose } = context;
  throw new ProtocolError('SEALED_BOX_OPEN_FAILED', { sender, receiver, purpose });
}
