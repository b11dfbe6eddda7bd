import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { Transaction } from 'ethers';
import { startConsortium, switchable } from './chains.ts';

const digest = (digit: string) => digit.repeat(64);

function coded(code: Parameters<typeof isProtocolError>[1], details: Readonly<Record<string, unknown>> = {}) {
  return (cause: unknown) => {
    assert.ok(isProtocolError(cause, code), `${String(code)} expected: ${String(cause)}`);
    for (const [name, value] of Object.entries(details)) assert.equal(cause.details[name], value);
    return true;
  };
}

test('while the chain is away everything says so, and afterwards it goes on', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const { state, rpc: flaky } = switchable(rpc);
  const tax = client('tax', { rpc: flaky });
  state.away = true;
  await assert.rejects(tax.organisation('tax'), coded('CHAIN_UNREACHABLE'));
  await assert.rejects(tax.anchor(1, digest('c')), coded('CHAIN_UNREACHABLE'));
  state.away = false;
  assert.equal((await tax.anchor(1, digest('c'))).already, false);
});

test('a chain that goes away after sending is waited for', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const { state, rpc: flaky } = switchable(rpc);
  let slept = 0;
  const clock = {
    now: () => 1_800_000_000_000 + slept,
    async sleep(ms: number) {
      slept += ms;
      state.away = slept < 1_000;
    },
  };
  const tax = client('tax', {
    clock,
    rpc: {
      async request(method, params) {
        if (method === 'eth_getTransactionReceipt' && slept === 0) state.away = true;
        return flaky.request(method, params);
      },
    },
  });
  await tax.anchor(1, digest('c'));
  assert.ok(slept >= 1_000);
});

test('a transaction that no block takes in times out, and the next one is sent with the right nonce', async (t) => {
  const { client, rpc } = await startConsortium(t);
  let now = 0;
  let dropping = true;
  const nonces: number[] = [];
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  const dropped = {
    async request(method: string, params: readonly unknown[]) {
      if (method === 'eth_sendRawTransaction') nonces.push(Transaction.from(String(params[0])).nonce);
      if (method === 'eth_sendRawTransaction' && dropping) return `0x${digest('f')}`;
      return rpc.request(method, params);
    },
  };
  const tax = client('tax', { rpc: dropped, clock, receiptTimeoutMs: 5_000 });
  await assert.rejects(tax.anchor(1, digest('c')), coded('CHAIN_TIMEOUT', { waitedMs: 5_000 }));
  dropping = false;
  assert.equal((await tax.anchor(1, digest('c'))).already, false);
  assert.deepEqual(nonces, [0, 0]);
});

test('with confirmations, a write counts once blocks stand on top of it', async (t) => {
  const { client, rpc } = await startConsortium(t);
  let naps = 0;
  const clock = {
    now: () => 1_800_000_000_000,
    async sleep() {
      naps += 1;
      await rpc.request('evm_mine', []);
    },
  };
  const outcome = await client('tax', { clock, confirmations: 3 }).anchor(1, digest('c'));
  assert.equal(naps, 3);
  assert.equal(Number(await rpc.request('eth_blockNumber', [])), outcome.blockNumber + 3);
});

test('with confirmations, a block that is replaced meanwhile does not count', async (t) => {
  const { client, rpc } = await startConsortium(t);
  const replaced = digest('d');
  let receipts = 0;
  const reorganised = {
    async request(method: string, params: readonly unknown[]) {
      const answer = await rpc.request(method, params);
      if (method !== 'eth_getTransactionReceipt') return answer;
      receipts += 1;
      // the second look finds it deep enough, but in a block that is gone by the third
      return receipts === 2 ? { ...(answer as object), blockHash: `0x${replaced}` } : answer;
    },
  };
  const clock = {
    now: () => 1_800_000_000_000,
    sleep: async () => void (await rpc.request('evm_mine', [])),
  };
  const tax = client('tax', { rpc: reorganised, clock, confirmations: 1 });
  const outcome = await tax.anchor(1, digest('c'));
  assert.notEqual(outcome.blockHash, replaced);
});

test('a kept connection that the other side closed is no chain that is away; one that closes twice is', async () => {
  const dropped = (code: string) =>
    Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('other side closed'), { code }) });
  const answering = (failures: readonly string[]) => {
    const left = [...failures];
    let calls = 0;
    const rpc = createJsonRpc('http://chain.example', async () => {
      calls += 1;
      const code = left.shift();
      if (code !== undefined) throw dropped(code);
      return { ok: true, status: 200, text: async () => '{"result":"0x1"}' };
    });
    return { rpc, calls: () => calls };
  };
  for (const code of ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']) {
    const { rpc, calls } = answering([code]);
    assert.equal(await rpc.request('eth_chainId', []), '0x1');
    assert.equal(calls(), 2);
  }
  const twice = answering(['UND_ERR_SOCKET', 'UND_ERR_SOCKET']);
  await assert.rejects(twice.rpc.request('eth_chainId', []), coded('CHAIN_UNREACHABLE'));
  const refused = answering(['ECONNREFUSED']);
  await assert.rejects(refused.rpc.request('eth_chainId', []), coded('CHAIN_UNREACHABLE'));
  assert.equal(refused.calls(), 1);
});
