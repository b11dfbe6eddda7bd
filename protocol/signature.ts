/**
 * Ed25519 signatures and X25519 key agreement.
 *
 * The implementation of Ed25519 is a port: the default in plain JavaScript runs everywhere, a node may bring the
 * native one of its runtime, which is some ten times faster. Both must pass the same vectors.
 * Source: RFC 8032, RFC 7748.
 */
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { ProtocolError } from './errors.ts';

/** Bytes of an Ed25519 or X25519 key, secret or public. */
export const KEY_BYTES = 32;
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

/** An implementation of Ed25519; keys are 32 bytes, a secret key is the seed of RFC 8032. */
export type Ed25519 = {
  readonly publicKey: (secretKey: Uint8Array) => Uint8Array;
  readonly sign: (message: Uint8Array, secretKey: Uint8Array) => Uint8Array;
  /** Answers false for malformed keys and signatures too; never throws. */
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;
};

/** Ed25519 of @noble/curves: strict RFC 8032 encodings, keys of small order refused. */
export const nobleEd25519: Ed25519 = {
  publicKey(secretKey) {
    assertKey(secretKey, 'Ed25519 secret key');
    return ed25519.getPublicKey(secretKey);
  },
  sign(message, secretKey) {
    assertKey(secretKey, 'Ed25519 secret key');
    return ed25519.sign(message, secretKey);
  },
  verify(signature, message, publicKey) {
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false;
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  },
};

/** The X25519 public key of a secret key of 32 bytes. @throws {ProtocolError} BYTES_LENGTH */
export function x25519PublicKey(secretKey: Uint8Array): Uint8Array {
  assertKey(secretKey, 'X25519 secret key');
  return x25519.getPublicKey(secretKey);
}

/**
 * The secret that two key pairs share, 32 bytes; to be put through HKDF before use.
 * @throws {ProtocolError} X25519_ZERO_SECRET where the peer's key is a point of small order: its owner chose the secret.
 * @throws {ProtocolError} BYTES_LENGTH
 * Source: RFC 7748, 5 and 6.1.
 */
export function x25519SharedSecret(secretKey: Uint8Array, peerPublicKey: Uint8Array): Uint8Array {
  assertKey(secretKey, 'X25519 secret key');
  assertKey(peerPublicKey, 'X25519 public key');
  try {
    return x25519.getSharedSecret(secretKey, peerPublicKey);
  } catch (cause) {
    throw new ProtocolError('X25519_ZERO_SECRET', {}, { cause });
  }
}

function assertKey(key: Uint8Array, what: string): void {
  if (key.length !== KEY_BYTES) {
    throw new ProtocolError('BYTES_LENGTH', { what, expectedBytes: KEY_BYTES, gotBytes: key.length });
  }
}
