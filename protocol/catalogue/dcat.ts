/**
 * Catalogue entries as DCAT 3 in JSON-LD: what other catalogues harvest.
 *
 * The context stands in the document itself, so that it expands without the network. A dataset that is not shared is
 * listed with its title, code and publisher, as the guide asks, and without distribution and fields.
 * Source: W3C DCAT 3 (Recommendation, 22 August 2024), JSON-LD 1.1, PROV-O, DQV.
 */
import { SUITE } from '../domains.ts';
import type { Entry, LocalText, UpdateCycle } from './entry.ts';
import { lineageEdges, type VersionNode, versionKey } from './lineage.ts';
import type { CatalogueHit } from './search.ts';

/** Prefixes and the terms whose values are IRIs, dates or language-tagged texts. */
export const DCAT_CONTEXT = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
  prov: 'http://www.w3.org/ns/prov#',
  dqv: 'http://www.w3.org/ns/dqv#',
  adms: 'http://www.w3.org/ns/adms#',
  odrl: 'http://www.w3.org/ns/odrl/2/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  csvw: 'http://www.w3.org/ns/csvw#',
  spdx: 'http://spdx.org/rdf/terms#',
  sealedger: 'urn:sealedger:vocabulary:',
  'dct:issued': { '@type': 'xsd:date' },
  'dcat:dataset': { '@type': '@id' },
  'dcat:service': { '@type': '@id' },
  'dcat:servesDataset': { '@type': '@id' },
  'dcat:endpointURL': { '@type': '@id' },
  'dcat:previousVersion': { '@type': '@id' },
  'dcat:accessService': { '@type': '@id' },
  'dct:publisher': { '@type': '@id' },
  'dct:accrualPeriodicity': { '@type': '@id' },
  'dct:accessRights': { '@type': '@id' },
  'dct:isPartOf': { '@type': '@id' },
  'dqv:hasQualityMeasurement': { '@type': '@id' },
  'prov:wasDerivedFrom': { '@type': '@id' },
  'adms:status': { '@type': '@id' },
} as const;

/** A node that serves entries. */
export interface DcatPublisher {
  readonly org: string;
  readonly endpoint: string;
}

export type JsonLdNode = Readonly<Record<string, unknown>>;

/** Dublin Core's collection of frequencies. */
const FREQUENCY = 'http://purl.org/cld/freq/';
const FREQUENCIES: Readonly<Record<UpdateCycle, string>> = {
  realtime: 'continuous',
  daily: 'daily',
  weekly: 'weekly',
  monthly: 'monthly',
  quarterly: 'quarterly',
  'half-yearly': 'semiannual',
  yearly: 'annual',
  irregular: 'irregular',
};
/** EU Publications Office's authority tables, which DCAT's users share. */
const ACCESS = 'http://publications.europa.eu/resource/authority/access-right/';
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
  duckdb: 'application/octet-stream',
  postgres: 'application/sql',
};

/**
 * A catalogue document.
 * @param options.id - IRI of the catalogue. @param options.modified - ISO date-time.
 * @param hits - versions that stand in it, of one node or of several.
 */
export function dcatCatalogue(
  options: {
    readonly id: string;
    readonly title: string;
    readonly modified: string;
    readonly publishers: readonly DcatPublisher[];
  },
  hits: readonly CatalogueHit[],
): JsonLdNode {
  const owners = new Set(hits.map(({ metadata }) => metadata.owner));
  const publishers = options.publishers.filter(({ org }) => owners.has(org));
  const idOf = new Map(hits.map((hit) => [keyOf(hit), datasetVersionUrn(hit.id)]));
  const edges = lineageEdges(hits.map(nodeOf));
  return {
    '@context': DCAT_CONTEXT,
    '@graph': [
      {
        '@id': options.id,
        '@type': 'dcat:Catalog',
        'dct:title': [{ '@value': options.title, '@language': 'en' }],
        'dct:modified': { '@value': options.modified, '@type': 'xsd:dateTime' },
        'dct:conformsTo': { '@id': 'http://www.w3.org/ns/dcat' },
        'dcat:dataset': hits.map(({ id }) => datasetVersionUrn(id)),
        'dcat:service': publishers.map(({ org }) => serviceOf(org)),
      },
      ...publishers.flatMap((publisher) => publisherNodes(publisher, hits)),
      ...hits.map((hit) =>
        datasetNode(
          hit,
          edges.filter(({ to }) => to === keyOf(hit)),
          idOf,
        ),
      ),
    ],
  };
}

function publisherNodes({ org, endpoint }: DcatPublisher, hits: readonly CatalogueHit[]): JsonLdNode[] {
  const own = hits.filter(({ metadata }) => metadata.owner === org);
  const named = own.find(({ metadata }) => metadata.entry !== undefined)?.metadata.entry?.provider;
  return [
    {
      '@id': agentOf(org),
      '@type': ['foaf:Agent', 'foaf:Organization'],
      'foaf:name': named === undefined ? [{ '@value': org }] : texts(named.name),
      'dct:identifier': named?.code ?? org,
    },
    {
      '@id': serviceOf(org),
      '@type': 'dcat:DataService',
      'dct:title': [{ '@value': `Sealed computations at ${org}`, '@language': 'en' }],
      'dct:publisher': agentOf(org),
      'dcat:endpointURL': endpoint,
      'dcat:endpointDescription': { '@id': `${endpoint.replace(/\/$/, '')}/v1/datasets` },
      'dct:conformsTo': { '@id': `urn:sealedger:suite:${encodeURIComponent(SUITE)}` },
      'dcat:servesDataset': own.filter(isAvailable).map(({ id }) => datasetVersionUrn(id)),
    },
  ];
}

function datasetNode(
  hit: CatalogueHit,
  edges: ReturnType<typeof lineageEdges>,
  idOf: ReadonlyMap<string, string>,
): JsonLdNode {
  const { id, metadata, state, quality, rows } = hit;
  const { entry } = metadata;
  const urn = datasetVersionUrn(id);
  const originIri = (key: string): string => idOf.get(key) ?? `urn:sealedger:dataset:${key.replaceAll('/', ':')}`;
  const before = edges.find(({ kind }) => kind === 'revision');
  const origins = edges.filter(({ kind }) => kind === 'derivation').map(({ from }) => originIri(from));
  return {
    '@id': urn,
    '@type': 'dcat:Dataset',
    'dct:identifier': id,
    'dct:title': entry === undefined ? [{ '@value': metadata.name }] : texts(entry.title),
    'dct:description': entry === undefined ? [{ '@value': metadata.name }] : texts(entry.abstract),
    'dct:publisher': agentOf(metadata.owner),
    'dcat:version': String(metadata.datasetVersion),
    'adms:status': `urn:sealedger:state:${state}`,
    'sealedger:level': metadata.level,
    ...(before === undefined ? {} : { 'dcat:previousVersion': originIri(before.from) }),
    ...(origins.length === 0 ? {} : { 'prov:wasDerivedFrom': origins }),
    ...(quality === null ? {} : { 'dqv:hasQualityMeasurement': [qualityUrn(id, quality.round)] }),
    ...(entry === undefined ? {} : entryTerms(entry)),
    ...(isAvailable(hit) ? { 'dcat:distribution': [distribution(hit)] } : {}),
    ...(rows === null ? {} : { 'sealedger:rows': rows }),
  };
}

function entryTerms(entry: Entry): JsonLdNode {
  const { sharing } = entry;
  const condition =
    sharing.type === 'conditional' ? sharing.condition : sharing.type === 'none' ? sharing.ground : undefined;
  return {
    'adms:identifier': { '@type': 'adms:Identifier', 'dct:identifier': entry.code },
    'dcat:theme': [entry.category.class, entry.category.item, entry.category.order, entry.category.detail]
      .filter((part) => part !== undefined)
      .map((part) => ({
        '@type': 'http://www.w3.org/2004/02/skos/core#Concept',
        'http://www.w3.org/2004/02/skos/core#prefLabel': part,
      })),
    'dcat:keyword': entry.keywords.map((keyword) => ({ '@value': keyword })),
    'dct:issued': entry.publicationDate,
    'dct:accrualPeriodicity': `${FREQUENCY}${FREQUENCIES[entry.updateCycle]}`,
    'dct:accessRights': `${ACCESS}${accessRight(entry)}`,
    ...(condition === undefined
      ? {}
      : { 'dct:rights': { '@type': 'dct:RightsStatement', 'dct:description': texts(condition) } }),
    ...(entry.relatedCodes.length === 0
      ? {}
      : { 'dct:relation': entry.relatedCodes.map((code) => ({ '@value': code })) }),
  };
}

/** What members may have on a condition, or for their duties alone, is restricted; open is what the public may have. */
function accessRight({ open, sharing }: Entry): string {
  if (open.type === 'open') return 'PUBLIC';
  return sharing.type === 'none' ? 'NON_PUBLIC' : 'RESTRICTED';
}

/** How a dataset is had: by computations through its owner's service; its rows are no download. */
function distribution({ id, metadata }: CatalogueHit): JsonLdNode {
  const { entry, owner } = metadata;
  const type = entry?.format.type;
  const media = type === undefined || !Object.hasOwn(MEDIA_TYPES, type) ? undefined : MEDIA_TYPES[type];
  return {
    '@id': `${datasetVersionUrn(id)}:distribution`,
    '@type': 'dcat:Distribution',
    'dct:title': [{ '@value': 'Sealed computation over the rows where they lie', '@language': 'en' }],
    'dcat:accessService': serviceOf(owner),
    ...(media === undefined
      ? {}
      : { 'dcat:mediaType': { '@id': `https://www.iana.org/assignments/media-types/${media}` } }),
    'csvw:tableSchema': {
      '@type': 'csvw:Schema',
      'csvw:column': 'fields' in metadata ? metadata.fields.map(columnNode) : [],
    },
  };
}

function columnNode(field: {
  readonly name: string;
  readonly kind: string;
  readonly item?: { readonly title: LocalText; readonly type: string } | undefined;
}): JsonLdNode {
  return {
    '@type': 'csvw:Column',
    'csvw:name': field.name,
    'csvw:title': field.item === undefined ? [{ '@value': field.name }] : texts(field.item.title),
    'csvw:datatype': field.item?.type ?? field.kind,
  };
}

function isAvailable({ state, metadata }: CatalogueHit): boolean {
  return state === 'published' && 'fields' in metadata && metadata.entry?.sharing.type !== 'none';
}

function texts(text: LocalText): readonly JsonLdNode[] {
  if (typeof text === 'string') return [{ '@value': text }];
  const both: { readonly zh?: string | undefined; readonly en?: string | undefined } = text;
  const tagged = [
    ['zh-CN', both.zh],
    ['en', both.en],
  ] as const;
  return tagged.flatMap(([language, value]) =>
    value === undefined ? [] : [{ '@value': value, '@language': language }],
  );
}

function nodeOf({ metadata }: CatalogueHit): VersionNode {
  const { owner, name, datasetVersion: version, entry } = metadata;
  return { owner, name, version, derivedFrom: entry?.derivedFrom ?? [] };
}

function keyOf(hit: CatalogueHit): string {
  return versionKey(nodeOf(hit));
}

/** IRI of a dataset version. @param id - 64 hex digits, as on chain. */
export function datasetVersionUrn(id: string): string {
  return `urn:sealedger:version:${id}`;
}

/** IRI of a recorded score of a version: a DQV measurement. @param round - as on chain, from 1. */
export function qualityUrn(id: string, round: number): string {
  return `${datasetVersionUrn(id)}:quality:${round}`;
}

function agentOf(org: string): string {
  return `urn:sealedger:org:${org}`;
}

function serviceOf(org: string): string {
  return `${agentOf(org)}:service`;
}
