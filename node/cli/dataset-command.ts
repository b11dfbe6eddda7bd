/**
 * `sealedger-node dataset …`: drafts and checks definitions without a node, and takes a running one through an entry's life.
 *
 * Exit 0 where it is done, 1 where what was checked is not in order, 2 for usage and refusals. `--json` prints one document.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { localText } from '@sealedger/protocol/catalogue/entry.ts';
import type { CatalogueHit } from '@sealedger/protocol/catalogue/search.ts';
import { wordFor } from '@sealedger/protocol/catalogue/words.ts';
import { dataClassOf } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { surveyTable } from '../catalogue/dataset.ts';
import { definedDataset, parseDefinition } from '../catalogue/definition.ts';
import { draftDefinition } from '../catalogue/draft.ts';
import { profileSource } from '../catalogue/profile.ts';
import {
  resolveSource,
  type Source,
  type SourceLimits,
  type SourcePlaces,
  sourceSchema,
  withSource,
} from '../catalogue/source.ts';
import { readConfig, readingOf } from '../config.ts';
import { checkDigitSql } from '../quality/compile-identifier.ts';
import type { AdminContract } from '../server/admin.ts';
import { datasetContracts } from '../services/admin-datasets.ts';
import { callAdmin } from './admin-client.ts';
import { type CommandIo, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, explain, type NodeCommand } from './command.ts';
import { PERSON_OPTIONS, readPerson } from './person-options.ts';

const OPTIONS = {
  config: { type: 'string' },
  ...PERSON_OPTIONS,
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  out: { type: 'string' },
  type: { type: 'string' },
  table: { type: 'string' },
  schema: { type: 'string' },
  encoding: { type: 'string' },
  delimiter: { type: 'string' },
  name: { type: 'string' },
  digest: { type: 'string' },
  version: { type: 'string' },
  state: { type: 'string' },
  reason: { type: 'string' },
  dataset: { type: 'string' },
  'by-when': { type: 'string' },
} as const;

type Values = ReturnType<typeof parseOptions>['values'];
interface Call {
  readonly values: Values;
  readonly io: CommandIo;
  /** The word after the verb: a file or a dataset's name. */
  readonly target: string | undefined;
}
type Verb = (call: Call) => Promise<number>;

const verbs: Readonly<Record<string, Verb>> = {
  init: initVerb,
  check: checkVerb,
  draft: draftVerb,
  submit: (call) => named(call, datasetContracts.submit),
  return: returnVerb,
  approve: approveVerb,
  publish: (call) => named(call, datasetContracts.publish),
  withdraw: async (call) => tell(call, await admin(call, datasetContracts.withdraw, versioned(call))),
  show: (call) => named(call, datasetContracts.show),
  list: async (call) => tell(call, await admin(call, datasetContracts.list, {})),
  search: async (call) => tell(call, await admin(call, datasetContracts.search, { text: call.target ?? '' })),
  needs: async (call) => tell(call, await admin(call, datasetContracts.needs, {})),
  answer: answerVerb,
  lineage: async (call) => tell(call, await admin(call, datasetContracts.lineage, versioned(call))),
};

/** Runs one verb. */
export const datasetCommand: NodeCommand = async (argv, io) => {
  const [name = '', ...rest] = argv;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) return usage(io);
  const { values, positionals } = parseOptions(rest);
  if (positionals.length > 1) return usage(io);
  const locale = values.lang === 'en' || values.lang === 'zh-CN' ? values.lang : io.locale;
  return verb({ values, io: { ...io, locale }, target: positionals[0] });
};

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new ProtocolError(
      'ARGUMENT_INVALID',
      { argument: 'dataset', reason: cause instanceof Error ? cause.message : '' },
      { cause },
    );
  }
}

function usage(io: CommandIo): number {
  io.stderr(`${messageFor('DATASET_USAGE', {}, io.locale)}\n`);
  return EXIT_USAGE;
}

/** Drafts a definition from a profile of the data. */
async function initVerb({ values, io, target }: Call): Promise<number> {
  if (target === undefined || values.out === undefined) return usage(io);
  const out = resolve(values.out);
  const { source, limits, places } = await sourceOf(target, values, dirname(out));
  const resolved = await resolveSource(source, places);
  const profile = await withSource(resolved, limits, (open) => profileSource(open, checkDigitSql));
  const name = values.name ?? nameOf(target);
  const text = draftDefinition(profile, {
    name,
    source: besideOf(source, dirname(out)),
    today: new Date().toISOString().slice(0, 10),
  });
  try {
    await writeFile(out, text, { flag: 'wx' });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new ProtocolError('DEFINITION_EXISTS', { file: basename(out) }, { cause });
  }
  const told = { file: basename(out), rows: profile.rows, columns: profile.columns.length };
  io.stdout(values.json ? `${JSON.stringify(told)}\n` : `${messageFor('DATASET_DRAFTED', told, io.locale)}\n`);
  return EXIT_DONE;
}

/** Checks a definition, and with `--config` reads its source too. */
async function checkVerb({ values, io, target }: Call): Promise<number> {
  if (target === undefined) return usage(io);
  const text = await readText(target);
  try {
    const dataset = definedDataset(parseDefinition(text, basename(target)));
    const { name, level, fields } = dataset;
    const told = {
      file: basename(target),
      dataset: name,
      level,
      dataClass: values.json ? dataClassOf(fields) : wordFor(dataClassOf(fields), io.locale),
      fields: fields.length,
    };
    const rows = values.config === undefined ? undefined : await surveyRows(values.config, dataset, target);
    const code = rows === undefined ? 'DATASET_CHECKED' : 'DATASET_CHECKED_ROWS';
    const document = rows === undefined ? told : { ...told, ...rows };
    io.stdout(
      values.json ? `${JSON.stringify({ ok: true, ...document })}\n` : `${messageFor(code, document, io.locale)}\n`,
    );
    if (!values.json && rows !== undefined && rows.leftOut > 0) {
      io.stdout(`${messageFor('DATASET_LEFT_OUT', rows, io.locale)}\n`);
    }
    return EXIT_DONE;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (values.json) io.stdout(`${JSON.stringify({ ok: false, code: error.code, details: error.details })}\n`);
    io.stderr(`${explain(error, io.locale)}\n`);
    return EXIT_FAILED;
  }
}

async function surveyRows(
  configFile: string,
  dataset: ReturnType<typeof definedDataset>,
  file: string,
): Promise<{ readonly rows: number; readonly leftOut: number }> {
  const { limits, places } = readingOf(await readConfig(configFile));
  const source = await resolveSource(dataset.source, { ...places, base: dirname(resolve(file)) });
  return surveyTable({ ...dataset, source, limits });
}

async function draftVerb(call: Call): Promise<number> {
  const { target, io } = call;
  if (target === undefined) return usage(io);
  const file = resolve(target);
  const input = { text: await readText(file), file: basename(file), base: dirname(file) };
  return tell(call, await admin(call, datasetContracts.draft, input));
}

async function approveVerb(call: Call): Promise<number> {
  const { target, values, io } = call;
  if (target === undefined || values.digest === undefined) return usage(io);
  return tell(call, await admin(call, datasetContracts.approve, { name: target, digest: values.digest }));
}

/** Sends what is in review back to its drafter, who reads why. */
async function returnVerb(call: Call): Promise<number> {
  const { target, values } = call;
  if (target === undefined || values.reason === undefined) return usage(call.io);
  return tell(call, await admin(call, datasetContracts.sendBack, { name: target, reason: values.reason }));
}

/** Answers a need; a version that covers it is named by its id. */
async function answerVerb(call: Call): Promise<number> {
  const { target, values } = call;
  if (target === undefined || values.state === undefined) return usage(call.io);
  const answer = {
    state: values.state,
    ...optional('reason', values.reason),
    ...optional('datasetId', values.dataset),
    ...optional('byWhen', values['by-when']),
  };
  return tell(call, await admin(call, datasetContracts.answer, { needId: target, answer }));
}

type NamedContract = (typeof datasetContracts)['submit' | 'publish' | 'show'];

async function named(call: Call, contract: NamedContract): Promise<number> {
  if (call.target === undefined) return usage(call.io);
  return tell(call, await admin(call, contract, { name: call.target }));
}

function versioned({ target, values }: Call): { name: string; version: number } {
  return { name: target ?? '', version: Number(values.version) };
}

async function admin({ values, io }: Call, contract: AdminContract, input: unknown): Promise<unknown> {
  if (values.config === undefined) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '--config', reason: 'it is needed' });
  }
  parseDocument(contract.input, input, contract.name);
  const person = await readPerson(values, io.locale);
  return callAdmin(resolve(values.config), contract, input, { ...io, person });
}

/** One document, or a line for each draft, version and edge in an answer. */
function tell({ values, io }: Call, answer: unknown): number {
  io.stdout(
    values.json
      ? `${JSON.stringify(answer)}\n`
      : linesOf(answer, io)
          .map((line) => `${line}\n`)
          .join(''),
  );
  return EXIT_DONE;
}

function linesOf(answer: unknown, io: CommandIo): string[] {
  if (typeof answer !== 'object' || answer === null) return [];
  const details = answer as Readonly<Record<string, unknown>>;
  if ('digest' in details) return draftLines(details, io);
  if ('needId' in details) return [needLine(details, io)];
  if ('metadata' in details) return [hitLine(details as unknown as CatalogueHit, io)];
  if ('metadataHash' in details)
    return [
      messageFor('DATASET_VERSION_STATE', { ...details, state: wordFor(details['state'], io.locale) }, io.locale),
    ];
  if ('from' in details) return [messageFor('DATASET_LINEAGE_EDGE', details, io.locale)];
  return Object.values(details).flatMap((value) =>
    (Array.isArray(value) ? value : [value]).flatMap((part) => linesOf(part, io)),
  );
}

function draftLines(details: Readonly<Record<string, unknown>>, { locale }: CommandIo): string[] {
  const [state, dataClass] = [wordFor(details['state'], locale), wordFor(details['dataClass'], locale)];
  const line = messageFor('DATASET_DRAFT_STATE', { ...details, state, dataClass }, locale);
  const { name, returned, leftOut } = details;
  if (typeof leftOut === 'number' && leftOut > 0) return [line, messageFor('DATASET_LEFT_OUT', { leftOut }, locale)];
  // What a person wrote may hold what a terminal would obey.
  return typeof returned === 'string'
    ? [line, messageFor('DATASET_RETURNED', { name, reason: JSON.stringify(returned) }, locale)]
    : [line];
}

function needLine(details: Readonly<Record<string, unknown>>, io: CommandIo): string {
  const { need } = details as { need: { title: string } };
  return messageFor(
    'NEED_STATUS',
    { ...details, state: wordFor(details['state'], io.locale), title: need.title },
    io.locale,
  );
}

function hitLine({ metadata, quality }: CatalogueHit, io: CommandIo): string {
  const { owner, name, datasetVersion: version, level, entry } = metadata;
  const title = entry === undefined ? name : localText(entry.title, io.locale === 'en' ? 'en' : 'zh');
  const score = quality === null ? '–' : (quality.scoreBasisPoints / 100).toFixed(2);
  return messageFor('DATASET_HIT', { owner, name, version, level, quality: score, title }, io.locale);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ProtocolError('DEFINITION_UNREADABLE', { file: basename(file) }, { cause });
  }
}

/** The source that a command line names; a file may lie anywhere, because who types it may read it. */
async function sourceOf(
  target: string,
  values: Values,
  outDirectory: string,
): Promise<{ readonly source: Source; readonly limits: SourceLimits; readonly places: SourcePlaces }> {
  const type = values.type ?? { '.parquet': 'parquet', '.duckdb': 'duckdb', '.db': 'duckdb' }[extname(target)] ?? 'csv';
  const table = { ...optional('schema', values.schema), ...optional('table', values.table) };
  const csv = { ...optional('encoding', values.encoding), ...optional('delimiter', values.delimiter) };
  const written = {
    csv: { file: resolve(target), ...csv },
    parquet: { file: resolve(target) },
    duckdb: { file: resolve(target), ...table },
    postgres: { database: target, ...table },
  }[type];
  const source = parseDocument(sourceSchema, { type, ...written }, 'source');
  const fallback: SourceLimits = {
    memoryMb: 1024,
    threads: 2,
    timeoutMs: 600_000,
    workDirectory: join(tmpdir(), 'sealedger-init'),
  };
  const reading = values.config === undefined ? undefined : readingOf(await readConfig(values.config));
  const directories = 'file' in source ? [dirname(source.file)] : [];
  return {
    source,
    limits: reading?.limits ?? fallback,
    places: { base: outDirectory, directories, databases: reading?.places.databases ?? {} },
  };
}

/** A file beside the definition is named by its place there, so that both can move together. */
function besideOf(source: Source, directory: string): Source {
  if (source.type === 'postgres') return source;
  const way = relative(directory, source.file);
  return way.startsWith('..') || isAbsolute(way) ? source : { ...source, file: way };
}

function optional(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value === '\\t' ? '\t' : value };
}

function nameOf(target: string): string {
  const name = basename(target, extname(target))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 31);
  return name === '' ? 'dataset' : name;
}
