/** What of a request has not arrived at this node: its sealed model, where it is a department, and attachments. */
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { featureIndexes, type RequestDocument } from '@sealedger/protocol/request.ts';
import { type AttachmentStore, createAttachmentStore } from './attachment-store.ts';
import { INCOMING } from './bounded-file.ts';
import { createModelStore, type ModelStore } from './model-store.ts';

/** `model` and `attachment:<digest>`; empty where all is here. */
export type MissingParts = (document: RequestDocument) => Promise<readonly string[]>;

export interface RequestStores {
  readonly models: ModelStore;
  readonly attachments: AttachmentStore;
  readonly missing: MissingParts;
  /** Removes uploads that a stop cut off. @param before - those untouched since, in milliseconds since the epoch. */
  removeLeftovers(before: number): Promise<void>;
}

/** Where a node keeps what comes with requests. */
export function requestStores(org: string, dataDir: string): RequestStores {
  const places = { models: join(dataDir, 'models'), attachments: join(dataDir, 'attachments') };
  const models = createModelStore(org, places.models);
  const attachments = createAttachmentStore(places.attachments);
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
    removeLeftovers: async (before) => {
      for (const directory of Object.values(places)) await removeIncoming(directory, before);
    },
  };
}

async function removeIncoming(directory: string, before: number): Promise<void> {
  if (!existsSync(directory)) return;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile() && one.name.endsWith(INCOMING))) {
    const path = join(entry.parentPath, entry.name);
    if ((await stat(path)).mtimeMs < before) await rm(path, { force: true });
  }
}
