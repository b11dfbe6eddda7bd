/** A gate (`bureau`) that serves one computation on a real store, and a bank that writes orders for it. */
import { randomBytes } from 'node:crypto';
import type { ComputationRecord } from '@sealedger/node/compute/computation.ts';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import type { Budget } from '@sealedger/node/release/budgets.ts';
import { createUnlocking, poprfInfo, type Unlocking, type UnlockingParts } from '@sealedger/node/release/unlocking.ts';
import type { UsageRules } from '@sealedger/node/release/usage-rules.ts';
import { openUsage, type Usage } from '@sealedger/node/services/usage.ts';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import {
  decodeUnlockAnswer,
  elementsDigest,
  encodeUnlockOrder,
  type UnlockOrder,
  type UnlockReceipt,
} from '@sealedger/protocol/unlocking.ts';
import { type FakeLedger, fakeLedger } from './fake-ledger.ts';
import { type GuardSetting, grantOf, guardOf } from './guards.ts';
import { type NodeState, openNodeState } from './node-state.ts';
import { type FakeDirectory, fakeDirectory, keyOf, organisation, testClock } from './organisations.ts';
import { hexOf, onChainView, requestDocument, versionViews } from './request-fixture.ts';

export const poprf = await loadPoprf();
export const bank = organisation('bank', ['bank']);
export const bureau = organisation('bureau', ['registrar', 'gate']);
export const stranger = organisation('stranger', ['bank']);
export const gateKey = poprf.deriveKeyPair(keyOf('bureau/epoch'), utf8('test'));
export const COMPUTATION_ID = hexOf(0xc1);

export interface Gate {
  readonly node: NodeState;
  readonly ledger: FakeLedger;
  readonly members: FakeDirectory;
  readonly clock: ReturnType<typeof testClock>;
  readonly requestId: string;
  readonly unlocking: Unlocking;
  readonly usage: Usage;
  /** Requests whose count grew, as the outbox was told. */
  readonly metered: string[];
  /** The computation that is served; tests change it. */
  current: Partial<ComputationRecord> | undefined;
  /** Evaluations made so far. */
  evaluations: number;
  used(): Promise<number>;
}

/** What a gate enforces; no rules and no budgets unless told, so that a test of one thing sees that thing. */
export interface GateSetting extends Partial<GuardSetting> {
  readonly rules?: UsageRules;
  readonly budgets?: readonly Budget[];
}

export const NO_RULES: UsageRules = { burst: null, sweep: null, rise: null, refusals: null, newHour: null };
export const PEOPLE = 10_000;

/** @param wrap - puts faults around the store of log and state. */
export async function openGate(
  directory: string,
  change: Partial<RequestDocument> = {},
  wrap: (store: EvidenceStore<BatchOp>) => EvidenceStore<BatchOp> = (store) => store,
  setting: GateSetting = {},
): Promise<Gate> {
  const node = await openNodeState(directory, 'bureau', wrap);
  const ledger = fakeLedger('bureau');
  const document = requestDocument(change);
  const view = onChainView(document);
  ledger.requests.set(view.id, view);
  for (const version of versionViews(document)) ledger.versions.set(version.id, version);
  const metered: string[] = [];
  const clock = testClock();
  const members = fakeDirectory([bank, bureau, stranger]);
  const usage = await openUsage({
    config: { org: 'bureau', usageRules: setting.rules ?? NO_RULES, budgets: setting.budgets ?? [] },
    state: node.state,
    ledger,
    events: node.events,
    clock,
    log: { info: () => undefined, error: () => undefined },
    document: async () => document,
    grant: async () => grantOf('bureau', document, setting.conditions?.()),
  });
  const parts: UnlockingParts = {
    org: 'bureau',
    state: node.state,
    ledger,
    members,
    events: node.events,
    clock,
    mutex: createMutex(),
    guard: guardOf({
      org: 'bureau',
      ledger,
      members,
      clock,
      document,
      isSuspended: usage.suspensions.isSuspended,
      ...setting,
    }),
    usage: usage.book,
    current: async () => gate.current as ComputationRecord | undefined,
    evaluate: async (_, computationId, elements) => {
      gate.evaluations += 1;
      const proofScalar = poprf.randomScalar(new Uint8Array(randomBytes(64)));
      const info = poprfInfo(computationId);
      return poprf.blindEvaluate({ secretKey: gateKey.secretKey, info, blindedElements: elements, proofScalar });
    },
    consentSize: async () => null,
    signReceipt: (receipt) => bureau.envelope(domains.unlockReceipt, receipt),
    metered: (requestId) => void metered.push(requestId),
  };
  const unlocking = createUnlocking(parts);
  const gate: Gate = {
    node,
    ledger,
    members,
    clock,
    requestId: view.id,
    unlocking,
    usage,
    metered,
    current: { computationId: COMPUTATION_ID, roles: ['gate'], people: PEOPLE },
    evaluations: 0,
    used: () => unlocking.used(view.id),
  };
  return gate;
}

export interface Order {
  readonly frame: Uint8Array;
  readonly order: UnlockOrder;
  readonly blinds: readonly Uint8Array[];
  readonly inputs: readonly string[];
  readonly blinded: readonly Uint8Array[];
}

/** Blinds subjects and signs an order for them; `change` goes into what is signed, `elements` into what is sent. */
export function orderFor(
  gate: Pick<Gate, 'requestId'>,
  inputs: readonly string[],
  change: Partial<UnlockOrder> = {},
  sent: { readonly elements?: readonly Uint8Array[]; readonly signer?: typeof bank } = {},
): Order {
  const blinder = poprf.createBlinder(gateKey.publicKey, poprfInfo(COMPUTATION_ID));
  const made = inputs.map((input) => blinder.blind(utf8(input), poprf.randomScalar(new Uint8Array(randomBytes(64)))));
  const blinded = made.map(({ blindedElement }) => blindedElement);
  const elements = sent.elements ?? blinded;
  const order: UnlockOrder = {
    requestId: gate.requestId,
    computationId: COMPUTATION_ID,
    gate: 'bureau',
    lane: 0,
    counter: 1,
    previousReceipt: null,
    count: elements.length,
    blindedDigest: elementsDigest(elements),
    ...change,
  };
  const envelope = (sent.signer ?? bank).envelope(domains.unlockRequest, order);
  return {
    frame: encodeUnlockOrder(envelope, elements),
    order,
    blinds: made.map(({ blind }) => blind),
    inputs,
    blinded,
  };
}

/** What an answer says, its receipt not verified. */
export function readAnswer(frame: Uint8Array): {
  readonly receipt: UnlockReceipt;
  readonly receiptDigest: string;
  readonly elements: readonly Uint8Array[];
  readonly proof: Uint8Array;
} {
  const { header, elements, proof } = decodeUnlockAnswer(frame);
  const envelope = header as SignedEnvelope<UnlockReceipt>;
  return { receipt: envelope.body, receiptDigest: toHex(envelopeDigest(envelope)), elements, proof };
}

/** POPRF outputs of an answered order, its proof verified. */
export function finalise(order: Order, frame: Uint8Array): readonly Uint8Array[] {
  const { elements, proof } = readAnswer(frame);
  const info = poprfInfo(COMPUTATION_ID);
  return poprf.finalizeBatch({
    inputs: order.inputs.map(utf8),
    blinds: order.blinds,
    blindedElements: order.blinded,
    evaluatedElements: elements,
    proof,
    info,
    tweakedKey: poprf.createBlinder(gateKey.publicKey, info).tweakedKey,
  });
}
