/**
 * A chain on paper: blocks, receipts and seals as a node's RPC answers them, for contract events that a test writes down.
 * Headers and receipts are encoded by ethers and the trie by @ethereumjs/mpt, so that the code under test does not check
 * itself.
 */
import { createMPT } from '@ethereumjs/mpt';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { interfaces } from '@sealedger/protocol/ledger/abi.ts';
import { sealBlock } from '@sealedger/protocol/ledger/block-seal.ts';
import type { ContractName, Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { ChainRpcError, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { encodeRlp, keccak256, toBeArray, toQuantity } from 'ethers';
import { type PaperBft, sealedExtraData } from './bft-headers.ts';

export type PaperEvent = readonly [contract: ContractName, event: string, args: readonly unknown[], address?: string];
type Log = { address: string; topics: readonly string[]; data: string };
type PaperBlock = { readonly answer: Record<string, unknown>; readonly receipts: readonly Record<string, unknown>[] };

const WORD = `0x${'11'.repeat(32)}`;
const quantity = (value: number): string => toQuantity(value);
const minimal = (value: number): string => `0x${toHex(toBeArray(value))}`;

export const validatorKey = new Uint8Array(32).fill(0x5e);
export const validator = toHex(nobleEd25519.publicKey(validatorKey));
const address = (digit: string): string => digit.repeat(40);
const zeros = '00'.repeat(32);

export const deployment: Deployment = {
  suite: SUITE,
  version: 1,
  chainId: 31337,
  genesisHash: 'ab'.repeat(32),
  contracts: {
    consortium: address('1'),
    catalogue: address('2'),
    requests: address('3'),
    evidence: address('4'),
    attestations: address('5'),
  },
  codeHashes: { consortium: zeros, catalogue: zeros, requests: zeros, evidence: zeros, attestations: zeros },
  validators: [validator],
};

export class PaperChain {
  readonly #blocks: PaperBlock[] = [];
  readonly #startSeconds: number;
  /** Signs the blocks; another key stands for a validator nobody trusts. */
  sealKey = validatorKey;
  chainId = deployment.chainId;
  /** Seals in the headers instead of beside the blocks. */
  bft: PaperBft | null = null;
  /** Whether the node gives seals beside its blocks. */
  isSealed = true;

  constructor(startSeconds: number) {
    this.#startSeconds = startSeconds;
  }

  /** A block with one transaction per list of events. @returns its number. */
  async mine(...transactions: readonly (readonly PaperEvent[])[]): Promise<number> {
    const number = this.#blocks.length + 1;
    const encoded: Uint8Array[] = [];
    const receipts = transactions.map((events, index) => {
      const logs = events.map(encodeLog);
      const rlpLogs = logs.map((log) => [log.address, [...log.topics], log.data]);
      const body = encodeRlp(['0x01', minimal(21_000 * (index + 1)), bloomOf(logs), rlpLogs]);
      encoded.push(fromHex(`02${body.slice(2)}`));
      return { number, index, logs };
    });
    const trie = await createMPT();
    for (const [index, receipt] of encoded.entries()) {
      await trie.put(fromHex(encodeRlp(minimal(index)).slice(2)), receipt);
    }
    const bloom = bloomOf(receipts.flatMap(({ logs }) => logs));
    const answer = this.#header(number, `0x${toHex(trie.root())}`, bloom);
    const hashes = receipts.map(({ index }) => transactionHash(number, index));
    const answers = receipts.map(({ index, logs }) => receiptAnswer(answer['hash'] as string, number, index, logs));
    this.#blocks.push({ answer: { ...answer, transactions: hashes }, receipts: answers });
    return number;
  }

  /** Time of the latest block. */
  async nowSeconds(): Promise<number> {
    return this.#startSeconds + this.#blocks.length;
  }

  readonly rpc: Rpc = {
    request: async (method, params) => this.#answer(method, params),
  };

  #answer(method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return quantity(this.chainId);
      case 'eth_blockNumber':
        return quantity(this.#blocks.length);
      case 'eth_getBlockByNumber':
        if (params[0] === '0x0') return { hash: `0x${deployment.genesisHash}` };
        return this.#blocks[Number(params[0]) - 1]?.answer ?? null;
      case 'eth_getTransactionReceipt':
        return this.#blocks.flatMap(({ receipts }) => receipts).find((one) => one['transactionHash'] === params[0]);
      case 'eth_getLogs':
        return this.#logs(params[0] as { address: string[]; topics?: (string | null)[] });
      case 'sealedger_blockSeal':
        if (this.bft !== null || !this.isSealed) throw new ChainRpcError(method, -32601, 'Method not found');
        return this.#seal(Number(params[0]));
      default:
        throw new Error(`the paper chain has no ${method}`);
    }
  }

  #logs(filter: { address: string[]; topics?: (string | null)[] }): unknown[] {
    const all = this.#blocks.flatMap(({ receipts }) => receipts.flatMap((receipt) => receipt['logs'] as Log[]));
    return all.filter(
      (log) =>
        filter.address.includes(log.address) &&
        (filter.topics ?? []).every((topic, i) => topic === null || log.topics[i] === topic),
    );
  }

  #seal(number: number): unknown {
    const hash = (this.#blocks[number - 1]!.answer['hash'] as string).slice(2);
    return sealBlock({ chainId: this.chainId, blockNumber: number, blockHash: hash }, this.sealKey);
  }

  #header(number: number, receiptsRoot: string, bloom: string): Record<string, unknown> {
    const parentHash = (this.#blocks.at(-1)?.answer['hash'] as string | undefined) ?? `0x${deployment.genesisHash}`;
    const timestamp = this.#startSeconds + number;
    const head = [parentHash, WORD, `0x${'22'.repeat(20)}`, WORD, WORD, receiptsRoot, bloom];
    const tail = ['0x', WORD, `0x${'00'.repeat(8)}`];
    const counts = [0, number, 30_000_000, 21_000, timestamp].map(minimal);
    const later = [minimal(7), WORD, minimal(0), minimal(0), WORD, WORD];
    const fields = [...head, ...counts, ...tail, ...later];
    const plain = { extraData: '0x', hash: keccak256(encodeRlp(fields)) };
    const { extraData, hash } = this.bft === null ? plain : sealedExtraData(fields, this.bft);
    return {
      hash,
      parentHash,
      sha3Uncles: WORD,
      miner: `0x${'22'.repeat(20)}`,
      stateRoot: WORD,
      transactionsRoot: WORD,
      receiptsRoot,
      logsBloom: bloom,
      difficulty: '0x0',
      number: quantity(number),
      gasLimit: quantity(30_000_000),
      gasUsed: quantity(21_000),
      timestamp: quantity(timestamp),
      extraData,
      mixHash: WORD,
      nonce: `0x${'00'.repeat(8)}`,
      baseFeePerGas: '0x7',
      withdrawalsRoot: WORD,
      blobGasUsed: '0x0',
      excessBlobGas: '0x0',
      parentBeaconBlockRoot: WORD,
      requestsHash: WORD,
    };
  }
}

function encodeLog([contract, event, args, at]: PaperEvent): Log {
  const { topics, data } = interfaces[contract].encodeEventLog(event, [...args]);
  return { address: `0x${at ?? deployment.contracts[contract]}`, topics, data };
}

/** The bloom filter as the yellow paper words it: M3:2048, as one number of 2,048 bits. */
function bloomOf(logs: readonly Log[]): string {
  let bloom = 0n;
  for (const value of logs.flatMap(({ address, topics }) => [address, ...topics])) {
    const digits = keccak256(value).slice(2);
    for (const pair of [0, 4, 8]) bloom |= 1n << (BigInt(`0x${digits.slice(pair, pair + 4)}`) % 2048n);
  }
  return `0x${bloom.toString(16).padStart(512, '0')}`;
}

function transactionHash(number: number, index: number): string {
  return keccak256(encodeRlp([minimal(number), minimal(index)]));
}

function receiptAnswer(
  blockHash: string,
  number: number,
  index: number,
  logs: readonly Log[],
): Record<string, unknown> {
  const place = {
    blockHash,
    blockNumber: quantity(number),
    transactionHash: transactionHash(number, index),
    transactionIndex: quantity(index),
  };
  return {
    ...place,
    type: '0x2',
    status: '0x1',
    cumulativeGasUsed: quantity(21_000 * (index + 1)),
    logsBloom: bloomOf(logs),
    logs: logs.map((log, i) => ({ ...log, ...place, logIndex: quantity(i) })),
  };
}
