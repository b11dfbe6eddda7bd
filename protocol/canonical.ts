/**
 * Canonical JSON (RFC 8785) and digests over it.
 *
 * Only plain JSON values have a canonical form here: null, booleans, finite numbers, well-formed strings,
 * arrays and plain objects. Everything else is refused, so that what is hashed is what a reader parses back.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import canonicalize from 'canonicalize';
import { concatPrefixed, toHex, utf8 } from './bytes.ts';
import type { Domain } from './domains.ts';
import { ProtocolError } from './errors.ts';

/**
 * The RFC 8785 text of a JSON value.
 * @throws {ProtocolError} JSON_NOT_CANONICAL for undefined, functions, bigint, NaN, infinities, lone surrogates and class instances.
 * Source: RFC 8785, section 3.2.
 */
export function canonicalText(value: unknown): string {
  // RFC 8785 writes literals, numbers and strings as ECMAScript does; what is left is the order of the keys.
  return isPlainAndSorted(value, '$', 0) ? JSON.stringify(value) : (canonicalize(value) as string);
}

/** UTF-8 bytes of {@link canonicalText}. */
export function canonicalBytes(value: unknown): Uint8Array {
  return utf8(canonicalText(value));
}

/** SHA-256 over the length-prefixed domain tag and canonical JSON; 32 bytes. */
export function digest(domain: Domain, value: unknown): Uint8Array {
  return sha256(concatPrefixed(utf8(domain), canonicalBytes(value)));
}

/** {@link digest} in lower-case hex. */
export function digestHex(domain: Domain, value: unknown): string {
  return toHex(digest(domain, value));
}

const MAX_DEPTH = 64;

/**
 * Refuses what is no plain JSON. @returns whether the keys of every object stand in canonical order already.
 * @throws {ProtocolError} JSON_NOT_CANONICAL
 */
function isPlainAndSorted(value: unknown, path: string, depth: number): boolean {
  if (depth > MAX_DEPTH) throw notCanonical(path, 'nesting is too deep');
  switch (typeof value) {
    case 'boolean':
      return true;
    case 'string':
      if (!value.isWellFormed()) throw notCanonical(path, 'lone surrogate');
      return true;
    case 'number':
      if (!Number.isFinite(value)) throw notCanonical(path, 'number is not finite');
      return true;
    case 'object':
      break;
    default:
      throw notCanonical(path, `a ${typeof value} is no JSON value`);
  }
  if (value === null) return true;
  return Array.isArray(value) ? areItemsSorted(value, path, depth) : areMembersSorted(value, path, depth);
}

function areItemsSorted(items: readonly unknown[], path: string, depth: number): boolean {
  let isSorted = true;
  // not forEach: it leaves out the holes of a sparse array
  for (let i = 0; i < items.length; i++) {
    if (!isPlainAndSorted(items[i], `${path}[${i}]`, depth + 1)) isSorted = false;
  }
  return isSorted;
}

function areMembersSorted(value: object, path: string, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notCanonical(path, 'not a plain object');
  let isSorted = true;
  let before = '';
  for (const [key, item] of Object.entries(value)) {
    if (!key.isWellFormed()) throw notCanonical(path, 'lone surrogate in a key');
    // By UTF-16 code units, as RFC 8785, 3.2.3 has it.
    if (key < before) isSorted = false;
    before = key;
    if (!isPlainAndSorted(item, `${path}.${key}`, depth + 1)) isSorted = false;
  }
  return isSorted;
}

function notCanonical(path: string, reason: string): ProtocolError {
  return new ProtocolError('JSON_NOT_CANONICAL', { path, reason });
}
