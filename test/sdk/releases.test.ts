import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { type ReleasedScore, resultLeaf, resultRoot } from '@sealedger/protocol/result.ts';
import type { BankContext } from '@sealedger/sdk/bank.ts';
import { createReleases, type Releases } from '@sealedger/sdk/releases.ts';
import { assertFree } from '../node/support/refusals.ts';
import { hexOf } from '../node/support/request-fixture.ts';
import { subjectOf } from '../node/support/subjects.ts';
import { bankPorts, fakePeers, memoryStore } from './support/bank-fixture.ts';

const ID = hexOf(0x42);
const scored = (n: number): ReleasedScore => ({ subject: subjectOf(n), status: 'scored', score: String(1000 + n) });

interface Committed {
  readonly batch: number;
  readonly commitment: string;
  readonly count: number;
}

/** A bank whose process can be started again over the same store and chain. */
function bank() {
  const store = memoryStore();
  const chain: Committed[] = [];
  const told: string[] = [];
  const fault = { before: false, after: false, gates: false };
  const ledger = {
    resultsOf: async () => ({ batches: chain.length, count: chain.reduce((sum, { count }) => sum + count, 0) }),
    resultCommitment: async (_: string, __: string, batch: number) => chain[batch - 1]?.commitment ?? null,
    commitResult: async ({ batch, commitment, count }: Committed) => {
      if (fault.before) throw new ProtocolError('CHAIN_UNREACHABLE', {});
      assert.equal(batch, chain.length + 1);
      chain.push({ batch, commitment, count });
      if (fault.after) throw new Error('the bank was killed');
    },
    request: async () => ({ terms: { gates: ['bureau', 'audit'] } }),
  } as unknown as LedgerClient;
  const peers = fakePeers(async (peer, { body }) => {
    if (fault.gates) throw new ProtocolError('PEER_UNREACHABLE', { peer: peer.org });
    told.push(`${peer.org} ${Buffer.from(body!).toString()}`);
    return utf8('{"logged":true}');
  });
  const peer = async (org: string) => ({ org, endpoint: '', keyEpoch: 1, ed25519: new Uint8Array(32) });
  const context = { org: 'bank', ledger, peers, ports: bankPorts(store), peer } as unknown as BankContext;
  return { store, chain, told, fault, start: (): Releases => createReleases(context) };
}

/** The root that the stored openings of a batch give. */
function rootOf(store: ReturnType<typeof memoryStore>, batch: number): string {
  const openings = JSON.parse(
    new TextDecoder().decode(store.entries.get(`result/${ID}/${batch}`)),
  ) as (ReleasedScore & { salt: string })[];
  return toHex(resultRoot(openings.map(({ salt, ...score }) => resultLeaf(score, fromHex(salt)))));
}

describe('released scores', () => {
  it('are committed to once, all of them, and their openings are kept', async () => {
    const b = bank();
    const releases = b.start();
    await releases.note(ID, [scored(1), scored(2)]);
    await releases.note(ID, [{ subject: subjectOf(3), status: 'not-in-register', score: null }]);
    assert.equal(await releases.commit(ID), 1);
    assert.equal(await releases.commit(ID), null);
    assert.deepEqual(
      b.chain.map(({ count }) => count),
      [3],
    );
    assert.equal(rootOf(b.store, 1), b.chain[0]!.commitment);
    assert.deepEqual(b.told.sort(), ['audit {"batch":1}', 'bureau {"batch":1}']);
    await releases.note(ID, [scored(4)]);
    assert.equal(await releases.commit(ID), 2);
    assert.equal(b.chain[1]!.count, 1);
  });

  it('wait over a restart', async () => {
    const b = bank();
    await b.start().note(ID, [scored(1)]);
    await b.start().note(ID, [scored(2)]);
    assert.equal(await b.start().commit(ID), 1);
    assert.equal(b.chain[0]!.count, 2);
    assert.equal(await b.start().commit(ID), null);
  });

  for (const [name, set] of [
    [
      'the chain is away',
      (f: ReturnType<typeof bank>['fault'], on: boolean) => {
        f.before = on;
      },
    ],
    [
      'the bank is killed after the chain has it',
      (f: ReturnType<typeof bank>['fault'], on: boolean) => {
        f.after = on;
      },
    ],
    [
      'a gate is away',
      (f: ReturnType<typeof bank>['fault'], on: boolean) => {
        f.gates = on;
      },
    ],
  ] as const) {
    it(`are committed to once, under the same root, where ${name}`, async () => {
      const b = bank();
      await b.start().note(ID, [scored(1), scored(2)]);
      set(b.fault, true);
      await assert.rejects(b.start().commit(ID));
      const prepared = rootOf(b.store, 1);
      set(b.fault, false);
      assert.equal(await b.start().commit(ID), 1);
      assert.deepEqual(
        b.chain.map(({ commitment }) => commitment),
        [prepared],
      );
      assert.equal(b.told.length, 2);
      assert.equal(await b.start().commit(ID), null);
    });
  }

  it('that came after a commitment which was cut short are not mixed with those before it', async () => {
    const b = bank();
    await b.start().note(ID, [scored(1)]);
    b.fault.after = true;
    await assert.rejects(b.start().commit(ID), /killed/);
    b.fault.after = false;
    const again = b.start();
    await again.note(ID, [scored(2)]);
    while ((await again.commit(ID)) !== null);
    assert.deepEqual(
      b.chain.map(({ count }) => count),
      [1, 1],
      'each score stands in one batch',
    );
  });

  it('tell the chain and the gates nothing but a root and a count', async () => {
    const b = bank();
    const releases = b.start();
    await releases.note(ID, [scored(1)]);
    await releases.commit(ID);
    assertFree([b.chain, b.told], [subjectOf(1), '1001']);
    const other = bank();
    await other.start().note(ID, [scored(1)]);
    await other.start().commit(ID);
    assert.notEqual(other.chain[0]!.commitment, b.chain[0]!.commitment, 'equal scores have other salts');
  });

  it('open one by one: another subject, score, status or salt is another leaf', () => {
    const salt = new Uint8Array(16).fill(1);
    const leaf = toHex(resultLeaf(scored(1), salt));
    const others = [
      resultLeaf({ ...scored(1), subject: subjectOf(2) }, salt),
      resultLeaf({ ...scored(1), score: '1002' }, salt),
      resultLeaf({ ...scored(1), status: 'not-in-register' }, salt),
      resultLeaf(scored(1), new Uint8Array(16).fill(2)),
      resultLeaf(scored(1), new Uint8Array(17).fill(1)),
    ].map(toHex);
    assert.equal(new Set([leaf, ...others]).size, 6);
  });
});
