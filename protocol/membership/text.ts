/** Members, proposals and histories as lines for a person; texts that a member chose are shown, never obeyed. */
import { type ErrorCode, type Locale, messageFor } from '../messages/catalogue.ts';
import type { HistoryEntry, MemberView, ProposalView } from './views.ts';

/** Control and direction characters of a text that another organisation chose. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const HISTORY: Readonly<Record<string, ErrorCode>> = {
  OrganisationAdmitted: 'MEMBER_SAID_ADMITTED',
  OrganisationSuspended: 'MEMBER_SAID_SUSPENDED',
  OrganisationReinstated: 'MEMBER_SAID_REINSTATED',
  RolesChanged: 'MEMBER_SAID_ROLES',
  EndpointChanged: 'MEMBER_SAID_ENDPOINT',
  KeysChanged: 'MEMBER_SAID_KEYS',
  PreviousKeysRevoked: 'MEMBER_SAID_OVERLAP_ENDED',
  ProposalMade: 'MEMBER_SAID_PROPOSED',
};

const KINDS: Readonly<Record<ProposalView['kind'], ErrorCode>> = {
  admit: 'PROPOSAL_ADMIT',
  suspend: 'PROPOSAL_SUSPEND',
  reinstate: 'PROPOSAL_REINSTATE',
  'set-roles': 'PROPOSAL_ROLES',
  'set-keys': 'PROPOSAL_KEYS',
};

const STATES: Readonly<Record<ProposalView['state'], ErrorCode>> = {
  open: 'PROPOSAL_STATE_OPEN',
  carried: 'PROPOSAL_STATE_CARRIED',
  rejected: 'PROPOSAL_STATE_REJECTED',
  lapsed: 'PROPOSAL_STATE_LAPSED',
};

const VOTES = { for: 'PROPOSAL_VOTE_FOR', against: 'PROPOSAL_VOTE_AGAINST', none: 'PROPOSAL_VOTE_NONE' } as const;

/** One line for a member. */
export function memberLine(member: MemberView, locale: Locale): string {
  const status = messageFor(member.status === 'active' ? 'MEMBER_ACTIVE' : 'MEMBER_HALTED', {}, locale);
  const { org, keyEpoch } = member;
  const details = { org, status, roles: member.roles.join(' '), keyEpoch, endpoint: shown(member.endpoint) };
  return messageFor('MEMBER_LINE', details, locale);
}

/** A member with its keys, and what the chain said of it. */
export function memberText(member: MemberView, history: readonly HistoryEntry[], locale: Locale): string {
  const { account, ed25519Key, x25519Key, previousUntil } = member;
  const overlap = previousUntil === null ? [] : [messageFor('MEMBER_OVERLAP', { until: previousUntil }, locale)];
  return [
    memberLine(member, locale),
    messageFor('MEMBER_KEYS', { account, ed25519Key, x25519Key }, locale),
    ...overlap,
    ...history.map((entry) => historyLine(entry, locale)),
  ].join('\n');
}

function historyLine({ block, at, event, details }: HistoryEntry, locale: Locale): string {
  const code = HISTORY[event] ?? 'MEMBER_SAID_OTHER';
  const said = Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === 'string' ? shown(value) : value]),
  );
  return messageFor('MEMBER_SAID', { block, at, what: messageFor(code, { event, ...said }, locale) }, locale);
}

/** A proposal: what it changes, where it stands, and how this organisation voted. */
export function proposalText(proposal: ProposalView, locale: Locale): string {
  const { id, proposer, expiresAt, votesFor, votesAgainst, needed } = proposal;
  const what = changeText(proposal, locale);
  const state = messageFor(STATES[proposal.state], {}, locale);
  const vote = messageFor(VOTES[proposal.ownVote ?? 'none'], {}, locale);
  const counts = { votesFor, votesAgainst, needed };
  return messageFor('PROPOSAL_LINE', { id, what, proposer, state, ...counts, expiresAt, vote }, locale);
}

function changeText({ kind, org, change }: ProposalView, locale: Locale): string {
  const line = (code: ErrorCode, details: Readonly<Record<string, string>> = {}): string =>
    messageFor(code, { org: shown(org), ...details }, locale);
  switch (change.kind) {
    case 'admit': {
      const { roles, endpoint, account, ed25519Key } = change.admission;
      return line(KINDS.admit, { roles: roles.join(' '), endpoint: shown(endpoint), account, ed25519Key });
    }
    case 'set-roles':
      return line(KINDS['set-roles'], { roles: change.roles.join(' ') });
    case 'set-keys':
      return line(KINDS['set-keys'], { account: change.keys.account, ed25519Key: change.keys.ed25519Key });
    case 'unreadable':
      return line('PROPOSAL_UNREADABLE', { kind });
    default:
      return line(KINDS[change.kind]);
  }
}

function shown(text: string): string {
  return text.replace(UNPRINTABLE, '\uFFFD');
}
