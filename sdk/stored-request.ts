/**
 * A request as the bank keeps it: what was asked, the document, the sealed model and its keys. Who reads the store is the bank.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { DatasetListing } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Model } from '@sealedger/protocol/model.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { BankContext } from './bank.ts';
import type { StoredModelKeys } from './he-client.ts';
import { type StoredSealedModel, storeSealedModel } from './sealed-model-store.ts';
import { readStoredJson, writeStoredJson } from './stored-json.ts';

/** A file that goes with a request. */
export interface AttachmentInput {
  readonly name: string;
  /** Such as application/pdf. */
  readonly mediaType: string;
  readonly content: Uint8Array;
}

export interface RequestInput {
  /** Checked by parseModel. */
  readonly model: Model;
  readonly purpose: RequestDocument['purpose'];
  readonly legalBasis: RequestDocument['legalBasis'];
  /** Default: natural persons. */
  readonly subjects?: RequestDocument['subjects'];
  /** Who answers for the request; owners and gates see it. */
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
  /** At most 16; default none. */
  readonly attachments?: readonly AttachmentInput[];
}

/** What the bank keeps of a request, beside the secret key. */
export interface BankRequest {
  readonly requestId: string;
  readonly document: RequestDocument;
  /** Logits to add to an opened score: intercept and the constant parts of the linear features. */
  readonly offset: number;
}

/** A request that is ready to go out, with all that is kept of it. */
export interface PreparedRequest {
  readonly document: RequestDocument;
  readonly offset: number;
  readonly input: RequestInput;
  readonly keys: StoredModelKeys;
  readonly model: StoredSealedModel;
}

export const requestKeys = {
  request: (id: string): string => `request/${id}`,
  /** What was asked, with the model in clear. */
  input: (id: string): string => `request/${id}/input`,
  secretKey: (id: string): string => `request/${id}/secret-key`,
  publicKey: (id: string): string => `request/${id}/public-key`,
  attachment: (id: string, sha256Hex: string): string => `request/${id}/attachment/${sha256Hex}`,
  /** Ids of all requests, oldest first. */
  all: 'requests',
} as const;

/** The request as it was stored. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function loadRequest(context: Pick<BankContext, 'ports'>, id: string): Promise<BankRequest> {
  const request = await readStoredJson<BankRequest>(context.ports.store, requestKeys.request(id));
  if (request === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: id });
  return request;
}

/** What was asked, attachments included. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function loadInput(context: Pick<BankContext, 'ports'>, requestId: string): Promise<RequestInput> {
  const { store } = context.ports;
  const input = await readStoredJson<RequestInput>(store, requestKeys.input(requestId));
  if (input === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const { document } = await loadRequest(context, requestId);
  const attachments: AttachmentInput[] = [];
  for (const { name, mediaType, sha256 } of document.attachments) {
    const content = await store.get(requestKeys.attachment(requestId, sha256));
    if (content === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
    attachments.push({ name, mediaType, content });
  }
  return { ...input, attachments };
}

/** Ids of all requests that this store has seen, oldest first. */
export async function ownRequests({ ports }: Pick<BankContext, 'ports'>): Promise<readonly string[]> {
  return (await readStoredJson<string[]>(ports.store, requestKeys.all)) ?? [];
}

/** Stores all that is needed to go on after a crash. Durable when it resolves. */
export async function storeRequest(
  { ports }: Pick<BankContext, 'ports'>,
  request: BankRequest,
  { input, keys, model }: PreparedRequest,
): Promise<void> {
  const { store } = ports;
  const { requestId: id } = request;
  await store.put(requestKeys.secretKey(id), keys.secretKey);
  await store.put(requestKeys.publicKey(id), keys.publicKeyRecord);
  await storeSealedModel(store, id, model);
  for (const attachment of input.attachments ?? []) {
    await store.put(requestKeys.attachment(id, toHex(sha256(attachment.content))), attachment.content);
  }
  const { attachments: _contents, ...rest } = input;
  await writeStoredJson(store, requestKeys.input(id), rest);
  await writeStoredJson(store, requestKeys.request(id), request);
  const known = (await readStoredJson<string[]>(store, requestKeys.all)) ?? [];
  if (!known.includes(id)) await writeStoredJson(store, requestKeys.all, [...known, id]);
}
