/**
 * HTTP messages signed by organisations: requests, and responses that cover the request they answer.
 *
 * A signature covers method, authority, path, query and, with a body, its SHA-256 digest; a response covers its
 * status and the request's signature too. It is verified before a byte of the body is read: the caller then streams
 * the body, compares its digest with the verified one, and keeps the store of nonces that stops replays.
 * Trust: keys come from the chain through `publicKeyFor`; TLS, where it is wanted, lies below this.
 * Source: RFC 9421, RFC 9530.
 */
import { ProtocolError } from './errors.ts';
import {
  type Component,
  digestField,
  fieldOf,
  type HeaderFields,
  malformed,
  parametersText,
  parseContentLength,
  parseDigest,
  parseInput,
  parseSignature,
  type SignatureInput,
  signatureBase,
  signatureFields,
  targetComponents,
} from './http-signature/fields.ts';
import { type Ed25519, nobleEd25519 } from './signature.ts';

export type { HeaderFields } from './http-signature/fields.ts';

/** What a signer states beside the message; `created` and `expires` in Unix seconds. */
type SignedBy = {
  readonly org: string;
  readonly keyEpoch: number;
  readonly created: number;
  readonly expires: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
};

/** The body of a message: nothing, or its SHA-256 digest and, where the transport sends it, its length. */
type BodyFacts = { readonly bodyDigest?: Uint8Array; readonly contentLength?: number };

/** How a verifier judges; `now` in Unix seconds. */
type Judgement = {
  readonly publicKeyFor: (org: string, keyEpoch: number) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  readonly now: number;
  readonly maxSkewSeconds: number;
  readonly maxLifetimeSeconds: number;
  readonly ed25519?: Pick<Ed25519, 'verify'>;
};

/** The request that a response answers, with the headers that went out or came in. */
export type AnsweredRequest = { readonly method: string; readonly url: string; readonly headers: HeaderFields };

/** What a verified message says of itself. Without `contentDigest` its body must be empty. */
export type VerifiedMessage = {
  readonly org: string;
  readonly keyEpoch: number;
  readonly created: number;
  readonly expires: number;
  readonly contentDigest: Uint8Array | undefined;
};

/** `nonce` is to be refused when it comes again from `org` before `expires` plus the skew. */
export type VerifiedRequest = VerifiedMessage & { readonly nonce: string };

/**
 * Signs a request.
 * @param options.url - absolute, in normal form (`new URL(…).href`).
 * @param options.contentLength - only where the transport sends Content-Length with this value.
 * @param options.nonce - 16 to 64 characters of A-Z a-z 0-9 - _, never used before by this organisation.
 * @returns the fields to add: `signature-input`, `signature` and, with a body, `content-digest`.
 * @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED where a part has no valid form.
 */
export function signRequestHeaders(
  options: SignedBy & BodyFacts & { readonly method: string; readonly url: string; readonly nonce: string },
): Record<string, string> {
  const components = [...targetComponents(options.method, options.url), ...bodyComponents(options)];
  return signedFields(components, options, options.nonce);
}

/**
 * Verifies a request by its headers, before its body is read.
 * @param options.url - as this node is addressed by its registered endpoint, plus path and query as received; not
 * the Host field of the request, because that would let a request to another node pass here.
 * @throws {ProtocolError} HTTP_SIGNATURE_MISSING, HTTP_SIGNATURE_MALFORMED, HTTP_SIGNATURE_COMPONENTS,
 * HTTP_SIGNATURE_FUTURE, HTTP_SIGNATURE_EXPIRED, HTTP_SIGNATURE_LIFETIME, HTTP_SIGNATURE_KEY or
 * HTTP_SIGNATURE_INVALID; and whatever `publicKeyFor` throws.
 */
export async function verifyRequestHeaders(
  options: Judgement & { readonly method: string; readonly url: string; readonly headers: HeaderFields },
): Promise<VerifiedRequest> {
  const input = inputOf(options.headers);
  const body = receivedBody(options.headers, input);
  const components = [...targetComponents(options.method, options.url), ...body];
  if (input.nonce === undefined) throw malformed('signature-input', 'a request needs a nonce');
  const message = await verifyMessage(components, input, options.headers, options);
  return { ...message, nonce: input.nonce };
}

/**
 * Signs the response to a verified request; it holds for that one request, whose signature it covers.
 * @returns the fields to add: `signature-input`, `signature` and, with a body, `content-digest`.
 * @throws {ProtocolError} HTTP_SIGNATURE_MALFORMED
 */
export function signResponseHeaders(
  options: SignedBy & BodyFacts & { readonly status: number; readonly request: AnsweredRequest },
): Record<string, string> {
  const components = [...answerComponents(options.status, options.request), ...bodyComponents(options)];
  return signedFields(components, options, undefined);
}

/**
 * Verifies a response by its headers, before its body is read.
 * @param options.request - the request as it was sent, with its signed headers.
 * @param options.org - the organisation that was asked; a response of any other is refused.
 * @throws {ProtocolError} as {@link verifyRequestHeaders}, and HTTP_SIGNATURE_SIGNER
 */
export async function verifyResponseHeaders(
  options: Judgement & {
    readonly status: number;
    readonly headers: HeaderFields;
    readonly request: AnsweredRequest;
    readonly org: string;
  },
): Promise<VerifiedMessage> {
  const input = inputOf(options.headers);
  const body = receivedBody(options.headers, input);
  const components = [...answerComponents(options.status, options.request), ...body];
  if (input.nonce !== undefined) throw malformed('signature-input', 'a response has no nonce');
  if (input.org !== options.org) throw new ProtocolError('HTTP_SIGNATURE_SIGNER', { expected: options.org });
  return verifyMessage(components, input, options.headers, options);
}

function signedFields(
  components: readonly Component[],
  options: SignedBy & BodyFacts,
  nonce: string | undefined,
): Record<string, string> {
  const { org, keyEpoch, created, expires, bodyDigest } = options;
  if (expires <= created) throw malformed('expires', 'is not after created');
  const parameters = { org, keyEpoch, created, expires, ...(nonce === undefined ? {} : { nonce }) };
  const text = parametersText(components, parameters);
  const signature = options.sign(signatureBase(components, text));
  const fields = signatureFields(text, signature);
  return bodyDigest === undefined ? fields : { 'content-digest': digestField(bodyDigest), ...fields };
}

/** Components of a body to be sent. A length without a digest would sign nothing that matters. */
function bodyComponents({ bodyDigest, contentLength }: BodyFacts): Component[] {
  if (bodyDigest === undefined) {
    if ((contentLength ?? 0) !== 0) throw malformed('content-digest', 'a body needs its digest');
    return [];
  }
  const components: Component[] = [['"content-digest"', digestField(bodyDigest)]];
  if (contentLength === undefined) return components;
  parseContentLength(String(contentLength));
  return [...components, ['"content-length"', String(contentLength)]];
}

/** Components of a body that was received; the length is covered where the signer says so. */
function receivedBody(headers: HeaderFields, input: SignatureInput): Component[] {
  const digest = fieldOf(headers, 'content-digest');
  const length = fieldOf(headers, 'content-length');
  const lengthBytes = length === undefined ? 0 : parseContentLength(length);
  const hasBody = lengthBytes > 0 || fieldOf(headers, 'transfer-encoding') !== undefined;
  if (digest === undefined) {
    if (hasBody) throw componentsRefused('a body without a signed content-digest');
    return [];
  }
  parseDigest(digest);
  const components: Component[] = [['"content-digest"', digest]];
  if (!input.identifiers.endsWith('"content-length"')) return components;
  if (length === undefined) throw componentsRefused('content-length is signed and missing');
  return [...components, ['"content-length"', length]];
}

function answerComponents(status: number, request: AnsweredRequest): Component[] {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw malformed('status', 'expected 200 to 599');
  const signature = fieldOf(request.headers, 'signature');
  if (signature === undefined) throw new ProtocolError('HTTP_SIGNATURE_MISSING', { field: 'signature of the request' });
  const digest = fieldOf(request.headers, 'content-digest');
  const covered: Component[] = [
    ...targetComponents(request.method, request.url),
    ...(digest === undefined ? [] : [['"content-digest"', digest] as const]),
    ['"signature"', signature],
  ];
  return [['"@status"', String(status)], ...covered.map(([name, value]) => [`${name};req`, value] as const)];
}

function inputOf(headers: HeaderFields): SignatureInput {
  const field = fieldOf(headers, 'signature-input');
  if (field === undefined) throw new ProtocolError('HTTP_SIGNATURE_MISSING', { field: 'signature-input' });
  return parseInput(field);
}

async function verifyMessage(
  components: readonly Component[],
  input: SignatureInput,
  headers: HeaderFields,
  judgement: Judgement,
): Promise<VerifiedMessage> {
  const field = fieldOf(headers, 'signature');
  if (field === undefined) throw new ProtocolError('HTTP_SIGNATURE_MISSING', { field: 'signature' });
  const signature = parseSignature(field);
  if (input.identifiers !== components.map(([identifier]) => identifier).join(' ')) {
    throw componentsRefused('the list differs from the one that is asked for');
  }
  assertTimes(input, judgement);
  const { org, keyEpoch, created, expires } = input;
  const publicKey = await judgement.publicKeyFor(org, keyEpoch);
  if (publicKey === undefined) throw new ProtocolError('HTTP_SIGNATURE_KEY', { org, keyEpoch });
  const { verify } = judgement.ed25519 ?? nobleEd25519;
  if (!verify(signature, signatureBase(components, input.text), publicKey)) {
    throw new ProtocolError('HTTP_SIGNATURE_INVALID', { org, keyEpoch });
  }
  const digest = fieldOf(headers, 'content-digest');
  return { org, keyEpoch, created, expires, contentDigest: digest === undefined ? undefined : parseDigest(digest) };
}

function assertTimes({ created, expires }: SignatureInput, judgement: Judgement): void {
  const { now, maxSkewSeconds, maxLifetimeSeconds } = judgement;
  if (expires <= created || expires - created > maxLifetimeSeconds) {
    throw new ProtocolError('HTTP_SIGNATURE_LIFETIME', { lifetimeSeconds: expires - created, maxLifetimeSeconds });
  }
  if (created > now + maxSkewSeconds) throw new ProtocolError('HTTP_SIGNATURE_FUTURE', { created, now });
  if (expires <= now - maxSkewSeconds) throw new ProtocolError('HTTP_SIGNATURE_EXPIRED', { expires, now });
}

function componentsRefused(reason: string): ProtocolError {
  return new ProtocolError('HTTP_SIGNATURE_COMPONENTS', { reason });
}
