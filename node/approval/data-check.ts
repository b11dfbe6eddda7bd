/**
 * Whether the data of a request may be used: still offered, and measured at least as good as was asked.
 *
 * Trust: the scores stand on chain and are asked for by every participant itself; a score is its owner's own statement,
 * backed by the report and the commitment that were recorded with it.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Clock, Ledger, RequestView } from '../ports.ts';
import type { GrantCheck } from './guard.ts';

type DataLedger = Pick<Ledger, 'datasetVersion' | 'quality'>;

/** How old the last good look may be where work is checked often. */
const RECENT_MS = 1000;
const MAX_REMEMBERED = 256;

/**
 * Holds the versions against the chain: at the beginning of a computation, and about once a second while it or its
 * unlocking goes on.
 * @throws {ProtocolError} DATASET_WITHDRAWN, QUALITY_MISSING, QUALITY_BELOW_FLOOR, CHAIN_UNREACHABLE
 */
export function dataCheck(ledger: DataLedger, clock: Pick<Clock, 'now'>): GrantCheck {
  const goodAt = new Map<string, number>();
  return async ({ moment, requestId }, request, document, grant) => {
    const now = clock.now();
    const isBeginning = moment === 'announce' || moment === 'start';
    const age = now - (goodAt.get(requestId) ?? Number.NEGATIVE_INFINITY);
    // a clock that was set back makes no old look a recent one
    if (!isBeginning && age >= 0 && age < RECENT_MS) return;
    goodAt.delete(requestId);
    await assertDataStanding(ledger, request, document, grant?.conditions.qualityFloor ?? null);
    if (goodAt.size >= MAX_REMEMBERED) goodAt.clear();
    goodAt.set(requestId, now);
  };
}

/**
 * Holds the versions of a request against the chain.
 * @param ownFloor - this organisation's own floor in basis points; null for none. The stricter one of both counts.
 * @throws {ProtocolError} DATASET_WITHDRAWN, QUALITY_MISSING, QUALITY_BELOW_FLOOR, CHAIN_UNREACHABLE
 */
export async function assertDataStanding(
  ledger: DataLedger,
  onChain: Pick<RequestView, 'datasetVersions' | 'registerVersion'>,
  document: Pick<RequestDocument, 'qualityFloor'>,
  ownFloor: number | null,
): Promise<void> {
  const floor = Math.max(document.qualityFloor ?? 0, ownFloor ?? 0);
  const versions = [...onChain.datasetVersions, onChain.registerVersion];
  await Promise.all(versions.map((id) => assertOffered(ledger, id)));
  if (floor > 0) await Promise.all(onChain.datasetVersions.map((id) => assertQuality(ledger, id, floor)));
}

async function assertOffered(ledger: DataLedger, id: string): Promise<void> {
  const { state } = await ledger.datasetVersion(id);
  if (state !== 'published') throw new ProtocolError('DATASET_WITHDRAWN', { dataset: id });
}

async function assertQuality(ledger: DataLedger, id: string, floor: number): Promise<void> {
  const quality = await ledger.quality(id);
  if (quality === null) throw new ProtocolError('QUALITY_MISSING', { dataset: id, floor });
  const score = quality.scoreBasisPoints;
  if (score < floor) throw new ProtocolError('QUALITY_BELOW_FLOOR', { dataset: id, floor, score });
}
