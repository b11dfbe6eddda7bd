/** Publishing dataset versions: a new one where the table or what is declared of it changed, none otherwise. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { EventLog, Ledger, StateOperation, StateStore } from '../ports.ts';

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
  /** Fingerprint of the source as it is now: one that differs after the measurement ends the publication. */
  readonly fingerprintNow?: () => Promise<string>;
  /** Pseudonym of the person who publishes. */
  readonly actor?: string | undefined;
  /** Writes that belong to the publication, made with its event. */
  readonly operations?: (published: PublishedVersion) => readonly StateOperation[];
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
  const onChain = await parts.ledger.latestDatasetVersion(name);
  const { version, commitment, rows } = await measureNext(parts, publication, last, onChain);
  const metadataHash = publication.metadataHash(version);
  if (publication.fingerprintNow !== undefined && (await publication.fingerprintNow()) !== fingerprint) {
    throw new ProtocolError('DATASET_CHANGED', { dataset: name });
  }
  if (version > onChain) await parts.ledger.publishDatasetVersion({ name, version, metadataHash, commitment, level });
  const id = parts.ledger.datasetVersionId(parts.org, name, version);
  const published: PublishedVersion = { id, name, version, metadataHash, commitment, fingerprint, rows };
  const actor = publication.actor === undefined ? {} : { actor: publication.actor };
  await parts.events.append(
    'version',
    { datasetId: id, name, version, metadataHash, commitment, level, rows, ...actor },
    {
      id: `version/${id}`,
      operations: [{ type: 'put', key, value: published }, ...(publication.operations?.(published) ?? [])],
    },
  );
  return published;
}

/**
 * The version to publish with its content. Where the node died between chain and log, the chain's latest one is this very
 * version, known by its metadata and by the commitment, whose salts depend on the version alone: it is taken up instead of
 * published twice.
 */
async function measureNext(
  { org, ledger }: PublishParts,
  { name, metadataHash, measure }: Publication,
  last: PublishedVersion | undefined,
  onChain: number,
): Promise<{ readonly version: number; readonly commitment: string; readonly rows: number }> {
  const known = last?.version ?? 0;
  if (onChain > known) {
    const ahead = await ledger.datasetVersion(ledger.datasetVersionId(org, name, onChain));
    if (ahead.metadataHash === metadataHash(onChain) && ahead.state === 'published') {
      const measured = await measure(onChain);
      if (measured.commitment === ahead.commitment) return { version: onChain, ...measured };
    }
  }
  const version = 1 + Math.max(known, onChain);
  return { version, ...(await measure(version)) };
}

export function publishedKey(name: string): string {
  return `published/${name}`;
}
