/**
 * Publishing datasets of the catalogue: measured, put on chain, logged and from then on offered.
 *
 * The source is fingerprinted before and after it is measured; one that changed in between is not published.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isShared, metadataHash } from '@sealedger/protocol/dataset.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { hmacSha256 } from '../crypto.ts';
import type { Mutex } from '../mutex.ts';
import type { Person } from '../people.ts';
import type { Clock, EventLog, Ledger, StateOperation, StateStore } from '../ports.ts';
import { commitRows, rowKey } from './commitment.ts';
import { checkTable, type DatasetConfig, datasetMetadata } from './dataset.ts';
import { definedDataset } from './definition.ts';
import { sourceFingerprint } from './fingerprint.ts';
import {
  assertPublishable,
  type Draft,
  lifeKeys,
  publishOperations,
  storedDraft,
  storedVersions,
  type VersionRecord,
} from './life.ts';
import { type PublishedVersion, publishVersion } from './publish.ts';
import { resolveSource, type SourceLimits, type SourcePlaces, withSource } from './source.ts';

/** A dataset that members may ask for. */
export interface OfferedDataset {
  readonly config: DatasetConfig;
  readonly published: PublishedVersion;
}

export interface CatalogueParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly mutex: Mutex;
  readonly people: readonly Person[];
  readonly secondPersonFromLevel: number;
  readonly personKey: Uint8Array;
  readonly fingerprintKey: Uint8Array;
  readonly limits: SourceLimits;
  readonly places: Omit<SourcePlaces, 'base'>;
  /** What is offered now; kept up to date. */
  readonly offered: OfferedDataset[];
}

/** A remembered dataset with its source where it lies now. @throws {ProtocolError} SOURCE_* */
export async function configOf(
  parts: CatalogueParts,
  dataset: VersionRecord['dataset'],
  base: string,
): Promise<DatasetConfig> {
  const source = await resolveSource(dataset.source, { ...parts.places, base });
  return { ...dataset, source, limits: parts.limits };
}

/** Holds declared origins against the chain. @throws {ProtocolError} DATASET_ORIGIN_UNKNOWN */
export async function assertOrigins({ ledger }: CatalogueParts, { definition }: Draft): Promise<void> {
  for (const { owner, name, version } of definition.derivedFrom) {
    const fault = { dataset: definition.dataset, owner, name, version };
    await ledger.datasetVersion(ledger.datasetVersionId(owner, name, version)).catch((error: unknown) => {
      if (isProtocolError(error, 'DATASET_UNKNOWN')) throw new ProtocolError('DATASET_ORIGIN_UNKNOWN', fault);
      throw error;
    });
  }
}

/**
 * Publishes what was reviewed as the next version.
 * @throws {ProtocolError} DATASET_STATE, DATASET_SECOND_PERSON, DATASET_ORIGIN_UNKNOWN, DATASET_CHANGED, SOURCE_*; DATASET_WITHDRAWN where
 *   the same text over the same rows was withdrawn
 */
export async function publishDraft(parts: CatalogueParts, name: string, actor: string): Promise<VersionRecord> {
  const draft = await storedDraft(parts.state, name);
  assertPublishable(draft, name, parts.secondPersonFromLevel);
  await assertOrigins(parts, draft);
  const dataset = definedDataset(draft.definition);
  const config = await configOf(parts, dataset, draft.base);
  const published = await publishConfig(parts, config, {
    record: { dataset, base: draft.base, by: 'review', preparers: preparersOf(draft) },
    actor,
    operations: [{ type: 'del', key: lifeKeys.draft(name) }],
  });
  const record = (await storedVersions(parts.state, name)).find(({ version }) => version === published.version)!;
  if (record.state === 'withdrawn') throw new ProtocolError('DATASET_WITHDRAWN', { dataset: record.id });
  // The same text over the same rows is the version that is published already; the draft is done with all the same.
  await parts.state.write([{ type: 'del', key: lifeKeys.draft(name) }]);
  return record;
}

function preparersOf({ drafter, submitter }: Draft): string[] {
  return [...new Set([drafter, ...(submitter === undefined ? [] : [submitter])])];
}

/** Publishes a dataset of the configuration unless it is published, or was withdrawn, as it stands. */
export async function publishConfigured(parts: CatalogueParts, config: DatasetConfig, base: string): Promise<void> {
  const { limits: _limits, ...dataset } = config;
  await publishConfig(parts, config, {
    record: { dataset: withoutConnection(dataset), base, by: 'configuration' },
    operations: [],
  });
}

/** The password's place belongs to the configuration and is not remembered with a version. */
function withoutConnection(dataset: Omit<DatasetConfig, 'limits'>): VersionRecord['dataset'] {
  if (dataset.source.type !== 'postgres') return { ...dataset, source: dataset.source };
  const { connection: _connection, ...source } = dataset.source;
  return { ...dataset, source };
}

async function publishConfig(
  parts: CatalogueParts,
  config: DatasetConfig,
  {
    record,
    actor,
    operations,
  }: {
    readonly record: Pick<VersionRecord, 'dataset' | 'base' | 'by' | 'preparers'>;
    readonly actor?: string;
    readonly operations: readonly StateOperation[];
  },
): Promise<PublishedVersion> {
  const { org, fingerprintKey } = parts;
  const earlier = await storedVersions(parts.state, config.name);
  const salt = (version: number): string | undefined =>
    isShared(config) ? undefined : saltOf(fingerprintKey, config.name, version);
  const hash = (version: number): string => metadataHash(datasetMetadata(org, config, version, salt(version)));
  const fingerprint = await sourceFingerprint(fingerprintKey, config);
  const recordOf = (published: PublishedVersion): VersionRecord => {
    const { id, name, version, rows } = published;
    const own = salt(version);
    const publishedAt = new Date(parts.clock.now()).toISOString();
    return {
      ...record,
      id,
      name,
      version,
      rows,
      state: 'published',
      metadataHash: published.metadataHash,
      publishedAt,
      ...(own === undefined ? {} : { salt: own }),
    };
  };
  const published = await publishVersion(parts, {
    name: config.name,
    level: config.level,
    fingerprint,
    metadataHash: hash,
    measure: (version) => measureTable(parts, config, version),
    fingerprintNow: () => sourceFingerprint(fingerprintKey, config),
    actor,
    operations: (version) => [...operations, ...publishOperations(earlier, recordOf(version))],
  });
  const known = earlier.find(({ version }) => version === published.version);
  // A node of before kept no records of its versions.
  if (known === undefined && earlier.every(({ version }) => version < published.version)) {
    await parts.state.write(publishOperations(earlier, recordOf(published)));
  }
  if (known?.state !== 'withdrawn') offer(parts, { config, published });
  return published;
}

/** Checks the table and commits to its rows under salts of this version. @throws {ProtocolError} DATASET_CHANGED */
async function measureTable(
  { org, ledger, fingerprintKey }: CatalogueParts,
  config: DatasetConfig,
  version: number,
): Promise<{ readonly commitment: string; readonly rows: number }> {
  const checked = await checkTable(config);
  const key = rowKey(fingerprintKey, ledger.datasetVersionId(org, config.name, version));
  const { root, rows } = await withSource(config.source, config.limits, (open) => commitRows(open, key));
  if (rows !== checked) throw new ProtocolError('DATASET_CHANGED', { dataset: config.name });
  return { commitment: toHex(root), rows };
}

/** Keyed, so that the same version always has the same one. */
function saltOf(key: Uint8Array, name: string, version: number): string {
  return toHex(hmacSha256(key, `${domains.datasetSalt}/${name}/${version}`));
}

/** Offers a version in place of the one before. */
export function offer({ offered }: CatalogueParts, dataset: OfferedDataset): void {
  const at = offered.findIndex(({ config }) => config.name === dataset.config.name);
  offered.splice(at < 0 ? offered.length : at, at < 0 ? 0 : 1, dataset);
}
