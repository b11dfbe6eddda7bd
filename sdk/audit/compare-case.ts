/** What the comparisons of logs with the chain share: the case at hand, and findings of the usual forms. */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import type { FieldValue } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { FindingCode, FindingList, Ground } from './findings.ts';
import type { AuditBounds } from './ports.ts';
import type { AuditedRequest, ChainStory, Fact } from './requests.ts';
import type { AuditedEntry } from './verify-log.ts';

export type Comparison = {
  readonly story: ChainStory;
  readonly facts: readonly Fact[];
  /** Entries by the request that they are about. */
  readonly entries: ReadonlyMap<string, readonly AuditedEntry[]>;
  /** Entries that are about no request. */
  readonly others: readonly AuditedEntry[];
  /** Organisations whose log was read whole in this look, and the block that the chain was read to before. */
  readonly readAfter: ReadonlyMap<string, number>;
  readonly bounds: AuditBounds;
  readonly nowMs: number;
  readonly findings: FindingList;
};

/** One request with the entries of all logs about it. */
export type RequestCase = Comparison & { readonly request: AuditedRequest; readonly own: readonly AuditedEntry[] };

export function groundOf({ org, index }: AuditedEntry): Ground {
  return { kind: 'entry', org, index };
}

/** An entry as findings about it have it. */
export function about(one: { readonly request?: AuditedRequest }, entry: AuditedEntry) {
  const { org, index, kind } = entry;
  return { org, requestId: one.request?.id ?? null, about: `#${index}`, details: { index, kind } };
}

/** Finding of the first field that the log has otherwise than the chain. */
export function compareFields(
  comparison: Comparison & { readonly request?: AuditedRequest },
  entry: AuditedEntry,
  event: LedgerEvent,
  expected: Readonly<Record<string, FieldValue>>,
): void {
  const field = Object.keys(expected).find(
    (name) => entry.fields[name] !== undefined && canonicalText(entry.fields[name]) !== canonicalText(expected[name]),
  );
  if (field === undefined) return;
  const common = about(comparison, entry);
  comparison.findings.add({
    ...common,
    code: 'FINDING_LOG_DIFFERS',
    details: { ...common.details, field, step: event.name, block: event.blockNumber },
    grounds: [groundOf(entry), { kind: 'chain', event }],
  });
}

/** Finding of a step that the log has and the chain has not, though it had time to. */
export function reportUnsent(
  comparison: Comparison & { readonly request?: AuditedRequest },
  entry: AuditedEntry,
): void {
  if (comparison.nowMs - entry.timeMs <= comparison.bounds.unlocksMs) return;
  comparison.findings.add({ ...about(comparison, entry), code: 'FINDING_LOG_UNSENT', grounds: [groundOf(entry)] });
}

/** Finding of a step on chain that its organisation's log does not have, though it was read whole afterwards. */
export function reportUnlogged(
  comparison: Comparison & { readonly request?: AuditedRequest },
  org: string,
  event: LedgerEvent,
  code: FindingCode = 'FINDING_LOG_MISSING',
): void {
  const readAfter = comparison.readAfter.get(org);
  if (readAfter === undefined || event.blockNumber > readAfter) return;
  comparison.findings.add({
    code,
    org,
    requestId: comparison.request?.id ?? null,
    about: `${event.name} ${event.blockNumber}/${event.logIndex}`,
    details: { step: event.name, block: event.blockNumber },
    grounds: [{ kind: 'chain', event }],
  });
}

/** The largest total that these unlockings metered. */
export function meteredBy(entries: readonly AuditedEntry[]): number {
  return entries.reduce((most, { fields }) => Math.max(most, Number(fields['totalUsed'])), 0);
}
