/**
 * Signed calls to another organisation's node: RFC 9421 signatures over an injected `fetch`.
 *
 * Every call names its organisation, key epoch, a fresh nonce and a short validity; the body is covered by its digest.
 * The answer is signed too and covers the call, so that neither can be replaced on the way. A refusal needs no signature:
 * who can forge one can as well cut the line. Every route of a node may be called twice, each time with a new nonce.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, toHex, utf8Decode } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { signRequestHeaders, verifyResponseHeaders } from './http-signature.ts';
import { refusalOf } from './problem.ts';
import { type Ed25519, nobleEd25519 } from './signature.ts';

export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

export interface PeerIdentity {
  readonly org: string;
  readonly keyEpoch: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface PeerPorts {
  readonly fetch: FetchFunction;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly randomBytes: (length: number) => Uint8Array;
  /** A native implementation, where the platform has one. */
  readonly ed25519?: Ed25519;
}

export interface PeerCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path and query, beginning with a slash. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Times to try again where the peer cannot be reached; every route of a node is idempotent. */
  readonly retries?: number;
  readonly timeoutMs?: number;
  /** Largest answer that is read. */
  readonly maxBytes?: number;
}

/** Another organisation's node: where it is, and the key that its answers are signed with, both from the chain. */
export interface Peer {
  readonly org: string;
  readonly endpoint: string;
  readonly keyEpoch: number;
  /** 32 bytes. */
  readonly ed25519: Uint8Array;
}

export interface PeerClient {
  /**
   * The verified body of a peer's answer.
   * @throws {ProtocolError} the peer's refusal, PEER_UNREACHABLE, PEER_ANSWER_UNKNOWN, PEER_ANSWER_TOO_LARGE,
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
        if (error instanceof ProtocolError) throw error;
        if (attempt >= (call.retries ?? 0))
          throw new ProtocolError('PEER_UNREACHABLE', { peer: peer.org }, { cause: error });
        await ports.clock.sleep(RETRY_DELAY_MS * (attempt + 1));
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

/** One call and its verified answer; errors that are no ProtocolError come from the transport. */
async function exchange(identity: PeerIdentity, ports: PeerPorts, peer: Peer, call: PeerCall): Promise<Uint8Array> {
  const url = new URL(call.path, peer.endpoint).href;
  const headers = requestHeaders(identity, ports, url, call);
  const response = await ports.fetch(url, {
    method: call.method,
    headers,
    ...(call.body === undefined ? {} : { body: call.body as Uint8Array<ArrayBuffer> }),
    redirect: 'error',
    signal: AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  });
  if (!response.ok) throw refusalOf(await readProblem(response), response.status, peer.org);
  const { contentDigest } = await verifyResponseHeaders({
    status: response.status,
    headers: response.headers,
    request: { method: call.method, url, headers },
    org: peer.org,
    publicKeyFor: (_org, keyEpoch) => {
      if (keyEpoch !== peer.keyEpoch) throw new ProtocolError('MEMBER_KEY_EPOCH', { org: peer.org, keyEpoch });
      return peer.ed25519;
    },
    now: Math.floor(ports.clock.now() / 1000),
    maxSkewSeconds: MAX_SKEW_SECONDS,
    maxLifetimeSeconds: VALIDITY_SECONDS,
    ed25519: ports.ed25519 ?? nobleEd25519,
  });
  const body = await readBody(response, peer.org, call.maxBytes ?? DEFAULT_MAX_BYTES);
  if (contentDigest === undefined || !equalBytes(sha256(body), contentDigest))
    throw new ProtocolError('BODY_DIGEST_MISMATCH', {});
  return body;
}

function requestHeaders(identity: PeerIdentity, ports: PeerPorts, url: string, call: PeerCall): Record<string, string> {
  const created = Math.floor(ports.clock.now() / 1000);
  const signed = signRequestHeaders({
    method: call.method,
    url,
    ...(call.body === undefined ? {} : { bodyDigest: sha256(call.body), contentLength: call.body.length }),
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
