/**
 * Revoking a request as one of its owners or gates: refused here from the moment it is written, whatever the chain says yet.
 *
 * The words of the reason stay here; the chain has their salted digest.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Clock, EventLog, Ledger, RequestState, StateStore } from '../ports.ts';
import type { GrantCheck } from './guard.ts';
import { approvalKeys } from './keys.ts';
import { endWaiting } from './queue.ts';

export interface RevokeParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'request' | 'revoke'>;
  readonly events: EventLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface StoredRevocation {
  readonly requestId: string;
  readonly salt: string;
  readonly text: string;
  readonly reasonHash: string;
  /** Pseudonym. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether the chain has it. */
  readonly isSent: boolean;
}

const OPEN: readonly RequestState[] = ['submitted', 'active', 'suspended'];

/**
 * Revokes; a second call sends the same revocation again where the chain does not have it.
 * @param actor - pseudonym of the person.
 * @throws {ProtocolError} REQUEST_UNKNOWN, REQUEST_NOT_ACTIVE; CHAIN_UNREACHABLE once it is in force here
 */
export async function revokeRequest(
  parts: RevokeParts,
  requestId: string,
  text: string,
  actor: string,
): Promise<StoredRevocation> {
  const key = approvalKeys.revocation(requestId);
  const earlier = await parts.state.get<StoredRevocation>(key);
  if (earlier !== undefined) return sendRevocation(parts, earlier);
  await assertOpen(parts, requestId);
  const salt = toHex(parts.randomBytes(32));
  const reasonHash = digestHex(domains.decisionReason, { requestId, salt, text });
  const revocation: StoredRevocation = {
    requestId,
    salt,
    text,
    reasonHash,
    actor,
    at: parts.clock.now(),
    isSent: false,
  };
  await parts.events.append(
    'revocation',
    { requestId, reason: 'owner.revoked', org: parts.org, reasonHash, actor },
    { id: key, operations: [{ type: 'put', key, value: revocation }, endWaiting(requestId)] },
  );
  return sendRevocation(parts, revocation);
}

/** Sends what the chain was away for. */
export async function sendRevocations(parts: RevokeParts): Promise<void> {
  for (const [, revocation] of await parts.state.list<StoredRevocation>(approvalKeys.revoked)) {
    if (!revocation.isSent) await sendRevocation(parts, revocation);
  }
}

/** Refuses every use of what this organisation revoked. @throws {ProtocolError} REQUEST_NOT_ACTIVE */
export function revocationCheck(state: Pick<StateStore, 'get'>): GrantCheck {
  return async ({ requestId }) => {
    if ((await state.get(approvalKeys.revocation(requestId))) === undefined) return;
    throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: 'revoked' });
  };
}

/** With the chain away the request may be over already; then the revocation changes nothing. */
async function assertOpen({ ledger }: RevokeParts, requestId: string): Promise<void> {
  try {
    const { state } = await ledger.request(requestId);
    if (!OPEN.includes(state)) throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
  } catch (error) {
    if (!isProtocolError(error, 'CHAIN_UNREACHABLE')) throw error;
  }
}

async function sendRevocation(parts: RevokeParts, revocation: StoredRevocation): Promise<StoredRevocation> {
  if (revocation.isSent) return revocation;
  const { requestId, reasonHash } = revocation;
  const { state } = await parts.ledger.request(requestId);
  if (OPEN.includes(state)) await parts.ledger.revoke(requestId, reasonHash);
  const sent = { ...revocation, isSent: true };
  await parts.state.write([{ type: 'put', key: approvalKeys.revocation(requestId), value: sent }]);
  return sent;
}
