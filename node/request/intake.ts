/**
 * Intake of a request: the document is compared with what stands on chain and with the node's own catalogue.
 *
 * Learns: owners and gates, that the request runs and its feature definitions; never weights, scores or subjects.
 */

import { type DatasetField, isShared } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  assertSheet,
  type FeatureSheet,
  type RequestDocument,
  requestDeliverySchema,
  requestId,
} from '@sealedger/protocol/request.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { DatasetConfig } from '../catalogue/dataset.ts';
import type { PublishedVersion } from '../catalogue/publish.ts';
import type { Ledger, RequestView } from '../ports.ts';

/** A dataset of this node together with its version on chain. */
export interface OwnDataset {
  readonly config: DatasetConfig;
  readonly published: PublishedVersion;
}

/** A request document that was checked against the chain. */
export interface AcceptedRequest {
  readonly document: RequestDocument;
  /** This department's features; null for others. */
  readonly sheet: FeatureSheet | null;
  readonly onChain: RequestView;
}

/**
 * Reads a document and checks it against the chain.
 * @param sender - organisation that signed the call.
 * @throws {ProtocolError} SCHEMA_MISMATCH, REQUEST_UNKNOWN, REQUEST_NOT_REQUESTER, REQUEST_TERMS_MISMATCH
 */
export async function acceptRequest(ledger: Ledger, body: unknown, sender: string): Promise<AcceptedRequest> {
  const { document, sheet } = parseDocument(requestDeliverySchema, body, 'request');
  const onChain = await ledger.request(requestId(document));
  if (onChain.requester !== sender || document.requester !== sender)
    throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  assertTerms(document, onChain);
  return { document, sheet, onChain };
}

/** @throws {ProtocolError} REQUEST_TERMS_MISMATCH naming the first part that differs. */
export function assertTerms(document: RequestDocument, onChain: RequestView): void {
  const departments = new Set(document.datasets.map((dataset) => dataset.owner));
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['purpose', document.purpose, onChain.purpose],
    ['modelDigest', document.modelDigest, onChain.modelDigest],
    ['datasets', document.datasets.map((dataset) => dataset.id).join(), onChain.datasetVersions.join()],
    ['register', document.register.id, onChain.registerVersion],
    ['gates', document.gates.join(), onChain.gates.join()],
    ['quota', document.quota, onChain.quota],
    ['expiresAt', document.expiresAt, onChain.expiresAt],
    ['singleDepartment', document.singleDepartment, onChain.singleDepartment],
    ['qualityFloor', document.qualityFloor ?? 0, onChain.qualityFloor],
    ['previous', document.previous?.requestId ?? null, onChain.previous],
    ['datasets', departments.size, document.datasets.length],
    [
      'features',
      document.features.map(({ party }) => party).join(),
      document.datasets.map(({ owner }) => owner).join(),
    ],
  ];
  const different = pairs.find(([, stated, fact]) => stated !== fact);
  if (different !== undefined) throw new ProtocolError('REQUEST_TERMS_MISMATCH', { part: different[0] });
}

/**
 * Checks the features that are asked of this node against its catalogue.
 * @throws {ProtocolError} REQUEST_SHEET_MISMATCH, DATASET_UNKNOWN, DATASET_NOT_SHARED, REQUEST_FIELD_UNKNOWN,
 *   REQUEST_FIELD_NOT_OFFERED, REQUEST_IMPUTATION_MISMATCH
 */
export function assertOwnFeatures(
  document: RequestDocument,
  sheet: FeatureSheet | null,
  org: string,
  datasets: readonly OwnDataset[],
): OwnDataset | undefined {
  assertSheet(document, sheet, org);
  const asked = document.datasets.find((dataset) => dataset.owner === org);
  if (asked === undefined) return undefined;
  const own = datasets.find((dataset) => dataset.published.id === asked.id);
  if (own === undefined) throw new ProtocolError('DATASET_UNKNOWN', { dataset: asked.id });
  if (!isShared(own.config)) throw new ProtocolError('DATASET_NOT_SHARED', { dataset: asked.id });
  for (const feature of sheet?.definitions ?? []) {
    const field = own.config.fields.find((candidate) => candidate.name === feature.field);
    const kind = feature.transform === 'linear' ? 'number' : (field?.kind ?? 'field');
    if (field === undefined || field.kind !== kind)
      throw new ProtocolError('REQUEST_FIELD_UNKNOWN', { field: feature.field, kind });
    assertOffered(field);
    if (feature.transform === 'linear' && field.kind === 'number' && field.missing !== feature.missing) {
      throw new ProtocolError('REQUEST_IMPUTATION_MISMATCH', { field: feature.field });
    }
  }
  return own;
}

/** Identifiers match rows and are never a feature; an item may be held back where the rest is shared. */
function assertOffered({ name, item }: DatasetField): void {
  const reason =
    item?.identifier !== undefined ? 'identifier' : item?.sharing?.type === 'none' ? 'not-shared' : undefined;
  if (reason !== undefined) throw new ProtocolError('REQUEST_FIELD_NOT_OFFERED', { field: name, reason });
}
