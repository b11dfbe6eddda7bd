/** Everything that enters a computation changes its id: every leaf of request and descriptor is changed in turn. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChainFacts, chunkCount, computationDescriptor, computationId } from '@sealedger/protocol/computation.ts';
import { modelDigest, type RequestDocument, requestDocumentSchema, requestId } from '@sealedger/protocol/request.ts';
import { KERNEL_VERSION, RING_TAG } from '@sealedger/protocol/rlwe/ring.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, requestDocument } from '../node/support/request-fixture.ts';

const document = requestDocument();
const facts: ChainFacts = {
  chainId: 31_337,
  requestsContract: 'ab'.repeat(20),
  requestId: requestId(document),
  attempt: 2,
  grants: [
    { decider: 'tax', grant: hexOf(1) },
    { decider: 'court', grant: hexOf(2) },
  ],
  participants: [
    { org: 'tax', roles: ['department', 'gate'], ed25519: hexOf(3), keyEpoch: 1 },
    { org: 'court', roles: ['department'], ed25519: hexOf(4), keyEpoch: 7 },
    { org: 'bureau', roles: ['gate'], ed25519: hexOf(5), keyEpoch: 2 },
  ],
  gateKeys: [
    { gate: 'tax', publicKey: hexOf(6) },
    { gate: 'bureau', publicKey: hexOf(7) },
  ],
  commitments: [...document.datasets, document.register].map(({ id }, i) => ({ id, commitment: hexOf(0x20 + i) })),
};
const idOf = (doc: RequestDocument, chain: ChainFacts): string => computationId(computationDescriptor(doc, chain));

/** Paths to every leaf of a JSON value. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
}

/** A copy with another value of the same kind at one leaf. */
function changedAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) {
    if (typeof value === 'number') return value + 1;
    if (typeof value === 'boolean') return !value;
    return typeof value === 'string' ? `${value.startsWith('0') ? '1' : '0'}${value.slice(1)}` : 'was null';
  }
  const [key, ...rest] = path;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...(value as object) };
  (copy as Record<string, unknown>)[key!] = changedAt((value as Record<string, unknown>)[key!], rest);
  return copy;
}

describe('the request id', () => {
  it('changes with every field of the document', () => {
    requestDocumentSchema.parse(document);
    const ids = leaves(document).map((path) => requestId(changedAt(document, path) as RequestDocument));
    assert.ok(ids.length > 30);
    assert.equal(new Set([requestId(document), ...ids]).size, ids.length + 1);
  });

  it('depends on the order of datasets and features, and not on the order of keys', () => {
    const { nonce, ...rest } = document;
    assert.equal(requestId({ nonce, ...rest } as RequestDocument), requestId(document));
    assert.notEqual(requestId({ ...document, features: [...document.features].reverse() }), requestId(document));
    assert.notEqual(requestId({ ...document, datasets: [...document.datasets].reverse() }), requestId(document));
  });
});

describe('the model digest', () => {
  it('changes with the public key, with each weight, their order and number, with sheets and scale', () => {
    const manifest = {
      suite: document.suite,
      version: 1 as const,
      ring: RING_TAG,
      publicKey: hexOf(1),
      weights: [hexOf(2), hexOf(3)],
      sheets: [hexOf(4)],
      scaleBits: 30,
    };
    const changed = [
      { ...manifest, publicKey: hexOf(9) },
      { ...manifest, weights: [hexOf(3), hexOf(2)] },
      { ...manifest, weights: [hexOf(2)] },
      { ...manifest, weights: [hexOf(2), hexOf(9)] },
      { ...manifest, sheets: [hexOf(5)] },
      { ...manifest, scaleBits: 29 },
    ];
    assert.equal(new Set([manifest, ...changed].map(modelDigest)).size, 7);
  });
});

describe('the computation id', () => {
  const descriptor = computationDescriptor(document, facts);

  it('changes with every leaf of the descriptor', () => {
    const paths = leaves(descriptor);
    const ids = paths.map((path) => computationId(changedAt(descriptor, path)));
    assert.ok(paths.length > 90, String(paths.length));
    assert.equal(new Set([computationId(descriptor), ...ids]).size, ids.length + 1);
  });

  it('changes with every fact from the chain', () => {
    const paths = leaves(facts);
    const ids = paths.map((path) => idOf(document, changedAt(facts, path) as ChainFacts));
    assert.equal(new Set([idOf(document, facts), ...ids]).size, ids.length + 1);
  });

  it('changes with every change of the request that still has parameters', () => {
    const changes: readonly Partial<RequestDocument>[] = [
      { modelDigest: hexOf(0x55) },
      { register: { ...document.register, id: hexOf(0x56) } },
      { datasets: document.datasets.map((dataset) => ({ ...dataset, version: 2 })) },
      { features: document.features.map((entry) => ({ ...entry, valueBits: entry.valueBits.map(() => 1) })) },
      { features: document.features.map((entry) => ({ ...entry, sheet: hexOf(0x58) })) },
      { features: [...document.features].reverse() },
      { scaleBits: 21 },
      { quota: 101 },
      { expiresAt: document.expiresAt + 1 },
      { singleDepartment: true },
      { nonce: hexOf(0x57) },
    ];
    const ids = changes.map((change) => idOf({ ...document, ...change }, facts));
    assert.equal(new Set([idOf(document, facts), ...ids]).size, ids.length + 1);
  });

  it('changes when a participant, a grant, a gate key or a commitment is added or left out', () => {
    const without = <K extends 'participants' | 'grants' | 'commitments'>(key: K) => ({
      ...facts,
      [key]: facts[key].slice(1),
    });
    const added = { ...facts, participants: [...facts.participants, { ...facts.participants[0]!, org: 'water' }] };
    const ids = [facts, without('participants'), without('grants'), without('commitments'), added].map((f) =>
      idOf(document, f),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it('holds the kernel version, the ring, the noise policy, and the certifier of the model', () => {
    const text = JSON.stringify(descriptor);
    for (const part of [KERNEL_VERSION, RING_TAG, '"totalWidthLog2":-12', '"certifier":null', '"floodBits"']) {
      assert.ok(text.includes(part), part);
    }
  });

  it('does not depend on the order in which participants, grants, keys and commitments came', () => {
    const turned = {
      ...facts,
      participants: [...facts.participants].reverse(),
      grants: [...facts.grants].reverse(),
      gateKeys: [...facts.gateKeys].reverse(),
      commitments: [...facts.commitments].reverse(),
    };
    assert.equal(idOf(document, turned), idOf(document, facts));
  });

  it('is not made before an attempt, a grant and every gate key are there', () => {
    const incomplete = refusal('COMPUTATION_INCOMPLETE');
    assert.throws(() => idOf(document, { ...facts, attempt: 0 }), incomplete);
    assert.throws(() => idOf(document, { ...facts, grants: [] }), incomplete);
    assert.throws(() => idOf(document, { ...facts, gateKeys: facts.gateKeys.slice(1) }), incomplete);
  });

  it('counts chunks up: 1, 8,191 and 8,192 subjects fill one, 8,193 need two', () => {
    assert.deepEqual(
      [1, 8191, 8192, 8193, 16_384].map((people) => chunkCount(people, 8192)),
      [1, 1, 1, 2, 2],
    );
  });
});
