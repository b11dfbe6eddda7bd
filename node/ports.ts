/** What a stage asks of the world: narrow interfaces, filled in by node.ts. */

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
  /** @throws {ProtocolError} as activeMember, and MEMBER_KEY_EPOCH where the key is not the current one */
  signingKey(org: string, keyEpoch: number): Promise<Uint8Array>;
}

export interface NonceStore {
  /** @throws {ProtocolError} NONCE_REPLAYED where the organisation used it before. */
  use(org: string, nonce: string, expiresAtMs: number): Promise<void>;
}
