/** Puts the contracts on a chain and writes down where they are; see protocol/ledger/deployment.ts. */
import { rename } from 'node:fs/promises';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { callView } from '@sealedger/protocol/ledger/abi.ts';
import { contracts } from '@sealedger/protocol/ledger/contracts.generated.ts';
import {
  type ContractName,
  type Deployment,
  parseDeployment,
  type SealScheme,
} from '@sealedger/protocol/ledger/deployment.ts';
import { bytesFromRpc, codeHash, fromAccount } from '@sealedger/protocol/ledger/ids.ts';
import { askQuantity, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { blockHash, verifyDeployment } from '@sealedger/protocol/ledger/reader.ts';
import { createSender, type LedgerClock, type SenderOptions } from '@sealedger/protocol/ledger/transactions.ts';
import { readIfThere, writeNew } from './chain-files.ts';

export type DeployOptions = SenderOptions & {
  readonly rpc: Rpc;
  /** secp256k1 key of the account that becomes the founder, 32 bytes of hex. */
  readonly founderKeyHex: string;
  readonly clock: LedgerClock;
  /** Keys or addresses that seal the chain's blocks; empty where it has no such seals. */
  readonly validators: readonly string[];
  /** How they seal; default Ed25519 beside the block. */
  readonly sealScheme?: SealScheme;
};

/** Each contract is given the address of the one that it builds on. */
const buildsOn = {
  catalogue: 'consortium',
  requests: 'catalogue',
  evidence: 'requests',
  attestations: 'consortium',
} as const;

/**
 * Deploys new contracts and checks that they are there and point at one another.
 * @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_REFUSED, CHAIN_TIMEOUT, CHAIN_MISMATCH
 */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  const { rpc } = options;
  const chainId = Number(await askQuantity(rpc, 'eth_chainId', []));
  const sender = createSender(rpc, chainId, options.founderKeyHex, options.clock, options);
  let firstBlock: number | undefined;
  const create = async (name: ContractName, address?: string): Promise<string> => {
    const argument = address === undefined ? '' : address.padStart(64, '0');
    const data = contracts[name].bytecode + argument;
    const { created, blockNumber } = await sender.send(`creation of ${name}`, null, data);
    firstBlock ??= blockNumber;
    if (created !== null) return created;
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getTransactionReceipt', reason: 'no address' });
  };
  const consortium = await create('consortium');
  const catalogue = await create('catalogue', consortium);
  const requests = await create('requests', catalogue);
  const evidence = await create('evidence', requests);
  const attestations = await create('attestations', consortium);
  const addresses = { consortium, catalogue, requests, evidence, attestations };
  const deployment: Deployment = {
    suite: SUITE,
    version: 1,
    chainId,
    genesisHash: await blockHash(rpc, 0),
    contracts: addresses,
    codeHashes: await readCodeHashes(rpc, addresses),
    ...(options.sealScheme === undefined ? {} : { sealScheme: options.sealScheme }),
    validators: [...options.validators],
    ...(firstBlock === undefined ? {} : { firstBlock }),
  };
  await verifyWiring(rpc, deployment);
  return deployment;
}

/**
 * The deployment that a file describes, held against the chain; deploys and writes the file where there is none.
 * @throws {ProtocolError} as {@link deployContracts}; SCHEMA_MISMATCH where the file is none of ours.
 */
export async function ensureDeployment(file: string, options: DeployOptions): Promise<Deployment> {
  const text = await readIfThere(file);
  if (text !== null) {
    const deployment = parseDeployment(parseJson(text));
    await verifyDeployment(options.rpc, deployment);
    await verifyWiring(options.rpc, deployment);
    return deployment;
  }
  const deployment = await deployContracts(options);
  // whole or not at all, whenever the process ends
  const draft = `${file}.${process.pid}`;
  await writeNew(draft, `${JSON.stringify(deployment, null, 2)}\n`, 0o644);
  await rename(draft, file);
  return deployment;
}

async function readCodeHashes(rpc: Rpc, addresses: Deployment['contracts']): Promise<Deployment['codeHashes']> {
  const hashOf = async (name: ContractName): Promise<string> => {
    const code = String(await rpc.request('eth_getCode', [`0x${addresses[name]}`, 'latest']));
    if (code === '0x')
      throw new ProtocolError('CHAIN_MISMATCH', { what: `code of ${name}`, found: 'none', expected: 'some' });
    return codeHash(bytesFromRpc(code));
  };
  return {
    consortium: await hashOf('consortium'),
    catalogue: await hashOf('catalogue'),
    requests: await hashOf('requests'),
    evidence: await hashOf('evidence'),
    attestations: await hashOf('attestations'),
  };
}

async function verifyWiring(rpc: Rpc, deployment: Deployment): Promise<void> {
  for (const [name, base] of Object.entries(buildsOn) as [keyof typeof buildsOn, ContractName][]) {
    const [address] = await callView(rpc, deployment, name, base, []);
    const found = fromAccount(String(address));
    const expected = deployment.contracts[base];
    if (found !== expected) throw new ProtocolError('CHAIN_MISMATCH', { what: `${base} of ${name}`, found, expected });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('SCHEMA_MISMATCH', { document: 'deployment', path: '$', reason: 'not JSON' }, { cause });
  }
}
