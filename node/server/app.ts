/**
 * The node's HTTP surface: limits, authentication, routes; no domain rule.
 *
 * Order for every call: the budget of its address, then the signature over the head, membership and role, the declared
 * size, the nonce, and the budget of the organisation that has proven itself; only then is the body read, its digest
 * compared, and the route called. No byte reaches a parser before that.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage as Request, ServerResponse as Response } from 'node:http';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { signResponseHeaders, verifyRequestHeaders } from '@sealedger/protocol/http-signature.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import type { PeerIdentity } from '@sealedger/protocol/peer-client.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@sealedger/protocol/problem.ts';
import express, { type Express, type NextFunction } from 'express';
import { nativeEd25519 } from '../crypto.ts';
import type { Directory, Logger, NonceStore, Role } from '../ports.ts';
import { assertBodySize, pipeBody, readBody } from './body.ts';
import type { LimitClass, Limits } from './limits.ts';
import { statusOf } from './problem.ts';
import type { RouteDocs } from './route-docs.ts';

export interface Caller {
  readonly org: string;
  readonly roles: readonly Role[];
}

export interface CallHead {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface RouteContext {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  /** The call as its signature has it, for a route that hands it on. */
  readonly head: CallHead;
  /** Ends when the caller goes away. */
  readonly gone: AbortSignal;
  readonly query: URLSearchParams;
  /** The whole body, its digest already compared. */
  body(): Promise<Uint8Array>;
  /** Streams the body into `sink`; the promise rejects where the digest differs: discard what was written. */
  bodyInto(sink: NodeJS.WritableStream): Promise<void>;
}

/** A route and what the path names for it, decoded. */
interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Of this node, which signs it; or of another one, whose own signature is on it. */
export type Answer = { readonly json: unknown } | { readonly bytes: Uint8Array } | { readonly relayed: RelayedAnswer };

export interface RelayedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put';
  readonly path: string;
  /** Roles of which the caller must have one. */
  readonly roles: readonly Role[];
  /** Largest body, in bytes. */
  readonly maxBodyBytes: number;
  /** Budget that a call spends of; `read` for GET and `write` for others where it is not named. */
  readonly limit?: LimitClass;
  /** Described in route-docs.ts where it does not carry it itself. */
  readonly docs?: RouteDocs;
  readonly answer: (context: RouteContext) => Promise<Answer>;
}

export interface AppParts {
  /** Signs this node's answers. */
  readonly identity: PeerIdentity;
  readonly directory: Directory;
  readonly nonces: NonceStore;
  readonly limits: Limits;
  readonly clock: { now(): number };
  readonly log: Logger;
  /** Told the code of each refusal, for monitoring. */
  readonly refused?: (code: ErrorCode) => void;
  /** Scheme, host, port and path under which the callers reach this node, without pin and trailing slash. */
  readonly endpoint: string;
}

const MAX_SKEW_SECONDS = 30;
const MAX_LIFETIME_SECONDS = 300;
const ANSWER_SECONDS = 60;
const MAX_DRAINED_BYTES = 32 << 20;
const MAX_DRAIN_MS = 5000;
const METHODS: readonly string[] = ['GET', 'POST', 'PUT'];
/** Refusals after which the caller's connection has no more use. */
const CLOSING: readonly ErrorCode[] = ['BODY_TOO_SLOW', 'BODY_TRUNCATED', 'HTTP_MALFORMED', 'HTTP_TOO_SLOW'];

/** Builds the express application; `/healthz` alone answers without a signature. */
export function createApp(parts: AppParts, routes: readonly Route[]): Express {
  const app = express();
  for (const setting of ['x-powered-by', 'etag', 'query parser']) app.disable(setting);
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.use((request, _response, next) => {
    assertWellFormed(parts, request);
    next();
  });
  app.get('/healthz', (_request, response) => sendHealth(parts, response));
  for (const route of routes) {
    app[route.method](route.path, (request, response) => {
      void serve(parts, { route, params: paramsOf(request.params) }, request, response);
    });
  }
  app.use(() => {
    throw new ProtocolError('ROUTE_UNKNOWN', {});
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    // what is not ours are paths that are no valid percent-encoding
    const cause = error instanceof ProtocolError ? error : new ProtocolError('HTTP_MALFORMED', {}, { cause: error });
    refuseFailed(parts, '', request, response, cause);
  });
  return app;
}

/** @throws {ProtocolError} RATE_LIMITED, HTTP_MALFORMED, ROUTE_UNKNOWN */
function assertWellFormed(parts: AppParts, request: Request): void {
  parts.limits.takeAddress(request.socket.remoteAddress);
  // a Host field decides nothing here, but RFC 9112 has a call without one refused
  if (request.headers.host === undefined) throw new ProtocolError('HTTP_MALFORMED', {});
  // express would answer HEAD and OPTIONS by itself
  if (!METHODS.includes(request.method!)) throw new ProtocolError('ROUTE_UNKNOWN', {});
}

function sendHealth({ identity }: AppParts, response: Response): void {
  const body = JSON.stringify({ org: identity.org, status: 'ok' });
  response
    .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

/** Express gives what `*name` takes as a list of segments. */
function paramsOf(params: Readonly<Record<string, string | string[]>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? value : value.join('/')]),
  );
}

async function serve(parts: AppParts, found: Found, request: Request, response: Response): Promise<void> {
  const { route } = found;
  let leave: () => void = () => undefined;
  try {
    const { caller, digest } = await authenticate(parts, route, request);
    leave = await parts.limits.enter(caller.org, route.limit ?? (route.method === 'get' ? 'read' : 'write'));
    // the answer's last byte ends the call, so that slow readers count too
    if (response.closed) leave();
    else response.once('close', leave);
    sendAnswer(
      parts,
      request,
      response,
      await route.answer(contextOf(parts, found, caller, digest, request, response)),
    );
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      leave();
      response.destroy();
      return;
    }
    refuseFailed(parts, route.path, request, response, error);
  }
}

function refuseFailed(parts: AppParts, route: string, request: Request, response: Response, error: unknown): void {
  if (error instanceof ProtocolError) {
    parts.log.info('refused', { route, code: error.code });
    refuse(parts, request, response, error);
  } else {
    parts.log.error('failed', { route }, error);
    refuse(parts, request, response, new ProtocolError('INTERNAL', {}));
  }
}

async function authenticate(
  parts: AppParts,
  route: Route,
  request: Request,
): Promise<{ caller: Caller; digest: Uint8Array | undefined }> {
  const verified = await verifyRequestHeaders({
    method: request.method!,
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
  assertBodySize(request, route.maxBodyBytes);
  // Kept for as long as the signature holds: a caller's clock may be ahead by the skew.
  await parts.nonces.use(verified.org, verified.nonce, 1000 * (verified.expires + MAX_SKEW_SECONDS));
  return { caller: { org: member.org, roles: member.roles }, digest: verified.contentDigest };
}

function contextOf(
  { limits }: AppParts,
  { route, params }: Found,
  caller: Caller,
  digest: Uint8Array | undefined,
  request: Request,
  response: Response,
): RouteContext {
  const target = request.url!;
  const terms = { digest, limitBytes: route.maxBodyBytes, pace: limits.config.body };
  let gone: AbortSignal | undefined;
  const headers = request.headers as Readonly<Record<string, string | undefined>>;
  return {
    caller,
    params,
    head: { method: request.method!, target, headers },
    // few routes ask
    get gone() {
      gone ??= goneSignal(response);
      return gone;
    },
    query: new URLSearchParams(target.split('?')[1] ?? ''),
    body: () => readBody(request, terms),
    bodyInto: (sink) => pipeBody(request, sink, terms),
  };
}

function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.closed) gone.abort();
  else response.once('close', () => gone.abort());
  return gone.signal;
}

/** Signs and sends; the signature covers the request's, so that the answer holds for this call only. */
function sendAnswer(parts: AppParts, request: Request, response: Response, answer: Answer): void {
  if ('relayed' in answer) {
    const { status, headers, body } = answer.relayed;
    response.writeHead(status, { ...headers, 'content-length': body.length });
    finish(parts, response, body);
    return;
  }
  const body = 'json' in answer ? Buffer.from(JSON.stringify(answer.json)) : answer.bytes;
  const created = Math.floor(parts.clock.now() / 1000);
  const { org, keyEpoch, sign } = parts.identity;
  const headers = signResponseHeaders({
    status: 200,
    request: { method: request.method!, url: urlOf(parts, request), headers: request.headersDistinct },
    bodyDigest: createHash('sha256').update(body).digest(),
    contentLength: body.length,
    org,
    keyEpoch,
    created,
    expires: created + ANSWER_SECONDS,
    sign,
  });
  const type = 'json' in answer ? 'application/json' : 'application/octet-stream';
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length });
  finish(parts, response, body);
}

/** Sends the last of an answer; a caller that reads more slowly than it may send is cut off. */
function finish({ limits }: AppParts, response: Response, body: Uint8Array): void {
  response.end(body);
  // what the kernel has taken is on its way
  if (response.writableLength === 0) return;
  const { graceSeconds, bytesPerSecond } = limits.config.body;
  const cut = setTimeout(() => response.destroy(), 1000 * (graceSeconds + body.length / bytesPerSecond));
  response.once('close', () => clearTimeout(cut));
}

/** As the registered endpoint has it, never as the Host field says. */
function urlOf(parts: AppParts, request: Request): string {
  return `${parts.endpoint}${request.url}`;
}

function refuse(parts: AppParts, request: Request, response: Response, error: ProtocolError): void {
  parts.refused?.(error.code);
  const status = statusOf(error.code);
  const body = JSON.stringify(problemOf(error, status));
  const { retryAfterSeconds } = error.details;
  response
    .writeHead(status, {
      ...(typeof retryAfterSeconds === 'number' ? { 'retry-after': String(retryAfterSeconds) } : {}),
      ...(CLOSING.includes(error.code) ? { connection: 'close' } : {}),
      'content-type': `${PROBLEM_MEDIA_TYPE}; charset=utf-8`,
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
  drain(request);
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
