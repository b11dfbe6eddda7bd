/**
 * The one door to every use of a grant: what must hold before a byte is computed or a score is unlocked.
 *
 * Parties: each owner and each gate asks its own guard, with its own grant and its own look at the chain; a requester's node
 * is never trusted to, and neither is another participant's. A check throws; what none refuses may be done.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Ledger, RequestState, RequestView } from '../ports.ts';

/**
 * When the guard is asked. `announce` and `start` begin a computation, `chunk` comes before each piece of its work;
 * `order` is an unlocking that came in, `metering` the moment at which it is counted.
 */
export type UseMoment = 'announce' | 'start' | 'chunk' | 'order' | 'metering';

export interface Use {
  readonly kind: 'compute' | 'unlock';
  readonly moment: UseMoment;
  readonly requestId: string;
  /** Scores that would be released; 0 for a computation. */
  readonly count: number;
}

/**
 * @param request - as the chain has it: fresh where a computation begins, otherwise of the last moments.
 * @param grant - what this organisation granted; undefined where it did not decide.
 * @throws {ProtocolError} where this use is not allowed now.
 */
export type GrantCheck = (
  use: Use,
  request: RequestView,
  document: RequestDocument,
  grant: Grant | undefined,
) => Promise<void>;

export interface GuardParts {
  readonly ledger: Pick<Ledger, 'request' | 'recentRequest'>;
  /** @throws {ProtocolError} REQUEST_UNKNOWN */
  readonly document: (requestId: string) => Promise<RequestDocument>;
  readonly grant: (requestId: string) => Promise<Grant | undefined>;
  /** Whether this organisation suspended the use itself: it counts from the same moment, whatever the chain says yet. */
  readonly isSuspended: (requestId: string) => boolean;
}

export interface Guard {
  /**
   * Runs every check, in order.
   * @returns the request that the checks saw.
   * @throws {ProtocolError} GRANT_SUSPENDED, what the first check that refuses throws, REQUEST_UNKNOWN, CHAIN_UNREACHABLE
   */
  assertUsable(use: Use): Promise<RequestView>;
  /**
   * Whether what was made or metered under a grant may leave, the first time or again: while it is active, and after it
   * ended in order. Once this node has seen a suspension or a revocation nothing leaves any more.
   * @throws {ProtocolError} GRANT_SUSPENDED, REQUEST_NOT_ACTIVE, REQUEST_UNKNOWN, CHAIN_UNREACHABLE
   */
  assertMayLeave(requestId: string): Promise<void>;
}

const MAY_LEAVE: readonly RequestState[] = ['active', 'completed', 'expired'];

const MAX_REMEMBERED = 256;

/** @param checks - the cheapest first: the first refusal ends the look. */
export function createGuard(parts: GuardParts, checks: readonly GrantCheck[]): Guard {
  const assertNotSuspended = (requestId: string): void => {
    if (parts.isSuspended(requestId)) throw new ProtocolError('GRANT_SUSPENDED', {});
  };
  return {
    assertUsable: async (use) => {
      const { moment, requestId } = use;
      const isBeginning = moment === 'announce' || moment === 'start';
      const request = await (isBeginning ? parts.ledger.request(requestId) : parts.ledger.recentRequest(requestId));
      const [asked, granted] = [await parts.document(requestId), await parts.grant(requestId)];
      for (const check of checks) await check(use, request, asked, granted);
      assertNotSuspended(requestId);
      return request;
    },
    assertMayLeave: async (requestId) => {
      const { state } = await parts.ledger.recentRequest(requestId);
      assertNotSuspended(requestId);
      if (state === 'suspended') throw new ProtocolError('GRANT_SUSPENDED', {});
      if (!MAY_LEAVE.includes(state)) throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
    },
  };
}

/** Keeps what was found, never that nothing was: for documents and grants, which do not change once they are there. */
export function remembering<T>(find: (requestId: string) => Promise<T>): (requestId: string) => Promise<T> {
  const found = new Map<string, T>();
  return async (requestId) => {
    const known = found.get(requestId);
    if (known !== undefined) return known;
    const value = await find(requestId);
    if (value === undefined) return value;
    if (found.size >= MAX_REMEMBERED) found.delete(found.keys().next().value!);
    found.set(requestId, value);
    return value;
  };
}
