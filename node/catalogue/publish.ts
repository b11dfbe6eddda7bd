/** Publishing dataset versions: a new one where the table or what is declared of it changed, none otherwise. */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { hmacFile } from '../crypto.ts';
import type { EventLog, Ledger, StateStore } from '../ports.ts';

/** What the node remembers of the version it published last. */
export interface PublishedVersion {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly metadataHash: string;
  /** Content commitment on chain. */
  readonly commitment: string;
  /** Keyed digest of the source, to notice that it changed. */
  readonly fingerprint: string;
  readonly rows: number;
}

export interface PublishParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly events: EventLog;
}

export interface Publication {
  readonly name: string;
  readonly level: number;
  readonly fingerprint: string;
  /** Digest of the metadata of version `version`. */
  readonly metadataHash: (version: number) => string;
  /** Checks and measures the content of a new version. */
  readonly measure: (version: number) => Promise<{ readonly commitment: string; readonly rows: number }>;
}

/**
 * Publishes a version unless the one published last has the same content and metadata.
 * Learns: chain observers, that there is a new version; its hashes are keyed or of public metadata.
 */
export async function publishVersion(parts: PublishParts, publication: Publication): Promise<PublishedVersion> {
  const { name, level, fingerprint } = publication;
  const key = publishedKey(name);
  const last = await parts.state.get<PublishedVersion>(key);
  if (last?.fingerprint === fingerprint && last.metadataHash === publication.metadataHash(last.version)) return last;
  // The chain may be ahead where the node died right after publishing.
  const version = 1 + Math.max(last?.version ?? 0, await parts.ledger.latestDatasetVersion(name));
  const metadataHash = publication.metadataHash(version);
  const { commitment, rows } = await publication.measure(version);
  await parts.ledger.publishDatasetVersion({ name, version, metadataHash, commitment, level });
  const id = parts.ledger.datasetVersionId(parts.org, name, version);
  const published: PublishedVersion = { id, name, version, metadataHash, commitment, fingerprint, rows };
  await parts.events.append(
    'version',
    { datasetId: id, name, version, metadataHash, commitment, level, rows },
    { id: `version/${id}`, operations: [{ type: 'put', key, value: published }] },
  );
  return published;
}

/** Keyed fingerprint of a table's bytes: tells its owner that it changed, and nobody else anything. */
export async function fileFingerprint(key: Uint8Array, path: string): Promise<string> {
  return toHex(await hmacFile(key, path));
}

export function publishedKey(name: string): string {
  return `published/${name}`;
}
