/**
 * The state of every request, told again from what the contracts said and from nothing else.
 *
 * The rules are those of contracts/Requests.sol (sdk/verify/request-life.ts); a step that cannot follow the ones before it
 * is a finding: the chain that was read is not what the contracts allow.
 */
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { afterEvent, LifeError, type RequestLife, type RequestPhase, unknownRequest } from '../verify/request-life.ts';
import type { FindingList } from './findings.ts';

/** Something that a contract said, with the time of its block. */
export type Fact = { readonly event: LedgerEvent; readonly timeMs: number };

export type Version = {
  readonly published: EventOf<'DatasetVersionPublished'>;
  /** Measurements, oldest first. */
  readonly quality: readonly { readonly event: EventOf<'QualityRecorded'>; readonly timeMs: number }[];
  readonly withdrawn: EventOf<'DatasetVersionWithdrawn'> | null;
};

export type AuditedRequest = {
  readonly id: string;
  readonly submitted: EventOf<'RequestSubmitted'>;
  readonly submittedMs: number;
  readonly life: RequestLife;
  /** As the contract would answer now: an open request past its term is expired. */
  readonly phase: RequestPhase;
  /** In order of the chain. */
  readonly facts: readonly Fact[];
  readonly activatedMs: number | null;
  /** When nothing more was granted: its end on chain or its term, whichever came first; null where neither has come. */
  readonly endedMs: number | null;
  /** What ended it on chain; null while it is open or only its term ran out. */
  readonly end: LedgerEvent | null;
  /** Times without leave to work: from the first suspension to the end of the last; null while one stands. */
  readonly halts: readonly Halt[];
};

export type Halt = {
  readonly event: EventOf<'RequestSuspended'>;
  readonly fromMs: number;
  readonly toMs: number | null;
};

/** A regulator's certificate of a model, from its block to the one in which it was taken back. */
export type Certified = {
  readonly event: EventOf<'ModelCertified'>;
  readonly timeMs: number;
  readonly withdrawn: { readonly event: EventOf<'CertificateWithdrawn'>; readonly timeMs: number } | null;
};

export type ChainStory = {
  readonly requests: ReadonlyMap<string, AuditedRequest>;
  readonly versions: ReadonlyMap<string, Version>;
  /** By digest of the model and regulator: `digest/org`. */
  readonly certificates: ReadonlyMap<string, Certified>;
};

const OPEN = new Set<RequestPhase>(['submitted', 'active', 'suspended']);
const ENDS = new Set<string>([
  'RequestRejected',
  'RequestWithdrawn',
  'RequestRevoked',
  'RequestCompleted',
  'RequestExpired',
  'RequestSuperseded',
]);

/** @param facts - of all contracts, in order of the chain. */
export function rebuildRequests(facts: readonly Fact[], nowMs: number, findings: FindingList): ChainStory {
  const story: Building = {
    requests: new Map(),
    versions: new Map(),
    published: new Map(),
    certificates: new Map(),
  };
  for (const fact of facts) takeIn(story, fact, findings);
  const requests = new Map([...story.requests].map(([id, request]) => [id, asOf(request, nowMs)]));
  return { requests, versions: story.versions, certificates: story.certificates };
}

type Open = Omit<AuditedRequest, 'phase' | 'endedMs' | 'submitted' | 'facts'> & {
  readonly submitted: EventOf<'RequestSubmitted'> | null;
  readonly endMs: number | null;
  readonly facts: Fact[];
};

type Building = {
  readonly requests: Map<string, Open>;
  readonly versions: Map<string, Version>;
  readonly published: Map<string, EventOf<'DatasetVersionPublished'>>;
  readonly certificates: Map<string, Certified>;
};

function takeIn(story: Building, fact: Fact, findings: FindingList): void {
  const { event } = fact;
  if (event.contract === 'catalogue') takeVersion(story, fact);
  if (event.contract === 'attestations') takeCertificate(story, fact);
  const id = requestOf(event);
  if (id === null) return;
  const before = story.requests.get(id) ?? newRequest(id, fact);
  try {
    const life = afterEvent(before.life, event, Math.floor(fact.timeMs / 1000), story.published);
    story.requests.set(id, step({ ...before, life }, fact));
    if (event.name === 'AttemptOpened') checkServed(story, { ...before, life }, fact, findings);
  } catch (error) {
    if (!(error instanceof LifeError)) throw error;
    findings.add({
      code: 'FINDING_REQUEST_LIFE',
      org: null,
      requestId: id,
      about: `${event.name} ${event.blockNumber}/${event.logIndex}`,
      details: { step: event.name, block: event.blockNumber, why: error.why },
      grounds: [{ kind: 'chain', event }],
    });
  }
}

/** The request that an event is about. */
export function requestOf(event: LedgerEvent): string | null {
  if (event.contract === 'requests') return event.args.id;
  return event.name === 'ResultCommitted' ? event.args.requestId : null;
}

function newRequest(id: string, { timeMs }: Fact): Open {
  return {
    id,
    submitted: null,
    submittedMs: timeMs,
    life: unknownRequest,
    facts: [],
    activatedMs: null,
    end: null,
    endMs: null,
    halts: [],
  };
}

function step(request: Open, fact: Fact): Open {
  const { event, timeMs } = fact;
  request.facts.push(fact);
  if (event.name === 'RequestSubmitted') return { ...request, submitted: event, submittedMs: timeMs };
  if (event.name === 'RequestActivated') return { ...request, activatedMs: timeMs };
  if (ENDS.has(event.name)) return { ...request, end: event, endMs: timeMs };
  if (event.name === 'RequestSuspended' || event.name === 'RequestResumed') {
    return { ...request, halts: haltsAfter(request, event, timeMs) };
  }
  return request;
}

/** @param request - with the life after the event. */
function haltsAfter(
  { halts, life }: Open,
  event: EventOf<'RequestSuspended' | 'RequestResumed'>,
  timeMs: number,
): readonly Halt[] {
  if (event.name === 'RequestResumed') {
    return life.suspenders.size > 0 ? halts : halts.map((halt) => ({ ...halt, toMs: halt.toMs ?? timeMs }));
  }
  return life.suspenders.size > 1 ? halts : [...halts, { event, fromMs: timeMs, toMs: null }];
}

function asOf({ endMs, submitted, ...request }: Open, nowMs: number): AuditedRequest {
  const known = submitted!;
  const termMs = 1000 * known.args.expiresAt;
  const isOpen = OPEN.has(request.life.phase);
  const isOver = nowMs >= termMs;
  return {
    ...request,
    submitted: known,
    phase: isOpen && isOver ? 'expired' : request.life.phase,
    endedMs: endMs === null ? (isOver ? termMs : null) : Math.min(endMs, termMs),
  };
}

function takeVersion({ versions, published }: Building, { event, timeMs }: Fact): void {
  if (event.name === 'DatasetVersionPublished') {
    published.set(event.args.id, event);
    versions.set(event.args.id, { published: event, quality: [], withdrawn: null });
    return;
  }
  if (event.name !== 'QualityRecorded' && event.name !== 'DatasetVersionWithdrawn') return;
  const version = versions.get(event.args.id);
  if (version === undefined) return;
  const next =
    event.name === 'QualityRecorded'
      ? { ...version, quality: [...version.quality, { event, timeMs }] }
      : { ...version, withdrawn: event };
  versions.set(event.args.id, next);
}

/** The first certificate of a model and regulator is the only one that the contract takes. */
function takeCertificate({ certificates }: Building, { event, timeMs }: Fact): void {
  if (event.name !== 'ModelCertified' && event.name !== 'CertificateWithdrawn') return;
  const key = certificateKey(event.args.modelDigest, event.args.certifier);
  const known = certificates.get(key);
  if (event.name === 'ModelCertified') {
    if (known === undefined) certificates.set(key, { event, timeMs, withdrawn: null });
  } else if (known !== undefined) certificates.set(key, { ...known, withdrawn: { event, timeMs } });
}

/** Place of a certificate in {@link ChainStory}. */
export function certificateKey(modelDigest: string, certifier: string): string {
  return `${modelDigest}/${certifier}`;
}

/** What enters an attempt must be offered, and at least as good as the request demands. */
function checkServed(story: Building, request: Open, { event }: Fact, findings: FindingList): void {
  const { datasetVersions, qualityFloor } = request.submitted!.args;
  for (const id of datasetVersions) {
    const version = story.versions.get(id);
    if (version === undefined) continue;
    const { owner, name } = version.published.args;
    const common = { org: owner, requestId: request.id, about: `${id.slice(0, 12)} block ${event.blockNumber}` };
    const last = version.quality.at(-1)?.event;
    const score = last?.args.scoreBasisPoints ?? 0;
    const grounds = [event, request.submitted!, ...(last === undefined ? [] : [last])].map(
      (one) => ({ kind: 'chain', event: one }) as const,
    );
    if (score < qualityFloor) {
      findings.add({
        ...common,
        code: 'FINDING_BELOW_FLOOR',
        details: { dataset: name, score, floor: qualityFloor },
        grounds,
      });
    }
    if (version.withdrawn !== null) {
      const withdrawal = { kind: 'chain', event: version.withdrawn } as const;
      findings.add({
        ...common,
        code: 'FINDING_SERVED_WITHDRAWN',
        details: { dataset: name },
        grounds: [...grounds, withdrawal],
      });
    }
  }
}
