/**
 * Delivering a request that stands on chain: the document to owners and gates, attachments with it, the model to departments.
 *
 * Each node says what has not arrived there, and gets that and no more; so a delivery may be repeated after any failure,
 * and a renewal does not carry the ciphertexts again. Learns: each department its own feature sheet, nobody a weight.
 */
import { concat, uint32be } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';
import { featureIndexes, type RequestDocument } from '@sealedger/protocol/request.ts';
import type { BankContext } from './bank.ts';
import { nodeStatus } from './request-status.ts';
import { loadSealedModel, type StoredSealedModel } from './sealed-model-store.ts';
import { loadRequest, requestKeys } from './stored-request.ts';

const UPLOAD_TIMEOUT_MS = 300_000;
const RETRIES = 5;

/** Owners of the data and of the register, and the gates; each once. */
export function concernedBy(document: Pick<RequestDocument, 'datasets' | 'register' | 'gates'>): readonly string[] {
  const owners = document.datasets.map(({ owner }) => owner);
  return [...new Set([...owners, document.register.owner, ...document.gates])];
}

/**
 * Delivers to all, also where one refuses or is away; may be called again.
 * @throws {ProtocolError} REQUEST_UNKNOWN, and the first node's refusal once all others have been served
 */
export async function deliverRequest(context: BankContext, requestId: string): Promise<void> {
  const { document } = await loadRequest(context, requestId);
  const model = await loadSealedModel(context.ports.store, requestId);
  const outcomes = await Promise.allSettled(
    concernedBy(document).map((org) => deliverTo(context, org, requestId, document, model)),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function deliverTo(
  context: BankContext,
  org: string,
  requestId: string,
  document: RequestDocument,
  model: StoredSealedModel,
): Promise<void> {
  const peer = await context.peer(org);
  const sheet = model.sheets.find(({ party }) => party === org) ?? null;
  const body = canonicalBytes({ document, sheet });
  await context.peers.json(peer, { method: 'POST', path: '/v1/requests', body, retries: RETRIES });
  const { missing } = await nodeStatus(context, peer, requestId);
  for (const part of missing) {
    if (part === 'model') {
      await put(context, peer, `/v1/requests/${requestId}/model`, await modelFile(context, requestId, org, model));
      continue;
    }
    const sha256 = part.slice('attachment:'.length);
    const content = await context.ports.store.get(requestKeys.attachment(requestId, sha256));
    if (content === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
    await put(context, peer, `/v1/requests/${requestId}/attachments/${sha256}`, content);
  }
}

/** `length | manifest | public key | weights of one department`; see node/request/model-store.ts. */
async function modelFile(
  { ports }: BankContext,
  requestId: string,
  org: string,
  { manifest, weightRecords }: StoredSealedModel,
): Promise<Uint8Array> {
  const { document } = await loadRequest({ ports }, requestId);
  const publicKeyRecord = await ports.store.get(requestKeys.publicKey(requestId));
  if (publicKeyRecord === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const head = canonicalBytes(manifest);
  const records = featureIndexes(document, org).map((index) => weightRecords[index]!);
  return concat(uint32be(head.length), head, publicKeyRecord, ...records);
}

/** A request that was rejected meanwhile needs nothing more, and awaitDecision says so. */
async function put(context: BankContext, peer: Peer, path: string, body: Uint8Array): Promise<void> {
  try {
    await context.peers.json(peer, {
      method: 'PUT',
      path,
      body,
      contentType: 'application/octet-stream',
      retries: RETRIES,
      timeoutMs: UPLOAD_TIMEOUT_MS,
    });
  } catch (error) {
    if (!isProtocolError(error, 'REQUEST_NOT_ACTIVE')) throw error;
  }
}
