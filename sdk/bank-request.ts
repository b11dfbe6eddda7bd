/** Asking: the model is sealed, the request stored and put on chain; request-delivery.ts hands it to those concerned. */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  type Attachment,
  attachmentSchema,
  DEFAULT_NOISE_WIDTH_LOG2,
  type RequestDocument,
  requestDocumentSchema,
  requestId,
} from '@sealedger/protocol/request.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { BankContext } from './bank.ts';
import { createSealedModelOwner } from './he-client.ts';
import { deliverRequest } from './request-delivery.ts';
import { planRequest, type RequestTermsInput, sealRequest } from './sealed-request.ts';
import {
  type AttachmentInput,
  type BankRequest,
  type PreparedRequest,
  type RequestInput,
  storeRequest,
} from './stored-request.ts';

/** Seals, submits and delivers. Learns: owners and gates, the definitions of features; the weights nobody. */
export async function submitRequest(context: BankContext, input: RequestInput): Promise<BankRequest> {
  return sendRequest(context, await prepareRequest(context, input, null));
}

/** Seals the model of a request anew. @throws {ProtocolError} as planRequest; SCHEMA_MISMATCH */
export async function prepareRequest(
  { org, ports }: Pick<BankContext, 'org' | 'ports'>,
  input: RequestInput,
  previous: RequestDocument['previous'],
): Promise<PreparedRequest> {
  const terms: RequestTermsInput = {
    ...termsOf(input),
    requester: org,
    previous,
    expiresAt: Math.floor(ports.clock.now() / 1000) + input.termSeconds,
    nonce: toHex(ports.randomBytes(32)),
    sheetSalt: () => toHex(ports.randomBytes(32)),
  };
  const plan = planRequest(input.model, terms);
  const owner = await createSealedModelOwner({ parameters: plan.parameters });
  try {
    const { document, manifest, weightRecords } = sealRequest(plan, owner);
    return {
      document: parseDocument(requestDocumentSchema, document, 'request'),
      offset: plan.offset,
      input,
      keys: { secretKey: owner.secretKeyBytes(), publicKeyRecord: owner.publicKeyRecord },
      model: { manifest, sheets: plan.sheets, weightRecords },
    };
  } finally {
    owner.delete();
  }
}

/** What an input says of a request's terms, with the defaults filled in. */
export function termsOf(input: Omit<RequestInput, 'model'>) {
  return {
    purpose: input.purpose,
    legalBasis: input.legalBasis,
    subjects: input.subjects ?? 'person',
    contact: input.contact,
    certifier: input.certifier ?? null,
    consent: input.consent ?? null,
    attachments: (input.attachments ?? []).map(declaredAttachment),
    totalWidthLog2: input.totalWidthLog2 ?? DEFAULT_NOISE_WIDTH_LOG2,
    datasets: input.datasets,
    register: input.register,
    gates: input.gates,
    quota: input.quota,
    qualityFloor: input.qualityFloor ?? null,
  } as const;
}

/**
 * Stores a prepared request, puts it on chain and delivers it. What is stored first is enough to go on after a crash:
 * {@link deliverRequest} may be called again.
 * @throws {ProtocolError} CHAIN_REFUSED, CHAIN_*, and a node's refusal once all others have been told
 */
export async function sendRequest(context: BankContext, prepared: PreparedRequest): Promise<BankRequest> {
  const { document, offset } = prepared;
  const request: BankRequest = { requestId: requestId(document), document, offset };
  await storeRequest(context, request, prepared);
  await putOnChain(context, request);
  await deliverRequest(context, request.requestId);
  return request;
}

/** The declaration of a file. @throws {ProtocolError} SCHEMA_MISMATCH where name, type or size are not allowed */
export function declaredAttachment({ name, mediaType, content }: AttachmentInput): Attachment {
  const declared = { name, mediaType, bytes: content.length, sha256: toHex(sha256(content)) };
  return parseDocument(attachmentSchema, declared, 'attachment');
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
