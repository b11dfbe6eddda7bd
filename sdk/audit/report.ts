/** The figures of a period: who asked, why and for what, who decided how and how late, what was unlocked, what was found. */

import type { Locale } from '@sealedger/protocol/messages/catalogue.ts';
import type { RequestPhase } from '../verify/request-life.ts';
import { versionsOf } from './find.ts';
import { findingText } from './findings.ts';
import type { AuditView } from './look.ts';
import type { AuditBounds } from './ports.ts';
import type { Cell, ReportTable } from './report-table.ts';
import type { AuditedRequest } from './requests.ts';
import type { AuditedEntry } from './verify-log.ts';

export type Period = { readonly fromMs: number; readonly toMs: number };

export type AuditReport = {
  readonly period: Period;
  readonly madeMs: number;
  readonly org: string;
  readonly head: number;
  readonly provenTo: number;
  readonly totals: {
    readonly requests: number;
    readonly events: number;
    readonly nodes: number;
    readonly unlockings: number;
    readonly findings: number;
  };
  readonly tables: readonly ReportTable[];
};

/** What the tables are made from. */
type Figures = {
  readonly view: AuditView;
  readonly period: Period;
  readonly bounds: AuditBounds;
  readonly requests: readonly AuditedRequest[];
  /** Unlockings of the period, by request and gate. */
  readonly unlockings: ReadonlyMap<string, readonly AuditedEntry[]>;
};

/** @param org - the regulator whose report it is. */
export function reportOf(
  view: AuditView,
  {
    org,
    period,
    bounds,
    locale,
  }: { readonly org: string; readonly period: Period; readonly bounds: AuditBounds; readonly locale: Locale },
): AuditReport {
  const unlockings = unlockingsIn(view, period);
  const requests = [...view.story.requests.values()].filter((request) => isTouched(request, period, unlockings));
  const figures: Figures = { view, period, bounds, requests, unlockings };
  return {
    period,
    madeMs: view.nowMs,
    org,
    head: view.head.number,
    provenTo: view.provenTo,
    totals: {
      requests: requests.length,
      events: view.logs.reduce((sum, { entries }) => sum + entries.length, 0),
      nodes: view.logs.filter(({ isRead }) => isRead).length,
      unlockings: requests.reduce((sum, request) => sum + usedOf(figures, request), 0),
      findings: view.findings.length,
    },
    tables: [
      requesterTable(figures),
      purposeTable(figures),
      datasetTable(figures),
      decisionTable(figures),
      unlockingTable(figures),
      overdueTable(figures),
      requestTable(figures),
      logTable(figures),
      findingTable(figures, locale),
    ],
  };
}

function isWithin({ fromMs, toMs }: Period, timeMs: number): boolean {
  return timeMs >= fromMs && timeMs < toMs;
}

const key = (requestId: string, gate: string): string => `${requestId}/${gate}`;

function unlockingsIn({ logs }: AuditView, period: Period): ReadonlyMap<string, readonly AuditedEntry[]> {
  const found = new Map<string, AuditedEntry[]>();
  for (const entry of logs.flatMap(({ entries }) => entries)) {
    if (entry.kind !== 'unlocking' || !isWithin(period, entry.timeMs)) continue;
    const place = key(String(entry.fields['requestId']), entry.org);
    const known = found.get(place);
    if (known === undefined) found.set(place, [entry]);
    else known.push(entry);
  }
  return found;
}

function isTouched(request: AuditedRequest, period: Period, unlockings: Figures['unlockings']): boolean {
  if (request.facts.some(({ timeMs }) => isWithin(period, timeMs))) return true;
  return request.submitted.args.gates.some((gate) => unlockings.has(key(request.id, gate)));
}

/** Unlockings that a gate metered in the period. */
function meteredAt({ unlockings }: Figures, request: AuditedRequest, gate: string): number {
  const entries = unlockings.get(key(request.id, gate)) ?? [];
  return entries.reduce((sum, { fields }) => sum + Number(fields['count']), 0);
}

/** Subjects that were unlocked: every gate meters each of them, so the gate that metered most counts. */
function usedOf(figures: Figures, request: AuditedRequest): number {
  return Math.max(0, ...request.submitted.args.gates.map((gate) => meteredAt(figures, request, gate)));
}

const STOPPED = new Set<RequestPhase>(['revoked', 'withdrawn', 'suspended']);

/** Requests, and how they ended, in one row per group. */
function groupedBy(figures: Figures, groupsOf: (request: AuditedRequest) => readonly string[]): Cell[][] {
  const groups = new Map<string, AuditedRequest[]>();
  for (const request of figures.requests) {
    for (const group of new Set(groupsOf(request))) groups.set(group, [...(groups.get(group) ?? []), request]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, requests]) => [
      group,
      requests.length,
      requests.filter(({ life }) => life.wasActive).length,
      requests.filter(({ phase }) => phase === 'rejected').length,
      requests.filter(({ phase }) => STOPPED.has(phase)).length,
      requests.reduce((sum, request) => sum + usedOf(figures, request), 0),
    ]);
}

const GROUP_COLUMNS = ['requests', 'activated', 'rejected', 'stopped', 'unlockings'] as const;

function requesterTable(figures: Figures): ReportTable {
  return {
    name: 'requesters',
    columns: ['organisation', ...GROUP_COLUMNS],
    rows: groupedBy(figures, ({ submitted }) => [submitted.args.requester]),
  };
}

function purposeTable(figures: Figures): ReportTable {
  return {
    name: 'purposes',
    columns: ['purpose', ...GROUP_COLUMNS],
    rows: groupedBy(figures, ({ submitted }) => [submitted.args.purpose]),
  };
}

function datasetTable(figures: Figures): ReportTable {
  const { versions } = figures.view.story;
  const names = new Map(
    [...versions].map(
      ([
        id,
        {
          published: { args },
        },
      ]) => [id, `${args.owner}/${args.name}/${args.version}`],
    ),
  );
  const scores = new Map(
    [...versions].map(([id, { quality }]) => [names.get(id)!, quality.at(-1)?.event.args.scoreBasisPoints ?? null]),
  );
  const rows = groupedBy(figures, (request) => versionsOf(request).map((id) => names.get(id) ?? id.slice(0, 12)));
  return {
    name: 'datasets',
    columns: ['dataset', ...GROUP_COLUMNS, 'score'],
    rows: rows.map((row) => [...row, scores.get(String(row[0])) ?? null]),
  };
}

type Answer = {
  readonly org: string;
  readonly request: AuditedRequest;
  readonly approved: boolean | null;
  readonly waitedMs: number;
};

/** Answers that were given in the period, or are owed in it. */
function answersOf({ requests, period, view }: Figures): readonly Answer[] {
  return requests.flatMap((request) =>
    [...request.life.deciders].flatMap((org): Answer[] => {
      const decided = request.life.decided.get(org);
      const decidedMs = request.facts.find(({ event }) => event === decided)?.timeMs;
      if (decided !== undefined && decidedMs !== undefined) {
        const waitedMs = decidedMs - request.submittedMs;
        return isWithin(period, decidedMs) ? [{ org, request, approved: decided.args.approved, waitedMs }] : [];
      }
      const untilMs = Math.min(request.endedMs ?? view.nowMs, period.toMs);
      const isOwed = request.phase === 'submitted' && request.submittedMs < period.toMs;
      return isOwed ? [{ org, request, approved: null, waitedMs: untilMs - request.submittedMs }] : [];
    }),
  );
}

const HOUR_MS = 3_600_000;
const hours = (ms: number): number => Number((ms / HOUR_MS).toFixed(2));

function decisionTable(figures: Figures): ReportTable {
  const answers = answersOf(figures);
  const orgs = [...new Set(answers.map(({ org }) => org))].sort();
  const rows = orgs.map((org): Cell[] => {
    const own = answers.filter((answer) => answer.org === org);
    const waits = own.filter(({ approved }) => approved !== null).map(({ waitedMs }) => waitedMs);
    waits.sort((a, b) => a - b);
    const count = (approved: boolean | null): number => own.filter((answer) => answer.approved === approved).length;
    const overdue = own.filter(({ waitedMs }) => waitedMs > figures.bounds.decisionMs).length;
    const median = waits[Math.floor((waits.length - 1) / 2)];
    return [org, count(true), count(false), count(null), overdue, median === undefined ? null : hours(median)];
  });
  return {
    name: 'decisions',
    columns: ['organisation', 'approved', 'rejected', 'open', 'overdue', 'medianHours'],
    rows,
  };
}

function overdueTable(figures: Figures): ReportTable {
  const late = answersOf(figures).filter(({ waitedMs }) => waitedMs > figures.bounds.decisionMs);
  const rows = late.map(({ org, request, approved, waitedMs }): Cell[] => [
    request.id.slice(0, 12),
    org,
    { timeMs: request.submittedMs },
    { code: approved === null ? 'open' : approved ? 'approved' : 'rejected' },
    hours(waitedMs),
  ]);
  return { name: 'overdue', columns: ['request', 'organisation', 'submitted', 'answer', 'waitedHours'], rows };
}

function unlockingTable(figures: Figures): ReportTable {
  const rows = figures.requests.flatMap((request) =>
    request.submitted.args.gates.map((gate): Cell[] => [
      request.id.slice(0, 12),
      gate,
      request.submitted.args.quota,
      meteredAt(figures, request, gate),
      request.life.unlocks.get(gate) ?? 0,
      request.life.results.get(request.submitted.args.requester)?.count ?? 0,
    ]),
  );
  return { name: 'unlockings', columns: ['request', 'gate', 'quota', 'metered', 'recorded', 'results'], rows };
}

function requestTable({ requests }: Figures): ReportTable {
  const rows = requests.map(({ id, submitted, submittedMs, activatedMs, endedMs, phase, life }): Cell[] => [
    id.slice(0, 12),
    submitted.args.requester,
    submitted.args.purpose,
    { code: phase },
    { timeMs: submittedMs },
    activatedMs === null ? null : { timeMs: activatedMs },
    endedMs === null ? null : { timeMs: endedMs },
    life.attempts,
  ]);
  const columns = ['request', 'organisation', 'purpose', 'state', 'submitted', 'active', 'ended', 'attempts'] as const;
  return { name: 'requests', columns, rows };
}

function logTable({ view }: Figures): ReportTable {
  const rows = [...view.logs]
    .sort((a, b) => (a.org < b.org ? -1 : 1))
    .map(({ org, entries, anchored, isRead }): Cell[] => [
      org,
      entries.length,
      anchored,
      { code: isRead ? 'yes' : 'no' },
    ]);
  return { name: 'logs', columns: ['organisation', 'events', 'anchored', 'verified'], rows };
}

function findingTable({ view }: Figures, locale: Locale): ReportTable {
  const rows = view.findings.map((finding): Cell[] => [
    finding.code,
    finding.org,
    finding.requestId?.slice(0, 12) ?? null,
    findingText(finding, locale),
    { timeMs: Date.parse(finding.foundAt) },
  ]);
  return { name: 'findings', columns: ['finding', 'organisation', 'request', 'text', 'found'], rows };
}
