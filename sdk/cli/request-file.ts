/**
 * The file in which a bank writes a request, YAML or JSON: terms, paths of model and attachments, names of datasets.
 *
 * A change names only what changes; a renewal, quota and term. docs/requests.md has an example.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { DatasetListing } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Model, modelSchema, parseModel } from '@sealedger/protocol/model.ts';
import { legalBasisSchema, purposeSchema } from '@sealedger/protocol/purposes.ts';
import {
  attachmentSchema,
  contactSchema,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  noiseWidthLog2,
} from '@sealedger/protocol/request.ts';
import { organisationId, parseDocument, plainText } from '@sealedger/protocol/schema.ts';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { AttachmentInput, RequestInput } from '../stored-request.ts';

/** `owner/name`, the latest version, or `owner/name@3`. */
const datasetRef = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,30}\/[a-z0-9][a-z0-9-]{0,30}(@[1-9]\d{0,8})?$/, 'owner/name or owner/name@version');
const DAY_SECONDS = 86_400;

const fileSchema = z.strictObject({
  purpose: purposeSchema,
  legalBasis: z.strictObject({ code: legalBasisSchema, text: plainText(2000) }),
  subjects: z.enum(['person', 'enterprise']).optional(),
  contact: contactSchema,
  /** Path of the model; relative ones start at the file's directory, here and below. */
  model: z.string().min(1),
  datasets: z.array(datasetRef).min(1).max(32),
  register: datasetRef,
  gates: z.array(organisationId).min(1).max(8),
  quota: z.int().positive(),
  termDays: z.number().positive().max(1830),
  qualityFloor: z.int().min(1).max(10_000).nullable().optional(),
  noiseWidthLog2: noiseWidthLog2.optional(),
  certifier: organisationId.nullable().optional(),
  consent: z.strictObject({ holder: organisationId }).nullable().optional(),
  attachments: z
    .array(
      z.strictObject({
        file: z.string().min(1),
        name: attachmentSchema.shape.name.optional(),
        mediaType: attachmentSchema.shape.mediaType,
      }),
    )
    .max(MAX_ATTACHMENTS)
    .optional(),
});
type RequestFile = z.output<typeof fileSchema>;
type ChangeFile = { readonly [K in keyof RequestFile]?: RequestFile[K] | undefined };

/** What a file is held against: the bank's name, and what the catalogues offer. */
export interface FileContext {
  readonly org: string;
  readonly listings: readonly DatasetListing[];
}

/** @throws {ProtocolError} REQUEST_FILE_UNREADABLE, SCHEMA_MISMATCH, REQUEST_FILE_DATASET, MODEL_* */
export async function readRequestFile(path: string, context: FileContext): Promise<RequestInput> {
  const file = parseDocument(fileSchema, await readYaml(path), path);
  const input = await inputOf(path, file, context);
  return input as RequestInput;
}

/** What an amendment's file changes. @throws {ProtocolError} as readRequestFile */
export async function readChangeFile(path: string, context: FileContext): Promise<Partial<RequestInput>> {
  const file = parseDocument(fileSchema.partial(), await readYaml(path), path);
  return inputOf(path, file, context);
}

async function inputOf(path: string, file: ChangeFile, context: FileContext): Promise<Partial<RequestInput>> {
  const at = (name: string): string => (isAbsolute(name) ? name : join(dirname(path), name));
  const { model, datasets, register, attachments, termDays, noiseWidthLog2: totalWidthLog2, ...terms } = file;
  const named = datasets?.map((ref) => datasetNamed(context.listings, ref, 'features'));
  return {
    ...defined(terms),
    ...(named === undefined ? {} : { datasets: named }),
    ...(register === undefined ? {} : { register: datasetNamed(context.listings, register, 'register') }),
    ...(termDays === undefined ? {} : { termSeconds: Math.round(termDays * DAY_SECONDS) }),
    ...(totalWidthLog2 === undefined ? {} : { totalWidthLog2 }),
    ...(model === undefined ? {} : { model: modelFor(await readYaml(at(model)), context, named) }),
    ...(attachments === undefined ? {} : { attachments: await readAttachments(attachments, at) }),
  };
}

/** Without what was left out: an absent change is none. */
function defined<T extends object>(terms: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The latest version of that name, or the one that is named. @throws {ProtocolError} REQUEST_FILE_DATASET */
function datasetNamed(
  listings: readonly DatasetListing[],
  ref: string,
  kind: DatasetListing['metadata']['kind'],
): DatasetListing {
  const [owner, name, version] = ref.split(/[/@]/);
  const found = listings
    .filter(({ metadata }) => metadata.owner === owner && metadata.name === name && metadata.kind === kind)
    .filter(({ metadata }) => version === undefined || metadata.datasetVersion === Number(version))
    .sort((a, b) => b.metadata.datasetVersion - a.metadata.datasetVersion);
  if (found[0] === undefined) throw new ProtocolError('REQUEST_FILE_DATASET', { dataset: ref, kind });
  return found[0];
}

/** Held against the datasets that are named; the bank's own fields are nobody else's business. */
function modelFor(value: unknown, { org, listings }: FileContext, named: readonly DatasetListing[] = listings): Model {
  const own = parseDocument(modelSchema, value, 'model').features.filter(({ party }) => party === org);
  const parties = new Map<string, ReadonlySet<string>>(
    named.map(({ metadata }) => [metadata.owner, new Set(metadata.fields.map(({ name }) => name))]),
  );
  parties.set(org, new Set(own.map(({ field }) => field)));
  return parseModel(value, parties);
}

async function readAttachments(
  attachments: NonNullable<RequestFile['attachments']>,
  at: (name: string) => string,
): Promise<AttachmentInput[]> {
  return Promise.all(
    attachments.map(async ({ file, name, mediaType }) => {
      const content = new Uint8Array(await readLimited(at(file)));
      return { name: name ?? basename(file), mediaType, content };
    }),
  );
}

async function readYaml(path: string): Promise<unknown> {
  const text = (await readLimited(path)).toString('utf8');
  try {
    return parseYaml(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new ProtocolError('REQUEST_FILE_UNREADABLE', { file: path }, { cause });
  }
}

async function readLimited(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).size <= MAX_ATTACHMENT_BYTES) return await readFile(path);
  } catch (cause) {
    throw new ProtocolError('REQUEST_FILE_UNREADABLE', { file: path }, { cause });
  }
  throw new ProtocolError('REQUEST_FILE_TOO_LARGE', { file: path, limitBytes: MAX_ATTACHMENT_BYTES });
}
