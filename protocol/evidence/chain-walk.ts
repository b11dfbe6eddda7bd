/**
 * Everything that the contracts said between two blocks, complete: header by header, receipt by receipt.
 *
 * An answer to `eth_getLogs` can leave events out and nobody notices. Here every header must hash to what its successor
 * names as its parent, and the receipts of every block must give its receipts root: an RPC that withholds, adds or changes
 * an event is caught at that block. Only the last header needs a seal; it commits to all before it.
 *
 * Trust: the block to start from, which the caller knows; the RPC can only refuse. Cost: one call per block and one per
 * transaction.
 * Source: Ethereum yellow paper, sections 4.3 and 4.4.
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import type { Deployment } from '../ledger/deployment.ts';
import { decodeEvent, type LedgerEvent } from '../ledger/events.ts';
import type { Rpc } from '../ledger/json-rpc.ts';
import { parseDocument } from '../schema.ts';
import { encodeHeader, encodeReceipt, readHeader, rpcReceiptSchema } from './receipt-proof.ts';
import { buildReceiptTrie } from './trie.ts';

/** A block that the caller knows. */
export type ChainPoint = { readonly number: number; readonly hash: string };

export type WalkedBlock = ChainPoint & {
  /** RLP of the header, lower-case hex. */
  readonly header: string;
  readonly timestampSeconds: number;
  /** In order of the chain. Hashes of transactions are the RPC's word, a pointer and no proof. */
  readonly events: readonly LedgerEvent[];
};

const AT_ONCE = 16;
const transactionsSchema = z.object({ number: z.string(), transactions: z.array(z.string()) });

/**
 * Walks from the block after `from` to block `to`.
 * @param deployment - addresses of the contracts whose events are meant.
 * @param onBlocks - takes a stretch of blocks in; the walk goes on once it resolves.
 * @throws {ProtocolError} CHAIN_WALK_BROKEN where a block does not follow the one before it, BLOCK_HEADER_MISMATCH,
 * RECEIPT_PROOF_INVALID where receipts do not give the root of their block, CHAIN_UNREACHABLE, CHAIN_REPLY_MALFORMED.
 */
export async function walkChain(
  rpc: Rpc,
  deployment: Deployment,
  { from, to }: { readonly from: ChainPoint; readonly to: number },
  onBlocks: (blocks: readonly WalkedBlock[]) => Promise<void>,
): Promise<void> {
  let last: ChainPoint = from;
  for (let first = from.number + 1; first <= to; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to - first + 1) }, (_, i) => first + i);
    const read = await Promise.all(numbers.map((number) => readBlock(rpc, deployment, number)));
    for (const { block, parentHash } of read) {
      if (parentHash !== last.hash) throw new ProtocolError('CHAIN_WALK_BROKEN', { block: block.number });
      last = block;
    }
    await onBlocks(read.map(({ block }) => block));
  }
}

async function readBlock(
  rpc: Rpc,
  deployment: Deployment,
  number: number,
): Promise<{ readonly block: WalkedBlock; readonly parentHash: string }> {
  const answer = await rpc.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false]);
  const { transactions } = parseDocument(transactionsSchema, answer, 'eth_getBlockByNumber');
  const header = encodeHeader(answer);
  const { hash, parentHash, receiptsRoot, timestampSeconds, ...own } = readHeader(header);
  if (own.number !== number) throw new ProtocolError('CHAIN_WALK_BROKEN', { block: number });
  const receipts = await readReceipts(rpc, transactions, receiptsRoot);
  const events = eventsOf(receipts, { number, hash, transactions }, deployment);
  return { block: { number, hash, header, timestampSeconds, events }, parentHash };
}

type Receipt = z.output<typeof rpcReceiptSchema>;

/** The receipts of a block in order of its transactions, proven to be all. */
async function readReceipts(rpc: Rpc, transactions: readonly string[], receiptsRoot: string): Promise<Receipt[]> {
  const answers = await Promise.all(transactions.map((hash) => rpc.request('eth_getTransactionReceipt', [hash])));
  const receipts = answers.map((answer) => parseDocument(rpcReceiptSchema, answer, 'eth_getTransactionReceipt'));
  receipts.sort((a, b) => Number(a.transactionIndex) - Number(b.transactionIndex));
  if (buildReceiptTrie(receipts.map(encodeReceipt)).root !== receiptsRoot) {
    throw new ProtocolError('RECEIPT_PROOF_INVALID', { reason: 'the receipts do not give the root of the block' });
  }
  return receipts;
}

function eventsOf(
  receipts: readonly Receipt[],
  block: ChainPoint & { readonly transactions: readonly string[] },
  deployment: Deployment,
): LedgerEvent[] {
  const quantity = (value: number): string => `0x${value.toString(16)}`;
  const events: LedgerEvent[] = [];
  let logIndex = 0;
  for (const [index, { logs }] of receipts.entries()) {
    for (const log of logs) {
      const place = {
        blockNumber: quantity(block.number),
        blockHash: `0x${block.hash}`,
        transactionHash: block.transactions[index]!,
        transactionIndex: quantity(index),
        logIndex: quantity(logIndex++),
      };
      const event = decodeEvent({ ...log, ...place }, deployment);
      if (event !== null) events.push(event);
    }
  }
  return events;
}
