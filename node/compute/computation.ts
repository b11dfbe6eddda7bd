/** A computation as a node keeps it: its record, its states, the keys under which they are stored. */
import type { Announcement } from '@sealedger/protocol/computation.ts';
import type { SignedEnvelope } from '@sealedger/protocol/envelope.ts';

export type ComputationState = 'announced' | 'running' | 'completed' | 'failed' | 'retired';

export interface ComputationRecord {
  readonly computationId: string;
  readonly requestId: string;
  readonly attempt: number;
  readonly roles: readonly ('department' | 'gate')[];
  readonly participants: readonly string[];
  /** Subjects of the register version. */
  readonly people: number;
  readonly chunks: number;
  readonly announcement: SignedEnvelope<Announcement>;
  readonly state: ComputationState;
  /** All participants' announcements once it runs, in order of organisation. */
  readonly announcements: readonly Announcement[];
  /** Stable code of what ended a failed one. */
  readonly failure: string | null;
  /** Its chunks were thrown away; their digests stay. */
  readonly discarded?: boolean;
}

/** What is stored of one chunk before its first byte leaves. */
export interface ChunkRecord {
  readonly inputDigest: string;
  readonly outputDigest: string;
  readonly sizeBytes: number;
}

export const computationKeys = {
  record: (id: string): string => `computation/${id}`,
  /** The id that was made of an attempt; another id for the same attempt is refused. */
  attempt: (requestId: string, attempt: number): string => `attempt/${requestId}/${attempt}`,
  /** The one computation of a request that is served. */
  current: (requestId: string): string => `current/${requestId}`,
  chunkPrefix: (id: string): string => `chunk/${id}/`,
  chunk: (id: string, chunk: number): string => `chunk/${id}/${String(chunk).padStart(8, '0')}`,
  document: (requestId: string): string => `document/${requestId}`,
  /** This department's feature sheet. */
  sheet: (requestId: string): string => `sheet/${requestId}`,
} as const;

/** What the bank is told of a computation's progress. */
export interface ComputationStatus {
  readonly computationId: string;
  readonly state: ComputationState;
  readonly chunks: number;
  readonly completedChunks: number;
  readonly people: number;
  readonly failure: string | null;
}
