/**
 * The node's HTTP surface: limits, authentication, routes; no domain rule.
 *
 * Order for every call: the signature over the head is verified, then membership and role, then the declared size; only
 * then is the body read, its digest compared, and the route called. No byte reaches a parser before that.
 */
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { equalBytes } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { signResponseHeaders, verifyRequestHeaders } from '@sealedger/protocol/http-signature.ts';
import type { PeerIdentity } from '@sealedger/protocol/peer-client.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@sealedger/protocol/problem.ts';
import express, { type Express, type Request, type Response } from 'express';
import { nativeEd25519 } from '../crypto.ts';
import type { Directory, Logger, NonceStore, Role } from '../ports.ts';
import { statusOf } from './problem.ts';
import type { RouteDocs } from './route-docs.ts';

export interface Caller {
  readonly org: string;
  readonly roles: readonly Role[];
}

export interface RouteContext {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The whole body, its digest already compared. */
  body(): Promise<Uint8Array>;
  /** Streams the body into `sink`; the promise rejects where the digest differs: discard what was written. */
  bodyInto(sink: NodeJS.WritableStream): Promise<void>;
}

export type Answer = { readonly json: unknown } | { readonly bytes: Uint8Array };

export interface Route {
  readonly method: 'get' | 'post' | 'put';
  readonly path: string;
  /** Roles of which the caller must have one. */
  readonly roles: readonly Role[];
  /** Largest body, in bytes. */
  readonly maxBodyBytes: number;
  /** Described in route-docs.ts where it does not carry it itself. */
  readonly docs?: RouteDocs;
  readonly answer: (context: RouteContext) => Promise<Answer>;
}

export interface AppParts {
  /** Signs this node's answers. */
  readonly identity: PeerIdentity;
  readonly directory: Directory;
  readonly nonces: NonceStore;
  readonly clock: { now(): number };
  readonly log: Logger;
  /** Scheme, host and port under which the callers reach this node, without a trailing slash. */
  readonly endpoint: string;
}

const MAX_SKEW_SECONDS = 30;
const MAX_LIFETIME_SECONDS = 300;
const ANSWER_SECONDS = 60;
const MAX_DRAINED_BYTES = 32 << 20;
const MAX_DRAIN_MS = 5000;

/** Builds the express application; `/healthz` alone answers without a signature. */
export function createApp(parts: AppParts, routes: readonly Route[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', (_request, response) => {
    response.json({ org: parts.identity.org, status: 'ok' });
  });
  for (const route of routes) {
    app[route.method](route.path, (request, response) => {
      void serve(parts, route, request, response);
    });
  }
  app.use((_request, response) => {
    sendProblem(response, new ProtocolError('ROUTE_UNKNOWN', {}));
  });
  return app;
}

async function serve(parts: AppParts, route: Route, request: Request, response: Response): Promise<void> {
  try {
    const caller = await authenticate(parts, route, request);
    sendAnswer(parts, request, response, await route.answer(contextOf(caller.caller, caller.digest, request, route)));
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof ProtocolError) {
      parts.log.info('refused', { route: route.path, code: error.code });
      sendProblem(response, error);
    } else {
      parts.log.error('failed', { route: route.path }, error);
      sendProblem(response, new ProtocolError('INTERNAL', {}));
    }
  }
}

async function authenticate(
  parts: AppParts,
  route: Route,
  request: Request,
): Promise<{ caller: Caller; digest: Uint8Array | undefined }> {
  const verified = await verifyRequestHeaders({
    method: request.method,
    url: urlOf(parts, request),
    headers: request.headersDistinct,
    publicKeyFor: (org, keyEpoch) => parts.directory.signingKey(org, keyEpoch),
    now: Math.floor(parts.clock.now() / 1000),
    maxSkewSeconds: MAX_SKEW_SECONDS,
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    ed25519: nativeEd25519,
  });
  const member = await parts.directory.activeMember(verified.org);
  if (!route.roles.some((role) => member.roles.includes(role))) {
    throw new ProtocolError('ROLE_MISSING', { org: member.org, needed: route.roles.join(' | ') });
  }
  assertBodySize(request, route);
  // Kept for as long as the signature holds: a caller's clock may be ahead by the skew.
  await parts.nonces.use(verified.org, verified.nonce, 1000 * (verified.expires + MAX_SKEW_SECONDS));
  return { caller: { org: member.org, roles: member.roles }, digest: verified.contentDigest };
}

function assertBodySize(request: Request, route: Route): void {
  if (request.headers['content-encoding'] !== undefined) throw new ProtocolError('BODY_ENCODED', {});
  const declared = request.headers['content-length'];
  if (declared === undefined) {
    if (request.headers['transfer-encoding'] !== undefined) throw new ProtocolError('BODY_LENGTH_MISSING', {});
    return;
  }
  if (Number(declared) > route.maxBodyBytes) {
    throw new ProtocolError('BODY_TOO_LARGE', { declaredBytes: Number(declared), limitBytes: route.maxBodyBytes });
  }
}

function contextOf(caller: Caller, digest: Uint8Array | undefined, request: Request, route: Route): RouteContext {
  const bodyInto = async (sink: NodeJS.WritableStream): Promise<void> => {
    const hash = createHash('sha256');
    const meter = new Transform({
      transform(part: Buffer, _encoding, done): void {
        hash.update(part);
        done(null, part);
      },
    });
    await pipeline(request, meter, sink);
    if (digest === undefined || !equalBytes(hash.digest(), digest)) throw new ProtocolError('BODY_DIGEST_MISMATCH', {});
  };
  const body = async (): Promise<Uint8Array> => {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > route.maxBodyBytes)
        throw new ProtocolError('BODY_TOO_LARGE', { declaredBytes: size, limitBytes: route.maxBodyBytes });
      parts.push(part);
    }
    const whole = Buffer.concat(parts);
    const actual = createHash('sha256').update(whole).digest();
    if (digest === undefined || !equalBytes(actual, digest)) throw new ProtocolError('BODY_DIGEST_MISMATCH', {});
    return whole;
  };
  const query = new URLSearchParams(request.originalUrl.split('?')[1] ?? '');
  return { caller, params: request.params as Record<string, string>, query, body, bodyInto };
}

/** Signs and sends; the signature covers the request's, so that the answer holds for this call only. */
function sendAnswer(parts: AppParts, request: Request, response: Response, answer: Answer): void {
  const body = 'json' in answer ? Buffer.from(JSON.stringify(answer.json)) : answer.bytes;
  const created = Math.floor(parts.clock.now() / 1000);
  const { org, keyEpoch, sign } = parts.identity;
  const headers = signResponseHeaders({
    status: 200,
    request: { method: request.method, url: urlOf(parts, request), headers: request.headersDistinct },
    bodyDigest: createHash('sha256').update(body).digest(),
    contentLength: body.length,
    org,
    keyEpoch,
    created,
    expires: created + ANSWER_SECONDS,
    sign,
  });
  response.status(200).set(headers);
  response.setHeader('content-type', 'json' in answer ? 'application/json' : 'application/octet-stream');
  response.setHeader('content-length', body.length);
  response.end(body);
}

/** As the registered endpoint has it, never as the Host field says. */
function urlOf(parts: AppParts, request: Request): string {
  return `${parts.endpoint}${request.originalUrl}`;
}

function sendProblem(response: Response, error: ProtocolError): void {
  const status = statusOf(error.code);
  response
    .status(status)
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problemOf(error, status)));
  drain(response.req);
}

/** What is left of a refused body is read for a moment, so that its sender sees the refusal, then the line is cut. */
function drain(request: Request): void {
  if (request.readableEnded) return;
  let leftBytes = MAX_DRAINED_BYTES;
  const cut = setTimeout(() => request.destroy(), MAX_DRAIN_MS);
  request.once('close', () => clearTimeout(cut));
  request.on('data', (part: Buffer) => {
    leftBytes -= part.length;
    if (leftBytes < 0) request.destroy();
  });
}
