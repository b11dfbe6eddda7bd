/**
 * A node that makes outgoing connections only: it fetches the calls for it from its relay, and answers them.
 *
 * Each call goes through the node's own server over a pair of streams in memory, so that signature, membership, limits,
 * nonce and routes are those of any other call. The relay is trusted with delivery alone: what it changes fails a
 * signature, what it repeats fails the store of nonces.
 */
import { randomBytes } from 'node:crypto';
import { request as httpRequest, type Server } from 'node:http';
import { duplexPair } from 'node:stream';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';
import {
  parseRelayedCall,
  pickFields,
  RELAYED_ANSWER_FIELDS,
  type RelayedAnswer,
  type RelayedCall,
  relayedAnswerFrame,
} from '@sealedger/protocol/relay-frame.ts';
import type { NodeParts } from './parts.ts';

export interface Relayed {
  stop(): Promise<void>;
}

type RelayedParts = Pick<NodeParts, 'members' | 'peers' | 'clock' | 'log'> & {
  /** Organisation of the relay. */
  readonly relay: string;
  /** Calls that are fetched and answered at the same time. */
  readonly pollers?: number;
};

const POLLERS = 8;
const WAIT_SECONDS = 20;
const POLL_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 300_000;
const MAX_FRAME_BYTES = 2 ** 31 - 1;
const MAX_ANSWER_BYTES = 512 << 20;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/** Fetches calls until it is stopped; the relay may be away for as long as it likes. */
export function startRelayed(parts: RelayedParts, server: Server): Relayed {
  const session = randomBytes(32).toString('hex');
  const stopping = new AbortController();
  const poll = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      try {
        const relay = await parts.members.activeMember(parts.relay);
        const call = await nextCall(parts, relay, session, stopping.signal);
        pauseMs = FIRST_PAUSE_MS;
        if (call !== null && !stopping.signal.aborted) await serve(parts, relay, call, server, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        parts.log.info('relay', { relay: parts.relay, code: error instanceof ProtocolError ? error.code : 'INTERNAL' });
        await Promise.race([parts.clock.sleep(pauseMs), ended(stopping.signal)]);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  };
  const pollers = Array.from({ length: parts.pollers ?? POLLERS }, poll);
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

async function nextCall(
  { peers }: RelayedParts,
  relay: Peer,
  session: string,
  signal: AbortSignal,
): Promise<RelayedCall | null> {
  const frame = await peers.bytes(relay, {
    method: 'GET',
    path: `/v1/relay-calls?session=${session}&wait=${WAIT_SECONDS}`,
    timeoutMs: POLL_TIMEOUT_MS,
    signal,
    maxBytes: MAX_FRAME_BYTES,
  });
  return frame.length === 0 ? null : parseRelayedCall(frame);
}

async function serve(
  { peers }: RelayedParts,
  relay: Peer,
  call: RelayedCall,
  server: Server,
  signal: AbortSignal,
): Promise<void> {
  const answer = await throughServer(server, call, signal);
  await peers.bytes(relay, {
    method: 'POST',
    path: `/v1/relay-calls/${call.id}`,
    body: relayedAnswerFrame(answer),
    contentType: 'application/octet-stream',
    timeoutMs: ANSWER_TIMEOUT_MS,
    signal,
    retries: 3,
  });
}

/** A server's own answer to a call, as if it had come through a socket. @param server - need not listen. @param signal - ends it. */
export function throughServer(
  server: Server,
  { method, target, headers, body }: RelayedCall,
  signal: AbortSignal,
): Promise<RelayedAnswer> {
  const [near, far] = duplexPair();
  server.emit('connection', far);
  const hasBody = headers['content-digest'] !== undefined || body.length > 0;
  return new Promise((resolve, reject) => {
    const call = httpRequest({
      // http asks for a socket and uses nothing of it that a duplex stream lacks
      createConnection: () => near as unknown as ReturnType<typeof import('node:net').connect>,
      host: 'relayed.invalid',
      method,
      path: target,
      headers: { ...headers, connection: 'close', ...(hasBody ? { 'content-length': body.length } : {}) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    call.once('error', reject);
    call.once('response', (response) => {
      const parts: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (part: Buffer) => {
        sizeBytes += part.length;
        if (sizeBytes > MAX_ANSWER_BYTES) response.destroy(new Error('larger than a relay takes'));
        else parts.push(part);
      });
      response.once('error', reject);
      response.once('end', () => {
        near.destroy();
        const status = response.statusCode ?? 0;
        resolve({ status, headers: pickFields(response.headers, RELAYED_ANSWER_FIELDS), body: Buffer.concat(parts) });
      });
    });
    call.end(body);
  });
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
