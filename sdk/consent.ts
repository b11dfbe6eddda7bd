/**
 * The log of consents at its holder, a bank or a consent authority: receipts come in, are withdrawn, and a root over all
 * of them goes on chain.
 *
 * Trust: the holder says who agreed; the chain says since when, and that nothing was changed afterwards. Learns: chain
 * observers, how many entries there are and when they were committed to; nothing of subjects.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import {
  type ConsentEntry,
  type ConsentReceipt,
  consentReceiptSchema,
  receiptHash,
} from '@sealedger/protocol/consent.ts';
import type { ConsentShare, HeldReceipt } from '@sealedger/protocol/consent-audit.ts';
import { encodeConsentEntries, MAX_CONSENT_ENTRIES, readConsentHistory } from '@sealedger/protocol/consent-history.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier, type SubjectId } from '@sealedger/protocol/identifier.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { type ConsentRecord, createConsentStore } from './consent-store.ts';
import type { Vault } from './vault.ts';

/** What somebody agreed to, as it comes in. */
export type ConsentInput = {
  /** Resident identity number or unified social credit code; checked. */
  readonly subject: string;
  readonly receipt: Omit<ConsentReceipt, 'suite' | 'version'>;
};

/** Receipts that somebody holds, and the log that they stand in. */
export interface HeldConsents {
  readonly holder: string;
  /** All entries, also those that no root on chain covers yet. */
  readonly entries: readonly ConsentEntry[];
  /** Receipts of a subject, oldest first. */
  find(subject: SubjectId): readonly HeldReceipt[];
  isWithdrawn(index: number): boolean;
}

export interface ConsentBook extends HeldConsents {
  /** Takes in what another process of this organisation added. */
  refresh(): Promise<void>;
  /**
   * Adds receipts; one that stands there already word for word is not added again.
   * @returns index of each, in order.
   * @throws {ProtocolError} IDENTIFIER_INVALID, SCHEMA_MISMATCH, CONSENT_LOG_FULL, CONSENT_STORE_CHANGED; then none is added
   */
  add(inputs: readonly ConsentInput[]): Promise<readonly number[]>;
  /** Withdraws receipts. @throws {ProtocolError} CONSENT_WITHDRAWAL; then none is withdrawn */
  withdraw(indexes: readonly number[]): Promise<void>;
  /** The receipt at an index; undefined where there is none. */
  receipt(index: number): HeldReceipt | undefined;
  /**
   * Puts the root over all entries on chain; from its block on receipts and withdrawals count.
   * @returns null where the chain has it already or there is nothing.
   * @throws {ProtocolError} CONSENT_LOG_REWOUND, CONSENT_LOG_FORKED where the chain shows another log than this one
   */
  commit(): Promise<{ readonly size: number; readonly root: string } | null>;
  /** What a bank needs of this log: the receipts in its favour, and all entries. */
  shareFor(requester: string): ConsentShare;
}

export type ConsentBookParts = {
  readonly org: string;
  readonly vault: Vault;
  readonly ledger: Pick<LedgerClient, 'consentOf' | 'consentRootAt' | 'commitConsent'>;
  readonly randomBytes: (length: number) => Uint8Array;
};

const SALT_BYTES = 32;

/** Opens the log, or begins one. @throws {ProtocolError} CONSENT_STORE_UNREADABLE, SEALED_BOX_OPEN_FAILED */
export async function openConsentBook(parts: ConsentBookParts): Promise<ConsentBook> {
  const store = createConsentStore(parts.vault);
  const index = createConsentIndex();
  index.take(await store.read(0));
  const inTurn = createTurns();
  const refresh = (): Promise<void> => inTurn(async () => index.take(await store.read(index.records.length)));
  const append = async (added: readonly ConsentRecord[]): Promise<void> => {
    if (index.records.length + added.length > MAX_CONSENT_ENTRIES)
      throw new ProtocolError('CONSENT_LOG_FULL', { limit: MAX_CONSENT_ENTRIES });
    if (added.length > 0) await store.append(index.records, added);
    index.take(added);
  };
  return {
    holder: parts.org,
    get entries() {
      return index.entries;
    },
    find: index.find,
    isWithdrawn: index.isWithdrawn,
    receipt: index.receipt,
    refresh,
    add: (inputs) =>
      inTurn(async () => {
        const plan = planReceipts(index, inputs, parts.randomBytes);
        await append(plan.added);
        return plan.indexes;
      }),
    withdraw: (indexes) =>
      inTurn(async () => {
        const added = indexes.map((of): ConsentRecord => ({ kind: 'withdrawal', of }));
        // Read as a whole before anything is stored: it throws where one withdraws what does not stand.
        readConsentHistory([...index.entries, ...added.map(entryOf)], []);
        await append(added);
      }),
    commit: () => inTurn(() => commitBook(parts, index.entries)),
    shareFor: (requester) => ({
      suite: SUITE,
      version: 1,
      requester,
      log: { holder: parts.org, entries: toHex(encodeConsentEntries(index.entries)) },
      receipts: index.records.flatMap((record, at) =>
        record.kind === 'receipt' && record.receipt.requester === requester ? [index.receipt(at)!] : [],
      ),
    }),
  };
}

/** One after the other, also where one fails. */
function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = tail.then(task, task);
    tail = result.catch(() => undefined);
    return result;
  };
}

type ConsentIndex = ReturnType<typeof createConsentIndex>;

function createConsentIndex() {
  const records: ConsentRecord[] = [];
  const entries: ConsentEntry[] = [];
  const bySubject = new Map<string, number[]>();
  const withdrawn = new Set<number>();
  const receipt = (at: number): HeldReceipt | undefined => {
    const record = records[at];
    if (record?.kind !== 'receipt') return undefined;
    return { subject: record.subject, receipt: record.receipt, salt: record.salt, index: at };
  };
  return {
    records: records as readonly ConsentRecord[],
    entries: entries as readonly ConsentEntry[],
    receipt,
    find: (subject: SubjectId): readonly HeldReceipt[] => (bySubject.get(subject) ?? []).map((at) => receipt(at)!),
    isWithdrawn: (at: number): boolean => withdrawn.has(at),
    take: (added: readonly ConsentRecord[]): void => {
      for (const record of added) {
        if (record.kind === 'withdrawal') withdrawn.add(record.of);
        else bySubject.set(record.subject, [...(bySubject.get(record.subject) ?? []), records.length]);
        records.push(record);
        entries.push(entryOf(record));
      }
    },
  };
}

function entryOf(record: ConsentRecord): ConsentEntry {
  return record.kind === 'receipt' ? { kind: 'receipt', hash: record.hash } : record;
}

type Plan = { readonly added: readonly ConsentRecord[]; readonly indexes: readonly number[] };

function planReceipts(
  index: ConsentIndex,
  inputs: readonly ConsentInput[],
  randomBytes: ConsentBookParts['randomBytes'],
): Plan {
  const added: ConsentRecord[] = [];
  const planned = new Map<string, number>();
  const indexes = inputs.map((input): number => {
    const subject = parseIdentifier(input.subject);
    const receipt = parseDocument(consentReceiptSchema, { suite: SUITE, version: 1, ...input.receipt }, 'receipt');
    const name = canonicalText({ subject, receipt });
    const standing = index
      .find(subject)
      .find((held) => !index.isWithdrawn(held.index) && canonicalText({ subject, receipt: held.receipt }) === name);
    const known = standing?.index ?? planned.get(name);
    if (known !== undefined) return known;
    const at = index.records.length + added.length;
    planned.set(name, at);
    const salt = randomBytes(SALT_BYTES);
    const hash = toHex(receiptHash(subject, receipt, salt));
    added.push({ kind: 'receipt', hash, subject, receipt, salt: toHex(salt) });
    return at;
  });
  return { added, indexes };
}

async function commitBook(
  { org, ledger }: ConsentBookParts,
  entries: readonly ConsentEntry[],
): Promise<{ readonly size: number; readonly root: string } | null> {
  const onChain = await ledger.consentOf(org);
  const size = entries.length;
  if (onChain !== null && onChain.size > size)
    throw new ProtocolError('CONSENT_LOG_REWOUND', { size, committed: onChain.size });
  const history = readConsentHistory(entries, [size, onChain?.size ?? 0]);
  if (onChain !== null && toHex(history.at(onChain.size).root) !== onChain.root)
    throw new ProtocolError('CONSENT_LOG_FORKED', { holder: org, size: onChain.size });
  if (size === 0 || onChain?.size === size) return null;
  const root = toHex(history.at(size).root);
  await ledger.commitConsent({ size, root });
  return { size, root };
}

/** Salt of a held receipt as bytes. */
export function saltOf({ salt }: HeldReceipt): Uint8Array {
  return fromHex(salt);
}
