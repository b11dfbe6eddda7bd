/** What members may read of the catalogue: search, with details withheld where a dataset is not shared; their needs. */
import {
  type CatalogueHit,
  type SearchAnswer,
  searchAnswerSchema,
  searchEntries,
  searchQuerySchema,
} from '@sealedger/protocol/catalogue/search.ts';
import { isShared, withheld } from '@sealedger/protocol/dataset.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { datasetMetadata } from '../catalogue/dataset.ts';
import { storedVersions, type VersionRecord } from '../catalogue/life.ts';
import { createNeeds, type Needs } from '../catalogue/needs.ts';
import { pseudonymKey } from '../people.ts';
import type { CatalogueRouteParts } from '../server/catalogue-routes.ts';
import type { NodeParts } from './parts.ts';

export function catalogueServices(parts: NodeParts): CatalogueRouteParts {
  const needs = needsOf(parts);
  return {
    search: (caller, query) => searchOwn(parts, caller, query),
    fileNeed: needs.file,
    need: needs.status,
    needs: needs.list,
  };
}

export function needsOf({ config, state, events, members, clock, mutex, keys }: NodeParts): Needs {
  const personKey = pseudonymKey(keys.seed);
  return createNeeds({ org: config.org, state, events, members, clock, mutex, people: config.people, personKey });
}

/**
 * Searches this node's versions.
 * @param query - parameters as they came. @throws {ProtocolError} SCHEMA_MISMATCH
 */
export async function searchOwn(parts: NodeParts, caller: string, query: URLSearchParams): Promise<SearchAnswer> {
  const parsed = parseDocument(searchQuerySchema, queryOf(query), 'query');
  const { config, state, ledger } = parts;
  const hits: CatalogueHit[] = [];
  for (const record of await storedVersions(state)) {
    if (record.state !== parsed.state) continue;
    hits.push({ ...hitOf(config.org, caller, record), quality: await ledger.quality(record.id) });
  }
  const found = searchEntries(hits, { ...parsed, limit: Math.min(parsed.limit + 1, 500) });
  return searchAnswerSchema.parse({
    owner: config.org,
    hits: found.slice(0, parsed.limit),
    more: found.length > parsed.limit,
  });
}

/** A version as a caller may see it; the owner sees all of it. */
function hitOf(owner: string, caller: string, record: VersionRecord): Omit<CatalogueHit, 'quality'> {
  const { id, state, dataset, version, salt } = record;
  const metadata = datasetMetadata(owner, dataset, version, salt);
  const isHidden = caller !== owner && !isShared(metadata);
  return { id, state, rows: isHidden ? null : record.rows, metadata: isHidden ? withheld(metadata) : metadata };
}

const NUMBERS = new Set(['maxLevel', 'minScore', 'limit']);

/** Every parameter once; numbers as numbers. */
function queryOf(query: URLSearchParams): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, value] of query) {
    // A parameter that stands twice is refused by its type.
    const parsed = NUMBERS.has(name) && /^[0-9]{1,6}$/.test(value) ? Number(value) : value;
    values.set(name, values.has(name) ? [values.get(name), parsed] : parsed);
  }
  return Object.fromEntries(values);
}
