/**
 * Follows the contracts' events in the order of the chain.
 *
 * The cursor moves on only after the event was taken in, so that an event is delivered at least once: `onEvent` must bear
 * the last one again after a crash. A chain that is away is asked again; a chain whose past has changed stops the watcher.
 */
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { Deployment } from './deployment.ts';
import { type LedgerEvent, readEvents } from './events.ts';
import { askQuantity, type Rpc } from './json-rpc.ts';
import { blockHash } from './reader.ts';
import type { LedgerClock } from './transactions.ts';

/**
 * The last event that was taken in, or a whole block (`logIndex` null) without events after it.
 * `blockHash` ties it to the chain: the same number with another hash is another history.
 */
export type LedgerCursor = {
  readonly blockNumber: number;
  readonly logIndex: number | null;
  readonly blockHash: string;
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
  /** Told of each failed round, for the log. */
  readonly onError?: (cause: unknown) => void;
  /** Between two looks; default 500. */
  readonly pollMs?: number;
  /** Blocks on top before an event counts; default 0. */
  readonly confirmations?: number;
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
  /** Number of the latest block seen; null before the first look. */
  readonly head: number | null;
  readonly cursor: LedgerCursor | null;
};

/** Blocks asked for at once: bounds the answer after a long absence. */
const BLOCKS_PER_READ = 2_000;

export function createLedgerWatcher(options: LedgerWatcherOptions): LedgerWatcher {
  const { rpc, clock, fromBlock = options.deployment.firstBlock ?? 0, pollMs = 500, confirmations = 0 } = options;
  let { cursor } = options;
  let lastSeenAt: number | null = null;
  let head: number | null = null;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();

  async function advance(to: LedgerCursor): Promise<void> {
    await options.saveCursor(to);
    cursor = to;
  }

  async function deliver(first: number, last: number): Promise<void> {
    const events = await readEvents(rpc, options.deployment, { fromBlock: first, toBlock: last });
    for (const event of events) {
      if (stopped) return;
      if (isBehind(event, cursor)) continue;
      await options.onEvent(event);
      await advance({ blockNumber: event.blockNumber, logIndex: event.logIndex, blockHash: event.blockHash });
    }
    if (stopped) return;
    await advance({ blockNumber: last, logIndex: null, blockHash: await blockHash(rpc, last) });
  }

  async function poll(): Promise<void> {
    head = Number(await askQuantity(rpc, 'eth_blockNumber', []));
    // a chain behind our cursor is one of several nodes that lags, or still catching up: nothing is new, and it stays stale
    if (cursor !== null && head < cursor.blockNumber) return;
    if (cursor !== null) await assertSameHistory(rpc, cursor);
    const last = head - confirmations;
    for (
      let from = cursor === null ? fromBlock : firstBlockAfter(cursor);
      from <= last && !stopped;
      from += BLOCKS_PER_READ
    ) {
      await deliver(from, Math.min(from + BLOCKS_PER_READ - 1, last));
    }
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

async function assertSameHistory(rpc: Rpc, cursor: LedgerCursor): Promise<void> {
  const { blockNumber } = cursor;
  if ((await blockHash(rpc, blockNumber)) !== cursor.blockHash) {
    throw new ProtocolError('CHAIN_REORGANISED', { blockNumber });
  }
}
