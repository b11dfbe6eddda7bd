/**
 * What waits for a person: durable, with what the policies said when it came in.
 *
 * An entry ends with the decision, in its transaction; one whose request ended on chain is taken out soon after, and comes
 * back with the next delivery where the chain took that end back.
 */
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { StricterConditions } from '@sealedger/protocol/policy/conditions.ts';
import type { Ledger, StateOperation, StateStore } from '../ports.ts';
import type { Evaluation } from './evaluate.ts';
import { approvalKeys } from './keys.ts';

/** An approval that needs another one beside it. */
export interface FirstApproval {
  /** Pseudonym. */
  readonly actor: string;
  readonly reason: string;
  readonly conditions: StricterConditions;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Digest of what the policies said then: another answer takes the approval away. */
  readonly basis: string;
}

export interface Waiting {
  readonly requestId: string;
  readonly requester: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** What the policies said when it came in. */
  readonly evaluation: Evaluation;
  readonly first: FirstApproval | null;
}

/** What an approval rests on: every policy's answer, and what the grant would keep to. */
export function basisOf(evaluation: Evaluation): string {
  return digestHex(domains.decisionReason, { evaluation: JSON.parse(JSON.stringify(evaluation)) });
}

export async function storedWaiting(state: StateStore, requestId: string): Promise<Waiting | undefined> {
  return state.get<Waiting>(approvalKeys.wait(requestId));
}

/** Takes out what ended on chain without a decision from here. */
export async function dropEnded(parts: {
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'recentRequest'>;
}): Promise<void> {
  for (const { requestId } of await allWaiting(parts.state)) {
    const { state } = await parts.ledger.recentRequest(requestId);
    if (state !== 'submitted') await parts.state.write([endWaiting(requestId)]);
  }
}

/** The longest waiting first. */
export async function allWaiting(state: StateStore): Promise<readonly Waiting[]> {
  const waiting = (await state.list<Waiting>(approvalKeys.waiting)).map(([, entry]) => entry);
  return waiting.toSorted((a, b) => a.since - b.since);
}

export function putWaiting(waiting: Waiting): StateOperation {
  return { type: 'put', key: approvalKeys.wait(waiting.requestId), value: waiting };
}

export function endWaiting(requestId: string): StateOperation {
  return { type: 'del', key: approvalKeys.wait(requestId) };
}

/**
 * The one request of which `prefix` begins the id.
 * @throws {ProtocolError} REQUEST_UNKNOWN, REQUEST_AMBIGUOUS
 */
export async function findRequest(state: StateStore, prefix: string): Promise<string> {
  const found = (await state.list(`${approvalKeys.documents}${prefix}`)).map(([key]) =>
    key.slice(approvalKeys.documents.length),
  );
  if (found.length > 1) throw new ProtocolError('REQUEST_AMBIGUOUS', { prefix, count: found.length });
  if (found.length === 0) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: prefix });
  return found[0]!;
}
