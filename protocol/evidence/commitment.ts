/**
 * Salted commitments, one per field of an event, so that any field can be withheld and the event still verifies.
 *
 * Hiding rests on the salt alone: most fields have a handful of values, and SHA-256 of one would be the value. The salt
 * of each field is its own, so that opening one says nothing of another. Binding rests on SHA-256.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatPrefixed, fromHex, toHex, utf8 } from '../bytes.ts';
import { canonicalText } from '../canonical.ts';
import { domains } from '../domains.ts';
import { ProtocolError } from '../errors.ts';
import { type EventKind, fieldNames } from './event-kinds.ts';

export const SALT_BYTES = 16;
const MAX_SALT_BYTES = 64;
const MIN_SECRET_BYTES = 32;
const ID_BYTES = 16;
const fieldPrefix = concatPrefixed(utf8(domains.fieldCommitment));
const saltDomain = utf8(domains.fieldSalt);

/** The two primitives of this module; a node passes native ones, since it makes thousands of events a second. */
export type EventPrimitives = {
  /** SHA-256 in lower-case hex. */
  readonly sha256Hex: (message: Uint8Array) => string;
  /** HKDF-SHA256 (RFC 5869). */
  readonly hkdf: (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, lengthBytes: number) => Uint8Array;
};

export const portablePrimitives: EventPrimitives = {
  sha256Hex: (message) => toHex(sha256(message)),
  hkdf: (secret, salt, info, lengthBytes) => hkdf(sha256, secret, salt, info, lengthBytes),
};

/**
 * Commits to one named value. Learns: who sees the commitment without the salt learns nothing of the value.
 * @param salt - 16 to 64 uniformly random bytes, never used for another field.
 * @returns SHA-256 over domain, salt and the canonical JSON of `[name, value]`, each length-prefixed; lower-case hex.
 * @throws {ProtocolError} EVENT_SALT_LENGTH; JSON_NOT_CANONICAL
 */
export function commitField(
  salt: Uint8Array,
  name: string,
  value: unknown,
  { sha256Hex }: EventPrimitives = portablePrimitives,
): string {
  if (salt.length < SALT_BYTES || salt.length > MAX_SALT_BYTES) {
    throw new ProtocolError('EVENT_SALT_LENGTH', { minimum: SALT_BYTES, maximum: MAX_SALT_BYTES, found: salt.length });
  }
  return sha256Hex(preimage(salt, canonicalText([name, value])));
}

const encoder = new TextEncoder();
/** Where pre-images are written, one after the other; each begins with the domain. */
let scratch = new Uint8Array(1024);
scratch.set(fieldPrefix);

/** The bytes of concatPrefixed(domain, salt, json), written in one pass: this is the inner loop of every event. */
function preimage(salt: Uint8Array, json: string): Uint8Array {
  const saltStart = writeLength(scratch, fieldPrefix.length, salt.length);
  const jsonStart = saltStart + salt.length + 4;
  const longest = jsonStart + 3 * json.length;
  if (scratch.length < longest) {
    scratch = new Uint8Array(longest);
    scratch.set(fieldPrefix);
    writeLength(scratch, fieldPrefix.length, salt.length);
  }
  scratch.set(salt, saltStart);
  const { written } = encoder.encodeInto(json, scratch.subarray(jsonStart));
  writeLength(scratch, jsonStart - 4, written);
  return scratch.subarray(0, jsonStart + written);
}

/** Writes a 4-byte big-endian length. @returns where to go on. */
function writeLength(out: Uint8Array, start: number, length: number): number {
  out[start] = length >>> 24;
  out[start + 1] = length >>> 16;
  out[start + 2] = length >>> 8;
  out[start + 3] = length;
  return start + 4;
}

/** Whether `salt` (hex) and `value` open `commitment` for the field `name`; malformed salts answer false. */
export function opensField(commitment: string, name: string, salt: string, value: unknown): boolean {
  const isSalt = /^([0-9a-f]{2})+$/.test(salt) && salt.length >= 2 * SALT_BYTES && salt.length <= 2 * MAX_SALT_BYTES;
  return isSalt && commitField(fromHex(salt), name, value) === commitment;
}

export type EventSecrets = {
  /** 16 bytes in lower-case hex. */
  readonly id: string;
  /** The salt of a field of the event's kind, 16 bytes. */
  readonly saltFor: (field: string) => Uint8Array;
};

/**
 * The id of an event and the salts of its fields, from the node's own secret and the caller's key for what happened.
 *
 * They are derived, not drawn: a node that died between making an event and hearing that it is durable makes the same
 * event again and finds it by its id, and an auditor inside the organisation can make an opening again. To anyone
 * without the secret they are as good as random (HKDF), and an opened salt tells nothing of its neighbours. A plain
 * digest of "request R decided by D: approved" as the id would let a reader try both answers and so read a withheld field.
 * @param secret - at least 32 secret bytes that serve nothing else.
 * @param idempotencyKey - what makes this event one: for example `unlocking/<request>/<lane>/<counter>`.
 * @throws {ProtocolError} EVENT_SALT_SECRET
 * Source: RFC 5869.
 */
export function deriveEventSecrets(
  secret: Uint8Array,
  kind: EventKind,
  idempotencyKey: string,
  { hkdf: derive }: EventPrimitives = portablePrimitives,
): EventSecrets {
  assertSecret(secret);
  const names = [...fieldNames(kind).allowed];
  const info = concatPrefixed(saltDomain, utf8(kind));
  const material = derive(secret, utf8(idempotencyKey), info, ID_BYTES + SALT_BYTES * names.length);
  const saltFor = (field: string): Uint8Array => {
    const start = ID_BYTES + SALT_BYTES * names.indexOf(field);
    if (start < ID_BYTES) throw new ProtocolError('EVENT_TYPE_UNKNOWN', {});
    return material.subarray(start, start + SALT_BYTES);
  };
  return { id: toHex(material.subarray(0, ID_BYTES)), saltFor };
}

function assertSecret(secret: Uint8Array): void {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new ProtocolError('EVENT_SALT_SECRET', { minimum: MIN_SECRET_BYTES, found: secret.length });
  }
}
