/** What the operator's channel takes for datasets: the steps of an entry's life, and looking at it. */

import { localText } from '@sealedger/protocol/catalogue/entry.ts';
import { type Lineage, lineageOf } from '@sealedger/protocol/catalogue/lineage.ts';
import { needAnswerSchema, needStatusSchema } from '@sealedger/protocol/catalogue/need.ts';
import { searchAnswerSchema, searchQuerySchema } from '@sealedger/protocol/catalogue/search.ts';
import { dataClassOf, datasetName } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { EntryState } from '../catalogue/catalogue.ts';
import { definedDataset } from '../catalogue/definition.ts';
import { type Draft, storedVersions, type VersionRecord } from '../catalogue/life.ts';
import { idOf } from '../people.ts';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import { catalogueOf } from './catalogue.ts';
import { needsOf, searchOwn } from './catalogue-answers.ts';
import type { NodeParts } from './parts.ts';

const level = z.int().min(1).max(5);
const draftView = z.strictObject({
  name: datasetName,
  state: z.enum(['draft', 'review', 'approved']),
  /** What a reviewer names when approving. */
  digest: hex32,
  level,
  dataClass: z.enum(['general', 'important', 'core']),
  needsSecondPerson: z.boolean(),
  drafter: hex32,
  submitter: hex32.nullable(),
  approver: hex32.nullable(),
  /** Why the last review sent it back. */
  returned: z.string().nullable(),
});
const versionView = z.strictObject({
  id: hex32,
  name: datasetName,
  version: z.int().positive(),
  state: z.enum(['published', 'revised', 'withdrawn']),
  level,
  rows: z.int().min(0),
  title: z.string(),
  code: z.string().nullable(),
  metadataHash: hex32,
  publishedAt: z.iso.datetime(),
  withdrawnAt: z.iso.datetime().nullable(),
  by: z.enum(['review', 'configuration']),
});
const entryView = z.strictObject({ name: datasetName, draft: draftView.nullable(), versions: z.array(versionView) });
const edge = z.strictObject({ from: z.string(), to: z.string(), kind: z.enum(['revision', 'derivation']) });

const named = z.strictObject({ name: datasetName });
const versioned = z.strictObject({ name: datasetName, version: z.int().positive() });

const DRAFTERS = ['steward', 'operator'] as const;
const REVIEWERS = ['approver', 'steward'] as const;
const PUBLISHERS = ['steward', 'operator', 'approver'] as const;

/** The contracts, for the command line. */
export const datasetContracts = {
  draft: {
    name: 'dataset.draft',
    summary: 'ADMIN_DATASET_DRAFT',
    roles: DRAFTERS,
    input: z.strictObject({ text: z.string().max(1 << 20), file: z.string().max(255), base: z.string().max(4096) }),
    output: draftView,
  },
  submit: {
    name: 'dataset.submit',
    summary: 'ADMIN_DATASET_SUBMIT',
    roles: DRAFTERS,
    input: named,
    output: draftView.extend({ rows: z.int().min(0), leftOut: z.int().min(0) }),
  },
  sendBack: {
    name: 'dataset.return',
    summary: 'ADMIN_DATASET_RETURN',
    roles: REVIEWERS,
    input: named.extend({ reason: z.string().trim().min(1).max(1000) }),
    output: draftView,
  },
  approve: {
    name: 'dataset.approve',
    summary: 'ADMIN_DATASET_APPROVE',
    roles: ['approver'],
    input: z.strictObject({ name: datasetName, digest: hex32 }),
    output: draftView,
  },
  publish: {
    name: 'dataset.publish',
    summary: 'ADMIN_DATASET_PUBLISH',
    roles: PUBLISHERS,
    input: named,
    output: versionView,
  },
  withdraw: {
    name: 'dataset.withdraw',
    summary: 'ADMIN_DATASET_WITHDRAW',
    roles: PUBLISHERS,
    input: versioned,
    output: versionView,
  },
  show: { name: 'dataset.show', summary: 'ADMIN_DATASET_SHOW', input: named, output: entryView },
  list: {
    name: 'dataset.list',
    summary: 'ADMIN_DATASET_LIST',
    input: z.strictObject({}),
    output: z.strictObject({ datasets: z.array(entryView) }),
  },
  search: {
    name: 'dataset.search',
    summary: 'ADMIN_DATASET_SEARCH',
    input: searchQuerySchema.partial(),
    output: searchAnswerSchema,
  },
  needs: {
    name: 'need.list',
    summary: 'ADMIN_NEED_LIST',
    input: z.strictObject({}),
    output: z.strictObject({ needs: z.array(needStatusSchema) }),
  },
  answer: {
    name: 'need.answer',
    summary: 'ADMIN_NEED_ANSWER',
    roles: PUBLISHERS,
    input: z.strictObject({ needId: hex32, answer: needAnswerSchema }),
    output: needStatusSchema,
  },
  lineage: {
    name: 'dataset.lineage',
    summary: 'ADMIN_DATASET_LINEAGE',
    input: versioned,
    output: z.strictObject({ ancestors: z.array(edge), descendants: z.array(edge) }),
  },
} as const;

/** The commands of a running node. */
export function adminDatasets(parts: NodeParts): readonly AdminCommand[] {
  const catalogue = catalogueOf(parts);
  const from = parts.config.review.secondPersonFromLevel;
  const viewed = (draft: Draft) => viewOfDraft(draft, from);
  const filed = needsOf(parts);
  const { draft, submit, sendBack, approve, publish, withdraw, show, list, lineage } = datasetContracts;
  const { search, needs, answer } = datasetContracts;
  return [
    adminCommand(draft, async ({ text, file, base }, { person }) =>
      viewed(await catalogue.draft(text, { file, base }, idOf(person))),
    ),
    adminCommand(submit, async ({ name }, { person }) => {
      const submitted = await catalogue.submit(name, idOf(person));
      return { ...viewed(submitted), rows: submitted.rows, leftOut: submitted.leftOut };
    }),
    adminCommand(sendBack, async ({ name, reason }, { person }) =>
      viewed(await catalogue.sendBack(name, reason, idOf(person))),
    ),
    adminCommand(approve, async ({ name, digest }, { person }) =>
      viewed(await catalogue.approve(name, digest, idOf(person))),
    ),
    adminCommand(publish, async ({ name }, { person }) => viewOfVersion(await catalogue.publish(name, idOf(person)))),
    adminCommand(withdraw, async ({ name, version }, { person }) =>
      viewOfVersion(await catalogue.withdraw(name, version, idOf(person))),
    ),
    adminCommand(show, async ({ name }) => viewOfEntry(await catalogue.show(name), from)),
    adminCommand(list, async () => ({ datasets: (await catalogue.list()).map((entry) => viewOfEntry(entry, from)) })),
    adminCommand(lineage, ({ name, version }) => ownLineage(parts, name, version)),
    adminCommand(search, (query) => searchOwn(parts, parts.config.org, parametersOf(query))),
    adminCommand(needs, async () => ({ needs: [...(await filed.list(parts.config.org))] })),
    adminCommand(answer, ({ needId, answer: given }, { person }) => filed.answer(needId, given, idOf(person))),
  ] as readonly AdminCommand[];
}

function parametersOf(query: Readonly<Record<string, unknown>>): URLSearchParams {
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
}

async function ownLineage({ state, config }: NodeParts, name: string, version: number) {
  const versions = await storedVersions(state);
  if (!versions.some((record) => record.name === name && record.version === version)) {
    throw new ProtocolError('DATASET_VERSION_UNKNOWN', { dataset: name, version });
  }
  const nodes = versions.map((record) => ({
    owner: config.org,
    name: record.name,
    version: record.version,
    derivedFrom: 'entry' in record.dataset ? (record.dataset.entry?.derivedFrom ?? []) : [],
  }));
  const { ancestors, descendants }: Lineage = lineageOf(nodes, { owner: config.org, name, version });
  return { ancestors: [...ancestors], descendants: [...descendants] };
}

function viewOfDraft({ name, state, digest, definition, drafter, submitter, approver, returned }: Draft, from: number) {
  const { level: whole, fields } = definedDataset(definition);
  return {
    name,
    state,
    digest,
    level: whole,
    dataClass: dataClassOf(fields),
    needsSecondPerson: whole >= from,
    drafter,
    submitter: submitter ?? null,
    approver: approver ?? null,
    returned: returned ?? null,
  };
}

function viewOfVersion(version: VersionRecord) {
  const { dataset, withdrawnAt, salt: _salt, base: _base, preparers: _preparers, ...record } = version;
  const entry = 'entry' in dataset ? dataset.entry : undefined;
  return {
    ...record,
    level: dataset.level,
    title: entry === undefined ? record.name : localText(entry.title, 'zh'),
    code: entry?.code ?? null,
    withdrawnAt: withdrawnAt ?? null,
  };
}

function viewOfEntry({ name, draft, versions }: EntryState, from: number) {
  return { name, draft: draft === null ? null : viewOfDraft(draft, from), versions: versions.map(viewOfVersion) };
}
