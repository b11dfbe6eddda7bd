/** What the nodes logged against what the contracts said, and against each other. */

import { canonicalText } from '@sealedger/protocol/canonical.ts';
import type { BundleItem, BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import type { EventKind, FieldValue } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { datasetVersionsOf } from './form-claims.ts';
import { itemName, type LogContext } from './log-claims.ts';
import { subjectEvents } from './request-claims.ts';
import type { RequestLife } from './request-life.ts';

type Values = Readonly<Record<string, FieldValue | null>>;

/** What the chain says an event's fields must be; null where the chain says nothing of such an event. */
type Expected = { readonly fields: Values } | 'absent' | null;

/** Claim EVENT_AGREES of every event whose fields are open: it is about the subject, and says what the chain says. */
export function checkAgreement(context: LogContext, life: RequestLife): void {
  const { bundle, facts, claims } = context;
  const datasets = datasetVersionsOf(facts, bundle.subject);
  const events = subjectEvents(context);
  for (const item of bundle.items) {
    const about = itemName(item);
    const opened = valuesOf(item);
    const isAbout = concernOf(item, opened, bundle.subject, datasets);
    if (isAbout === undefined) {
      claims.isBeyond('EVENT_AGREES', about, 'WHY_WITHHELD');
      continue;
    }
    if (!isAbout) {
      claims.fails('EVENT_AGREES', about, 'WHY_OTHER_SUBJECT');
      continue;
    }
    const expected = expectedOf(item, opened, events, life);
    if (expected === 'absent') claims.fails('EVENT_AGREES', about, 'WHY_NOT_ON_CHAIN');
    else decideFields(context, item, opened, expected?.fields ?? {});
  }
}

function decideFields({ claims }: LogContext, item: BundleItem, opened: Values, fields: Values): void {
  const about = itemName(item);
  const names = Object.keys(fields).filter((name) => Object.hasOwn(item.signed.event.data, name));
  const differs = names.find(
    (name) => opened[name] !== undefined && canonicalText(opened[name]) !== canonicalText(fields[name]),
  );
  if (differs !== undefined) claims.fails('EVENT_AGREES', about, 'WHY_CHAIN_DIFFERS', { field: differs });
  else if (names.some((name) => opened[name] === undefined)) claims.isBeyond('EVENT_AGREES', about, 'WHY_WITHHELD');
  else claims.holds('EVENT_AGREES', about);
}

function valuesOf({ openings }: BundleItem): Values {
  return Object.fromEntries(Object.entries(openings).map(([name, { value }]) => [name, value]));
}

/** Whether an event is about the subject; undefined where the field that would tell is withheld. */
function concernOf(
  { signed }: BundleItem,
  opened: Values,
  subject: BundleSubject,
  datasets: readonly string[],
): boolean | undefined {
  const { requestId: request, datasetId: dataset } = opened;
  const { data } = signed.event;
  if (!Object.hasOwn(data, 'requestId') && !Object.hasOwn(data, 'datasetId')) return false;
  if (request !== undefined) return subject.kind !== 'version' && request === subject.requestId;
  return dataset === undefined ? undefined : typeof dataset === 'string' && datasets.includes(dataset);
}

function expectedOf(item: BundleItem, opened: Values, events: readonly LedgerEvent[], life: RequestLife): Expected {
  const { kind, org } = describeEvent(item.signed.event);
  const expectation = expectations[kind];
  return expectation === undefined ? null : expectation({ org, opened, events, life });
}

type Case = {
  readonly org: string;
  readonly opened: Values;
  readonly events: readonly LedgerEvent[];
  readonly life: RequestLife;
};

/** Steps that end a request before its work is done. */
const ENDS = new Set<string>([
  'RequestRevoked',
  'RequestWithdrawn',
  'RequestRejected',
  'RequestExpired',
  'RequestSuperseded',
]);
const NO_REQUEST = '0'.repeat(64);

const expectations: Partial<Record<EventKind, (event: Case) => Expected>> = {
  request: ({ life }) => {
    if (life.submitted === null) return 'absent';
    const { id, requester, purpose, modelDigest, datasetVersions, quota, expiresAt, previous } = life.submitted.args;
    const fields = { requestId: id, requester, purpose, modelDigest, datasets: datasetVersions, quota, expiresAt };
    return { fields: { ...fields, previous: previous === NO_REQUEST ? null : previous } };
  },
  decision: ({ org, life }) => {
    const decided = life.decided.get(org);
    // a gate that owns nothing keeps its own agreement; the chain has no place for it
    const isGateAlone = !life.deciders.has(org) && life.submitted?.args.gates.includes(org) === true;
    if (decided === undefined) return isGateAlone ? null : 'absent';
    const { id, approved, grantHash } = decided.args;
    return { fields: { requestId: id, decider: org, approved, grantHash } };
  },
  version: ({ org, opened, events }) => {
    const published = events.find(
      (event) => event.name === 'DatasetVersionPublished' && event.args.id === opened['datasetId'],
    );
    if (published?.name !== 'DatasetVersionPublished' || published.args.owner !== org) return 'absent';
    const { id, name, version, metadataHash, commitment, level } = published.args;
    return { fields: { datasetId: id, name, version, metadataHash, commitment, level } };
  },
  result: ({ opened, events, life }) => {
    const committed = events.find(
      (event) => event.name === 'ResultCommitted' && event.args.commitment === opened['commitment'],
    );
    if (opened['commitment'] === undefined) return { fields: { commitment: null } };
    if (committed?.name !== 'ResultCommitted') return 'absent';
    const { requestId, batch, commitment, count } = committed.args;
    return { fields: { requestId, batch, commitment, count, grantHashes: grantHashesOf(life) } };
  },
  dataset: ({ org, opened, events }) => {
    const name = opened['state'] === 'withdrawn' ? 'DatasetVersionWithdrawn' : 'DatasetVersionPublished';
    const said = events.find((event) => event.name === name && event.args.id === opened['datasetId']);
    if (said === undefined) return opened['state'] === undefined ? { fields: { state: null } } : 'absent';
    if (said.name === 'DatasetVersionWithdrawn') return { fields: { owner: org, block: said.blockNumber } };
    if (said.name !== 'DatasetVersionPublished') return 'absent';
    const { owner, level, metadataHash } = said.args;
    return { fields: { owner, level, metadataHash, block: said.blockNumber } };
  },
  quality: ({ org, opened, events }) => {
    const { round, datasetId } = opened;
    if (round === undefined) return { fields: { round: null } };
    const recorded = events.find(
      (event) => event.name === 'QualityRecorded' && event.args.id === datasetId && event.args.round === round,
    );
    if (recorded?.name !== 'QualityRecorded' || recorded.args.owner !== org) return 'absent';
    const { id, ruleSetHash, scoreBasisPoints, reportHash } = recorded.args;
    const published = events.find((event) => event.name === 'DatasetVersionPublished' && event.args.id === id);
    const version = published?.name === 'DatasetVersionPublished' ? published.args.version : null;
    return { fields: { datasetId: id, version, ruleSetHash, scoreBasisPoints, reportHash } };
  },
  revocation: ({ opened, events }) => {
    const ends = events.filter(({ name }) => ENDS.has(name));
    const { block } = opened;
    const end = block === undefined ? ends.at(-1) : ends.find(({ blockNumber }) => blockNumber === block);
    if (end?.name === 'RequestRevoked') return { fields: { org: end.args.org, reasonHash: end.args.reasonHash } };
    return end === undefined ? 'absent' : { fields: {} };
  },
  suspension: ({ org, opened, events }) => {
    const { state, block } = opened;
    // without a block it is the node's own halt, which the chain's follows
    if (block === undefined) return { fields: { block: null } };
    const name = state === 'resumed' ? 'RequestResumed' : 'RequestSuspended';
    const said = events.find(
      (event) => event.name === name && event.blockNumber === block && isBy(opened['org'] ?? org, event),
    );
    if (said?.name === 'RequestSuspended') {
      return { fields: { requestId: said.args.id, org: said.args.org, reasonHash: said.args.reasonHash } };
    }
    if (said?.name === 'RequestResumed') return { fields: { requestId: said.args.id, org: said.args.org } };
    return opened['org'] === undefined || state === undefined ? { fields: { org: null, state: null } } : 'absent';
  },
  computation: ({ opened, life }) => {
    const { attempt } = opened;
    if (typeof attempt === 'number' && (attempt < 1 || attempt > life.attempts)) return 'absent';
    return { fields: { grantHashes: grantHashesOf(life) } };
  },
};

function isBy(org: FieldValue | null, { args }: LedgerEvent): boolean {
  return 'org' in args && args.org === org;
}

/** Digests of the grants in the order of the contract's deciders: owners of the datasets, then of the register. */
export function grantHashesOf({ deciders, decided }: RequestLife): readonly string[] {
  return [...deciders].map((org) => decided.get(org)?.args.grantHash ?? '');
}

/** Claim COMPUTATION_AGREES: within one attempt every organisation worked on the same computation id. */
export function checkComputations({ bundle, claims }: LogContext): void {
  const ids = new Map<number, Set<string>>();
  for (const item of bundle.items) {
    const { attempt, computationId } = valuesOf(item);
    const { kind } = describeEvent(item.signed.event);
    if (kind !== 'computation' || typeof attempt !== 'number' || typeof computationId !== 'string') continue;
    ids.set(attempt, (ids.get(attempt) ?? new Set()).add(computationId));
  }
  for (const [attempt, found] of [...ids].sort(([a], [b]) => a - b)) {
    claims.decide('COMPUTATION_AGREES', `attempt ${attempt}`, found.size === 1 ? null : 'WHY_COMPUTATIONS_DIFFER');
  }
}
