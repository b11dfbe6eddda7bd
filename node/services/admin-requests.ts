/** What the operator's channel takes for requests that came in: the queue, decisions, deadlines, revocation. */
import { stricterConditionsSchema } from '@sealedger/protocol/policy/conditions.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { acknowledge } from '../approval/deadlines.ts';
import { approvalKeys } from '../approval/keys.ts';
import { allWaiting } from '../approval/queue.ts';
import { revokeRequest } from '../approval/revoke.ts';
import { storedDocument } from '../compute/computations.ts';
import { type AdminCommand, type AdminContext, adminCommand } from '../server/admin.ts';
import { createApproval, revokeParts } from './approval.ts';
import type { NodeParts } from './parts.ts';
import { assertAttachments, attachmentPath } from './request-exchange.ts';
import { detailsOf, requestView, summaryOf, summaryView } from './request-views.ts';

const reason = z.string().trim().min(1).max(4000);
const named = z.strictObject({ requestId: hex32 });

/** The contracts, for the command line. */
export const requestContracts = {
  list: {
    name: 'request.list',
    summary: 'ADMIN_REQUEST_LIST',
    input: z.strictObject({ scope: z.enum(['waiting', 'overdue', 'all']).default('waiting') }),
    output: z.strictObject({ requests: z.array(summaryView) }),
  },
  show: { name: 'request.show', summary: 'ADMIN_REQUEST_SHOW', input: named, output: requestView },
  acknowledge: {
    name: 'request.acknowledge',
    summary: 'ADMIN_REQUEST_ACKNOWLEDGE',
    input: named,
    output: z.strictObject({ requestId: hex32, acknowledgedAt: z.int() }),
  },
  decide: {
    name: 'request.decide',
    summary: 'ADMIN_REQUEST_DECIDE',
    input: z.strictObject({
      requestId: hex32,
      approved: z.boolean(),
      reason,
      conditions: stricterConditionsSchema.prefault({}),
    }),
    output: z.strictObject({
      requestId: hex32,
      status: z.enum(['decided', 'second-needed']),
      approved: z.boolean(),
      rule: z.string().nullable(),
      approvers: z.int().min(0).max(2),
      grantHash: hex32.nullable(),
      /** Whether the chain has it already. */
      isSent: z.boolean(),
      /** An earlier approval does not count any more. */
      isVoided: z.boolean(),
    }),
  },
  revoke: {
    name: 'request.revoke',
    summary: 'ADMIN_REQUEST_REVOKE',
    input: z.strictObject({ requestId: hex32, reason }),
    output: z.strictObject({ requestId: hex32, reasonHash: hex32 }),
  },
  attachments: {
    name: 'request.attachments',
    summary: 'ADMIN_REQUEST_EXPORT',
    input: named,
    /** Files lie in the node's data directory: they do not go over the channel. */
    output: z.strictObject({
      files: z.array(z.strictObject({ name: z.string(), sha256: hex32, path: z.string(), isHere: z.boolean() })),
    }),
  },
} as const;

/** The commands of a running node. */
export function adminRequests(parts: NodeParts): readonly AdminCommand[] {
  const { state } = parts;
  const approval = createApproval(parts);
  const { list, show, acknowledge: acknowledged, decide, revoke, attachments } = requestContracts;
  return [
    adminCommand(list, async ({ scope }) => {
      const ids =
        scope === 'all' ? await documentIds(parts) : (await allWaiting(state)).map(({ requestId }) => requestId);
      const all = await Promise.all(ids.map(async (id) => summaryOf(parts, id, await storedDocument(state, id))));
      const isOpen = { waiting: isWaiting, overdue: isLate, all: () => true }[scope];
      return { requests: all.filter(isOpen).toSorted((a, b) => (a.receivedAt ?? 0) - (b.receivedAt ?? 0)) };
    }),
    adminCommand(show, async ({ requestId }) => detailsOf(parts, requestId, await storedDocument(state, requestId))),
    {
      ...adminCommand(acknowledged, async ({ requestId }, context) => {
        const { acknowledgedAt } = await acknowledge(parts, requestId, actorOf(context));
        return { requestId, acknowledgedAt: acknowledgedAt! };
      }),
      roles: ['approver', 'steward', 'operator'],
    },
    {
      ...adminCommand(decide, async ({ requestId, approved, reason: text, conditions }, context) => {
        if (approved) await assertAttachments(parts, requestId);
        const by = { id: context.person!.id, pseudonym: actorOf(context) };
        const outcome = await approval.decideByPerson(requestId, { approved, reason: text, conditions }, by);
        const decision = outcome.status === 'decided' ? outcome.decision : null;
        return {
          requestId,
          status: outcome.status,
          approved,
          rule: decision?.grant.body.rule ?? null,
          approvers: decision?.grant.body.approvers ?? 1,
          grantHash: decision?.grantHash ?? null,
          isSent: outcome.isSent,
          isVoided: outcome.status === 'second-needed' && outcome.isVoided,
        };
      }),
      roles: ['approver'],
    },
    {
      ...adminCommand(revoke, async ({ requestId, reason: text }, context) => {
        await storedDocument(state, requestId);
        const { reasonHash } = await revokeRequest(revokeParts(parts), requestId, text, actorOf(context));
        return { requestId, reasonHash };
      }),
      roles: ['approver'],
    },
    adminCommand(attachments, async ({ requestId }) => {
      const document = await storedDocument(state, requestId);
      const missing = new Set((await detailsOf(parts, requestId, document)).missing);
      const files = document.attachments.map(async ({ name, sha256 }) => ({
        name,
        sha256,
        path: await attachmentPath(parts, requestId, sha256),
        isHere: !missing.has(`attachment:${sha256}`),
      }));
      return { files: await Promise.all(files) };
    }),
  ];
}

async function documentIds({ state }: NodeParts): Promise<readonly string[]> {
  return (await state.list(approvalKeys.documents)).map(([key]) => key.slice(approvalKeys.documents.length));
}

type Summary = z.output<typeof summaryView>;

/** One that is over elsewhere does not wait any more. */
function isWaiting({ decision, state }: Summary): boolean {
  return decision === 'waiting' && (state === null || state === 'submitted');
}

function isLate(summary: Summary): boolean {
  return isWaiting(summary) && summary.timers.some(({ state }) => state === 'overdue');
}

/** The channel lets nobody through to these commands without a person. */
function actorOf({ actor }: AdminContext): string {
  return actor!;
}
