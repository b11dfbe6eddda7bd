/** One department of real processes: an embedded chain, its node, and its people at the command line. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandIo, EXIT_USAGE, explain, type NodeCommand } from '@sealedger/node/cli/command.ts';
import { datasetCommand } from '@sealedger/node/cli/dataset-command.ts';
import { evidenceCommand } from '@sealedger/node/cli/evidence-command.ts';
import { fsckCommand } from '@sealedger/node/cli/fsck-command.ts';
import { keysCommand } from '@sealedger/node/cli/keys-command.ts';
import { openApiCommand } from '@sealedger/node/cli/openapi-command.ts';
import { qualityCommand } from '@sealedger/node/cli/quality-command.ts';
import { workOrderCommand } from '@sealedger/node/cli/workorder-command.ts';
import { keystorePath } from '@sealedger/node/keys/keystore.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { foundConsortium, type Organisation } from '../../../demo/consortium.ts';
import { type Child, createProcesses } from '../../../demo/processes.ts';
import { openKeys } from '../../../demo/secrets.ts';
import { systemClock } from '../../../deploy/clock.ts';
import { withPersonKeys } from '../../keys/support/persons.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Department {
  readonly directory: string;
  readonly config: string;
  readonly ledger: LedgerClient;
  readonly organisations: readonly Organisation[];
  readonly deploymentFile: string;
  readonly rpcUrl: string;
  /** `sealedger-node …` with the node's configuration. */
  command(...args: string[]): Promise<Ended>;
  /** Starts a command and kills the node at the n-th line of its progress. */
  killDuring(line: number, ...args: string[]): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Every log line of every process so far. */
  logs(): Promise<string>;
  end(): Promise<void>;
}

/** The commands of `sealedger-node`, called here without a process of their own: each would cost a second. */
const commands: Readonly<Record<string, NodeCommand>> = {
  dataset: datasetCommand,
  evidence: evidenceCommand,
  fsck: fsckCommand,
  keys: keysCommand,
  openapi: openApiCommand,
  quality: qualityCommand,
  workorder: workOrderCommand,
};

/** @param config - what stands in the node's configuration beside who and where it is. */
export async function startDepartment(
  prepare: (directory: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Department> {
  const directory = await mkdtemp(join(tmpdir(), 'sealedger-department-'));
  const logDirectory = join(directory, 'logs');
  const processes = createProcesses(logDirectory);
  const chainScript = new URL('../../../deploy/chain-main.ts', import.meta.url);
  const chain = await processes.start('chain', chainScript, ['--data', join(directory, 'chain'), '--exit-with-parent']);
  const ready = await chain.line('ready');
  const [rpcUrl, deploymentFile] = [String(ready['rpc']), String(ready['deployment'])];
  const organisations = await Promise.all(
    (
      [
        ['tax-bureau', ['department']],
        ['harbour-bank', ['bank']],
      ] as const
    ).map(([org, roles]) => openOrganisation(directory, org, roles)),
  );
  await foundConsortium(organisations, { rpcUrl, deploymentFile, founderKeyFile: String(ready['founderKey']) });
  const own = organisations[0]!;
  const config = join(directory, 'node.json');
  const place = {
    org: own.org,
    dataDir: own.directory,
    port: own.port,
    endpoint: own.endpoint,
    rpcUrl,
    deployment: deploymentFile,
  };
  await writeFile(config, JSON.stringify({ ...place, ...(await prepare(directory)) }));
  let node: Child | undefined;
  const start = async (): Promise<void> => {
    node = await processes.start(own.org, new URL('../../../node/main.ts', import.meta.url), [
      'run',
      '--config',
      config,
      '--passphrase-file',
      own.passphraseFile,
      '--exit-with-parent',
    ]);
    await node.line('ready');
  };
  const kill = async (): Promise<void> => {
    const exited = new Promise((resolve) => node!.process.once('exit', resolve));
    node!.process.kill('SIGKILL');
    await exited;
  };
  const call = async (args: readonly string[], onError: (text: string) => void): Promise<Ended> => {
    const [name = '', ...rest] = withPersonKeys(directory, args);
    const printed = { stdout: '', stderr: '' };
    const io: CommandIo = {
      stdout: (text) => void (printed.stdout += text),
      stderr: (text) => {
        printed.stderr += text;
        onError(text);
      },
      locale: 'en',
    };
    try {
      const code = await commands[name]!([...rest, '--config', config], io);
      return { code, ...printed };
    } catch (error) {
      // As main.ts does it.
      return { code: EXIT_USAGE, ...printed, stderr: `${printed.stderr}${explain(error, 'en')}\n` };
    }
  };
  const command = (...args: string[]): Promise<Ended> => call(args, () => undefined);
  await start();
  return {
    directory,
    config,
    organisations,
    deploymentFile,
    rpcUrl,
    ledger: createLedgerClient({
      rpc: createJsonRpc(rpcUrl, fetch),
      deployment: parseDeployment(JSON.parse(await readFile(deploymentFile, 'utf8'))),
      clock: systemClock,
    }),
    command,
    killDuring: async (line, ...args) => {
      let lines = 0;
      let killed: Promise<void> | undefined;
      await call(args, () => {
        lines += 1;
        if (lines === line) killed = kill();
      });
      await (killed ?? kill());
    },
    kill,
    start,
    logs: async () => {
      const names = existsSync(logDirectory) ? await readdir(logDirectory) : [];
      return (await Promise.all(names.map((name) => readFile(join(logDirectory, name), 'utf8')))).join('\n');
    },
    end: async () => {
      await processes.stopAll();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function openOrganisation(directory: string, org: string, roles: Organisation['roles']): Promise<Organisation> {
  const own = join(directory, org);
  await mkdir(own, { recursive: true, mode: 0o700 });
  const places = { keystoreFile: keystorePath(own), passphraseFile: join(own, 'passphrase') };
  const keys = await openKeys({ org, ...places });
  const port = await freePort();
  return { org, roles, directory: own, ...places, keys, port, endpoint: `http://127.0.0.1:${port}` };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
