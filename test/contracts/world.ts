/** A consortium on a chain of its own, for the tests of the contracts: raw calls, without the client's own checks. */
import assert from 'node:assert/strict';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { callView, encodeCall } from '@sealedger/protocol/ledger/abi.ts';
import { type Role, rolesToMask } from '@sealedger/protocol/ledger/codec.ts';
import type { ContractName, Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { decodeEvent, type LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { datasetVersionId, orgToBytes32, toWord } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createSender, type Sender } from '@sealedger/protocol/ledger/transactions.ts';
import { computeAddress, SigningKey } from 'ethers';
import { startEngine } from '../../deploy/chain-engine.ts';
import { systemClock } from '../../deploy/clock.ts';
import { deployContracts } from '../../deploy/contracts.ts';

export const GENESIS_SECONDS = 1_800_000_000;
const CHAIN_ID = 20221;

/** Organisations of the test consortium; `founder` and `stranger` are accounts without one. */
export const roles = {
  'bank-a': ['bank'],
  'bank-b': ['bank'],
  tax: ['department'],
  court: ['department', 'gate'],
  bureau: ['registrar', 'gate'],
  meter: ['gate'],
  watchdog: ['regulator'],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type OrgName = keyof typeof roles;
export type ActorName = OrgName | 'founder' | 'stranger' | 'newcomer';

export type World = {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  /** Sends a call as an account; resolves with the events of its transaction. */
  send(actor: ActorName, contract: ContractName, name: string, args: readonly unknown[]): Promise<LedgerEvent[]>;
  view(contract: ContractName, name: string, args: readonly unknown[]): Promise<ArrayLike<unknown>>;
  /** Moves the chain's time forward by mining an empty block. */
  pass(seconds: number): Promise<void>;
  nowSeconds(): Promise<number>;
  /** Runs `work` and takes back everything it did to the chain. */
  undone(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
};

/** A key that is told by its name: 32 bytes of one repeated value. */
export function privateKeyOf(actor: string): string {
  let value = 7;
  for (const char of actor) value = (value * 31 + char.charCodeAt(0)) % 251;
  return (value + 1).toString(16).padStart(2, '0').repeat(32);
}

export function accountOf(actor: string): string {
  return computeAddress(new SigningKey(toWord(privateKeyOf(actor))).publicKey);
}

/** A word that is told by its text. */
export function word(text: string): string {
  return orgToBytes32(text);
}

export function keysOf(actor: string): readonly unknown[] {
  return [accountOf(actor), word(`ed-${actor}`), word(`x-${actor}`)];
}

export function admissionOf(actor: string, given: readonly Role[]): readonly unknown[] {
  return [word(actor), rolesToMask(given), keysOf(actor), `http://${actor}`];
}

/** Deploys the contracts; nobody is admitted yet. */
export async function createEmptyWorld(): Promise<World> {
  const { rpc, close } = await startEngine(CHAIN_ID, GENESIS_SECONDS);
  const founderKeyHex = privateKeyOf('founder');
  const deployment = await deployContracts({ rpc, founderKeyHex, clock: systemClock, validators: [] });
  const senders = new Map<ActorName, Sender>();
  const senderOf = (actor: ActorName): Sender => {
    const known = senders.get(actor) ?? createSender(rpc, CHAIN_ID, privateKeyOf(actor), systemClock);
    senders.set(actor, known);
    return known;
  };
  return {
    rpc,
    deployment,
    async send(actor, contract, name, args) {
      const to = `0x${deployment.contracts[contract]}`;
      const { logs } = await senderOf(actor).send(name, to, encodeCall(contract, name, args));
      return logs.map((log) => decodeEvent(log, deployment)).filter((event) => event !== null);
    },
    view: (contract, name, args) => callView(rpc, deployment, contract, name, args),
    async pass(seconds) {
      await rpc.request('evm_increaseTime', [seconds]);
      await rpc.request('evm_mine', []);
    },
    async nowSeconds() {
      const block = await rpc.request('eth_getBlockByNumber', ['latest', false]);
      return Number((block as { timestamp: string }).timestamp);
    },
    async undone(work) {
      const snapshot = await rpc.request('evm_snapshot', []);
      try {
        await work();
      } finally {
        await rpc.request('evm_revert', [snapshot]);
      }
    },
    close,
  };
}

/** The test consortium, its founding closed. */
export async function createWorld(): Promise<World> {
  const world = await createEmptyWorld();
  for (const [org, given] of Object.entries(roles)) {
    await world.send('founder', 'consortium', 'admit', [admissionOf(org, given)]);
  }
  await world.send('founder', 'consortium', 'closeFounding', []);
  return world;
}

/** Asserts that a call is refused with a custom error, and with these arguments where they are given. */
export async function refused(call: Promise<unknown>, error: string, args?: string): Promise<void> {
  await assert.rejects(call, (cause: unknown) => {
    assert.ok(isProtocolError(cause, 'CHAIN_REFUSED'), `not a refusal: ${String(cause)}`);
    assert.equal(cause.details['error'], error);
    if (args !== undefined) assert.equal(cause.details['args'], args);
    return true;
  });
}

/** Suspends an organisation by the votes of four others. */
export async function suspend(world: World, org: OrgName): Promise<void> {
  const voters = (Object.keys(roles) as OrgName[]).filter((name) => name !== org).slice(0, 4);
  const [made] = await world.send(voters[0]!, 'consortium', 'proposeSuspension', [word(org)]);
  assert.equal(made?.name, 'ProposalMade');
  for (const voter of voters.slice(1)) {
    await world.send(voter, 'consortium', 'vote', [made.args.proposalId, true]);
  }
}

/** Publishes version 1 of a dataset. @returns its id as a word. */
export async function publish(world: World, owner: OrgName, name: string): Promise<string> {
  await world.send(owner, 'catalogue', 'publish', [word(name), 1, word('metadata'), word('commitment'), 3]);
  return toWord(datasetVersionId(owner, name, 1));
}
