/**
 * Findings: what an audit found wrong, late or missing, each with a stable code and with what proves it.
 *
 * A finding names organisations, requests, sizes, counts and times; never a value that concerns a person.
 */
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import type { LogPageEntry } from '@sealedger/protocol/evidence/log-answers.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

/** Codes of findings; each is a message of the catalogue. */
export type FindingCode = Extract<ErrorCode, `FINDING_${string}`>;

/** What a finding rests on. */
export type Ground =
  /** An event of the contracts; its receipt is proven in {@link Finding.proofs}. */
  | { readonly kind: 'chain'; readonly event: LedgerEvent }
  /** An entry of an organisation's log. */
  | { readonly kind: 'entry'; readonly org: string; readonly index: number }
  /** An organisation's signed word for size and root of its log. */
  | { readonly kind: 'checkpoint'; readonly signed: SignedCheckpoint }
  /** A consistency proof that does not hold between two checkpoints of the same organisation. */
  | {
      readonly kind: 'consistency';
      readonly org: string;
      readonly from: number;
      readonly to: number;
      readonly proof: readonly string[];
    }
  /** What was computed from the entries that the node gave. */
  | { readonly kind: 'computed'; readonly org: string; readonly size: number; readonly root: string }
  /** The entry as the node gave it, where it did not enter the log. */
  | { readonly kind: 'given'; readonly org: string; readonly index: number; readonly entry: unknown };

export type Draft = {
  readonly code: FindingCode;
  /** Whom it concerns; null where it is the chain. */
  readonly org: string | null;
  readonly requestId: string | null;
  /** What in particular, so that two findings of one code differ: a place in a log, a step, a size. */
  readonly about: string;
  readonly details: Readonly<Record<string, string | number>>;
  readonly grounds: readonly Ground[];
  /** It stays found, whatever a later look sees. */
  readonly isKept: boolean;
};

/** What proves a ground to somebody who did not look. */
export type Proof =
  | {
      readonly kind: 'receipt';
      readonly event: string;
      readonly block: number;
      /** RLP of the header, seals of validators, and the nodes of the receipts trie, as in an evidence bundle. */
      readonly header: string;
      readonly seals: readonly { readonly validator: string; readonly signature: string }[];
      readonly transactionIndex: number;
      readonly proof: readonly string[];
    }
  /** The chain at hand did not give the receipt's proof: the event is the RPC's word. */
  | { readonly kind: 'unproven'; readonly event: string; readonly block: number; readonly why: string }
  | {
      readonly kind: 'entry';
      readonly org: string;
      readonly index: number;
      readonly entry: LogPageEntry;
      readonly checkpoint: SignedCheckpoint;
      readonly inclusionProof: readonly string[];
    }
  | Exclude<Ground, { readonly kind: 'chain' | 'entry' }>;

export type Finding = Omit<Draft, 'grounds' | 'isKept'> & {
  /** Two findings with the same id are one. */
  readonly id: string;
  /** When it was found first, RFC 3339. */
  readonly foundAt: string;
  readonly isKept: boolean;
  readonly proofs: readonly Proof[];
};

/** What makes a finding the same one in the next look. */
export function findingId({
  code,
  org,
  requestId,
  about,
}: Pick<Draft, 'code' | 'org' | 'requestId' | 'about'>): string {
  return [code, org ?? '-', requestId ?? '-', about].join('|');
}

/** A finding in words. */
export function findingText(
  { code, org, requestId, about, details }: Omit<Draft, 'grounds' | 'isKept'>,
  locale: Locale,
): string {
  return messageFor(code, { org: org ?? '–', request: requestId?.slice(0, 12) ?? '–', about, ...details }, locale);
}

/** So many findings of one code about one organisation are told one by one; of more, how many there are. */
const MAX_ALIKE = 100;

type Told = Omit<Draft, 'isKept' | 'grounds'> & { readonly grounds?: readonly Ground[] };

/** Collects findings; the same one twice stands once. */
export class FindingList {
  readonly #drafts = new Map<string, Draft>();
  readonly #alike = new Map<string, number>();

  /** Something that holds of the moment, or is computed again at every look. */
  add(draft: Told): void {
    this.#put({ grounds: [], ...draft, isKept: false });
  }

  /** Something that stays found. */
  keep(draft: Told): void {
    this.#put({ grounds: [], ...draft, isKept: true });
  }

  /** Takes over what another list has. */
  addAll(list: FindingList): void {
    for (const draft of list.#drafts.values()) this.#put(draft);
  }

  get drafts(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  #put(draft: Draft): void {
    const id = findingId(draft);
    if (this.#drafts.has(id)) return;
    const alike = `${draft.code}|${draft.org ?? '-'}`;
    const count = (this.#alike.get(alike) ?? 0) + 1;
    this.#alike.set(alike, count);
    if (count <= MAX_ALIKE) this.#drafts.set(id, draft);
    else this.#tellMore(draft, count - MAX_ALIKE);
  }

  #tellMore({ code, org, isKept }: Draft, count: number): void {
    const more: Draft = {
      code: 'FINDING_MORE',
      org,
      requestId: null,
      about: code,
      details: { code, count },
      grounds: [],
      isKept,
    };
    this.#drafts.set(findingId(more), more);
  }
}
