/** The running chain: what it offers, and the rule that nothing is answered before it is in the journal. */

import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { BlockSeal } from '@sealedger/protocol/ledger/block-seal.ts';
import { fromWord } from '@sealedger/protocol/ledger/ids.ts';
import { ChainRpcError, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { z } from 'zod';
import type { ChainEngine } from './chain-engine.ts';
import type { Journal } from './chain-journal.ts';

/** The latest block; its time in Unix seconds. */
export type Head = { readonly number: number; readonly hash: string; readonly timestamp: number };

/** A block as the validator seals it. */
export type BlockName = { readonly blockNumber: number; readonly blockHash: string };

export type ChainState = Rpc & {
  head(): Head;
  /** Waits for what is in hand, then ends engine and journal. */
  close(): Promise<void>;
};

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
 * Serves one call after the other: nobody reads a block before its transaction is in the journal.
 * A failure between block and journal stops the chain, since its memory is then ahead of its disk.
 */
export function createChainState(
  engine: ChainEngine,
  journal: Journal,
  firstHead: Head,
  now: () => number,
  seal: (block: BlockName) => BlockSeal,
): ChainState {
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

const blockSchema = z.object({ number: z.string(), hash: z.string(), timestamp: z.string() });

/** The engine's latest block. */
export async function readHead(rpc: Rpc): Promise<Head> {
  const block = blockSchema.parse(await rpc.request('eth_getBlockByNumber', ['latest', false]));
  return { number: Number(block.number), hash: fromWord(block.hash), timestamp: Number(block.timestamp) };
}

/** @param number - `0x` hex. @throws {ProtocolError} CHAIN_CALL_MALFORMED. @throws {ChainRpcError} where there is no such block. */
export async function readBlock(rpc: Rpc, number: unknown): Promise<BlockName> {
  if (typeof number !== 'string' || !/^0x[0-9a-f]{1,13}$/.test(number)) {
    throw new ProtocolError('CHAIN_CALL_MALFORMED', { reason: 'a block number in 0x hex is needed' });
  }
  const answer = await rpc.request('eth_getBlockByNumber', [number, false]);
  if (answer === null) throw new ChainRpcError('sealedger_blockSeal', -32001, 'no such block');
  const block = blockSchema.parse(answer);
  return { blockNumber: Number(block.number), blockHash: fromWord(block.hash) };
}
