/** What the SDK asks of the platform it runs on; Node and browsers fill it in differently. */
import type { FetchFunction, PinnedFetch } from '@sealedger/protocol/peer-client.ts';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';

/** The bank's own durable store: secrets and sealed tables. Whoever reads it is the bank. */
export interface BankStore {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  put(key: string, value: Uint8Array): Promise<void>;
}

export interface BankPorts {
  readonly fetch: FetchFunction;
  /** For nodes on other machines; a browser cannot look at certificates and has none. */
  readonly pinnedFetch?: PinnedFetch;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly randomBytes: (length: number) => Uint8Array;
  readonly store: BankStore;
  /** A native implementation of Ed25519, where the platform has one; else the portable one. */
  readonly ed25519?: Ed25519;
}
