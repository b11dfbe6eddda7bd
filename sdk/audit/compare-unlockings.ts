/** Unlockings: metered without a gap, within quota and term, counted on chain in time, and no result without one. */
import type { EventOf } from '@sealedger/protocol/ledger/events.ts';
import { about, compareFields, groundOf, meteredBy, type RequestCase, reportUnlogged } from './compare-case.ts';
import { checkGrantTime, compareGrants } from './compare-computations.ts';
import type { FindingCode, Ground } from './findings.ts';
import type { AuditedEntry } from './verify-log.ts';

type Recorded = { readonly event: EventOf<'UnlocksRecorded'>; readonly timeMs: number };

export function compareUnlockings(one: RequestCase): void {
  const { request, own } = one;
  const { gates, requester } = request.submitted.args;
  const unlockings = own.filter(({ kind }) => kind === 'unlocking');
  for (const entry of unlockings) {
    checkGrantTime(one, entry);
    if (!gates.includes(entry.org)) report(one, entry, 'FINDING_STRANGER');
  }
  const computations = new Set(
    own.filter(({ kind }) => kind === 'computation').map(({ fields }) => fields['computationId']),
  );
  for (const entry of unlockings.filter(({ fields }) => !computations.has(fields['computationId']!))) {
    report(one, entry, 'FINDING_UNLOCK_COMPUTATION');
  }
  for (const gate of gates) {
    const entries = unlockings.filter(({ org }) => org === gate);
    checkMeter(one, entries);
    checkLanes(one, entries);
    checkRecords(one, gate, entries);
  }
  compareResults(one, requester);
}

function report(
  one: RequestCase,
  entry: AuditedEntry,
  code: FindingCode,
  details: Readonly<Record<string, string | number>> = {},
  grounds: readonly Ground[] = [],
): void {
  const common = about(one, entry);
  const submitted: Ground = { kind: 'chain', event: one.request.submitted };
  one.findings.add({
    ...common,
    code,
    details: { ...common.details, ...details },
    grounds: [groundOf(entry), ...grounds, submitted],
  });
}

/** Every count adds to the total before it, and no total passes the quota. */
function checkMeter(one: RequestCase, entries: readonly AuditedEntry[]): void {
  const { quota } = one.request.submitted.args;
  let total = 0;
  for (const entry of entries) {
    const [count, totalUsed] = [Number(entry.fields['count']), Number(entry.fields['totalUsed'])];
    if (totalUsed !== total + count)
      report(one, entry, 'FINDING_UNLOCKS_GAP', { expected: total + count, found: totalUsed });
    if (totalUsed > quota) report(one, entry, 'FINDING_OVER_QUOTA', { quota, found: totalUsed });
    total = totalUsed;
  }
}

/** Within a lane of a request the counters follow each other from 1. */
function checkLanes(one: RequestCase, entries: readonly AuditedEntry[]): void {
  const heads = new Map<string, number>();
  for (const entry of entries) {
    const { lane, counter } = entry.fields;
    const expected = (heads.get(String(lane)) ?? 0) + 1;
    if (counter !== expected)
      report(one, entry, 'FINDING_UNLOCK_LANE', { lane: Number(lane), expected, found: Number(counter) });
    heads.set(String(lane), Number(counter));
  }
}

/** What was metered stands on chain in time, and nothing more than was metered. */
function checkRecords(one: RequestCase, gate: string, entries: readonly AuditedEntry[]): void {
  const { request, bounds, nowMs } = one;
  const records = request.facts.flatMap(({ event, timeMs }): Recorded[] =>
    event.name === 'UnlocksRecorded' && event.args.gate === gate ? [{ event, timeMs }] : [],
  );
  let next = 0;
  for (const entry of entries) {
    const total = Number(entry.fields['totalUsed']);
    while (next < records.length && records[next]!.event.args.total < total) next += 1;
    const record = records[next];
    const lateMs = (record?.timeMs ?? nowMs) - entry.timeMs;
    if (lateMs <= bounds.unlocksMs) continue;
    const grounds: readonly Ground[] = record === undefined ? [] : [{ kind: 'chain', event: record.event }];
    report(one, entry, 'FINDING_UNLOCKS_LATE', { minutes: Math.floor(lateMs / 60_000), total }, grounds);
  }
  const metered = meteredBy(entries);
  for (const { event } of records)
    if (event.args.total > metered) reportUnlogged(one, gate, event, 'FINDING_UNLOCKS_UNLOGGED');
}

/** Logged results are the committed ones, and nobody committed to more results than a gate unlocked. */
function compareResults(one: RequestCase, requester: string): void {
  const { request, own, readAfter } = one;
  const committed = request.facts.flatMap(({ event }) => (event.name === 'ResultCommitted' ? [event] : []));
  for (const entry of own.filter(({ kind }) => kind === 'result')) {
    const { commitment, batch } = entry.fields;
    const event = committed.find(({ args }) => args.commitment === commitment && args.batch === batch);
    if (event === undefined) report(one, entry, 'FINDING_RESULT_UNKNOWN');
    else compareFields(one, entry, event, { count: event.args.count });
    if (entry.fields['grantHashes'] === undefined) report(one, entry, 'FINDING_GRANTS_UNNAMED');
    else compareGrants(one, entry);
  }
  const last = committed.findLast(({ args }) => args.org === requester);
  const results = request.life.results.get(requester)?.count ?? 0;
  for (const gate of request.submitted.args.gates) {
    if (last === undefined || last.blockNumber > (readAfter.get(gate) ?? -1)) continue;
    const metered = meteredBy(own.filter(({ kind, org }) => kind === 'unlocking' && org === gate));
    if (results <= metered) continue;
    one.findings.add({
      code: 'FINDING_RESULTS_UNMETERED',
      org: gate,
      requestId: request.id,
      about: gate,
      details: { results, metered },
      grounds: [{ kind: 'chain', event: last }],
    });
  }
}
