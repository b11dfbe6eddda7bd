/**
 * Key derivation: HKDF and HMAC with SHA-256.
 *
 * `info` of every derivation begins with a tag of domains.ts.
 * Source: RFC 5869, RFC 2104.
 */
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ProtocolError } from './errors.ts';

/** Most bytes that one expansion gives: 255 blocks. */
export const HKDF_MAX_BYTES = 255 * 32;

/**
 * HKDF-SHA256.
 * @param options.ikm - input key material, secret.
 * @param options.salt - any bytes; empty means 32 zero bytes.
 * @param options.info - context: a domain tag and what else separates this key from others, length-prefixed.
 * @param options.length - bytes wanted, 1 to 8,160.
 * @throws {ProtocolError} HKDF_LENGTH
 */
export function hkdfSha256(options: {
  readonly ikm: Uint8Array;
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  readonly length: number;
}): Uint8Array {
  return hkdfExpand(hkdfExtract(options.salt, options.ikm), options.info, options.length);
}

/** HKDF-Extract: a pseudorandom key of 32 bytes, from which several keys may be expanded. */
export function hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return extract(sha256, ikm, salt);
}

/** HKDF-Expand of a pseudorandom key. @throws {ProtocolError} HKDF_LENGTH */
export function hkdfExpand(pseudorandomKey: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > HKDF_MAX_BYTES) {
    throw new ProtocolError('HKDF_LENGTH', { lengthBytes: length, maxBytes: HKDF_MAX_BYTES });
  }
  return expand(sha256, pseudorandomKey, info, length);
}

/** HMAC-SHA256, 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha256, key, message);
}

/** HMAC-SHA256 under one key for many messages; the key's own blocks are hashed once. */
export function createHmacSha256(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const keyed = hmac.create(sha256, key);
  return (message) => keyed.clone().update(message).digest();
}
