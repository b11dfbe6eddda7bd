/**
 * The life of a request, told again from what the contracts said: the same rules as contracts/Requests.sol, so that an
 * answer that left a step out is noticed.
 */
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { WhyCode, WhyDetails } from './claims.ts';

export type RequestPhase =
  | 'unknown'
  | 'submitted'
  | 'active'
  | 'rejected'
  | 'revoked'
  | 'withdrawn'
  | 'completed'
  | 'expired'
  | 'suspended'
  | 'superseded';

/** What is known of a request after some of its events. */
export type RequestLife = {
  readonly phase: RequestPhase;
  readonly submitted: EventOf<'RequestSubmitted'> | null;
  readonly deciders: ReadonlySet<string>;
  readonly decided: ReadonlyMap<string, EventOf<'RequestDecided'>>;
  readonly gateKeys: ReadonlyMap<string, string>;
  readonly wasActive: boolean;
  /** Organisations whose suspension stands. */
  readonly suspenders: ReadonlySet<string>;
  readonly attempts: number;
  readonly unlocks: ReadonlyMap<string, number>;
  readonly results: ReadonlyMap<string, { readonly batches: number; readonly count: number }>;
};

/** A step that cannot follow what came before it. */
export class LifeError extends Error {
  override readonly name = 'LifeError';
  readonly why: WhyCode;
  readonly details: WhyDetails;

  constructor(why: WhyCode, details: WhyDetails = {}) {
    super(why);
    this.why = why;
    this.details = details;
  }
}

export const unknownRequest: RequestLife = {
  phase: 'unknown',
  submitted: null,
  deciders: new Set(),
  decided: new Map(),
  gateKeys: new Map(),
  wasActive: false,
  suspenders: new Set(),
  attempts: 0,
  unlocks: new Map(),
  results: new Map(),
};

type Published = ReadonlyMap<string, EventOf<'DatasetVersionPublished'>>;

/**
 * The life after one more event.
 * @param timestampSeconds - of the event's block.
 * @param published - the publications of the versions that are asked for, by id.
 * @throws {LifeError} where the contract could not have emitted it then.
 */
export function afterEvent(
  life: RequestLife,
  event: LedgerEvent,
  timestampSeconds: number,
  published: Published,
): RequestLife {
  if (life.phase === 'unknown' && event.name !== 'RequestSubmitted') throw new LifeError('WHY_LIFE_NOT_SUBMITTED');
  switch (event.name) {
    case 'RequestSubmitted':
      return afterSubmission(life, event, published);
    case 'RequestDecided':
      return afterDecision(life, event);
    case 'GateKeyPublished':
      return afterGateKey(life, event);
    case 'RequestActivated':
      return afterActivation(life);
    case 'AttemptOpened':
      return afterAttempt(life, event, timestampSeconds);
    case 'UnlocksRecorded':
      return afterUnlocks(life, event);
    case 'ResultCommitted':
      return afterResult(life, event);
    case 'RequestSuspended':
      return afterSuspension(life, event);
    case 'RequestResumed':
      return afterResumption(life, event);
    default:
      return afterEnd(life, event);
  }
}

function afterSubmission(life: RequestLife, event: EventOf<'RequestSubmitted'>, published: Published): RequestLife {
  if (life.phase !== 'unknown') throw new LifeError('WHY_LIFE_TWICE', { step: event.name });
  const versions = [...event.args.datasetVersions, event.args.registerVersion].map((id) => {
    const version = published.get(id);
    if (version === undefined) throw new LifeError('WHY_LIFE_DATASET', { dataset: id });
    return version;
  });
  const deciders = new Set(versions.map(({ args }) => args.owner));
  return { ...life, phase: 'submitted', submitted: event, deciders };
}

function afterDecision(life: RequestLife, event: EventOf<'RequestDecided'>): RequestLife {
  const { org, approved } = event.args;
  assertPhase(life, 'submitted', event);
  if (!life.deciders.has(org)) throw new LifeError('WHY_LIFE_STRANGER', { org, step: event.name });
  if (life.decided.has(org)) throw new LifeError('WHY_LIFE_TWICE', { step: event.name });
  const decided = new Map(life.decided).set(org, event);
  return { ...life, decided, phase: approved ? life.phase : 'rejected' };
}

function afterGateKey(life: RequestLife, event: EventOf<'GateKeyPublished'>): RequestLife {
  const { gate, poprfPublicKey } = event.args;
  assertPhase(life, 'submitted', event);
  assertGate(life, gate, event);
  if (life.gateKeys.has(gate)) throw new LifeError('WHY_LIFE_TWICE', { step: event.name });
  return { ...life, gateKeys: new Map(life.gateKeys).set(gate, poprfPublicKey) };
}

function afterActivation(life: RequestLife): RequestLife {
  if (life.phase !== 'submitted')
    throw new LifeError('WHY_LIFE_ORDER', { step: 'RequestActivated', phase: life.phase });
  const undecided = [...life.deciders].find((org) => !life.decided.has(org));
  if (undecided !== undefined) throw new LifeError('WHY_LIFE_DECISION', { org: undecided });
  const keyless = life.submitted!.args.gates.find((gate) => !life.gateKeys.has(gate));
  if (keyless !== undefined) throw new LifeError('WHY_LIFE_GATE_KEY', { org: keyless });
  return { ...life, phase: 'active', wasActive: true };
}

function afterAttempt(life: RequestLife, event: EventOf<'AttemptOpened'>, timestampSeconds: number): RequestLife {
  const { attempt } = event.args;
  assertPhase(life, 'active', event);
  if (timestampSeconds >= life.submitted!.args.expiresAt) throw new LifeError('WHY_LIFE_EXPIRED', { step: event.name });
  if (attempt !== life.attempts + 1) throw gap(event, life.attempts + 1, attempt);
  return { ...life, attempts: attempt };
}

function afterUnlocks(life: RequestLife, event: EventOf<'UnlocksRecorded'>): RequestLife {
  const { gate, total } = event.args;
  assertWasActive(life, event);
  assertGate(life, gate, event);
  const before = life.unlocks.get(gate) ?? 0;
  if (total <= before) throw gap(event, before + 1, total);
  assertQuota(life, total);
  return { ...life, unlocks: new Map(life.unlocks).set(gate, total) };
}

function afterResult(life: RequestLife, event: EventOf<'ResultCommitted'>): RequestLife {
  const { org, batch, count } = event.args;
  assertWasActive(life, event);
  const isParty = org === life.submitted!.args.requester || life.submitted!.args.gates.includes(org);
  if (!isParty) throw new LifeError('WHY_LIFE_STRANGER', { org, step: event.name });
  const before = life.results.get(org) ?? { batches: 0, count: 0 };
  if (batch !== before.batches + 1) throw gap(event, before.batches + 1, batch);
  assertQuota(life, before.count + count);
  return { ...life, results: new Map(life.results).set(org, { batches: batch, count: before.count + count }) };
}

/** Who may suspend beside owners and gates is a regulator, which the roles on chain tell and this life does not. */
function afterSuspension(life: RequestLife, event: EventOf<'RequestSuspended'>): RequestLife {
  const { org } = event.args;
  if (life.phase !== 'active' && life.phase !== 'suspended') {
    throw new LifeError('WHY_LIFE_ORDER', { step: event.name, phase: life.phase });
  }
  if (life.suspenders.has(org)) throw new LifeError('WHY_LIFE_TWICE', { step: event.name });
  return { ...life, phase: 'suspended', suspenders: new Set(life.suspenders).add(org) };
}

function afterResumption(life: RequestLife, event: EventOf<'RequestResumed'>): RequestLife {
  const { org } = event.args;
  assertPhase(life, 'suspended', event);
  if (!life.suspenders.has(org)) throw new LifeError('WHY_LIFE_STRANGER', { org, step: event.name });
  const suspenders = new Set([...life.suspenders].filter((one) => one !== org));
  return { ...life, phase: suspenders.size === 0 ? 'active' : 'suspended', suspenders };
}

const OPEN = ['submitted', 'active', 'suspended'] as const;

const endOf = new Map<string, { readonly from: readonly RequestPhase[]; readonly to: RequestPhase }>([
  ['RequestRejected', { from: ['rejected'], to: 'rejected' }],
  ['RequestWithdrawn', { from: ['submitted'], to: 'withdrawn' }],
  ['RequestRevoked', { from: OPEN, to: 'revoked' }],
  ['RequestCompleted', { from: ['active', 'suspended'], to: 'completed' }],
  ['RequestExpired', { from: OPEN, to: 'expired' }],
  ['RequestSuperseded', { from: OPEN, to: 'superseded' }],
]);

function afterEnd(life: RequestLife, event: LedgerEvent): RequestLife {
  const end = endOf.get(event.name);
  if (end === undefined) return life;
  if (!end.from.includes(life.phase)) throw new LifeError('WHY_LIFE_ORDER', { step: event.name, phase: life.phase });
  return { ...life, phase: end.to };
}

function assertPhase(life: RequestLife, phase: RequestPhase, event: LedgerEvent): void {
  if (life.phase !== phase) throw new LifeError('WHY_LIFE_ORDER', { step: event.name, phase: life.phase });
}

function assertWasActive(life: RequestLife, event: LedgerEvent): void {
  if (!life.wasActive) throw new LifeError('WHY_LIFE_ORDER', { step: event.name, phase: life.phase });
}

function assertGate(life: RequestLife, gate: string, event: LedgerEvent): void {
  if (!life.submitted!.args.gates.includes(gate))
    throw new LifeError('WHY_LIFE_STRANGER', { org: gate, step: event.name });
}

function assertQuota(life: RequestLife, found: number): void {
  const { quota } = life.submitted!.args;
  if (found > quota) throw new LifeError('WHY_OVER_QUOTA', { quota, found });
}

function gap(event: LedgerEvent, expected: number, found: number): LifeError {
  return new LifeError('WHY_LIFE_GAP', { step: event.name, expected, found });
}
