/**
 * Grants whose use this organisation suspended itself: refused here from the same moment, over restarts, and on chain as
 * soon as the chain can be reached.
 *
 * Parties: an owner, a gate or a regulator, each for itself; a request goes on when all who suspended it lifted that.
 * Learns: everybody, that and when; the reason as a code, and in words only who holds the record and its salt.
 */
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { createMutex, type Mutex } from '../mutex.ts';
import type { Clock, EventLog, Ledger, Logger, RequestState, StateStore } from '../ports.ts';

export interface Suspension {
  readonly requestId: string;
  readonly state: 'suspended' | 'resumed';
  /** A stable code, such as `usage.sweep`. */
  readonly reason: string;
  /** Words of the person who suspended; they stay in this node. */
  readonly note: string | null;
  readonly salt: string;
  /** Commitment to reason and note: what stands on chain. */
  readonly reasonHash: string;
  /** Pseudonym of the person who acted last; null where a rule did. */
  readonly actor: string | null;
  readonly atMs: number;
  /** Times that this request was suspended here: names the events. */
  readonly times: number;
  /** Whether the chain has it, or cannot take it any more. */
  readonly sent: boolean;
}

export interface SuspensionParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'request' | 'suspend' | 'resume'>;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Logger;
  /** 32 random bytes in hex. */
  readonly salt: () => string;
  /** Told at once of each change, before it is durable. */
  readonly changed: (requestId: string) => void;
}

export interface Suspensions {
  isSuspended(requestId: string): boolean;
  /** From the call on every use is refused; durable and logged when it resolves. Twice is once. */
  suspend(requestId: string, reason: string, by?: { readonly actor?: string; readonly note?: string }): Promise<void>;
  /** @throws {ProtocolError} GRANT_NOT_SUSPENDED */
  resume(requestId: string, actor: string): Promise<Suspension>;
  /** Those that stand. */
  standing(): readonly Suspension[];
  /** Sends what the chain does not have. @returns whether nothing is left. */
  flush(): Promise<boolean>;
  /** After a reorganisation: what stands is sent again. */
  recheck(): void;
}

/** States in which a request is over: nothing of it is to be suspended or resumed any more. */
const OVER: readonly RequestState[] = ['rejected', 'revoked', 'withdrawn', 'completed', 'expired', 'superseded'];
const PREFIX = 'suspension/';

/** Where what this organisation says last of a request's use is kept. */
export function suspensionKey(requestId: string): string {
  return PREFIX + requestId;
}

/** Opens them as they stood. */
export async function openSuspensions(parts: SuspensionParts): Promise<Suspensions> {
  const { state, events, clock } = parts;
  const known = new Map((await state.list<Suspension>(PREFIX)).map(([, found]) => [found.requestId, found]));
  /** Refused already, while the record is on its way to the disk. */
  const begun = new Set<string>();
  const isSuspended = (id: string): boolean => begun.has(id) || known.get(id)?.state === 'suspended';
  const record = async (next: Suspension): Promise<void> => {
    const { requestId, reason, reasonHash, actor } = next;
    await events.append(
      'suspension',
      {
        requestId,
        state: next.state,
        org: parts.org,
        reason,
        reasonHash,
        ...(actor === null ? {} : { actor }),
      },
      {
        id: `${PREFIX}${requestId}/${next.times}/${next.state}`,
        operations: [{ type: 'put', key: PREFIX + requestId, value: next }],
      },
    );
    known.set(requestId, next);
  };
  const mutex = createMutex();
  const flush = (): Promise<boolean> =>
    mutex.run('flush', async () => {
      for (const suspension of known.values()) if (!suspension.sent) await send(parts, mutex, known, suspension);
      return [...known.values()].every(({ sent }) => sent);
    });
  const flushSoon = (): void => void flush().catch((cause) => parts.log.error('suspension not sent', {}, cause));
  return {
    isSuspended,
    suspend: async (requestId, reason, { actor, note } = {}) => {
      const isNew = !isSuspended(requestId);
      begun.add(requestId);
      if (isNew) parts.changed(requestId);
      try {
        await mutex.run('record', async () => {
          // asked here, since a resumption may have been on its way to the disk when this was called
          if (known.get(requestId)?.state === 'suspended') return;
          const salt = parts.salt();
          const reasonHash = digestHex(domains.suspension, { requestId, reason, note: note ?? null, salt });
          const times = (known.get(requestId)?.times ?? 0) + 1;
          const said = { reason, note: note ?? null, salt, reasonHash, actor: actor ?? null };
          await record({ requestId, state: 'suspended', ...said, atMs: clock.now(), times, sent: false });
        });
      } finally {
        begun.delete(requestId);
      }
      flushSoon();
    },
    resume: async (requestId, actor) => {
      const before = await mutex.run('record', async () => {
        const suspension = known.get(requestId);
        if (suspension?.state !== 'suspended') throw new ProtocolError('GRANT_NOT_SUSPENDED', {});
        await record({ ...suspension, state: 'resumed', actor, atMs: clock.now(), sent: false });
        return suspension;
      });
      parts.changed(requestId);
      flushSoon();
      return before;
    },
    standing: () => [...known.values()].filter((suspension) => suspension.state === 'suspended'),
    flush,
    recheck: () => {
      for (const [id, suspension] of known) known.set(id, { ...suspension, sent: false });
    },
  };
}

/** One at a time and in the order of the record; the chain may be away, or the request over meanwhile. */
async function send(
  parts: SuspensionParts,
  mutex: Mutex,
  known: Map<string, Suspension>,
  suspension: Suspension,
): Promise<void> {
  const { requestId, reasonHash } = suspension;
  try {
    if (suspension.state === 'suspended') await parts.ledger.suspend(requestId, reasonHash);
    else await parts.ledger.resume(requestId);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    if (!(await isOver(parts, requestId))) {
      parts.log.error('suspension not on chain yet', { requestId, state: suspension.state, code: error.code });
      return;
    }
  }
  await mutex.run('record', async () => {
    // it may have changed while this was under way; then the change is sent next
    if (known.get(requestId) !== suspension) return;
    const sent = { ...suspension, sent: true };
    await parts.state.write([{ type: 'put', key: PREFIX + requestId, value: sent }]);
    known.set(requestId, sent);
  });
}

async function isOver({ ledger }: SuspensionParts, requestId: string): Promise<boolean> {
  try {
    return OVER.includes((await ledger.request(requestId)).state);
  } catch (error) {
    // away, or taken back by the chain: tried again later
    if (isProtocolError(error)) return false;
    throw error;
  }
}
