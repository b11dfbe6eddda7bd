import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { explain } from '@sealedger/node/cli/command.ts';
import { fsckCommand } from '@sealedger/node/cli/fsck-command.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from '../keys/support/keystores.ts';
import { startConsortium } from '../ledger/chains.ts';
import { digestsOf, tamper } from './support/fsck-fixture.ts';
import { draftOf, openLog, temporaryDirectory, testSigner } from './support/log-fixture.ts';
import { deployment } from './support/paper-chain.ts';

const main = fileURLToPath(new URL('../../node/main.ts', import.meta.url));
const appendChild = fileURLToPath(new URL('./support/append-child.ts', import.meta.url));
const SEED = `746178${'01'.repeat(29)}`;
const NOBODY = 'http://127.0.0.1:9';

/** A data directory with a keystore and a log of 3 events, and a configuration beside it. */
async function nodeDirectory(t: TestContext, deployed: object = deployment, rpcUrl = NOBODY, keyEpoch = 1) {
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  const dataDir = join(directory.path, 'data');
  await mkdir(dataDir);
  const keys = { signing: SEED, account: '2b'.repeat(32), sealing: 'aa'.repeat(32), seed: 'bb'.repeat(32) };
  await writeTestKeystore(join(dataDir, 'keystore.json'), 'tax', keys);
  await writeFile(join(directory.path, 'deployment.json'), JSON.stringify(deployed));
  const config = join(directory.path, 'node.json');
  const own = { org: 'tax', dataDir: 'data', port: 0, endpoint: 'http://127.0.0.1:1/', rpcUrl };
  await writeFile(config, JSON.stringify({ ...own, deployment: 'deployment.json' }));
  const state = join(dataDir, 'state');
  const { database, log } = await openLog(state, 'tax', undefined, keyEpoch);
  await log.append([draftOf(0), draftOf(1), draftOf(2)]);
  await log.checkpoint();
  const root = await log.rootAt(3);
  await database.close();
  const passphraseFile = join(directory.path, 'passphrase');
  await writeFile(passphraseFile, `${TEST_PASSPHRASE}\n`, { mode: 0o600 });
  return { config, dataDir, state, root, passphraseFile };
}

/** The command in this process; what it throws is what the dispatcher turns into exit code 2. */
async function fsck(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
    locale: 'en' as const,
  };
  try {
    return { status: await fsckCommand(args, io), stdout, stderr };
  } catch (error) {
    return { status: 2, stdout, stderr: explain(error, 'en') };
  }
}

test('the command sealedger-node knows fsck, and its exit code is the process’s', async (t) => {
  const { config } = await nodeDirectory(t);
  const { status, stdout } = spawnSync(process.execPath, [main, 'fsck', '--config', config, '--json'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  assert.equal(JSON.parse(stdout).verdict, 'clean');
});

test('exit 0 with one JSON document where nothing differs, and what the absent chain leaves open', async (t) => {
  const { config, dataDir, root, passphraseFile } = await nodeDirectory(t);
  const before = await digestsOf(dataDir);
  const { status, stdout, stderr } = await fsck('--config', config, '--json', '--passphrase-file', passphraseFile);
  assert.equal(status, 0, stderr);
  const report = JSON.parse(stdout);
  assert.deepEqual([report.verdict, report.org, report.size, report.root], ['clean', 'tax', 3, root]);
  assert.equal(report.anchors, null);
  const unchecked = report.unchecked.map(({ code }: { code: string }) => code);
  assert.deepEqual(unchecked, ['FSCK_UNCHECKED_CHAIN']);
  const sealed = JSON.parse((await fsck('--config', config, '--json')).stdout).unchecked;
  const codes = sealed.map(({ code }: { code: string }) => code);
  assert.deepEqual(codes, ['FSCK_UNCHECKED_CHAIN', 'FSCK_UNCHECKED_KEYS'], 'no passphrase, no key to check with');
  assert.deepEqual(await digestsOf(dataDir), before, 'not one byte of the data directory changed');
});

test('exit 1 with the first difference in the language that was asked for', async (t) => {
  const { config, state } = await nodeDirectory(t);
  await tamper(state, (evidence) => evidence.del('event/0000000000000001'));
  const english = await fsck('--config', config);
  assert.equal(english.status, 1);
  assert.match(english.stdout, /FSCK_MISSING: event\/0000000000000001 is missing/);
  const chinese = await fsck('--config', config, '--lang', 'zh-CN');
  assert.equal(chinese.status, 1);
  assert.match(chinese.stdout, /存储中缺少 event\/0000000000000001/);
});

test('exit 2 while a node runs on the directory, which goes on undisturbed, and 0 once it has ended', async (t) => {
  const { config, state } = await nodeDirectory(t);
  const running = spawn(process.execPath, [appendChild, state], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(running, 'exit');
  await once(running.stdout, 'data');
  const { status, stderr } = await fsck('--config', config);
  assert.equal(status, 2);
  assert.match(stderr, /FSCK_NODE_RUNNING/);
  await once(running.stdout, 'data');
  running.kill('SIGKILL');
  await exited;
  const after = await fsck('--config', config, '--json');
  assert.equal(after.status, 0, after.stdout);
  assert.ok(JSON.parse(after.stdout).size > 3);
});

test('exit 2 without a configuration, with an unknown option or language, and without a store', async (t) => {
  const { config, state } = await nodeDirectory(t);
  assert.equal((await fsck()).status, 2);
  assert.equal((await fsck('--config', config, '--repair')).status, 2);
  assert.equal((await fsck('--config', config, '--lang', 'fr')).status, 2);
  assert.equal((await fsck('--config', `${config}.none`)).status, 2);
  await rm(state, { recursive: true });
  const { status, stderr } = await fsck('--config', config);
  assert.equal(status, 2);
  assert.match(stderr, /FSCK_STORE_MISSING/);
});

test('exit 2 where a file of the store is damaged beyond reading', async (t) => {
  const { config, state } = await nodeDirectory(t);
  await writeFile(join(state, 'CURRENT'), 'MANIFEST-999999\n');
  const { status, stderr } = await fsck('--config', config);
  assert.equal(status, 2);
  assert.match(stderr, /FSCK_STORE_UNREADABLE/);
});

/** An RPC over HTTP on a free port. */
async function serve(t: TestContext, rpc: Rpc): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id, method, params } = JSON.parse(text);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: await rpc.request(method, params) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('with the real contracts: agreeing anchors are counted; a second history, a rewound log and another chain are found', async (t) => {
  const ledger = await startConsortium(t);
  const url = await serve(t, ledger.rpc);
  const { config, state, root } = await nodeDirectory(t, ledger.deployment, url, 2);
  const unregistered = await fsck('--config', config, '--json');
  assert.equal(unregistered.status, 1);
  assert.equal(JSON.parse(unregistered.stdout).difference.code, 'FSCK_EVENT_KEY', 'the chain shows no such epoch yet');

  const tax = ledger.client('tax');
  const { account } = (await tax.organisation('tax'))!;
  await tax.rotateKeys({ account, ed25519Key: toHex(testSigner('tax', 2).publicKey), x25519Key: 'b'.repeat(64) }, 0);
  await tax.anchor(3, root);
  const clean = await fsck('--config', config, '--json');
  assert.equal(clean.status, 0, clean.stdout);
  assert.deepEqual([JSON.parse(clean.stdout).anchors, JSON.parse(clean.stdout).unchecked], [1, []]);

  await tax.anchor(5, 'c'.repeat(64));
  const rewound = JSON.parse((await fsck('--config', config, '--json')).stdout).difference;
  assert.deepEqual(rewound, { code: 'FSCK_ANCHOR_SIZE', where: 'anchor/5', expected: '3', found: '5' });

  const { database, log } = await openLog(state, 'tax', undefined, 2);
  await log.append([draftOf(3), draftOf(4)]);
  const other = await log.rootAt(5);
  await database.close();
  const twofold = JSON.parse((await fsck('--config', config, '--json')).stdout).difference;
  assert.deepEqual(twofold, { code: 'FSCK_ANCHOR_ROOT', where: 'anchor/5', expected: other, found: 'c'.repeat(64) });

  const elsewhere = await serve(t, { request: async (method) => (method === 'eth_chainId' ? '0x1' : null) });
  const refused = await fsck('--config', config, '--rpc', elsewhere);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /CHAIN_MISMATCH/);
});
