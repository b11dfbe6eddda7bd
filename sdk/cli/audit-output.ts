/** What `sealedger audit` prints: documents for scripts, lines for people. */
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { FoundRelease } from '../audit/find.ts';
import { type Finding, findingText } from '../audit/findings.ts';
import type { AuditView } from '../audit/look.ts';
import { cellText, timeText } from '../audit/report-table.ts';
import { provenText } from '../audit/report-text.ts';
import type { AuditedRequest } from '../audit/requests.ts';
import type { AuditedEntry } from '../audit/verify-log.ts';

export function lookDocument(view: AuditView) {
  const { head, provenTo, logs, findings, fresh, story } = view;
  return {
    head,
    provenTo,
    requests: story.requests.size,
    nodes: logs.filter(({ isRead }) => isRead).length,
    events: logs.reduce((sum, { entries }) => sum + entries.length, 0),
    logs: logs.map(({ org, entries, anchored, isRead }) => ({ org, events: entries.length, anchored, isRead })),
    findings,
    fresh: fresh.map(({ id }) => id),
  };
}

export function lookText(view: AuditView, findings: readonly Finding[], locale: Locale): string {
  const { requests, nodes, events } = lookDocument(view);
  const said = messageFor('AUDIT_LOOKED', { requests, nodes, events, findings: view.findings.length }, locale);
  const proven = provenText({ head: view.head.number, provenTo: view.provenTo }, locale);
  return [said, proven, ...findingsText(findings, locale)].join('\n');
}

export function findingsText(findings: readonly Finding[], locale: Locale): string[] {
  return findings.map((finding) => `✗ ${finding.code}: ${findingText(finding, locale)}`);
}

/** A request as a document; with its entries also what the logs say. */
export function requestDocument(request: AuditedRequest, entries?: readonly AuditedEntry[]) {
  const { id, submitted, submittedMs, activatedMs, endedMs, phase, life, facts } = request;
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const { requester, purpose, datasetVersions, registerVersion, gates, quota, expiresAt, qualityFloor } =
    submitted.args;
  return {
    id,
    requester,
    purpose,
    state: phase,
    submitted: time(submittedMs),
    activated: time(activatedMs),
    ended: time(endedMs),
    expires: time(1000 * expiresAt),
    datasetVersions,
    registerVersion,
    gates,
    quota,
    qualityFloor,
    attempts: life.attempts,
    decisions: [...life.deciders].map((org) => ({ org, approved: life.decided.get(org)?.args.approved ?? null })),
    unlocks: Object.fromEntries(life.unlocks),
    results: Object.fromEntries([...life.results].map(([org, { count }]) => [org, count])),
    ...(entries === undefined
      ? {}
      : {
          chain: facts.map(({ event, timeMs }) => ({
            block: event.blockNumber,
            time: time(timeMs),
            step: event.name,
            ...event.args,
          })),
          logs: entries.map(({ org, index, kind, timeMs, fields }) => ({
            org,
            index,
            kind,
            time: time(timeMs),
            fields,
          })),
        }),
  };
}

/** A request on one line. */
export function requestLine({ id, submitted, submittedMs, phase }: AuditedRequest, locale: Locale): string {
  const { requester, purpose } = submitted.args;
  return `${id.slice(0, 12)}  ${timeText(submittedMs)}  ${cellText({ code: phase }, locale)}  ${requester}  ${purpose}`;
}

export function requestText(
  request: AuditedRequest,
  entries: readonly AuditedEntry[],
  findings: readonly Finding[],
  view: AuditView,
  locale: Locale,
): string {
  const chain = request.facts.map(({ event, timeMs }) => ({
    timeMs,
    text: `⛓ ${event.blockNumber}  ${event.name}  ${partsOf(event.args)}`,
  }));
  const logged = entries.map(({ org, index, kind, timeMs, fields }) => ({
    timeMs,
    text: `☰ ${org}#${index}  ${kind}  ${partsOf(fields)}`,
  }));
  const lines = [...chain, ...logged]
    .sort((a, b) => a.timeMs - b.timeMs)
    .map(({ timeMs, text }) => `  ${timeText(timeMs)}  ${text}`);
  return [
    requestLine(request, locale),
    ...lines,
    provenText({ head: view.head.number, provenTo: view.provenTo }, locale),
    ...findingsText(findings, locale),
  ].join('\n');
}

const DIGITS = 12;

/** Names, numbers and the beginnings of digests. */
function partsOf(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([name]) => name !== 'id' && name !== 'requestId')
    .map(([name, value]) => `${name}=${shortened(value)}`)
    .join(' ');
}

function shortened(value: unknown): string {
  if (Array.isArray(value)) return value.map(shortened).join(',');
  const text = String(value);
  return text.length === 64 ? text.slice(0, DIGITS) : text;
}

export function foundText(found: FoundRelease | null, view: AuditView, locale: Locale): string {
  if (found === null) return messageFor('AUDIT_RELEASE_UNKNOWN', {}, locale);
  const { requestId, org, batch, count, committedMs, block } = found;
  const details = { request: requestId, org, batch, count, time: timeText(committedMs), block };
  return `${messageFor('AUDIT_RELEASE_FOUND', details, locale)}\n${provenText({ head: view.head.number, provenTo: view.provenTo }, locale)}`;
}
