/** The process of the embedded chain, killed, restarted and lied to. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type BlockSeal, verifyBlockSeal } from '@sealedger/protocol/ledger/block-seal.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { blockHash } from '@sealedger/protocol/ledger/reader.ts';
import { createSender } from '@sealedger/protocol/ledger/transactions.ts';
import { admitOrganisations } from '../../deploy/admit.ts';
import { chainFiles } from '../../deploy/chain-files.ts';
import { systemClock } from '../../deploy/clock.ts';
import { openEmbeddedChain } from '../../deploy/embedded-chain.ts';
import { admissionOf, type ChainProcess, FOUNDER_KEY, keys, spawnChain, temporaryDirectory } from './chains.ts';

const digest = (digit: string) => digit.repeat(64);
const journalOf = (dataDir: string) => chainFiles(dataDir).journal;

async function clientOf(dataDir: string, rpc: Rpc, privateKeyHex: string): Promise<LedgerClient> {
  const deployment = parseDeployment(JSON.parse(await readFile(chainFiles(dataDir).deployment, 'utf8')));
  return createLedgerClient({ rpc, deployment, clock: systemClock, account: { privateKeyHex } });
}

async function founderOf(dataDir: string, rpc: Rpc): Promise<LedgerClient> {
  return clientOf(dataDir, rpc, (await readFile(chainFiles(dataDir).founderKey, 'utf8')).trim());
}

/** Head, and what the contracts say. */
async function snapshot(dataDir: string, { ready }: ChainProcess) {
  const rpc = createJsonRpc(ready.rpc, fetch);
  const client = await founderOf(dataDir, rpc);
  const head = await client.blockNumber();
  const organisations = await client.organisations();
  return { head, hash: await blockHash(rpc, head), organisations, checkpoint: await client.latestCheckpoint('tax') };
}

test('killed and started again it is the same chain, down to the hash of its head', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await spawnChain(t, dataDir);
  const rpc = createJsonRpc(first.ready.rpc, fetch);
  await admitOrganisations(await founderOf(dataDir, rpc), [admissionOf('tax')]);
  const tax = await clientOf(dataDir, rpc, keys.tax);
  await tax.anchor(7, digest('c'));
  const before = await snapshot(dataDir, first);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');

  const second = await spawnChain(t, dataDir);
  assert.equal(second.ready.genesisHash, first.ready.genesisHash);
  assert.deepEqual(await snapshot(dataDir, second), before);
  assert.deepEqual(before.checkpoint, { size: 7, root: digest('c') });
  const again = await clientOf(dataDir, createJsonRpc(second.ready.rpc, fetch), keys.tax);
  assert.equal((await again.anchor(7, digest('c'))).already, true);
  await again.anchor(8, digest('d'));
  assert.equal(await second.end('SIGTERM'), 0);
});

test('a client goes on through a kill and a restart', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await spawnChain(t, dataDir);
  const port = new URL(first.ready.rpc).port;
  const rpc = createJsonRpc(first.ready.rpc, fetch);
  await admitOrganisations(await founderOf(dataDir, rpc), [admissionOf('tax')]);
  const tax = await clientOf(dataDir, rpc, keys.tax);
  await tax.anchor(1, digest('c'));
  await first.end('SIGKILL');
  await assert.rejects(tax.anchor(2, digest('d')), (cause) => isProtocolError(cause, 'CHAIN_UNREACHABLE'));
  await spawnChain(t, dataDir, ['--port', port]);
  assert.equal((await tax.anchor(2, digest('d'))).already, false);
  assert.deepEqual(await tax.latestCheckpoint('tax'), { size: 2, root: digest('d') });
});

test('killed in the middle of many writes, no answered one is lost', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await spawnChain(t, dataDir);
  const rpc = createJsonRpc(first.ready.rpc, fetch);
  await admitOrganisations(await founderOf(dataDir, rpc), [admissionOf('tax')]);
  const tax = await clientOf(dataDir, rpc, keys.tax);
  await tax.verify();
  const answered: number[] = [];
  const writes = Array.from({ length: 60 }, async (_, i) => {
    const name = `d-${i}`;
    await tax.publishDatasetVersion({ name, version: 1, metadataHash: digest('a'), commitment: digest('b'), level: 1 });
    answered.push(i);
    if (answered.length === 10) first.child.kill('SIGKILL');
  });
  await Promise.allSettled(writes);
  assert.ok(answered.length >= 10 && answered.length < 60, `${answered.length} answered`);
  const second = await spawnChain(t, dataDir);
  const reader = await clientOf(dataDir, createJsonRpc(second.ready.rpc, fetch), keys.tax);
  for (const i of answered) assert.equal(await reader.latestDatasetVersion('tax', `d-${i}`), 1, `write ${i}`);
});

test('a last line that was not finished is cut off with a notice', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await spawnChain(t, dataDir);
  const before = await snapshot(dataDir, first);
  await first.end('SIGKILL');
  const { size } = await stat(journalOf(dataDir));
  await appendFile(journalOf(dataDir), '{"raw":"0x02f8');
  const second = await spawnChain(t, dataDir);
  assert.match(second.said(), /not finished and was cut off \(14 bytes\)/);
  assert.deepEqual(await snapshot(dataDir, second), before);
  assert.equal((await stat(journalOf(dataDir))).size, size);
});

test('a journal that was tampered with is refused, and the first line that differs is named', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const now = () => 1_800_000_000_000;
  const open = (chainId?: number) =>
    openEmbeddedChain({ dataDir, now, notice: () => undefined, ...(chainId === undefined ? {} : { chainId }) });
  const chain = await open();
  const sender = createSender(chain.rpc, chain.chainId, FOUNDER_KEY, systemClock);
  for (let i = 0; i < 3; i++) await sender.send('transfer', `0x${'11'.repeat(20)}`, '0x');
  await chain.close();
  const journal = await readFile(journalOf(dataDir), 'utf8');
  const lines = journal.trimEnd().split('\n');
  assert.equal(lines.length, 4);
  const edited = (line: number, edit: (text: string) => string) =>
    `${lines.map((text, i) => (i === line - 1 ? edit(text) : text)).join('\n')}\n`;
  const flipRaw = (text: string) =>
    text.replace(/..","timestamp/, (pair) => `${pair.startsWith('00') ? '11' : '00'}${pair.slice(2)}`);
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [edited(3, (text) => text.replace(/"timestamp":(\d+)/, '"timestamp":1800000001')), 3, /another hash/],
    [edited(3, flipRaw), 3, /another hash|refused/],
    [edited(2, () => 'no json'), 2, /not a line/],
    [edited(4, (text) => text.replace(/"blockHash":"../, '"blockHash":"zz')), 4, /not a line/],
    [edited(1, (text) => text.replace(/"genesisSeconds":\d+/, '"genesisSeconds":1')), 1, /block 0/],
    [`${[lines[0], lines[1], lines[3]].join('\n')}\n`, 3, /refused/],
    [`${[lines[0], lines[2], lines[1], lines[3]].join('\n')}\n`, 2, /refused/],
  ];
  for (const [text, line, reason] of cases) {
    await writeFile(journalOf(dataDir), text);
    await assert.rejects(open(), (cause) => {
      assert.ok(isProtocolError(cause, 'CHAIN_JOURNAL_CORRUPT'), String(cause));
      assert.equal(cause.details['line'], line);
      assert.match(String(cause.details['reason']), reason);
      return true;
    });
  }
  await writeFile(journalOf(dataDir), journal);
  await assert.rejects(open(99), (cause) => isProtocolError(cause, 'CHAIN_JOURNAL_CORRUPT'));
  const restored = await open();
  assert.equal(restored.head, 3);
  await restored.close();
});

test('a chain that was closed answers nothing any more', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const chain = await openEmbeddedChain({ dataDir, now: () => 1_800_000_000_000, notice: () => undefined });
  await chain.close();
  await assert.rejects(chain.rpc.request('eth_blockNumber', []), (cause) => isProtocolError(cause, 'CHAIN_STOPPED'));
});

test('two processes do not use one data directory, and a dead one does not block it', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await spawnChain(t, dataDir);
  await assert.rejects(spawnChain(t, dataDir), /in use by process \d+/);
  await first.end('SIGKILL');
  await spawnChain(t, dataDir);
});

test('keys and journal are readable by their owner only, and the keys stay', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const open = () => openEmbeddedChain({ dataDir, now: () => 1_800_000_000_000, notice: () => undefined });
  const chain = await open();
  const files = chainFiles(dataDir);
  for (const path of [files.founderKey, files.validatorKey, files.journal]) {
    assert.equal((await stat(path)).mode & 0o777, 0o600, path);
  }
  await chain.close();
  const again = await open();
  assert.deepEqual([again.founderKeyHex, again.validator], [chain.founderKeyHex, chain.validator]);
  await again.close();
  await writeFile(files.validatorKey, 'not a key');
  await assert.rejects(open(), (cause) => isProtocolError(cause, 'MALFORMED_HEX'));
});

test('time in blocks follows the clock and never goes back', async (t) => {
  const dataDir = await temporaryDirectory(t);
  let now = 1_800_000_000_000;
  const chain = await openEmbeddedChain({ dataDir, now: () => now, notice: () => undefined });
  const sender = createSender(chain.rpc, chain.chainId, FOUNDER_KEY, systemClock);
  const timeOf = async (tag: string) => {
    const block = await chain.rpc.request('eth_getBlockByNumber', [tag, false]);
    return Number((block as { timestamp: string }).timestamp);
  };
  const times: number[] = [];
  for (const next of [1_800_000_500_000, 1_800_000_500_000, 1_700_000_000_000, 1_800_000_900_000]) {
    now = next;
    await sender.send('transfer', `0x${'11'.repeat(20)}`, '0x');
    times.push(await timeOf('latest'));
  }
  assert.deepEqual(times, [1_800_000_500, 1_800_000_500, 1_800_000_500, 1_800_000_900]);
  await chain.close();
});

test('each block carries a seal, which fits no other block, chain or key', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const { ready } = await spawnChain(t, dataDir);
  const rpc = createJsonRpc(ready.rpc, fetch);
  const deployment = parseDeployment(JSON.parse(await readFile(chainFiles(dataDir).deployment, 'utf8')));
  const { chainId, validators } = deployment;
  const block = { chainId, blockNumber: 2, blockHash: await blockHash(rpc, 2) };
  const seal = (await rpc.request('sealedger_blockSeal', ['0x2'])) as BlockSeal;
  assert.deepEqual([seal.validator], validators);
  assert.ok(verifyBlockSeal(block, seal, validators));
  const flipped = (hex: string) => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
  assert.ok(!verifyBlockSeal({ ...block, blockNumber: 3 }, seal, validators));
  assert.ok(!verifyBlockSeal({ ...block, chainId: chainId + 1 }, seal, validators));
  assert.ok(!verifyBlockSeal({ ...block, blockHash: flipped(block.blockHash) }, seal, validators));
  assert.ok(!verifyBlockSeal(block, { ...seal, signature: flipped(seal.signature) }, validators));
  assert.ok(!verifyBlockSeal(block, { ...seal, signature: seal.signature.slice(2) }, validators));
  assert.ok(!verifyBlockSeal(block, { ...seal, signature: 'no hex' }, validators));
  assert.ok(!verifyBlockSeal(block, seal, [digest('a')]));
  const stranger = digest('a');
  assert.ok(!verifyBlockSeal(block, { ...seal, validator: stranger }, [stranger]));
  await assert.rejects(rpc.request('sealedger_blockSeal', ['0xffff']), /no such block/);
  await assert.rejects(rpc.request('sealedger_blockSeal', ['latest']), /block number in 0x hex/);
});

test('offers reads and signed transactions over HTTP, and nothing else', async (t) => {
  const { ready } = await spawnChain(t, await temporaryDirectory(t));
  const rpc = createJsonRpc(ready.rpc, fetch);
  const forbidden = [
    ...['eth_sendTransaction', 'eth_sign', 'eth_accounts', 'personal_unlockAccount', 'debug_traceTransaction'],
    ...['evm_mine', 'evm_revert', 'hardhat_setBalance', 'hardhat_impersonateAccount', 'hardhat_reset', '__proto__'],
  ];
  for (const method of forbidden) {
    await assert.rejects(rpc.request(method, []), (cause) => {
      assert.ok(isProtocolError(cause, 'CHAIN_RPC_ERROR'), method);
      assert.equal(cause.details['rpcCode'], -32601, method);
      return true;
    });
  }
  const post = async (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) => {
    const response = await fetch(ready.rpc, { method: 'POST', headers, body });
    return { status: response.status, reply: (await response.json()) as Record<string, unknown> & unknown[] };
  };
  const call = (id: number, method: string) => ({ jsonrpc: '2.0', id, method, params: [] });
  const batch = await post(JSON.stringify([call(1, 'eth_chainId'), call(2, 'evm_mine'), call(3, 'net_version')]));
  const replies = batch.reply as unknown as { id: number; result?: unknown; error?: { code: number } }[];
  assert.deepEqual(
    replies.map(({ id, result, error }) => [id, result ?? error?.code]),
    [
      [1, '0x4efd'],
      [2, -32601],
      [3, '20221'],
    ],
  );
  const errorOf = (reply: Record<string, unknown>) => (reply['error'] as { code: number }).code;
  assert.equal(errorOf((await post('{')).reply), -32700);
  assert.equal(errorOf((await post('[]')).reply), -32600);
  assert.equal(errorOf((await post('{"method":"eth_chainId"}')).reply), -32600);
  const many = Array.from({ length: 101 }, (_, i) => call(i, 'eth_chainId'));
  assert.equal(errorOf((await post(JSON.stringify(many))).reply), -32600);
  assert.equal((await post('{}', { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await fetch(ready.rpc)).status, 405);
  const garbage = `0x${randomBytes(60).toString('hex')}`;
  await assert.rejects(rpc.request('eth_sendRawTransaction', [garbage]), (cause) =>
    isProtocolError(cause, 'CHAIN_RPC_ERROR'),
  );
  assert.equal(await rpc.request('eth_chainId', []), '0x4efd');
});

test('a body over the limit is refused before it is read to its end', async (t) => {
  const { ready } = await spawnChain(t, await temporaryDirectory(t));
  const headers = { 'content-type': 'application/json' };
  const status = await fetch(ready.rpc, { method: 'POST', headers, body: ' '.repeat(5 << 20) }).then(
    (response) => response.status,
    // the connection may end while the client still writes
    () => 413,
  );
  assert.equal(status, 413);
  assert.equal(await createJsonRpc(ready.rpc, fetch).request('net_version', []), '20221');
});

test('ends with its parent where it was asked to', async (t) => {
  const chain = await spawnChain(t, await temporaryDirectory(t), ['--exit-with-parent']);
  const ended = new Promise((resolve) => chain.child.once('close', resolve));
  chain.child.stdin!.end();
  assert.equal(await ended, 0);
  assert.match(chain.said(), /the parent ended/);
});

test('refuses arguments that it does not understand', async (t) => {
  const dataDir = await temporaryDirectory(t);
  await assert.rejects(spawnChain(t, dataDir, ['--port', '70000']), /--port must be an integer/);
  await assert.rejects(spawnChain(t, dataDir, ['--chain-id', 'x']), /--chain-id must be an integer/);
  await assert.rejects(spawnChain(t, join(dataDir, 'd'), ['--unknown']), /unknown/i);
});
