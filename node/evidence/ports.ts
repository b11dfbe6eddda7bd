/** What the evidence log asks of the world: a durable store, a signing key, a clock, the chain. */
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import type { Clock } from '../ports.ts';
import type { FoundEvent, IndexedField, LoggedEvent } from './log-entry.ts';

/** Signs as this organisation with the key that the chain shows for `keyEpoch`. */
export interface EventSigner {
  readonly org: string;
  readonly keyEpoch: number;
  /** Ed25519 (RFC 8032): 64 bytes in lower-case hex. */
  sign(message: Uint8Array): Promise<string>;
}

export type EvidencePut = { readonly key: string; readonly value: string };

/**
 * Where the log is kept.
 * @typeParam Op - a write of somebody else's state that goes into the same transaction.
 */
export interface EvidenceStore<Op> {
  get(key: string): Promise<string | undefined>;
  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Entries with from <= key < to, in order of the keys, at most `limit`. */
  range(from: string, to: string, limit: number): Promise<readonly EvidencePut[]>;
  /** Writes all or nothing, and is on disk (fsync) when it resolves. */
  commit(puts: readonly EvidencePut[], others: readonly Op[]): Promise<void>;
}

export type EvidenceClock = Pick<Clock, 'now'>;

export type AnchoredAt = { readonly transactionHash: string; readonly blockNumber: number };

/** A checkpoint as the contract has it; size 0 for none. */
export type Anchored = { readonly size: number; readonly root: string };

/** The Evidence contract, as far as anchoring needs it. Roots are 32 bytes in hex, without 0x. */
export interface AnchorChain {
  /** The latest checkpoint that the contract holds for this organisation; size 0 where there is none. */
  latestAnchor(): Promise<Anchored>;
  /** The same as of so many blocks ago that it stays; absent where a block is final at once. */
  confirmedAnchor?(): Promise<Anchored>;
  /** Sends the transaction and waits until it is in a block, confirmed or not. */
  anchor(size: number, root: string): Promise<AnchoredAt>;
  /** Finds the transaction that anchored `size`, for one whose answer was lost in a crash. */
  findAnchor(size: number): Promise<AnchoredAt | undefined>;
}

/** The log as an export or an anchor reads it; see log.ts. */
export interface ReadableLog {
  readonly org: string;
  readonly size: number;
  eventAt(index: number): Promise<LoggedEvent>;
  find(field: IndexedField, value: string): Promise<readonly FoundEvent[]>;
  rootAt(size: number): Promise<string>;
  inclusionProof(index: number, size: number): Promise<string[]>;
  consistencyProof(size1: number, size2: number): Promise<string[]>;
  checkpoint(size?: number): Promise<SignedCheckpoint>;
}
