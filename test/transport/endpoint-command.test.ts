/** `sealedger-node endpoint`: names what belongs on chain, and puts it there with the organisation's own account only. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { endpointCommand } from '@sealedger/node/cli/endpoint-command.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from '../keys/support/keystores.ts';
import { keys as accounts, startConsortium, temporaryDirectory } from '../ledger/chains.ts';

const secrets = { signing: '71'.repeat(32), sealing: '72'.repeat(32), seed: '73'.repeat(32) };

/** A chain over HTTP and the configuration of tax, whose keystore holds `account`. */
async function world(t: TestContext, account: string) {
  const ledger = await startConsortium(t);
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id, method, params } = JSON.parse(text);
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: await ledger.rpc.request(method, params) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  });
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, 'data'), { mode: 0o700 });
  await writeTestKeystore(join(directory, 'data', 'keystore.json'), 'tax', { ...secrets, account });
  await writeFile(join(directory, 'deployment.json'), JSON.stringify(ledger.deployment));
  const [config, passphrase] = [join(directory, 'node.json'), join(directory, 'passphrase')];
  const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = { org: 'tax', dataDir: 'data', port: 7443, endpoint: 'https://tax.example:7443', tls: 'self-signed' };
  await writeFile(config, JSON.stringify({ ...place, rpcUrl, deployment: 'deployment.json' }));
  await writeFile(passphrase, TEST_PASSPHRASE, { mode: 0o600 });
  const registered = async (): Promise<string> => (await ledger.client('bank').organisation('tax'))!.endpoint;
  return { directory, config, passphrase, registered };
}

async function run(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await endpointCommand(argv, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    locale: 'en',
  });
  return { code, out: out.trim(), err };
}

test('the endpoint is named with its pin, the same each time, and stands on chain after --register only', async (t) => {
  const { directory, config, passphrase, registered } = await world(t, accounts.tax);
  const before = await registered();
  const named = await run(['--config', config]);
  assert.equal(named.code, 0);
  assert.match(named.out, /^https:\/\/tax\.example:7443#spki-sha256=[0-9a-f]{64}$/);
  assert.equal(await registered(), before, 'naming it changes nothing');
  assert.match(await readFile(join(directory, 'data', 'tls-certificate.pem'), 'utf8'), /^-----BEGIN CERTIFICATE/);
  const put = await run(['--config', config, '--register', '--passphrase-file', passphrase]);
  assert.deepEqual([put.code, put.out, await registered()], [0, named.out, named.out]);
});

test('a wrong passphrase or the account of another registers nothing, and without a configuration it says its usage', async (t) => {
  const { config, passphrase, registered } = await world(t, 'ab'.repeat(32));
  const before = await registered();
  await assert.rejects(run(['--config', config, '--register', '--passphrase-file', passphrase]), isProtocolError);
  await writeFile(passphrase, `${TEST_PASSPHRASE}x`, { mode: 0o600 });
  await assert.rejects(run(['--config', config, '--register', '--passphrase-file', passphrase]), (error) =>
    isProtocolError(error, 'KEYSTORE_PASSPHRASE'),
  );
  assert.equal(await registered(), before);
  const { code, out, err } = await run([]);
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /--register/);
});
