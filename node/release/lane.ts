/**
 * The lane rule of metering: which order may come next, and what a resend gets.
 *
 * A lane is one sequence of unlockings. Order n + 1 names the receipt of n, so it acknowledges it; the identical order is
 * answered again from what is stored; another order under the same number is refused.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { UnlockOrder } from '@sealedger/protocol/unlocking.ts';

export interface LaneHead {
  readonly counter: number;
  readonly orderDigest: string;
  readonly receiptDigest: string;
}

/**
 * @param head - last order that was answered in this lane, undefined before the first.
 * @returns 'resend' for the order that was answered last, 'next' for one that may be metered now.
 * @throws {ProtocolError} UNLOCK_LANE_CONFLICT
 */
export function admitOrder(head: LaneHead | undefined, order: UnlockOrder, orderDigest: string): 'resend' | 'next' {
  const expected = (head?.counter ?? 0) + 1;
  if (head !== undefined && order.counter === head.counter && orderDigest === head.orderDigest) return 'resend';
  if (order.counter !== expected || order.previousReceipt !== (head?.receiptDigest ?? null)) {
    throw new ProtocolError('UNLOCK_LANE_CONFLICT', {
      lane: order.lane,
      counter: order.counter,
      expectedCounter: expected,
    });
  }
  return 'next';
}

/** Refuses what the quota does not cover. @throws {ProtocolError} QUOTA_EXHAUSTED */
export function assertQuota(used: number, count: number, quota: number): void {
  if (used + count > quota) throw new ProtocolError('QUOTA_EXHAUSTED', { used, count, quota });
}
