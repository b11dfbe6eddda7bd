/**
 * Anchors the log's checkpoints on the chain: in order, each once in effect, however often node or chain go away.
 *
 * The contract takes only growing sizes, so the chain itself says what is anchored, and as of some blocks ago what stays.
 * It is asked at the start, after every error, while an anchor is not confirmed yet, and from time to time: a crash between
 * sending and noting anchors nothing twice, an anchor whose block was reorganised away is missed and sent again, and a log
 * that was set back or has two histories is found before anything is sent. While the chain is away events go on being
 * logged, and the backlog is visible.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { AnchorChain, Anchored, AnchoredAt, EvidenceClock, ReadableLog } from './ports.ts';

export type AnchorLimits = {
  /** Anchors when so many events wait … */
  readonly batchEvents: number;
  /** … or when the oldest of them has waited so long. */
  readonly maxAgeMs: number;
  /** Backlog from which the node should be looked after; the warning comes at 70 % of it. */
  readonly backlogLimit: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Between two looks at the chain while an anchor is not confirmed … */
  readonly confirmMs: number;
  /** … and while all are: a chain that promises finality is believed no longer than this. */
  readonly recheckMs: number;
};

export const DEFAULT_ANCHOR_LIMITS: AnchorLimits = {
  batchEvents: 1024,
  maxAgeMs: 10_000,
  backlogLimit: 1_000_000,
  firstRetryMs: 1_000,
  maxRetryMs: 60_000,
  confirmMs: 2_000,
  recheckMs: 60_000,
};

const WARNING_SHARE = 0.7;

export type AnchorStatus = {
  readonly logSize: number;
  readonly anchoredSize: number;
  /** Of the anchored ones, those that have their confirmations; never more than `anchoredSize`. */
  readonly confirmedSize: number;
  /** Events that are not anchored. */
  readonly backlog: number;
  /** Age of the oldest event that is not anchored; 0 where there is none. */
  readonly oldestAgeMs: number;
  readonly backlogLimit: number;
  /** The backlog has reached 70 % of its limit. */
  readonly isWarning: boolean;
  /** Code of the last failure, null since the last success. */
  readonly lastError: string | null;
  readonly failures: number;
  /** How often an anchor was found to be taken back since the node started. */
  readonly reorganisations: number;
};

/** An anchor that the chain took back: the log was anchored up to `lost` and is now up to `standing`. */
export type LostAnchor = { readonly lost: number; readonly standing: number; readonly wasConfirmed: boolean };

export type AnchorParts = {
  readonly log: ReadableLog;
  readonly chain: AnchorChain;
  readonly clock: EvidenceClock;
  /** Told of every anchor once it is in a block, to note it or to count it; again where it was taken back meanwhile. */
  readonly onAnchored?: (size: number, at: AnchoredAt) => void;
  /** Told of every anchor that was taken back, before it is sent again. */
  readonly onLost?: (anchor: LostAnchor) => void;
  readonly limits?: Partial<AnchorLimits>;
};

/** Keeps the chain up with the log. `tick` is called by a timer; nothing runs between calls. */
export class Anchorer {
  readonly #parts: AnchorParts;
  readonly #limits: AnchorLimits;
  #anchoredSize = 0;
  #confirmedSize = 0;
  /** Whether `#anchoredSize` is what the chain holds; false until it was asked, and after every error. */
  #isCertain = false;
  #oldest: { readonly index: number; readonly atMs: number } | null = null;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #lastError: string | null = null;
  #failures = 0;
  #reorganisations = 0;
  #notBeforeMs = 0;
  #running: Promise<boolean> | null = null;

  constructor(parts: AnchorParts) {
    this.#parts = parts;
    this.#limits = { ...DEFAULT_ANCHOR_LIMITS, ...parts.limits };
  }

  /**
   * Anchors if enough waits or waited long enough, and no retry is pending; looks whether what was anchored stays.
   * @returns whether everything logged before the call is anchored now.
   * @throws {ProtocolError} ANCHOR_LOG_REWOUND, ANCHOR_ROOT_DIFFERS: a person must look, retrying cannot help. Failures of
   * the chain are not thrown; they stand in the status and are tried again with growing pauses.
   */
  async tick(): Promise<boolean> {
    if (this.#parts.clock.now() < this.#notBeforeMs) return false;
    if (this.#isLookDue()) return this.#inTurn(() => this.#attempt('when due'));
    if (!(await this.#isDue())) return this.#anchoredSize === this.#parts.log.size;
    return this.flush();
  }

  /** Has the next tick ask the chain, for one who heard that it took blocks back. */
  recheck(): void {
    this.#isCertain = false;
  }

  /** Anchors whatever waits, now. @returns and throws as {@link Anchorer.tick}. */
  async flush(): Promise<boolean> {
    return this.#inTurn(() => this.#attempt('now'));
  }

  async status(): Promise<AnchorStatus> {
    const { log } = this.#parts;
    const { backlogLimit } = this.#limits;
    const backlog = log.size - this.#anchoredSize;
    return {
      logSize: log.size,
      anchoredSize: this.#anchoredSize,
      confirmedSize: this.#confirmedSize,
      backlog,
      oldestAgeMs: await this.#oldestAgeMs(),
      backlogLimit,
      isWarning: backlog >= WARNING_SHARE * backlogLimit,
      lastError: this.#lastError,
      failures: this.#failures,
      reorganisations: this.#reorganisations,
    };
  }

  async #inTurn(attempt: () => Promise<boolean>): Promise<boolean> {
    // A call that comes while another one runs may have logged events that the running one does not see.
    while (this.#running !== null) await this.#running;
    this.#running = attempt();
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #attempt(sending: 'now' | 'when due'): Promise<boolean> {
    const target = this.#parts.log.size;
    try {
      if (this.#isLookDue()) await this.#askChain();
      if (target > this.#anchoredSize && (sending === 'now' || (await this.#isDue()))) await this.#send(target);
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
    return this.#anchoredSize >= target;
  }

  /** Takes the chain's word for what is anchored and what stays, and holds both against the log. */
  async #askChain(): Promise<void> {
    const { chain, onAnchored } = this.#parts;
    const latest = await chain.latestAnchor();
    await this.#assertOurs(latest);
    const confirmed = chain.confirmedAnchor === undefined ? latest : await chain.confirmedAnchor();
    await this.#assertOurs(confirmed);
    if (latest.size < this.#anchoredSize) this.#noteLoss(latest.size);
    if (latest.size > this.#anchoredSize) {
      const at = await chain.findAnchor(latest.size);
      if (at !== undefined) onAnchored?.(latest.size, at);
    }
    this.#anchoredSize = latest.size;
    // a block may have come between the two questions
    this.#confirmedSize = Math.min(confirmed.size, latest.size);
    this.#askedAtMs = this.#parts.clock.now();
    this.#isCertain = true;
  }

  async #assertOurs({ size, root }: Anchored): Promise<void> {
    const { log } = this.#parts;
    if (size > log.size) throw new ProtocolError('ANCHOR_LOG_REWOUND', { anchored: size, size: log.size });
    if (size > 0 && (await log.rootAt(size)) !== root) throw new ProtocolError('ANCHOR_ROOT_DIFFERS', { size });
  }

  #noteLoss(standing: number): void {
    this.#reorganisations += 1;
    const wasConfirmed = standing < this.#confirmedSize;
    this.#parts.onLost?.({ lost: this.#anchoredSize, standing, wasConfirmed });
  }

  async #send(size: number): Promise<void> {
    const { log, chain } = this.#parts;
    const { checkpoint } = await log.checkpoint(size);
    const at = await chain.anchor(size, checkpoint.root);
    this.#anchoredSize = size;
    if (chain.confirmedAnchor === undefined) this.#confirmedSize = size;
    this.#parts.onAnchored?.(size, at);
  }

  #isLookDue(): boolean {
    if (!this.#isCertain) return true;
    const { confirmMs, recheckMs } = this.#limits;
    const pauseMs = this.#confirmedSize < this.#anchoredSize ? confirmMs : recheckMs;
    return this.#parts.clock.now() - this.#askedAtMs >= pauseMs;
  }

  async #isDue(): Promise<boolean> {
    const backlog = this.#parts.log.size - this.#anchoredSize;
    if (backlog === 0) return false;
    return backlog >= this.#limits.batchEvents || (await this.#oldestAgeMs()) >= this.#limits.maxAgeMs;
  }

  async #oldestAgeMs(): Promise<number> {
    const { log, clock } = this.#parts;
    if (this.#anchoredSize >= log.size) return 0;
    const index = this.#anchoredSize;
    if (this.#oldest?.index !== index) {
      const { signed } = await log.eventAt(index);
      this.#oldest = { index, atMs: Date.parse(signed.event.time) };
    }
    return Math.max(0, clock.now() - this.#oldest.atMs);
  }
}
