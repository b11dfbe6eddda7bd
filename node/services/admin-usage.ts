/** What the operator's channel takes for grants in use: their account, alerts, suspending and resuming. */
import { hex32, organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { findRequest } from '../approval/queue.ts';
import { storedDocument } from '../compute/computations.ts';
import { type AdminCommand, type AdminContext, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';
import { alertView, allUsage, grantUsage, grantUsageView, viewOfAlert } from './usage-views.ts';

/** The id of a request, or its first four digits at least. */
const request = z.string().regex(/^[0-9a-f]{4,64}$/, 'the id of a request, or its first four digits at least');
const days = z.int().min(1).max(400).default(14);
const changed = z.strictObject({ requestId: hex32, state: z.enum(['suspended', 'resumed']) });

/** The contracts, for the command line. */
export const usageContracts = {
  show: {
    name: 'usage.show',
    summary: 'ADMIN_USAGE_SHOW',
    input: z.strictObject({ request: request.optional(), days }),
    output: z.strictObject({ grants: z.array(grantUsageView) }),
  },
  suspend: {
    name: 'usage.suspend',
    summary: 'ADMIN_USAGE_SUSPEND',
    input: z.strictObject({ request, reason: z.string().trim().min(1).max(1000) }),
    output: changed,
    roles: ['operator', 'approver'],
  },
  resume: {
    name: 'usage.resume',
    summary: 'ADMIN_USAGE_RESUME',
    input: z.strictObject({ request }),
    output: changed,
    roles: ['approver'],
  },
  alerts: {
    name: 'alert.list',
    summary: 'ADMIN_ALERT_LIST',
    input: z.strictObject({ scope: z.enum(['standing', 'all']).default('standing') }),
    output: z.strictObject({ alerts: z.array(alertView) }),
  },
  acknowledge: {
    name: 'alert.ack',
    summary: 'ADMIN_ALERT_ACK',
    input: z.strictObject({ code: z.string().min(1).max(64), org: organisationId }),
    output: alertView,
    roles: ['operator', 'approver', 'auditor'],
  },
} as const;

/** The reason of what a person suspends, as the log has it; the words stay in the node. */
const BY_PERSON = 'person.suspended';

/** The commands of a running node. */
export function adminUsage(parts: NodeParts): readonly AdminCommand[] {
  const { state, usage } = parts;
  const { show, suspend, resume, alerts, acknowledge } = usageContracts;
  return [
    adminCommand(show, async ({ request: prefix, days: latest }) => {
      await usage.book.refusals.flush();
      if (prefix === undefined) return { grants: [...(await allUsage(parts, latest))] };
      const requestId = await findRequest(state, prefix);
      return { grants: [await grantUsage(parts, requestId, await storedDocument(state, requestId), latest)] };
    }),
    adminCommand(suspend, async ({ request: prefix, reason }, context) => {
      const requestId = await findRequest(state, prefix);
      await usage.suspendGrant(requestId, BY_PERSON, { actor: actorOf(context), note: reason });
      return { requestId, state: 'suspended' as const };
    }),
    adminCommand(resume, async ({ request: prefix }, context) => {
      const requestId = await findRequest(state, prefix);
      await usage.resumeGrant(requestId, actorOf(context));
      return { requestId, state: 'resumed' as const };
    }),
    adminCommand(alerts, async ({ scope }) => {
      const found = usage.alerts.list().filter((alert) => scope === 'all' || usage.alerts.stands(alert));
      const { alerts: own } = await parts.watch.status();
      const none = { requestId: null, count: null, times: 1, firstAt: null, lastAt: null, acknowledged: null };
      return { alerts: [...own.map((code) => ({ code, org: null, ...none })), ...found.map(viewOfAlert)] };
    }),
    adminCommand(acknowledge, async ({ code, org }, context) =>
      viewOfAlert(await usage.alerts.acknowledge(code, org, actorOf(context))),
    ),
  ];
}

/** The pseudonym; a command with roles always has one. */
function actorOf({ actor }: AdminContext): string {
  return actor!;
}
