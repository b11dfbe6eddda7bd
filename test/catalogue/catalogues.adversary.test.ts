import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needSchema } from '@sealedger/protocol/catalogue/need.ts';
import type { CatalogueHit } from '@sealedger/protocol/catalogue/search.ts';
import { metadataHash } from '@sealedger/protocol/dataset.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { openEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { DatasetVersionRecord, OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { PeerCall } from '@sealedger/protocol/peer-client.ts';
import {
  type CatalogueContext,
  catalogueEntry,
  exportDcat,
  fileNeed,
  needStatuses,
  searchCatalogues,
} from '@sealedger/sdk/catalogue.ts';
import { organisation, START_MS, testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { hitOf } from './support/hits.ts';

const bank = organisation('harbour-bank', ['bank']);
type Answer = (org: string, call: PeerCall) => unknown;

const income = hitOf('tax');
const cases = hitOf('court', (d) => void (d['dataset'] = 'cases'));
const honest: Answer = (org, { path }) => {
  if (!path.startsWith('/v1/catalogue/search')) return [];
  const state = new URLSearchParams(path.split('?')[1]).get('state');
  return {
    owner: org,
    hits: [income, cases].filter(({ metadata }) => metadata.owner === org && state === 'published'),
    more: false,
  };
};

/** A bank before two departments that answer as told, and a chain that has both entries. */
function look(answer: Answer, scores: Readonly<Record<string, number>> = {}) {
  const member = (id: string): OrganisationRecord => {
    const { ed25519, x25519 } = organisation(id, ['department']);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    return {
      id,
      roles: ['department'],
      endpoint: `http://${id}.test`,
      status: 'active',
      keyEpoch: 1,
      previous: null,
      account: '00'.repeat(20),
      ed25519Key: hex(ed25519),
      x25519Key: hex(x25519),
    };
  };
  const record = ({ id, metadata }: CatalogueHit): DatasetVersionRecord => ({
    id,
    owner: metadata.owner,
    name: metadata.name,
    version: metadata.datasetVersion,
    level: metadata.level,
    state: 'published',
    metadataHash: metadataHash(metadata),
    commitment: '00'.repeat(32),
  });
  const records = new Map([income, cases].map((hit) => [hit.id, record(hit)]));
  const calls: { readonly org: string; readonly call: PeerCall }[] = [];
  const context: CatalogueContext = {
    org: bank.org,
    keyEpoch: 1,
    signing: bank.signing,
    ledger: {
      organisations: async () => [member('tax'), member('court')],
      organisation: async (id) => member(id),
      datasetVersion: async (id) => records.get(id) ?? null,
      qualityOf: async (id) =>
        scores[id] === undefined
          ? null
          : { round: 1, ruleSetHash: '11'.repeat(32), reportHash: '22'.repeat(32), scoreBasisPoints: scores[id] },
    } as CatalogueContext['ledger'],
    peers: {
      traffic: new Map(),
      bytes: () => assert.fail('no bytes are asked for'),
      json: async (peer, call) => {
        calls.push({ org: peer.org, call });
        return JSON.parse(JSON.stringify(answer(peer.org, call))) as unknown;
      },
    },
    ports: { clock: testClock(), randomBytes: (length) => new Uint8Array(length).fill(7) },
  };
  return { context, calls };
}

const change = (
  of: CatalogueHit,
  part: Partial<Omit<CatalogueHit, 'metadata'>> & { readonly metadata?: object },
): CatalogueHit => ({ ...of, ...part, metadata: { ...of.metadata, ...part.metadata } }) as CatalogueHit;

describe('a search over the consortium', () => {
  it('takes the chain’s word for quality, not a node’s', async () => {
    const boasting: Answer = (org, call) => {
      const answer = honest(org, call) as { hits: CatalogueHit[] };
      const quality = { round: 9, ruleSetHash: '33'.repeat(32), reportHash: '44'.repeat(32), scoreBasisPoints: 10_000 };
      return { ...answer, hits: answer.hits.map((hit) => ({ ...hit, quality })) };
    };
    const { context } = look(boasting, { [income.id]: 4200 });
    const { hits } = await searchCatalogues(context);
    assert.deepEqual(
      hits.map(({ id, quality }) => [id, quality?.scoreBasisPoints]).sort(),
      [
        [income.id, 4200],
        [cases.id, undefined],
      ].sort(),
    );
    assert.deepEqual((await searchCatalogues(context, { minScore: 5000 })).hits, []);
    assert.deepEqual(
      (await searchCatalogues(context, { minScore: 4000 })).hits.map(({ id }) => id),
      [income.id],
    );
  });

  const lies: readonly (readonly [string, CatalogueHit, string])[] = [
    ['another level', change(income, { metadata: { level: 1 } }), 'metadata'],
    ['another field', change(income, { metadata: { fields: [] } }), 'metadata'],
    ['a version that the chain does not know', change(income, { id: 'ff'.repeat(32) }), 'id'],
    ['another’s dataset as its own', cases, 'owner'],
    ['a published one as withdrawn', change(income, { state: 'withdrawn' }), 'state'],
  ];
  for (const [name, lie, part] of lies) {
    it(`leaves out ${name}, and names who said so`, async () => {
      const answer: Answer = (org, call) =>
        org === 'tax' ? { owner: org, hits: [lie], more: false } : honest(org, call);
      const { context } = look(answer);
      const { hits, faults } = await searchCatalogues(context);
      assert.deepEqual(
        hits.map(({ id }) => id),
        [cases.id],
      );
      assert.deepEqual(
        faults.map(({ org, code, details }) => [org, code, details['part']]),
        [['tax', 'CATALOGUE_ANSWER_DIFFERS', part]],
      );
    });
  }

  const nonsense: readonly unknown[] = [
    null,
    'x',
    [],
    {},
    { owner: 'tax', hits: 'all', more: false },
    { owner: 'tax', hits: Array.from({ length: 501 }, () => income), more: false },
  ];
  for (const [i, answer] of nonsense.entries()) {
    it(`survives nonsense of a node (${i}), and gives the others’ entries`, async () => {
      const { context } = look((org, call) => (org === 'tax' ? answer : honest(org, call)));
      const { hits, faults } = await searchCatalogues(context);
      assert.deepEqual([hits.length, faults.map(({ org, code }) => `${org} ${code}`)], [1, ['tax SCHEMA_MISMATCH']]);
    });
  }

  it('names a node that is away, and one that refuses, once', async () => {
    const away: Answer = (org, call) => {
      if (org === 'tax') throw new ProtocolError('PEER_UNREACHABLE', { peer: 'tax' });
      return honest(org, call);
    };
    const { context } = look(away);
    const { document, faults } = await exportDcat(context);
    assert.deepEqual(
      faults.map(({ org, code }) => [org, code]),
      [['tax', 'PEER_UNREACHABLE']],
    );
    assert.equal(
      (document['@graph'] as { '@type': unknown }[]).filter((node) => node['@type'] === 'dcat:Dataset').length,
      1,
    );
    await assert.rejects(catalogueEntry(context, income.id), refusal('PEER_UNREACHABLE', { peer: 'tax' }));
    await assert.rejects(catalogueEntry(context, 'ee'.repeat(32)), refusal('DATASET_UNKNOWN'));
    assert.equal((await catalogueEntry(context, cases.id)).id, cases.id);
  });

  it('ranks by itself: a node cannot push its entry to the front', async () => {
    const stuffed: Answer = (org, call) =>
      org === 'court' ? { owner: org, hits: [cases], more: false } : honest(org, call);
    const { context } = look(stuffed);
    assert.deepEqual((await searchCatalogues(context, { text: 'weather' })).hits, []);
  });
});

describe('a need that is filed from the SDK', () => {
  const words = {
    title: '水电欠费',
    purpose: 'credit-underwriting',
    description: 'x',
    fields: [],
    neededBy: '2027-06-30',
  };

  it('is one signed envelope for all departments', async () => {
    const { context, calls } = look(() => []);
    const { needId } = await fileNeed(context, words);
    const bodies = calls.map(({ call }) => Buffer.from(call.body!).toString());
    assert.deepEqual([bodies.length, new Set(bodies).size, needId.length], [2, 1, 64]);
    const key = { signer: bank.org, keyEpoch: 1, publicKey: bank.ed25519 };
    const opened = openEnvelope(JSON.parse(bodies[0]!), {
      domain: domains.dataNeed,
      key,
      now: new Date(START_MS),
      schema: needSchema,
    });
    assert.equal(Buffer.from(opened.digest).toString('hex'), needId);
    await fileNeed(context, words, ['court']);
    assert.deepEqual(
      calls.slice(2).map(({ org }) => org),
      ['court'],
    );
  });

  it('is believed only of the department that answers for itself', async () => {
    const status = {
      needId: '01'.repeat(32),
      org: 'court',
      filer: bank.org,
      filedAt: '2026-11-21T08:00:00.000Z',
      need: { ...words, nonce: '00'.repeat(32) },
      state: 'declined',
      answers: [],
    };
    const { context } = look((org) => (org === 'tax' ? [status] : []));
    assert.deepEqual((await needStatuses(context)).statuses, []);
    const { context: nonsense } = look(() => [{ state: 'covered' }]);
    assert.equal((await needStatuses(nonsense)).faults.length, 2);
  });
});
