/**
 * Searching a catalogue in Chinese and English: the same words, the same order, at a node and over all of them.
 *
 * Chinese is written without spaces, so a run of characters is taken as its overlapping pairs; Latin words match by
 * their beginning. Pure: an answer can be ranked again by whoever asked.
 */
import { z } from 'zod';
import { datasetMetadataSchema, datasetName, withheldMetadataSchema } from '../dataset.ts';
import { hex32, organisationId } from '../schema.ts';
import { levelSchema, SHARING_TYPES, textsOf } from './entry.ts';

const MAX_LIMIT = 500;
export const VERSION_STATES = ['published', 'revised', 'withdrawn'] as const;

/** What is searched for; every part that is given must hold. */
export const searchQuerySchema = z.strictObject({
  text: z.string().max(256).optional(),
  /** Beginning of a resource code. */
  code: z.string().max(64).optional(),
  /** Class, or words of the category. */
  category: z.string().max(256).optional(),
  /** Highest level that is wanted. */
  maxLevel: levelSchema.optional(),
  sharing: z.enum(SHARING_TYPES).optional(),
  /** Organisation id, credit code, or words of the provider's name. */
  provider: z.string().max(256).optional(),
  name: datasetName.optional(),
  /** Least quality score in basis points; a version that was not measured has none. */
  minScore: z.int().min(0).max(10_000).optional(),
  state: z.enum(VERSION_STATES).default('published'),
  limit: z.int().min(1).max(MAX_LIMIT).default(100),
});
export type SearchQuery = z.output<typeof searchQuerySchema>;

const qualitySchema = z.strictObject({
  round: z.int().positive(),
  ruleSetHash: hex32,
  scoreBasisPoints: z.int().min(0).max(10_000),
  reportHash: hex32,
});

/** A version as a search lists it; its metadata hashes to what the chain has, details withheld or not. */
export const catalogueHitSchema = z.strictObject({
  id: hex32,
  state: z.enum(VERSION_STATES),
  metadata: z.union([datasetMetadataSchema, withheldMetadataSchema]),
  rows: z.int().min(0).nullable(),
  quality: qualitySchema.nullable(),
});
export type CatalogueHit = z.output<typeof catalogueHitSchema>;

/** A node's answer; `more` says that the limit cut it. */
export const searchAnswerSchema = z.strictObject({
  owner: organisationId,
  hits: z.array(catalogueHitSchema).max(MAX_LIMIT),
  more: z.boolean(),
});
export type SearchAnswer = z.output<typeof searchAnswerSchema>;

/** Words of the guide for what stands as a code in an entry, so that both languages find it. */
const CLASS_WORDS = {
  basic: '基础信息资源 basic',
  theme: '主题信息资源 theme',
  department: '部门信息资源 department',
} as const;
/** A title says more than an abstract. */
const WEIGHTS = { title: 8, name: 6, item: 3, other: 1 } as const;
/** Of the pairs of a Chinese question, so many must be there; its particles need not. */
const LEAST_SHARE = 0.5;

/**
 * The entries that a question fits, best first; equal ones by name and version.
 * @param query - `limit` is applied last.
 */
export function searchEntries(entries: readonly CatalogueHit[], query: SearchQuery): readonly CatalogueHit[] {
  const words = tokensOf(query.text ?? '');
  return entries
    .filter((entry) => fits(entry, query))
    .map((entry) => ({ entry, score: scoreOf(entry, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || orderOf(a.entry, b.entry))
    .map(({ entry }) => entry)
    .slice(0, query.limit);
}

/** Latin words and numbers, and the overlapping pairs of every run of other letters; full-width and case do not count. */
export function tokensOf(text: string): readonly string[] {
  const folded = text.normalize('NFKC').toLowerCase();
  const tokens: string[] = [];
  for (const [run] of folded.matchAll(/[a-z0-9]+|[^\P{L}a-z]+/gu)) {
    const letters = Array.from(run);
    if (/^[a-z0-9]/.test(run) || letters.length === 1) tokens.push(run);
    else for (let i = 0; i + 1 < letters.length; i++) tokens.push(`${letters[i]}${letters[i + 1]}`);
  }
  return [...new Set(tokens)];
}

function fits({ metadata, state, quality }: CatalogueHit, query: SearchQuery): boolean {
  const { entry } = metadata;
  return (
    state === query.state &&
    (query.name === undefined || metadata.name === query.name) &&
    (query.code === undefined || entry?.code.startsWith(query.code) === true) &&
    (query.maxLevel === undefined || metadata.level <= query.maxLevel) &&
    (query.sharing === undefined || entry?.sharing.type === query.sharing) &&
    (query.minScore === undefined || (quality?.scoreBasisPoints ?? -1) >= query.minScore) &&
    (query.category === undefined || hasWords(categoryText(metadata), query.category)) &&
    (query.provider === undefined || isProvider(metadata, query.provider))
  );
}

function isProvider({ owner, entry }: CatalogueHit['metadata'], provider: string): boolean {
  if (provider === owner || provider === entry?.provider.code) return true;
  return entry !== undefined && hasWords(textsOf(entry.provider.name).join(' '), provider);
}

function categoryText({ entry }: CatalogueHit['metadata']): string {
  if (entry === undefined) return '';
  const { class: whole, item, order, detail } = entry.category;
  return [CLASS_WORDS[whole], item, order, detail].join(' ');
}

function hasWords(text: string, words: string): boolean {
  const present = tokensOf(text);
  const wanted = tokensOf(words);
  return wanted.length > 0 && wanted.every((word) => present.some((token) => token.startsWith(word)));
}

type Index = ReadonlyMap<string, number>;
const indexes = new WeakMap<CatalogueHit['metadata'], Index>();

/** Every token of an entry with the weight of the best place where it stands; made once for each. */
function indexOf(metadata: CatalogueHit['metadata']): Index {
  const known = indexes.get(metadata);
  if (known !== undefined) return known;
  const index = new Map<string, number>();
  const add = (texts: readonly string[], weight: number): void => {
    for (const token of texts.flatMap(tokensOf)) index.set(token, Math.max(weight, index.get(token) ?? 0));
  };
  const { entry } = metadata;
  add([metadata.name], WEIGHTS.name);
  if (entry !== undefined) {
    add(textsOf(entry.title), WEIGHTS.title);
    add(entry.keywords, WEIGHTS.name);
    add(
      [categoryText(metadata), entry.code, ...textsOf(entry.abstract), ...textsOf(entry.provider.name)],
      WEIGHTS.other,
    );
  }
  for (const { name, item } of 'fields' in metadata ? metadata.fields : []) {
    add([name, ...(item === undefined ? [] : textsOf(item.title))], WEIGHTS.item);
  }
  indexes.set(metadata, index);
  return index;
}

/** 1 where nothing is asked; 0 where too little of the question is there. */
function scoreOf({ metadata }: CatalogueHit, words: readonly string[]): number {
  if (words.length === 0) return 1;
  const index = indexOf(metadata);
  const weights = words.map((word) => weightOf(index, word));
  const share = weights.filter((weight) => weight > 0).length / words.length;
  return share < LEAST_SHARE ? 0 : 1000 * share + weights.reduce((sum, weight) => sum + weight, 0);
}

function weightOf(index: Index, word: string): number {
  const whole = index.get(word);
  if (whole !== undefined || !/^[a-z0-9]/.test(word)) return whole ?? 0;
  let best = 0;
  for (const [token, weight] of index) if (token.startsWith(word)) best = Math.max(best, weight / 2);
  return best;
}

function orderOf(a: CatalogueHit, b: CatalogueHit): number {
  const key = ({ metadata }: CatalogueHit): string => `${metadata.owner}/${metadata.name}`;
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : b.metadata.datasetVersion - a.metadata.datasetVersion;
}
