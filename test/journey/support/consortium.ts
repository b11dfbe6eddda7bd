/** A small consortium of real processes for tests: embedded chain, nodes, and a bank whose SDK runs in the test. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import type { SimplePolicy } from '@sealedger/protocol/policy/simple.ts';
import type { PurposeCode } from '@sealedger/protocol/purposes.ts';
import { type Bank, openBank } from '@sealedger/sdk/bank.ts';
import type { BankStore } from '@sealedger/sdk/ports.ts';
import type { BankRequest, RequestInput } from '@sealedger/sdk/stored-request.ts';
import {
  type ChainPlace,
  foundConsortium,
  type Organisation,
  openOrganisations,
  runsNode,
  writeNodeConfig,
} from '../../../demo/consortium.ts';
import { generateScenario, type ScenarioSize } from '../../../demo/generate-scenario.ts';
import { type Child, createProcesses } from '../../../demo/processes.ts';
import {
  type Applicant,
  readApplicants,
  readExpected,
  readScenario,
  type ScenarioFiles,
} from '../../../demo/scenario-files.ts';
import { systemClock } from '../../../deploy/clock.ts';

export interface TestConsortium {
  readonly directory: string;
  readonly files: ScenarioFiles;
  readonly applicants: readonly Applicant[];
  readonly subjects: readonly SubjectId[];
  readonly expected: ReadonlyMap<string, number>;
  readonly organisations: readonly Organisation[];
  readonly deployment: Deployment;
  readonly chain: ChainPlace;
  readonly bank: Bank;
  /** Where that bank keeps what it must not forget. */
  readonly bankStore: BankStore;
  organisation(org: string): Organisation;
  node(org: string): Child;
  /** kill -9, no goodbye. */
  kill(name: string): Promise<void>;
  /** Starts a killed node again and waits until it is ready. */
  restart(org: string): Promise<void>;
  /** Starts the killed chain again on its old port. */
  restartChain(): Promise<void>;
  /** Submits a request of the scenario's model. */
  ask(quota: number, purpose?: PurposeCode, more?: Partial<RequestInput>): Promise<BankRequest>;
  end(): Promise<void>;
}

/** What differs from the demo's nodes: settings beside those of their file, and where they are reached. */
export interface TestPlace {
  readonly settings?: (org: string) => Readonly<Record<string, unknown>>;
  readonly endpoint?: (organisation: Organisation, all: readonly Organisation[]) => string;
  /** Where the bank keeps what it must not forget; in memory unless told. */
  readonly bankStore?: (bank: Organisation) => BankStore;
}

export const SMALL: ScenarioSize = { people: 240, applicants: 60, strangers: 6 };

/**
 * Starts everything; the caller must `end()` it.
 * @param gates - in place of the scenario's own.
 * @param bounds - of every owner's policy; the default asks for no certificate of the model.
 */
export async function startConsortium(
  size: ScenarioSize = SMALL,
  gates?: readonly string[],
  bounds: Partial<SimplePolicy> = { certificate: 'waived' },
  place: TestPlace = {},
): Promise<TestConsortium> {
  const directory = await mkdtemp(join(tmpdir(), 'sealedger-journey-'));
  const processes = createProcesses(join(directory, 'logs'));
  await generateScenario(join(directory, 'scenario'), size);
  const read = await readScenario(join(directory, 'scenario'));
  const files = { ...read, gates: gates ?? read.gates };
  const chainArguments = ['--data', join(directory, 'chain'), '--exit-with-parent'];
  const chainScript = new URL('../../../deploy/chain-main.ts', import.meta.url);
  const chainLine = await (await processes.start('chain', chainScript, chainArguments)).line('ready');
  const chain: ChainPlace = {
    rpcUrl: String(chainLine['rpc']),
    deploymentFile: String(chainLine['deployment']),
    founderKeyFile: String(chainLine['founderKey']),
  };
  const opened = await openOrganisations(files, directory);
  const organisations = opened.map((own) => ({ ...own, endpoint: place.endpoint?.(own, opened) ?? own.endpoint }));
  const deployment = await foundConsortium(organisations, chain);
  const nodes = new Map<string, Child>();
  const startNode = async (organisation: Organisation): Promise<void> => {
    const config = await writeNodeConfig(files, organisation, chain, bounds);
    const settings = { ...JSON.parse(await readFile(config, 'utf8')), ...place.settings?.(organisation.org) };
    await writeFile(config, JSON.stringify(settings));
    const script = new URL('../../../node/main.ts', import.meta.url);
    const args = ['run', '--config', config, '--passphrase-file', organisation.passphraseFile, '--exit-with-parent'];
    const child = await processes.start(organisation.org, script, args);
    nodes.set(organisation.org, child);
    await child.line('ready');
  };
  const organisation = (org: string): Organisation => organisations.find((candidate) => candidate.org === org)!;
  await Promise.all(organisations.filter(runsNode).map(startNode));
  const bankStore = place.bankStore?.(organisation(files.scenario.bank.node)) ?? memoryStore();
  const bank = await openTestBank(organisation(files.scenario.bank.node), deployment, chain, bankStore);
  const applicants = await readApplicants(files);
  const kill = async (name: string): Promise<void> => {
    const child =
      name === 'chain' ? processes.all.findLast((candidate) => candidate.name === 'chain')! : nodes.get(name)!;
    const exited = new Promise((resolve) => child.process.once('exit', resolve));
    child.process.kill('SIGKILL');
    await exited;
  };
  return {
    directory,
    files,
    applicants,
    subjects: applicants.map(({ subject }) => subject as SubjectId),
    expected: (await readExpected(files))!,
    organisations,
    deployment,
    chain,
    bank,
    bankStore,
    organisation,
    node: (org) => nodes.get(org)!,
    kill,
    restart: (org) => startNode(organisation(org)),
    restartChain: async () => {
      const port = new URL(chain.rpcUrl).port;
      await (await processes.start('chain', chainScript, [...chainArguments, '--port', port])).line('ready');
    },
    ask: async (quota, purpose = 'credit-underwriting', more = {}) => askFor(bank, files, { quota, purpose, ...more }),
    end: async () => {
      await processes.stopAll();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Another bank's SDK, or the scenario's own with other keys. */
export async function openTestBank(
  organisation: Organisation,
  deployment: Deployment,
  chain: ChainPlace,
  store: BankStore = memoryStore(),
): Promise<Bank> {
  return openBank({
    org: organisation.org,
    deployment,
    rpcUrl: chain.rpcUrl,
    keys: organisation.keys,
    ports: {
      fetch,
      clock: systemClock,
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      store,
      ed25519: nativeEd25519,
    },
  });
}

export function memoryStore(): BankStore {
  const values = new Map<string, Uint8Array>();
  return {
    get: async (key) => values.get(key)?.slice(),
    put: async (key, value) => void values.set(key, value.slice()),
  };
}

async function askFor(
  bank: Bank,
  files: ScenarioFiles,
  terms: Partial<RequestInput> & Pick<RequestInput, 'quota' | 'purpose'>,
): Promise<BankRequest> {
  const { scenario, model, gates } = files;
  const listings = await bank.catalogue();
  const latest = (owner: string, kind: 'features' | 'register') =>
    listings.find(({ metadata }) => metadata.owner === owner && metadata.kind === kind)!;
  return bank.request({
    model,
    legalBasis: { code: 'consent', text: 'test' },
    contact: { unit: 'test', person: 'tester', channel: 'none' },
    datasets: scenario.departments.map(({ node }) => latest(node, 'features')),
    register: latest(scenario.register.node, 'register'),
    gates,
    termSeconds: 3600,
    ...terms,
  });
}
