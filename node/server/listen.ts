/**
 * The node's socket: http or https, with bounds on what a connection may cost before it has sent a call.
 *
 * Slow or oversized header sections, nonsense and half-open handshakes end here with a problem document where one can
 * still be sent. Connections are counted per address before TLS begins.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@sealedger/protocol/problem.ts';
import { addressKey, type LimitsConfig } from './limits.ts';
import { statusOf } from './problem.ts';

/** PEM. */
export interface TlsContext {
  readonly key: string;
  readonly cert: string;
}

const MAX_HEADER_BYTES = 16 << 10;
const MAX_HEADERS = 64;
const CHECK_MS = 500;
const REQUEST_MS = 600_000;
const KEEP_ALIVE_MS = 30_000;
const HANDSHAKE_MS = 10_000;
const TLS_VERSION = 'TLSv1.3';

/** A server that is not listening yet. */
export function createNodeServer(listener: RequestListener, limits: LimitsConfig, tls: TlsContext | null): Server {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 1000 * limits.headerSeconds,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    // the application refuses a call without a Host itself, in its own words
    requireHostHeader: false,
    insecureHTTPParser: false,
  };
  const server =
    tls === null
      ? createServer(options)
      : createTlsServer({ ...options, ...tls, minVersion: TLS_VERSION, handshakeTimeout: HANDSHAKE_MS });
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = limits.connections;
  const answering = new WeakMap<object, number>();
  server.on('request', (request, response) => {
    const { socket } = request;
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    response.once('close', () => answering.set(socket, (answering.get(socket) ?? 1) - 1));
    listener(request, response);
  });
  server.on('clientError', (error, socket) => refuse(error, socket as Socket, (answering.get(socket) ?? 0) > 0));
  server.on('checkExpectation', refuseExpectation);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  boundConnections(server, limits.address.connections);
  return server;
}

/** Shows new connections another certificate; the open ones stay. */
export function renewTls(server: Server, tls: TlsContext): void {
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function')
    server.setSecureContext({ ...tls, minVersion: TLS_VERSION });
}

function boundConnections(server: Server, limit: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return;
    const key = addressKey(remoteAddress);
    const count = (open.get(key) ?? 0) + 1;
    if (count > limit) {
      socket.destroy();
      return;
    }
    open.set(key, count);
    socket.once('close', () => {
      const left = open.get(key)! - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
}

/** Answers what is no call; in the middle of another answer the line is cut instead. */
function refuse(error: Error & { readonly code?: string }, socket: Socket, isAnswering: boolean): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const { status, text } = problemText(codeOf(error.code));
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}

function codeOf(nodeCode: string | undefined): ErrorCode {
  if (nodeCode === 'HPE_HEADER_OVERFLOW') return 'HTTP_HEADERS_TOO_LARGE';
  return nodeCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'HTTP_TOO_SLOW' : 'HTTP_MALFORMED';
}

function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const { status, text } = problemText('HTTP_MALFORMED');
  response.writeHead(status, { 'content-type': PROBLEM_MEDIA_TYPE, connection: 'close' }).end(text);
  request.resume();
}

function problemText(code: ErrorCode): { readonly status: number; readonly text: string } {
  const status = statusOf(code);
  const details = code === 'HTTP_HEADERS_TOO_LARGE' ? { limitBytes: MAX_HEADER_BYTES } : {};
  return { status, text: JSON.stringify(problemOf(new ProtocolError(code, details), status)) };
}
