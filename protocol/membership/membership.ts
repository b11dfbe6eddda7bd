/**
 * Members and what they vote on, over the Consortium contract: reads for everybody, writes for who has an account.
 *
 * Parties: every member alike; there is no administrator. A proposal is carried by more than half of the members that are
 * active when it is decided, rejected once that cannot be any more, and lapses after its time.
 * Trust: reads are the word of the organisation's own node of the chain.
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { Deployment } from '../ledger/deployment.ts';
import { eventTopic, type LedgerEvent, readEvents } from '../ledger/events.ts';
import { orgToBytes32 } from '../ledger/ids.ts';
import type { Rpc } from '../ledger/json-rpc.ts';
import type { OrganisationRecord, ProposalRecord } from '../ledger/records.ts';
import type { HistoryEntry, MemberView, ProposalInput, ProposalView } from './views.ts';

/** What is used of a ledger client. */
export type MembershipLedger = Pick<
  LedgerClient,
  | 'deployment'
  | 'organisation'
  | 'organisations'
  | 'proposal'
  | 'proposals'
  | 'tally'
  | 'voteOf'
  | 'proposeAdmission'
  | 'proposeSuspension'
  | 'proposeReinstatement'
  | 'proposeRoles'
  | 'proposeKeys'
  | 'vote'
  | 'settle'
  | 'setEndpoint'
>;

export interface MembershipParts {
  /** Who looks, and votes. */
  readonly org: string;
  readonly ledger: MembershipLedger;
  readonly rpc: Rpc;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** `already`: the very same stood on chain before this call. */
export type ProposalOutcome = ProposalView & { readonly already: boolean };

/** Every method may throw CHAIN_UNREACHABLE and CHAIN_REFUSED with the contract's reason. */
export interface Membership {
  /** In the order of admission, suspended ones included. */
  list(): Promise<readonly MemberView[]>;
  /** @throws {ProtocolError} MEMBER_UNKNOWN */
  show(org: string): Promise<{ readonly member: MemberView; readonly history: readonly HistoryEntry[] }>;
  /** @param which - only those that can still be voted on, or all; newest last. */
  proposals(which: 'open' | 'all'): Promise<readonly ProposalView[]>;
  /** Makes a proposal with the own vote for it; the same one that is open already is given back. */
  propose(proposal: ProposalInput): Promise<ProposalOutcome>;
  /** The vote that decides also carries the proposal out. @throws {ProtocolError} PROPOSAL_UNKNOWN */
  vote(proposalId: number, support: 'for' | 'against'): Promise<ProposalOutcome>;
  /** Closes a proposal whose time is over, or that the members' changes decided. @throws {ProtocolError} PROPOSAL_UNKNOWN */
  settle(proposalId: number): Promise<ProposalOutcome>;
  /** Registers where the own node is called. */
  setEndpoint(endpoint: string): Promise<{ readonly member: MemberView; readonly already: boolean }>;
}

/** Opens members and votes for one organisation. */
export function createMembership({ org, ledger, rpc, now }: MembershipParts): Membership {
  const viewOf = (record: ProposalRecord): Promise<ProposalView> => proposalView(ledger, org, record);
  const known = async (proposalId: number): Promise<ProposalView> => {
    const record = await ledger.proposal(proposalId);
    if (record === null) throw new ProtocolError('PROPOSAL_UNKNOWN', { proposalId });
    return viewOf(record);
  };
  const memberOf = async (id: string): Promise<MemberView> => {
    const record = await ledger.organisation(id);
    if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org: id });
    return memberView(record, now());
  };
  return {
    list: async () => (await ledger.organisations()).map((record) => memberView(record, now())),
    show: async (id) => ({ member: await memberOf(id), history: await historyOf(rpc, ledger.deployment, id) }),
    proposals: async (which) => {
      const all = await ledger.proposals();
      return inTurn(which === 'all' ? all : all.filter(({ state }) => state === 'open'), viewOf);
    },
    propose: async (proposal) => {
      const { proposalId, already } = await send(ledger, proposal);
      return { ...(await known(proposalId)), already };
    },
    vote: async (proposalId, support) => {
      await known(proposalId);
      const { already } = await ledger.vote(proposalId, support === 'for');
      return { ...(await known(proposalId)), already };
    },
    settle: async (proposalId) => {
      await known(proposalId);
      const { already } = await ledger.settle(proposalId);
      return { ...(await known(proposalId)), already };
    },
    setEndpoint: async (endpoint) => {
      const { already } = await ledger.setEndpoint(endpoint);
      return { member: await memberOf(org), already };
    },
  };
}

function send(ledger: MembershipLedger, proposal: ProposalInput): ReturnType<MembershipLedger['proposeSuspension']> {
  switch (proposal.kind) {
    case 'admit':
      return ledger.proposeAdmission(proposal.admission);
    case 'suspend':
      return ledger.proposeSuspension(proposal.org);
    case 'reinstate':
      return ledger.proposeReinstatement(proposal.org);
    case 'set-roles':
      return ledger.proposeRoles(proposal.org, proposal.roles);
    case 'set-keys':
      return ledger.proposeKeys(proposal.org, proposal.keys);
  }
}

function memberView({ id, previous, roles, ...record }: OrganisationRecord, nowMs: number): MemberView {
  const isOverlap = previous !== null && nowMs < 1000 * previous.untilSeconds;
  return { org: id, roles: [...roles], ...record, previousUntil: isOverlap ? timeText(previous.untilSeconds) : null };
}

async function proposalView(ledger: MembershipLedger, org: string, record: ProposalRecord): Promise<ProposalView> {
  const { expiresAtSeconds, ...rest } = record;
  const { votesFor, votesAgainst } = await ledger.tally(record.id);
  const active = (await ledger.organisations()).filter(({ status }) => status === 'active').length;
  return {
    ...rest,
    expiresAt: timeText(expiresAtSeconds),
    votesFor,
    votesAgainst,
    needed: Math.floor(active / 2) + 1,
    ownVote: await ledger.voteOf(record.id, org),
    change: changeOf(record),
  };
}

function changeOf({ change }: ProposalRecord): ProposalView['change'] {
  switch (change.kind) {
    case 'admit':
      return { kind: 'admit', admission: { ...change.admission, roles: [...change.admission.roles] } };
    case 'set-roles':
      return { kind: 'set-roles', roles: [...change.roles] };
    case 'set-keys':
      return { kind: 'set-keys', keys: { ...change.keys } };
    default:
      return { kind: change.kind };
  }
}

const blockSchema = z.object({ timestamp: z.string().regex(/^0x[0-9a-f]+$/) });

/** What the contract said of a member, and what was proposed of it, in order of the chain. */
async function historyOf(rpc: Rpc, deployment: Deployment, org: string): Promise<readonly HistoryEntry[]> {
  const range = { fromBlock: 0, toBlock: 'latest' } as const;
  const word = orgToBytes32(org);
  const own = await readEvents(rpc, deployment, { ...range, topics: [null, word] }, ['consortium']);
  const made = { ...range, topics: [eventTopic('consortium', 'ProposalMade'), null, word] };
  const proposed = await readEvents(rpc, deployment, made, ['consortium']);
  const events = [...own, ...proposed].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
  return inTurn(events, async (event) => ({
    block: event.blockNumber,
    at: timeText(await secondsOf(rpc, event.blockNumber)),
    transactionHash: event.transactionHash,
    event: event.name,
    details: detailsOf(event),
  }));
}

function detailsOf({ args }: LedgerEvent): HistoryEntry['details'] {
  const own = Object.entries(args).filter(([name]) => name !== 'org' && name !== 'payload');
  return Object.fromEntries(own.map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): string | number | boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join(' ') : String(value);
}

async function secondsOf(rpc: Rpc, block: number): Promise<number> {
  const method = 'eth_getBlockByNumber';
  const answer = blockSchema.safeParse(await rpc.request(method, [`0x${block.toString(16)}`, false]));
  if (!answer.success) throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method, reason: 'no block' });
  return Number(answer.data.timestamp);
}

function timeText(seconds: number): string {
  return new Date(1000 * seconds).toISOString();
}

async function inTurn<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (const item of items) answers.push(await ask(item));
  return answers;
}
