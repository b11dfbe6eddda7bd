/** Chains for the tests of the ledger: in this process, or as the process that `npm start` runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient, type LedgerClient, type LedgerClientOptions } from '@sealedger/protocol/ledger/client.ts';
import type { Role } from '@sealedger/protocol/ledger/codec.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { fromAccount } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { Admission, RequestTerms } from '@sealedger/protocol/ledger/records.ts';
import { computeAddress, SigningKey } from 'ethers';
import { admitOrganisations } from '../../deploy/admit.ts';
import { type ChainEngine, startEngine } from '../../deploy/chain-engine.ts';
import { systemClock } from '../../deploy/clock.ts';
import { deployContracts } from '../../deploy/contracts.ts';

export const FOUNDER_KEY = '0f'.repeat(32);
const chainMain = fileURLToPath(new URL('../../deploy/chain-main.ts', import.meta.url));

/** Private keys of the test organisations. */
export const keys = {
  bank: '1a'.repeat(32),
  tax: '2b'.repeat(32),
  court: '3c'.repeat(32),
  bureau: '4d'.repeat(32),
} as const;
export type OrgName = keyof typeof keys;

const roles: Readonly<Record<OrgName, readonly Role[]>> = {
  bank: ['bank'],
  tax: ['department'],
  court: ['department', 'gate'],
  bureau: ['registrar', 'gate'],
};

export function admissionOf(org: OrgName): Admission {
  const account = fromAccount(computeAddress(new SigningKey(`0x${keys[org]}`).publicKey));
  const [ed25519Key, x25519Key] = [`e${org.length}`, `f${org.length}`].map(
    (pair) => pair.repeat(31) + keys[org].slice(0, 2),
  );
  return { id: org, roles: roles[org], account, ed25519Key: ed25519Key!, x25519Key: x25519Key!, endpoint: '' };
}

export type Ledger = {
  readonly engine: ChainEngine;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  client(org: OrgName | 'founder' | null, changes?: Partial<LedgerClientOptions>): LedgerClient;
};

/** A fresh chain in this process with the contracts; ends with the test. */
export async function startLedger(t: Pick<TestContext, 'after'>): Promise<Ledger> {
  const engine = await startEngine(20221, 1_800_000_000);
  t.after(() => engine.close());
  const { rpc } = engine;
  const deployment = await deployContracts({ rpc, founderKeyHex: FOUNDER_KEY, clock: systemClock, validators: [] });
  return { engine, rpc, deployment, client: clientFactory(rpc, deployment) };
}

/** {@link startLedger} with the four organisations admitted. */
export async function startConsortium(t: Pick<TestContext, 'after'>): Promise<Ledger> {
  const ledger = await startLedger(t);
  await admitOrganisations(ledger.client('founder'), (Object.keys(keys) as OrgName[]).map(admissionOf));
  return ledger;
}

export function clientFactory(rpc: Rpc, deployment: Deployment): Ledger['client'] {
  // the engine's time starts in the future of the machine's
  const clock = { now: () => 1_800_000_000_000, sleep: systemClock.sleep };
  return (org, changes = {}) =>
    createLedgerClient({
      rpc,
      deployment,
      clock,
      ...(org === null ? {} : { account: { privateKeyHex: org === 'founder' ? FOUNDER_KEY : keys[org] } }),
      ...changes,
    });
}

/** Publishes what a request needs and gives its terms. */
export async function publishAndPrepare(ledger: Ledger, requestDigest = '1'.repeat(64)): Promise<RequestTerms> {
  const publication = { version: 1, metadataHash: 'a'.repeat(64), commitment: 'b'.repeat(64), level: 3 };
  const income = await ledger.client('tax').publishDatasetVersion({ ...publication, name: 'income' });
  const cases = await ledger.client('court').publishDatasetVersion({ ...publication, name: 'cases' });
  const register = await ledger.client('bureau').publishDatasetVersion({ ...publication, name: 'register' });
  return {
    requestDigest,
    purpose: 'credit-risk',
    modelDigest: '2'.repeat(64),
    datasetVersions: [income.id, cases.id],
    registerVersion: register.id,
    gates: ['bureau', 'court'],
    quota: 10,
    expiresAtSeconds: 1_800_100_000,
    singleDepartment: false,
    qualityFloor: 0,
    previous: null,
  };
}

/** A chain that can be switched off: `away` makes every call fail, `loseAnswers` lets the call through and then fails. */
export function switchable(rpc: Rpc) {
  const state = { away: false, loseAnswersOf: '', calls: [] as string[] };
  const unreachable = (method: string) => new ProtocolError('CHAIN_UNREACHABLE', { method });
  return {
    state,
    rpc: {
      async request(method: string, params: readonly unknown[]) {
        state.calls.push(method);
        if (state.away) throw unreachable(method);
        const answer = await rpc.request(method, params);
        if (state.loseAnswersOf !== method) return answer;
        throw unreachable(method);
      },
    },
  };
}

/** A directory that goes away with the test. */
export async function temporaryDirectory(t: Pick<TestContext, 'after'>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sealedger-chain-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

export type ChainProcess = {
  readonly child: ChildProcess;
  readonly ready: Readonly<Record<string, unknown>> & { readonly rpc: string; readonly genesisHash: string };
  /** What it said on stderr so far. */
  said(): string;
  /** Sends a signal and waits for the end. @returns exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
};

/** Starts the process of the embedded chain. @throws what it said on stderr, where it ends before it is ready. */
export async function spawnChain(
  t: Pick<TestContext, 'after'>,
  dataDir: string,
  options: readonly string[] = [],
): Promise<ChainProcess> {
  const child = spawn(process.execPath, [chainMain, '--data', dataDir, ...options], { stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const line = await Promise.race([firstLine(child), ended.then(() => null)]);
  if (line === null) throw new Error(said);
  return {
    child,
    ready: JSON.parse(line) as ChainProcess['ready'],
    said: () => said,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => createInterface({ input: child.stdout! }).once('line', resolve));
}
