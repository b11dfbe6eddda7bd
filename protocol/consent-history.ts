/**
 * A whole consent log as its holder hands it out, and what it was at each size that was anchored.
 *
 * Entries are hashes and withdrawals: who reads them learns how many consents there are and which were withdrawn, not
 * whose. Trust: none; the roots on chain say whether these are the entries.
 * Source: RFC 9162 for the tree.
 */
import { fromHex, toHex, uint32be } from './bytes.ts';
import { type ConsentEntry, type ConsentLog, consentEntryLeaf } from './consent.ts';
import { ProtocolError } from './errors.ts';
import { MerkleFrontier } from './merkle.ts';

/** Entries of one log that are read: 2^20, about 35 MB on the way. */
export const MAX_CONSENT_ENTRIES = 1 << 20;
const RECEIPT_TAG = 0;
const WITHDRAWAL_TAG = 1;

/** Entries one after the other: `00 | hash (32 bytes)` for a receipt, `01 | index (u32 BE)` for a withdrawal. */
export function encodeConsentEntries(entries: readonly ConsentEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((size, { kind }) => size + (kind === 'receipt' ? 33 : 5), 0));
  let at = 0;
  for (const entry of entries) {
    const isReceipt = entry.kind === 'receipt';
    bytes[at] = isReceipt ? RECEIPT_TAG : WITHDRAWAL_TAG;
    bytes.set(isReceipt ? fromHex(entry.hash, 32) : uint32be(entry.of), at + 1);
    at += isReceipt ? 33 : 5;
  }
  return bytes;
}

/** @throws {ProtocolError} CONSENT_LOG_MALFORMED */
export function decodeConsentEntries(bytes: Uint8Array): ConsentEntry[] {
  const malformed = (): ProtocolError => new ProtocolError('CONSENT_LOG_MALFORMED', { sizeBytes: bytes.length });
  const entries: ConsentEntry[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at];
    const next = at + (tag === RECEIPT_TAG ? 33 : 5);
    if ((tag !== RECEIPT_TAG && tag !== WITHDRAWAL_TAG) || next > bytes.length) throw malformed();
    if (entries.length === MAX_CONSENT_ENTRIES) throw malformed();
    entries.push(
      tag === RECEIPT_TAG
        ? { kind: 'receipt', hash: toHex(bytes.subarray(at + 1, next)) }
        : { kind: 'withdrawal', of: view.getUint32(at + 1) },
    );
    at = next;
  }
  return entries;
}

/** A log at every size it had. */
export interface ConsentHistory {
  readonly size: number;
  /** The log as of its first `size` entries. @throws {ProtocolError} CONSENT_LOG_SHORT where it never had as many. */
  at(size: number): ConsentLog;
}

/**
 * Reads a log at all of its sizes; roots are computed for the sizes that are named, in one pass.
 * @param sizes - those that were anchored.
 * @throws {ProtocolError} CONSENT_WITHDRAWAL where one withdraws what is no earlier receipt, or withdraws it again.
 */
export function readConsentHistory(entries: readonly ConsentEntry[], sizes: readonly number[]): ConsentHistory {
  const withdrawnAt = withdrawals(entries);
  const roots = rootsAt(entries, new Set(sizes));
  return {
    size: entries.length,
    at: (size) => {
      const root = roots.get(size);
      if (root === undefined) throw new ProtocolError('CONSENT_LOG_SHORT', { size, found: entries.length });
      return {
        size,
        root,
        entry: (index) => (index < size ? entries[index] : undefined),
        isWithdrawn: (index) => (withdrawnAt.get(index) ?? size) < size,
      };
    },
  };
}

/** By index of a receipt, the index of its withdrawal. */
function withdrawals(entries: readonly ConsentEntry[]): ReadonlyMap<number, number> {
  const withdrawnAt = new Map<number, number>();
  entries.forEach((entry, index) => {
    if (entry.kind !== 'withdrawal') return;
    const isEarlier = entry.of < index && entries[entry.of]?.kind === 'receipt';
    if (!isEarlier || withdrawnAt.has(entry.of)) throw new ProtocolError('CONSENT_WITHDRAWAL', { index, of: entry.of });
    withdrawnAt.set(entry.of, index);
  });
  return withdrawnAt;
}

function rootsAt(entries: readonly ConsentEntry[], sizes: ReadonlySet<number>): ReadonlyMap<number, Uint8Array> {
  const frontier = new MerkleFrontier();
  const roots = new Map<number, Uint8Array>();
  if (sizes.has(0)) roots.set(0, frontier.root());
  for (const entry of entries) {
    frontier.append(consentEntryLeaf(entry));
    if (sizes.has(frontier.size)) roots.set(frontier.size, frontier.root());
  }
  return roots;
}
