/**
 * The catalogues of a whole consortium: search, lineage, export, and needs that no catalogue covers.
 *
 * Trust: a node may list what it likes, so every entry is held against the chain (owner, number, state, level, metadata hash),
 * and its quality is the chain's. A node that is away is named, and the others' entries are given all the same.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { dcatCatalogue, type JsonLdNode } from '@sealedger/protocol/catalogue/dcat.ts';
import { type Lineage, lineageOf } from '@sealedger/protocol/catalogue/lineage.ts';
import { type Need, type NeedStatus, needSchema, needStatusSchema } from '@sealedger/protocol/catalogue/need.ts';
import {
  type CatalogueHit,
  type SearchQuery,
  searchAnswerSchema,
  searchEntries,
  searchQuerySchema,
  VERSION_STATES,
} from '@sealedger/protocol/catalogue/search.ts';
import { metadataHash } from '@sealedger/protocol/dataset.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { datasetVersionId } from '@sealedger/protocol/ledger/ids.ts';
import type { LedgerReader } from '@sealedger/protocol/ledger/reader.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { PeerClient } from '@sealedger/protocol/peer-client.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { type Ed25519, nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { z } from 'zod';
import { peerOf } from './peer-of.ts';

/** What a member needs to look into the catalogues; {@link Bank} and the command line fill it in. */
export interface CatalogueContext {
  readonly org: string;
  readonly keyEpoch: number;
  /** Ed25519 seed, 32 bytes; for needs only. */
  readonly signing: Uint8Array;
  readonly ledger: Pick<LedgerReader, 'organisations' | 'organisation' | 'datasetVersion' | 'qualityOf'>;
  readonly peers: PeerClient;
  readonly ports: {
    readonly clock: { now(): number };
    readonly randomBytes: (length: number) => Uint8Array;
    readonly ed25519?: Ed25519;
  };
}

/** Something that was not got, and why: a code of the message catalogue. */
export interface CatalogueFault {
  readonly org: string;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface CatalogueSearch {
  /** Best first, over all nodes; each agrees with the chain. */
  readonly hits: readonly CatalogueHit[];
  /** Nodes that did not answer, and entries that differ from the chain and were left out. */
  readonly faults: readonly CatalogueFault[];
  /** Whether the limit cut some node's answer. */
  readonly more: boolean;
}

/** The functions of this file for one member. */
export interface Catalogues {
  search(query?: Parameters<typeof searchCatalogues>[1]): ReturnType<typeof searchCatalogues>;
  entry(id: string): ReturnType<typeof catalogueEntry>;
  lineage(of: Parameters<typeof catalogueLineage>[1]): ReturnType<typeof catalogueLineage>;
  exportDcat(owner?: string): ReturnType<typeof exportDcat>;
  fileNeed(words: Omit<Need, 'nonce'>, to?: readonly string[]): ReturnType<typeof fileNeed>;
  needs(needId?: string): ReturnType<typeof needStatuses>;
}

/** Binds a member to the functions of this file. */
export function openCatalogues(context: CatalogueContext): Catalogues {
  return {
    search: (query) => searchCatalogues(context, query),
    entry: (id) => catalogueEntry(context, id),
    lineage: (of) => catalogueLineage(context, of),
    exportDcat: (owner) => exportDcat(context, owner),
    fileNeed: (words, to) => fileNeed(context, words, to),
    needs: (needId) => needStatuses(context, needId),
  };
}

const MAX_ANSWER_BYTES = 64 << 20;
const TIMEOUT_MS = 15_000;

/**
 * Searches the catalogues of all active departments.
 * @param query - as a node takes it; what is not given does not count.
 * @throws {ProtocolError} SCHEMA_MISMATCH for the query; CHAIN_*
 */
export async function searchCatalogues(
  context: CatalogueContext,
  query: z.input<typeof searchQuerySchema> = {},
): Promise<CatalogueSearch> {
  const parsed = parseDocument(searchQuerySchema, query, 'query');
  const owners = await departments(context);
  const answers = await Promise.all(owners.map((owner) => askNode(context, owner, parsed)));
  const hits = answers.flatMap((answer) => answer.hits);
  return {
    hits: searchEntries(hits, parsed),
    faults: answers.flatMap(({ faults }) => faults),
    more: hits.length > parsed.limit || answers.some(({ more }) => more),
  };
}

/** A version out of the catalogues, by its id. @throws {ProtocolError} DATASET_UNKNOWN, PEER_UNREACHABLE, CATALOGUE_ANSWER_DIFFERS */
export async function catalogueEntry(context: CatalogueContext, id: string): Promise<CatalogueHit> {
  const record = await context.ledger.datasetVersion(id);
  const owner = record === null ? null : await context.ledger.organisation(record.owner);
  if (record === null || owner === null) throw new ProtocolError('DATASET_UNKNOWN', { dataset: id });
  for (const state of VERSION_STATES) {
    const { hits, faults } = await askNode(
      context,
      owner,
      searchQuerySchema.parse({ name: record.name, state, limit: 500 }),
    );
    const hit = hits.find((candidate) => candidate.id === id);
    if (hit !== undefined) return hit;
    const fault = faults.find(({ details, code }) => details['dataset'] === id || code !== 'CATALOGUE_ANSWER_DIFFERS');
    if (fault !== undefined)
      throw new ProtocolError(fault.code as 'PEER_UNREACHABLE', fault.details as { peer: string });
  }
  throw new ProtocolError('DATASET_UNKNOWN', { dataset: id });
}

/** What a version came from and what came from it, over all nodes that answer. */
export async function catalogueLineage(
  context: CatalogueContext,
  of: { readonly owner: string; readonly name: string; readonly version: number },
): Promise<Lineage & { readonly faults: readonly CatalogueFault[] }> {
  const { hits, faults } = await allVersions(context);
  const nodes = hits.map(({ metadata }) => ({
    owner: metadata.owner,
    name: metadata.name,
    version: metadata.datasetVersion,
    derivedFrom: metadata.entry?.derivedFrom ?? [],
  }));
  return { ...lineageOf(nodes, of), faults };
}

/** The consortium's catalogue, or one owner's, as DCAT 3 in JSON-LD. */
export async function exportDcat(
  context: CatalogueContext,
  owner?: string,
): Promise<{ readonly document: JsonLdNode; readonly faults: readonly CatalogueFault[] }> {
  const { hits, faults } = await allVersions(context);
  const own = hits.filter(
    ({ metadata, state }) => (owner === undefined || metadata.owner === owner) && state !== 'withdrawn',
  );
  const publishers = (await departments(context)).map(({ id: org, endpoint }) => ({ org, endpoint }));
  const id = owner === undefined ? 'urn:sealedger:catalogue' : `urn:sealedger:org:${owner}:catalogue`;
  const modified = new Date(context.ports.clock.now()).toISOString();
  const title = owner === undefined ? 'Catalogue of the consortium' : `Catalogue of ${owner}`;
  return { document: dcatCatalogue({ id, title, modified, publishers }, own), faults };
}

/**
 * Files a need with every department, or with those named. Filing the same one again reaches those that were away.
 * @returns the need's id, its envelope for later, and what each department took or why not.
 */
export async function fileNeed(
  context: CatalogueContext,
  words: Omit<Need, 'nonce'>,
  to?: readonly string[],
): Promise<{
  readonly needId: string;
  readonly filed: readonly NeedStatus[];
  readonly faults: readonly CatalogueFault[];
}> {
  const { org, keyEpoch, signing, ports } = context;
  const need = parseDocument(needSchema, { ...words, nonce: toHex(ports.randomBytes(32)) }, 'need');
  const issuedAt = new Date(ports.clock.now()).toISOString();
  const header = { domain: domains.dataNeed, signer: org, keyEpoch, issuedAt, body: need };
  const envelope = signEnvelope(header, signing, ports.ed25519 ?? nobleEd25519);
  const needId = toHex(envelopeDigest(envelope));
  const body = canonicalBytes(envelope);
  const owners = (await departments(context)).filter(({ id }) => to === undefined || to.includes(id));
  const asked = await Promise.all(
    owners.map((owner) =>
      attempt(owner, () => context.peers.json(peerOf(owner), { method: 'POST', path: '/v1/needs', body, retries: 2 })),
    ),
  );
  return { needId, ...statusesOf(asked, needId) };
}

/** What became of the caller's needs, or of one of them, at every department. */
export async function needStatuses(
  context: CatalogueContext,
  needId?: string,
): Promise<{ readonly statuses: readonly NeedStatus[]; readonly faults: readonly CatalogueFault[] }> {
  const owners = await departments(context);
  const asked = await Promise.all(
    owners.map((owner) =>
      attempt(owner, () =>
        context.peers.json(peerOf(owner), { method: 'GET', path: '/v1/needs', timeoutMs: TIMEOUT_MS }),
      ),
    ),
  );
  const { filed, faults } = statusesOf(asked, needId);
  return { statuses: filed, faults };
}

type Asked = { readonly owner: OrganisationRecord; readonly answer: unknown } | { readonly fault: CatalogueFault };

function statusesOf(asked: readonly Asked[], needId: string | undefined) {
  const filed: NeedStatus[] = [];
  const faults: CatalogueFault[] = [];
  for (const one of asked) {
    if ('fault' in one) {
      faults.push(one.fault);
      continue;
    }
    const list = z
      .array(needStatusSchema)
      .max(10_000)
      .safeParse(Array.isArray(one.answer) ? one.answer : [one.answer]);
    if (!list.success) faults.push({ org: one.owner.id, code: 'SCHEMA_MISMATCH', details: { document: 'needs' } });
    const own = (list.data ?? []).filter(({ org }) => org === one.owner.id);
    filed.push(...own.filter((status) => needId === undefined || status.needId === needId));
  }
  return { filed, faults };
}

async function departments({ ledger }: CatalogueContext): Promise<readonly OrganisationRecord[]> {
  const organisations = await ledger.organisations();
  return organisations.filter(({ status, roles }) => status === 'active' && roles.includes('department'));
}

/** Every version that the nodes list, whatever its state. */
async function allVersions(context: CatalogueContext): Promise<CatalogueSearch> {
  const searches = await Promise.all(VERSION_STATES.map((state) => searchCatalogues(context, { state, limit: 500 })));
  const faults = searches.flatMap((search) => search.faults);
  return {
    hits: searches.flatMap(({ hits }) => hits),
    faults: faults.filter(
      (fault, i) => faults.findIndex(({ org, code }) => org === fault.org && code === fault.code) === i,
    ),
    more: searches.some(({ more }) => more),
  };
}

async function askNode(
  context: CatalogueContext,
  owner: OrganisationRecord,
  query: SearchQuery,
): Promise<CatalogueSearch> {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  // The score is the chain's to tell; a node need not be asked to filter by it.
  parameters.delete('minScore');
  const path = `/v1/catalogue/search?${parameters}`;
  const asked = await attempt(owner, async () => {
    const answer = await context.peers.json(peerOf(owner), {
      method: 'GET',
      path,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    return parseDocument(searchAnswerSchema, answer, `catalogue of ${owner.id}`);
  });
  if ('fault' in asked) return { hits: [], faults: [asked.fault], more: false };
  const { hits, more } = asked.answer as z.output<typeof searchAnswerSchema>;
  const checked = await Promise.all(hits.map((hit) => checkHit(context, owner.id, hit)));
  return {
    hits: checked.flatMap((result) => ('hit' in result ? [result.hit] : [])),
    faults: checked.flatMap((result) => ('fault' in result ? [result.fault] : [])),
    more,
  };
}

async function attempt(owner: OrganisationRecord, task: () => Promise<unknown>): Promise<Asked> {
  try {
    return { owner, answer: await task() };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { fault: { org: owner.id, code: error.code, details: error.details } };
  }
}

/** Holds an entry against the chain. */
async function checkHit(
  { ledger }: CatalogueContext,
  owner: string,
  hit: CatalogueHit,
): Promise<{ readonly hit: CatalogueHit } | { readonly fault: CatalogueFault }> {
  const { metadata, id, state } = hit;
  const record = await ledger.datasetVersion(id);
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['owner', metadata.owner, owner],
    ['id', datasetVersionId(metadata.owner, metadata.name, metadata.datasetVersion), id],
    ['metadata', metadataHash(metadata), record?.metadataHash],
    ['level', metadata.level, record?.level],
    // A version that has a successor is still published on chain.
    ['state', state === 'withdrawn' ? 'withdrawn' : 'published', record?.state],
  ];
  const part = pairs.find(([, stated, fact]) => stated !== fact)?.[0];
  if (part !== undefined) {
    return { fault: { org: owner, code: 'CATALOGUE_ANSWER_DIFFERS', details: { org: owner, dataset: id, part } } };
  }
  return { hit: { ...hit, quality: await ledger.qualityOf(id) } };
}
