/**
 * A report as JSON-LD of the W3C Data Quality Vocabulary: one measurement per rule, dimension and in total.
 *
 * Made of a report and its digest alone, so that whoever holds them gets the same document.
 * Source: W3C, Data on the Web Best Practices: Data Quality Vocabulary (2016); GB/T 36344-2018 for the dimensions.
 */
import { datasetVersionUrn, qualityUrn } from '@sealedger/protocol/catalogue/dcat.ts';
import type { QualityReport } from './report.ts';
import type { Dimension } from './rule.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const CONTEXT = {
  dqv: 'http://www.w3.org/ns/dqv#',
  dcat: 'http://www.w3.org/ns/dcat#',
  dcterms: 'http://purl.org/dc/terms/',
  prov: 'http://www.w3.org/ns/prov#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const;

const NAMES: Readonly<Record<Dimension, readonly [english: string, chinese: string]>> = {
  conformity: ['conformity', '规范性'],
  completeness: ['completeness', '完整性'],
  accuracy: ['accuracy', '准确性'],
  consistency: ['consistency', '一致性'],
  timeliness: ['timeliness', '时效性'],
  accessibility: ['accessibility', '可访问性'],
};
const FULL = 10_000;

/**
 * The total has the name by which the catalogue's DCAT export refers to the measurement of a version.
 * @param recorded - digest of the report (hex) and the round of the score, both as they stand on chain.
 */
export function dqvOf(
  report: QualityReport,
  { reportHash, round }: { readonly reportHash: string; readonly round: number },
): Json {
  const dataset = datasetVersionUrn(report.versionId);
  const own = (what: string): string =>
    what === 'total' ? qualityUrn(report.versionId, round) : `urn:sealedger:quality-report:${reportHash}#${what}`;
  const measurement = (what: string, metric: string, basisPoints: number): Json => ({
    '@id': own(what),
    '@type': 'dqv:QualityMeasurement',
    'dqv:computedOn': { '@id': dataset },
    'dqv:isMeasurementOf': { '@id': metric },
    'dqv:value': { '@type': 'xsd:decimal', '@value': (basisPoints / FULL).toFixed(4) },
    'prov:generatedAtTime': { '@type': 'xsd:dateTime', '@value': report.measuredAt },
  });
  const metric = (id: string, dimension: Dimension | null, text: string): Json => ({
    '@id': id,
    '@type': 'dqv:Metric',
    'skos:definition': text,
    'dqv:expectedDataType': { '@id': 'xsd:decimal' },
    ...(dimension === null ? {} : { 'dqv:inDimension': { '@id': dimensionId(dimension) } }),
  });
  const ruleMetric = (id: string): string =>
    `urn:sealedger:quality-rule:${report.ruleSet.hash}#${encodeURIComponent(id)}`;
  const scoreMetric = (name: string): string => `urn:sealedger:quality-score#${name}`;
  const rules = report.rules.flatMap(({ id, passedBasisPoints: share }) => (share === null ? [] : [{ id, share }]));
  return {
    '@context': CONTEXT,
    '@graph': [
      {
        '@id': dataset,
        '@type': 'dcat:Dataset',
        'dcterms:identifier': report.versionId,
        'dcterms:title': report.dataset,
        'dcterms:publisher': report.org,
        'dqv:hasQualityMeasurement': [
          { '@id': own('total') },
          ...report.dimensions.map(({ dimension }) => ({ '@id': own(`dimension/${dimension}`) })),
          ...rules.map(({ id }) => ({ '@id': own(`rule/${encodeURIComponent(id)}`) })),
        ],
      },
      ...report.dimensions.map(({ dimension }) => dimensionNode(dimension)),
      metric(scoreMetric('total'), null, 'mean of the dimensions by weight, docs/quality-score.md'),
      measurement('total', scoreMetric('total'), report.score.basisPoints),
      ...report.dimensions.flatMap(({ dimension, basisPoints }) => [
        metric(scoreMetric(dimension), dimension, 'mean of the dimension’s rules by weight, docs/quality-score.md'),
        measurement(`dimension/${dimension}`, scoreMetric(dimension), basisPoints),
      ]),
      ...report.rules.map(({ id, dimension, type }) =>
        metric(ruleMetric(id), dimension, `share that passes rule ${id} (${type})`),
      ),
      ...rules.map(({ id, share }) => measurement(`rule/${encodeURIComponent(id)}`, ruleMetric(id), share)),
    ],
  };
}

function dimensionId(dimension: Dimension): string {
  return `urn:sealedger:quality-dimension:${dimension}`;
}

function dimensionNode(dimension: Dimension): Json {
  const [english, chinese] = NAMES[dimension];
  return {
    '@id': dimensionId(dimension),
    '@type': 'dqv:Dimension',
    'skos:prefLabel': [
      { '@language': 'en', '@value': english },
      { '@language': 'zh-CN', '@value': chinese },
    ],
    'dcterms:source': 'GB/T 36344-2018',
  };
}
