/**
 * Unlocking from the bank's side: blind, order, check receipt and proof, finalise. One lane to each gate.
 *
 * Learns: the gate, how many and when; the bank, the POPRF outputs of the subjects it asked for, and nothing of others.
 * An order and its blinds are stored before they are sent, so that after a crash the same bytes go out again, for free.
 */
import { concat, fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, envelopeHeader, openEnvelope, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import type { Peer, PeerClient } from '@sealedger/protocol/peer-client.ts';
import type { Poprf, PoprfBlinder } from '@sealedger/protocol/poprf.ts';
import {
  decodeUnlockAnswer,
  elementsDigest,
  encodeUnlockOrder,
  type UnlockOrder,
  type UnlockReceipt,
  unlockReceiptSchema,
} from '@sealedger/protocol/unlocking.ts';
import { z } from 'zod';
import type { OrderToKeep } from './consent-queries.ts';
import type { BankPorts } from './ports.ts';
import { readStoredJson, writeStoredJson } from './stored-json.ts';

export interface UnlockGate extends Peer {
  /** Its POPRF key on chain, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface UnlockerParts {
  readonly ports: BankPorts;
  readonly peers: PeerClient;
  readonly poprf: Poprf;
  readonly signer: { readonly org: string; readonly keyEpoch: number; readonly secretKey: Uint8Array };
  /** Key of a gate that rotated since it was looked up. @throws {ProtocolError} MEMBER_KEY_EPOCH */
  readonly signingKey: (org: string, keyEpoch: number) => Promise<Uint8Array>;
  /** Heads of the lanes that this process used, by key. */
  readonly lanes: Map<string, Lane>;
  /** Blinders of the gates and computations that this process used. */
  readonly blinders: Map<string, PoprfBlinder>;
  /** Keeps what opens an order, before it is sent; does nothing where no consent is asked for. */
  readonly keep: (order: OrderToKeep) => Promise<void>;
}

/** Where a lane of one gate stands; kept in memory, because the stored order and the gate know it too. */
interface Lane {
  readonly counter: number;
  readonly receipt: string | null;
}

/** Everything that an order needs to be sent again and to be finalised. */
const pendingSchema = z.strictObject({
  order: z.unknown(),
  blinds: z.array(z.string()),
  blinded: z.array(z.string()),
  inputs: z.array(z.string()),
});
type Pending = z.output<typeof pendingSchema>;

export interface UnlockBatch {
  readonly requestId: string;
  readonly computationId: string;
  readonly lane: number;
  readonly subjects: readonly SubjectId[];
}

/**
 * Has one gate evaluate a batch of subjects.
 * @param batch.subjects - 1 to 1,024 identifiers; each counts against the quota, also one who is in no register.
 * @returns POPRF outputs, 64 bytes each, in order.
 * @throws {ProtocolError} the gate's refusals; POPRF_PROOF_INVALID where it used another key; UNLOCK_RECEIPT_MISMATCH
 */
export async function unlockAtGate(
  parts: UnlockerParts,
  gate: UnlockGate,
  batch: UnlockBatch,
): Promise<readonly Uint8Array[]> {
  const laneKey = `lane/${batch.requestId}/${gate.org}/${batch.lane}`;
  const lane = parts.lanes.get(laneKey);
  if (lane !== undefined) return order(parts, gate, batch, lane, laneKey);
  const stored = await readStoredJson(parts.ports.store, laneKey);
  const pending = stored === undefined ? null : pendingSchema.parse(stored);
  try {
    if (pending === null) return await order(parts, gate, batch, { counter: 0, receipt: null }, laneKey);
    if (isSameBatch(pending, batch)) return await exchange(parts, gate, batch, pending, laneKey);
  } catch (error) {
    // The gate is further than what is stored here: it metered nothing of this, and knows where the lane stands.
    if (!isProtocolError(error, 'UNLOCK_LANE_CONFLICT')) throw error;
  }
  return order(parts, gate, batch, await laneAtGate(parts, gate, batch), laneKey);
}

async function order(
  parts: UnlockerParts,
  gate: UnlockGate,
  batch: UnlockBatch,
  lane: Lane,
  laneKey: string,
): Promise<readonly Uint8Array[]> {
  const work = await newOrder(parts, gate, batch, lane);
  await parts.keep({
    requestId: batch.requestId,
    gate: gate.org,
    lane: batch.lane,
    blindedDigest: orderOf(work).body.blindedDigest,
    subjects: work.inputs,
    blinds: work.blinds,
    elements: work.blinded,
  });
  await writeStoredJson(parts.ports.store, laneKey, work);
  parts.lanes.delete(laneKey);
  return exchange(parts, gate, batch, work, laneKey);
}

const laneAnswerSchema = z.object({ counter: z.int().min(0), receiptDigest: z.string().nullable() });

/** Where the gate has the lane: an order of which nothing came back was metered there, or was not. */
async function laneAtGate(parts: UnlockerParts, gate: UnlockGate, batch: UnlockBatch): Promise<Lane> {
  const path = `/v1/requests/${batch.requestId}/lanes/${batch.lane}`;
  const answer = laneAnswerSchema.parse(await parts.peers.json(gate, { method: 'GET', path, retries: 3 }));
  return { counter: answer.counter, receipt: answer.receiptDigest };
}

async function newOrder(parts: UnlockerParts, gate: UnlockGate, batch: UnlockBatch, lane: Lane): Promise<Pending> {
  const { poprf, ports, signer } = parts;
  const blinder = blinderOf(parts, gate, batch.computationId);
  const blinded = batch.subjects.map((subject) =>
    blinder.blind(utf8(subject), poprf.randomScalar(ports.randomBytes(64))),
  );
  const order: UnlockOrder = {
    requestId: batch.requestId,
    computationId: batch.computationId,
    gate: gate.org,
    lane: batch.lane,
    counter: lane.counter + 1,
    previousReceipt: lane.receipt,
    count: batch.subjects.length,
    blindedDigest: elementsDigest(blinded.map(({ blindedElement }) => blindedElement)),
  };
  const envelope = signEnvelope(
    {
      domain: domains.unlockRequest,
      signer: signer.org,
      keyEpoch: signer.keyEpoch,
      issuedAt: new Date(ports.clock.now()).toISOString(),
      body: order,
    },
    signer.secretKey,
    ports.ed25519,
  );
  return {
    order: envelope,
    blinds: blinded.map(({ blind }) => toHex(blind)),
    blinded: blinded.map(({ blindedElement }) => toHex(blindedElement)),
    inputs: [...batch.subjects],
  };
}

/** Checks the gate's key and derives the tweaked one once for each computation. */
function blinderOf({ poprf, blinders }: UnlockerParts, gate: UnlockGate, computationId: string): PoprfBlinder {
  const key = `${toHex(gate.publicKey)}/${computationId}`;
  const blinder = blinders.get(key) ?? poprf.createBlinder(gate.publicKey, fromHex(computationId, 32));
  blinders.set(key, blinder);
  return blinder;
}

async function exchange(
  parts: UnlockerParts,
  gate: UnlockGate,
  batch: UnlockBatch,
  work: Pending,
  laneKey: string,
): Promise<readonly Uint8Array[]> {
  const blindedElements = work.blinded.map((hex) => fromHex(hex, 32));
  const body = encodeUnlockOrder(work.order, blindedElements);
  const call = {
    method: 'POST',
    path: '/v1/unlockings',
    body,
    contentType: 'application/octet-stream',
    retries: 8,
  } as const;
  const answer = decodeUnlockAnswer(await parts.peers.bytes(gate, call));
  const receipt = await openReceipt(parts, gate, work, answer.header);
  if (receipt.body.evaluatedDigest !== elementsDigest([concat(...answer.elements), answer.proof])) {
    throw new ProtocolError('UNLOCK_RECEIPT_MISMATCH', { part: 'evaluatedDigest' });
  }
  const info = fromHex(batch.computationId, 32);
  const { tweakedKey } = blinderOf(parts, gate, batch.computationId);
  const outputs = parts.poprf.finalizeBatch({
    inputs: work.inputs.map(utf8),
    blinds: work.blinds.map((hex) => fromHex(hex, 32)),
    blindedElements,
    evaluatedElements: answer.elements,
    proof: answer.proof,
    info,
    tweakedKey,
  });
  parts.lanes.set(laneKey, { counter: receipt.body.counter, receipt: receipt.digest });
  return outputs;
}

async function openReceipt(
  parts: UnlockerParts,
  gate: UnlockGate,
  work: Pending,
  header: unknown,
): Promise<{ readonly body: UnlockReceipt; readonly digest: string }> {
  const order = orderOf(work);
  const { keyEpoch } = envelopeHeader(header);
  const publicKey = keyEpoch === gate.keyEpoch ? gate.ed25519 : await parts.signingKey(gate.org, keyEpoch);
  const { body, digest } = openEnvelope(header, {
    domain: domains.unlockReceipt,
    key: { signer: gate.org, keyEpoch, publicKey },
    now: new Date(parts.ports.clock.now()),
    schema: unlockReceiptSchema,
    ...(parts.ports.ed25519 === undefined ? {} : { ed25519: parts.ports.ed25519 }),
  });
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['requestId', body.requestId, order.body.requestId],
    ['computationId', body.computationId, order.body.computationId],
    ['gate', body.gate, gate.org],
    ['lane', body.lane, order.body.lane],
    ['counter', body.counter, order.body.counter],
    ['count', body.count, order.body.count],
    ['orderDigest', body.orderDigest, toHex(envelopeDigest(order))],
  ];
  const different = pairs.find(([, stated, expected]) => stated !== expected);
  if (different !== undefined) throw new ProtocolError('UNLOCK_RECEIPT_MISMATCH', { part: different[0] });
  return { body, digest: toHex(digest) };
}

type OrderEnvelope = ReturnType<typeof signEnvelope<UnlockOrder>>;

function orderOf(work: Pending): OrderEnvelope {
  return work.order as OrderEnvelope;
}

function isSameBatch(pending: Pending, batch: UnlockBatch): boolean {
  const sameSubjects =
    pending.inputs.length === batch.subjects.length && pending.inputs.every((input, i) => input === batch.subjects[i]);
  return sameSubjects && orderOf(pending).body.computationId === batch.computationId;
}
