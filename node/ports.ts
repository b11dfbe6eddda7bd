/** What a stage asks of the world: narrow interfaces, filled in by node.ts. */
import type { EventFields, EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';

export type Role = 'bank' | 'department' | 'registrar' | 'gate' | 'regulator';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>, cause?: unknown): void;
}

export interface Member {
  readonly org: string;
  readonly roles: readonly Role[];
  readonly endpoint: string;
  readonly keyEpoch: number;
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
}

/** The Consortium contract as the node sees it, cached and invalidated by its events. */
export interface Directory {
  /** @throws {ProtocolError} MEMBER_UNKNOWN, MEMBER_SUSPENDED, CHAIN_UNREACHABLE */
  activeMember(org: string): Promise<Member>;
  /**
   * The signing key of an epoch: the current one's, or the one's before while its overlap runs.
   * @throws {ProtocolError} as activeMember, and MEMBER_KEY_EPOCH for any other epoch
   */
  signingKey(org: string, keyEpoch: number): Promise<Uint8Array>;
}

export interface NonceStore {
  /** @throws {ProtocolError} NONCE_REPLAYED where the organisation used it before. */
  use(org: string, nonce: string, expiresAtMs: number): Promise<void>;
}

export type RequestState =
  | 'none'
  | 'submitted'
  | 'active'
  | 'rejected'
  | 'revoked'
  | 'withdrawn'
  | 'completed'
  | 'expired'
  | 'suspended'
  | 'superseded';

/** A request as it stands on chain; ids and digests in hex without prefix. */
export interface RequestView {
  readonly id: string;
  readonly requester: string;
  readonly purpose: string;
  readonly modelDigest: string;
  readonly datasetVersions: readonly string[];
  readonly registerVersion: string;
  readonly gates: readonly string[];
  readonly quota: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly singleDepartment: boolean;
  /** Score in basis points that every dataset version must have; 0 for none. */
  readonly qualityFloor: number;
  /** Request of the same requester that this one amends or renews; null for none. */
  readonly previous: string | null;
  readonly state: RequestState;
  readonly decisions: readonly {
    readonly decider: string;
    readonly decision: 'pending' | 'approved' | 'rejected';
    readonly grantHash: string;
  }[];
  readonly gateKeys: readonly { readonly gate: string; readonly publicKey: string }[];
  readonly attempt: number;
  /** Organisations whose suspension stands. */
  readonly suspenders: readonly string[];
}

/** What a regulator attested of a sealed model. */
export interface CertificateView {
  /** Bank whose model it is; the certificate counts for its requests alone. */
  readonly requester: string;
  readonly certificateHash: string;
  /** Seconds since the epoch. */
  readonly certifiedAt: number;
  readonly withdrawn: boolean;
}

/** Latest committed state of a holder's log of consents. */
export interface ConsentView {
  readonly size: number;
  readonly root: string;
  /** Seconds since the epoch. */
  readonly committedAt: number;
}

export interface DatasetVersionView {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly version: number;
  readonly metadataHash: string;
  readonly commitment: string;
  readonly state: 'published' | 'withdrawn';
}

/** The latest measurement of a dataset version; `round` counts them from 1. */
export interface QualityView {
  readonly round: number;
  readonly ruleSetHash: string;
  /** Total score, 0 to 10000. */
  readonly scoreBasisPoints: number;
  readonly reportHash: string;
}

/** The contracts, as far as a node uses them. Every write may be sent again: what is already so is no error. */
export interface Ledger {
  readonly chainId: number;
  /** Address of the Requests contract, hex without prefix. */
  readonly requestsContract: string;
  /** @throws {ProtocolError} REQUEST_UNKNOWN, CHAIN_UNREACHABLE */
  request(id: string): Promise<RequestView>;
  /**
   * The request as of at most about a second ago: for work that is checked often.
   * @throws {ProtocolError} REQUEST_UNKNOWN, CHAIN_UNREACHABLE
   */
  recentRequest(id: string): Promise<RequestView>;
  /** @throws {ProtocolError} DATASET_UNKNOWN, CHAIN_UNREACHABLE */
  datasetVersion(id: string): Promise<DatasetVersionView>;
  /** Latest version number of an own dataset on chain; 0 where there is none. */
  latestDatasetVersion(name: string): Promise<number>;
  datasetVersionId(owner: string, name: string, version: number): string;
  publishDatasetVersion(version: {
    readonly name: string;
    readonly version: number;
    readonly metadataHash: string;
    readonly commitment: string;
    readonly level: number;
  }): Promise<void>;
  /** Withdraws one of the own versions: no new request names it, and no attempt over it opens any more. */
  withdrawDatasetVersion(id: string): Promise<void>;
  /** Latest measurement of a version, of whatever owner; null where there is none. */
  quality(id: string): Promise<QualityView | null>;
  /** @param measurement - of one of the own versions; a report counts once. @returns the round it got, now or earlier. */
  recordQuality(measurement: {
    /** Version id. */
    readonly id: string;
    readonly ruleSetHash: string;
    readonly scoreBasisPoints: number;
    readonly reportHash: string;
  }): Promise<{ readonly round: number }>;
  decide(requestId: string, approved: boolean, reasonHash: string, grantHash: string): Promise<void>;
  publishGateKey(requestId: string, publicKey: string): Promise<void>;
  recordUnlocks(requestId: string, total: number): Promise<void>;
  /** Halts an active request until `resume`; as a decider or gate of it. @param reasonHash - commitment to the reason. */
  suspend(requestId: string, reasonHash: string): Promise<void>;
  /** Takes the own suspension back. */
  resume(requestId: string): Promise<void>;
  /** Ends an open request for good. @param reasonHash - commitment to the reason. */
  revoke(requestId: string, reasonHash: string): Promise<void>;
  /**
   * What a regulator attested of a model, as of at most about a second ago; null where it did not.
   * @throws {ProtocolError} CHAIN_UNREACHABLE
   */
  certificate(modelDigest: string, certifier: string): Promise<CertificateView | null>;
  /**
   * Latest state of a holder's log of consents, as of at most about a second ago; null where it committed to none.
   * @throws {ProtocolError} CHAIN_UNREACHABLE
   */
  consent(holder: string): Promise<ConsentView | null>;
}

/** One write of the node's state, made in the same atomic batch as the events it belongs to. */
export type StateOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** The node's small durable state: JSON values by key; every write is synced. */
export interface StateStore {
  get<T>(key: string): Promise<T | undefined>;
  /** Values whose keys begin with `prefix`, in key order. */
  list<T>(prefix: string): Promise<readonly (readonly [string, T])[]>;
  write(operations: readonly StateOperation[]): Promise<void>;
  /** Deletes a secret and has the store rewrite the files that held it. */
  erase(key: string): Promise<void>;
}

/** The node's signed event log; an event is durable when `append` resolves, together with `operations`. */
export interface EventLog {
  append<K extends EventKind>(
    kind: K,
    fields: EventFields<K>,
    options: { readonly id: string; readonly operations?: readonly StateOperation[] },
  ): Promise<void>;
}
