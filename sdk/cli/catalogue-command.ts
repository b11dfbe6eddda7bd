/**
 * `sealedger catalogue …`: what the consortium's departments offer, and what is missing in it.
 *
 * Exit code 0 where every node answered and agrees with the chain, 1 where one did not (the others' entries are printed),
 * 2 for usage and refusals. Results go to stdout, faults to stderr; `--json` prints one document.
 */
import { parseArgs } from 'node:util';
import { localText } from '@sealedger/protocol/catalogue/entry.ts';
import type { NeedStatus } from '@sealedger/protocol/catalogue/need.ts';
import type { CatalogueHit, SearchQuery } from '@sealedger/protocol/catalogue/search.ts';
import { wordFor } from '@sealedger/protocol/catalogue/words.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { hex32, parseDocument } from '@sealedger/protocol/schema.ts';
import { PASSPHRASE_OPTIONS } from '@sealedger/transport/secret-input.ts';
import {
  type CatalogueContext,
  type CatalogueFault,
  catalogueEntry,
  catalogueLineage,
  exportDcat,
  fileNeed,
  needStatuses,
  searchCatalogues,
} from '../catalogue.ts';
import { openMember } from './member-profile.ts';
import { type CommandIo, EXIT_FAILS, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

const OPTIONS = {
  profile: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  code: { type: 'string' },
  category: { type: 'string' },
  'max-level': { type: 'string' },
  sharing: { type: 'string' },
  provider: { type: 'string' },
  'min-score': { type: 'string' },
  state: { type: 'string' },
  limit: { type: 'string' },
  owner: { type: 'string' },
  out: { type: 'string' },
  purpose: { type: 'string' },
  description: { type: 'string' },
  field: { type: 'string', multiple: true },
  'needed-by': { type: 'string' },
  to: { type: 'string', multiple: true },
  ...PASSPHRASE_OPTIONS,
} as const;
type Values = ReturnType<typeof parseOptions>['values'];

interface Call {
  readonly values: Values;
  readonly words: readonly string[];
  readonly context: CatalogueContext;
  readonly io: CommandIo;
  readonly locale: Locale;
}

/** What a verb prints: one document, or a line each; and what could not be got. */
interface Outcome {
  readonly document: unknown;
  readonly lines: readonly string[];
  readonly faults: readonly CatalogueFault[];
}

const verbs: Readonly<Record<string, (call: Call) => Promise<Outcome>>> = {
  search: searchVerb,
  show: showVerb,
  lineage: lineageVerb,
  export: exportVerb,
  need: needVerb,
  needs: needsVerb,
};

/**
 * Runs the command.
 * @param argv - the arguments after `catalogue`.
 * @returns the exit code.
 */
export async function runCatalogueCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name = '', ...rest] = argv;
  let locale = io.locale;
  try {
    const { values, positionals } = parseOptions(rest);
    if (values.lang === 'en' || values.lang === 'zh-CN') locale = values.lang;
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (verb === undefined || values.profile === undefined) {
      io.stderr(`${messageFor('CATALOGUE_USAGE', {}, locale)}\n`);
      return EXIT_UNREADABLE;
    }
    const context = await openMember(values.profile, values);
    const { document, lines, faults } = await verb({ values, words: positionals, context, io, locale });
    io.stdout(values.json ? `${JSON.stringify(document)}\n` : lines.map((line) => `${line}\n`).join(''));
    for (const fault of faults) io.stderr(`${faultText(fault, locale)}\n`);
    return faults.length === 0 ? EXIT_HOLDS : EXIT_FAILS;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'catalogue', reason }, { cause });
  }
}

async function searchVerb({ values, words, context, locale }: Call): Promise<Outcome> {
  const query = {
    ...(words.length === 0 ? {} : { text: words.join(' ') }),
    ...given('code', values.code),
    ...given('category', values.category),
    ...given('maxLevel', numberOf(values['max-level'])),
    ...given('sharing', values.sharing),
    ...given('provider', values.provider),
    ...given('minScore', numberOf(values['min-score'])),
    ...given('state', values.state),
    ...given('limit', numberOf(values.limit)),
  };
  // The search parses it; what does not fit is refused there.
  const { hits, faults, more } = await searchCatalogues(context, query as Partial<SearchQuery>);
  return { document: { hits, more, faults }, lines: hits.map((hit) => hitLine(hit, locale)), faults };
}

async function showVerb({ words, context, locale }: Call): Promise<Outcome> {
  const hit = await catalogueEntry(context, parseDocument(hex32, words[0], 'dataset version'));
  return { document: hit, lines: [hitLine(hit, locale), JSON.stringify(hit.metadata, null, 1)], faults: [] };
}

async function lineageVerb({ words, context, locale }: Call): Promise<Outcome> {
  const { metadata } = await catalogueEntry(context, parseDocument(hex32, words[0], 'dataset version'));
  const { owner, name, datasetVersion: version } = metadata;
  const { ancestors, descendants, faults } = await catalogueLineage(context, { owner, name, version });
  const lines = [...ancestors, ...descendants].map((edge) => messageFor('DATASET_LINEAGE_EDGE', { ...edge }, locale));
  return { document: { ancestors, descendants, faults }, lines, faults };
}

async function exportVerb({ values, context, io }: Call): Promise<Outcome> {
  const { document, faults } = await exportDcat(context, values.owner);
  const text = JSON.stringify(document, null, 1);
  if (values.out === undefined) return { document, lines: [text], faults };
  await io.writeFile?.(values.out, `${text}\n`);
  return { document: { file: values.out, faults }, lines: [values.out], faults };
}

async function needVerb({ values, words, context, locale }: Call): Promise<Outcome> {
  const title = words.join(' ');
  const need = {
    title,
    purpose: values.purpose ?? '',
    description: values.description ?? title,
    fields: values.field ?? [],
    neededBy: values['needed-by'] ?? '',
  };
  const { needId, filed, faults } = await fileNeed(context, need, values.to);
  return {
    document: { needId, filed, faults },
    lines: [needId, ...filed.map((status) => needLine(status, locale))],
    faults,
  };
}

async function needsVerb({ words, context, locale }: Call): Promise<Outcome> {
  const needId = words[0] === undefined ? undefined : parseDocument(hex32, words[0], 'need');
  const { statuses, faults } = await needStatuses(context, needId);
  return { document: { needs: statuses, faults }, lines: statuses.map((status) => needLine(status, locale)), faults };
}

function given(name: string, value: string | number | undefined): Record<string, string | number> {
  return value === undefined ? {} : { [name]: value };
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function hitLine({ metadata, quality, id }: CatalogueHit, locale: Locale): string {
  const { owner, name, datasetVersion: version, level, entry } = metadata;
  const title = entry === undefined ? name : localText(entry.title, locale === 'en' ? 'en' : 'zh');
  const score = quality === null ? '–' : (quality.scoreBasisPoints / 100).toFixed(2);
  return `${id}  ${messageFor('DATASET_HIT', { owner, name, version, level, quality: score, title }, locale)}`;
}

/** The state, and the last answer with it. */
function needLine({ org, needId, state, need, answers }: NeedStatus, locale: Locale): string {
  const last = answers.at(-1)?.answer;
  const said =
    last === undefined
      ? ''
      : ` (${[('byWhen' in last && last.byWhen) || ('datasetId' in last && last.datasetId), last.reason].filter(Boolean).join(', ')})`;
  return `${messageFor('NEED_STATUS', { org, needId, state: wordFor(state, locale), title: need.title }, locale)}${said}`;
}

function faultText({ org, code, details }: CatalogueFault, locale: Locale): string {
  return isErrorCode(code) ? `${org}: ${messageFor(code, details, locale)}` : `${org}: ${code}`;
}
