/** What the operator's channel takes for members and votes: the organisation acts with the account of its running node. */
import { createMembership } from '@sealedger/protocol/membership/membership.ts';
import {
  endpointSchema,
  historyEntrySchema,
  memberViewSchema,
  proposalInputSchema,
  proposalViewSchema,
} from '@sealedger/protocol/membership/views.ts';
import { organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type AdminCommand, type AdminContract, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';

const proposalId = z.int().min(1);
const outcome = proposalViewSchema.extend({ already: z.boolean() });

/** The contracts, for the command line. */
export const memberContracts = {
  list: {
    name: 'member.list',
    summary: 'ADMIN_MEMBER_LIST',
    input: z.strictObject({}),
    output: z.strictObject({ members: z.array(memberViewSchema) }),
  },
  show: {
    name: 'member.show',
    summary: 'ADMIN_MEMBER_SHOW',
    input: z.strictObject({ org: organisationId }),
    output: z.strictObject({ member: memberViewSchema, history: z.array(historyEntrySchema) }),
  },
  proposals: {
    name: 'member.proposals',
    summary: 'ADMIN_MEMBER_PROPOSALS',
    input: z.strictObject({ which: z.enum(['open', 'all']) }),
    output: z.strictObject({ proposals: z.array(proposalViewSchema) }),
  },
  propose: {
    name: 'member.propose',
    summary: 'ADMIN_MEMBER_PROPOSE',
    roles: ['approver'],
    input: z.strictObject({ proposal: proposalInputSchema }),
    output: outcome,
  },
  vote: {
    name: 'member.vote',
    summary: 'ADMIN_MEMBER_VOTE',
    roles: ['approver'],
    input: z.strictObject({ proposalId, support: z.enum(['for', 'against']) }),
    output: outcome,
  },
  settle: {
    name: 'member.settle',
    summary: 'ADMIN_MEMBER_SETTLE',
    roles: ['operator'],
    input: z.strictObject({ proposalId }),
    output: outcome,
  },
  endpoint: {
    name: 'member.endpoint',
    summary: 'ADMIN_MEMBER_ENDPOINT',
    roles: ['operator'],
    input: z.strictObject({ endpoint: endpointSchema }),
    output: z.strictObject({ member: memberViewSchema, already: z.boolean() }),
  },
} as const satisfies Readonly<Record<string, AdminContract>>;

/** The commands of a running node. */
export function adminMembers({ config, client, rpc, clock }: NodeParts): readonly AdminCommand[] {
  const members = createMembership({ org: config.org, ledger: client, rpc, now: () => clock.now() });
  const { list, show, proposals, propose, vote, settle, endpoint } = memberContracts;
  return [
    adminCommand(list, async () => ({ members: [...(await members.list())] })),
    adminCommand(show, async ({ org }) => {
      const { member, history } = await members.show(org);
      return { member, history: [...history] };
    }),
    adminCommand(proposals, async ({ which }) => ({ proposals: [...(await members.proposals(which))] })),
    adminCommand(propose, ({ proposal }) => members.propose(proposal)),
    adminCommand(vote, ({ proposalId: id, support }) => members.vote(id, support)),
    adminCommand(settle, ({ proposalId: id }) => members.settle(id)),
    adminCommand(endpoint, ({ endpoint: url }) => members.setEndpoint(url)),
  ] as readonly AdminCommand[];
}
