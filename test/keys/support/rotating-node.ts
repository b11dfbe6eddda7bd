/** A real node in this process over the real contracts, whose keystore and operator a test can take in hand. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { callAdmin } from '@sealedger/node/cli/admin-client.ts';
import { readConfig } from '@sealedger/node/config.ts';
import { type Keystore, keystorePath, openKeystore } from '@sealedger/node/keys/keystore.ts';
import { type RunningNode, startNode } from '@sealedger/node/node.ts';
import { keyContracts } from '@sealedger/node/services/admin-keys.ts';
import { type KeystoreKeys, LEAST_KEYSTORE_COST } from '@sealedger/protocol/keystore.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { writeKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import type { z } from 'zod';
import { keys as accounts, startConsortium, temporaryDirectory } from '../../ledger/chains.ts';
import { TEST_PASSPHRASE } from './keystores.ts';
import { testCredential, testPerson } from './persons.ts';

export const FIRST_KEYS: KeystoreKeys = {
  current: { signing: '71'.repeat(32), account: accounts.tax, sealing: '72'.repeat(32) },
  next: null,
  earlierSealing: [],
  seed: '73'.repeat(32),
};

/** The chain over HTTP on a free port. */
export async function serveRpc(t: TestContext, rpc: Rpc): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { id, method, params } = JSON.parse(text);
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: await rpc.request(method, params) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export type RotatingNode = Awaited<ReturnType<typeof rotatingNode>>;

/** A chain over HTTP and the configuration of tax's node, with an operator `op` and an approver `ap`. */
export async function rotatingNode(t: TestContext) {
  const ledger = await startConsortium(t);
  const rpcUrl = await serveRpc(t, ledger.rpc);
  const directory = await temporaryDirectory(t);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir);
  await writeFile(join(directory, 'deployment.json'), JSON.stringify(ledger.deployment));
  const file = join(directory, 'node.json');
  const people = [testPerson('op', 'operator'), testPerson('ap', 'approver')];
  const own = { org: 'tax', dataDir: 'data', port: 0, endpoint: 'http://127.0.0.1:1/', people };
  await writeFile(file, JSON.stringify({ ...own, rpcUrl, deployment: 'deployment.json' }));
  const seal = (keys: KeystoreKeys): Promise<void> =>
    writeKeystoreFile(keystorePath(dataDir), {
      org: 'tax',
      keys,
      passphrase: TEST_PASSPHRASE,
      cost: LEAST_KEYSTORE_COST,
    });
  await seal(FIRST_KEYS);
  await ledger.client('tax').rotateKeys(memberKeys(FIRST_KEYS.current, nobleEd25519), 0);
  await ledger.client('tax').setEndpoint('http://127.0.0.1:1');
  const running = new Set<RunningNode>();
  t.after(() => Promise.all([...running].map((node) => node.stop())));
  return {
    ledger,
    file,
    dataDir,
    seal,
    keystore: (): Promise<Keystore> => openKeystore(keystorePath(dataDir), TEST_PASSPHRASE),
    start: async (): Promise<RunningNode> => {
      const node = await startNode(await readConfig(file), TEST_PASSPHRASE);
      running.add(node);
      await node.ready;
      const stop = async (): Promise<void> => {
        if (running.delete(node)) await node.stop();
      };
      return { ...node, stop };
    },
    revoke: (by = 'op'): Promise<{ blockNumber: number }> =>
      callAdmin(file, keyContracts.revoke, {}, { stderr: () => undefined, locale: 'en', person: testCredential(by) }),
    rotate: (
      overlapSeconds: number,
      { passphrase = TEST_PASSPHRASE, by = 'op', onStep = (_line: string): void => undefined } = {},
    ): Promise<z.output<typeof keyContracts.rotate.output>> =>
      callAdmin(
        file,
        keyContracts.rotate,
        { passphrase, overlapSeconds },
        { stderr: onStep, locale: 'en', person: testCredential(by) },
      ),
  };
}
