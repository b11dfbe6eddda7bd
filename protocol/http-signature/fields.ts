/**
 * The parts of a signed HTTP message: header fields, components, signature base, and the one form of Signature-Input
 * that Sealedger accepts.
 *
 * Of the structured fields of RFC 8941 only this form is read; everything else is refused rather than interpreted.
 * Source: RFC 9421, sections 2.3, 2.5 and 4, RFC 9530, section 2.
 */
import { utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';

/** Header fields of fetch (`Headers`), pairs, or Node's `headersDistinct`. */
export type HeaderFields =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Component identifier as it stands in the base, such as `"@method"` or `"@method";req`, and its value. */
export type Component = readonly [identifier: string, value: string];

/** Parameters of a signature; times in Unix seconds. Responses carry no nonce: they cover the request's signature. */
export type SignatureParameters = {
  readonly created: number;
  readonly expires: number;
  readonly nonce?: string;
  readonly org: string;
  readonly keyEpoch: number;
};

/** Signature-Input as received: `text` is what the base repeats. */
export type SignatureInput = SignatureParameters & { readonly identifiers: string; readonly text: string };

const LABEL = 'sealedger';
/** The application of RFC 9421, 2.3: a signature for another use never verifies here. */
const TAG = 'sealedger-v1';
const MAX_UINT32 = 0xffffffff;

const NUMBER = '(0|[1-9][0-9]{0,11})';
const INPUT = new RegExp(
  `^${LABEL}=(\\(([a-z0-9"@; -]{0,400})\\);created=${NUMBER};expires=${NUMBER}(?:;nonce="([A-Za-z0-9_-]{16,64})")?` +
    `;keyid="([a-z0-9][a-z0-9-]{0,30})/${NUMBER}";alg="ed25519";tag="${TAG}")$`,
);
const SIGNATURE = new RegExp(`^${LABEL}=:([A-Za-z0-9+/]{86}==):$`);
const DIGEST = /^sha-256=:([A-Za-z0-9+/]{43}=):$/;

/**
 * The one value of a field.
 * @returns undefined where the message has no such field.
 * @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED where it has several.
 */
export function fieldOf(headers: HeaderFields, name: string): string | undefined {
  let found: string | undefined;
  const take = (value: string): void => {
    if (found !== undefined) throw malformed(name, 'the field appears more than once');
    found = value;
  };
  if (Symbol.iterator in headers) {
    for (const [field, value] of headers as Iterable<readonly [string, string]>) if (isNamed(field, name)) take(value);
    return found;
  }
  const record = headers as Readonly<Record<string, string | readonly string[] | undefined>>;
  for (const field of Object.keys(record)) {
    if (!isNamed(field, name)) continue;
    const value = record[field] ?? [];
    if (typeof value === 'string') take(value);
    else for (const one of value) take(one);
  }
  return found;
}

function isNamed(field: string, name: string): boolean {
  return field.length === name.length && (field === name || field.toLowerCase() === name);
}

/** The signature base: what is signed. Source: RFC 9421, 2.5. */
export function signatureBase(components: readonly Component[], parameters: string): Uint8Array {
  const lines = components.map(([identifier, value]) => `${identifier}: ${value}`);
  return utf8([...lines, `"@signature-params": ${parameters}`].join('\n'));
}

/** Components of a request's target, in their fixed order. @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED */
export function targetComponents(method: string, url: string): Component[] {
  if (!/^[A-Z]{1,16}$/.test(method)) throw malformed('method', 'expected upper-case letters');
  const target = parseTarget(url);
  return [
    ['"@method"', method],
    ['"@authority"', target.host],
    ['"@path"', target.pathname],
    ['"@query"', target.search === '' ? '?' : target.search],
  ];
}

/**
 * Two URLs with one normal form may be routed to different places, so that only normal forms are signed and accepted.
 */
function parseTarget(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw malformed('url', 'expected an absolute http URL');
  const [, path, query = ''] = /^[a-z]+:\/\/[^/?#]*([^?]*)(\?.*)?$/s.exec(url) ?? [];
  const isNormal = (path === '' || path === parsed.pathname) && (query === '?' || query === parsed.search);
  if (!isNormal) throw malformed('url', 'path or query is not in normal form');
  return parsed;
}

/** Text of the signature's parameters, without the label. @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED */
export function parametersText(components: readonly Component[], parameters: SignatureParameters): string {
  const { created, expires, nonce, org, keyEpoch } = parameters;
  const identifiers = components.map(([identifier]) => identifier).join(' ');
  const text =
    `(${identifiers});created=${created};expires=${expires}${nonce === undefined ? '' : `;nonce="${nonce}"`}` +
    `;keyid="${org}/${keyEpoch}";alg="ed25519";tag="${TAG}"`;
  parseInput(`${LABEL}=${text}`);
  return text;
}

/** Value of the field Signature-Input, and of Signature. */
export function signatureFields(text: string, signature: Uint8Array): Record<'signature-input' | 'signature', string> {
  return { 'signature-input': `${LABEL}=${text}`, signature: `${LABEL}=:${toBase64(signature)}:` };
}

/** Reads Signature-Input. @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED */
export function parseInput(field: string): SignatureInput {
  const match = INPUT.exec(field);
  if (match === null) throw malformed('signature-input', 'not the one form that is accepted');
  const [, text, identifiers, created, expires, nonce, org, keyEpoch] = match;
  if (Number(keyEpoch) > MAX_UINT32) throw malformed('signature-input', 'the key epoch is out of range');
  return {
    text: text!,
    identifiers: identifiers!,
    created: Number(created),
    expires: Number(expires),
    ...(nonce === undefined ? {} : { nonce }),
    org: org!,
    keyEpoch: Number(keyEpoch),
  };
}

/** Reads Signature, 64 bytes. @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED */
export function parseSignature(field: string): Uint8Array {
  return fromBase64(SIGNATURE.exec(field)?.[1], 'signature');
}

/** Value of the field Content-Digest for the SHA-256 digest of a body. */
export function digestField(bodyDigest: Uint8Array): string {
  if (bodyDigest.length !== 32) throw malformed('content-digest', 'expected a SHA-256 digest of 32 bytes');
  return `sha-256=:${toBase64(bodyDigest)}:`;
}

/** Reads Content-Digest, 32 bytes. @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED */
export function parseDigest(field: string): Uint8Array {
  return fromBase64(DIGEST.exec(field)?.[1], 'content-digest');
}

/** Reads Content-Length. @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED */
export function parseContentLength(field: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(field)) throw malformed('content-length', 'not a number of bytes');
  return Number(field);
}

export function malformed(field: string, reason: string): ProtocolError {
  return new ProtocolError('HTTP_SIGNATURE_MALFORMED', { field, reason });
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Value of a character by its code; what is no digit counts as 0, and fails the comparison below. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))));

/** As `btoa` does, several times as fast: two of these stand in each call. */
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const word = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET[word >> 18]! + ALPHABET[(word >> 12) & 63]!;
    text += left > 1 ? ALPHABET[(word >> 6) & 63]! : '=';
    text += left > 2 ? ALPHABET[word & 63]! : '=';
  }
  return text;
}

function fromBase64(text: string | undefined, field: string): Uint8Array {
  const bytes = text === undefined ? undefined : decoded(text);
  // Base64 has several texts for some bytes; one of them is the encoding.
  if (bytes === undefined || toBase64(bytes) !== text) throw malformed(field, 'not the one form that is accepted');
  return bytes;
}

function decoded(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digit = (at: number): number => DIGITS[text.charCodeAt(at)] ?? 0;
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const word = (digit(at) << 18) | (digit(at + 1) << 12) | (digit(at + 2) << 6) | digit(at + 3);
    bytes[to] = word >> 16;
    bytes[to + 1] = word >> 8;
    bytes[to + 2] = word;
  }
  return bytes;
}
