/** Asking: the model is sealed, the request put on chain, its document and ciphertexts handed to those concerned. */
import { concat, toHex, uint32be } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import type { DatasetListing } from '@sealedger/protocol/dataset.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Model } from '@sealedger/protocol/model.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';
import {
  DEFAULT_NOISE_WIDTH_LOG2,
  type FeatureSheet,
  featureIndexes,
  type RequestDocument,
  requestDocumentSchema,
  requestId,
} from '@sealedger/protocol/request.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { BankContext } from './bank.ts';
import { createSealedModelOwner } from './he-client.ts';
import { storeSealedModel } from './sealed-model-store.ts';
import { planRequest, sealRequest } from './sealed-request.ts';
import { readStoredJson, writeStoredJson } from './stored-json.ts';

export interface RequestInput {
  /** Checked by parseModel. */
  readonly model: Model;
  readonly purpose: RequestDocument['purpose'];
  readonly legalBasis: RequestDocument['legalBasis'];
  /** Default: natural persons. */
  readonly subjects?: RequestDocument['subjects'];
  readonly contact: RequestDocument['contact'];
  readonly datasets: readonly DatasetListing[];
  readonly register: DatasetListing;
  readonly gates: readonly string[];
  readonly quota: number;
  readonly termSeconds: number;
  /** Score in basis points, 1 to 10000, below which no dataset version may enter; null, the default, for none. */
  readonly qualityFloor?: number | null;
  /** Width of the noise of a released score as a power of two of a logit, -20 to 0; default -12. */
  readonly totalWidthLog2?: number;
  /** Regulator that certifies the model; null, the default, for none. */
  readonly certifier?: string | null;
  /** Holder of the log of consents; null, the default, for none. */
  readonly consent?: RequestDocument['consent'];
}

/** What the bank keeps of a request, beside the secret key. */
export interface BankRequest {
  readonly requestId: string;
  readonly document: RequestDocument;
  /** Logits to add to an opened score: intercept and the constant parts of the linear features. */
  readonly offset: number;
}

export const requestKeys = {
  request: (id: string): string => `request/${id}`,
  secretKey: (id: string): string => `request/${id}/secret-key`,
  publicKey: (id: string): string => `request/${id}/public-key`,
} as const;

const UPLOAD_TIMEOUT_MS = 300_000;

/** Seals, submits and delivers. Learns: owners and gates, the definitions of features; the weights nobody. */
export async function submitRequest(context: BankContext, input: RequestInput): Promise<BankRequest> {
  const { org, ports } = context;
  const plan = planRequest(input.model, {
    requester: org,
    purpose: input.purpose,
    legalBasis: input.legalBasis,
    subjects: input.subjects ?? 'person',
    contact: input.contact,
    certifier: input.certifier ?? null,
    consent: input.consent ?? null,
    attachments: [],
    previous: null,
    totalWidthLog2: input.totalWidthLog2 ?? DEFAULT_NOISE_WIDTH_LOG2,
    datasets: input.datasets,
    register: input.register,
    gates: input.gates,
    quota: input.quota,
    expiresAt: Math.floor(ports.clock.now() / 1000) + input.termSeconds,
    qualityFloor: input.qualityFloor ?? null,
    nonce: toHex(ports.randomBytes(32)),
    sheetSalt: () => toHex(ports.randomBytes(32)),
  });
  const owner = await createSealedModelOwner({ parameters: plan.parameters });
  try {
    const sealed = sealRequest(plan, owner);
    const id = requestId(parseDocument(requestDocumentSchema, sealed.document, 'request'));
    const request: BankRequest = {
      requestId: id,
      document: sealed.document,
      offset: plan.offset,
    };
    await ports.store.put(requestKeys.secretKey(id), owner.secretKeyBytes());
    await ports.store.put(requestKeys.publicKey(id), owner.publicKeyRecord);
    await storeSealedModel(ports.store, id, { ...sealed, sheets: plan.sheets });
    await writeStoredJson(ports.store, requestKeys.request(id), request);
    await putOnChain(context, request);
    await deliver(
      context,
      request,
      plan.sheets,
      canonicalBytes(sealed.manifest),
      owner.publicKeyRecord,
      sealed.weightRecords,
    );
    return request;
  } finally {
    owner.delete();
  }
}

/** The request as it was stored. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function loadRequest(context: BankContext, id: string): Promise<BankRequest> {
  const request = await readStoredJson<BankRequest>(context.ports.store, requestKeys.request(id));
  if (request === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: id });
  return request;
}

async function putOnChain(context: BankContext, { requestId: id, document }: BankRequest): Promise<void> {
  await context.ledger.submitRequest({
    requestDigest: id,
    purpose: document.purpose,
    modelDigest: document.modelDigest,
    datasetVersions: document.datasets.map((dataset) => dataset.id),
    registerVersion: document.register.id,
    gates: document.gates,
    quota: document.quota,
    expiresAtSeconds: document.expiresAt,
    singleDepartment: document.singleDepartment,
    qualityFloor: document.qualityFloor ?? 0,
    previous: document.previous?.requestId ?? null,
  });
}

async function deliver(
  context: BankContext,
  request: BankRequest,
  sheets: readonly FeatureSheet[],
  manifest: Uint8Array,
  publicKeyRecord: Uint8Array,
  weightRecords: readonly Uint8Array[],
): Promise<void> {
  const { document, requestId: id } = request;
  const departments = document.datasets.map((dataset) => dataset.owner);
  const concerned = [...new Set([...departments, document.register.owner, ...document.gates])];
  await Promise.all(
    concerned.map(async (org) => {
      const peer = await context.peer(org);
      await context.peers.json(peer, {
        method: 'POST',
        path: '/v1/requests',
        body: canonicalBytes({ document, sheet: sheets.find(({ party }) => party === org) ?? null }),
        retries: 5,
      });
      if (!departments.includes(org)) return;
      const records = featureIndexes(document, org).map((index) => weightRecords[index]!);
      await upload(context, peer, id, concat(uint32be(manifest.length), manifest, publicKeyRecord, ...records));
    }),
  );
}

/** Hands a department its ciphertexts; a request that was rejected meanwhile needs none, and awaitDecision says so. */
async function upload(context: BankContext, peer: Peer, id: string, body: Uint8Array): Promise<void> {
  try {
    await context.peers.json(peer, {
      method: 'PUT',
      path: `/v1/requests/${id}/model`,
      body,
      contentType: 'application/octet-stream',
      retries: 5,
      timeoutMs: UPLOAD_TIMEOUT_MS,
    });
  } catch (error) {
    if (!isProtocolError(error, 'REQUEST_NOT_ACTIVE')) throw error;
  }
}

const POLL_MS = 150;

/** Waits for all owners and gates. @throws {ProtocolError} REQUEST_REJECTED, REQUEST_NOT_ACTIVE, REQUEST_TIMED_OUT */
export async function awaitDecision(context: BankContext, id: string, timeoutMs: number): Promise<void> {
  const deadline = context.ports.clock.now() + timeoutMs;
  for (;;) {
    const request = await context.ledger.request(id);
    if (request === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: id });
    if (request.state === 'active') return;
    const rejected = request.deciders.find(({ decision }) => decision?.verdict === 'rejected');
    if (rejected !== undefined) throw new ProtocolError('REQUEST_REJECTED', { decider: rejected.org });
    if (request.state !== 'submitted') throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: request.state });
    if (context.ports.clock.now() > deadline) {
      const missing = [
        ...request.deciders.filter(({ decision }) => decision === null).map(({ org }) => org),
        ...request.gates.filter(({ poprfPublicKey }) => poprfPublicKey === null).map(({ org }) => org),
      ];
      throw new ProtocolError('REQUEST_TIMED_OUT', { seconds: timeoutMs / 1000, missing: missing.join(', ') });
    }
    await context.ports.clock.sleep(POLL_MS);
  }
}
