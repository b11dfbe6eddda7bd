/** Writes whose block is taken back before they have their confirmations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { readEvents } from '@sealedger/protocol/ledger/events.ts';
import { type Ledger, publishAndPrepare, startConsortium } from './chains.ts';

/** A clock on whose steps something happens on the chain, and every other step mines a block. */
function chainClock(ledger: Ledger, steps: Readonly<Record<number, () => Promise<unknown>>>) {
  let [now, step] = [1_800_000_000_000, 0];
  return {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
      step += 1;
      const act = steps[step] ?? (() => ledger.rpc.request('evm_mine', []));
      await act();
    },
    steps: () => step,
  };
}

const namesOf = async ({ rpc, deployment }: Ledger, from: number) =>
  (await readEvents(rpc, deployment, { fromBlock: from, toBlock: 'latest' })).map(({ name }) => name);

async function prepared(t: Parameters<typeof startConsortium>[0]) {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  await ledger.client('bank').submitRequest(terms);
  const from = Number(await ledger.rpc.request('eth_blockNumber', [])) + 1;
  const before = await ledger.rpc.request('evm_snapshot', []);
  return { ledger, id: terms.requestDigest, versions: terms.datasetVersions, from, before };
}

const decision = { approved: true, reasonHash: '3'.repeat(64), grantHash: '4'.repeat(64) };

test('every write of a node survives: it is sent again as it was, stands once, and is reported where it stands', async (t) => {
  const measurement = { ruleSetHash: '5'.repeat(64), scoreBasisPoints: 9_000, reportHash: '6'.repeat(64) };
  const { ledger, id, versions, from } = await prepared(t);
  const writes = {
    RequestDecided: (client: ReturnType<Ledger['client']>) => client.decide(id, decision),
    QualityRecorded: (client: ReturnType<Ledger['client']>) =>
      client.recordQuality({ id: versions[1]!, ...measurement }),
    GateKeyPublished: (client: ReturnType<Ledger['client']>) => client.publishGateKey(id, '7'.repeat(64)),
    CheckpointAnchored: (client: ReturnType<Ledger['client']>) => client.anchor(5, '8'.repeat(64)),
    DatasetVersionWithdrawn: (client: ReturnType<Ledger['client']>) => client.withdrawDatasetVersion(versions[1]!),
  } as const;
  const done: string[] = [];
  for (const [event, write] of Object.entries(writes)) {
    const before = await ledger.rpc.request('evm_snapshot', []);
    const clock = chainClock(ledger, { 1: () => ledger.rpc.request('evm_revert', [before]) });
    const outcome = await write(ledger.client('court', { clock, confirmations: 2 }));
    done.push(event);
    assert.deepEqual(await namesOf(ledger, from), done);
    const block = (await ledger.rpc.request('eth_getBlockByNumber', [
      `0x${outcome.blockNumber.toString(16)}`,
      false,
    ])) as {
      readonly hash: string;
    };
    assert.equal(block.hash, `0x${outcome.blockHash}`, event);
    assert.ok(clock.steps() >= 3);
  }
});

test('a write whose nonce went to another transaction is made anew', async (t) => {
  const { ledger, id, from, before } = await prepared(t);
  const clock = chainClock(ledger, {
    1: async () => {
      await ledger.rpc.request('evm_revert', [before]);
      await ledger.client('court').publishGateKey(id, '7'.repeat(64));
    },
  });
  const outcome = await ledger.client('court', { clock, confirmations: 2 }).decide(id, decision);
  assert.equal(outcome.already, false);
  assert.deepEqual(await namesOf(ledger, from), ['GateKeyPublished', 'RequestDecided']);
});

test('a write that another process made in its place is reported as made already', async (t) => {
  const { ledger, id, from, before } = await prepared(t);
  const clock = chainClock(ledger, {
    1: async () => {
      await ledger.rpc.request('evm_revert', [before]);
      await ledger.rpc.request('evm_mine', []);
      await ledger.client('court').publishGateKey(id, '7'.repeat(64));
      await ledger.client('court').decide(id, decision);
    },
  });
  const outcome = await ledger.client('court', { clock, confirmations: 2 }).decide(id, decision);
  assert.equal(outcome.already, true);
  assert.deepEqual(await namesOf(ledger, from), ['GateKeyPublished', 'RequestDecided']);
});

test('a chain that goes on taking it back ends in a time-out, after which it may be called again', async (t) => {
  const { ledger, id, from } = await prepared(t);
  let snapshot = await ledger.rpc.request('evm_snapshot', []);
  let now = 1_800_000_000_000;
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
      await ledger.rpc.request('evm_revert', [snapshot]);
      snapshot = await ledger.rpc.request('evm_snapshot', []);
    },
  };
  const client = ledger.client('court', { clock, confirmations: 2, receiptTimeoutMs: 2_000 });
  await assert.rejects(client.decide(id, decision), (cause) => isProtocolError(cause, 'CHAIN_TIMEOUT'));
  await ledger.rpc.request('evm_revert', [snapshot]);
  assert.deepEqual(await namesOf(ledger, from), []);
  await ledger.client('court').decide(id, decision);
  assert.deepEqual(await namesOf(ledger, from), ['RequestDecided']);
});
