/**
 * Signed calls to another organisation's node: RFC 9421 signatures over an injected `fetch`.
 *
 * Every call names its organisation, key epoch, a fresh nonce and a short validity; the body is covered by its digest.
 * Only calls that may be sent twice are retried, each time with a new nonce.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { signRequestHeaders } from './http-signature.ts';
import { refusalOf } from './problem.ts';

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
}

export interface PeerClient {
  /** @throws {ProtocolError} the peer's refusal, PEER_UNREACHABLE or PEER_ANSWER_UNKNOWN */
  call(peer: { readonly org: string; readonly endpoint: string }, call: PeerCall): Promise<Response>;
  json(peer: { readonly org: string; readonly endpoint: string }, call: PeerCall): Promise<unknown>;
  bytes(peer: { readonly org: string; readonly endpoint: string }, call: PeerCall): Promise<Uint8Array>;
  /** Bytes received from and sent to each organisation so far. */
  readonly traffic: ReadonlyMap<string, { sent: number; received: number }>;
}

const VALIDITY_SECONDS = 60;
const DEFAULT_TIMEOUT_MS = 30_000;
const RETRY_DELAY_MS = 250;

export function createPeerClient(identity: PeerIdentity, ports: PeerPorts): PeerClient {
  const traffic = new Map<string, { sent: number; received: number }>();
  const count = (org: string, sent: number, received: number): void => {
    const soFar = traffic.get(org) ?? { sent: 0, received: 0 };
    traffic.set(org, { sent: soFar.sent + sent, received: soFar.received + received });
  };
  const call: PeerClient['call'] = async (peer, request) => {
    let attempt = 0;
    for (;;) {
      try {
        const response = await send(identity, ports, peer.endpoint, request);
        count(peer.org, request.body?.length ?? 0, 0);
        if (response.ok) return response;
        throw refusalOf(await readProblem(response), response.status, peer.org);
      } catch (error) {
        if (error instanceof ProtocolError) throw error;
        if (attempt >= (request.retries ?? 0)) {
          throw new ProtocolError('PEER_UNREACHABLE', { peer: peer.org }, { cause: error });
        }
        attempt += 1;
        await ports.clock.sleep(RETRY_DELAY_MS * attempt);
      }
    }
  };
  const bytes: PeerClient['bytes'] = async (peer, request) => {
    const response = await call(peer, request);
    try {
      const body = new Uint8Array(await response.arrayBuffer());
      count(peer.org, 0, body.length);
      return body;
    } catch (cause) {
      throw new ProtocolError('PEER_UNREACHABLE', { peer: peer.org }, { cause });
    }
  };
  const json: PeerClient['json'] = async (peer, request) => {
    const body = await bytes(peer, request);
    try {
      return JSON.parse(new TextDecoder().decode(body));
    } catch (cause) {
      throw new ProtocolError('PEER_ANSWER_UNKNOWN', { peer: peer.org, status: 200 }, { cause });
    }
  };
  return { call, bytes, json, traffic };
}

async function send(identity: PeerIdentity, ports: PeerPorts, endpoint: string, request: PeerCall): Promise<Response> {
  const url = new URL(request.path, endpoint).href;
  const created = Math.floor(ports.clock.now() / 1000);
  const signed = signRequestHeaders({
    method: request.method,
    url,
    ...(request.body === undefined ? {} : { bodyDigest: sha256(request.body), contentLength: request.body.length }),
    org: identity.org,
    keyEpoch: identity.keyEpoch,
    created,
    expires: created + VALIDITY_SECONDS,
    nonce: toHex(ports.randomBytes(16)),
    sign: identity.sign,
  });
  return ports.fetch(url, {
    method: request.method,
    headers: { ...signed, 'content-type': request.contentType ?? 'application/json' },
    ...(request.body === undefined ? {} : { body: request.body as Uint8Array<ArrayBuffer> }),
    redirect: 'error',
    signal: AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  });
}

async function readProblem(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
