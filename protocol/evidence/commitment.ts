/**
 * Salted commitments, one per field of an event, so that any field can be withheld and the event still verifies.
 *
 * Hiding rests on the salt alone: most fields have a handful of values, and SHA-256 of one would be the value. The salt
 * of each field is its own, so that opening one says nothing of another. Binding rests on SHA-256.
 */
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatPrefixed, fromHex, toHex, utf8 } from '../bytes.ts';
import { canonicalBytes } from '../canonical.ts';
import { domains } from '../domains.ts';
import { ProtocolError } from '../errors.ts';

export const SALT_BYTES = 16;
const MAX_SALT_BYTES = 64;
const MIN_SECRET_BYTES = 32;
const fieldDomain = utf8(domains.fieldCommitment);
const saltDomain = utf8(domains.fieldSalt);

/**
 * Commits to one named value. Learns: who sees the commitment without the salt learns nothing of the value.
 * @param salt - 16 to 64 uniformly random bytes, never used for another field.
 * @returns SHA-256 over domain, salt and the canonical JSON of `[name, value]`, each length-prefixed; lower-case hex.
 * @throws {ProtocolError} EVENT_SALT_LENGTH; JSON_NOT_CANONICAL
 */
export function commitField(salt: Uint8Array, name: string, value: unknown): string {
  if (salt.length < SALT_BYTES || salt.length > MAX_SALT_BYTES) {
    throw new ProtocolError('EVENT_SALT_LENGTH', { minimum: SALT_BYTES, maximum: MAX_SALT_BYTES, found: salt.length });
  }
  return toHex(sha256(concatPrefixed(fieldDomain, salt, canonicalBytes([name, value]))));
}

/** Whether `salt` (hex) and `value` open `commitment` for the field `name`; malformed salts answer false. */
export function opensField(commitment: string, name: string, salt: string, value: unknown): boolean {
  const wellFormed =
    /^([0-9a-f]{2})+$/.test(salt) && salt.length >= 2 * SALT_BYTES && salt.length <= 2 * MAX_SALT_BYTES;
  return wellFormed && commitField(fromHex(salt), name, value) === commitment;
}

/**
 * Salts of one event, from the node's own secret and the event's id.
 *
 * They are derived, not drawn: a node that died between making an event and hearing that it is durable makes the same
 * event again and finds it by its id, and an auditor inside the organisation can make an opening again. To anyone
 * without the secret they are as good as random (HKDF), and an opened salt tells nothing of its neighbours.
 * @param secret - at least 32 secret bytes that serve nothing else.
 * @returns a function from a field's name to its salt of 16 bytes.
 * @throws {ProtocolError} EVENT_SALT_SECRET
 * Source: RFC 5869.
 */
export function saltsFrom(secret: Uint8Array, eventId: string): (field: string) => Uint8Array {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new ProtocolError('EVENT_SALT_SECRET', { minimum: MIN_SECRET_BYTES, found: secret.length });
  }
  const key = extract(sha256, secret, utf8(eventId));
  return (field) => expand(sha256, key, concatPrefixed(saltDomain, utf8(field)), SALT_BYTES);
}

/**
 * The id of an event, from the node's secret and the caller's own key for what happened.
 *
 * A plain digest of "request R decided by D: approved" would let a reader try both answers and so read a withheld
 * field from the id; under the secret the same key gives the same id, and the id tells nothing.
 * @param idempotencyKey - what makes this event one: for example `unlocking/<request>/<lane>/<counter>`.
 * @returns 16 bytes in lower-case hex.
 */
export function eventIdFrom(secret: Uint8Array, idempotencyKey: string): string {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new ProtocolError('EVENT_SALT_SECRET', { minimum: MIN_SECRET_BYTES, found: secret.length });
  }
  const key = extract(sha256, secret, utf8(domains.event));
  return toHex(expand(sha256, key, utf8(idempotencyKey), 16));
}
