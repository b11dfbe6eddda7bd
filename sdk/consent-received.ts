/**
 * Consents that an authority holds, as the bank has them: the receipts in its favour, and the authority's log of hashes.
 *
 * Trust: the authority for who agreed; the root on chain for what stands in its log.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { type ConsentEntry, receiptHash } from '@sealedger/protocol/consent.ts';
import { type ConsentShare, type HeldReceipt, heldReceiptSchema } from '@sealedger/protocol/consent-audit.ts';
import { decodeConsentEntries, readConsentHistory } from '@sealedger/protocol/consent-history.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier, type SubjectId } from '@sealedger/protocol/identifier.ts';
import type { LedgerReader } from '@sealedger/protocol/ledger/reader.ts';
import { z } from 'zod';
import { type HeldConsents, saltOf } from './consent.ts';
import type { Vault } from './vault.ts';

const SEGMENT = 512;
const headSchema = z.strictObject({ generation: z.int().min(1), size: z.int().min(0), receipts: z.int().min(0) });
const logSchema = z.strictObject({ entries: z.string() });
const segmentSchema = z.array(heldReceiptSchema);

const keys = {
  head: (holder: string): string => `consent/share/${holder}`,
  log: (holder: string, generation: number): string => `consent/share/${holder}/${generation}/log`,
  segment: (holder: string, generation: number, number: number): string =>
    `consent/share/${holder}/${generation}/${number}`,
} as const;

export type ReceivedParts = {
  readonly org: string;
  readonly vault: Vault;
  readonly ledger: Pick<LedgerReader, 'consentOf'>;
};

/**
 * Checks a share against the chain and keeps it in place of the one before.
 * @throws {ProtocolError} CONSENT_SHARE_OTHER for another bank; CONSENT_SHARE_OLD where it has fewer entries than the
 *   chain or than the one before; CONSENT_LOG_FORKED, CONSENT_SHARE_RECEIPT
 */
export async function receiveShare({ org, vault, ledger }: ReceivedParts, share: ConsentShare): Promise<number> {
  const { holder } = share.log;
  if (share.requester !== org) throw new ProtocolError('CONSENT_SHARE_OTHER', { requester: share.requester });
  const entries = decodeConsentEntries(fromHex(share.log.entries));
  const before = await vault.get(keys.head(holder), headSchema);
  const onChain = await ledger.consentOf(holder);
  const least = Math.max(before?.size ?? 0, onChain?.size ?? 0);
  if (entries.length < least) throw new ProtocolError('CONSENT_SHARE_OLD', { holder, size: entries.length, least });
  assertShare(share, entries, onChain);
  const generation = (before?.generation ?? 0) + 1;
  await vault.put(keys.log(holder, generation), { entries: share.log.entries });
  for (let start = 0; start < share.receipts.length; start += SEGMENT) {
    const segment = share.receipts.slice(start, start + SEGMENT);
    await vault.put(keys.segment(holder, generation, start / SEGMENT), segment);
  }
  await vault.put(keys.head(holder), { generation, size: entries.length, receipts: share.receipts.length });
  if (before !== undefined) await eraseGeneration(vault, holder, before);
  return share.receipts.length;
}

function assertShare(
  { log, receipts }: ConsentShare,
  entries: readonly ConsentEntry[],
  onChain: { readonly size: number; readonly root: string } | null,
): void {
  const history = readConsentHistory(entries, onChain === null ? [] : [onChain.size]);
  if (onChain !== null && toHex(history.at(onChain.size).root) !== onChain.root)
    throw new ProtocolError('CONSENT_LOG_FORKED', { holder: log.holder, size: onChain.size });
  for (const held of receipts) {
    const entry = entries[held.index];
    const hash = toHex(receiptHash(parseIdentifier(held.subject), held.receipt, saltOf(held)));
    if (entry?.kind !== 'receipt' || entry.hash !== hash)
      throw new ProtocolError('CONSENT_SHARE_RECEIPT', { index: held.index });
  }
}

async function eraseGeneration(
  vault: Vault,
  holder: string,
  { generation, receipts }: z.output<typeof headSchema>,
): Promise<void> {
  await vault.erase(keys.log(holder, generation));
  for (let start = 0; start < receipts; start += SEGMENT)
    await vault.erase(keys.segment(holder, generation, start / SEGMENT));
}

/** What was received last from a holder; null where nothing was. @throws {ProtocolError} CONSENT_STORE_UNREADABLE */
export async function readReceived(vault: Vault, holder: string): Promise<HeldConsents | null> {
  const head = await vault.get(keys.head(holder), headSchema);
  if (head === undefined) return null;
  const log = await vault.get(keys.log(holder, head.generation), logSchema);
  if (log === undefined) throw new ProtocolError('CONSENT_STORE_UNREADABLE', { segment: 'log' });
  const entries = decodeConsentEntries(fromHex(log.entries));
  const bySubject = new Map<string, HeldReceipt[]>();
  for (let start = 0; start < head.receipts; start += SEGMENT) {
    const segment = await vault.get(keys.segment(holder, head.generation, start / SEGMENT), segmentSchema);
    if (segment === undefined) throw new ProtocolError('CONSENT_STORE_UNREADABLE', { segment: start / SEGMENT });
    for (const held of segment) bySubject.set(held.subject, [...(bySubject.get(held.subject) ?? []), held]);
  }
  const withdrawn = new Set(entries.flatMap((entry) => (entry.kind === 'withdrawal' ? [entry.of] : [])));
  return {
    holder,
    entries,
    find: (subject: SubjectId) => bySubject.get(subject) ?? [],
    isWithdrawn: (index) => withdrawn.has(index),
  };
}
