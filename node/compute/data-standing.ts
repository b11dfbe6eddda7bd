/**
 * Whether the data of a request may enter a computation: still offered, and measured at least as good as was asked.
 *
 * Trust: the scores stand on chain and are asked for by every participant itself; a score is its owner's own statement,
 * backed by the report and the commitment that were recorded with it.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Ledger, RequestView } from '../ports.ts';

/**
 * Holds the versions of a request against the chain.
 * @param minQuality - this organisation's own floor in basis points; null for none. The stricter one of both counts.
 * @throws {ProtocolError} DATASET_WITHDRAWN, QUALITY_MISSING, QUALITY_BELOW_FLOOR, CHAIN_UNREACHABLE
 */
export async function assertDataStanding(
  ledger: Pick<Ledger, 'datasetVersion' | 'quality'>,
  onChain: Pick<RequestView, 'datasetVersions' | 'registerVersion'>,
  document: Pick<RequestDocument, 'qualityFloor'>,
  minQuality: number | null,
): Promise<void> {
  const floor = Math.max(document.qualityFloor ?? 0, minQuality ?? 0);
  const versions = [...onChain.datasetVersions, onChain.registerVersion];
  await Promise.all(versions.map((id) => assertOffered(ledger, id)));
  if (floor > 0) await Promise.all(onChain.datasetVersions.map((id) => assertQuality(ledger, id, floor)));
}

async function assertOffered(ledger: Pick<Ledger, 'datasetVersion'>, id: string): Promise<void> {
  const { state } = await ledger.datasetVersion(id);
  if (state !== 'published') throw new ProtocolError('DATASET_WITHDRAWN', { dataset: id });
}

async function assertQuality(ledger: Pick<Ledger, 'quality'>, id: string, floor: number): Promise<void> {
  const quality = await ledger.quality(id);
  if (quality === null) throw new ProtocolError('QUALITY_MISSING', { dataset: id, floor });
  const score = quality.scoreBasisPoints;
  if (score < floor) throw new ProtocolError('QUALITY_BELOW_FLOOR', { dataset: id, floor, score });
}
