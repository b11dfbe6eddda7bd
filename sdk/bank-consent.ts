/**
 * Consent from the bank's side: nobody is asked about without a receipt that stands on chain, and what would open each
 * query is kept.
 *
 * It refuses before a gate hears anything. What it checks, a dishonest bank can leave out; the sampling audit is there
 * for that. Learns: nobody anything.
 */
import { type ConsentFinding, type ConsentLog, checkReceipt } from '@sealedger/protocol/consent.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { type ConsentBook, type HeldConsents, openConsentBook, saltOf } from './consent.ts';
import { createKeptQueries, type KeptQueries, type OrderToKeep } from './consent-queries.ts';
import { readReceived } from './consent-received.ts';
import type { Vault } from './vault.ts';

const SETTLE_SECONDS = 3;

export type BankConsentParts = {
  readonly org: string;
  /** Null where the bank gave no secret to seal with: then nothing under consent is unlocked. */
  readonly vault: Vault | null;
  readonly ledger: LedgerClient;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly randomBytes: (length: number) => Uint8Array;
};

export interface BankConsent {
  /** The bank's own log of consents. @throws {ProtocolError} CONSENT_KEY_MISSING */
  book(): Promise<ConsentBook>;
  /**
   * Refuses subjects without a receipt that covers this request now; does nothing for a request that names no holder.
   * @throws {ProtocolError} CONSENT_RECEIPT_MISSING with the place of the first one, CONSENT_KEY_MISSING,
   *   CONSENT_ROOT_MISSING, CONSENT_SHARE_OLD
   */
  assertCovered(document: RequestDocument, subjects: readonly SubjectId[]): Promise<void>;
  /** The consents that count for a request, as they are held now. @throws {ProtocolError} CONSENT_SHARE_MISSING */
  held(holder: string): Promise<HeldConsents>;
  queries(): KeptQueries;
  /** What keeps the orders of a request; nothing is kept where it names no holder. */
  keeperFor(document: RequestDocument): (order: OrderToKeep) => Promise<void>;
}

export function createBankConsent(parts: BankConsentParts): BankConsent {
  const { org, ledger, clock } = parts;
  const vaultOf = (): Vault => {
    if (parts.vault === null) throw new ProtocolError('CONSENT_KEY_MISSING', {});
    return parts.vault;
  };
  let opened: Promise<ConsentBook> | undefined;
  const book = async (): Promise<ConsentBook> => {
    opened ??= openConsentBook({ org, vault: vaultOf(), ledger, randomBytes: parts.randomBytes });
    opened.catch(() => {
      opened = undefined;
    });
    const own = await opened;
    await own.refresh();
    return own;
  };
  const held = async (holder: string): Promise<HeldConsents> => {
    const consents = holder === org ? await book() : await readReceived(vaultOf(), holder);
    if (consents === null) throw new ProtocolError('CONSENT_SHARE_MISSING', { holder });
    return consents;
  };
  return {
    book,
    held,
    queries: () => createKeptQueries(vaultOf()),
    keeperFor: ({ consent }) => (consent === null ? async () => undefined : createKeptQueries(vaultOf()).keep),
    assertCovered: async (document, subjects) => {
      if (document.consent === null || subjects.length === 0) return;
      const { holder } = document.consent;
      const onChain = await ledger.consentOf(holder);
      if (onChain === null) throw new ProtocolError('CONSENT_ROOT_MISSING', { holder });
      await settle(clock, onChain.committedAtSeconds);
      const consents = await held(holder);
      if (consents.entries.length < onChain.size) {
        const [size, least] = [consents.entries.length, onChain.size];
        throw new ProtocolError('CONSENT_SHARE_OLD', { holder, size, least });
      }
      const at = Math.floor(clock.now() / 1000);
      const log = standingLog(consents, onChain.size);
      const reasons = subjects.map((subject) => reasonAgainst(consents, log, document, subject, at));
      const first = reasons.findIndex((reason) => reason !== null);
      if (first < 0) return;
      const without = reasons.filter((reason) => reason !== null).length;
      throw new ProtocolError('CONSENT_RECEIPT_MISSING', { without, place: first + 1, reason: reasons[first]! });
    },
  };
}

/** A gate looks at the chain about once a second: what was committed just now it may not have seen. */
async function settle(clock: BankConsentParts['clock'], committedAtSeconds: number): Promise<void> {
  const leftMs = 1000 * (committedAtSeconds + SETTLE_SECONDS) - clock.now();
  if (leftMs > 0) await clock.sleep(Math.min(leftMs, 1000 * SETTLE_SECONDS));
}

/** Receipts count once a root covers them; a withdrawal counts here as soon as it is known. */
function standingLog({ entries, isWithdrawn }: HeldConsents, size: number): ConsentLog {
  return {
    size,
    root: new Uint8Array(0),
    entry: (index) => (index < size ? entries[index] : undefined),
    isWithdrawn,
  };
}

/** What a request asks of receipts, at a moment in seconds since the epoch. */
export function askedBy(document: RequestDocument, at: number) {
  const departments = document.datasets.map(({ owner }) => owner);
  return { requester: document.requester, purpose: document.purpose, departments, at };
}

/** Why no receipt of a subject covers the request; null where one does. */
function reasonAgainst(
  consents: HeldConsents,
  log: ConsentLog,
  document: RequestDocument,
  subject: SubjectId,
  at: number,
): ConsentFinding | null {
  let reason: ConsentFinding = 'no-receipt';
  for (const held of consents.find(subject).toReversed()) {
    const finding = checkReceipt(
      { subject, receipt: held.receipt, salt: saltOf(held), index: held.index },
      askedBy(document, at),
      log,
    );
    if (finding === null) return null;
    reason = finding;
  }
  return reason;
}
