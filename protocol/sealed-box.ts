/**
 * Sealed boxes: a secret from one organisation to another, through hands that must not read it.
 *
 * The form is libsodium's crypto_box_seal; the plaintext begins with the context (domain, sender, receiver, purpose),
 * so that a box which was made for another use does not open. Anybody can make a box: who sent it is shown by the
 * signature of the message that carries it, and `sender` only says whom the maker meant.
 * Learns: the receiver the message; anybody else its length.
 * Source: libsodium, "Sealed boxes" (X25519, BLAKE2b, XSalsa20-Poly1305).
 */
import sodium from 'libsodium-wrappers-sumo';
import { concat, concatPrefixed, equalBytes, utf8, wipe } from './bytes.ts';
import type { Domain } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { KEY_BYTES } from './signature.ts';

/** What a box is for; sealing and opening must name the same. */
export type SealedBoxContext = {
  readonly domain: Domain;
  /** Organisation ids. */
  readonly sender: string;
  readonly receiver: string;
  /** What the message is, such as `key`. */
  readonly purpose: string;
};

/**
 * Seals a message.
 * @param options.receiverPublicKey - X25519, 32 bytes, from the chain.
 * @param options.ephemeralSecret - 32 uniform bytes, for this box only.
 * @returns the box: 32 + 16 bytes and the context longer than the message.
 * @throws {ProtocolError} BYTES_LENGTH; X25519_ZERO_SECRET where the receiver's key is of small order.
 */
export async function sealBox(options: {
  readonly message: Uint8Array;
  readonly receiverPublicKey: Uint8Array;
  readonly context: SealedBoxContext;
  readonly ephemeralSecret: Uint8Array;
}): Promise<Uint8Array> {
  await sodium.ready;
  const { message, receiverPublicKey, context, ephemeralSecret } = options;
  assertKey(receiverPublicKey, 'receiver public key');
  assertKey(ephemeralSecret, 'ephemeral secret');
  const ephemeralPublicKey = sodium.crypto_scalarmult_base(ephemeralSecret);
  const nonce = sealNonce(ephemeralPublicKey, receiverPublicKey);
  const plaintext = concat(contextBytes(context), message);
  try {
    return concat(ephemeralPublicKey, sodium.crypto_box_easy(plaintext, nonce, receiverPublicKey, ephemeralSecret));
  } catch (cause) {
    throw new ProtocolError('X25519_ZERO_SECRET', {}, { cause });
  } finally {
    wipe(plaintext);
  }
}

/**
 * Opens a box.
 * @param options.box - any bytes.
 * @param options.secretKey - the receiver's X25519 secret, 32 bytes.
 * @throws {ProtocolError} SEALED_BOX_OPEN_FAILED for another receiver, another context or changed bytes; BYTES_LENGTH.
 */
export async function openSealedBox(options: {
  readonly box: Uint8Array;
  readonly secretKey: Uint8Array;
  readonly context: SealedBoxContext;
}): Promise<Uint8Array> {
  await sodium.ready;
  const { box, secretKey, context } = options;
  assertKey(secretKey, 'secret key');
  const plaintext = openSeal(box, secretKey, context);
  const head = contextBytes(context);
  if (!equalBytes(plaintext.subarray(0, head.length), head)) throw openFailed(context);
  const message = plaintext.slice(head.length);
  wipe(plaintext);
  return message;
}

function openSeal(box: Uint8Array, secretKey: Uint8Array, context: SealedBoxContext): Uint8Array {
  try {
    return sodium.crypto_box_seal_open(box, sodium.crypto_scalarmult_base(secretKey), secretKey);
  } catch (cause) {
    throw openFailed(context, cause);
  }
}

/** The nonce of crypto_box_seal: BLAKE2b of both public keys, 24 bytes. */
function sealNonce(ephemeralPublicKey: Uint8Array, receiverPublicKey: Uint8Array): Uint8Array {
  return sodium.crypto_generichash(sodium.crypto_box_NONCEBYTES, concat(ephemeralPublicKey, receiverPublicKey), null);
}

function contextBytes({ domain, sender, receiver, purpose }: SealedBoxContext): Uint8Array {
  return concatPrefixed(utf8(domain), utf8(sender), utf8(receiver), utf8(purpose));
}

function assertKey(key: Uint8Array, what: string): void {
  if (key.length !== KEY_BYTES) {
    throw new ProtocolError('BYTES_LENGTH', { what, expectedBytes: KEY_BYTES, gotBytes: key.length });
  }
}

function openFailed({ sender, receiver, purpose }: SealedBoxContext, cause?: unknown): ProtocolError {
  return new ProtocolError('SEALED_BOX_OPEN_FAILED', { sender, receiver, purpose }, { cause });
}
