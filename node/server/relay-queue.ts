/**
 * The relay's memory: calls that wait for a node behind a firewall, and the callers that wait for its answers.
 *
 * Bounded in calls and bytes, for each node served and within that for each caller, so that one caller's calls leave room
 * for the others'; callers take turns. Nothing is kept on disk: a relay that starts again has forgotten all, and the
 * callers, whose connections broke with it, call again.
 * Learns: the relay sees who calls which route of the node it serves, when, and the bodies as they are sent; sealed boxes
 * and ciphertexts stay closed to it.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RelayedAnswer, RelayedCall } from '@sealedger/protocol/relay-frame.ts';
import { organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

export const relaySchema = z
  .strictObject({
    /** Organisations for which this node is the relay. */
    for: z.array(organisationId).max(256).default([]),
    /** Calls that wait or are under way, for each of them. */
    maxCalls: z.int().min(4).max(10_000).default(256),
    /** Bytes of bodies that are held for each of them, calls and answers apart. */
    maxMb: z.int().min(1).max(65_536).default(256),
    /** Largest body. */
    maxBodyMb: z.int().min(1).max(2047).default(96),
    answerSeconds: z.number().min(0.1).max(3600).default(120),
  })
  .prefault({});
export type RelayConfig = z.output<typeof relaySchema>;

export interface RelayQueue {
  readonly maxBodyBytes: number;
  /**
   * Room for a call and its body, taken before the body is read; what it returns gives it back.
   * @throws {ProtocolError} RELAY_NOT_SERVED, RELAY_BUSY
   */
  reserve(org: string, caller: string, bytes: number): () => void;
  /**
   * Queues a call and waits for the answer of the node behind.
   * @throws {ProtocolError} RELAY_TIMED_OUT, RELAY_LOST
   */
  ask(org: string, caller: string, call: RelayedCall, gone: AbortSignal): Promise<RelayedAnswer>;
  /**
   * The next call for an organisation; null where none came in time.
   * @param session - of the process that polls: calls that an earlier one took are given up.
   * @throws {ProtocolError} RELAY_NOT_SERVED
   */
  next(org: string, session: string, waitMs: number, gone: AbortSignal): Promise<RelayedCall | null>;
  /** Room for an answer's body. @throws {ProtocolError} RELAY_CALL_UNKNOWN, RELAY_BUSY */
  reserveAnswer(org: string, id: string, bytes: number): () => void;
  /** @throws {ProtocolError} RELAY_CALL_UNKNOWN */
  answer(org: string, id: string, answer: RelayedAnswer): void;
}

interface Waiting {
  readonly caller: string;
  readonly call: RelayedCall;
  readonly answered: PromiseWithResolvers<RelayedAnswer>;
  /** Of the process that took it; null while it waits. */
  session: string | null;
}

/** What is held for one organisation. */
interface Desk {
  /** Calls by caller, in the order in which the callers have their turn. */
  readonly queued: Map<string, Waiting[]>;
  readonly open: Map<string, Waiting>;
  readonly callsOf: Map<string, number>;
  readonly bytesOf: Map<string, number>;
  readonly pollers: Set<() => void>;
  answerBytes: number;
  session: string;
}

const MB = 2 ** 20;
const BUSY_SECONDS = 1;
/** A caller has at most this part of the calls and bytes. */
const CALLER_SHARE = 4;

export function createRelayQueue(config: RelayConfig): RelayQueue {
  const desks = new Map(config.for.map((org) => [org, newDesk()]));
  const maxBytes = config.maxMb * MB;
  const maxBodyBytes = config.maxBodyMb * MB;
  const deskOf = (org: string): Desk => {
    const desk = desks.get(org);
    if (desk === undefined) throw new ProtocolError('RELAY_NOT_SERVED', {});
    return desk;
  };
  const busy = (org: string): ProtocolError =>
    new ProtocolError('RELAY_BUSY', { org, retryAfterSeconds: BUSY_SECONDS });
  const taken = (desk: Desk, org: string, id: string): Waiting => {
    const waiting = desk.open.get(id);
    // a call that nobody took cannot be answered
    if (waiting === undefined || waiting.session === null) throw new ProtocolError('RELAY_CALL_UNKNOWN', { org });
    return waiting;
  };
  return {
    maxBodyBytes,
    reserve: (org, caller, bytes) => {
      const { callsOf, bytesOf } = deskOf(org);
      const [calls, held] = [callsOf.get(caller) ?? 0, bytesOf.get(caller) ?? 0];
      const isFull = sum(callsOf) >= config.maxCalls || sum(bytesOf) + bytes > maxBytes;
      // one large body passes in any case, where the whole has room for it
      const isGreedy = calls >= config.maxCalls / CALLER_SHARE || (held > 0 && held + bytes > maxBytes / CALLER_SHARE);
      if (isFull || isGreedy) throw busy(org);
      callsOf.set(caller, calls + 1);
      bytesOf.set(caller, held + bytes);
      return once(() => {
        lower(callsOf, caller, 1);
        lower(bytesOf, caller, bytes);
      });
    },
    ask: (org, caller, call, gone) => askAt(deskOf(org), org, caller, call, gone, config.answerSeconds),
    next: async (org, session, waitMs, gone) => {
      const desk = deskOf(org);
      beginSession(desk, org, session);
      const first = take(desk);
      if (first !== null || gone.aborted) return first;
      await woken(desk, waitMs, gone);
      // a poller of an earlier process, or one that left, must not take what comes
      return gone.aborted || desk.session !== session ? null : take(desk);
    },
    reserveAnswer: (org, id, bytes) => {
      const desk = deskOf(org);
      taken(desk, org, id);
      if (desk.answerBytes > 0 && desk.answerBytes + bytes > maxBytes) throw busy(org);
      desk.answerBytes += bytes;
      return once(() => {
        desk.answerBytes -= bytes;
      });
    },
    answer: (org, id, answer) => {
      const desk = deskOf(org);
      taken(desk, org, id).answered.resolve(answer);
      desk.open.delete(id);
    },
  };
}

async function askAt(
  desk: Desk,
  org: string,
  caller: string,
  call: RelayedCall,
  gone: AbortSignal,
  seconds: number,
): Promise<RelayedAnswer> {
  const waiting: Waiting = { caller, call, answered: Promise.withResolvers(), session: null };
  const { reject } = waiting.answered;
  const timer = setTimeout(() => reject(new ProtocolError('RELAY_TIMED_OUT', { org, seconds })), 1000 * seconds);
  const leave = (): void => reject(new ProtocolError('RELAY_LOST', { org }));
  gone.addEventListener('abort', leave, { once: true });
  desk.open.set(call.id, waiting);
  desk.queued.set(caller, [...(desk.queued.get(caller) ?? []), waiting]);
  // one poller for one call: the one that has waited longest
  const [wake] = desk.pollers;
  wake?.();
  try {
    if (gone.aborted) leave();
    return await waiting.answered.promise;
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', leave);
    desk.open.delete(call.id);
    const rest = (desk.queued.get(caller) ?? []).filter((other) => other !== waiting);
    if (rest.length === 0) desk.queued.delete(caller);
    else desk.queued.set(caller, rest);
  }
}

/** The first call of the caller whose turn it is; that caller then stands last. */
function take(desk: Desk): RelayedCall | null {
  const [turn] = desk.queued;
  if (turn === undefined) return null;
  const [caller, [first, ...rest]] = turn;
  desk.queued.delete(caller);
  if (rest.length > 0) desk.queued.set(caller, rest);
  first!.session = desk.session;
  return first!.call;
}

function beginSession(desk: Desk, org: string, session: string): void {
  if (desk.session === session) return;
  desk.session = session;
  for (const waiting of desk.open.values()) {
    if (waiting.session !== null) waiting.answered.reject(new ProtocolError('RELAY_LOST', { org }));
  }
  for (const wake of desk.pollers) wake();
}

function woken(desk: Desk, waitMs: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', wake);
      desk.pollers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, waitMs);
    gone.addEventListener('abort', wake, { once: true });
    desk.pollers.add(wake);
  });
}

function newDesk(): Desk {
  const [queued, open] = [new Map<string, Waiting[]>(), new Map<string, Waiting>()];
  return { queued, open, callsOf: new Map(), bytesOf: new Map(), pollers: new Set(), answerBytes: 0, session: '' };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function lower(counts: Map<string, number>, key: string, by: number): void {
  const left = (counts.get(key) ?? 0) - by;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

function once(task: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    task();
  };
}
