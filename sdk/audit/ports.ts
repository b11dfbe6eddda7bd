/** What the audit asks of the platform; Node and browsers fill it in differently. */
import type { FetchFunction, PinnedFetch } from '@sealedger/protocol/peer-client.ts';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';

/** The regulator's own durable store: its cursor and its copy of what it has verified. */
export interface AuditStore {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Whole or absent, and durable when it resolves. */
  put(key: string, value: Uint8Array): Promise<void>;
}

export interface AuditPorts {
  readonly fetch: FetchFunction;
  /** For nodes on other machines; a browser cannot look at certificates and has none. */
  readonly pinnedFetch?: PinnedFetch;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly randomBytes: (length: number) => Uint8Array;
  readonly store: AuditStore;
  /** A native implementation, where the platform has one; else the portable one. */
  readonly ed25519?: Ed25519;
  /** SHA-256; a native implementation, where the platform has one. */
  readonly sha256?: (message: Uint8Array) => Uint8Array;
}

/** From when on something counts as late, in milliseconds. */
export type AuditBounds = {
  /** From an event in a log to the block that anchors it. */
  readonly anchorMs: number;
  /** From an unlocking in a gate's log to the block that records it. */
  readonly unlocksMs: number;
  /** From a request on chain to an owner's decision. */
  readonly decisionMs: number;
  /** From the end of a request on chain until work on it must have stopped; also how far clocks may differ. */
  readonly stopMs: number;
};

export const DEFAULT_BOUNDS: AuditBounds = {
  anchorMs: 15 * 60_000,
  unlocksMs: 15 * 60_000,
  decisionMs: 5 * 86_400_000,
  stopMs: 10_000,
};
