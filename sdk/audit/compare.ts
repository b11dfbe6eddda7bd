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
  const { id, requester, purpose, modelDigest, datasetVersions, quota, expiresAt } = submitted.args;
  const expected = { requestId: id, requester, purpose, modelDigest, datasets: datasetVersions, quota, expiresAt };
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

const ENDED_EARLY = new Set<string>(['rejected', 'revoked', 'withdrawn', 'expired']);

function compareEnds(one: RequestCase): void {
  const { request, own, bounds, nowMs } = one;
  const logged = own.filter(({ kind }) => kind === 'revocation');
  for (const entry of logged) if (!ENDED_EARLY.has(request.phase)) reportUnsent(one, entry);
  const { end } = request;
  if (end?.name !== 'RequestRevoked' || request.endedMs === null || nowMs - request.endedMs <= bounds.unlocksMs) return;
  if (!logged.some(({ org }) => org === end.args.org)) reportUnlogged(one, end.args.org, end);
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

function compareOther(comparison: Comparison, entry: AuditedEntry): void {
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
