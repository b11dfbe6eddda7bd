/** What a verifier says: claims, each of which holds, fails, or cannot be checked with what is at hand. */
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

/** Every claim there is; its text is the message `CLAIM_<code>`. */
export const claimCodes = [
  'FORM',
  'CHAIN_PINNED',
  'BLOCK_SEALED',
  'RECEIPT_PROVEN',
  'KEY_REGISTERED',
  'CHECKPOINT_SIGNED',
  'CHECKPOINT_ANCHORED',
  'LOG_CONSISTENT',
  'LOG_CONTINUES',
  'EVENT_SIGNED',
  'EVENT_LOGGED',
  'EVENT_FIELDS',
  'EVENT_KEY_IN_FORCE',
  'EVENT_AGREES',
  'PART_COMPLETE',
  'PARTS_PRESENT',
  'REQUEST_LIFE',
  'VERSION_PUBLISHED',
  'QUALITY_RECORDED',
  'QUALITY_FLOOR',
  'UNLOCKS_METERED',
  'COMPUTATION_AGREES',
  'MODEL_CERTIFIED',
  'GRANTS_NAMED',
  'RESULT_COMMITTED',
  'NOTHING_LATER',
  'COMPUTATION_CORRECT',
] as const;
export type ClaimCode = (typeof claimCodes)[number];
export type ClaimStatus = 'holds' | 'fails' | 'not-checkable';

/** Codes of reasons; each is a message of the catalogue. */
export type WhyCode = Extract<ErrorCode, `WHY_${string}`>;
export type WhyDetails = Readonly<Record<string, string | number>>;

export type Claim = {
  readonly code: ClaimCode;
  /** What it is about, for example `tax#12 decision` or `block 40`; never a value that was opened. */
  readonly about: string;
  readonly status: ClaimStatus;
  /** Why it does not hold or cannot be checked; null where it holds. */
  readonly why: WhyCode | null;
  readonly details: WhyDetails;
  /** No bundle can show this: it does not count against the verdict. */
  readonly isInherent: boolean;
};

export type Verdict = 'holds' | 'fails' | 'undecided';

/** Collects claims in the order in which they are made. */
export class ClaimList {
  readonly claims: Claim[] = [];

  holds(code: ClaimCode, about: string): void {
    this.claims.push({ code, about, status: 'holds', why: null, details: {}, isInherent: false });
  }

  fails(code: ClaimCode, about: string, why: WhyCode, details: WhyDetails = {}): void {
    this.claims.push({ code, about, status: 'fails', why, details, isInherent: false });
  }

  /** Not checkable, though another bundle or trust file could let it be: the verdict stays undecided. */
  isOpen(code: ClaimCode, about: string, why: WhyCode, details: WhyDetails = {}): void {
    this.claims.push({ code, about, status: 'not-checkable', why, details, isInherent: false });
  }

  /** Not checkable from any bundle, or withheld on purpose. */
  isBeyond(code: ClaimCode, about: string, why: WhyCode, details: WhyDetails = {}): void {
    this.claims.push({ code, about, status: 'not-checkable', why, details, isInherent: true });
  }

  /** Holds where `why` is null, fails for `why` otherwise. */
  decide(code: ClaimCode, about: string, why: WhyCode | null, details: WhyDetails = {}): void {
    if (why === null) this.holds(code, about);
    else this.fails(code, about, why, details);
  }
}

/** Fails where one claim fails; holds where all others hold or are beyond any bundle. */
export function verdictOf(claims: readonly Claim[]): Verdict {
  if (claims.some(({ status }) => status === 'fails')) return 'fails';
  const isOpen = claims.some(({ status, isInherent }) => status === 'not-checkable' && !isInherent);
  return isOpen ? 'undecided' : 'holds';
}

/** What a claim says, in words. */
export function claimText(code: ClaimCode, locale: Locale): string {
  return messageFor(`CLAIM_${code}`, {}, locale);
}

/** Why a claim does not hold, in words; empty where it holds. */
export function whyText({ why, details }: Claim, locale: Locale): string {
  return why === null ? '' : messageFor(why, details, locale);
}
