/** The consortium of a scenario: organisations, their keys, admission on chain, and a configuration for each node. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Keystore, keystorePath } from '@sealedger/node/keys/keystore.ts';
import type { ConfiguredPerson } from '@sealedger/node/people.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Role } from '@sealedger/protocol/ledger/codec.ts';
import { type Deployment, parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { type SimplePolicy, simplePolicy } from '@sealedger/protocol/policy/simple.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { admitOrganisations } from '../deploy/admit.ts';
import { systemClock } from '../deploy/clock.ts';
import { scenarioRules } from './quality.ts';
import { datasetNameOf, type ScenarioFiles } from './scenario-files.ts';
import { openKeys } from './secrets.ts';

export interface ChainPlace {
  readonly rpcUrl: string;
  readonly deploymentFile: string;
  /** File with the founder's account key in hex; without it every organisation must be admitted already. */
  readonly founderKeyFile: string | undefined;
}

export interface Organisation {
  readonly org: string;
  readonly roles: readonly Role[];
  readonly directory: string;
  readonly keystoreFile: string;
  readonly passphraseFile: string;
  readonly keys: Keystore;
  readonly port: number;
  readonly endpoint: string;
}

/** What a node's configuration says beside the scenario. */
export type NodeTerms = Partial<SimplePolicy> & { readonly people?: readonly ConfiguredPerson[] };

/** Takes no part in a job; it follows the trail. */
const REGULATOR = 'regulator';

/** Whether an organisation runs a node: a bank and a regulator reach the others through the SDK. */
export function runsNode({ roles }: Pick<Organisation, 'roles'>): boolean {
  return !roles.includes('bank') && !roles.includes('regulator');
}

/** Organisations of a scenario with the roles they have in it, and a regulator with none. */
export function rolesOf({ scenario, gates }: ScenarioFiles): ReadonlyMap<string, Role[]> {
  const roles = new Map<string, Role[]>();
  const give = (org: string, role: Role): void => void roles.set(org, [...(roles.get(org) ?? []), role]);
  give(scenario.bank.node, 'bank');
  for (const { node } of scenario.departments) give(node, 'department');
  give(scenario.register.node, 'registrar');
  for (const gate of gates) give(gate, 'gate');
  const name = [REGULATOR, `${REGULATOR}-2`].find((candidate) => !roles.has(candidate)) ?? `${REGULATOR}-3`;
  give(name, 'regulator');
  return roles;
}

/** Opens keys and ports; both are kept in the state directory and are the same at the next start. */
export async function openOrganisations(files: ScenarioFiles, stateDirectory: string): Promise<Organisation[]> {
  const portsFile = join(stateDirectory, 'ports.json');
  const ports: Record<string, number> = existsSync(portsFile) ? JSON.parse(await readFile(portsFile, 'utf8')) : {};
  const organisations: Organisation[] = [];
  for (const [org, roles] of rolesOf(files)) {
    const directory = join(stateDirectory, org);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const places = keyPlacesOf(directory, roles);
    const keys = await openKeys({ org, ...places });
    const port = await usablePort(ports[org]);
    ports[org] = port;
    organisations.push({ org, roles, directory, ...places, keys, port, endpoint: `http://127.0.0.1:${port}` });
  }
  await writeFile(portsFile, JSON.stringify(ports));
  return organisations;
}

/** A node's keystore lies among its data, another's in its directory; the passphrase is beside neither's data. */
export function keyPlacesOf(directory: string, roles: readonly Role[]) {
  return {
    keystoreFile: keystorePath(runsNode({ roles }) ? dataDirectoryOf(directory) : directory),
    passphraseFile: join(directory, 'passphrase'),
  };
}

function dataDirectoryOf(directory: string): string {
  return join(directory, 'data');
}

/**
 * Admits who is missing and brings the registered endpoints up to date.
 * @throws {ProtocolError} FOUNDER_KEY_MISSING, CHAIN_ADMITTED_DIFFERENTLY, CHAIN_*
 */
export async function foundConsortium(organisations: readonly Organisation[], chain: ChainPlace): Promise<Deployment> {
  const deployment = parseDeployment(JSON.parse(await readFile(chain.deploymentFile, 'utf8')));
  await admitMissing(organisations, chain, deployment);
  for (const { org, keys, endpoint, roles } of organisations) {
    if (roles.includes('regulator') && !(await isAdmitted(org, chain, deployment))) continue;
    const own = ledgerOf(chain, deployment, toHex(keys.account));
    if ((await own.organisation(org))?.endpoint !== endpoint) await own.setEndpoint(endpoint);
  }
  return deployment;
}

/** Whether the chain knows an organisation. */
export async function isAdmitted(org: string, chain: ChainPlace, deployment: Deployment): Promise<boolean> {
  return (await ledgerOf(chain, deployment).organisation(org)) !== null;
}

async function admitMissing(
  organisations: readonly Organisation[],
  chain: ChainPlace,
  deployment: Deployment,
): Promise<void> {
  const reader = ledgerOf(chain, deployment);
  const present = new Set((await reader.organisations()).map(({ id }) => id));
  const isFounding = chain.founderKeyFile !== undefined;
  // Without the founder a job goes on without a regulator; its parties it needs.
  const wanted = organisations.filter(
    ({ org, roles }) => isFounding || present.has(org) || !roles.includes('regulator'),
  );
  const missing = wanted.filter(({ org }) => !present.has(org));
  if (missing.length > 0 && !isFounding) {
    throw new ProtocolError('FOUNDER_KEY_MISSING', { orgs: missing.map(({ org }) => org).join(', ') });
  }
  const founder =
    missing.length === 0 ? reader : ledgerOf(chain, deployment, (await readFile(chain.founderKeyFile!, 'utf8')).trim());
  await admitOrganisations(
    founder,
    wanted.map(({ org, roles, keys, endpoint }) => ({
      id: org,
      roles,
      endpoint,
      ...memberKeys(keys.stored.current, nobleEd25519),
    })),
  );
}

/**
 * Writes a node's configuration.
 * @param terms - its policy's bounds beside and in place of the scenario's, and the people who may act at it.
 * @returns its path.
 */
export async function writeNodeConfig(
  files: ScenarioFiles,
  organisation: Organisation,
  chain: ChainPlace,
  { people = [], ...bounds }: NodeTerms = {},
): Promise<string> {
  const { scenario } = files;
  const { org, directory, port, endpoint } = organisation;
  const dataset = files.datasets.get(org);
  const register = {
    name: datasetNameOf(scenario.register.table),
    file: join(files.directory, scenario.register.table),
    subject: scenario.subject,
  };
  const config = {
    org,
    dataDir: dataDirectoryOf(directory),
    port,
    endpoint,
    rpcUrl: chain.rpcUrl,
    deployment: chain.deploymentFile,
    datasets: dataset === undefined ? [] : [dataset],
    quality: dataset === undefined ? [] : [{ dataset: dataset.name, rules: 'rules.yaml' }],
    ...(scenario.register.node === org ? { register } : {}),
    policies: [
      simplePolicy({
        requesters: [scenario.bank.node],
        purposes: ['credit-underwriting'],
        maxQuota: 10_000_000,
        maxTermDays: 366,
        minDepartments: Math.min(2, scenario.departments.length),
        otherwise: 'reject',
        ...bounds,
      }),
    ],
    // a scenario may ask for its whole register, and again with each run: told, not stopped
    usageRules: { sweep: { registerBasisPoints: 2500, days: 30, action: 'alert' } },
    people,
    workers: 1,
  };
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  if (dataset !== undefined) await writeFile(join(directory, 'rules.yaml'), scenarioRules(dataset));
  const path = join(directory, 'node.json');
  await writeFile(path, `${JSON.stringify(config, null, 1)}\n`);
  return path;
}

function ledgerOf(chain: ChainPlace, deployment: Deployment, privateKeyHex?: string): LedgerClient {
  const account = privateKeyHex === undefined ? {} : { account: { privateKeyHex } };
  return createLedgerClient({ rpc: createJsonRpc(chain.rpcUrl, fetch), deployment, clock: systemClock, ...account });
}

/** The port of the last time where it is free, else any free one. */
async function usablePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await freePort(wanted)) !== null) return wanted;
  return (await freePort(0))!;
}

function freePort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
