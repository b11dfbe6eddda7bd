/**
 * A chain of one validator for one machine: Hardhat's simulated network, kept over restarts by a journal.
 *
 * Base fee 0, so that accounts need no balance; one block per transaction. The engine cannot store its state, but the same
 * transactions with the same block times give the same blocks, so the journal is replayed on start and every block's hash
 * compared. Trust: whoever runs this process; other members hold it to the seals of its blocks.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type BlockSeal, sealBlock } from '@sealedger/protocol/ledger/block-seal.ts';
import { fromWord } from '@sealedger/protocol/ledger/ids.ts';
import { ChainRpcError, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { z } from 'zod';
import { type ChainEngine, startEngine } from './chain-engine.ts';
import { chainFiles, claimDirectory, ensureKey } from './chain-files.ts';
import { type Journal, type JournalContent, type JournalHeader, openJournal, readJournal } from './chain-journal.ts';

export const EMBEDDED_CHAIN_ID = 20221;

export type EmbeddedChain = {
  /** Offers what {@link isOffered} lists. @throws {ProtocolError} CHAIN_METHOD_NOT_ALLOWED, CHAIN_STOPPED */
  readonly rpc: Rpc;
  readonly chainId: number;
  /** Hash of block 0, 64 hex digits. */
  readonly genesisHash: string;
  /** Number of the latest block. */
  readonly head: number;
  /** secp256k1 key of the founder's account, 32 bytes of hex. */
  readonly founderKeyHex: string;
  /** Ed25519 key of the validator, 64 hex digits. */
  readonly validator: string;
  /** Waits for what is in hand, then ends; the data directory is free afterwards. */
  close(): Promise<void>;
};

export type EmbeddedChainOptions = {
  readonly dataDir: string;
  /** Default {@link EMBEDDED_CHAIN_ID}; a journal's own chain id must be the same. */
  readonly chainId?: number;
  /** Unix milliseconds; the time of blocks, which never goes back. */
  readonly now: () => number;
  /** Told what the operator should know, in English. */
  readonly notice: (text: string) => void;
};

type Head = { readonly number: number; readonly hash: string; readonly timestamp: number };

const offered = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_chainId',
  'eth_estimateGas',
  'eth_feeHistory',
  'eth_gasPrice',
  'eth_getBalance',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockTransactionCountByHash',
  'eth_getBlockTransactionCountByNumber',
  'eth_getCode',
  'eth_getLogs',
  'eth_getProof',
  'eth_getStorageAt',
  'eth_getTransactionByBlockHashAndIndex',
  'eth_getTransactionByBlockNumberAndIndex',
  'eth_getTransactionByHash',
  'eth_getTransactionCount',
  'eth_getTransactionReceipt',
  'eth_maxPriorityFeePerGas',
  'eth_sendRawTransaction',
  'eth_syncing',
  'net_version',
  'sealedger_blockSeal',
  'web3_clientVersion',
]);

/** @returns whether the chain offers a method: reads, signed transactions and block seals; nothing that changes it otherwise. */
export function isOffered(method: string): boolean {
  return offered.has(method);
}

/**
 * Opens the chain of a data directory, or begins one.
 * @throws {ProtocolError} CHAIN_JOURNAL_CORRUPT, CHAIN_DIRECTORY_IN_USE, MALFORMED_HEX (a key file)
 */
export async function openEmbeddedChain(options: EmbeddedChainOptions): Promise<EmbeddedChain> {
  const release = await claimDirectory(options.dataDir);
  try {
    return await openClaimed(options, release);
  } catch (cause) {
    await release();
    throw cause;
  }
}

async function openClaimed(options: EmbeddedChainOptions, release: () => Promise<void>): Promise<EmbeddedChain> {
  const files = chainFiles(options.dataDir);
  const founderKeyHex = await ensureKey(files.founderKey);
  const validatorKey = fromHex(await ensureKey(files.validatorKey));
  const content = await readJournal(files.journal);
  if (content !== null && content.tornBytes > 0) {
    options.notice(`the journal's last line was not finished and was cut off (${content.tornBytes} bytes)`);
  }
  const chainId = options.chainId ?? content?.header.chainId ?? EMBEDDED_CHAIN_ID;
  const genesisSeconds = content?.header.genesisSeconds ?? Math.floor(options.now() / 1000);
  const engine = await startEngine(chainId, genesisSeconds);
  try {
    const header = await headerOf(engine.rpc, chainId, genesisSeconds);
    const head =
      content === null ? await readHead(engine.rpc) : await replay(engine.rpc, header, content, options.notice);
    const journal = await openJournal(files.journal, content === null ? header : null);
    const state = createChainState(engine, journal, head, options.now, (block) =>
      sealBlock({ chainId, ...block }, validatorKey),
    );
    return {
      rpc: { request: state.request },
      chainId,
      genesisHash: header.genesisHash,
      get head() {
        return state.head().number;
      },
      founderKeyHex,
      validator: toHex(ed25519.getPublicKey(validatorKey)),
      close: async () => {
        await state.close();
        await release();
      },
    };
  } catch (cause) {
    await engine.close();
    throw cause;
  }
}

/**
 * Serves one call after the other: nobody reads a block before its transaction is in the journal.
 * A failure between block and journal stops the chain, since its memory is then ahead of its disk.
 */
function createChainState(
  engine: ChainEngine,
  journal: Journal,
  firstHead: Head,
  now: () => number,
  seal: (block: { blockNumber: number; blockHash: string }) => BlockSeal,
) {
  let head = firstHead;
  let stopped: { readonly reason: string; readonly cause: unknown } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  async function setTime(): Promise<number> {
    const timestamp = Math.max(Math.floor(now() / 1000), head.timestamp);
    await engine.rpc.request('evm_setNextBlockTimestamp', [timestamp]);
    return timestamp;
  }

  async function sendRaw(params: readonly unknown[]): Promise<unknown> {
    const timestamp = await setTime();
    const hash = await engine.rpc.request('eth_sendRawTransaction', params);
    try {
      const mined = await readHead(engine.rpc);
      if (mined.number !== head.number + 1) throw new Error(`block ${mined.number} after block ${head.number}`);
      await journal.append({ raw: String(params[0]), timestamp, blockHash: mined.hash });
      head = mined;
      return hash;
    } catch (cause) {
      stopped = { reason: 'a block could not be written to the journal', cause };
      throw new ProtocolError('CHAIN_STOPPED', { reason: stopped.reason }, { cause });
    }
  }

  async function serve(method: string, params: readonly unknown[]): Promise<unknown> {
    if (stopped !== null)
      throw new ProtocolError('CHAIN_STOPPED', { reason: stopped.reason }, { cause: stopped.cause });
    if (method === 'sealedger_blockSeal') return seal(await readBlock(engine.rpc, params[0]));
    if (method === 'eth_sendRawTransaction') return sendRaw(params);
    // so that `pending` means now and not the time of the engine's start
    if (method === 'eth_call' || method === 'eth_estimateGas') await setTime();
    return engine.rpc.request(method, params);
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn;
    return turn;
  }

  return {
    head: () => head,
    async request(method: string, params: readonly unknown[]): Promise<unknown> {
      if (!isOffered(method)) throw new ProtocolError('CHAIN_METHOD_NOT_ALLOWED', { method });
      return inTurn(() => serve(method, params));
    },
    close: () =>
      inTurn(async () => {
        stopped ??= { reason: 'it was closed', cause: null };
        await journal.close();
        await engine.close();
      }),
  };
}

async function headerOf(rpc: Rpc, chainId: number, genesisSeconds: number): Promise<JournalHeader> {
  const { blockHash } = await readBlock(rpc, '0x0');
  return { journal: 'sealedger/v1/embedded-chain', chainId, genesisSeconds, genesisHash: blockHash };
}

/** @throws {ProtocolError} CHAIN_JOURNAL_CORRUPT at the first line whose block comes out differently. */
async function replay(
  rpc: Rpc,
  header: JournalHeader,
  content: JournalContent,
  notice: (text: string) => void,
): Promise<Head> {
  if (content.header.chainId !== header.chainId) throw corrupt(1, `chain id ${content.header.chainId}`);
  if (content.header.genesisHash !== header.genesisHash) throw corrupt(1, 'block 0 has another hash');
  let head = await readHead(rpc);
  for (const [i, entry] of content.entries.entries()) {
    try {
      await rpc.request('evm_setNextBlockTimestamp', [entry.timestamp]);
      await rpc.request('eth_sendRawTransaction', [entry.raw]);
    } catch (cause) {
      throw corrupt(i + 2, 'the transaction is refused', cause);
    }
    head = await readHead(rpc);
    if (head.hash !== entry.blockHash) throw corrupt(i + 2, `block ${head.number} has another hash`);
  }
  if (content.entries.length > 0) notice(`${content.entries.length} blocks replayed`);
  return head;
}

function corrupt(line: number, reason: string, cause?: unknown): ProtocolError {
  return new ProtocolError('CHAIN_JOURNAL_CORRUPT', { line, reason }, { cause });
}

const blockSchema = z.object({ number: z.string(), hash: z.string(), timestamp: z.string() });

async function readHead(rpc: Rpc): Promise<Head> {
  const block = blockSchema.parse(await rpc.request('eth_getBlockByNumber', ['latest', false]));
  return { number: Number(block.number), hash: fromWord(block.hash), timestamp: Number(block.timestamp) };
}

async function readBlock(rpc: Rpc, number: unknown): Promise<{ blockNumber: number; blockHash: string }> {
  if (typeof number !== 'string' || !/^0x[0-9a-f]{1,13}$/.test(number)) {
    throw new ProtocolError('CHAIN_CALL_MALFORMED', { reason: 'a block number in 0x hex is needed' });
  }
  const answer = await rpc.request('eth_getBlockByNumber', [number, false]);
  if (answer === null) throw new ChainRpcError('sealedger_blockSeal', -32001, 'no such block');
  const block = blockSchema.parse(answer);
  return { blockNumber: Number(block.number), blockHash: fromWord(block.hash) };
}
