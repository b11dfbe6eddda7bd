/** The runner's regulator: skipped, without a process and without a file, where the scenario or the chain has none. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { runRegulator } from '../../demo/regulator.ts';
import { startConsortium, temporaryDirectory } from '../ledger/chains.ts';

type RunParameters = Parameters<typeof runRegulator>;

test('no process starts and nothing is written without an admitted regulator', async (t) => {
  const ledger = await startConsortium(t);
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id, method, params } = JSON.parse(text);
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: await ledger.rpc.request(method, params) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const out = await temporaryDirectory(t);
  const processes = { start: async () => assert.fail('a process was started') } as unknown as RunParameters[2];
  const rpcUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const world = { deployment: ledger.deployment, chain: { rpcUrl, deploymentFile: 'deployment.json' } };
  const run = (organisations: readonly unknown[]) =>
    runRegulator({ out, lang: 'en' }, { ...world, organisations } as unknown as RunParameters[1], processes);
  const places = { directory: out, keystoreFile: 'keystore.json', passphraseFile: 'passphrase' };
  assert.equal(await run([{ org: 'tax', roles: ['department'], ...places }]), null);
  assert.equal(await run([{ org: 'watchdog', roles: ['regulator'], ...places }]), null);
  assert.deepEqual(await readdir(out), []);
  await assert.rejects(run([{ org: 'tax', roles: ['regulator'], ...places }]), /a process was started/);
});
