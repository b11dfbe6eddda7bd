/**
 * The computation descriptor: everything that enters a sealed scoring, and its digest, the computation id.
 *
 * Every participant builds the descriptor by itself from the chain and the request document, so a message can neither
 * add nor drop a participant. All masks, pads, the permutation, POPRF `info` and sanitising randomness derive from the id.
 */
import { z } from 'zod';
import { fromHex } from './bytes.ts';
import { digestHex } from './canonical.ts';
import { domains, SUITE } from './domains.ts';
import { ProtocolError } from './errors.ts';
import { type RequestDocument, requestParameters } from './request.ts';
import { hex32, organisationId } from './schema.ts';

export type ParticipantRole = 'department' | 'gate';

export interface Participant {
  readonly org: string;
  /** Sorted; an organisation may be both. */
  readonly roles: readonly ParticipantRole[];
  readonly ed25519: string;
  readonly keyEpoch: number;
}

/** What the chain adds to the request document. */
export interface ChainFacts {
  readonly chainId: number;
  readonly requestsContract: string;
  readonly requestId: string;
  readonly attempt: number;
  readonly grants: readonly { readonly decider: string; readonly grant: string }[];
  readonly participants: readonly Participant[];
  readonly gateKeys: readonly { readonly gate: string; readonly publicKey: string }[];
  /** Content commitments of the dataset versions and of the register version. */
  readonly commitments: readonly { readonly id: string; readonly commitment: string }[];
}

/**
 * The descriptor of one attempt, in canonical order.
 * @throws {ProtocolError} COMPUTATION_INCOMPLETE where a grant or a gate key is not there yet.
 */
export function computationDescriptor(document: RequestDocument, facts: ChainFacts): unknown {
  if (facts.attempt < 1 || facts.grants.length === 0 || facts.gateKeys.length !== document.gates.length) {
    throw new ProtocolError('COMPUTATION_INCOMPLETE', { attempt: facts.attempt, grants: facts.grants.length });
  }
  return {
    suite: SUITE,
    version: 1,
    chain: { chainId: facts.chainId, requests: facts.requestsContract },
    requestId: facts.requestId,
    attempt: facts.attempt,
    grants: [...facts.grants].sort(by((grant) => grant.decider)),
    participants: [...facts.participants].sort(by((participant) => participant.org)),
    gateKeys: [...facts.gateKeys].sort(by((key) => key.gate)),
    commitments: [...facts.commitments].sort(by((commitment) => commitment.id)),
    request: document,
    parameters: requestParameters(document),
  };
}

/** Computation id: 32 bytes in hex. */
export function computationId(descriptor: unknown): string {
  return digestHex(domains.computationId, descriptor);
}

/** Computation id as the bytes that key derivations take. */
export function computationIdBytes(id: string): Uint8Array {
  return fromHex(id, 32);
}

/** A participant's key for one computation, signed with its key on chain. Learns: everybody, public keys only. */
export const announcementSchema = z.strictObject({
  computationId: hex32,
  org: organisationId,
  /** X25519 public key, derived for this computation only. */
  publicKey: hex32,
  /** Commitment to the seed of the sanitising randomness. */
  seedCommitment: hex32,
});
export type Announcement = z.output<typeof announcementSchema>;

/** Number of chunks of a register of `people` subjects. */
export function chunkCount(people: number, chunkSlots: number): number {
  return Math.ceil(people / chunkSlots);
}

function by<T>(key: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
