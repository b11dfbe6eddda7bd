/** Reading logs from nodes that cap what they answer, or answer something else than was asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { findLastEvent, type LedgerEvent, readEvents } from '@sealedger/protocol/ledger/events.ts';
import { ChainRpcError, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { MAX_BLOCKS_PER_READ } from '@sealedger/protocol/ledger/logs.ts';
import { type Ledger, startConsortium } from './chains.ts';

const everything = { fromBlock: 0, toBlock: 'latest' } as const;
type Filter = { readonly fromBlock: string; readonly toBlock: string };
type Log = Record<string, unknown> & { readonly blockNumber: string };

/** A node over a real chain; `answer` is given the logs that the chain has. */
function nodeOver(rpc: Rpc, answer: (logs: Log[], from: number, to: number) => unknown) {
  const ranges: [number, number][] = [];
  const node: Rpc = {
    async request(method, params) {
      if (method !== 'eth_getLogs') return rpc.request(method, params);
      const { fromBlock, toBlock } = params[0] as Filter;
      const [from, to] = [Number(fromBlock), Number(toBlock)];
      ranges.push([from, to]);
      return answer((await rpc.request(method, params)) as Log[], from, to);
    },
  };
  return { node, ranges };
}

/** A consortium whose tax office anchored in every third block. */
async function longChain(t: Parameters<typeof startConsortium>[0]): Promise<Ledger> {
  const ledger = await startConsortium(t);
  for (let size = 1; size <= 10; size++) {
    await ledger.client('tax').anchor(size, 'c'.repeat(64));
    await ledger.rpc.request('hardhat_mine', ['0x2']);
  }
  return ledger;
}

const refusals: readonly (readonly [string, (cap: number, from: number) => ChainRpcError])[] = [
  ['Besu', () => new ChainRpcError('eth_getLogs', -32005, 'Requested range exceeds maximum RPC range limit')],
  ['Geth', () => new ChainRpcError('eth_getLogs', -32602, 'query returned more than 10000 results')],
  ['Nethermind', (cap) => new ChainRpcError('eth_getLogs', -32602, `block range is too large, max range: ${cap}`)],
  ['a gateway', (cap) => new ChainRpcError('eth_getLogs', -32000, `eth_getLogs is limited to a ${cap} range`)],
  ['EIP-1474 without words', () => new ChainRpcError('eth_getLogs', -32005, '')],
];

for (const [name, refusal] of refusals) {
  test(`reads everything in order from a node that caps ranges as ${name} does`, async (t) => {
    const ledger = await longChain(t);
    const all = await readEvents(ledger.rpc, ledger.deployment, everything);
    assert.ok(all.length >= 18);
    for (const cap of [1, 3, 7]) {
      const { node, ranges } = nodeOver(ledger.rpc, (logs, from, to) => {
        if (to - from + 1 > cap) throw refusal(cap, from);
        return logs;
      });
      assert.deepEqual(await readEvents(node, ledger.deployment, everything), all);
      assert.ok(ranges.every(([from]) => from >= ledger.deployment.firstBlock!));
    }
  });
}

test('a cap on the number of results shrinks the range only where it is dense', async (t) => {
  const ledger = await longChain(t);
  const all = await readEvents(ledger.rpc, ledger.deployment, everything);
  const { node, ranges } = nodeOver(ledger.rpc, (logs) => {
    if (logs.length > 2) throw new ChainRpcError('eth_getLogs', -32005, 'too many results');
    return logs;
  });
  assert.deepEqual(await readEvents(node, ledger.deployment, everything), all);
  assert.ok(ranges.length < 40, `${ranges.length} calls`);
});

test('never asks for more than a bounded range, and for nothing before the deployment', async (t) => {
  const ledger = await startConsortium(t);
  await ledger.rpc.request('hardhat_mine', [`0x${(2 * MAX_BLOCKS_PER_READ).toString(16)}`]);
  await ledger.client('tax').anchor(1, 'c'.repeat(64));
  const { node, ranges } = nodeOver(ledger.rpc, (logs) => logs);
  const events = await readEvents(node, ledger.deployment, everything);
  assert.equal(events.length, 9);
  assert.ok(ranges.every(([from, to]) => to - from < MAX_BLOCKS_PER_READ));
  assert.equal(ranges[0]?.[0], 1, 'the first contract is in block 1');
  assert.equal(ranges.length, 3);
});

test('what happened lately is found from the end, with one call', async (t) => {
  const ledger = await startConsortium(t);
  await ledger.rpc.request('hardhat_mine', [`0x${(2 * MAX_BLOCKS_PER_READ).toString(16)}`]);
  await ledger.client('tax').anchor(1, 'c'.repeat(64));
  const { node, ranges } = nodeOver(ledger.rpc, (logs) => logs);
  const isAnchor = ({ name }: LedgerEvent) => name === 'CheckpointAnchored';
  const found = await findLastEvent(node, ledger.deployment, everything, ['evidence'], isAnchor);
  assert.equal(found?.name, 'CheckpointAnchored');
  assert.equal(ranges.length, 1);
  const isAdmission = ({ name }: LedgerEvent) => name === 'OrganisationAdmitted';
  const first = await findLastEvent(node, ledger.deployment, everything, ['consortium'], isAdmission);
  assert.ok(first?.name === 'OrganisationAdmitted' && first.args.org === 'bureau', 'the last of the four');
  assert.equal(await findLastEvent(node, ledger.deployment, everything, ['requests'], () => true), null);
});

test('a write that was made already is found on a node with a cap', async (t) => {
  const ledger = await longChain(t);
  const { node } = nodeOver(ledger.rpc, (logs, from, to) => {
    if (to - from > 1) throw new ChainRpcError('eth_getLogs', -32005, 'Requested range exceeds maximum');
    return logs;
  });
  const again = await ledger.client('tax', { rpc: node }).anchor(1, 'c'.repeat(64));
  assert.equal(again.already, true);
});

test('an error that is not about size is not asked again in smaller ranges', async (t) => {
  const ledger = await longChain(t);
  for (const refusal of [
    new ChainRpcError('eth_getLogs', -32601, 'the method eth_getLogs does not exist'),
    new ChainRpcError('eth_getLogs', -32603, 'Internal error'),
    new ProtocolError('CHAIN_UNREACHABLE', { method: 'eth_getLogs' }),
  ]) {
    const { node, ranges } = nodeOver(ledger.rpc, () => {
      throw refusal;
    });
    await assert.rejects(readEvents(node, ledger.deployment, everything), (cause) => cause === refusal);
    assert.equal(ranges.length, 1);
  }
});

test('a node that refuses even one block ends the read with its own words', async (t) => {
  const ledger = await longChain(t);
  const { node, ranges } = nodeOver(ledger.rpc, () => {
    throw new ChainRpcError('eth_getLogs', -32005, 'limit exceeded');
  });
  await assert.rejects(
    readEvents(node, ledger.deployment, everything),
    (cause) => isProtocolError(cause, 'CHAIN_RPC_ERROR') && cause.details['reason'] === 'limit exceeded',
  );
  assert.ok(ranges.length < 20);
});

test('what a node sends beside the question counts for nothing: other blocks, topics, addresses, removed logs', async (t) => {
  const ledger = await longChain(t);
  const range = { fromBlock: 10, toBlock: 20 };
  const expected = await readEvents(ledger.rpc, ledger.deployment, range, ['evidence']);
  assert.ok(expected.length > 0);
  const every = (await ledger.rpc.request('eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest' }])) as Log[];
  const lookAlike = every.map((log, i) => ({
    ...log,
    address: `0x${'ee'.repeat(20)}`,
    logIndex: `0x${(90 + i).toString(16)}`,
  }));
  const { node } = nodeOver(ledger.rpc, (logs) => [
    ...every.filter((log) => !logs.some((one) => one['transactionHash'] === log['transactionHash'])),
    ...lookAlike,
    ...logs.map((log) => ({ ...log, logIndex: '0x63', removed: true })),
    ...logs.toReversed(),
  ]);
  assert.deepEqual(await readEvents(node, ledger.deployment, range, ['evidence']), expected);
});

test('one log twice is an answer that cannot be true', async (t) => {
  const ledger = await longChain(t);
  const { node } = nodeOver(ledger.rpc, (logs) => [...logs, ...logs]);
  await assert.rejects(readEvents(node, ledger.deployment, everything), (cause) =>
    isProtocolError(cause, 'CHAIN_REPLY_MALFORMED'),
  );
});
