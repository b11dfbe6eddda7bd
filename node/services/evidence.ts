import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import { bundleJson } from '@sealedger/protocol/evidence/bundle-file.ts';
import { createChainProver } from '@sealedger/protocol/evidence/chain-prover.ts';
import type { Json } from '@sealedger/protocol/evidence/file-words.ts';
import { grantHashesOf } from '../approval/grant-check.ts';
import { type ExportOptions, exportBundle } from '../evidence/export.ts';
import type { NodeParts } from './parts.ts';

/**
 * This node's part of a bundle, as the JSON of a file; what concerns the subject is anchored first.
 * @throws {ProtocolError} as {@link exportBundle}
 */
export async function exportOwnPart(
  parts: NodeParts,
  subject: BundleSubject,
  options: ExportOptions = {},
): Promise<Json> {
  const { evidence, rpc, client } = parts;
  await parts.counts.flush();
  await evidence.anchorer.flush();
  const exporting = { log: evidence.log, signer: evidence.signer, rpc, deployment: client.deployment };
  return bundleJson(await exportBundle(exporting, subject, options));
}

export function evidenceServices(parts: NodeParts) {
  const exported = (subject: BundleSubject, since: number | undefined): Promise<Json> =>
    exportOwnPart(parts, subject, since === undefined ? {} : { since });
  return {
    result: (caller: string, requestId: string, batch: number) => logResult(parts, caller, requestId, batch),
    versionEvidence: (datasetId: string, since?: number) => exported({ kind: 'version', datasetId }, since),
    evidence: (requestId: string, since?: number) => exported({ kind: 'request', requestId }, since),
    batchEvidence: (requestId: string, org: string, batch: number, since?: number) =>
      exported({ kind: 'batch', requestId, org, batch }, since),
  };
}

/** Logs that the requester committed to a batch of results; the commitment is the one on chain. */
async function logResult(parts: NodeParts, caller: string, requestId: string, batch: number): Promise<void> {
  const onChain = await parts.ledger.request(requestId);
  if (onChain.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  const committed = await committedBatch(parts, caller, requestId, batch);
  const current = await parts.computations.current(requestId);
  if (committed === undefined || current === undefined) throw new ProtocolError('RESULT_UNKNOWN', { batch });
  const { commitment, count } = committed.args;
  await parts.events.append(
    'result',
    { requestId, computationId: current.computationId, batch, commitment, count, ...grantHashesOf(onChain) },
    { id: `result/${requestId}/${batch}` },
  );
}

/** The commitment to one batch; the contract's view has the sum over all batches only. */
async function committedBatch(parts: NodeParts, org: string, requestId: string, batch: number) {
  const { rpc, client } = parts;
  const { events } = await createChainProver(rpc, client.deployment).factsAbout({
    kind: 'batch',
    requestId,
    org,
    batch,
  });
  return events
    .flatMap((event) => (event.name === 'ResultCommitted' ? [event] : []))
    .find(({ args }) => args.org === org && args.batch === batch);
}
