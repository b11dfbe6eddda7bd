/**
 * A work order: failing rows of one rule that go back to the unit they came from, and what became of them.
 *
 * Row numbers and fields stay with the order in the department; of an order only its id, its state and a count enter the
 * evidence. Persons stand here by their id; an event has their pseudonym.
 * State: open → assigned → fixed | rejected → retested → closed, or reopened and on again.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hmacSha256 } from '../crypto.ts';
import type { Dimension, Severity } from './rule.ts';

export const ORDER_STATES = ['open', 'assigned', 'fixed', 'rejected', 'retested', 'closed', 'reopened'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** Why a unit rejects an order; what it has to say beyond that stays in the order's note. */
export const REJECTION_REASONS = ['value-is-right', 'rule-is-wrong', 'not-our-data', 'cannot-be-known'] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** How an order ended: its rows pass or are gone, stay as they are and somebody answers for that, or nobody asks any more. */
export const ORDER_OUTCOMES = ['passed', 'accepted', 'rule-gone'] as const;
export type OrderOutcome = (typeof ORDER_OUTCOMES)[number];

export interface OrderStep {
  readonly state: OrderState;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Id of the person who answers for the step; null where the node took it. */
  readonly by: string | null;
  /** A {@link RejectionReason}, or a word of the node. */
  readonly reason?: string;
  /** In the person's own words; stays at home. */
  readonly note?: string;
  /** Rows that still fail after this step. */
  readonly rows: number;
}

export interface WorkOrder {
  readonly id: string;
  readonly dataset: string;
  /** The version in which the rows failed last. */
  readonly versionId: string;
  readonly version: number;
  readonly ruleId: string;
  /** Digest of the rule as it was when the order was opened. */
  readonly ruleHash: string;
  readonly unit: string;
  readonly severity: Severity;
  readonly dimension: Dimension;
  readonly fields: readonly string[];
  /** Failing rows; the first `listed` of them stand in the order's file. */
  readonly rows: number;
  readonly listed: number;
  readonly state: OrderState;
  readonly openedAt: number;
  /** Day by whose end the rows should pass, in the calendar's time zone. */
  readonly dueOn: string;
  /** The end of that day, in milliseconds since the epoch. */
  readonly dueAt: number;
  readonly assignee: string | null;
  /** The due day for which it was said aloud that the order is late. */
  readonly overdueRaisedFor: string | null;
  readonly outcome: OrderOutcome | null;
  /** Id of the last test of its rows: a test counts once. */
  readonly lastTest: string | null;
  readonly steps: readonly OrderStep[];
}

const TRANSITIONS: Readonly<Record<OrderState, readonly OrderState[]>> = {
  open: ['assigned', 'fixed', 'rejected', 'retested'],
  assigned: ['assigned', 'fixed', 'rejected', 'retested'],
  fixed: ['retested', 'rejected'],
  rejected: ['retested', 'closed', 'reopened'],
  retested: ['closed', 'reopened'],
  closed: [],
  reopened: ['assigned', 'fixed', 'rejected', 'retested'],
};

/** @throws {ProtocolError} WORK_ORDER_STATE where the order cannot go there from where it is. */
export function assertTransition(order: WorkOrder, to: OrderState): void {
  if (TRANSITIONS[order.state].includes(to)) return;
  throw new ProtocolError('WORK_ORDER_STATE', { orderId: order.id, state: order.state, wanted: to });
}

/** The order after a step. @throws {ProtocolError} WORK_ORDER_STATE */
export function withStep(order: WorkOrder, step: OrderStep, changes: Partial<WorkOrder> = {}): WorkOrder {
  assertTransition(order, step.state);
  return { ...order, ...changes, state: step.state, rows: step.rows, steps: [...order.steps, step] };
}

export function isOpen(order: WorkOrder): boolean {
  return order.state !== 'closed';
}

/** Whether the unit owes something and its day is over; a unit that said fixed or rejected has done its part. */
export function isOverdue(order: WorkOrder, nowMs: number): boolean {
  return ['open', 'assigned', 'reopened'].includes(order.state) && nowMs >= order.dueAt;
}

/** Who rejected the order as it stands. */
export function rejecterOf(order: WorkOrder): string | null {
  return order.steps.findLast(({ state }) => state === 'rejected')?.by ?? null;
}

/** What makes two failures one order while it is not closed. */
export function orderSubject(order: Pick<WorkOrder, 'dataset' | 'ruleId' | 'unit'>): string {
  return JSON.stringify([order.dataset, order.ruleId, order.unit]);
}

/**
 * The id of an order: keyed, so that it tells nobody which unit or rule it is about, and the same when a run that a stop
 * interrupted is gone through again.
 */
export function orderId(key: Uint8Array, subject: string, versionId: string, reportHash: string): string {
  return toHex(hmacSha256(key, JSON.stringify([subject, versionId, reportHash])));
}
