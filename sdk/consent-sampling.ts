/**
 * The regulator's side of a sampling audit: which queries of a grant a beacon picks, and whether each of them had consent.
 *
 * The gates' logs say what was asked, by digest; the chain says which logs of consent were in force; the bank opens.
 * Trust: the regulator's own verified copies of chain and logs. Learns: the regulator, the subjects of the sampled queries,
 * which it keeps nowhere: the report names queries by number.
 */
import { equalBytes, fromHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { type ConsentFinding, checkOpenedQuery, type LoggedQuery, sampleQueries } from '@sealedger/protocol/consent.ts';
import {
  type ConsentChallenge,
  type ConsentOpening,
  type SampledQuery,
  sampleContext,
} from '@sealedger/protocol/consent-audit.ts';
import { type ConsentHistory, decodeConsentEntries, readConsentHistory } from '@sealedger/protocol/consent-history.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier, type SubjectId } from '@sealedger/protocol/identifier.ts';
import type { EventOf } from '@sealedger/protocol/ledger/events.ts';
import type { Poprf } from '@sealedger/protocol/poprf.ts';
import { requestId as idOfDocument } from '@sealedger/protocol/request.ts';
import { ELEMENT_BYTES, elementsDigest } from '@sealedger/protocol/unlocking.ts';
import type { AuditedRequest, ChainStory, Fact } from './audit/requests.ts';
import type { AuditedEntry } from './audit/verify-log.ts';
import type { Beacon } from './consent-beacon.ts';

/** What the regulator has verified. */
export type SamplingView = {
  readonly story: ChainStory;
  readonly facts: readonly Fact[];
  /** Verified entries of an organisation's log, by index. */
  readonly entriesOf: (org: string) => readonly AuditedEntry[];
};

/** Whose fault it is, and so what follows: a gate's fault ends no bank's grant. */
export type SampleFinding =
  | { readonly fault: 'bank'; readonly finding: ConsentFinding | 'not-opened' }
  | { readonly fault: 'gate'; readonly finding: 'unchecked' | 'unknown-root' | 'stale-root' };

/** @throws {ProtocolError} AUDIT_REQUEST_UNKNOWN */
export function auditedRequest({ story }: Pick<SamplingView, 'story'>, requestId: string): AuditedRequest {
  const request = story.requests.get(requestId);
  if (request === undefined) throw new ProtocolError('AUDIT_REQUEST_UNKNOWN', { request: requestId, found: 0 });
  return request;
}

/**
 * The challenge that follows from a beacon: nothing in it is anybody's choice but the size of the sample.
 * @param options.sampleSize - queries of each gate.
 * @param options.deadline - seconds since the epoch.
 * @throws {ProtocolError} AUDIT_REQUEST_UNKNOWN; CONSENT_NOT_ASKED where no gate saw a log of consents for the request;
 *   CONSENT_LOG_UNREAD where a gate's log could not be read as far as it was anchored
 */
export function challengeFrom(
  view: SamplingView,
  requestId: string,
  beacon: Beacon,
  options: { readonly sampleSize: number; readonly deadline: number },
): ConsentChallenge {
  const request = auditedRequest(view, requestId);
  const gates = request.submitted.args.gates.map((gate) => gateSample(view, { requestId, gate, beacon }, options));
  const hasAsked = request.submitted.args.gates.some((gate) =>
    queriesOf(view, requestId, gate, Number.POSITIVE_INFINITY).some(({ entry }) => consentSizeOf(entry) !== null),
  );
  if (!hasAsked) throw new ProtocolError('CONSENT_NOT_ASKED', { requestId });
  const { requester } = request.submitted.args;
  return { suite: SUITE, version: 1, requestId, requester, beacon, deadline: options.deadline, gates };
}

function gateSample(
  view: SamplingView,
  { requestId, gate, beacon }: { readonly requestId: string; readonly gate: string; readonly beacon: Beacon },
  { sampleSize }: { readonly sampleSize: number },
): ConsentChallenge['gates'][number] {
  const anchor = view.facts.findLast(
    ({ event }) =>
      event.name === 'CheckpointAnchored' && event.args.org === gate && event.blockNumber < beacon.commitBlock,
  )?.event as EventOf<'CheckpointAnchored'> | undefined;
  if (anchor === undefined || view.entriesOf(gate).length < anchor.args.size)
    throw new ProtocolError('CONSENT_LOG_UNREAD', { org: gate });
  const { size, root } = anchor.args;
  const orders = queriesOf(view, requestId, gate, size);
  const last = orders.at(-1);
  const total = last === undefined ? 0 : last.first + last.count;
  const numbers = sampleQueries(fromHex(beacon.value, 32), sampleContext(requestId, gate), total, sampleSize);
  return { gate, checkpoint: { size, root }, total, sample: numbers.map((number) => sampledQuery(orders, number)) };
}

/** An order as the gate logged it; its queries are numbered from `first` on. */
type LoggedOrder = { readonly first: number; readonly count: number; readonly entry: AuditedEntry };

function queriesOf(view: SamplingView, requestId: string, gate: string, size: number): readonly LoggedOrder[] {
  const orders: LoggedOrder[] = [];
  let first = 0;
  for (const entry of view.entriesOf(gate)) {
    if (entry.index >= size || entry.kind !== 'unlocking' || entry.fields['requestId'] !== requestId) continue;
    const count = Number(entry.fields['count']);
    orders.push({ first, count, entry });
    first += count;
  }
  return orders;
}

function sampledQuery(orders: readonly LoggedOrder[], number: number): SampledQuery {
  const { first, entry } = orders.findLast((order) => order.first <= number)!;
  const { lane, counter, blindedDigest } = entry.fields;
  return {
    number,
    lane: Number(lane),
    counter: Number(counter),
    position: number - first,
    blindedDigest: String(blindedDigest),
    at: Math.floor(entry.timeMs / 1000),
    consentSize: consentSizeOf(entry),
  };
}

function consentSizeOf({ fields }: AuditedEntry): number | null {
  const size = fields['consentSize'];
  return typeof size === 'number' ? size : null;
}

/** What was found of one sampled query; null where it had consent. */
export type CheckedQuery = {
  readonly gate: string;
  readonly query: SampledQuery;
  readonly found: SampleFinding | null;
};

export type CheckedSample = {
  readonly holder: string | null;
  readonly queries: readonly CheckedQuery[];
  /** Sizes at which the log that was handed in is not the one on chain. */
  readonly forkedAt: readonly number[];
};

/** A sample of which nothing was opened. */
export function unopenedSample({ gates }: ConsentChallenge): CheckedSample {
  const found = { fault: 'bank', finding: 'not-opened' } as const;
  const queries = gates.flatMap(({ gate, sample }) => sample.map((query) => ({ gate, query, found })));
  return { holder: null, queries, forkedAt: [] };
}

/**
 * Checks an opening against logs and chain.
 * @param challenge - the regulator's own, its signature verified.
 * @param toleranceMs - how far the clocks of gates and chain may differ.
 * @throws {ProtocolError} CONSENT_OPENING_OTHER where it is about another request or names no holder; IDENTIFIER_INVALID
 */
export function checkOpening(
  view: SamplingView,
  challenge: ConsentChallenge,
  opening: ConsentOpening,
  tools: { readonly poprf: Poprf; readonly toleranceMs: number },
): CheckedSample {
  const { document, log } = opening;
  const holder = document.consent?.holder;
  if (idOfDocument(document) !== challenge.requestId || holder === undefined || holder !== log.holder)
    throw new ProtocolError('CONSENT_OPENING_OTHER', { requestId: challenge.requestId });
  const committed = commitsOf(view.facts, holder);
  const { history, forkedAt } = historyOf(log.entries, committed);
  const elements = new Map(
    opening.orders.map((order) => splitOrder(order.elements)).map((one) => [one.digest, one.of]),
  );
  const blindedElementOf = blinderOf(tools.poprf);
  const departments = document.datasets.map(({ owner }) => owner);
  const queries = challenge.gates.flatMap(({ gate, sample }) =>
    sample.map((query): CheckedQuery => {
      const seen = { commits: committed, toleranceMs: tools.toleranceMs };
      const atGate = gateFault(view, challenge, { gate, query }, seen);
      if (atGate !== null) return { gate, query, found: { fault: 'gate', finding: atGate } };
      const opened = opening.queries.find((one) => one.gate === gate && one.number === query.number);
      const blindedElement = elements.get(query.blindedDigest)?.[query.position];
      const logged = { requester: document.requester, purpose: document.purpose, departments, at: query.at };
      const isForked = forkedAt.some((size) => size <= query.consentSize!);
      const finding = findingOf(opened, blindedElement === undefined ? null : { ...logged, blindedElement }, {
        log: isForked || history === null || history.size < query.consentSize! ? null : history.at(query.consentSize!),
        blindedElementOf,
      });
      return { gate, query, found: finding === null ? null : { fault: 'bank', finding } };
    }),
  );
  return { holder, queries, forkedAt };
}

function findingOf(
  opened: ConsentOpening['queries'][number] | undefined,
  logged: LoggedQuery | null,
  by: {
    readonly log: ReturnType<ConsentHistory['at']> | null;
    readonly blindedElementOf: (subject: SubjectId, blind: Uint8Array) => Uint8Array;
  },
): ConsentFinding | 'not-opened' | null {
  if (opened === undefined || logged === null) return 'not-opened';
  const subject = subjectOf(opened.subject);
  if (subject === null) return 'other-query';
  if (opened.consent === null || by.log === null) return 'no-receipt';
  const { receipt, salt, index } = opened.consent;
  const query = { subject, blind: fromHex(opened.blind, 32), receipt, salt: fromHex(salt), index };
  try {
    return checkOpenedQuery(query, logged, by.log, by.blindedElementOf);
  } catch (error) {
    // A scalar that is none blinds nothing.
    if (isProtocolError(error, 'POPRF_SCALAR_INVALID')) return 'other-query';
    throw error;
  }
}

function subjectOf(text: string): SubjectId | null {
  try {
    return parseIdentifier(text);
  } catch (error) {
    if (!isProtocolError(error, 'IDENTIFIER_INVALID')) throw error;
    return null;
  }
}

/** RFC 9497 Blind; the element depends on input and scalar alone, so that any key will do. */
function blinderOf(poprf: Poprf): (subject: SubjectId, blind: Uint8Array) => Uint8Array {
  const { publicKey } = poprf.deriveKeyPair(new Uint8Array(32), utf8('consent'));
  const blinder = poprf.createBlinder(publicKey, utf8('consent'));
  return (subject, blind) => blinder.blind(utf8(subject), blind).blindedElement;
}

function splitOrder(hex: string): { readonly digest: string; readonly of: readonly Uint8Array[] } {
  const bytes = fromHex(hex);
  const of = Array.from({ length: Math.floor(bytes.length / ELEMENT_BYTES) }, (_, i) =>
    bytes.slice(i * ELEMENT_BYTES, (i + 1) * ELEMENT_BYTES),
  );
  return { digest: elementsDigest(of), of };
}

type Commit = { readonly event: EventOf<'ConsentCommitted'>; readonly timeMs: number };

function commitsOf(facts: readonly Fact[], holder: string): readonly Commit[] {
  return facts.flatMap(({ event, timeMs }) =>
    event.name === 'ConsentCommitted' && event.args.holder === holder ? [{ event, timeMs }] : [],
  );
}

/** What a gate logged of the log of consents must have stood on chain, and must have been the newest then. */
function gateFault(
  view: SamplingView,
  { requestId }: ConsentChallenge,
  { gate, query }: { readonly gate: string; readonly query: SampledQuery },
  { commits, toleranceMs }: { readonly commits: readonly Commit[]; readonly toleranceMs: number },
): 'unchecked' | 'unknown-root' | 'stale-root' | null {
  const { consentSize, at } = query;
  if (consentSize === null) return 'unchecked';
  const commit = commits.find(({ event }) => event.args.size === consentSize);
  const anchoredIn = anchorBlock(view, requestId, gate, query);
  const isLater = commit !== undefined && commit.timeMs > 1000 * (at + 1) + toleranceMs;
  if (commit === undefined || isLater || commit.event.blockNumber > anchoredIn) return 'unknown-root';
  const isStale = commits.some(
    ({ event, timeMs }) => event.args.size > consentSize && timeMs + toleranceMs < 1000 * at,
  );
  return isStale ? 'stale-root' : null;
}

/** Block of the anchor that covers a query first. */
function anchorBlock(view: SamplingView, requestId: string, gate: string, { blindedDigest }: SampledQuery): number {
  const index = view
    .entriesOf(gate)
    .find(({ fields }) => fields['requestId'] === requestId && fields['blindedDigest'] === blindedDigest)?.index;
  const anchor = view.facts.find(
    ({ event }) => event.name === 'CheckpointAnchored' && event.args.org === gate && event.args.size > (index ?? -1),
  );
  return index === undefined || anchor === undefined ? -1 : anchor.event.blockNumber;
}

/** @returns null in place of the history where the entries are no log at all. */
function historyOf(
  hex: string,
  commits: readonly Commit[],
): { readonly history: ConsentHistory | null; readonly forkedAt: readonly number[] } {
  const sizes = commits.map(({ event }) => event.args.size);
  try {
    const entries = decodeConsentEntries(fromHex(hex));
    const history = readConsentHistory(entries, sizes);
    const forkedAt = commits
      .filter(({ event: { args } }) => args.size <= entries.length)
      .filter(({ event: { args } }) => !equalBytes(history.at(args.size).root, fromHex(args.root, 32)))
      .map(({ event }) => event.args.size);
    return { history, forkedAt };
  } catch (error) {
    const isNoLog = isProtocolError(error, 'CONSENT_LOG_MALFORMED') || isProtocolError(error, 'CONSENT_WITHDRAWAL');
    if (!isNoLog) throw error;
    return { history: null, forkedAt: sizes.slice(0, 1) };
  }
}
