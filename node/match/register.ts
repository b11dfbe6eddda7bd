/**
 * A register version: the subjects whom the consortium knows, as tags under a key that no bank holds.
 *
 * `tag = HMAC-SHA256(k_register, id)`; rows are sorted by tag and a subject's **rank** is its place there. Departments get
 * key and tags, gates get the identifiers too. Identifier space is small: whoever has the key and the tags knows who is in
 * the register, which is why both travel in sealed boxes only and never to a bank.
 */
import { concatPrefixed, equalBytes, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hmacSha256, sha256 } from '../crypto.ts';

export const TAG_BYTES = 32;
/** Identifiers are 18 ASCII characters (GB 11643, GB 32100). */
export const IDENTIFIER_BYTES = 18;

/** What a department holds of a register version. */
export interface RegisterView {
  /** Dataset version id on chain, hex. */
  readonly id: string;
  readonly key: Uint8Array;
  /** Tags in ascending order, `people` x 32 bytes. */
  readonly tags: Uint8Array;
  readonly people: number;
}

/** What a gate holds beside it: the identifiers, in the order of the tags. */
export interface RegisterSubjects {
  /** `people` x 18 bytes ASCII. */
  readonly identifiers: Uint8Array;
}

/** Tag of a subject. Source: RFC 2104 over SHA-256. */
export function tagOf(key: Uint8Array, subject: string): Uint8Array {
  return hmacSha256(key, subject);
}

/** Sorts subjects by tag. @returns tags and identifiers in rank order. */
export function buildRegister(
  key: Uint8Array,
  subjects: readonly string[],
): { readonly tags: Uint8Array; readonly identifiers: Uint8Array } {
  const rows = subjects.map((subject) => ({ subject, tag: Buffer.from(tagOf(key, subject)) }));
  rows.sort((a, b) => Buffer.compare(a.tag, b.tag));
  const tags = new Uint8Array(rows.length * TAG_BYTES);
  const identifiers = new Uint8Array(rows.length * IDENTIFIER_BYTES);
  rows.forEach((row, rank) => {
    tags.set(row.tag, rank * TAG_BYTES);
    identifiers.set(utf8(row.subject), rank * IDENTIFIER_BYTES);
  });
  return { tags, identifiers };
}

/**
 * Content commitment of a register version. It covers the key, so that all members hold the same one: a department with
 * another key would find none of its rows and compute with imputed values. Both are secret from chain observers.
 */
export function registerCommitment(key: Uint8Array, tags: Uint8Array): Uint8Array {
  return sha256(concatPrefixed(utf8(domains.registerVersion), key, tags));
}

/**
 * Rank of a tag by binary search.
 * @returns -1 where the subject is not in the register.
 */
export function rankOf(tags: Uint8Array, tag: Uint8Array): number {
  const sorted = Buffer.from(tags.buffer, tags.byteOffset, tags.byteLength);
  let low = 0;
  let high = tags.length / TAG_BYTES - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = sorted.compare(tag, 0, TAG_BYTES, middle * TAG_BYTES, (middle + 1) * TAG_BYTES);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The identifier at a rank. */
export function identifierAt(subjects: RegisterSubjects, rank: number): string {
  const { buffer, byteOffset } = subjects.identifiers;
  return Buffer.from(buffer, byteOffset + rank * IDENTIFIER_BYTES, IDENTIFIER_BYTES).toString('latin1');
}

/**
 * Checks what a registrar sent against the commitment on chain.
 * @throws {ProtocolError} REGISTER_MISMATCH
 */
export function assertRegister(view: RegisterView, commitment: Uint8Array, subjects?: RegisterSubjects): void {
  const refuse = (part: string): never => {
    throw new ProtocolError('REGISTER_MISMATCH', { register: view.id, part });
  };
  if (view.tags.length !== view.people * TAG_BYTES || view.people === 0) refuse('size');
  if (!equalBytes(registerCommitment(view.key, view.tags), commitment)) refuse('commitment');
  for (let rank = 1; rank < view.people; rank++) {
    const at = (i: number): Uint8Array => view.tags.subarray(i * TAG_BYTES, (i + 1) * TAG_BYTES);
    if (Buffer.compare(at(rank - 1), at(rank)) >= 0) refuse('order');
  }
  if (subjects === undefined) return;
  if (subjects.identifiers.length !== view.people * IDENTIFIER_BYTES) refuse('identifiers');
  for (let rank = 0; rank < view.people; rank++) {
    const tag = tagOf(view.key, identifierAt(subjects, rank));
    if (!equalBytes(tag, view.tags.subarray(rank * TAG_BYTES, (rank + 1) * TAG_BYTES))) refuse('identifiers');
  }
}
