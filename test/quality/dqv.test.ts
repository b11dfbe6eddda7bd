/** The DQV export: every measurement points at things that are there, and says what the report says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datasetVersionUrn } from '@sealedger/protocol/catalogue/dcat.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { dqvOf } from '../../node/quality/dqv.ts';
import { type QualityReport, qualityReportSchema, reportHash } from '../../node/quality/report.ts';

const rule = {
  type: 'notNull',
  dimension: 'completeness',
  severity: 'major',
  weight: 1,
  thresholdBasisPoints: 10_000,
  fields: ['a'],
  interval: null,
  met: false,
  measured: null,
} as const;

const REPORT: QualityReport = qualityReportSchema.parse({
  suite: SUITE,
  version: 1,
  salt: '00'.repeat(16),
  org: 'tax',
  dataset: 'incomes',
  versionId: 'ab'.repeat(32),
  datasetVersion: 1,
  commitment: 'cd'.repeat(32),
  ruleSet: { name: 'set', version: 1, hash: 'ef'.repeat(32) },
  measuredAt: '2026-01-31T00:00:00.000Z',
  rows: 10,
  sampledRows: null,
  score: { basisPoints: 8100, interval: null },
  dimensions: [{ dimension: 'completeness', basisPoints: 8100, interval: null, rules: 1, failing: 1 }],
  fields: [],
  units: [],
  rules: [
    { ...rule, id: 'one#', checked: 10, failing: 1, passedBasisPoints: 9000, basisPoints: 8100 },
    { ...rule, id: 'idle', checked: 0, failing: 0, passedBasisPoints: null, basisPoints: null },
  ],
});

const RECORDED = { reportHash: reportHash(REPORT), round: 2 };

interface Node {
  readonly '@id': string;
  readonly '@type': string;
  readonly [key: string]: unknown;
}

test('measurements, metrics and dimensions refer to each other, and values are shares', () => {
  const document = dqvOf(REPORT, RECORDED) as unknown as { '@graph': readonly Node[] };
  const nodes = new Map(document['@graph'].map((node) => [node['@id'], node]));
  assert.equal(nodes.size, document['@graph'].length, 'an id stands twice');
  const measurements = document['@graph'].filter((node) => node['@type'] === 'dqv:QualityMeasurement');
  assert.deepEqual(
    measurements.map((node) => (node['dqv:value'] as { '@value': string })['@value']),
    ['0.8100', '0.8100', '0.9000'],
  );
  const reference = (node: Node, key: string) => (node[key] as { '@id': string })['@id'];
  for (const node of measurements) {
    assert.equal(nodes.get(reference(node, 'dqv:isMeasurementOf'))?.['@type'], 'dqv:Metric');
    assert.equal(nodes.get(reference(node, 'dqv:computedOn'))?.['@type'], 'dcat:Dataset');
  }
  for (const node of document['@graph'].filter((other) => 'dqv:inDimension' in other)) {
    assert.equal(nodes.get(reference(node, 'dqv:inDimension'))?.['@type'], 'dqv:Dimension');
  }
});

test('a rule that checked nothing has no measurement', () => {
  assert.doesNotMatch(JSON.stringify(dqvOf(REPORT, RECORDED)), /rule\/idle/);
});

test('dataset and total are called as the catalogue’s DCAT export calls them', () => {
  const document = dqvOf(REPORT, RECORDED) as unknown as { '@graph': readonly Node[] };
  const total = document['@graph'].find((node) => node['@id'] === `${datasetVersionUrn(REPORT.versionId)}:quality:2`);
  assert.equal(total?.['@type'], 'dqv:QualityMeasurement');
  assert.deepEqual(total['dqv:computedOn'], { '@id': datasetVersionUrn(REPORT.versionId) });
  assert.deepEqual(document['@graph'][0]?.['dqv:hasQualityMeasurement'], [
    { '@id': total['@id'] },
    { '@id': `urn:sealedger:quality-report:${RECORDED.reportHash}#dimension/completeness` },
    { '@id': `urn:sealedger:quality-report:${RECORDED.reportHash}#rule/one%23` },
  ]);
});
