/**
 * Unlocking at the gate: one metered evaluation for each element, or nothing.
 *
 * Learns: the gate, when and how many; elements are blinded. The bank: one output each, with a proof under the key that
 * stands on chain. Computation id, key and quota come from the gate's own record of the grant, never from the caller.
 * In one transaction the lane and the quota are checked, the event appended and the answer stored; only then it leaves.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, envelopeHeader, openEnvelope, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Evaluated } from '@sealedger/protocol/poprf.ts';
import {
  decodeUnlockOrder,
  elementsDigest,
  encodeUnlockAnswer,
  type UnlockFrame,
  type UnlockOrder,
  type UnlockReceipt,
  unlockOrderSchema,
} from '@sealedger/protocol/unlocking.ts';
import type { Guard, UseMoment } from '../approval/guard.ts';
import type { ComputationRecord } from '../compute/computation.ts';
import { nativeEd25519 } from '../crypto.ts';
import type { Mutex } from '../mutex.ts';
import type { Clock, Directory, EventLog, Ledger, StateOperation, StateStore } from '../ports.ts';
import { admitOrder, assertQuota, type LaneHead } from './lane.ts';
import type { UsageBook } from './usage-book.ts';

export interface UnlockingParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly members: Directory;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly mutex: Mutex;
  /** Asked when an order comes in, again when it is metered, and once more when its answer is about to leave. */
  readonly guard: Guard;
  /** Plans what is written with each metering, and refuses what rules and budgets stop. */
  readonly usage: Pick<UsageBook, 'plan'>;
  /** The computation that this gate serves for a request. */
  readonly current: (requestId: string) => Promise<ComputationRecord | undefined>;
  readonly evaluate: (requestId: string, computationId: string, elements: readonly Uint8Array[]) => Promise<Evaluated>;
  /** Size of the log of consents on chain that counts for a request; null where it names none. */
  readonly consentSize: (requestId: string) => Promise<number | null>;
  readonly signReceipt: (receipt: UnlockReceipt) => SignedEnvelope<UnlockReceipt>;
  /** Told after each metering, so that the count reaches the chain. */
  readonly metered: (requestId: string) => void;
}

export interface LaneStatus {
  readonly lane: number;
  readonly counter: number;
  readonly receiptDigest: string | null;
  readonly used: number;
}

export interface Unlocking {
  /**
   * Answers an order.
   * @param caller - organisation that signed the call.
   * @returns the answer's frame; the stored bytes for an identical order.
   * @throws {ProtocolError} UNLOCK_FRAME_MALFORMED, ENVELOPE_*, UNLOCK_ORDER_MISMATCH, REQUEST_NOT_REQUESTER,
   *   COMPUTATION_RETIRED, UNLOCK_LANE_CONFLICT, QUOTA_EXHAUSTED, BUDGET_EXHAUSTED, POPRF_*, and what the guard refuses with
   */
  unlock(caller: string, frame: Uint8Array): Promise<Uint8Array>;
  /** Where a lane stands, for a bank that lost its state. */
  lane(caller: string, requestId: string, lane: number): Promise<LaneStatus>;
  /** Used quota of a request. */
  used(requestId: string): Promise<number>;
}

interface StoredLane extends LaneHead {
  /** The answer's frame in base64: what an identical order gets. */
  readonly answer: string;
}

interface OpenedOrder {
  readonly order: UnlockOrder;
  readonly orderDigest: string;
  readonly frame: UnlockFrame;
}

export function createUnlocking(parts: UnlockingParts): Unlocking {
  /** Elements of each grant that are being evaluated: no more than the quota has left. */
  const evaluating = new Map<string, number>();
  const used = async (requestId: string): Promise<number> => (await parts.state.get<number>(usedKey(requestId))) ?? 0;
  return {
    used,
    unlock: async (caller, bytes) => {
      const opened = await openOrder(parts, caller, bytes);
      const stored = await resentAnswer(parts.state, opened);
      if (stored !== undefined) {
        await parts.guard.assertMayLeave(opened.order.requestId);
        return stored;
      }
      const { quota } = await assertGrant(parts, caller, opened.order, 'order');
      await storedAnswer(parts.state, opened);
      const { requestId, computationId, count } = opened.order;
      assertQuota((await used(requestId)) + (evaluating.get(requestId) ?? 0), count, quota);
      evaluating.set(requestId, (evaluating.get(requestId) ?? 0) + count);
      let answer: Uint8Array;
      try {
        const evaluated = await parts.evaluate(requestId, computationId, opened.frame.elements);
        answer = await parts.mutex.run(`unlock/${caller}`, () => meter(parts, caller, opened, evaluated));
      } finally {
        // at once: what is metered must not count as being evaluated too
        evaluating.set(requestId, evaluating.get(requestId)! - count);
      }
      // what the node saw meanwhile holds: the count stands in the log then, and the answer stays here
      await parts.guard.assertMayLeave(requestId);
      return answer;
    },
    lane: async (caller, requestId, lane) => {
      const request = await parts.ledger.recentRequest(requestId);
      if (request.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
      const head = await parts.state.get<StoredLane>(laneKey(requestId, lane));
      return {
        lane,
        counter: head?.counter ?? 0,
        receiptDigest: head?.receiptDigest ?? null,
        used: await used(requestId),
      };
    },
  };
}

/** Verifies an order as it came. */
async function openOrder(parts: UnlockingParts, caller: string, bytes: Uint8Array): Promise<OpenedOrder> {
  const frame = decodeUnlockOrder(bytes);
  const { keyEpoch } = envelopeHeader(frame.header);
  const { body: order, digest } = openEnvelope(frame.header, {
    domain: domains.unlockRequest,
    key: { signer: caller, keyEpoch, publicKey: await parts.members.signingKey(caller, keyEpoch) },
    now: new Date(parts.clock.now()),
    schema: unlockOrderSchema,
    ed25519: nativeEd25519,
  });
  const mismatch = (part: string): ProtocolError => new ProtocolError('UNLOCK_ORDER_MISMATCH', { part });
  if (order.gate !== parts.org) throw mismatch('gate');
  if (order.count !== frame.elements.length) throw mismatch('count');
  if (order.blindedDigest !== frame.elementsDigest) throw mismatch('blindedDigest');
  return { order, orderDigest: toHex(digest), frame };
}

interface Granted {
  readonly quota: number;
  /** Subjects of the register. */
  readonly people: number;
}

/** @returns what the grant allows. @throws {ProtocolError} where the grant does not carry this order now. */
async function assertGrant(
  parts: UnlockingParts,
  caller: string,
  order: UnlockOrder,
  moment: UseMoment,
): Promise<Granted> {
  const { requestId, count } = order;
  if ((await parts.ledger.recentRequest(requestId)).requester !== caller)
    throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  const request = await parts.guard.assertUsable({ kind: 'unlock', moment, requestId, count });
  const current = await parts.current(order.requestId);
  if (current === undefined || !current.roles.includes('gate'))
    throw new ProtocolError('COMPUTATION_UNKNOWN', { computationId: order.computationId });
  if (current.computationId !== order.computationId)
    throw new ProtocolError('COMPUTATION_RETIRED', { computationId: order.computationId });
  return { quota: request.quota, people: current.people };
}

/** The stored answer where this is the order that its lane answered last; nothing is refused here. */
async function resentAnswer(state: StateStore, { order, orderDigest }: OpenedOrder): Promise<Uint8Array | undefined> {
  const head = await state.get<StoredLane>(laneKey(order.requestId, order.lane));
  if (head === undefined || head.counter !== order.counter || head.orderDigest !== orderDigest) return undefined;
  return new Uint8Array(Buffer.from(head.answer, 'base64'));
}

async function storedAnswer(state: StateStore, opened: OpenedOrder): Promise<Uint8Array | undefined> {
  const { order, orderDigest } = opened;
  const head = await state.get<StoredLane>(laneKey(order.requestId, order.lane));
  if (admitOrder(head, order, orderDigest) === 'next') return undefined;
  return new Uint8Array(Buffer.from(head!.answer, 'base64'));
}

/** Runs alone for its requester: the counts, budgets and lane that are read here are those that are written. */
async function meter(
  parts: UnlockingParts,
  caller: string,
  opened: OpenedOrder,
  evaluated: Evaluated,
): Promise<Uint8Array> {
  const { order, orderDigest } = opened;
  const stored = await storedAnswer(parts.state, opened);
  if (stored !== undefined) return stored;
  const { quota, people } = await assertGrant(parts, caller, order, 'metering');
  const usedBefore = (await parts.state.get<number>(usedKey(order.requestId))) ?? 0;
  assertQuota(usedBefore, order.count, quota);
  const { requestId, count } = order;
  const consentSize = await parts.consentSize(requestId);
  const planned = await parts.usage.plan({ requester: caller, requestId, count, people });
  const totalUsed = usedBefore + order.count;
  const receipt = parts.signReceipt({
    requestId: order.requestId,
    computationId: order.computationId,
    gate: parts.org,
    lane: order.lane,
    counter: order.counter,
    count: order.count,
    totalUsed,
    orderDigest,
    evaluatedDigest: elementsDigest([...evaluated.evaluatedElements, evaluated.proof]),
  });
  const answer = encodeUnlockAnswer(receipt, evaluated.evaluatedElements, evaluated.proof);
  await parts.events.append(
    'unlocking',
    {
      requestId: order.requestId,
      computationId: order.computationId,
      lane: order.lane,
      counter: order.counter,
      count: order.count,
      totalUsed,
      requestDigest: orderDigest,
      receiptDigest: toHex(envelopeDigest(receipt)),
      blindedDigest: order.blindedDigest,
      ...(consentSize === null ? {} : { consentSize }),
    },
    {
      id: `unlocking/${order.requestId}/${order.lane}/${order.counter}`,
      operations: [
        ...headOperations(order, orderDigest, toHex(envelopeDigest(receipt)), answer, totalUsed),
        ...planned.operations,
      ],
    },
  );
  planned.commit();
  parts.metered(order.requestId);
  return answer;
}

function headOperations(
  order: UnlockOrder,
  orderDigest: string,
  receiptDigest: string,
  answer: Uint8Array,
  totalUsed: number,
): StateOperation[] {
  const head: StoredLane = {
    counter: order.counter,
    orderDigest,
    receiptDigest,
    answer: Buffer.from(answer).toString('base64'),
  };
  return [
    { type: 'put', key: laneKey(order.requestId, order.lane), value: head },
    { type: 'put', key: usedKey(order.requestId), value: totalUsed },
  ];
}

function laneKey(requestId: string, lane: number): string {
  return `lane/${requestId}/${lane}`;
}

function usedKey(requestId: string): string {
  return `used/${requestId}`;
}

/** POPRF `info` of a computation: its id. */
export function poprfInfo(computationId: string): Uint8Array {
  return fromHex(computationId, 32);
}
