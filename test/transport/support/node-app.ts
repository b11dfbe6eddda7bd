/** A node's listener with routes of a test's own, and callers that sign what a test wants signed. */
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { NonceStore } from '@sealedger/node/ports.ts';
import { createApp, type Route } from '@sealedger/node/server/app.ts';
import { createLimits, limitsSchema } from '@sealedger/node/server/limits.ts';
import { createNodeServer } from '@sealedger/node/server/listen.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { signRequestHeaders } from '@sealedger/protocol/http-signature.ts';
import type { z } from 'zod';
import { type FakeDirectory, fakeDirectory, type Organisation } from '../../node/support/organisations.ts';

export interface Call {
  readonly as: Organisation;
  readonly method?: string;
  readonly path?: string;
  readonly body?: Uint8Array;
  /** What is signed, where it is not what is sent. */
  readonly signedBody?: Uint8Array;
  readonly signedUrl?: string;
  readonly keyEpoch?: number;
  readonly createdOffset?: number;
  readonly nonce?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

export interface NodeApp {
  readonly server: Server;
  readonly port: number;
  readonly endpoint: string;
  readonly members: FakeDirectory;
  signed(call: Call): Record<string, string>;
  send(call: Call, headers?: Record<string, string>): Promise<Reply>;
  /** Writes bytes to a socket, in parts with a pause; @returns what came back before the line was cut. */
  raw(parts: readonly (string | Uint8Array)[], pauseMs?: number): Promise<string>;
  close(): Promise<void>;
}

/** Nonces in memory. */
export function memoryNonces(): NonceStore {
  const used = new Set<string>();
  return {
    use: async (org, nonce) => {
      if (used.has(`${org}/${nonce}`)) throw new ProtocolError('NONCE_REPLAYED', {});
      used.add(`${org}/${nonce}`);
    },
  };
}

export async function startNodeApp(
  own: Organisation,
  others: readonly Organisation[],
  routes: readonly Route[],
  limitsConfig: z.input<typeof limitsSchema> = undefined,
  clock: { now(): number } = { now: () => Date.now() },
  wantedPort = 0,
): Promise<NodeApp> {
  const limits = createLimits(limitsSchema.parse(limitsConfig), clock);
  const members = fakeDirectory(others);
  const log = { info: () => undefined, error: () => undefined };
  const place = { endpoint: '' };
  const parts = { identity: own, directory: members, nonces: memoryNonces(), limits, clock, log };
  const built: { app?: ReturnType<typeof createApp> } = {};
  const server = createNodeServer((request, response) => void built.app!(request, response), limits.config, null);
  await new Promise<void>((resolve) => server.listen(wantedPort, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  place.endpoint = `http://127.0.0.1:${port}`;
  built.app = createApp({ ...parts, endpoint: place.endpoint }, routes);
  const { endpoint } = place;
  const signed: NodeApp['signed'] = (call) => signedHeaders(call, endpoint, clock);
  return {
    server,
    port,
    endpoint,
    members,
    signed,
    send: (call, headers = signed(call)) => exchange(port, call, headers),
    raw: (written, pauseMs = 0) => rawExchange(port, written, pauseMs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function signedHeaders(call: Call, endpoint: string, clock: { now(): number }): Record<string, string> {
  const { method = 'GET', path = '/v1/things', body, as } = call;
  const created = Math.floor(clock.now() / 1000) + (call.createdOffset ?? 0);
  const bytes = call.signedBody ?? body;
  const fields = signRequestHeaders({
    method,
    url: call.signedUrl ?? `${endpoint}${path}`,
    ...(bytes === undefined ? {} : { bodyDigest: createHash('sha256').update(bytes).digest() }),
    org: as.org,
    keyEpoch: call.keyEpoch ?? as.keyEpoch,
    created,
    expires: created + 60,
    nonce: call.nonce ?? randomBytes(16).toString('hex'),
    sign: as.sign,
  });
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  return { ...fields, ...length, ...call.headers };
}

function exchange(port: number, call: Call, headers: Record<string, string>): Promise<Reply> {
  const { method = 'GET', path = '/v1/things', body } = call;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, host: '127.0.0.1', method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const isProblem = response.headers['content-type']?.startsWith('application/problem+json') === true;
        const code = isProblem ? (JSON.parse(text) as { code: string }).code : undefined;
        resolve({ status: response.statusCode!, code, text, headers: response.headers });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function rawExchange(port: number, written: readonly (string | Uint8Array)[], pauseMs: number): Promise<string> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      const next = (index: number): void => {
        if (index >= written.length || socket.destroyed) return;
        socket.write(written[index]!);
        if (pauseMs > 0) setTimeout(() => next(index + 1), pauseMs);
        else next(index + 1);
      };
      next(0);
    });
    socket.on('data', (part) => heard.push(part));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(heard).toString()));
  });
}
