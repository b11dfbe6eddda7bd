/**
 * Deadlines of a request: when it must be acknowledged and answered, in working days of the place where the department works.
 *
 * They are reckoned when the request comes in and stay with it. One that passes is raised once, as an event of the log,
 * which is anchored: nobody can later say that it was in time. Corrections of data have their deadlines in work orders.
 * Source of the defaults: see docs/policy.md; they are the organisation's to set.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestTimer } from '@sealedger/protocol/request-status.ts';
import { z } from 'zod';
import type { Clock, EventLog, Ledger, StateOperation, StateStore } from '../ports.ts';
import { addWorkingDays, calendarSchema, endOfDay } from '../quality/working-days.ts';
import type { StoredDecision } from './decide.ts';
import { approvalKeys } from './keys.ts';

const workingDays = z.int().min(0).max(365);

export const deadlinePlanSchema = z.strictObject({
  /** Working days until a request is acknowledged. */
  acknowledge: workingDays.default(1),
  /** `automatic`: by the node as it comes in; `person`: by a person's command. */
  acknowledgedBy: z.enum(['automatic', 'person']).default('automatic'),
  /** Working days until the answer, by how the catalogue shares what is asked for; the longest of what is asked counts. */
  answer: z.strictObject({ unconditional: workingDays.default(1), conditional: workingDays.default(10) }).prefault({}),
  calendar: calendarSchema.prefault({ timeZone: 'Asia/Shanghai' }),
});
export type DeadlinePlan = z.output<typeof deadlinePlanSchema>;

export const DEADLINE_KINDS = ['acknowledge', 'answer'] as const;
export type DeadlineKind = (typeof DEADLINE_KINDS)[number];

/** What is kept of a request; moments in milliseconds since the epoch. */
export interface Deadlines {
  readonly requestId: string;
  readonly receivedAt: number;
  /** How long each has, as a moment. */
  readonly dueAt: Readonly<Record<DeadlineKind, number>>;
  readonly acknowledgedAt: number | null;
  /** Pseudonym of the person; null where the node did, or nobody yet. */
  readonly acknowledgedBy: string | null;
  readonly raised: readonly DeadlineKind[];
  /** The request ended on chain before it was answered here. */
  readonly isOver?: boolean;
}

export interface DeadlineParts {
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'recentRequest'>;
  readonly events: EventLog;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * The deadlines of a request that comes in now.
 * @param sharing - of what is asked for, one for each dataset.
 */
export function deadlinesFrom(
  plan: DeadlinePlan,
  requestId: string,
  sharing: readonly ('unconditional' | 'conditional')[],
  now: number,
): Deadlines {
  const { calendar } = plan;
  const due = (days: number): number => endOfDay(addWorkingDays(now, days, calendar), calendar.timeZone);
  const answer = Math.max(...sharing.map((kind) => plan.answer[kind]), 0);
  return {
    requestId,
    receivedAt: now,
    dueAt: { acknowledge: due(plan.acknowledge), answer: due(answer) },
    acknowledgedAt: plan.acknowledgedBy === 'automatic' ? now : null,
    acknowledgedBy: null,
    raised: [],
  };
}

export function putDeadlines(deadlines: Deadlines): StateOperation {
  return { type: 'put', key: approvalKeys.deadline(deadlines.requestId), value: deadlines };
}

export async function storedDeadlines(state: StateStore, requestId: string): Promise<Deadlines | undefined> {
  return state.get<Deadlines>(approvalKeys.deadline(requestId));
}

/**
 * Notes that a person has taken a request in hand; once.
 * @param actor - pseudonym.
 * @throws {ProtocolError} REQUEST_UNKNOWN
 */
export async function acknowledge(parts: DeadlineParts, requestId: string, actor: string): Promise<Deadlines> {
  const deadlines = await storedDeadlines(parts.state, requestId);
  if (deadlines === undefined) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  if (deadlines.acknowledgedAt !== null) return deadlines;
  const next: Deadlines = { ...deadlines, acknowledgedAt: parts.clock.now(), acknowledgedBy: actor };
  await parts.state.write([putDeadlines(next)]);
  return next;
}

/** The timers of a request at a moment; an answer counts from the moment of its grant. */
export function timersAt(
  deadlines: Deadlines | undefined,
  decision: StoredDecision | undefined,
  now: number,
): readonly RequestTimer[] {
  if (deadlines === undefined) return [];
  const answeredAt = decision === undefined ? null : Date.parse(decision.grant.issuedAt);
  const metAt = { acknowledge: deadlines.acknowledgedAt ?? answeredAt, answer: answeredAt };
  return DEADLINE_KINDS.map((kind) => {
    const dueAt = deadlines.dueAt[kind];
    const at = metAt[kind];
    const state = (at ?? now) >= dueAt ? 'overdue' : at === null ? 'running' : 'met';
    return { kind, dueAt: Math.floor(dueAt / 1000), state };
  });
}

/** Codes of the events that say so. */
export const OVERDUE_CODES: Readonly<Record<DeadlineKind, string>> = {
  acknowledge: 'request.acknowledgement-overdue',
  answer: 'request.answer-overdue',
};

/** Raises each deadline that has passed, once; what ended on chain meanwhile has none any more. */
export async function raiseOverdue(parts: DeadlineParts): Promise<void> {
  for (const [deadlines, kind] of await overdue(parts)) {
    const { requestId } = deadlines;
    const { state } = await parts.ledger.recentRequest(requestId);
    const fresh = (await storedDeadlines(parts.state, requestId))!;
    if (state !== 'submitted') {
      await parts.state.write([putDeadlines({ ...fresh, isOver: true })]);
      continue;
    }
    if (fresh.raised.includes(kind)) continue;
    await parts.events.append(
      'alert',
      { code: OVERDUE_CODES[kind], requestId },
      {
        id: `deadline/${requestId}/${kind}`,
        operations: [putDeadlines({ ...fresh, raised: [...fresh.raised, kind] })],
      },
    );
  }
}

/** Codes of what was raised and still waits. */
export async function standingOverdue(parts: Pick<DeadlineParts, 'state' | 'clock'>): Promise<readonly string[]> {
  const raised = (await overdue(parts)).filter(([deadlines, kind]) => deadlines.raised.includes(kind));
  return [...new Set(raised.map(([, kind]) => OVERDUE_CODES[kind]))];
}

/** Deadlines that have passed for requests that this organisation has not decided. */
export async function overdue({
  state,
  clock,
}: Pick<DeadlineParts, 'state' | 'clock'>): Promise<readonly (readonly [Deadlines, DeadlineKind])[]> {
  const now = clock.now();
  const found: (readonly [Deadlines, DeadlineKind])[] = [];
  for (const [, deadlines] of await state.list<Deadlines>(approvalKeys.deadlines)) {
    if (deadlines.isOver === true) continue;
    const late = DEADLINE_KINDS.filter((kind) => deadlines.dueAt[kind] <= now);
    if (late.length === 0 || (await state.get(approvalKeys.decision(deadlines.requestId))) !== undefined) continue;
    for (const kind of late) {
      if (kind === 'acknowledge' && deadlines.acknowledgedAt !== null) continue;
      found.push([deadlines, kind]);
    }
  }
  return found;
}
