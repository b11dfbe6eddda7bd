/**
 * Anchors the log's checkpoints on the chain: in order, each once in effect, however often node or chain go away.
 *
 * The contract takes only growing sizes, so the chain itself says what is anchored; what is kept here is a note of where.
 * After every doubt (start, error) the chain is asked first: a crash between sending and noting anchors nothing twice,
 * and a log that was set back or has two histories is found before anything is sent. While the chain is away events go
 * on being logged, and the backlog is visible.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { AnchorChain, AnchoredAt, EvidenceClock, ReadableLog } from './ports.ts';

export type AnchorLimits = {
  /** Anchors when so many events wait … */
  readonly batchEvents: number;
  /** … or when the oldest of them has waited so long. */
  readonly maxAgeMs: number;
  /** Backlog from which the node should be looked after; the warning comes at 70 % of it. */
  readonly backlogLimit: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
};

export const DEFAULT_ANCHOR_LIMITS: AnchorLimits = {
  batchEvents: 1024,
  maxAgeMs: 10_000,
  backlogLimit: 1_000_000,
  firstRetryMs: 1_000,
  maxRetryMs: 60_000,
};

const WARNING_SHARE = 0.7;

export type AnchorStatus = {
  readonly logSize: number;
  readonly anchoredSize: number;
  readonly backlog: number;
  /** Age of the oldest event that is not anchored; 0 where there is none. */
  readonly oldestAgeMs: number;
  readonly backlogLimit: number;
  /** The backlog has passed 70 % of its limit. */
  readonly isWarning: boolean;
  /** Code of the last failure, null since the last success. */
  readonly lastError: string | null;
  readonly failures: number;
};

export type AnchorParts = {
  readonly log: ReadableLog;
  readonly chain: AnchorChain;
  readonly clock: EvidenceClock;
  /** Told of every anchor once it stands, to note it or to count it. */
  readonly onAnchored?: (size: number, at: AnchoredAt) => void;
  readonly limits?: Partial<AnchorLimits>;
};

/** Keeps the chain up with the log. `tick` is called by a timer; nothing runs between calls. */
export class Anchorer {
  readonly #parts: AnchorParts;
  readonly #limits: AnchorLimits;
  #anchoredSize = 0;
  /** Whether `#anchoredSize` is what the chain holds; false until it was asked, and after every error. */
  #isCertain = false;
  #lastError: string | null = null;
  #failures = 0;
  #notBeforeMs = 0;
  #running: Promise<boolean> | null = null;

  constructor(parts: AnchorParts) {
    this.#parts = parts;
    this.#limits = { ...DEFAULT_ANCHOR_LIMITS, ...parts.limits };
  }

  /**
   * Anchors if enough waits or waited long enough, and no retry is pending.
   * @returns whether everything logged before the call is anchored now.
   * @throws {ProtocolError} ANCHOR_LOG_REWOUND, ANCHOR_ROOT_DIFFERS: a person must look, retrying cannot help. Failures of
   * the chain are not thrown; they stand in the status and are tried again with growing pauses.
   */
  async tick(): Promise<boolean> {
    if (this.#parts.clock.now() < this.#notBeforeMs) return false;
    if (this.#isCertain && !(await this.#isDue())) return this.#anchoredSize === this.#parts.log.size;
    return this.flush();
  }

  /** Anchors whatever waits, now. @returns and throws as {@link Anchorer.tick}. */
  async flush(): Promise<boolean> {
    // A call that comes while another one runs may have logged events that the running one does not see.
    while (this.#running !== null) await this.#running;
    this.#running = this.#attempt();
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async status(): Promise<AnchorStatus> {
    const { log } = this.#parts;
    const { backlogLimit } = this.#limits;
    const backlog = log.size - this.#anchoredSize;
    return {
      logSize: log.size,
      anchoredSize: this.#anchoredSize,
      backlog,
      oldestAgeMs: await this.#oldestAgeMs(),
      backlogLimit,
      isWarning: backlog > WARNING_SHARE * backlogLimit,
      lastError: this.#lastError,
      failures: this.#failures,
    };
  }

  async #attempt(): Promise<boolean> {
    const target = this.#parts.log.size;
    try {
      if (!this.#isCertain) await this.#askChain();
      if (target > this.#anchoredSize) await this.#send(target);
    } catch (error) {
      this.#isCertain = false;
      const code = error instanceof ProtocolError ? error.code : 'UNKNOWN';
      this.#lastError = code;
      this.#failures += 1;
      if (code === 'ANCHOR_LOG_REWOUND' || code === 'ANCHOR_ROOT_DIFFERS') throw error;
      const pauseMs = Math.min(this.#limits.firstRetryMs * 2 ** (this.#failures - 1), this.#limits.maxRetryMs);
      this.#notBeforeMs = this.#parts.clock.now() + pauseMs;
      return false;
    }
    this.#lastError = null;
    this.#failures = 0;
    this.#notBeforeMs = 0;
    return true;
  }

  /** Takes the chain's word for what is anchored, and holds it against the log. */
  async #askChain(): Promise<void> {
    const { log, chain } = this.#parts;
    const { size, root } = await chain.latestAnchor();
    if (size > log.size) throw new ProtocolError('ANCHOR_LOG_REWOUND', { anchored: size, size: log.size });
    if (size > 0 && (await log.rootAt(size)) !== root) throw new ProtocolError('ANCHOR_ROOT_DIFFERS', { size });
    if (size > this.#anchoredSize) {
      const at = await chain.findAnchor(size);
      if (at !== undefined) this.#parts.onAnchored?.(size, at);
    }
    this.#anchoredSize = size;
    this.#isCertain = true;
  }

  async #send(size: number): Promise<void> {
    const { log, chain } = this.#parts;
    const { checkpoint } = await log.checkpoint(size);
    const at = await chain.anchor(size, checkpoint.root);
    this.#anchoredSize = size;
    this.#parts.onAnchored?.(size, at);
  }

  async #isDue(): Promise<boolean> {
    const backlog = this.#parts.log.size - this.#anchoredSize;
    if (backlog === 0) return false;
    return backlog >= this.#limits.batchEvents || (await this.#oldestAgeMs()) >= this.#limits.maxAgeMs;
  }

  async #oldestAgeMs(): Promise<number> {
    const { log, clock } = this.#parts;
    if (this.#anchoredSize >= log.size) return 0;
    const { signed } = await log.eventAt(this.#anchoredSize);
    return Math.max(0, clock.now() - Date.parse(signed.event.time));
  }
}
