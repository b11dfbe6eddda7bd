/**
 * The department's catalogue: drafts and versions of its datasets, and the steps from one to the other.
 *
 * Every step names a person and is an event before it is visible; two steps on one dataset follow each other. Rows are
 * read at submission and at publication, and a source that changed in between is measured as it then is.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { personWith, pseudonym, secondPersonWith } from '../people.ts';
import { type DatasetConfig, surveyTable } from './dataset.ts';
import { definedDataset, parseDefinition } from './definition.ts';
import {
  assertStep,
  type Draft,
  definitionDigest,
  lifeKeys,
  storedDraft,
  storedDrafts,
  storedVersions,
  type VersionRecord,
} from './life.ts';
import { assertOrigins, type CatalogueParts, configOf, offer, publishConfigured, publishDraft } from './publication.ts';
import type { PublishedVersion } from './publish.ts';
import { resolveSource } from './source.ts';

/** What a person sees of an entry. */
export interface EntryState {
  readonly name: string;
  readonly draft: Draft | null;
  readonly versions: readonly VersionRecord[];
}

export interface Catalogue {
  /** Takes a definition as the dataset's draft; one in review becomes a draft again. @throws {ProtocolError} DEFINITION_INVALID, SOURCE_* */
  draft(text: string, place: { readonly file: string; readonly base: string }, by: string | null): Promise<Draft>;
  /** Reads the source to its end and puts the draft up for review. */
  submit(name: string, by: string | null): Promise<Draft & { readonly rows: number; readonly leftOut: number }>;
  /** Sends what is in review back, with the reason that its drafter reads; the log has the step without it. */
  sendBack(name: string, reason: string, by: string | null): Promise<Draft>;
  /** @param digest - of what was looked at. @throws {ProtocolError} PERSON_SAME, DATASET_REVIEW_CHANGED, DATASET_STATE */
  approve(name: string, digest: string, by: string | null): Promise<Draft>;
  /** @throws {ProtocolError} DATASET_SECOND_PERSON, DATASET_STATE, DATASET_ORIGIN_UNKNOWN, what publishing refuses */
  publish(name: string, by: string | null): Promise<VersionRecord>;
  /** @throws {ProtocolError} DATASET_VERSION_UNKNOWN, DATASET_STATE */
  withdraw(name: string, version: number, by: string | null): Promise<VersionRecord>;
  show(name: string): Promise<EntryState>;
  list(): Promise<readonly EntryState[]>;
  /** Publishes a dataset of the node's configuration; one that needs a second person waits as a draft. */
  configured(dataset: DatasetConfig): Promise<void>;
  configuredDraft(text: string, place: { readonly file: string; readonly base: string }): Promise<void>;
  /** Offers again what people published before the node's last stop. @returns names whose source is away. */
  reopen(): Promise<readonly string[]>;
}

export function createCatalogue(parts: CatalogueParts): Catalogue {
  const { state, mutex, people } = parts;
  const exclusive = <T>(name: string, task: () => Promise<T>): Promise<T> => mutex.run(`dataset/${name}`, task);
  const actorOf = (by: string | null, ...roles: Parameters<typeof personWith>[2][]): string =>
    pseudonym(parts.personKey, personWith(people, by, ...roles).id);
  const step = (name: string, work: (draft: Draft | undefined) => Promise<Draft>): Promise<Draft> =>
    exclusive(name, async () => work(await storedDraft(state, name)));
  return {
    draft: async (text, { file, base }, by) => {
      const drafter = actorOf(by, 'steward', 'operator');
      const definition = parseDefinition(text, file);
      await resolveSource(definition.source, { ...parts.places, base });
      return step(definition.dataset, async (earlier) => {
        if (earlier !== undefined) assertStep(earlier, earlier.name, 'draft');
        const next = { name: definition.dataset, definition, base, digest: definitionDigest(definition) };
        return saveStep(parts, { ...next, state: 'draft', drafter }, drafter);
      });
    },
    submit: async (name, by) => {
      const submitter = actorOf(by, 'steward', 'operator');
      let survey = { rows: 0, leftOut: 0 };
      const draft = await step(name, async (earlier) => {
        assertStep(earlier, name, 'submit');
        survey = await surveyTable(await configOf(parts, definedDataset(earlier.definition), earlier.base));
        await assertOrigins(parts, earlier);
        const { returned: _returned, ...rest } = earlier;
        return saveStep(parts, { ...rest, state: 'review', submitter }, submitter);
      });
      return { ...draft, ...survey };
    },
    sendBack: async (name, reason, by) => {
      const actor = actorOf(by, 'approver', 'steward');
      return step(name, async (earlier) => {
        assertStep(earlier, name, 'return');
        const { approver: _approver, ...rest } = earlier;
        return saveStep(parts, { ...rest, state: 'draft', returned: reason }, actor);
      });
    },
    approve: async (name, digest, by) =>
      step(name, async (earlier) => {
        assertStep(earlier, name, 'approve');
        const approver = secondOf(parts, by, earlier);
        if (earlier.digest !== digest) {
          throw new ProtocolError('DATASET_REVIEW_CHANGED', { dataset: name, expected: digest, found: earlier.digest });
        }
        return saveStep(parts, { ...earlier, state: 'approved', approver }, approver);
      }),
    publish: async (name, by) => {
      const actor = actorOf(by, 'steward', 'operator', 'approver');
      return exclusive(name, () => publishDraft(parts, name, actor));
    },
    withdraw: async (name, version, by) => {
      const actor = actorOf(by, 'steward', 'operator', 'approver');
      return exclusive(name, () => withdrawVersion(parts, name, version, actor));
    },
    show: (name) => entryState(parts, name),
    list: async () => {
      const names = [...(await storedDrafts(state)), ...(await storedVersions(state))].map(({ name }) => name);
      return Promise.all([...new Set(names)].sort().map((name) => entryState(parts, name)));
    },
    configured: (dataset) => exclusive(dataset.name, () => publishConfigured(parts, dataset, '.')),
    configuredDraft: async (text, { file, base }) => {
      const definition = parseDefinition(text, file);
      await exclusive(definition.dataset, async () => {
        const dataset = definedDataset(definition);
        const config = await configOf(parts, dataset, base);
        if (dataset.level < parts.secondPersonFromLevel) return publishConfigured(parts, config, base);
        await awaitReview(parts, definition, base);
      });
    },
    reopen: () => reopenPublished(parts),
  };
}

/** Neither who drafted nor who submitted may be the second person. */
function secondOf({ people, personKey }: CatalogueParts, by: string | null, draft: Draft): string {
  const firsts = [draft.drafter, ...(draft.submitter === undefined ? [] : [draft.submitter])];
  for (const first of firsts) secondPersonWith(people, by, { key: personKey, pseudonym: first }, 'approver');
  return pseudonym(personKey, personWith(people, by, 'approver').id);
}

/** Writes a step together with its event. */
async function saveStep(parts: CatalogueParts, draft: Draft, actor: string): Promise<Draft> {
  const { org, ledger, events, state } = parts;
  // Counted over all drafts that the dataset ever had: the log takes an event of the same key for the same event.
  const step = 1 + ((await state.get<number>(lifeKeys.steps(draft.name))) ?? 0);
  const version = 1 + Math.max(0, ...(await storedVersions(state, draft.name)).map((record) => record.version));
  const datasetId = ledger.datasetVersionId(org, draft.name, version);
  const { level } = definedDataset(draft.definition);
  await events.append(
    'dataset',
    { datasetId, owner: org, level, state: draft.state, actor },
    {
      id: `catalogue/${draft.name}/${step}`,
      operations: [
        { type: 'put', key: lifeKeys.draft(draft.name), value: draft },
        { type: 'put', key: lifeKeys.steps(draft.name), value: step },
      ],
    },
  );
  return draft;
}

async function awaitReview(parts: CatalogueParts, definition: Draft['definition'], base: string): Promise<void> {
  const digest = definitionDigest(definition);
  const waiting = await storedDraft(parts.state, definition.dataset);
  const published = (await storedVersions(parts.state, definition.dataset)).findLast(
    ({ state }) => state !== 'revised',
  );
  const isPublished =
    published !== undefined && published.by === 'review' && digestOfRecord(published) === digestOfDataset(definition);
  if (waiting?.digest === digest || isPublished) return;
  const drafter = pseudonym(parts.personKey, 'configuration');
  const draft: Draft = {
    name: definition.dataset,
    definition,
    base,
    digest,
    state: 'draft',
    drafter,
  };
  await saveStep(parts, draft, drafter);
}

function digestOfDataset(definition: Draft['definition']): string {
  return JSON.stringify(definedDataset(definition));
}

function digestOfRecord({ dataset }: VersionRecord): string {
  return JSON.stringify(dataset);
}

async function withdrawVersion(
  parts: CatalogueParts,
  name: string,
  version: number,
  actor: string,
): Promise<VersionRecord> {
  const record = (await storedVersions(parts.state, name)).find((candidate) => candidate.version === version);
  if (record === undefined) throw new ProtocolError('DATASET_VERSION_UNKNOWN', { dataset: name, version });
  if (record.state === 'withdrawn') {
    throw new ProtocolError('DATASET_STATE', { dataset: name, state: 'withdrawn', needed: 'published | revised' });
  }
  const at = parts.offered.findIndex(({ published }) => published.id === record.id);
  // First it is no longer offered: what runs between chain and log must not ask for it.
  const retracted = at < 0 ? [] : parts.offered.splice(at, 1);
  try {
    await parts.ledger.withdrawDatasetVersion(record.id);
  } catch (error) {
    parts.offered.push(...retracted);
    throw error;
  }
  const withdrawn: VersionRecord = {
    ...record,
    state: 'withdrawn',
    withdrawnAt: new Date(parts.clock.now()).toISOString(),
  };
  await parts.events.append(
    'dataset',
    {
      datasetId: record.id,
      owner: parts.org,
      level: record.dataset.level,
      state: 'withdrawn',
      metadataHash: record.metadataHash,
      actor,
    },
    {
      id: `catalogue/${record.id}/withdrawn`,
      operations: [{ type: 'put', key: lifeKeys.version(name, version), value: withdrawn }],
    },
  );
  return withdrawn;
}

async function entryState({ state }: CatalogueParts, name: string): Promise<EntryState> {
  return { name, draft: (await storedDraft(state, name)) ?? null, versions: await storedVersions(state, name) };
}

async function reopenPublished(parts: CatalogueParts): Promise<readonly string[]> {
  const away: string[] = [];
  for (const record of await storedVersions(parts.state)) {
    if (record.state !== 'published' || record.by !== 'review') continue;
    const published = await parts.state.get<PublishedVersion>(`published/${record.name}`);
    if (published?.id !== record.id) continue;
    try {
      offer(parts, { config: await configOf(parts, record.dataset, record.base), published });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      away.push(record.name);
    }
  }
  return away;
}
