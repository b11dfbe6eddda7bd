/** What of a request has not arrived at this node: its sealed model, where it is a department, and attachments. */
import { join } from 'node:path';
import { featureIndexes, type RequestDocument } from '@sealedger/protocol/request.ts';
import { type AttachmentStore, createAttachmentStore } from './attachment-store.ts';
import { createModelStore, type ModelStore } from './model-store.ts';

/** `model` and `attachment:<digest>`; empty where all is here. */
export type MissingParts = (document: RequestDocument) => Promise<readonly string[]>;

/** Where a node keeps what comes with requests. */
export function requestStores(
  org: string,
  dataDir: string,
): { readonly models: ModelStore; readonly attachments: AttachmentStore; readonly missing: MissingParts } {
  const models = createModelStore(org, join(dataDir, 'models'));
  const attachments = createAttachmentStore(join(dataDir, 'attachments'));
  return {
    models,
    attachments,
    missing: async (document) => {
      const needsModel = featureIndexes(document, org).length > 0;
      const files = await attachments.missing(document);
      return [
        ...(needsModel && !models.has(document) ? ['model'] : []),
        ...files.map(({ sha256 }) => `attachment:${sha256}`),
      ];
    },
  };
}
