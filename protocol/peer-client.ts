/**
 * Signed calls to another organisation's node: RFC 9421 signatures over an injected `fetch`.
 *
 * Every call names its organisation, key epoch, a fresh nonce and a short validity; the body is covered by its digest.
 * The answer is signed too and covers the call, so that neither can be replaced on the way. A refusal needs no signature:
 * who can forge one can as well cut the line. Every route of a node may be called twice, each time with a new nonce.
 * Below lies TLS whose certificate has the key that the chain names; only loopback goes without. Nothing is signed for,
 * or sent to, an endpoint of any other kind.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, toHex, utf8Decode } from './bytes.ts';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { isProtocolError, ProtocolError } from './errors.ts';
import { signRequestHeaders, verifyResponseHeaders } from './http-signature.ts';
import { refusalOf } from './problem.ts';
import { type Ed25519, nobleEd25519 } from './signature.ts';

export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/**
 * A fetch that sends nothing before it has seen a certificate whose key has this SHA-256 (64 hex digits).
 * @throws {ProtocolError} TLS_PIN_MISMATCH
 */
export type PinnedFetch = (url: string, init: RequestInit, spkiSha256: string) => Promise<Response>;

export interface PeerIdentity {
  readonly org: string;
  readonly keyEpoch: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface PeerPorts {
  /** For endpoints on this machine. */
  readonly fetch: FetchFunction;
  /** For all others; a platform that cannot look at certificates, such as a browser, has none and reaches none of them. */
  readonly pinnedFetch?: PinnedFetch;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly randomBytes: (length: number) => Uint8Array;
  /** A native implementation, where the platform has one. */
  readonly ed25519?: Ed25519;
  readonly sha256?: (bytes: Uint8Array) => Uint8Array;
  /**
   * Key of another epoch than the one that the peer was looked up with: it may have rotated since. As the chain has it.
   * @throws {ProtocolError} MEMBER_KEY_EPOCH
   */
  readonly signingKey?: (org: string, keyEpoch: number) => Promise<Uint8Array>;
}

export interface PeerCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path and query, beginning with a slash. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Times to try again where the peer cannot be reached or is at its limits; every route of a node is idempotent. */
  readonly retries?: number;
  readonly timeoutMs?: number;
  /** Ends the call at once. */
  readonly signal?: AbortSignal;
  /** Largest answer that is read. */
  readonly maxBytes?: number;
}

/** Another organisation's node: where it is, and the key that its answers are signed with, both from the chain. */
export interface Peer {
  readonly org: string;
  /** As registered: with the pin of its certificate, or http on loopback. */
  readonly endpoint: string;
  readonly keyEpoch: number;
  /** 32 bytes. */
  readonly ed25519: Uint8Array;
}

export interface PeerClient {
  /**
   * The verified body of a peer's answer.
   * @throws {ProtocolError} the peer's refusal, PEER_UNREACHABLE, PEER_ANSWER_UNKNOWN, PEER_ANSWER_TOO_LARGE,
   *   ENDPOINT_INVALID, ENDPOINT_PLAINTEXT, ENDPOINT_UNPINNED, ENDPOINT_PIN_UNCHECKED, TLS_PIN_MISMATCH,
   *   HTTP_SIGNATURE_* where the answer is not signed by that peer for this very call
   */
  bytes(peer: Peer, call: PeerCall): Promise<Uint8Array>;
  /** The same, as JSON. */
  json(peer: Peer, call: PeerCall): Promise<unknown>;
  /** Bytes of bodies sent to and received from each organisation so far. */
  readonly traffic: ReadonlyMap<string, { readonly sent: number; readonly received: number }>;
}

const VALIDITY_SECONDS = 60;
const MAX_SKEW_SECONDS = 30;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 64 << 20;
const RETRY_DELAY_MS = 250;
/** A refusal is unsigned: it may ask for patience, but not for an hour of it. */
const MAX_RETRY_AFTER_SECONDS = 15;
/** Refusals that say "not now": nothing was done. */
const PATIENCE = ['RATE_LIMITED', 'CONCURRENCY_LIMITED', 'RELAY_BUSY', 'RELAY_LOST'] as const;

export function createPeerClient(identity: PeerIdentity, ports: PeerPorts): PeerClient {
  const traffic = new Map<string, { readonly sent: number; readonly received: number }>();
  const count = (org: string, sent: number, received: number): void => {
    const soFar = traffic.get(org) ?? { sent: 0, received: 0 };
    traffic.set(org, { sent: soFar.sent + sent, received: soFar.received + received });
  };
  const bytes: PeerClient['bytes'] = async (peer, call) => {
    for (let attempt = 0; ; attempt++) {
      try {
        const body = await exchange(identity, ports, peer, call);
        count(peer.org, call.body?.length ?? 0, body.length);
        return body;
      } catch (error) {
        const delayMs = delayBefore(attempt + 1, error);
        if (delayMs === undefined || call.signal?.aborted || attempt >= (call.retries ?? 0))
          throw failureOf(error, peer);
        await ports.clock.sleep(delayMs);
      }
    }
  };
  const json: PeerClient['json'] = async (peer, call) => {
    const body = await bytes(peer, call);
    try {
      return JSON.parse(utf8Decode(body));
    } catch (cause) {
      throw new ProtocolError('PEER_ANSWER_UNKNOWN', { peer: peer.org, status: 200 }, { cause });
    }
  };
  return { bytes, json, traffic };
}

/** Milliseconds until the next attempt; undefined where another one would end the same. */
function delayBefore(attempt: number, error: unknown): number | undefined {
  if (!isProtocolError(error)) return RETRY_DELAY_MS * attempt;
  if (!PATIENCE.some((code) => error.code === code)) return undefined;
  const { retryAfterSeconds } = error.details;
  const isNumber = typeof retryAfterSeconds === 'number' && retryAfterSeconds > 0;
  return isNumber ? 1000 * Math.min(retryAfterSeconds, MAX_RETRY_AFTER_SECONDS) : RETRY_DELAY_MS * attempt;
}

function failureOf(error: unknown, peer: Peer): ProtocolError {
  return isProtocolError(error) ? error : new ProtocolError('PEER_UNREACHABLE', { peer: peer.org }, { cause: error });
}

/** One call and its verified answer; errors that are no ProtocolError come from the transport. */
async function exchange(identity: PeerIdentity, ports: PeerPorts, peer: Peer, call: PeerCall): Promise<Uint8Array> {
  const endpoint = parseEndpoint(peer.endpoint);
  const fetchFromPeer = fetchTo(ports, endpoint, peer.org);
  const url = endpoint.base + call.path;
  const headers = requestHeaders(identity, ports, url, call);
  const response = await fetchFromPeer(url, {
    method: call.method,
    headers,
    ...(call.body === undefined ? {} : { body: call.body as Uint8Array<ArrayBuffer> }),
    redirect: 'error',
    signal: AbortSignal.any([
      AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      ...(call.signal === undefined ? [] : [call.signal]),
    ]),
  });
  if (!response.ok) throw await refusal(response, peer.org);
  const { contentDigest } = await verifyResponseHeaders({
    status: response.status,
    headers: response.headers,
    request: { method: call.method, url, headers },
    org: peer.org,
    publicKeyFor: (_org, keyEpoch) => {
      if (keyEpoch === peer.keyEpoch) return peer.ed25519;
      if (ports.signingKey !== undefined) return ports.signingKey(peer.org, keyEpoch);
      throw new ProtocolError('MEMBER_KEY_EPOCH', { org: peer.org, keyEpoch });
    },
    now: Math.floor(ports.clock.now() / 1000),
    maxSkewSeconds: MAX_SKEW_SECONDS,
    maxLifetimeSeconds: VALIDITY_SECONDS,
    ed25519: ports.ed25519 ?? nobleEd25519,
  });
  const body = await readBody(response, peer.org, call.maxBytes ?? DEFAULT_MAX_BYTES);
  if (contentDigest === undefined || !equalBytes((ports.sha256 ?? sha256)(body), contentDigest))
    throw new ProtocolError('BODY_DIGEST_MISMATCH', {});
  return body;
}

/** The way to an endpoint; there is none over plain http to another machine, nor over TLS to an unknown key. */
function fetchTo({ fetch, pinnedFetch }: PeerPorts, endpoint: Endpoint, peer: string): FetchFunction {
  const { isTls, isLoopback, pin } = endpoint;
  if (!isTls) {
    if (!isLoopback) throw new ProtocolError('ENDPOINT_PLAINTEXT', { peer });
    return fetch;
  }
  if (pin === null) throw new ProtocolError('ENDPOINT_UNPINNED', { peer });
  if (pinnedFetch === undefined) throw new ProtocolError('ENDPOINT_PIN_UNCHECKED', { peer });
  return (url, init) => pinnedFetch(url, init, pin);
}

/** What a peer refused with, and, in the details, for how many seconds. */
async function refusal(response: Response, peer: string): Promise<ProtocolError> {
  const { code, details } = refusalOf(await readProblem(response), response.status, peer);
  const after = /^\d{1,5}$/.exec(response.headers.get('retry-after') ?? '')?.[0];
  return new ProtocolError(code, after === undefined ? details : { ...details, retryAfterSeconds: Number(after) });
}

function requestHeaders(identity: PeerIdentity, ports: PeerPorts, url: string, call: PeerCall): Record<string, string> {
  const created = Math.floor(ports.clock.now() / 1000);
  const signed = signRequestHeaders({
    method: call.method,
    url,
    ...(call.body === undefined
      ? {}
      : { bodyDigest: (ports.sha256 ?? sha256)(call.body), contentLength: call.body.length }),
    org: identity.org,
    keyEpoch: identity.keyEpoch,
    created,
    expires: created + VALIDITY_SECONDS,
    nonce: toHex(ports.randomBytes(16)),
    sign: identity.sign,
  });
  return { ...signed, 'content-type': call.contentType ?? 'application/json' };
}

/** Reads no more than `maxBytes`, whatever the peer declared. */
async function readBody(response: Response, peer: string, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader!.read()) {
    sizeBytes += part.value.length;
    if (sizeBytes > maxBytes) {
      await reader!.cancel();
      throw new ProtocolError('PEER_ANSWER_TOO_LARGE', { peer, limitBytes: maxBytes });
    }
    parts.push(part.value);
  }
  return concat(...parts);
}

const MAX_PROBLEM_BYTES = 64 << 10;

async function readProblem(response: Response): Promise<unknown> {
  try {
    return JSON.parse(utf8Decode(await readBody(response, '', MAX_PROBLEM_BYTES)));
  } catch {
    return null;
  }
}
