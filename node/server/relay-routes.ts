/**
 * The routes of a relay: one for the callers of a node behind a firewall, two for that node.
 *
 * The relay asks of both what every route asks: a signature, membership, a nonce, a budget. The caller's signature is then
 * checked once more by the node behind, whose registered endpoint is this route; a poller gets calls for itself only, since
 * the organisation is the one that signed.
 */
import { randomBytes } from 'node:crypto';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  parseRelayedAnswer,
  pickFields,
  RELAYED_CALL_FIELDS,
  relayedCallFrame,
} from '@sealedger/protocol/relay-frame.ts';
import { hex32, organisationId, parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { Answer, Route, RouteContext } from './app.ts';
import type { RelayQueue } from './relay-queue.ts';

export interface RelayRouteParts {
  readonly relay: RelayQueue;
}

const EVERYBODY = ['bank', 'regulator', 'department', 'gate', 'registrar'] as const;
const MAX_WAIT_SECONDS = 30;
const MAX_FRAME_HEAD_BYTES = 32 << 10;
/** What may be asked of the node behind; a relay behind a relay would hide who waits for whom. */
const TARGET = /^\/v1\/(?!relay)/;

const wait = z.coerce.number().min(0).max(MAX_WAIT_SECONDS);

export function relayRoutes({ relay }: RelayRouteParts): Route[] {
  const relayed = (method: Route['method'], maxBodyBytes: number): Route => ({
    method,
    path: '/v1/relay/:org/*rest',
    roles: EVERYBODY,
    limit: 'relay',
    maxBodyBytes,
    answer: (context) => relayCall(relay, context),
    docs: { summary: 'Hands a call to the node behind this relay, whose signed answer comes back', response: 'bytes' },
  });
  return [
    relayed('get', 0),
    relayed('post', relay.maxBodyBytes),
    relayed('put', relay.maxBodyBytes),
    {
      method: 'get',
      path: '/v1/relay-calls',
      roles: EVERYBODY,
      limit: 'relay',
      maxBodyBytes: 0,
      answer: (context) => nextCall(relay, context),
      docs: {
        summary: 'The next call for the calling organisation; empty where none came in `wait` seconds',
        query: { session: hex32, wait },
        response: 'bytes',
      },
    },
    {
      method: 'post',
      path: '/v1/relay-calls/:id',
      roles: EVERYBODY,
      limit: 'relay',
      maxBodyBytes: relay.maxBodyBytes + MAX_FRAME_HEAD_BYTES,
      answer: (context) => takeAnswer(relay, context),
      docs: {
        summary: 'The answer of the calling organisation to a call that it took',
        request: 'bytes',
        response: z.strictObject({ taken: z.literal(true) }),
      },
    },
  ];
}

async function relayCall(relay: RelayQueue, context: RouteContext): Promise<Answer> {
  const { caller, head, gone } = context;
  const org = parseDocument(organisationId, context.params['org'], 'path');
  const target = head.target.slice(`/v1/relay/${org}`.length);
  if (!TARGET.test(target)) throw new ProtocolError('ROUTE_UNKNOWN', {});
  const release = relay.reserve(org, caller.org, declaredBytes(context));
  try {
    const body = head.method === 'GET' ? new Uint8Array(0) : await context.body();
    const id = randomBytes(32).toString('hex');
    const method = parseDocument(z.enum(['GET', 'POST', 'PUT']), head.method, 'method');
    const call = { id, method, target, headers: pickFields(head.headers, RELAYED_CALL_FIELDS), body };
    return { relayed: await relay.ask(org, caller.org, call, gone) };
  } finally {
    release();
  }
}

async function nextCall(relay: RelayQueue, { caller, query, gone }: RouteContext): Promise<Answer> {
  const session = parseDocument(hex32, query.get('session'), 'query');
  const seconds = parseDocument(wait, query.get('wait'), 'query');
  const call = await relay.next(caller.org, session, 1000 * seconds, gone);
  return { bytes: call === null ? new Uint8Array(0) : relayedCallFrame(call) };
}

async function takeAnswer(relay: RelayQueue, context: RouteContext): Promise<Answer> {
  const { org } = context.caller;
  const id = parseDocument(hex32, context.params['id'], 'path');
  const release = relay.reserveAnswer(org, id, declaredBytes(context));
  try {
    relay.answer(org, id, parseRelayedAnswer(await context.body()));
  } finally {
    release();
  }
  return { json: { taken: true } };
}

function declaredBytes({ head }: RouteContext): number {
  return Number(head.headers['content-length'] ?? 0);
}
