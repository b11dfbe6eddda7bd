/**
 * The signed envelope: how an organisation states something to others, on line or on file, with an end if wanted.
 *
 * `{ suite, domain, signer, keyEpoch, issuedAt, expiresAt?, body, signature }`; the signature is Ed25519 over the
 * digest of everything else. Trust: the public key comes from the chain, never from the envelope. An envelope has no
 * audience and may be shown to anybody; what is meant for one receiver says so in its body.
 * Source: RFC 8785 (canonical form), RFC 8032.
 */
import { z } from 'zod';
import { fromHex, toHex } from './bytes.ts';
import { digest } from './canonical.ts';
import { type Domain, domains, SUITE } from './domains.ts';
import { isProtocolError, ProtocolError } from './errors.ts';
import { type Ed25519, nobleEd25519, SIGNATURE_BYTES } from './signature.ts';

/** Who signed: an organisation and the number of its signing key on chain. */
export type EnvelopeHeader = {
  readonly suite: string;
  readonly domain: string;
  readonly signer: string;
  readonly keyEpoch: number;
  /** The signer's claim, an ISO 8601 instant in UTC. */
  readonly issuedAt: string;
  /** The first instant at which the envelope no longer holds; without it there is no end. */
  readonly expiresAt?: string;
};

/** A signed envelope as it travels; `signature` is 64 bytes in hex. */
export type SignedEnvelope<Body = unknown> = EnvelopeHeader & { readonly body: Body; readonly signature: string };

/** A key that the reader trusts, and whose it is. */
export type SignerKey = { readonly signer: string; readonly keyEpoch: number; readonly publicKey: Uint8Array };

/** What an envelope said, after every test held; `digest` is {@link envelopeDigest}. */
export type OpenedEnvelope<Body> = {
  readonly header: EnvelopeHeader;
  readonly body: Body;
  readonly digest: Uint8Array;
};

const instant = z.iso.datetime({ error: 'expected an instant such as 2026-01-31T08:00:00Z' });

const envelopeSchema = z.strictObject({
  suite: z.string().max(64),
  domain: z.string().max(64),
  signer: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'expected an organisation id'),
  keyEpoch: z.int().min(0).max(0xffffffff),
  issuedAt: instant,
  expiresAt: instant.optional(),
  body: z.unknown().refine((body) => body !== undefined, 'expected a body'),
  signature: z.string().regex(new RegExp(`^[0-9a-f]{${2 * SIGNATURE_BYTES}}$`), 'expected 64 bytes in lower-case hex'),
});

/**
 * Signs a body.
 * @param fields.domain - the kind of the body, from domains.ts.
 * @param fields.body - plain JSON.
 * @param secretKey - 32 bytes.
 * @throws {ProtocolError} ENVELOPE_MALFORMED where a field has no valid form; JSON_NOT_CANONICAL for the body.
 */
export function signEnvelope<Body>(
  fields: {
    readonly domain: Domain;
    readonly signer: string;
    readonly keyEpoch: number;
    readonly issuedAt: string;
    readonly expiresAt?: string;
    readonly body: Body;
  },
  secretKey: Uint8Array,
  ed25519: Ed25519 = nobleEd25519,
): SignedEnvelope<Body> {
  const { domain, signer, keyEpoch, issuedAt, expiresAt, body } = fields;
  const end = expiresAt === undefined ? {} : { expiresAt };
  const unsigned = { suite: SUITE, domain, signer, keyEpoch, issuedAt, ...end, body };
  parseEnvelope({ ...unsigned, signature: '00'.repeat(SIGNATURE_BYTES) });
  return { ...unsigned, signature: toHex(ed25519.sign(digest(domains.envelope, unsigned), secretKey)) };
}

/**
 * Reads who claims to have signed, so that a reader can look up the key. Nothing of it is verified.
 * @throws {ProtocolError} ENVELOPE_MALFORMED
 */
export function envelopeHeader(value: unknown): EnvelopeHeader {
  return headerOf(parseEnvelope(value));
}

/**
 * What the signature is over: SHA-256 of the canonical envelope without its signature, 32 bytes.
 * @throws {ProtocolError} JSON_NOT_CANONICAL for a body that no JSON text gives.
 */
export function envelopeDigest(envelope: SignedEnvelope): Uint8Array {
  const { signature: _, ...unsigned } = envelope;
  return digest(domains.envelope, unsigned);
}

/**
 * Verifies an envelope and returns its body.
 * @param value - parsed JSON from anybody.
 * @param options.key - the key that must have signed, from the chain.
 * @param options.schema - the form of the body; it sees the body only after the signature held.
 * @throws {ProtocolError} ENVELOPE_MALFORMED, ENVELOPE_SUITE, ENVELOPE_DOMAIN, ENVELOPE_SIGNER, ENVELOPE_SIGNATURE or
 * ENVELOPE_EXPIRED, tested in this order; ENVELOPE_MALFORMED again for a body that does not fit the schema.
 */
export function openEnvelope<Body>(
  value: unknown,
  options: {
    readonly domain: Domain;
    readonly key: SignerKey;
    readonly now: Date;
    readonly schema: z.ZodType<Body>;
    readonly ed25519?: Ed25519;
  },
): OpenedEnvelope<Body> {
  const { domain, key, now, schema, ed25519 = nobleEd25519 } = options;
  const envelope = parseEnvelope(value);
  if (envelope.suite !== SUITE) throw new ProtocolError('ENVELOPE_SUITE', { expected: SUITE });
  if (envelope.domain !== domain) throw new ProtocolError('ENVELOPE_DOMAIN', { expected: domain });
  const { signer, keyEpoch, expiresAt } = envelope;
  if (signer !== key.signer || keyEpoch !== key.keyEpoch) {
    throw new ProtocolError('ENVELOPE_SIGNER', { expectedSigner: key.signer, expectedKeyEpoch: key.keyEpoch });
  }
  const signed = canonicalDigest(envelope);
  if (!ed25519.verify(fromHex(envelope.signature), signed, key.publicKey)) {
    throw new ProtocolError('ENVELOPE_SIGNATURE', { signer, keyEpoch });
  }
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime()) {
    throw new ProtocolError('ENVELOPE_EXPIRED', { signer, expiresAt });
  }
  return { header: headerOf(envelope), body: parse(schema, envelope.body, 'body'), digest: signed };
}

function parseEnvelope(value: unknown): SignedEnvelope {
  const envelope = parse(envelopeSchema, value, '');
  const { expiresAt, ...rest } = envelope;
  if (expiresAt === undefined) return rest;
  if (Date.parse(expiresAt) <= Date.parse(rest.issuedAt)) {
    throw new ProtocolError('ENVELOPE_MALFORMED', { path: 'expiresAt', reason: 'is not after issuedAt' });
  }
  return { ...rest, expiresAt };
}

/** {@link envelopeDigest} of what anybody sent: too deep a body or a lone surrogate is malformed. */
function canonicalDigest(envelope: SignedEnvelope): Uint8Array {
  try {
    return envelopeDigest(envelope);
  } catch (cause) {
    if (!isProtocolError(cause, 'JSON_NOT_CANONICAL')) throw cause;
    throw new ProtocolError('ENVELOPE_MALFORMED', { path: 'body', reason: String(cause.details['reason']) }, { cause });
  }
}

function headerOf({ body: _body, signature: _signature, ...header }: SignedEnvelope): EnvelopeHeader {
  return header;
}

function parse<T>(schema: z.ZodType<T>, value: unknown, at: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = [at, ...issue.path.map(String)].filter((part) => part !== '').join('.');
  throw new ProtocolError('ENVELOPE_MALFORMED', { path: path === '' ? '(top)' : path, reason: issue.message });
}
