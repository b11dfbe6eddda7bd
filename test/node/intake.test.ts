import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainCsv } from '@sealedger/node/catalogue/rows.ts';
import type { RequestView } from '@sealedger/node/ports.ts';
import { acceptRequest, assertOwnFeatures, type OwnDataset } from '@sealedger/node/request/intake.ts';
import type { FeatureDefinition } from '@sealedger/protocol/model.ts';
import { type FeatureSheet, featureSheetSchema, type RequestDocument } from '@sealedger/protocol/request.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { fakeLedger } from './support/fake-ledger.ts';
import { refusal } from './support/refusals.ts';
import { entryOf, hexOf, onChainView, requestDocument, sheets } from './support/request-fixture.ts';

function ledgerWith(document: RequestDocument, change: Partial<RequestView> = {}) {
  const ledger = fakeLedger('tax');
  const view = onChainView(document, { state: 'submitted', ...change });
  ledger.requests.set(view.id, view);
  return ledger;
}

describe('a request document', () => {
  it('is taken from its requester where it says what stands on chain', async () => {
    const document = requestDocument();
    const accepted = await acceptRequest(ledgerWith(document), { document, sheet: null }, 'bank');
    assert.deepEqual(accepted.document, document);
  });

  it('that was changed after it went on chain is no known request', async () => {
    const document = requestDocument();
    const ledger = ledgerWith(document);
    for (const change of [
      { quota: 101 },
      { nonce: hexOf(9) },
      { modelDigest: hexOf(9) },
      { legalBasis: { code: 'contract', text: 'other' } as const },
    ]) {
      await assert.rejects(
        acceptRequest(ledger, { document: { ...document, ...change }, sheet: null }, 'bank'),
        refusal('REQUEST_UNKNOWN'),
      );
    }
  });

  it('is refused from anybody but its requester', async () => {
    const document = requestDocument();
    await assert.rejects(
      acceptRequest(ledgerWith(document), { document, sheet: null }, 'other'),
      refusal('REQUEST_NOT_REQUESTER'),
    );
    const stolen = ledgerWith(document, { requester: 'other' });
    await assert.rejects(acceptRequest(stolen, { document, sheet: null }, 'other'), refusal('REQUEST_NOT_REQUESTER'));
    await assert.rejects(acceptRequest(stolen, { document, sheet: null }, 'bank'), refusal('REQUEST_NOT_REQUESTER'));
  });

  const differing: readonly (readonly [string, Partial<RequestView>])[] = [
    ['purpose', { purpose: 'marketing' }],
    ['modelDigest', { modelDigest: hexOf(1) }],
    ['datasets', { datasetVersions: [hexOf(1)] }],
    ['datasets', { datasetVersions: [...onChainView(requestDocument()).datasetVersions].reverse() }],
    ['register', { registerVersion: hexOf(1) }],
    ['gates', { gates: ['tax', 'bureau'] }],
    ['gates', { gates: ['bureau'] }],
    ['quota', { quota: 1_000_000 }],
    ['expiresAt', { expiresAt: 1 }],
    ['singleDepartment', { singleDepartment: true }],
    ['qualityFloor', { qualityFloor: 9_000 }],
  ];
  for (const [part, change] of differing) {
    it(`is refused where the chain has another ${part}: ${Object.keys(change)}`, async () => {
      const document = requestDocument();
      await assert.rejects(
        acceptRequest(ledgerWith(document, change), { document, sheet: null }, 'bank'),
        refusal('REQUEST_TERMS_MISMATCH', { part }),
      );
    });
  }

  it('is refused where a dataset has no features, a feature no dataset, or an owner two datasets', async () => {
    const { features, datasets } = requestDocument();
    const twice = datasets.map((dataset) => ({ ...dataset, owner: 'tax' }));
    const cases: readonly (readonly [string, Partial<RequestDocument>])[] = [
      ['features', { features: features.filter(({ party }) => party === 'tax') }],
      ['features', { features: features.map((feature, i) => (i === 0 ? { ...feature, party: 'water' } : feature)) }],
      ['features', { features: [...features].reverse() }],
      ['datasets', { datasets: twice, features: [features[1]!, features[1]!] }],
    ];
    for (const [part, change] of cases) {
      const document = requestDocument(change);
      await assert.rejects(
        acceptRequest(ledgerWith(document), { document, sheet: null }, 'bank'),
        refusal('REQUEST_TERMS_MISMATCH', { part }),
      );
    }
  });

  const malformed: readonly (readonly [string, unknown, string])[] = [
    ['no gate', { gates: [] }, 'gates'],
    ['no quota', { quota: 0 }, 'quota'],
    [
      'a noise policy of another width',
      { noisePolicy: { kind: 'centred-uniform', totalWidthLog2: -40 } },
      'noisePolicy.totalWidthLog2',
    ],
    ['a scale that release noise cannot follow', { scaleBits: 41 }, 'scaleBits'],
    ['a scale at which release noise is rounded away', { scaleBits: 18 }, 'scaleBits'],
    ['another suite', { suite: 'x' }, 'suite'],
    [
      'a department named like a path',
      { datasets: [{ ...requestDocument().datasets[0]!, owner: '../x' }] },
      'datasets.0.owner',
    ],
    ['an unknown key', { grant: 'all' }, '(root)'],
    ['no width', { features: [{ ...requestDocument().features[0]!, valueBits: [] }] }, 'features.0.valueBits'],
  ];
  for (const [name, change, path] of malformed) {
    it(`with ${name} is malformed`, async () => {
      const document = requestDocument();
      await assert.rejects(
        acceptRequest(ledgerWith(document), { document: { ...document, ...(change as object) }, sheet: null }, 'bank'),
        refusal('SCHEMA_MISMATCH', { path: path === '(root)' ? 'document' : `document.${path}` }),
      );
    });
  }
});

describe('the features that are asked of a department', () => {
  const document = requestDocument();
  const { id, version, name } = document.datasets.find(({ owner }) => owner === 'tax')!;
  const own: OwnDataset = {
    config: {
      name,
      ...plainCsv('returns.csv'),
      subject: 'id_number',
      level: 3,
      fields: [
        { name: 'income', kind: 'number', missing: 250 },
        { name: 'grade', kind: 'text' },
      ],
    },
    published: { id, name, version, metadataHash: '', commitment: '', fingerprint: '', rows: 1 },
  };
  const [court, tax] = sheets;
  const [income] = tax!.definitions;
  const asking = (feature: FeatureDefinition): [RequestDocument, FeatureSheet] => {
    const sheet = { ...tax!, definitions: [feature] };
    return [requestDocument({ features: [entryOf(court!), entryOf(sheet)] }), sheet];
  };

  it('are taken where the catalogue declares them, with its imputation value', () => {
    assert.equal(assertOwnFeatures(document, tax!, 'tax', [own]), own);
    assert.equal(assertOwnFeatures(document, null, 'bureau', []), undefined);
  });

  it('are refused where the version is not its own, or no longer', () => {
    assert.throws(() => assertOwnFeatures(document, tax!, 'tax', []), refusal('DATASET_UNKNOWN', { dataset: id }));
    const newer = { ...own, published: { ...own.published, id: hexOf(2) } };
    assert.throws(() => assertOwnFeatures(document, tax!, 'tax', [newer]), refusal('DATASET_UNKNOWN'));
  });

  it('are refused where a field is not declared, or is text used as a number', () => {
    const unknown = refusal('REQUEST_FIELD_UNKNOWN');
    assert.throws(() => assertOwnFeatures(...asking({ ...income!, field: 'salary' }), 'tax', [own]), unknown);
    assert.throws(() => assertOwnFeatures(...asking({ ...income!, field: 'grade' }), 'tax', [own]), unknown);
    assert.throws(
      () =>
        assertOwnFeatures(...asking({ party: 'tax', field: 'x', transform: 'missing', valueBits: 1 }), 'tax', [own]),
      unknown,
    );
  });

  it('are refused with an imputation value that the owner did not declare', () => {
    const other = asking({ ...income!, missing: 251 } as FeatureDefinition);
    assert.throws(
      () => assertOwnFeatures(...other, 'tax', [own]),
      refusal('REQUEST_IMPUTATION_MISMATCH', { field: 'income' }),
    );
  });

  it("are refused on a sheet that is missing, another department's, or changed", () => {
    const refused = refusal('REQUEST_SHEET_MISMATCH');
    assert.throws(() => assertOwnFeatures(document, null, 'tax', [own]), refused);
    assert.throws(() => assertOwnFeatures(document, court!, 'tax', [own]), refused);
    assert.throws(() => assertOwnFeatures(document, { ...tax!, salt: hexOf(1) }, 'tax', [own]), refused);
    assert.throws(() => assertOwnFeatures(document, tax!, 'bureau', []), refused);
    const reversed = { ...tax!, definitions: [{ ...income!, clip: [1, 0] } as FeatureDefinition] };
    assert.throws(() => parseDocument(featureSheetSchema, reversed, 'sheet'), refusal('SCHEMA_MISMATCH'));
  });
});
