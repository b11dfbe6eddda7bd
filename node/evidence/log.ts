/**
 * The node's own log of signed events: append-only, and durable before anything that an event speaks of leaves the node.
 *
 * One writer takes what waits, makes one atomic synced batch of it (group commit) and only then lets the callers go on. While
 * a batch is on its way to the disk the next one is made and signed; it is written once the first one is there.
 * Trust: the organisation can write here what it likes; that it cannot change it afterwards is what checkpoints on chain
 * and consistency proofs give.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  checkpointSigningBytes,
  type SignedCheckpoint,
  signedCheckpointSchema,
} from '@sealedger/protocol/evidence/checkpoint.ts';
import type { EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';
import { readConsistencyProof, readInclusionProof, readRoot } from '@sealedger/protocol/merkle.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import {
  answerCallers,
  type SealedBatch,
  type StagedBatch,
  sealBatch,
  secretsOf,
  stageBatch,
  type Waiting,
} from './log-batch.ts';
import {
  type EventDraft,
  type FoundEvent,
  type IndexedField,
  indexOfKey,
  type LoggedEvent,
  logKeys,
  parseEntry,
} from './log-entry.ts';
import { type KindCounts, type LogState, openLogState } from './log-state.ts';
import type { EventSigner, EvidenceClock, EvidencePut, EvidenceStore, ReadableLog } from './ports.ts';
import { tileReader } from './tiles.ts';

/** Events of one synced batch at most: about 50 ms of signing, so that the node keeps answering. */
const MAX_BATCH_EVENTS = 256;

export type EvidenceLogParts<Op> = {
  readonly store: EvidenceStore<Op>;
  readonly signer: EventSigner;
  readonly clock: EvidenceClock;
  /** 32 bytes that serve nothing else: ids and salts of the events derive from it. */
  readonly secret: Uint8Array;
};

/** The log. @typeParam Op - a write to other state of the node that goes into the transaction of an event. */
export class EvidenceLog<Op> implements ReadableLog {
  readonly #parts: EvidenceLogParts<Op>;
  /** What is on disk. */
  #state: LogState;
  /** The same with the batch that is on its way there. */
  #sealed: LogState;
  /** Events of the batch on its way, by id. */
  #flying: ReadonlyMap<string, LoggedEvent> = new Map();
  #landing: Promise<void> | null = null;
  #waiting: Waiting<Op>[] = [];
  #writing: Promise<void> | null = null;
  #failure: ProtocolError | null = null;

  private constructor(parts: EvidenceLogParts<Op>, state: LogState) {
    this.#parts = parts;
    this.#state = state;
    this.#sealed = state;
  }

  /**
   * Opens the log, or starts it. What a crash left half done is not there: a batch is whole or absent.
   * @throws {ProtocolError} EVIDENCE_STORE_CORRUPT where the store contradicts itself.
   */
  static async open<Op>(parts: EvidenceLogParts<Op>): Promise<EvidenceLog<Op>> {
    return new EvidenceLog(parts, await openLogState(parts.store));
  }

  /** Organisation whose log this is. */
  get org(): string {
    return this.#parts.signer.org;
  }

  /** Number of durable events. */
  get size(): number {
    return this.#state.size;
  }

  /** Durable events by kind. */
  get kinds(): KindCounts {
    return this.#state.kinds;
  }

  /**
   * Appends events, with other writes in the same transaction: either all of it is on disk when this resolves, or none.
   *
   * Idempotent by the drafts' keys: where all of them are in the log already, nothing is written, `others` neither, and
   * the events come back with their first index and time.
   * @throws {ProtocolError} SCHEMA_MISMATCH; EVENT_KEY_REUSED where a key stands for other fields; EVENT_BATCH_MIXED where
   * only some of the drafts are new; EVIDENCE_LOG_FAILED after a failed write, until the log is opened again.
   */
  append(drafts: readonly EventDraft[], others: readonly Op[] = []): Promise<readonly LoggedEvent[]> {
    const appended = new Promise<readonly LoggedEvent[]>((resolve, reject) => {
      this.#waiting.push({ drafts, secrets: secretsOf(drafts, this.#parts.secret), others, resolve, reject });
    });
    this.#writing ??= this.#write();
    return appended;
  }

  /** Resolves once everything appended so far is on disk or refused. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** The event at `index`. @throws {ProtocolError} EVIDENCE_RANGE, EVIDENCE_STORE_CORRUPT */
  async eventAt(index: number): Promise<LoggedEvent> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.size) {
      throw new ProtocolError('EVIDENCE_RANGE', { index, size: this.size });
    }
    return parseEntry(index, await this.#parts.store.get(logKeys.event(index)));
  }

  /** The events whose field has this value, oldest first. */
  async find(field: IndexedField, value: string): Promise<readonly FoundEvent[]> {
    const prefix = logKeys.byPrefix(field, value);
    const entries = await this.#parts.store.range(prefix, `${prefix}~`, Number.MAX_SAFE_INTEGER);
    return entries
      .map(({ key, value: kind }) => ({ index: indexOfKey(key), kind: kind as EventKind }))
      .filter(({ index }) => index < this.size);
  }

  /** Root of the first `size` events, 32 bytes in hex. @throws {ProtocolError} EVIDENCE_RANGE */
  async rootAt(size: number): Promise<string> {
    return toHex(await readRoot(this.#reader(size), size));
  }

  /** Proof that event `index` is among the first `size`, as hex. @throws {ProtocolError} EVIDENCE_RANGE, MERKLE_RANGE */
  async inclusionProof(index: number, size: number): Promise<string[]> {
    return (await readInclusionProof(this.#reader(size), index, size)).map(toHex);
  }

  /** Proof that the first `size1` events are a prefix of the first `size2`. @throws {ProtocolError} as inclusionProof */
  async consistencyProof(size1: number, size2: number): Promise<string[]> {
    return (await readConsistencyProof(this.#reader(size2), size1, size2)).map(toHex);
  }

  /**
   * The signed checkpoint of the first `size` events (default: all). One size has one, for ever.
   * @throws {ProtocolError} EVIDENCE_RANGE
   */
  async checkpoint(size = this.size): Promise<SignedCheckpoint> {
    const { store, signer } = this.#parts;
    const stored = await store.get(logKeys.checkpoint(size));
    if (stored !== undefined) return parseJson(signedCheckpointSchema, stored, 'stored checkpoint');
    const checkpoint = { suite: SUITE, org: signer.org, size, root: await this.rootAt(size) } as const;
    const { keyEpoch } = signer;
    const signature = await signer.sign(checkpointSigningBytes(checkpoint, keyEpoch));
    const signed: SignedCheckpoint = { checkpoint, keyEpoch, signature };
    await store.commit([{ key: logKeys.checkpoint(size), value: JSON.stringify(signed) }], []);
    return signed;
  }

  #reader(size: number): ReturnType<typeof tileReader> {
    if (!Number.isSafeInteger(size) || size < 1 || size > this.size) {
      throw new ProtocolError('EVIDENCE_RANGE', { index: size, size: this.size });
    }
    return tileReader(this.#state.size, this.#state.open, (key) => this.#parts.store.get(key));
  }

  async #write(): Promise<void> {
    // One turn later, so that everything appended in this turn shares a batch.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#landing !== null) {
      if (this.#waiting.length === 0) {
        await this.#landing;
        continue;
      }
      const taken = this.#take();
      try {
        await this.#commit(taken);
      } catch (cause) {
        for (const { reject } of taken) reject(cause);
      }
    }
    this.#writing = null;
  }

  #take(): readonly Waiting<Op>[] {
    let events = 0;
    let count = 0;
    for (const { drafts } of this.#waiting) {
      events += drafts.length;
      if (count > 0 && events > MAX_BATCH_EVENTS) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Makes a batch, and sends it to the disk once the one before it is there; does not wait for its own. */
  async #commit(taken: readonly Waiting<Op>[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const { signer, clock } = this.#parts;
    const author = { org: signer.org, time: new Date(clock.now()) };
    const staged = stageBatch(taken, await this.#known(taken), author);
    const sealed = await sealBatch(staged.prepared, signer, this.#sealed);
    await this.#landing;
    // Whatever stands on a batch that did not reach the disk falls with it.
    if (this.#failure !== null) throw this.#failure;
    if (staged.prepared.length === 0) answerCallers(taken, staged.answers, []);
    else this.#landing = this.#land(taken, staged, sealed);
  }

  async #land(taken: readonly Waiting<Op>[], { others, answers }: StagedBatch<Op>, sealed: SealedBatch): Promise<void> {
    this.#sealed = sealed.next;
    this.#flying = new Map(sealed.logged.map((event) => [event.signed.event.id, event]));
    try {
      await this.#flush(sealed.puts, others);
      this.#state = sealed.next;
      answerCallers(taken, answers, sealed.logged);
    } catch (cause) {
      for (const { reject } of taken) reject(cause);
    } finally {
      this.#flying = new Map();
      this.#landing = null;
    }
  }

  /** Events that some of the drafts repeat, of the log and of the batch on its way. */
  async #known(taken: readonly Waiting<Op>[]): Promise<ReadonlyMap<string, LoggedEvent>> {
    // Taken before the store is asked: a batch that lands meanwhile is in one of the two.
    const flying = this.#flying;
    const ids = taken.flatMap(({ secrets }) => secrets.map(({ id }) => id));
    const indexes = await this.#parts.store.getMany(ids.map(logKeys.id));
    const known = new Map<string, LoggedEvent>();
    for (const [i, id] of ids.entries()) {
      const index = indexes[i];
      const event = flying.get(id) ?? (index === undefined ? undefined : await this.#stored(Number(index)));
      if (event !== undefined) known.set(id, event);
    }
    return known;
  }

  /** An event of the store; its batch may have landed without its size being told yet. */
  async #stored(index: number): Promise<LoggedEvent> {
    return parseEntry(index, await this.#parts.store.get(logKeys.event(index)));
  }

  async #flush(puts: readonly EvidencePut[], others: readonly Op[]): Promise<void> {
    try {
      await this.#parts.store.commit(puts, others);
    } catch (cause) {
      // Whether the batch reached the disk is unknown now; only opening the store again tells.
      this.#failure = new ProtocolError('EVIDENCE_LOG_FAILED', { size: this.size }, { cause });
      throw this.#failure;
    }
  }
}
