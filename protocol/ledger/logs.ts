/**
 * Logs of contracts in ranges of blocks that a chain's node is willing to answer.
 *
 * Trust: what the node sends beside the question is dropped here; what it leaves out cannot be seen from here.
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import { ChainRpcError, type Rpc } from './json-rpc.ts';

/** A log as `eth_getLogs` and receipts have it. */
export const rawLogSchema = z.object({
  address: z.string(),
  topics: z.array(z.string()),
  data: z.string(),
  blockNumber: z.string(),
  blockHash: z.string(),
  transactionHash: z.string(),
  transactionIndex: z.string(),
  logIndex: z.string(),
  /** Set where the log's block was reorganised away. */
  removed: z.boolean().optional(),
});
export type RawLog = z.infer<typeof rawLogSchema>;

export type LogQuery = {
  /** `0x` addresses in lower case. */
  readonly address: readonly string[];
  readonly topics?: readonly (string | null)[];
  readonly fromBlock: number;
  readonly toBlock: number;
};

/** Blocks asked for at once where the node does not mind; Besu's own limit is 5,000 (`--rpc-max-logs-range`). */
export const MAX_BLOCKS_PER_READ = 5_000;
/** Ranges that must succeed before a wider one is tried again. */
const SUCCESSES_TO_GROW = 4;
/** EIP-1474: limit exceeded. */
const LIMIT_EXCEEDED = -32005;
const REFUSED_FOR_SIZE =
  /\b(range|limit(ed|s)?|exceed(s|ed)?|too (large|many|wide|big|long)|more than|response size|at most)\b/i;

/**
 * Reads the logs of a range, page by page; a page that the node refuses for its size is halved, down to one block.
 * @param direction - `backwards`: the newest pages first, each page still in the order of the chain.
 * @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_RPC_ERROR, CHAIN_REPLY_MALFORMED
 */
export async function* logPages(
  rpc: Rpc,
  query: LogQuery,
  direction: 'forwards' | 'backwards' = 'forwards',
): AsyncGenerator<readonly RawLog[]> {
  let [from, to] = [query.fromBlock, query.toBlock];
  let span = MAX_BLOCKS_PER_READ;
  let successes = 0;
  while (from <= to) {
    const first = direction === 'forwards' ? from : Math.max(from, to - span + 1);
    const last = direction === 'forwards' ? Math.min(to, from + span - 1) : to;
    try {
      yield await readPage(rpc, { ...query, fromBlock: first, toBlock: last });
    } catch (cause) {
      if (first === last || !isRefusedForSize(cause)) throw cause;
      span = Math.floor((last - first + 1) / 2);
      successes = 0;
      continue;
    }
    successes += 1;
    if (successes % SUCCESSES_TO_GROW === 0) span = Math.min(2 * span, MAX_BLOCKS_PER_READ);
    if (direction === 'forwards') from = last + 1;
    else to = first - 1;
  }
}

/** Only what was asked for counts: a node may know fewer filters than it is given, and a look-alike contract is no match. */
async function readPage(rpc: Rpc, query: LogQuery): Promise<readonly RawLog[]> {
  const { address, topics, fromBlock, toBlock } = query;
  const filter = {
    address,
    fromBlock: `0x${fromBlock.toString(16)}`,
    toBlock: `0x${toBlock.toString(16)}`,
    ...(topics === undefined ? {} : { topics }),
  };
  const parsed = z.array(rawLogSchema).safeParse(await rpc.request('eth_getLogs', [filter]));
  if (!parsed.success) throw malformed('not logs');
  const logs = parsed.data.filter((log) => isAskedFor(log, query));
  const places = new Set(logs.map((log) => `${BigInt(log.blockNumber)}/${BigInt(log.logIndex)}`));
  if (places.size !== logs.length) throw malformed('one log twice');
  return logs.sort((a, b) => Number(BigInt(a.blockNumber) - BigInt(b.blockNumber) || index(a) - index(b)));
}

function isAskedFor(log: RawLog, { address, topics = [], fromBlock, toBlock }: LogQuery): boolean {
  const number = Number(log.blockNumber);
  return (
    log.removed !== true &&
    address.includes(log.address.toLowerCase()) &&
    number >= fromBlock &&
    number <= toBlock &&
    topics.every((topic, i) => topic === null || log.topics[i]?.toLowerCase() === topic.toLowerCase())
  );
}

function index(log: RawLog): bigint {
  return BigInt(log.logIndex);
}

function isRefusedForSize(cause: unknown): boolean {
  if (!(cause instanceof ChainRpcError)) return false;
  return cause.details['rpcCode'] === LIMIT_EXCEEDED || REFUSED_FOR_SIZE.test(cause.reason);
}

function malformed(reason: string): ProtocolError {
  return new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getLogs', reason });
}
