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
  assertPlainJson(value, '$', 0);
  return canonicalize(value) as string;
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

function assertPlainJson(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) throw new ProtocolError('JSON_NOT_CANONICAL', { path, reason: 'nesting is too deep' });
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      if (!value.isWellFormed()) throw new ProtocolError('JSON_NOT_CANONICAL', { path, reason: 'lone surrogate' });
      return;
    case 'number':
      if (!Number.isFinite(value))
        throw new ProtocolError('JSON_NOT_CANONICAL', { path, reason: 'number is not finite' });
      return;
    case 'object':
      break;
    default:
      throw new ProtocolError('JSON_NOT_CANONICAL', { path, reason: `a ${typeof value} is no JSON value` });
  }
  if (value === null) return;
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      assertPlainJson(item, `${path}[${i}]`, depth + 1);
    });
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ProtocolError('JSON_NOT_CANONICAL', { path, reason: 'not a plain object' });
  }
  for (const [key, item] of Object.entries(value)) {
    if (!key.isWellFormed()) throw new ProtocolError('JSON_NOT_CANONICAL', { path, reason: 'lone surrogate in a key' });
    assertPlainJson(item, `${path}.${key}`, depth + 1);
  }
}
