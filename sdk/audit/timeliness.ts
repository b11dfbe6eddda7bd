/** Late anchors, times that cannot be, and work of a suspended organisation: what the blocks' times say of the events' own. */
import type { EventOf } from '@sealedger/protocol/ledger/events.ts';
import type { FindingCode, FindingList, Ground } from './findings.ts';
import { type AuditedMember, replacedBy } from './members.ts';
import type { AuditBounds } from './ports.ts';
import type { AuditedEntry } from './verify-log.ts';

export type Anchored = { readonly event: EventOf<'CheckpointAnchored'>; readonly timeMs: number };

export type LogTimes = {
  readonly member: AuditedMember;
  /** By index. */
  readonly entries: readonly AuditedEntry[];
  /** By size. */
  readonly anchors: readonly Anchored[];
  /** Time of a block, in milliseconds. */
  readonly timeOf: (blockNumber: number) => number | undefined;
  readonly bounds: AuditBounds;
  readonly nowMs: number;
};

/** Work that a suspended organisation must not do. */
const WORK = new Set<string>(['decision', 'computation', 'unlocking', 'result']);

/** Findings about the times of one log, and about events that stand in it twice. */
export function checkTimes(times: LogTimes, findings: FindingList): void {
  const cursor = { anchor: 0, late: new Set<number>() };
  const ids = new Set<string>();
  let newestMs = 0;
  for (const entry of times.entries) {
    const { id } = entry.signed.event;
    if (ids.has(id)) add(findings, 'FINDING_EVENT_TWICE', entry, {});
    ids.add(id);
    while (cursor.anchor < times.anchors.length && times.anchors[cursor.anchor]!.event.args.size <= entry.index)
      cursor.anchor += 1;
    const covering = times.anchors[cursor.anchor];
    checkAge(times, entry, covering, cursor.late, findings);
    checkClock(times, entry, { newestMs, before: times.anchors[cursor.anchor - 1], covering }, findings);
    checkStanding(times, entry, findings);
    checkKey(times, entry, covering, findings);
    newestMs = Math.max(newestMs, entry.timeMs);
  }
}

/** The oldest event that an anchor covers, or that none covers yet, must not have waited longer than the bound. */
function checkAge(
  { bounds, nowMs }: LogTimes,
  entry: AuditedEntry,
  covering: Anchored | undefined,
  told: Set<number>,
  findings: FindingList,
): void {
  const lateMs = (covering?.timeMs ?? nowMs) - entry.timeMs;
  const size = covering?.event.args.size ?? 0;
  if (lateMs <= bounds.anchorMs || told.has(size)) return;
  told.add(size);
  const details = { minutes: Math.floor(lateMs / 60_000), size };
  add(findings, covering === undefined ? 'FINDING_NOT_ANCHORED' : 'FINDING_ANCHOR_LATE', entry, details, covering);
}

type Neighbours = {
  readonly newestMs: number;
  readonly before: Anchored | undefined;
  readonly covering: Anchored | undefined;
};

/** Times go forward, not past the block that anchors them, and not back before the anchor that already stood. */
function checkClock(
  { bounds, nowMs }: LogTimes,
  entry: AuditedEntry,
  neighbours: Neighbours,
  findings: FindingList,
): void {
  const { newestMs, before, covering } = neighbours;
  const isAhead = entry.timeMs > Math.min(nowMs, covering?.timeMs ?? nowMs) + bounds.stopMs;
  const isBack = entry.timeMs < newestMs - bounds.stopMs;
  // An anchor may wait for its block as long as the bound allows, while events go on behind it.
  const isBackdated = before !== undefined && entry.timeMs < before.timeMs - bounds.anchorMs;
  if (isAhead || isBack || isBackdated) add(findings, 'FINDING_EVENT_TIME', entry, {}, covering);
}

function checkStanding({ member, timeOf, bounds }: LogTimes, entry: AuditedEntry, findings: FindingList): void {
  if (!WORK.has(entry.kind)) return;
  for (const { from, to } of member.suspensions) {
    const fromMs = timeOf(from.blockNumber) ?? Number.POSITIVE_INFINITY;
    const toMs = to === null ? Number.POSITIVE_INFINITY : (timeOf(to.blockNumber) ?? 0);
    const isInside = entry.timeMs > fromMs + bounds.stopMs && entry.timeMs < toMs - bounds.stopMs;
    if (isInside) add(findings, 'FINDING_WHILE_SUSPENDED', entry, { block: from.blockNumber });
  }
}

/** Under the key of an epoch before, only what is anchored within the overlap counts. */
function checkKey(
  { member, nowMs }: LogTimes,
  entry: AuditedEntry,
  covering: Anchored | undefined,
  findings: FindingList,
): void {
  const { keyEpoch } = entry.signed;
  const replacement = replacedBy(member, keyEpoch, covering?.event, covering?.timeMs ?? nowMs);
  if (replacement === null) return;
  const { org, index } = entry;
  const grounds: Ground[] = [
    { kind: 'chain', event: replacement },
    { kind: 'entry', org, index },
  ];
  const details = { index, keyEpoch, block: replacement.blockNumber };
  findings.add({ code: 'FINDING_KEY_REPLACED', org, requestId: null, about: `#${index}`, details, grounds });
}

function add(
  findings: FindingList,
  code: FindingCode,
  { org, index, kind, fields }: AuditedEntry,
  details: Readonly<Record<string, string | number>>,
  anchor?: Anchored,
): void {
  const requestId = typeof fields['requestId'] === 'string' ? fields['requestId'] : null;
  const grounds: Ground[] = [{ kind: 'entry', org, index }];
  if (anchor !== undefined) grounds.push({ kind: 'chain', event: anchor.event });
  findings.add({ code, org, requestId, about: `#${index}`, details: { index, kind, ...details }, grounds });
}
