/**
 * The group ristretto255 and the hashes of the suite ristretto255-SHA512 in POPRF mode, on libsodium (WebAssembly).
 *
 * Everything that enters is checked here: a scalar is canonical and not zero, an element is the canonical encoding of
 * a group element other than the identity. libsodium's own errors never pass, because they do not say which was wrong.
 * Source: RFC 9496 (ristretto255), RFC 9497, sections 2.1 and 4.1, RFC 9380, section 5.3.1.
 */
import sodium from 'libsodium-wrappers-sumo';
import { concat, equalBytes, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';

export const ELEMENT_BYTES = 32;
export const SCALAR_BYTES = 32;

/** RFC 9497, 3.1: "OPRFV1-" ‖ I2OSP(mode, 1) ‖ "-" ‖ identifier, with mode 2 = POPRF. */
const CONTEXT = concat(utf8('OPRFV1-'), Uint8Array.of(2), utf8('-ristretto255-SHA512'));
const SHA512_BLOCK_BYTES = 128;
const HASH_TO_GROUP_TAG = tagOf('HashToGroup-');
const HASH_TO_SCALAR_TAG = tagOf('HashToScalar-');
const DERIVE_KEY_PAIR_TAG = tagOf('DeriveKeyPair');
export const SEED_TAG = concat(utf8('Seed-'), CONTEXT);

/** Waits until libsodium's WebAssembly is there; every other function of this module needs that. */
export async function loadGroup(): Promise<void> {
  await sodium.ready;
}

/** SHA-512. */
export function sha512(message: Uint8Array): Uint8Array {
  return sodium.crypto_hash_sha512(message);
}

/** HMAC-SHA256 under a key of 32 bytes; about twice as fast as in plain JavaScript. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return sodium.crypto_auth_hmacsha256(message, key);
}

/** RFC 9497, 4.1: the element that an input hashes to; not the identity, except with negligible probability. */
export function hashToGroup(input: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_from_hash(expandMessage(input, HASH_TO_GROUP_TAG));
}

/** RFC 9497, 4.1: HashToScalar under the tag of the protocol. */
export function hashToScalar(input: Uint8Array): Uint8Array {
  return reduceScalar(expandMessage(input, HASH_TO_SCALAR_TAG));
}

/** RFC 9497, 3.2.1: HashToScalar under the tag of DeriveKeyPair. */
export function hashToKey(input: Uint8Array): Uint8Array {
  return reduceScalar(expandMessage(input, DERIVE_KEY_PAIR_TAG));
}

/** 64 bytes, little-endian, modulo the group order. */
export function reduceScalar(bytes64: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_reduce(bytes64);
}

/** @throws {ProtocolError} POPRF_SCALAR_INVALID unless the scalar is canonical and not zero. */
export function assertScalar(scalar: Uint8Array, what: string): void {
  if (!isScalar(scalar)) throw new ProtocolError('POPRF_SCALAR_INVALID', { what, bytes: scalar.length });
}

/** Whether 32 bytes are the little-endian encoding of a scalar s with 0 < s < order. */
export function isScalar(scalar: Uint8Array): boolean {
  if (scalar.length !== SCALAR_BYTES || isZero(scalar)) return false;
  const wide = new Uint8Array(2 * SCALAR_BYTES);
  wide.set(scalar);
  return equalBytes(reduceScalar(wide), scalar);
}

/** @throws {ProtocolError} POPRF_ELEMENT_INVALID unless canonical and not the identity. */
export function assertElement(element: Uint8Array, what: string): void {
  if (element.length !== ELEMENT_BYTES || isZero(element) || !sodium.crypto_core_ristretto255_is_valid_point(element)) {
    throw new ProtocolError('POPRF_ELEMENT_INVALID', { what, bytes: element.length });
  }
}

/**
 * scalar * element; the product with a valid scalar checks the element as {@link assertElement} does.
 * @throws {ProtocolError} POPRF_ELEMENT_INVALID
 */
export function multiply(scalar: Uint8Array, element: Uint8Array, what: string): Uint8Array {
  if (element.length === ELEMENT_BYTES) {
    try {
      return sodium.crypto_scalarmult_ristretto255(scalar, element);
    } catch (cause) {
      throw new ProtocolError('POPRF_ELEMENT_INVALID', { what, bytes: element.length }, { cause });
    }
  }
  throw new ProtocolError('POPRF_ELEMENT_INVALID', { what, bytes: element.length });
}

/** scalar * generator, for a valid scalar. */
export function multiplyBase(scalar: Uint8Array): Uint8Array {
  return sodium.crypto_scalarmult_ristretto255_base(scalar);
}

/** a + b of two elements that were checked. */
export function addElements(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_add(a, b);
}

export function addScalars(a: Uint8Array, b: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_add(a, b);
}

/** a - b * c. */
export function subtractProduct(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_sub(a, sodium.crypto_core_ristretto255_scalar_mul(b, c));
}

/** 1 / scalar, for a valid scalar. */
export function invertScalar(scalar: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_invert(scalar);
}

/** 1 / s of every valid scalar, with one inversion for all (Montgomery's trick). */
export function invertScalars(scalars: readonly Uint8Array[]): Uint8Array[] {
  const product = sodium.crypto_core_ristretto255_scalar_mul;
  const prefixes: Uint8Array[] = [];
  for (const scalar of scalars) prefixes.push(prefixes.length === 0 ? scalar : product(prefixes.at(-1)!, scalar));
  const inverses = new Array<Uint8Array>(scalars.length);
  let inverse = invertScalar(prefixes.at(-1)!);
  for (let i = scalars.length - 1; i > 0; i--) {
    inverses[i] = product(inverse, prefixes[i - 1]!);
    inverse = product(inverse, scalars[i]!);
  }
  inverses[0] = inverse;
  return inverses;
}

/** A byte string after its length as two bytes, big-endian; at most 65,535 bytes. */
export function prefixed(bytes: Uint8Array): Uint8Array {
  return concat(uint16be(bytes.length), bytes);
}

export function uint16be(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** expand_message_xmd with SHA-512 to 64 bytes, where one output block is enough. Source: RFC 9380, 5.3.1. */
function expandMessage(message: Uint8Array, tag: Uint8Array): Uint8Array {
  const head = new Uint8Array(SHA512_BLOCK_BYTES + message.length + 3 + tag.length);
  head.set(message, SHA512_BLOCK_BYTES);
  head[SHA512_BLOCK_BYTES + message.length + 1] = 64;
  head.set(tag, SHA512_BLOCK_BYTES + message.length + 3);
  return sha512(concat(sha512(head), Uint8Array.of(1), tag));
}

/** DST_prime of RFC 9380, 5.3.1: the tag followed by its length. */
function tagOf(name: string): Uint8Array {
  const tag = concat(utf8(name), CONTEXT);
  return concat(tag, Uint8Array.of(tag.length));
}
