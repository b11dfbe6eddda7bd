/**
 * The sealed model as the bank keeps it beside its secret key: what a certifier must see, and what a renewal hands out again.
 *
 * Trust: who reads the bank's store is the bank.
 */
import { concat } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { FeatureSheet, SealedModelManifest } from '@sealedger/protocol/request.ts';
import { WEIGHT_RECORD_BYTES } from '@sealedger/protocol/rlwe/wire.ts';
import type { BankStore } from './ports.ts';
import { readStoredJson, writeStoredJson } from './stored-json.ts';

/** What was sealed, without the keys; `weightRecords` in the order of the request's features. */
export type StoredSealedModel = {
  readonly manifest: SealedModelManifest;
  readonly sheets: readonly FeatureSheet[];
  readonly weightRecords: readonly Uint8Array[];
};

const partsKey = (requestId: string): string => `request/${requestId}/model`;
const recordsKey = (requestId: string): string => `request/${requestId}/weights`;

/** Durable when it resolves. */
export async function storeSealedModel(store: BankStore, requestId: string, model: StoredSealedModel): Promise<void> {
  const { manifest, sheets, weightRecords } = model;
  await store.put(recordsKey(requestId), concat(...weightRecords));
  await writeStoredJson(store, partsKey(requestId), { manifest, sheets });
}

/** @throws {ProtocolError} REQUEST_UNKNOWN */
export async function loadSealedModel(store: BankStore, requestId: string): Promise<StoredSealedModel> {
  const parts = await readStoredJson<Omit<StoredSealedModel, 'weightRecords'>>(store, partsKey(requestId));
  const records = await store.get(recordsKey(requestId));
  if (parts === undefined || records === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const weightRecords = parts.manifest.weights.map((_, i) =>
    records.subarray(i * WEIGHT_RECORD_BYTES, (i + 1) * WEIGHT_RECORD_BYTES),
  );
  return { ...parts, weightRecords };
}
