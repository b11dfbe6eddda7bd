/**
 * What came with a request that ended is removed when its time is over: sealed model and attachments. The document, the
 * decisions and the events stay: they are small, and an audit asks for them.
 */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Mutex } from '../mutex.ts';
import type { Clock, Ledger, Logger, RequestState, StateStore } from '../ports.ts';
import type { RequestStores } from './completeness.ts';
import { storedRequests } from './documents.ts';

export interface RetentionParts {
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'recentRequest'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Logger, 'info'>;
  readonly mutex: Mutex;
  readonly stores: RequestStores;
  /** Days between the end of a request, as this node first saw it, and the removal of its files. */
  readonly retentionDays: number;
}

interface EndedRequest {
  /** When this node first saw the end, in milliseconds since the epoch. */
  readonly endedAt: number;
  readonly removedAt: number | null;
}

const DAY_MS = 86_400_000;
const ENDED: readonly RequestState[] = ['completed', 'expired', 'revoked', 'rejected', 'withdrawn', 'superseded'];
const keyOf = (requestId: string): string => `ended-request/${requestId}`;

/** Whether this node has seen that a request is over. */
export async function isSeenEnded(state: Pick<StateStore, 'get'>, requestId: string): Promise<boolean> {
  return (await state.get<EndedRequest>(keyOf(requestId))) !== undefined;
}

/** Whether the files of a request were removed. */
export async function isRemoved(state: Pick<StateStore, 'get'>, requestId: string): Promise<boolean> {
  return ((await state.get<EndedRequest>(keyOf(requestId)))?.removedAt ?? null) !== null;
}

/** One at a time with the admission of the same bank's requests, which may name a model that is about to go. */
export function admissionLock(requester: string): string {
  return `admission/${requester}`;
}

/** One round; a chain that is away leaves everything as it is. @throws {ProtocolError} none of the chain's */
export async function removeEnded(parts: RetentionParts): Promise<void> {
  const { state, mutex } = parts;
  try {
    for (const { requestId, document } of await storedRequests(state)) {
      if (await isRemoved(state, requestId)) continue;
      await mutex.run(admissionLock(document.requester), () => lookAt(parts, requestId, document));
    }
    await parts.stores.removeLeftovers(parts.clock.now() - DAY_MS);
  } catch (error) {
    if (!isProtocolError(error, 'CHAIN_UNREACHABLE')) throw error;
  }
}

async function lookAt(parts: RetentionParts, requestId: string, document: RequestDocument): Promise<void> {
  const { state, clock, retentionDays } = parts;
  const ended = await state.get<EndedRequest>(keyOf(requestId));
  const now = clock.now();
  const isDue = ended !== undefined && now - ended.endedAt >= retentionDays * DAY_MS;
  if (ended !== undefined && !isDue) return;
  if (!ENDED.includes(await stateOf(parts, requestId))) {
    // an end that the chain took back
    if (ended !== undefined) await state.write([{ type: 'del', key: keyOf(requestId) }]);
    return;
  }
  if (isDue) await removeFiles(parts, requestId, document);
  const next: EndedRequest = { endedAt: ended?.endedAt ?? now, removedAt: isDue ? now : null };
  await state.write([{ type: 'put', key: keyOf(requestId), value: next }]);
}

async function removeFiles(parts: RetentionParts, requestId: string, document: RequestDocument): Promise<void> {
  await parts.stores.attachments.remove(document);
  if (!(await isModelNeeded(parts, requestId, document))) await parts.stores.models.remove(document);
  parts.log.info('files of a request removed', { requestId });
}

/** A renewal stands on the ciphertexts that came with the earlier version. */
async function isModelNeeded(
  { state }: RetentionParts,
  requestId: string,
  { modelDigest }: RequestDocument,
): Promise<boolean> {
  for (const { requestId: id, document: other } of await storedRequests(state)) {
    if (id !== requestId && other.modelDigest === modelDigest && !(await isRemoved(state, id))) return true;
  }
  return false;
}

/** 'none' where the chain took the request back: it may come again. */
async function stateOf({ ledger }: RetentionParts, requestId: string): Promise<RequestState> {
  try {
    return (await ledger.recentRequest(requestId)).state;
  } catch (error) {
    if (isProtocolError(error, 'REQUEST_UNKNOWN')) return 'none';
    throw error;
  }
}
