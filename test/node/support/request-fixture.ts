/** A request for a sealed joint score as the parts under test see it: document, its place on chain, and what may vary. */
import type { RequestView } from '@sealedger/node/ports.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { datasetVersionId } from '@sealedger/protocol/ledger/ids.ts';
import type { FeatureDefinition } from '@sealedger/protocol/model.ts';
import { type FeatureSheet, type RequestDocument, requestId, sheetDigest } from '@sealedger/protocol/request.ts';
import { START_MS } from './organisations.ts';

export const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0').repeat(32);
export const EXPIRES_AT = START_MS / 1000 + 30 * 86_400;

const linear = (party: string, field: string): FeatureDefinition => ({
  party,
  field,
  transform: 'linear',
  clip: [0, 1000],
  missing: 250,
  valueBits: 16,
});

/** The first version of a dataset, as a request names it. */
export const named = (owner: string, name: string) => ({
  owner,
  name,
  version: 1,
  id: datasetVersionId(owner, name, 1),
});

const sheetOf = (party: string, dataset: string, definitions: FeatureDefinition[]): FeatureSheet => ({
  suite: SUITE,
  version: 1,
  party,
  dataset,
  salt: hexOf(0x22),
  definitions,
});

/** The sheets of the two departments, in the order of the request. */
export const sheets: readonly FeatureSheet[] = [
  sheetOf('court', 'cases', [
    linear('court', 'claims'),
    { party: 'court', field: 'state', transform: 'equals', value: 'open', valueBits: 1 },
  ]),
  sheetOf('tax', 'returns', [
    linear('tax', 'income'),
    { party: 'tax', field: 'grade', transform: 'missing', valueBits: 1 },
  ]),
];

/** What a request says of a sheet. */
export function entryOf(sheet: FeatureSheet): RequestDocument['features'][number] {
  const { party, definitions } = sheet;
  return { party, valueBits: definitions.map(({ valueBits }) => valueBits), sheet: sheetDigest(sheet) };
}

/** Two departments, `court` and `tax`; gates `bureau` and `tax`; bank `bank`. */
export function requestDocument(change: Partial<RequestDocument> = {}): RequestDocument {
  return {
    suite: SUITE,
    version: 1,
    requester: 'bank',
    purpose: 'credit-underwriting',
    legalBasis: { code: 'consent', text: 'consent of the applicant' },
    subjects: 'person',
    contact: { unit: 'risk', person: 'officer on duty', channel: 'risk@bank.example' },
    computation: 'sealed-scoring',
    output: 'subject-score',
    datasets: [named('court', 'cases'), named('tax', 'returns')],
    register: named('bureau', 'people'),
    gates: ['bureau', 'tax'],
    features: sheets.map(entryOf),
    modelDigest: hexOf(0x4d),
    scaleBits: 20,
    noisePolicy: { kind: 'centred-uniform', totalWidthLog2: -12 },
    certifier: null,
    consent: null,
    attachments: [],
    singleDepartment: false,
    qualityFloor: null,
    quota: 100,
    expiresAt: EXPIRES_AT,
    previous: null,
    nonce: hexOf(0x11),
    ...change,
  };
}

/** The request as the contract holds it; active, with grants and gate keys, unless changed. */
export function onChainView(document: RequestDocument, change: Partial<RequestView> = {}): RequestView {
  const deciders = [...new Set([...document.datasets, document.register].map(({ owner }) => owner))];
  return {
    id: requestId(document),
    requester: document.requester,
    purpose: document.purpose,
    modelDigest: document.modelDigest,
    datasetVersions: document.datasets.map(({ id }) => id),
    registerVersion: document.register.id,
    gates: document.gates,
    quota: document.quota,
    expiresAt: document.expiresAt,
    singleDepartment: document.singleDepartment,
    qualityFloor: document.qualityFloor ?? 0,
    previous: document.previous?.requestId ?? null,
    state: 'active',
    decisions: deciders.map((decider, i) => ({ decider, decision: 'approved', grantHash: hexOf(0x60 + i) })),
    gateKeys: document.gates.map((gate, i) => ({ gate, publicKey: hexOf(0x70 + i) })),
    attempt: 1,
    suspenders: [],
    ...change,
  };
}

/** The versions that a document names, as published. */
export function versionViews(document: RequestDocument) {
  return [...document.datasets, document.register].map(({ id, owner, name, version }, i) => ({
    id,
    owner,
    name,
    version,
    metadataHash: hexOf(0x80 + i),
    commitment: hexOf(0x90 + i),
    state: 'published' as const,
  }));
}
