/**
 * The work orders of a node: every step is one event and one write of the order, both or neither.
 *
 * A step that a stop cut off was either taken or not; what follows from it (a verdict after a test, an alert, points) is
 * found again from the order itself and taken then.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Clock, EventLog, StateOperation, StateStore } from '../ports.ts';
import {
  isOpen,
  isOverdue,
  type OrderOutcome,
  type OrderStep,
  type RejectionReason,
  rejecterOf,
  type WorkOrder,
  withStep,
} from './work-order.ts';

export interface OrderBookParts {
  readonly state: StateStore;
  readonly events: EventLog;
  readonly clock: Pick<Clock, 'now'>;
  /** Pseudonym of a person, for events. */
  readonly pseudonym: (person: string) => string;
}

export interface OrderBook {
  /** All orders, by their openings. */
  list(): Promise<readonly WorkOrder[]>;
  /** By id or the beginning of one. @throws {ProtocolError} WORK_ORDER_UNKNOWN, WORK_ORDER_AMBIGUOUS */
  find(id: string): Promise<WorkOrder>;
  /** Puts a new order down; one that is there already stays as it is. */
  open(order: WorkOrder): Promise<WorkOrder>;
  /** The rows that fail now are others than when the order was written, and nobody has dealt with it yet. */
  refresh(order: WorkOrder, changes: Refreshed): Promise<WorkOrder>;
  assign(order: WorkOrder, to: string, by: string): Promise<WorkOrder>;
  fix(order: WorkOrder, by: string, note?: string): Promise<WorkOrder>;
  reject(order: WorkOrder, by: string, reason: RejectionReason, note?: string): Promise<WorkOrder>;
  /** Records a test of the order's rows and what follows from it. */
  retested(order: WorkOrder, result: TestResult, next: NextDue, by: string | null): Promise<WorkOrder>;
  /** Takes a rejection: the rows stay as they are. @throws {ProtocolError} WORK_ORDER_SAME_PERSON, WORK_ORDER_STATE */
  accept(order: WorkOrder, by: string): Promise<WorkOrder>;
  /** Does not take a rejection. @throws {ProtocolError} as accept */
  decline(order: WorkOrder, next: NextDue, by: string): Promise<WorkOrder>;
  /** Says aloud, once per due day, which orders are late. @returns those. */
  raiseOverdue(): Promise<readonly WorkOrder[]>;
}

export interface TestResult {
  /** Rows that still fail. */
  readonly rows: number;
  readonly listed: number;
  readonly versionId: string;
  readonly version: number;
  /** A report's digest, or a random one: the same test counts once. */
  readonly lastTest: string;
  /** How the order ends where no row fails. */
  readonly outcome: Extract<OrderOutcome, 'passed' | 'rule-gone'>;
}

/** What a run found of an order's rows. */
export type Refreshed = Pick<WorkOrder, 'versionId' | 'version' | 'rows' | 'listed' | 'lastTest'>;

export type NextDue = Pick<WorkOrder, 'dueOn' | 'dueAt'>;

const PREFIX = 'work-order/';
const orderKey = (id: string): string => `${PREFIX}${id}`;

/** All orders, by their openings. */
export async function storedOrders(state: Pick<StateStore, 'list'>): Promise<readonly WorkOrder[]> {
  return (await state.list<WorkOrder>(PREFIX))
    .map(([, order]) => order)
    .toSorted((a, b) => a.openedAt - b.openedAt || (a.id < b.id ? -1 : 1));
}

export function createOrderBook(parts: OrderBookParts): OrderBook {
  const { state, clock } = parts;
  const list = () => storedOrders(state);
  const take = (order: WorkOrder, step: Omit<OrderStep, 'at'>, changes: Partial<WorkOrder> = {}) =>
    record(parts, withStep(order, { ...step, at: clock.now() }, changes));
  const verdict = (order: WorkOrder, next: NextDue): Promise<WorkOrder> =>
    order.rows === 0
      ? take(order, { state: 'closed', by: null, rows: 0 })
      : take(
          order,
          { state: 'reopened', by: null, rows: order.rows, reason: 'still-failing' },
          { ...next, outcome: null },
        );
  return {
    list,
    find: (id) => find(state, id),
    open: async (order) => (await state.get<WorkOrder>(orderKey(order.id))) ?? record(parts, order),
    refresh: async (order, changes) => {
      if (order.lastTest === changes.lastTest) return order;
      const step = { state: order.state, at: clock.now(), by: null, rows: changes.rows, reason: 'measured-again' };
      return record(parts, { ...order, ...changes, steps: [...order.steps, step] });
    },
    assign: (order, to, by) => take(order, { state: 'assigned', by, rows: order.rows }, { assignee: to }),
    fix: (order, by, note) =>
      take(order, { state: 'fixed', by, rows: order.rows, ...(note === undefined ? {} : { note }) }),
    reject: (order, by, reason, note) =>
      take(order, { state: 'rejected', by, rows: order.rows, reason, ...(note === undefined ? {} : { note }) }),
    retested: async (order, { rows, ...found }, next, by) => {
      if (order.state !== 'retested') {
        if (order.lastTest === found.lastTest) return order;
        return verdict(await take(order, { state: 'retested', by, rows }, found), next);
      }
      return verdict(order, next);
    },
    accept: async (order, by) => {
      assertSecond(order, by);
      return take(order, { state: 'closed', by, rows: order.rows }, { outcome: 'accepted' satisfies OrderOutcome });
    },
    decline: async (order, next, by) => {
      assertSecond(order, by);
      return take(order, { state: 'reopened', by, rows: order.rows, reason: 'rejection-declined' }, next);
    },
    raiseOverdue: async () => {
      const late = (await list()).filter(
        (order) => isOverdue(order, clock.now()) && order.overdueRaisedFor !== order.dueOn,
      );
      const raised: WorkOrder[] = [];
      for (const order of late) raised.push(await raise(parts, order));
      return raised;
    },
  };
}

/** Gives the verdicts that a stop left out between a test and what follows from it. */
export async function finishTests(book: OrderBook, next: (order: WorkOrder) => NextDue): Promise<void> {
  for (const order of await book.list()) {
    if (order.state !== 'retested') continue;
    const { rows, listed, versionId, version } = order;
    const result = { rows, listed, versionId, version, lastTest: order.lastTest ?? '', outcome: 'passed' as const };
    await book.retested(order, result, next(order), null);
  }
}

export function openOrders(orders: readonly WorkOrder[], dataset: string): readonly WorkOrder[] {
  return orders.filter((order) => order.dataset === dataset && isOpen(order));
}

async function find(state: StateStore, id: string): Promise<WorkOrder> {
  const found = /^[0-9a-f]{4,64}$/.test(id) ? await state.list<WorkOrder>(orderKey(id)) : [];
  if (found.length > 1) throw new ProtocolError('WORK_ORDER_AMBIGUOUS', { orderId: id, count: found.length });
  const order = found[0]?.[1];
  if (order === undefined) throw new ProtocolError('WORK_ORDER_UNKNOWN', { orderId: id.slice(0, 64) });
  return order;
}

/** One step: its event and the order in one transaction. */
async function record({ events, pseudonym }: OrderBookParts, order: WorkOrder): Promise<WorkOrder> {
  const { id, versionId, version, steps } = order;
  const step = steps.at(-1)!;
  const actor = step.by === null ? {} : { actor: pseudonym(step.by) };
  await events.append(
    'workOrder',
    { datasetId: versionId, version, orderId: id, state: step.state, rows: step.rows, ...actor },
    { id: `work-order/${id}/${steps.length}`, operations: [putOrder(order)] },
  );
  return order;
}

async function raise({ events }: OrderBookParts, order: WorkOrder): Promise<WorkOrder> {
  const raised: WorkOrder = { ...order, overdueRaisedFor: order.dueOn };
  await events.append(
    'alert',
    { code: 'work-order.overdue', orderId: order.id, count: order.rows },
    { id: `work-order/${order.id}/overdue/${order.dueOn}`, operations: [putOrder(raised)] },
  );
  return raised;
}

function putOrder(order: WorkOrder): StateOperation {
  return { type: 'put', key: orderKey(order.id), value: order };
}

function assertSecond(order: WorkOrder, by: string): void {
  if (order.state !== 'rejected') {
    throw new ProtocolError('WORK_ORDER_STATE', {
      orderId: order.id,
      state: order.state,
      wanted: 'accepted | declined',
    });
  }
  if (rejecterOf(order) === by) throw new ProtocolError('WORK_ORDER_SAME_PERSON', { orderId: order.id });
}
