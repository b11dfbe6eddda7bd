/** One real node, and 200 member banks that may call it; for measurements and floods. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { createLedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { computeAddress } from 'ethers';
import { createProcesses } from '../../../demo/processes.ts';
import { admitOrganisations } from '../../../deploy/admit.ts';
import { systemClock } from '../../../deploy/clock.ts';
import { TEST_PASSPHRASE, writeTestKeystore } from '../../keys/support/keystores.ts';

export const BANKS = 200;
export const NODE = 'tax-bureau';

export interface Caller {
  readonly org: string;
  readonly signing: Uint8Array;
}

export interface World {
  readonly endpoint: string;
  readonly nodeKey: Uint8Array;
  readonly banks: readonly Caller[];
  /** CPU that the node's process has taken so far, in µs. */
  cpu(): Promise<NodeJS.CpuUsage>;
  end(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'sealedger-bench-'));
  const processes = createProcesses(join(directory, 'logs'));
  const end = async (): Promise<void> => {
    await processes.stopAll();
    await rm(directory, { recursive: true, force: true });
  };
  const script = (name: string): URL => new URL(name, import.meta.url);
  const chainArguments = ['--data', join(directory, 'chain'), '--exit-with-parent'];
  const ready = await (await processes.start('chain', script('../../../deploy/chain-main.ts'), chainArguments)).line(
    'ready',
  );
  const [rpcUrl, deploymentFile] = [String(ready['rpc']), String(ready['deployment'])];
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const secrets = secretsOf();
  const banks = Array.from({ length: BANKS }, (_, index) => ({
    org: `bank-${index}`,
    signing: new Uint8Array(randomBytes(32)),
  }));
  const founder = createLedgerClient({
    rpc: createJsonRpc(rpcUrl, fetch),
    deployment: parseDeployment(JSON.parse(await readFile(deploymentFile, 'utf8'))),
    clock: systemClock,
    account: { privateKeyHex: (await readFile(String(ready['founderKey']), 'utf8')).trim() },
  });
  await admitOrganisations(founder, [
    admission(NODE, 'department', endpoint, Buffer.from(secrets.signing, 'hex'), secrets.account),
    ...banks.map(({ org, signing }) => admission(org, 'bank', '', signing, randomBytes(32).toString('hex'))),
  ]);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  await writeTestKeystore(join(dataDir, 'keystore.json'), NODE, secrets);
  const passphraseFile = join(directory, 'passphrase');
  await writeFile(passphraseFile, TEST_PASSPHRASE, { mode: 0o600 });
  const config = join(directory, 'node.json');
  // the benchmark's callers have one address; each bank keeps the budget that the node gives by default
  const limits = { address: { callsPerSecond: 100_000, burst: 100_000, connections: 1000 } };
  await writeFile(
    config,
    JSON.stringify({ org: NODE, dataDir, port, endpoint, rpcUrl, deployment: deploymentFile, limits }),
  );
  const args = ['run', '--config', config, '--passphrase-file', passphraseFile, '--exit-with-parent'];
  const node = await processes.start(NODE, script('../../../node/main.ts'), args);
  await node.line('ready');
  const cpu = async (): Promise<NodeJS.CpuUsage> => (await node.ask<{ cpu: NodeJS.CpuUsage }>('usage')).cpu;
  return { endpoint, nodeKey: nativeEd25519.publicKey(Buffer.from(secrets.signing, 'hex')), banks, cpu, end };
}

function secretsOf() {
  const secret = (): string => randomBytes(32).toString('hex');
  return { signing: secret(), account: secret(), sealing: secret(), seed: secret() };
}

function admission(id: string, role: 'bank' | 'department', endpoint: string, signing: Uint8Array, account: string) {
  const address = computeAddress(`0x${account}`).slice(2).toLowerCase();
  const ed25519Key = toHex(nativeEd25519.publicKey(signing));
  return { id, roles: [role], endpoint, account: address, ed25519Key, x25519Key: randomBytes(32).toString('hex') };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
