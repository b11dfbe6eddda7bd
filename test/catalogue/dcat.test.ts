import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DCAT_CONTEXT, dcatCatalogue, type JsonLdNode } from '@sealedger/protocol/catalogue/dcat.ts';
import { withheld } from '@sealedger/protocol/dataset.ts';
import { hitOf } from './support/hits.ts';

const quality = { round: 2, ruleSetHash: '11'.repeat(32), reportHash: '22'.repeat(32), scoreBasisPoints: 9000 };
const first = hitOf('tax', undefined, { state: 'revised' });
const second = hitOf('tax', (d) => void (d['derivedFrom'] = [{ owner: 'court', name: 'cases', version: 3 }]), {
  version: 2,
  quality,
});
const hidden = (() => {
  const hit = hitOf('court', (d) => void (d['sharing'] = { type: 'none', ground: '法律规定' }));
  assert.ok('fields' in hit.metadata);
  return { ...hit, rows: null, metadata: withheld(hit.metadata) };
})();
const publishers = [
  { org: 'tax', endpoint: 'http://127.0.0.1:1/' },
  { org: 'court', endpoint: 'http://127.0.0.1:2/' },
  { org: 'idle', endpoint: 'http://127.0.0.1:3/' },
];
const options = { id: 'urn:sealedger:catalogue', title: 'All', modified: '2026-01-01T00:00:00.000Z', publishers };
const document = JSON.parse(JSON.stringify(dcatCatalogue(options, [first, second, hidden]))) as JsonLdNode;

type Expanded = { [iri: string]: unknown };

/** JSON-LD expansion as far as the document uses it: prefixes, `@id` and datatype coercion, value objects. */
function expand(value: unknown, term?: string): unknown {
  const context = DCAT_CONTEXT as Readonly<Record<string, string | { readonly '@type': string }>>;
  const iriOf = (name: string): string => {
    const [prefix, rest] = name.split(/:(.*)/s) as [string, string | undefined];
    if (rest === undefined || rest.startsWith('//')) return name;
    const base = context[prefix];
    if (typeof base === 'string') return base + rest;
    assert.match(name, /^(urn|https?):/, `the prefix of ${name} is not in the context`);
    return name;
  };
  if (Array.isArray(value)) return value.flatMap((item) => expand(item, term));
  const coercion = term === undefined ? undefined : context[term];
  if (typeof value !== 'object' || value === null) {
    const type = typeof coercion === 'object' ? coercion['@type'] : undefined;
    if (type === '@id') return [{ '@id': iriOf(String(value)) }];
    return [type === undefined ? { '@value': value } : { '@value': value, '@type': iriOf(type) }];
  }
  const node: Expanded = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '@id') node[key] = iriOf(String(item));
    else if (key === '@type' && !('@value' in value)) node[key] = [item].flat().map((name) => iriOf(String(name)));
    else if (key === '@type') node[key] = iriOf(String(item));
    else if (key === '@value' || key === '@language') node[key] = item;
    else {
      assert.ok(key.includes(':'), `${key} is no term of the context`);
      node[iriOf(key)] = expand(item, key);
    }
  }
  return [node];
}

const graph = expand(document['@graph']) as Expanded[];
const DCAT = 'http://www.w3.org/ns/dcat#';
const DCT = 'http://purl.org/dc/terms/';
const ofType = (type: string): Expanded[] => graph.filter((node) => (node['@type'] as string[]).includes(type));
const ids = (value: unknown): string[] => ((value ?? []) as { '@id': string }[]).map((item) => item['@id']);
const datasetOf = (id: string): Expanded => graph.find((node) => node['@id'] === `urn:sealedger:version:${id}`)!;

describe('a catalogue as DCAT 3', () => {
  it('carries its context inside and expands without the network', () => {
    assert.deepEqual(document['@context'], JSON.parse(JSON.stringify(DCAT_CONTEXT)));
    assert.equal(graph.length, 1 + 2 * 2 + 3);
    assert.ok(graph.every((node) => typeof node['@id'] === 'string'));
    assert.equal(new Set(graph.map((node) => node['@id'])).size, graph.length);
  });

  it('has the properties that DCAT-AP requires of catalogue, dataset, service and agent', () => {
    const required: Readonly<Record<string, readonly string[]>> = {
      [`${DCAT}Catalog`]: [`${DCT}title`, `${DCT}modified`, `${DCAT}dataset`, `${DCAT}service`],
      [`${DCAT}Dataset`]: [
        `${DCT}title`,
        `${DCT}description`,
        `${DCT}identifier`,
        `${DCT}publisher`,
        `${DCT}issued`,
        `${DCT}accrualPeriodicity`,
        `${DCT}accessRights`,
        `${DCAT}version`,
        `${DCAT}keyword`,
        `${DCAT}theme`,
      ],
      [`${DCAT}DataService`]: [`${DCT}title`, `${DCAT}endpointURL`, `${DCAT}servesDataset`],
      'http://xmlns.com/foaf/0.1/Agent': ['http://xmlns.com/foaf/0.1/name'],
    };
    for (const [type, properties] of Object.entries(required)) {
      assert.ok(ofType(type).length > 0, type);
      for (const node of ofType(type))
        for (const property of properties) assert.ok(node[property] !== undefined, `${node['@id']} has no ${property}`);
    }
    assert.deepEqual(
      ids(ofType(`${DCAT}Catalog`)[0]![`${DCAT}dataset`]).sort(),
      ofType(`${DCAT}Dataset`)
        .map((node) => node['@id'])
        .sort(),
    );
  });

  it('refers to nothing inside that is not there', () => {
    const known = new Set(graph.map((node) => node['@id']));
    for (const node of graph) {
      for (const property of [
        `${DCAT}dataset`,
        `${DCAT}service`,
        `${DCAT}servesDataset`,
        `${DCT}publisher`,
        `${DCAT}previousVersion`,
      ]) {
        for (const id of ids(node[property])) assert.ok(known.has(id), `${id} is not in the graph`);
      }
    }
  });

  it('says which version came from which, and where its quality is', () => {
    const dataset = datasetOf(second.id);
    assert.deepEqual(ids(dataset[`${DCAT}previousVersion`]), [`urn:sealedger:version:${first.id}`]);
    assert.deepEqual(ids(dataset['http://www.w3.org/ns/prov#wasDerivedFrom']), ['urn:sealedger:dataset:court:cases:3']);
    assert.deepEqual(ids(dataset['http://www.w3.org/ns/dqv#hasQualityMeasurement']), [
      `urn:sealedger:version:${second.id}:quality:2`,
    ]);
    assert.equal(datasetOf(first.id)[`${DCAT}previousVersion`], undefined);
  });

  it('tags texts with their language', () => {
    assert.deepEqual(datasetOf(second.id)[`${DCT}title`], [
      { '@value': '个人所得税收入明细', '@language': 'zh-CN' },
      { '@value': 'Personal income', '@language': 'en' },
    ]);
  });

  it('lists what is not shared without distribution, fields and rows, and offers no revised one', () => {
    const dataset = datasetOf(hidden.id);
    assert.equal(dataset[`${DCAT}distribution`], undefined);
    assert.deepEqual(ids(dataset[`${DCT}accessRights`]), [
      'http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC',
    ]);
    assert.ok(!JSON.stringify(dataset).includes('grade'));
    assert.equal(datasetOf(first.id)[`${DCAT}distribution`], undefined);
    const service = graph.find((node) => node['@id'] === 'urn:sealedger:org:tax:service')!;
    assert.deepEqual(ids(service[`${DCAT}servesDataset`]), [`urn:sealedger:version:${second.id}`]);
  });
});
