/** What a verification comes to, for a person: verdict, what the file is about, what fails first, then the rest. */
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { type Claim, type ClaimCode, type ClaimStatus, claimText, type Verdict, whyText } from './claims.ts';
import { factsNamed } from './facts.ts';
import type { RequestPhase } from './request-life.ts';
import type { Verification } from './verify-bundle.ts';

/** Claims of one code that came out alike. */
export type ClaimGroup = {
  readonly code: ClaimCode;
  readonly text: string;
  /** Why, in words; empty where it holds. */
  readonly why: string;
  /** What the claims are about; the count is their number. */
  readonly about: readonly string[];
};

export type Section = {
  readonly kind: 'fails' | 'open' | 'beyond' | 'holds';
  readonly title: string;
  readonly groups: readonly ClaimGroup[];
};

export type Summary = {
  readonly verdict: Verdict | 'unreadable';
  /** One word, and what it means. */
  readonly headline: string;
  readonly meaning: string;
  /** Sentences: what the file is about, how much is in it, what is withheld. */
  readonly facts: readonly string[];
  /** In the order in which a person wants them; empty ones are left out. */
  readonly sections: readonly Section[];
};

const HEADLINES = {
  holds: ['VERDICT_HOLDS', 'VERDICT_HOLDS_MEANS'],
  fails: ['VERDICT_FAILS', 'VERDICT_FAILS_MEANS'],
  undecided: ['VERDICT_UNDECIDED', 'VERDICT_UNDECIDED_MEANS'],
  unreadable: ['VERDICT_UNREADABLE', 'VERDICT_UNREADABLE_MEANS'],
} as const;

const PHASES: Readonly<Record<RequestPhase, ErrorCode>> = {
  unknown: 'PHASE_UNKNOWN',
  submitted: 'PHASE_SUBMITTED',
  active: 'PHASE_ACTIVE',
  rejected: 'PHASE_REJECTED',
  revoked: 'PHASE_REVOKED',
  withdrawn: 'PHASE_WITHDRAWN',
  completed: 'PHASE_COMPLETED',
  expired: 'PHASE_EXPIRED',
  suspended: 'PHASE_SUSPENDED',
  superseded: 'PHASE_SUPERSEDED',
};

const SECTIONS = [
  { kind: 'fails', title: 'HEAD_FAILS' },
  { kind: 'open', title: 'HEAD_OPEN' },
  { kind: 'beyond', title: 'HEAD_BEYOND' },
  { kind: 'holds', title: 'HEAD_HOLDS' },
] as const;

/** Sums up a verification in one language. */
export function summarise(verification: Verification, locale: Locale): Summary {
  const { verdict, claims } = verification;
  return {
    ...headOf(verdict, locale),
    facts: [
      subjectText(verification, locale),
      extentText(verification, locale),
      withheldText(verification.withheld, locale),
    ],
    sections: sectionsOf(claims, locale),
  };
}

/** Sums up a file that cannot be read. @param claims - from `claimsOfUnreadable`. */
export function summariseUnreadable(claims: readonly Claim[], locale: Locale): Summary {
  return { ...headOf('unreadable', locale), facts: [], sections: sectionsOf(claims, locale) };
}

function headOf(verdict: Summary['verdict'], locale: Locale): Pick<Summary, 'verdict' | 'headline' | 'meaning'> {
  const [headline, meaning] = HEADLINES[verdict];
  return { verdict, headline: messageFor(headline, {}, locale), meaning: messageFor(meaning, {}, locale) };
}

function sectionsOf(claims: readonly Claim[], locale: Locale): Section[] {
  return SECTIONS.map(({ kind, title }) => ({
    kind,
    title: messageFor(title, {}, locale),
    groups: groupsOf(
      claims.filter((claim) => kindOf(claim.status, claim.isInherent) === kind),
      locale,
    ),
  })).filter(({ groups }) => groups.length > 0);
}

function kindOf(status: ClaimStatus, isInherent: boolean): Section['kind'] {
  if (status !== 'not-checkable') return status;
  return isInherent ? 'beyond' : 'open';
}

function groupsOf(claims: readonly Claim[], locale: Locale): ClaimGroup[] {
  const groups = new Map<string, { code: ClaimCode; text: string; why: string; about: string[] }>();
  for (const claim of claims) {
    const why = whyText(claim, locale);
    const key = `${claim.code} ${why}`;
    const group = groups.get(key) ?? { code: claim.code, text: claimText(claim.code, locale), why, about: [] };
    group.about.push(claim.about);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function subjectText({ subject, phase, facts }: Verification, locale: Locale): string {
  if (subject.kind === 'version') {
    const scores = factsNamed(facts, 'QualityRecorded');
    const newest = scores.at(-1)?.args.scoreBasisPoints;
    const score = newest === undefined ? messageFor('SUBJECT_NO_SCORE', {}, locale) : `${(newest / 100).toFixed(2)} %`;
    return messageFor('SUBJECT_VERSION', { id: subject.datasetId, scores: scores.length, score }, locale);
  }
  const details = { id: subject.requestId, phase: messageFor(PHASES[phase], {}, locale) };
  if (subject.kind === 'request') return messageFor('SUBJECT_REQUEST', details, locale);
  return messageFor('SUBJECT_BATCH', { ...details, org: subject.org, batch: subject.batch }, locale);
}

function extentText({ extent }: Verification, locale: Locale): string {
  const time = (text: string): string => `${text.slice(0, 19).replace('T', ' ')} UTC`;
  const details = { ...extent, from: time(extent.from), to: time(extent.to) };
  return messageFor(extent.events === 0 ? 'EXTENT_EMPTY' : 'EXTENT', details, locale);
}

function withheldText(withheld: Verification['withheld'], locale: Locale): string {
  const count = withheld.reduce((sum, { fields }) => sum + fields.length, 0);
  if (count === 0) return messageFor('WITHHELD_NONE', {}, locale);
  const times = new Map<string, number>();
  for (const { kind, fields } of withheld) {
    for (const field of fields) times.set(`${kind}.${field}`, (times.get(`${kind}.${field}`) ?? 0) + 1);
  }
  const fields = [...times].map(([name, number]) => (number === 1 ? name : `${name} ×${number}`)).join(', ');
  return messageFor('WITHHELD_SOME', { count, fields }, locale);
}
