/**
 * Key derivation: HKDF and HMAC with SHA-256.
 *
 * `info` of every derivation begins with a tag of domains.ts.
 * Source: RFC 5869, RFC 2104.
 */
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from './bytes.ts';
import { ProtocolError } from './errors.ts';

const HASH_BYTES = 32;
/** RFC 5869, 2.2: no salt is as many zeros as the hash has bytes. */
const EMPTY_SALT = new Uint8Array(HASH_BYTES);
/** RFC 5869, 2.3: the counter of the first block of an expansion. */
const FIRST_BLOCK = Uint8Array.of(1);

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

/** HKDF-SHA256 with an empty salt, as a port: (input key material, info, bytes) -> bytes. */
export type HkdfPort = (ikm: Uint8Array, info: Uint8Array, lengthBytes: number) => Uint8Array;

/**
 * An {@link HkdfPort} for several keys from one input: it keeps the extraction of the last input.
 * @param hmacOf - HMAC-SHA256 under a key of 32 bytes.
 */
export function createHkdf(hmacOf: (key: Uint8Array, message: Uint8Array) => Uint8Array = hmacSha256): HkdfPort {
  let last: { readonly ikm: Uint8Array; readonly pseudorandomKey: Uint8Array } | undefined;
  return (ikm, info, lengthBytes) => {
    if (last === undefined || !equalBytes(last.ikm, ikm)) {
      last = { ikm: ikm.slice(), pseudorandomKey: hmacOf(EMPTY_SALT, ikm) };
    }
    const { pseudorandomKey } = last;
    if (lengthBytes > HASH_BYTES) return hkdfExpand(pseudorandomKey, info, lengthBytes);
    return hmacOf(pseudorandomKey, concat(info, FIRST_BLOCK)).slice(0, lengthBytes);
  };
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
