/**
 * How much of a node one bank may take up: requests that wait for a person, that are open, that came in within a day, and
 * bytes of sealed models and attachments.
 *
 * Whoever may ask can ask without end; each request costs this node's people a look and its disk a model. A request that
 * is refused here stays on chain as it is: the bank delivers it again once something of its own has ended.
 */
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { featureIndexes, type RequestDocument } from '@sealedger/protocol/request.ts';
import { PUBLIC_KEY_RECORD_BYTES, WEIGHT_RECORD_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import { z } from 'zod';
import type { Clock, Ledger, RequestState, StateStore } from '../ports.ts';
import type { RequestStores } from './completeness.ts';
import { storedRequests } from './documents.ts';
import { isSeenEnded } from './retention.ts';

/** Bounds for each bank, and how long its files stay after the end of a request. */
export const requestBoundsSchema = z.strictObject({
  /** Requests of one bank that wait for a person. */
  maxWaiting: z.int().min(1).max(10_000).default(32),
  /** Requests of one bank that are submitted, active or suspended. */
  maxOpen: z.int().min(1).max(100_000).default(256),
  /** Requests of one bank within 24 hours. */
  maxPerDay: z.int().min(1).max(100_000).default(200),
  /** Sealed models and attachments of one bank; 2^20 bytes each. */
  maxMegabytes: z.int().min(1).max(16_777_216).default(8192),
  /** Days after which models and attachments of a request that ended are removed. */
  retentionDays: z.int().min(0).max(3660).default(365),
});
export type RequestBounds = z.output<typeof requestBoundsSchema>;

export interface AdmissionParts {
  readonly org: string;
  readonly bounds: RequestBounds;
  readonly state: Pick<StateStore, 'get' | 'list'>;
  readonly ledger: Pick<Ledger, 'recentRequest'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly stores: RequestStores;
  /** Whether this organisation has decided a request; one that it has not waits, or is about to. */
  readonly isDecided: (requestId: string) => Promise<boolean>;
  /** When a request came in, in milliseconds since the epoch. */
  readonly receivedAt: (requestId: string) => Promise<number>;
}

interface Held {
  readonly document: RequestDocument;
  readonly receivedAt: number;
  readonly isOpen: boolean;
  readonly isDecided: boolean;
}

const OPEN: readonly RequestState[] = ['submitted', 'active', 'suspended'];
const DAY_MS = 86_400_000;
const MEGABYTE = 1 << 20;

/**
 * Asked once for each request, before anything of it is kept; the caller lets one of a bank in at a time.
 * @throws {ProtocolError} REQUEST_LIMIT_WAITING, REQUEST_LIMIT_OPEN, REQUEST_LIMIT_DAY, REQUEST_LIMIT_BYTES,
 *   CHAIN_UNREACHABLE
 */
export async function assertAdmitted(parts: AdmissionParts, document: RequestDocument): Promise<void> {
  const { bounds, clock } = parts;
  const held = await heldOf(parts, document.requester);
  const waiting = held.filter(({ isOpen, isDecided }) => isOpen && !isDecided).length;
  if (waiting >= bounds.maxWaiting) throw new ProtocolError('REQUEST_LIMIT_WAITING', { waiting });
  const open = held.filter(({ isOpen }) => isOpen).length;
  if (open >= bounds.maxOpen) throw new ProtocolError('REQUEST_LIMIT_OPEN', { open });
  const today = held.filter(({ receivedAt }) => receivedAt > clock.now() - DAY_MS).length;
  if (today >= bounds.maxPerDay) throw new ProtocolError('REQUEST_LIMIT_DAY', { count: today });
  const bytes = bytesOf(parts, [...held, { document, isOpen: true }]);
  if (bytes > bounds.maxMegabytes * MEGABYTE)
    throw new ProtocolError('REQUEST_LIMIT_BYTES', {
      megabytes: Math.ceil(bytes / MEGABYTE),
      max: bounds.maxMegabytes,
    });
}

async function heldOf(parts: AdmissionParts, requester: string): Promise<readonly Held[]> {
  const own = (await storedRequests(parts.state)).filter(({ document }) => document.requester === requester);
  return Promise.all(
    own.map(async ({ requestId, document }) => ({
      document,
      receivedAt: await parts.receivedAt(requestId),
      isOpen: await isOpenNow(parts, requestId, document),
      isDecided: await parts.isDecided(requestId),
    })),
  );
}

async function isOpenNow(
  { state, ledger, clock }: AdmissionParts,
  requestId: string,
  { expiresAt }: RequestDocument,
): Promise<boolean> {
  if (1000 * expiresAt <= clock.now() || (await isSeenEnded(state, requestId))) return false;
  try {
    return OPEN.includes((await ledger.recentRequest(requestId)).state);
  } catch (error) {
    // the chain took it back, and may bring it again
    if (isProtocolError(error, 'REQUEST_UNKNOWN')) return true;
    throw error;
  }
}

/** What was declared of open requests, since it may come any moment, and what is here of those that ended. */
function bytesOf({ org, stores }: AdmissionParts, held: readonly Pick<Held, 'document' | 'isOpen'>[]): number {
  const models = new Map<string, number>();
  let attachments = 0;
  for (const { document, isOpen } of held) {
    const weights = featureIndexes(document, org).length;
    if (weights > 0 && (isOpen || stores.models.has(document)))
      models.set(document.modelDigest, PUBLIC_KEY_RECORD_BYTES + weights * WEIGHT_RECORD_BYTES);
    const here = document.attachments.filter((one) => isOpen || stores.attachments.has(document, one.sha256));
    attachments += here.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  return attachments + [...models.values()].reduce((sum, bytes) => sum + bytes, 0);
}
