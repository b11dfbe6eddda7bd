/** JSON-RPC 2.0 over HTTP on the loopback interface, in front of the embedded chain. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { ChainRpcError, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { z } from 'zod';

export type ChainServer = {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Ends the connections too. */
  close(): Promise<void>;
};

type Reply = Readonly<Record<string, unknown>>;

/** A contract's creation is the largest call: 24 kB of code in hex. */
const MAX_BODY_BYTES = 1 << 20;
const MAX_BATCH = 100;
const LOOPBACK = '127.0.0.1';

const callSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]),
  method: z.string().max(64),
  params: z.array(z.unknown()).default([]),
});

/** @param port - 0 for a free one. @param onStopped - told once the chain cannot go on. */
export async function serveChain(rpc: Rpc, port: number, onStopped: (cause: unknown) => void): Promise<ChainServer> {
  const server = createServer((request, response) => {
    answer(rpc, request, onStopped)
      .then(({ status, body }) => send(response, status, body))
      .catch((cause: unknown) => response.destroy(cause as Error));
  });
  await listen(server, port);
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${boundPort}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((cause) => (cause === undefined ? resolve() : reject(cause)));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  rpc: Rpc,
  request: IncomingMessage,
  onStopped: (cause: unknown) => void,
): Promise<{ status: number; body: unknown }> {
  if (request.method !== 'POST') return refuse(405, -32600, 'POST only');
  // a web page can send text/plain to any port of its visitor's machine, but not this without being asked first
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return refuse(415, -32600, 'application/json only');
  }
  const text = await readBody(request);
  if (text === null) {
    return refuse(413, -32600, new ProtocolError('CHAIN_CALL_TOO_LARGE', { maxBytes: MAX_BODY_BYTES }).message);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse(200, -32700, 'not JSON');
  }
  if (!Array.isArray(json)) return { status: 200, body: await call(rpc, json, onStopped) };
  if (json.length === 0 || json.length > MAX_BATCH) return refuse(200, -32600, `a batch has 1 to ${MAX_BATCH} calls`);
  const replies: Reply[] = [];
  for (const item of json) replies.push(await call(rpc, item, onStopped));
  return { status: 200, body: replies };
}

function refuse(status: number, code: number, message: string): { status: number; body: Reply } {
  return { status, body: { jsonrpc: '2.0', id: null, error: { code, message } } };
}

async function call(rpc: Rpc, item: unknown, onStopped: (cause: unknown) => void): Promise<Reply> {
  const parsed = callSchema.safeParse(item);
  if (!parsed.success) {
    const { message } = new ProtocolError('CHAIN_CALL_MALFORMED', { reason: parsed.error.issues[0]!.message });
    return { jsonrpc: '2.0', id: null, error: { code: -32600, message } };
  }
  const { id, method, params } = parsed.data;
  try {
    return { jsonrpc: '2.0', id, result: (await rpc.request(method, params)) ?? null };
  } catch (cause) {
    if (cause instanceof ProtocolError && cause.code === 'CHAIN_STOPPED') onStopped(cause);
    return { jsonrpc: '2.0', id, error: errorOf(cause) };
  }
}

/** Errors of our own carry their code in `data`; those of the engine keep what a contract reverted with there. */
function errorOf(cause: unknown): Reply {
  if (cause instanceof ChainRpcError) {
    const { rpcCode } = cause.details;
    return { code: rpcCode, message: cause.reason, ...(cause.data === undefined ? {} : { data: cause.data }) };
  }
  if (!(cause instanceof ProtocolError)) return { code: -32603, message: 'internal error' };
  const code = cause.code === 'CHAIN_METHOD_NOT_ALLOWED' ? -32601 : -32602;
  return { code, message: cause.message, data: { code: cause.code } };
}

/** Text of a body; null where it is too long, and the rest is then left unread. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(text);
}
