/** What this organisation knows of a requester: what it asked for before, what came of it, how much it used. */
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { RequestState, StateStore } from '../ports.ts';
import { type Deadlines, storedDeadlines } from './deadlines.ts';
import type { StoredDecision } from './decide.ts';
import { approvalKeys } from './keys.ts';

export interface PastRequest {
  readonly requestId: string;
  readonly purpose: string;
  /** Milliseconds since the epoch; null for one that came in before deadlines were kept. */
  readonly receivedAt: number | null;
  readonly decision: 'waiting' | 'approved' | 'rejected';
  /** As the chain has it; null where it could not be asked. */
  readonly state: RequestState | null;
  readonly quota: number;
  /** Scores unlocked here. */
  readonly used: number;
  /** How often this organisation suspended its use. */
  readonly suspensions: number;
  readonly sameModel: boolean;
}

export interface RequesterHistory {
  readonly total: number;
  readonly approved: number;
  readonly rejected: number;
  readonly suspended: number;
  readonly revoked: number;
  /** Scores unlocked here under all of them. */
  readonly used: number;
  /** How often this organisation suspended a use of the requester's. */
  readonly suspensions: number;
  /** Calls of the requester that this node refused, as far as days are kept. */
  readonly refusedCalls: number;
  /** The latest, newest first. */
  readonly latest: readonly PastRequest[];
}

export interface HistoryParts {
  readonly state: StateStore;
  /** Null where the chain does not answer. */
  readonly chainState: (requestId: string) => Promise<RequestState | null>;
  readonly used: (requestId: string) => Promise<number>;
  readonly suspensions: (requestId: string) => Promise<number>;
  readonly refusedCalls: (requester: string) => Promise<number>;
}

const MAX_LATEST = 20;

/** @param than - the request that is looked at, which is left out. */
export async function historyOf(
  parts: HistoryParts,
  requester: string,
  than: { readonly requestId: string; readonly modelDigest: string },
): Promise<RequesterHistory> {
  const documents = await parts.state.list<RequestDocument>(approvalKeys.documents);
  const earlier = documents
    .map(([key, document]) => ({ requestId: key.slice(approvalKeys.documents.length), document }))
    .filter(({ requestId, document }) => document.requester === requester && requestId !== than.requestId);
  const past = await Promise.all(earlier.map((one) => pastRequest(parts, one, than.modelDigest)));
  const having = (fits: (one: PastRequest) => boolean): number => past.filter(fits).length;
  return {
    total: past.length,
    approved: having(({ decision }) => decision === 'approved'),
    rejected: having(({ decision }) => decision === 'rejected'),
    suspended: having(({ state }) => state === 'suspended'),
    revoked: having(({ state }) => state === 'revoked'),
    used: past.reduce((sum, { used }) => sum + used, 0),
    suspensions: past.reduce((sum, { suspensions }) => sum + suspensions, 0),
    refusedCalls: await parts.refusedCalls(requester),
    latest: past.toSorted((a, b) => (b.receivedAt ?? 0) - (a.receivedAt ?? 0)).slice(0, MAX_LATEST),
  };
}

async function pastRequest(
  { state, chainState, used, suspensions }: HistoryParts,
  { requestId, document }: { readonly requestId: string; readonly document: RequestDocument },
  modelDigest: string,
): Promise<PastRequest> {
  const decision = await state.get<StoredDecision>(approvalKeys.decision(requestId));
  const deadlines: Deadlines | undefined = await storedDeadlines(state, requestId);
  return {
    requestId,
    purpose: document.purpose,
    receivedAt: deadlines?.receivedAt ?? null,
    decision: decision === undefined ? 'waiting' : decision.approved ? 'approved' : 'rejected',
    state: await chainState(requestId),
    quota: document.quota,
    used: await used(requestId),
    suspensions: await suspensions(requestId),
    sameModel: document.modelDigest === modelDigest,
  };
}
