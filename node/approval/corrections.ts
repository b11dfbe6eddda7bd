/** By when data that a request asks for must be corrected: the open work orders of its datasets, as one more deadline. */
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { RequestTimer } from '@sealedger/protocol/request-status.ts';
import type { StateStore } from '../ports.ts';
import { storedOrders } from '../quality/order-book.ts';
import { isOpen, isOverdue } from '../quality/work-order.ts';

/**
 * The deadline that comes first among those of the own datasets; none where nothing waits for a correction. Whoever reads
 * it learns that something does, not what.
 * @param now - milliseconds since the epoch.
 */
export async function correctionTimers(
  state: Pick<StateStore, 'list'>,
  org: string,
  { datasets }: Pick<RequestDocument, 'datasets'>,
  now: number,
): Promise<readonly RequestTimer[]> {
  const names = datasets.filter(({ owner }) => owner === org).map(({ name }) => name);
  const orders = (await storedOrders(state)).filter((order) => names.includes(order.dataset) && isOpen(order));
  if (orders.length === 0) return [];
  const isLate = orders.some((order) => isOverdue(order, now));
  const dueAt = Math.floor(Math.min(...orders.map((order) => order.dueAt)) / 1000);
  return [{ kind: 'correct', dueAt, state: isLate ? 'overdue' : 'running' }];
}
