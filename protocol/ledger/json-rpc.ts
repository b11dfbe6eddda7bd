/**
 * JSON-RPC 2.0 over an injected fetch: the only way from this folder to a chain.
 *
 * Trust: the endpoint is the organisation's own node of the chain; its answers are checked for form here and for meaning
 * by whoever asked.
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';

/** A chain that can be asked. */
export type Rpc = {
  /** @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_REPLY_MALFORMED. @throws {ChainRpcError} where the chain answers with an error. */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
};

/** An integer as JSON-RPC writes it: `0x` and hex digits. */
export const quantity = z
  .string()
  .regex(/^0x[0-9a-f]+$/i)
  .transform((text) => BigInt(text));

export type FetchFunction = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

/** What a proxy answers in place of a chain that is away (RFC 9110, section 15.6). */
const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);

const replySchema = z.union([
  z.object({
    error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }),
  }),
  z.object({ result: z.unknown() }),
]);

/**
 * @param url - endpoint of the chain.
 * @param fetchFunction - the platform's fetch.
 * @param options - timeoutMs for one call, answer included; default 20,000.
 */
export function createJsonRpc(
  url: string,
  fetchFunction: FetchFunction,
  options: { readonly timeoutMs?: number } = {},
): Rpc {
  const timeoutMs = options.timeoutMs ?? 20_000;
  let lastId = 0;
  return {
    async request(method, params) {
      lastId += 1;
      const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params });
      const text = await post(url, fetchFunction, timeoutMs, method, body);
      return parseReply(method, text);
    },
  };
}

/** Asks for an integer. @throws {ProtocolError} CHAIN_REPLY_MALFORMED */
export async function askQuantity(rpc: Rpc, method: string, params: readonly unknown[]): Promise<bigint> {
  const parsed = quantity.safeParse(await rpc.request(method, params));
  if (!parsed.success) throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method, reason: 'not a quantity' });
  return parsed.data;
}

async function post(
  url: string,
  fetchFunction: FetchFunction,
  timeoutMs: number,
  method: string,
  body: string,
): Promise<string> {
  const once = async (): Promise<string> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = { 'content-type': 'application/json' };
    const response = await fetchFunction(url, { method: 'POST', headers, body, signal });
    if (GATEWAY_ERRORS.has(response.status)) throw new Error(`HTTP status ${response.status}`);
    return response.text();
  };
  try {
    try {
      return await once();
    } catch (error) {
      if (!isDroppedConnection(error)) throw error;
      return await once();
    }
  } catch (cause) {
    throw new ProtocolError('CHAIN_UNREACHABLE', { method }, { cause });
  }
}

/** How the platform's fetch names a connection that the other side closed. */
const DROPPED: readonly unknown[] = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/**
 * Whether a kept connection was closed by the other side while this process was busy. Any call may then be made again at
 * once: reads change nothing, and a signed transaction is the same transaction.
 */
function isDroppedConnection(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && DROPPED.includes(cause.code);
}

function parseReply(method: string, text: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method, reason: 'not JSON' }, { cause });
  }
  const reply = replySchema.safeParse(json);
  if (!reply.success) throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method, reason: 'neither result nor error' });
  if ('error' in reply.data) {
    const { code, message, data } = reply.data.error;
    throw new ChainRpcError(method, code, message, data);
  }
  return reply.data.result;
}

/** An error that the chain itself answered; `data` holds what a contract reverted with, where it did. */
export class ChainRpcError extends ProtocolError {
  readonly reason: string;
  readonly data: unknown;

  constructor(method: string, rpcCode: number, reason: string, data?: unknown) {
    super('CHAIN_RPC_ERROR', { method, rpcCode, reason: reason.slice(0, 200) });
    this.reason = reason;
    this.data = data;
  }
}
