/**
 * Follows the contracts' events in the order of the chain.
 *
 * The cursor moves on only after the event was taken in, so that an event is delivered at least once: `onEvent` must bear
 * the last one again after a crash. A chain that is away is asked again. Where the chain took blocks back, the cursor goes
 * back to the latest block that both histories have, the consumer is told to forget what came after it, and the events
 * that stand now are delivered; further back than `maxReorgDepth` the watcher stops, since somebody must look.
 */
import { z } from 'zod';
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { Deployment } from './deployment.ts';
import { type LedgerEvent, readEvents } from './events.ts';
import { askQuantity, type Rpc } from './json-rpc.ts';
import { blockHash } from './reader.ts';
import type { LedgerClock } from './transactions.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const blockNameSchema = z.strictObject({ blockNumber: z.int().min(0), blockHash: hex32 });

/** A block by number and hash: the same number with another hash is another history. */
export type BlockName = z.output<typeof blockNameSchema>;

export const ledgerCursorSchema = z.strictObject({
  blockNumber: z.int().min(0),
  logIndex: z.int().min(0).nullable(),
  blockHash: hex32,
  trail: z.array(blockNameSchema).max(1024).optional(),
});

/**
 * The last event that was taken in, or a whole block (`logIndex` null) without events after it. `trail` holds earlier
 * blocks of the same history, oldest first, as far back as a reorganisation is followed.
 */
export type LedgerCursor = {
  readonly blockNumber: number;
  readonly logIndex: number | null;
  readonly blockHash: string;
  readonly trail?: readonly BlockName[] | undefined;
};

export type LedgerWatcherOptions = {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly clock: LedgerClock;
  /** Where to go on; null for `fromBlock`. */
  readonly cursor: LedgerCursor | null;
  /** First block without a cursor, such as the one in which the contracts were created; default the deployment's. */
  readonly fromBlock?: number;
  /** Makes the cursor durable; the next event waits for it. */
  readonly saveCursor: (cursor: LedgerCursor) => Promise<void>;
  /** Takes an event in; one that throws is delivered again after pollMs. */
  readonly onEvent: (event: LedgerEvent) => Promise<void>;
  /**
   * Forgets, durably, every event of a block above `ancestor.blockNumber`: the chain took those blocks back. May be called
   * again for the same ancestor after a crash. Without it a reorganisation stops the watcher.
   */
  readonly onRolledBack?: (ancestor: BlockName, reorganised: BlockName) => Promise<void>;
  /** Told of each failed round, for the log. */
  readonly onError?: (cause: unknown) => void;
  /** Between two looks; default 500. */
  readonly pollMs?: number;
  /** Blocks on top before an event counts; default 0. */
  readonly confirmations?: number;
  /** Blocks that may always be taken back without stopping the watcher; default {@link DEFAULT_REORG_DEPTH}, at most 1,000. */
  readonly maxReorgDepth?: number;
};

export type LedgerWatcher = {
  /** Runs until {@link stop}. @throws {ProtocolError} CHAIN_REORGANISED where the chain is not the one that was read. */
  run(): Promise<void>;
  /** Ends the run after the event in hand. */
  stop(): Promise<void>;
  /** One look: delivers what is new. Not while {@link run} is running. */
  poll(): Promise<void>;
  /** Unix milliseconds of the last look that succeeded; null before the first. What staleness is judged by. */
  readonly lastSeenAt: number | null;
  /** Unix milliseconds when that look began: what happened before on chain was delivered. */
  readonly seenFrom: number | null;
  /** Number of the latest block seen; null before the first look. */
  readonly head: number | null;
  readonly cursor: LedgerCursor | null;
};

/** Deeper than any chain of a known consortium client goes back; a chain with instant finality never does. */
export const DEFAULT_REORG_DEPTH = 64;
/** Blocks taken in before the cursor is saved: bounds what is read again after a crash in a long absence. */
const BLOCKS_PER_READ = 2_000;

export function createLedgerWatcher(options: LedgerWatcherOptions): LedgerWatcher {
  const { rpc, clock, pollMs = 500, confirmations = 0, maxReorgDepth = DEFAULT_REORG_DEPTH } = options;
  const fromBlock = options.fromBlock ?? options.deployment.firstBlock ?? 0;
  let { cursor } = options;
  let lastSeenAt: number | null = null;
  let seenFrom: number | null = null;
  let head: number | null = null;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  async function advance(to: Omit<LedgerCursor, 'trail'>): Promise<void> {
    const next = { ...to, trail: trailTo(cursor, to, maxReorgDepth) };
    await options.saveCursor(next);
    cursor = next;
  }

  async function deliver(first: number, last: number): Promise<void> {
    const lastHash = await blockHash(rpc, last);
    const events = await readEvents(rpc, options.deployment, { fromBlock: first, toBlock: last });
    await assertUnmoved(rpc, events, { blockNumber: last, blockHash: lastHash }, last - maxReorgDepth);
    for (const event of events) {
      if (stopped) return;
      if (isBehind(event, cursor)) continue;
      await options.onEvent(event);
      await advance({ blockNumber: event.blockNumber, logIndex: event.logIndex, blockHash: event.blockHash });
    }
    if (!stopped) await advance({ blockNumber: last, logIndex: null, blockHash: lastHash });
  }

  /** Goes back where the chain has another block in the place of one that was taken in. */
  async function followReorganisation(headNumber: number): Promise<void> {
    if (cursor === null) return;
    const known = [...(cursor.trail ?? []), nameOf(cursor)].filter((block) => block.blockNumber <= headNumber);
    const latest = known.pop();
    if (latest === undefined || (await hasBlock(rpc, latest))) return;
    const ancestor = await latestShared(rpc, known);
    if (ancestor === null || options.onRolledBack === undefined) {
      throw new ProtocolError('CHAIN_REORGANISED', { blockNumber: latest.blockNumber });
    }
    await options.onRolledBack(ancestor, latest);
    const trail = (cursor.trail ?? []).filter((block) => block.blockNumber < ancestor.blockNumber);
    const next = { ...ancestor, logIndex: null, trail };
    await options.saveCursor(next);
    cursor = next;
  }

  async function poll(): Promise<void> {
    const beganAt = clock.now();
    head = Number(await askQuantity(rpc, 'eth_blockNumber', []));
    await followReorganisation(head);
    // a chain behind our cursor is one of several nodes that lags, or still catching up: nothing is new, and it stays stale
    if (cursor !== null && head < cursor.blockNumber) return;
    const last = head - confirmations;
    let from = cursor === null ? fromBlock : firstBlockAfter(cursor);
    while (from <= last && !stopped) {
      const to = endOfRead(from, last, maxReorgDepth);
      await deliver(from, to);
      from = to + 1;
    }
    if (stopped) return;
    seenFrom = beganAt;
    lastSeenAt = clock.now();
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      try {
        await poll();
      } catch (cause) {
        if (isProtocolError(cause, 'CHAIN_REORGANISED')) throw cause;
        options.onError?.(cause);
      }
      if (!stopped) await clock.sleep(pollMs);
    }
  }

  return {
    run() {
      stopped = false;
      running = loop();
      return running;
    },
    async stop() {
      stopped = true;
      // a failed run is reported by run() itself
      await running.catch(() => undefined);
    },
    poll,
    get lastSeenAt() {
      return lastSeenAt;
    },
    get seenFrom() {
      return seenFrom;
    },
    get head() {
      return head;
    },
    get cursor() {
      return cursor;
    },
  };
}

function isBehind(event: LedgerEvent, cursor: LedgerCursor | null): boolean {
  if (cursor === null || event.blockNumber > cursor.blockNumber) return false;
  return event.blockNumber < cursor.blockNumber || cursor.logIndex === null || event.logIndex <= cursor.logIndex;
}

/** A block of which not every event was taken in is read again. */
function firstBlockAfter(cursor: LedgerCursor): number {
  return cursor.logIndex === null ? cursor.blockNumber + 1 : cursor.blockNumber;
}

function nameOf({ blockNumber, blockHash: hash }: BlockName): BlockName {
  return { blockNumber, blockHash: hash };
}

/** A read ends where a reorganisation may begin, so that the trail has a block there. */
function endOfRead(from: number, last: number, maxReorgDepth: number): number {
  const to = Math.min(from + BLOCKS_PER_READ - 1, last);
  const edge = last - maxReorgDepth;
  return from <= edge && edge < to ? edge : to;
}

/** What a reorganisation may go back to from `to`: the newest block at or before the edge, and all after it. */
function trailTo(cursor: LedgerCursor | null, to: BlockName, maxReorgDepth: number): readonly BlockName[] {
  if (cursor === null) return [];
  const earlier = [...(cursor.trail ?? []), nameOf(cursor)].filter((block) => block.blockNumber < to.blockNumber);
  const edge = earlier.findLastIndex((block) => block.blockNumber <= to.blockNumber - maxReorgDepth);
  return earlier.slice(Math.max(edge, 0));
}

/** The newest of `blocks` that the chain has; null where it has none. */
async function latestShared(rpc: Rpc, blocks: readonly BlockName[]): Promise<BlockName | null> {
  for (const block of blocks.toReversed()) if (await hasBlock(rpc, block)) return block;
  return null;
}

async function hasBlock(rpc: Rpc, block: BlockName): Promise<boolean> {
  return (await blockHash(rpc, block.blockNumber)) === block.blockHash;
}

/** Events, and the block they end with, must be of one history: a reorganisation while reading is read again. */
async function assertUnmoved(
  rpc: Rpc,
  events: readonly LedgerEvent[],
  last: BlockName,
  settled: number,
): Promise<void> {
  const blocks = new Map<string, BlockName>([[last.blockHash, last]]);
  for (const event of events) {
    if (event.blockNumber > settled) blocks.set(event.blockHash, event);
  }
  for (const block of blocks.values()) {
    if (!(await hasBlock(rpc, block))) {
      throw new ProtocolError('CHAIN_UNSETTLED', { blockNumber: block.blockNumber });
    }
  }
}
