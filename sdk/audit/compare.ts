/**
 * What the nodes' logs say against what the chain says; every difference is named one by one.
 *
 * Learns: nothing beyond the two. Steps that a log must have because the chain shows them are asked for only of logs that
 * were read whole after the chain was.
 */
import {
  about,
  type Comparison,
  compareFields,
  groundOf,
  type RequestCase,
  reportUnlogged,
  reportUnsent,
} from './compare-case.ts';
import { compareComputations } from './compare-computations.ts';
import { compareUnlockings } from './compare-unlockings.ts';
import type { AuditedEntry } from './verify-log.ts';

/** Compares everything. */
export function compareLogs(comparison: Comparison): void {
  for (const [requestId, own] of comparison.entries) {
    if (!comparison.story.requests.has(requestId)) reportUnknown(comparison, requestId, own);
  }
  for (const request of comparison.story.requests.values()) {
    const own = comparison.entries.get(request.id) ?? [];
    const one: RequestCase = { ...comparison, request, own };
    compareTerms(one);
    compareDecisions(one);
    compareEnds(one);
    compareHalts(one);
    compareComputations(one);
    compareUnlockings(one);
  }
  compareCatalogue(comparison);
}

function reportUnknown({ findings }: Comparison, requestId: string, own: readonly AuditedEntry[]): void {
  for (const entry of own.filter(({ kind }) => kind !== 'alert')) {
    findings.add({
      code: 'FINDING_REQUEST_UNKNOWN',
      org: entry.org,
      requestId,
      about: `#${entry.index}`,
      details: { index: entry.index, kind: entry.kind },
      grounds: [groundOf(entry)],
    });
  }
}

function compareTerms(one: RequestCase): void {
  const { submitted } = one.request;
  const { id, requester, purpose, modelDigest, datasetVersions, quota, expiresAt, previous } = submitted.args;
  const terms = { requestId: id, requester, purpose, modelDigest, datasets: datasetVersions, quota, expiresAt };
  const expected = { ...terms, previous };
  for (const entry of one.own.filter(({ kind }) => kind === 'request')) compareFields(one, entry, submitted, expected);
}

function compareDecisions(one: RequestCase): void {
  const { request, own, findings } = one;
  const { life } = request;
  const logged = own.filter(({ kind }) => kind === 'decision');
  for (const entry of logged) {
    const decided = life.decided.get(entry.org);
    if (!life.deciders.has(entry.org)) {
      // a gate that owns nothing logs its agreement; the chain has no place for it
      if (request.submitted.args.gates.includes(entry.org)) continue;
      findings.add({
        ...about(one, entry),
        code: 'FINDING_STRANGER',
        grounds: [groundOf(entry), { kind: 'chain', event: request.submitted }],
      });
    } else if (decided !== undefined) {
      const { org, approved, grantHash } = decided.args;
      compareFields(one, entry, decided, { decider: org, approved, ...(approved ? { grantHash } : {}) });
    } else if (request.phase === 'submitted') reportUnsent(one, entry);
  }
  for (const [org, event] of life.decided) {
    if (!logged.some((entry) => entry.org === org)) reportUnlogged(one, org, event);
  }
  reportOverdue(one);
}

function reportOverdue({ request, bounds, nowMs, findings }: RequestCase): void {
  if (request.phase !== 'submitted' || nowMs - request.submittedMs <= bounds.decisionMs) return;
  for (const org of request.life.deciders) {
    if (request.life.decided.has(org)) continue;
    findings.add({
      code: 'FINDING_DECISION_OVERDUE',
      org,
      requestId: request.id,
      about: 'decision',
      details: { hours: Math.floor((nowMs - request.submittedMs) / 3_600_000) },
      grounds: [{ kind: 'chain', event: request.submitted }],
    });
  }
}

const ENDED_EARLY = new Set<string>(['rejected', 'revoked', 'withdrawn', 'expired', 'superseded']);

function compareEnds(one: RequestCase): void {
  const { request, own, bounds, nowMs } = one;
  const logged = own.filter(({ kind }) => kind === 'revocation');
  for (const entry of logged) if (!ENDED_EARLY.has(request.phase)) reportUnsent(one, entry);
  const { end } = request;
  if (end?.name !== 'RequestRevoked' || request.endedMs === null || nowMs - request.endedMs <= bounds.unlocksMs) return;
  if (!logged.some(({ org }) => org === end.args.org)) reportUnlogged(one, end.args.org, end);
}

/** Halts in the logs stand on chain, and a node's own halt reaches the chain while there is anything to halt. */
function compareHalts(one: RequestCase): void {
  const { request, own, bounds, nowMs } = one;
  const said = request.facts.flatMap(({ event, timeMs }) =>
    event.name === 'RequestSuspended' || event.name === 'RequestResumed' ? [{ event, timeMs }] : [],
  );
  const logged = own.filter(({ kind }) => kind === 'suspension');
  for (const entry of logged) {
    const { state, org, block } = entry.fields;
    const name = state === 'suspended' ? 'RequestSuspended' : 'RequestResumed';
    const isOwn = block === undefined;
    const isThere = said.some(
      ({ event }) =>
        event.name === name && event.args.org === (isOwn ? entry.org : org) && (isOwn || event.blockNumber === block),
    );
    const isMoot = isOwn && (state === 'resumed' || !['active', 'suspended'].includes(request.phase));
    if (!isThere && !isMoot) reportUnsent(one, entry);
  }
  for (const { event, timeMs } of said) {
    const { org } = event.args;
    const isLogged = logged.some((entry) => entry.org === org && entry.fields['block'] === event.blockNumber);
    if (!isLogged && nowMs - timeMs > bounds.unlocksMs) reportUnlogged(one, org, event);
  }
}

/** Versions, their quality and changes of keys. */
function compareCatalogue(comparison: Comparison): void {
  const { others, story, facts } = comparison;
  const byPlace = new Map(others.map((entry) => [placeOf(entry), entry]));
  for (const entry of others) compareOther(comparison, entry);
  for (const { published, quality } of story.versions.values()) {
    const { owner, id } = published.args;
    if (!byPlace.has(`${owner}/version/${id}`)) reportUnlogged(comparison, owner, published);
    for (const { event } of quality) {
      const key = `${event.args.owner}/quality/${id}/${event.args.round}`;
      if (!byPlace.has(key)) reportUnlogged(comparison, event.args.owner, event);
    }
  }
  const changes = facts.map(({ event }) => event).filter(({ name }) => name === 'KeysChanged');
  for (const entry of others.filter(({ kind }) => kind === 'keyChange')) {
    const { org, keyEpoch } = entry.fields;
    const event = changes.find(({ args }) => 'keyEpoch' in args && args.org === org && args.keyEpoch === keyEpoch);
    if (event?.name !== 'KeysChanged') reportUnsent(comparison, entry);
    else
      compareFields(comparison, entry, event, { ed25519Key: event.args.ed25519Key, x25519Key: event.args.x25519Key });
  }
}

function placeOf({ org, kind, fields }: AuditedEntry): string {
  const id = String(fields['datasetId']);
  return kind === 'quality' ? `${org}/quality/${id}/${String(fields['round'])}` : `${org}/${kind}/${id}`;
}

/** Certificates and states of consent logs, as nodes saw them. */
function compareAttestation(comparison: Comparison, entry: AuditedEntry): void {
  const { modelDigest, certifier, state, holder, size, block } = entry.fields;
  const said = comparison.facts.find(({ event }) => {
    if (event.blockNumber !== block) return false;
    if (event.name === 'ConsentCommitted') return event.args.holder === holder && event.args.size === size;
    if (event.name !== (state === 'certified' ? 'ModelCertified' : 'CertificateWithdrawn')) return false;
    return event.args.modelDigest === modelDigest && event.args.certifier === certifier;
  });
  if (said === undefined) reportUnsent(comparison, entry);
  else if (said.event.name === 'ConsentCommitted')
    compareFields(comparison, entry, said.event, { root: said.event.args.root });
  else if (said.event.name === 'ModelCertified') {
    compareFields(comparison, entry, said.event, { certificateHash: said.event.args.certificateHash });
  }
}

function compareOther(comparison: Comparison, entry: AuditedEntry): void {
  if (entry.kind === 'certificate' || entry.kind === 'consent') compareAttestation(comparison, entry);
  const version = comparison.story.versions.get(String(entry.fields['datasetId']));
  if (entry.kind === 'version') {
    if (version === undefined) reportUnsent(comparison, entry);
    else {
      const { name, version: number, metadataHash, commitment, level } = version.published.args;
      compareFields(comparison, entry, version.published, { name, version: number, metadataHash, commitment, level });
    }
  }
  if (entry.kind === 'quality') {
    const recorded = version?.quality.find(({ event }) => event.args.round === entry.fields['round'])?.event;
    if (recorded === undefined) reportUnsent(comparison, entry);
    else {
      const { ruleSetHash, scoreBasisPoints, reportHash } = recorded.args;
      compareFields(comparison, entry, recorded, { ruleSetHash, scoreBasisPoints, reportHash });
    }
  }
}
