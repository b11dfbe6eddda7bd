/**
 * Fetch over TLS to a key that the chain names.
 *
 * The certificate's key is compared before a byte of the call is sent; names, dates and issuers of the certificate say
 * nothing here. A connection is used again only for the same origin and the same pin, so that a pin that changed on chain
 * holds from the next call on. Source: RFC 7671, section 5.1.
 */
import { timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { PinnedFetch } from '@sealedger/protocol/peer-client.ts';
import { Agent, buildConnector, fetch } from 'undici';
import { spkiSha256 } from './certificate.ts';

export interface PinnedTransport {
  readonly fetch: PinnedFetch;
  /** Ends idle connections at once and the others with their call. */
  close(): Promise<void>;
}

export interface PinnedTransportOptions {
  /** Connections that one origin may have at the same time. */
  readonly connections?: number;
  readonly connectTimeoutMs?: number;
}

const CONNECTIONS = 32;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 20_000;
/** Origins that are kept ready; the one that was used longest ago goes first. */
const MAX_AGENTS = 256;

interface PinnedAgent {
  readonly pin: string;
  readonly agent: Agent;
}

export function createPinnedTransport(options: PinnedTransportOptions = {}): PinnedTransport {
  const agents = new Map<string, PinnedAgent>();
  const agentFor = (origin: string, pin: string): Agent => {
    const known = agents.get(origin);
    agents.delete(origin);
    const current = known?.pin === pin ? known : { pin, agent: createAgent(pin, options) };
    agents.set(origin, current);
    if (known !== undefined && known !== current) retire(known);
    const [oldest] = agents.keys();
    if (agents.size > MAX_AGENTS) {
      retire(agents.get(oldest!)!);
      agents.delete(oldest!);
    }
    return current.agent;
  };
  return {
    fetch: async (url, init, pin) => {
      const dispatcher = agentFor(new URL(url).origin, pin);
      try {
        // the same classes by another name: undici types its own fetch apart from the platform's
        const answer = await fetch(url, { ...(init as Parameters<typeof fetch>[1]), dispatcher });
        return answer as unknown as Response;
      } catch (error) {
        throw error instanceof Error && error.cause instanceof ProtocolError ? error.cause : error;
      }
    },
    close: async () => {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map(({ agent }) => agent.destroy()));
    },
  };
}

/** Calls under way end as they would; no new one takes these connections. */
function retire({ agent }: PinnedAgent): void {
  agent.close().catch(() => undefined);
}

function createAgent(pin: string, options: PinnedTransportOptions): Agent {
  const connect = buildConnector({
    // the pin decides, below; OpenSSL's own judgement of the chain would refuse every self-signed certificate
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    // no session is taken up again: each connection shows its certificate
    maxCachedSessions: 0,
    // one protocol, of which the limits and the tests speak
    allowH2: false,
    timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  });
  const pinned: buildConnector.connector = (target, callback) => {
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      if (hasPin(socket as TLSSocket, pin)) return callback(null, socket);
      socket.destroy();
      return callback(new ProtocolError('TLS_PIN_MISMATCH', { host: target.hostname }), null);
    });
  };
  return new Agent({
    connect: pinned,
    connections: options.connections ?? CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    pipelining: 1,
    allowH2: false,
    // the caller sets the deadline of each call
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function hasPin(socket: TLSSocket, pin: string): boolean {
  const certificate = socket.encrypted ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return false;
  const actual = Buffer.from(spkiSha256(certificate.publicKey), 'hex');
  const expected = Buffer.from(pin, 'hex');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
