import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ComputationRecord, computationKeys } from '@sealedger/node/compute/computation.ts';
import { peerKeys } from '@sealedger/node/compute/computations.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { type Announcement, computationIdBytes } from '@sealedger/protocol/computation.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import type { SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { computationKeyPair } from '@sealedger/protocol/register.ts';
import { kindOf } from './support/node-state.ts';
import type { Organisation } from './support/organisations.ts';
import { announce, assemble, document, type Node, nodeOf, orgs, PEOPLE, view } from './support/participants.ts';
import { refusal } from './support/refusals.ts';
import { hexOf, versionViews } from './support/request-fixture.ts';

/** The announcements of all three, as the bank collects them. */
async function collect(t: TestContext, own: Node): Promise<{ id: string; envelopes: SignedEnvelope<Announcement>[] }> {
  const envelopes = [
    await announce(own),
    await announce(await nodeOf(t, 'court')),
    await announce(await nodeOf(t, 'bureau')),
  ];
  return { id: envelopes[0]!.body.computationId, envelopes };
}

describe('an announcement', () => {
  it('is of the same computation at every participant, and its key can be derived from the seed and the id alone', async (t) => {
    const { id, envelopes } = await collect(t, await nodeOf(t));
    assert.deepEqual(new Set(envelopes.map(({ body }) => body.computationId)), new Set([id]));
    const own = computationKeyPair(orgs.tax.seed, computationIdBytes(id));
    assert.equal(envelopes[0]!.body.publicKey, toHex(own.publicKey));
    assert.equal(new Set(envelopes.map(({ body }) => body.publicKey)).size, 3);
  });

  it('is given out once and repeated as it was, with one event', async (t) => {
    const own = await nodeOf(t);
    const first = await announce(own);
    assert.deepEqual(await announce(own), first);
    assert.deepEqual((await own.node.logged()).map(kindOf), ['computation']);
    const record = await own.node.state.get<ComputationRecord>(computationKeys.record(first.body.computationId));
    assert.deepEqual(
      [record!.people, record!.chunks, record!.roles, record!.participants],
      [PEOPLE, 3, ['department', 'gate'], ['bureau', 'court', 'tax']],
    );
  });

  it('is only for the attempt that the contract gave out last', async (t) => {
    const own = await nodeOf(t);
    for (const attempt of [0, 2, -1])
      await assert.rejects(announce(own, attempt), refusal('COMPUTATION_ATTEMPT', { current: 1 }));
    own.ledger.change(view.id, { attempt: 0 });
    await assert.rejects(announce(own, 0), refusal('COMPUTATION_ATTEMPT'));
    assert.equal(own.node.log.size, 0);
  });

  it('is refused to anybody but the requester, and where the request is not active', async (t) => {
    const own = await nodeOf(t);
    await assert.rejects(own.computations.announce('court', view.id, 1), refusal('REQUEST_NOT_REQUESTER'));
    await assert.rejects(own.computations.announce('bank', hexOf(1), 1), refusal('REQUEST_UNKNOWN'));
    for (const state of ['submitted', 'revoked', 'completed', 'superseded'] as const) {
      own.ledger.change(view.id, { state });
      await assert.rejects(announce(own), refusal('REQUEST_NOT_ACTIVE', { state }));
    }
    own.ledger.change(view.id, { state: 'expired' });
    await assert.rejects(announce(own), refusal('GRANT_EXPIRED'));
    own.ledger.change(view.id, { state: 'suspended' });
    await assert.rejects(announce(own), refusal('GRANT_SUSPENDED'));
    own.ledger.change(view.id, { state: 'active' });
    own.members.suspended.add('court');
    await assert.rejects(announce(own), refusal('MEMBER_SUSPENDED', { org: 'court' }));
    assert.equal(own.node.log.size, 0);
  });

  it('needs the document that this node accepted, never one from the message', async (t) => {
    const own = await nodeOf(t);
    await own.node.state.write([{ type: 'del', key: computationKeys.document(view.id) }]);
    await assert.rejects(announce(own), refusal('REQUEST_UNKNOWN'));
  });

  it('of another descriptor under the same attempt is refused for ever: no second sum under one number', async (t) => {
    const own = await nodeOf(t);
    const { body } = await announce(own);
    const conflict = refusal('COMPUTATION_CONFLICT', { computationId: body.computationId, part: 'descriptor' });
    own.ledger.change(view.id, { gates: ['bureau'], gateKeys: view.gateKeys });
    await assert.rejects(announce(own), conflict);
    own.ledger.change(view.id, {
      gates: view.gates,
      gateKeys: view.gateKeys.map((key) => ({ ...key, publicKey: hexOf(9) })),
    });
    await assert.rejects(announce(own), conflict);
    own.ledger.change(view.id, {
      gateKeys: view.gateKeys,
      decisions: view.decisions.map((d) => ({ ...d, grantHash: hexOf(8) })),
    });
    await assert.rejects(announce(own), conflict);
    own.ledger.change(view.id, { decisions: view.decisions });
    const [version] = versionViews(document);
    own.ledger.versions.set(version!.id, { ...version!, commitment: hexOf(7) });
    await assert.rejects(announce(own), conflict);
    own.ledger.versions.set(version!.id, version!);
    assert.deepEqual((await announce(own)).body, body);
  });
});

describe('a start', () => {
  it('with everybody’s announcement runs the computation, and again changes nothing', async (t) => {
    const own = await nodeOf(t);
    const { id, envelopes } = await collect(t, own);
    const status = await own.computations.start('bank', id, envelopes);
    assert.deepEqual([status.state, status.chunks, status.completedChunks], ['running', 3, 0]);
    await own.computations.start('bank', id, [...envelopes].reverse());
    assert.equal(own.started.length, 1);
    assert.deepEqual(
      peerKeys(own.started[0]!, 'tax').map(({ org }) => org),
      ['bureau', 'court'],
    );
    assert.deepEqual(
      (await own.node.logged()).map((e) => e.openings['state']!.value),
      ['announced', 'started'],
    );
  });

  type Forge = (envelopes: SignedEnvelope<Announcement>[]) => unknown[];
  const resigned =
    (org: Organisation, change: Partial<Announcement>): Forge =>
    (envelopes) =>
      envelopes.map((e) => (e.signer === org.org ? org.envelope(domains.announcement, { ...e.body, ...change }) : e));
  const forged: readonly (readonly [string, Forge, Parameters<typeof refusal>[0]])[] = [
    ['one participant missing', (e) => e.slice(0, 2), 'ANNOUNCEMENTS_INCOMPLETE'],
    ['one participant twice', (e) => [e[0], e[1], e[1]], 'ANNOUNCEMENTS_INCOMPLETE'],
    [
      'an additional organisation',
      (e) => [...e, orgs.bank.envelope(domains.announcement, { ...e[0]!.body, org: 'bank' })],
      'ANNOUNCEMENTS_INCOMPLETE',
    ],
    [
      'a foreign organisation in one’s place',
      (e) => [e[0], e[1], orgs.bank.envelope(domains.announcement, { ...e[2]!.body, org: 'bank' })],
      'ANNOUNCEMENTS_INCOMPLETE',
    ],
    ['an announcement in another’s name', resigned(orgs.court, { org: 'tax' }), 'ANNOUNCEMENTS_INCOMPLETE'],
    [
      'an announcement of another computation',
      resigned(orgs.court, { computationId: hexOf(1) }),
      'ANNOUNCEMENTS_INCOMPLETE',
    ],
    ['this node’s own announcement changed', resigned(orgs.tax, { publicKey: hexOf(1) }), 'ANNOUNCEMENTS_INCOMPLETE'],
    [
      'a key that its owner did not sign',
      (e) => e.map((x) => (x.signer === 'court' ? { ...x, body: { ...x.body, publicKey: hexOf(1) } } : x)),
      'ENVELOPE_SIGNATURE',
    ],
    [
      'a signature by another key',
      (e) =>
        e.map((x) =>
          x.signer === 'court' ? { ...orgs.bank.envelope(domains.announcement, x.body), signer: 'court' } : x,
        ),
      'ENVELOPE_SIGNATURE',
    ],
    [
      'an envelope of another kind',
      (e) => e.map((x) => (x.signer === 'court' ? orgs.court.envelope(domains.grant, x.body) : x)),
      'ENVELOPE_DOMAIN',
    ],
    ['garbage', (e) => [e[0], e[1], null], 'ANNOUNCEMENTS_INCOMPLETE'],
  ];
  for (const [name, forge, code] of forged) {
    it(`with ${name} is refused, and nothing runs`, async (t) => {
      const own = await nodeOf(t);
      const { id, envelopes } = await collect(t, own);
      await assert.rejects(own.computations.start('bank', id, forge(envelopes)), refusal(code));
      assert.deepEqual([own.started.length, own.node.log.size], [0, 1]);
      await own.computations.start('bank', id, envelopes);
    });
  }

  it('with another key of a participant is refused once it runs: one set of masks under one id', async (t) => {
    const own = await nodeOf(t);
    const { id, envelopes } = await collect(t, own);
    await own.computations.start('bank', id, envelopes);
    const others = resigned(orgs.court, { publicKey: hexOf(1) })(envelopes);
    await assert.rejects(
      own.computations.start('bank', id, others),
      refusal('COMPUTATION_CONFLICT', { part: 'announcements' }),
    );
    assert.equal(own.started.length, 1);
  });

  it('is refused to anybody but the requester, and for an unknown computation', async (t) => {
    const own = await nodeOf(t);
    const { id, envelopes } = await collect(t, own);
    await assert.rejects(own.computations.start('court', id, envelopes), refusal('REQUEST_NOT_REQUESTER'));
    await assert.rejects(own.computations.start('bank', hexOf(1), envelopes), refusal('COMPUTATION_UNKNOWN'));
    await assert.rejects(own.computations.status('court', id), refusal('REQUEST_NOT_REQUESTER'));
  });
});

describe('the data of a computation', () => {
  const [cases, returns] = document.datasets.map(({ id }) => id) as [string, string];
  const score = (scoreBasisPoints: number) => ({
    round: 1,
    ruleSetHash: hexOf(1),
    reportHash: hexOf(2),
    scoreBasisPoints,
  });

  it('is held against this organisation’s own floor when it announces, and again when it starts', async (t) => {
    const own = await nodeOf(t);
    own.ownFloor.value = 9_000;
    await assert.rejects(announce(own), refusal('QUALITY_MISSING', { dataset: cases, floor: 9_000 }));
    own.ledger.measurements.set(cases, score(9_000)).set(returns, score(8_999));
    const below = refusal('QUALITY_BELOW_FLOOR', { dataset: returns, floor: 9_000, score: 8_999 });
    await assert.rejects(announce(own), below);
    assert.equal(own.node.log.size, 0);
    own.ledger.measurements.set(returns, score(9_000));
    const { id, envelopes } = await collect(t, own);
    own.ledger.measurements.set(returns, score(8_999));
    await assert.rejects(own.computations.start('bank', id, envelopes), below);
    assert.deepEqual([own.started.length, own.node.log.size], [0, 1]);
    own.ledger.measurements.set(returns, score(10_000));
    assert.equal((await own.computations.start('bank', id, envelopes)).state, 'running');
  });

  it('that was withdrawn by its owner is announced by nobody, and does not start', async (t) => {
    const own = await nodeOf(t);
    const offered = own.ledger.versions.get(cases)!;
    const gone = refusal('DATASET_WITHDRAWN', { dataset: cases });
    own.ledger.versions.set(cases, { ...offered, state: 'withdrawn' });
    await assert.rejects(announce(own), gone);
    own.ledger.versions.set(cases, offered);
    const { id, envelopes } = await collect(t, own);
    own.ledger.versions.set(cases, { ...offered, state: 'withdrawn' });
    await assert.rejects(own.computations.start('bank', id, envelopes), gone);
    assert.equal(own.started.length, 0);
  });

  it('may fall below a floor once it runs: what was started is repeated, not begun again', async (t) => {
    const own = await nodeOf(t);
    const { id, envelopes } = await collect(t, own);
    await own.computations.start('bank', id, envelopes);
    own.ownFloor.value = 9_000;
    assert.equal((await own.computations.start('bank', id, envelopes)).state, 'running');
    assert.equal((await announce(own)).body.computationId, id);
    assert.equal(own.started.length, 1);
  });
});

describe('a later attempt', () => {
  it('retires the one before it: the old one neither starts, nor is shown, nor is served', async (t) => {
    const own = await nodeOf(t);
    const { id, envelopes } = await collect(t, own);
    own.ledger.change(view.id, { attempt: 2 });
    const next = (await announce(own, 2)).body.computationId;
    assert.notEqual(next, id);
    const retired = refusal('COMPUTATION_RETIRED', { computationId: id });
    await assert.rejects(own.computations.start('bank', id, envelopes), retired);
    await assert.rejects(own.computations.status('bank', id), retired);
    await assert.rejects(own.computations.owned('bank', id), retired);
    assert.equal((await own.computations.current(view.id))!.computationId, next);
    await assert.rejects(announce(own, 1), refusal('COMPUTATION_ATTEMPT', { current: 2 }));
    assert.equal(own.started.length, 0);
  });
});

describe('a node that stopped', () => {
  it('goes on with what ran, and with that only', async (t) => {
    const own = await nodeOf(t);
    const { id, envelopes } = await collect(t, own);
    const idle = assemble('tax', own.node, own.ledger);
    await idle.computations.resume();
    assert.deepEqual(idle.started, []);
    await own.computations.start('bank', id, envelopes);
    const again = assemble('tax', own.node, own.ledger);
    await again.computations.resume();
    assert.deepEqual(again.started, own.started);
    own.ledger.change(view.id, { attempt: 2 });
    await announce(again, 2);
    const last = assemble('tax', own.node, own.ledger);
    await last.computations.resume();
    assert.deepEqual(last.started, []);
  });
});
