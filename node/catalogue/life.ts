/**
 * The life of a catalogue entry: draft → review → published → revised → withdrawn, every step by a person and logged.
 *
 * A dataset has at most one open draft. What is approved is bound by its digest; changing the draft takes the approval
 * away. A published version never changes: another text is another version, and the one before becomes `revised`.
 */
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { StateOperation, StateStore } from '../ports.ts';
import { type DefinedDataset, type Definition, definedDataset } from './definition.ts';

/** An entry that is not published yet. */
export interface Draft {
  readonly name: string;
  readonly definition: Definition;
  /** Directory that the source's relative path is relative to. */
  readonly base: string;
  /** Of the definition; what a reviewer looked at. */
  readonly digest: string;
  readonly state: 'draft' | 'review' | 'approved';
  /** Pseudonyms. */
  readonly drafter: string;
  readonly submitter?: string;
  readonly approver?: string;
  /** Why a reviewer sent it back, in that person's words; stays in the node. */
  readonly returned?: string;
}

/** A version that was published from here. */
export interface VersionRecord {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly state: 'published' | 'revised' | 'withdrawn';
  readonly dataset: DefinedDataset | Omit<DefinedDataset, 'entry'>;
  readonly base: string;
  readonly metadataHash: string;
  readonly rows: number;
  /** Set for a dataset that is not shared. */
  readonly salt?: string;
  /** ISO 8601. */
  readonly publishedAt: string;
  readonly withdrawnAt?: string;
  /** `review` where people published it, `configuration` where the node did at its start. */
  readonly by: 'review' | 'configuration';
  /** Pseudonyms of who drafted and submitted it: none of them may approve requests for it. */
  readonly preparers?: readonly string[];
}

export type DraftStep = 'draft' | 'submit' | 'return' | 'approve' | 'publish';

const ALLOWED: Readonly<Record<DraftStep, readonly Draft['state'][]>> = {
  draft: ['draft', 'review', 'approved'],
  submit: ['draft'],
  return: ['review', 'approved'],
  approve: ['review'],
  publish: ['review', 'approved'],
};

/** Digest of a definition: what submitter and approver look at. */
export function definitionDigest(definition: Definition): string {
  return digestHex(domains.datasetVersion, { definition: JSON.parse(JSON.stringify(definition)) });
}

/** @throws {ProtocolError} DATASET_STATE */
export function assertStep(draft: Draft | undefined, name: string, step: DraftStep): asserts draft is Draft {
  const state = draft?.state ?? 'none';
  if (state === 'none' || !ALLOWED[step].includes(state)) {
    throw new ProtocolError('DATASET_STATE', { dataset: name, state, needed: ALLOWED[step].join(' | ') });
  }
}

/**
 * Whether a draft may be published now.
 * @param from - level from which a second person must have approved.
 * @throws {ProtocolError} DATASET_STATE, DATASET_SECOND_PERSON
 */
export function assertPublishable(draft: Draft | undefined, name: string, from: number): asserts draft is Draft {
  assertStep(draft, name, 'publish');
  const { level } = definedDataset(draft.definition);
  if (level >= from && draft.state !== 'approved') {
    throw new ProtocolError('DATASET_SECOND_PERSON', { dataset: name, level, from });
  }
}

const DRAFTS = 'catalogue/draft/';
const VERSIONS = 'catalogue/version/';

export const lifeKeys = {
  draft: (name: string): string => `${DRAFTS}${name}`,
  /** How many steps drafts of the dataset took so far. */
  steps: (name: string): string => `catalogue/steps/${name}`,
  /** Padded, so that versions stand in order. */
  version: (name: string, version: number): string => `${VERSIONS}${name}/${String(version).padStart(10, '0')}`,
} as const;

export async function storedDraft(state: StateStore, name: string): Promise<Draft | undefined> {
  return state.get<Draft>(lifeKeys.draft(name));
}

export async function storedDrafts(state: StateStore): Promise<readonly Draft[]> {
  return (await state.list<Draft>(DRAFTS)).map(([, draft]) => draft);
}

/** Versions of one dataset, or of all, the oldest first. */
export async function storedVersions(state: StateStore, name?: string): Promise<readonly VersionRecord[]> {
  const prefix = name === undefined ? VERSIONS : `${VERSIONS}${name}/`;
  return (await state.list<VersionRecord>(prefix)).map(([, version]) => version);
}

/** Writes that make `next` the published version of its dataset. */
export function publishOperations(versions: readonly VersionRecord[], next: VersionRecord): StateOperation[] {
  const revised = versions.filter(
    ({ name, version, state }) => name === next.name && version < next.version && state === 'published',
  );
  return [
    ...revised.map(
      (record): StateOperation => ({
        type: 'put',
        key: lifeKeys.version(record.name, record.version),
        value: { ...record, state: 'revised' },
      }),
    ),
    { type: 'put', key: lifeKeys.version(next.name, next.version), value: next },
  ];
}
