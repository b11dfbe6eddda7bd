/** The request: its life on chain, the parts that must be there, and what was unlocked against what was granted. */

import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { concernsSubject, type Statement, statementSigningBytes } from '@sealedger/protocol/evidence/bundle.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { WhyCode } from './claims.ts';
import { factsNamed } from './facts.ts';
import { datasetVersionsOf, scopeOf } from './form-claims.ts';
import { type LogContext, whySignature } from './log-claims.ts';
import { afterEvent, LifeError, type RequestLife, unknownRequest } from './request-life.ts';

/** Events of the contracts that the bundle's subject is about, in order of the chain. */
export function subjectEvents({ bundle, facts }: LogContext): readonly LedgerEvent[] {
  const scope = scopeOf(facts, bundle.subject);
  return facts.events.filter((event) => concernsSubject(event, bundle.subject, scope));
}

/**
 * Claim REQUEST_LIFE.
 * @returns the life as far as it can be told.
 */
export function checkLife(context: LogContext): RequestLife {
  const { bundle, facts, claims } = context;
  if (bundle.subject.kind === 'version') return unknownRequest;
  const about = `request ${bundle.subject.requestId}`;
  const withdrawn = new Set<string>();
  const published = new Map(factsNamed(facts, 'DatasetVersionPublished').map((event) => [event.args.id, event]));
  let life = unknownRequest;
  try {
    for (const event of subjectEvents(context)) {
      if (event.name === 'DatasetVersionWithdrawn') withdrawn.add(event.args.id);
      assertOffered(event, withdrawn, context);
      const isOtherBatch = bundle.subject.kind === 'batch' && event.name === 'ResultCommitted';
      // A batch bundle shows one commitment of many, so their numbering cannot be told again from it.
      if (isOtherBatch || event.contract === 'catalogue' || event.contract === 'attestations') continue;
      life = afterEvent(life, event, facts.headers.get(event.blockHash)!.timestampSeconds, published);
    }
    claims.decide('REQUEST_LIFE', about, life.submitted === null ? 'WHY_LIFE_NOT_SUBMITTED' : null);
  } catch (error) {
    if (!(error instanceof LifeError)) throw error;
    claims.fails('REQUEST_LIFE', about, error.why, error.details);
  }
  return life;
}

/** Nothing is asked for, and nothing computed, over a version that its owner had withdrawn. */
function assertOffered(event: LedgerEvent, withdrawn: ReadonlySet<string>, { bundle, facts }: LogContext): void {
  if (event.name !== 'RequestSubmitted' && event.name !== 'AttemptOpened') return;
  const dataset = datasetVersionsOf(facts, bundle.subject).find((id) => withdrawn.has(id));
  if (dataset !== undefined) throw new LifeError('WHY_LIFE_WITHDRAWN', { step: event.name, dataset });
}

/** Claim PART_COMPLETE of every statement, and PARTS_PRESENT of every organisation that acted on the request. */
export function checkParts(context: LogContext, life: RequestLife): void {
  const { bundle, claims } = context;
  for (const signed of bundle.statements) {
    const { statement, keyEpoch, signature } = signed;
    const message = statementSigningBytes(statement, keyEpoch);
    const why =
      whySignature(context, { org: statement.org, keyEpoch }, message, signature) ?? whyIncomplete(context, statement);
    claims.decide('PART_COMPLETE', statement.org, why, { org: statement.org });
    const omitted = statement.omittedRepairs;
    if (why === null && omitted > 0) {
      claims.isBeyond('PART_COMPLETE', `${statement.org} repairs`, 'WHY_REPAIRS_OMITTED', { omitted });
    }
  }
  const authors = new Set(bundle.items.map(({ signed }) => describeEvent(signed.event).org));
  const actors = actorsOf(context, life);
  for (const org of [...new Set([...authors, ...actors])].sort()) {
    const isThere = bundle.statements.some(({ statement }) => statement.org === org);
    claims.decide('PARTS_PRESENT', org, isThere ? null : 'WHY_PART_MISSING', { org });
  }
}

/** Organisations whose part must be there. */
function actorsOf(context: LogContext, life: RequestLife): readonly string[] {
  switch (context.bundle.subject.kind) {
    case 'request':
      return [...life.decided.keys(), ...life.gateKeys.keys()];
    case 'version':
      return factsNamed(context.facts, 'DatasetVersionPublished').map(({ args }) => args.owner);
    case 'batch':
      return [];
  }
}

function whyIncomplete(context: LogContext, statement: Statement): WhyCode | null {
  const { bundle } = context;
  if (canonicalText(statement.subject) !== canonicalText(bundle.subject)) return 'WHY_OTHER_SUBJECT';
  const isCheckpoint = bundle.checkpoints.some(
    ({ checkpoint }) => checkpoint.org === statement.org && checkpoint.size === statement.logSize,
  );
  if (!isCheckpoint) return 'WHY_NO_CHECKPOINT';
  const leaves = bundle.items
    .filter(({ signed }) => describeEvent(signed.event).org === statement.org)
    .map(({ log }) => log.leafIndex);
  if (canonicalText(leaves) !== canonicalText(statement.leaves)) return 'WHY_EVENTS_DROPPED';
  const seen = subjectEvents(context).filter(({ blockNumber }) => blockNumber <= statement.chainBlock);
  return seen.length === statement.chainEvents ? null : 'WHY_CHAIN_EVENTS_DROPPED';
}

type Unlocking = { readonly count: number; readonly totalUsed: number };

/** Claim UNLOCKS_METERED of every gate: the log's counts add up, and neither log nor chain passes the quota. */
export function checkUnlocks({ bundle, claims }: LogContext, life: RequestLife): void {
  const quota = life.submitted?.args.quota;
  if (bundle.subject.kind !== 'request' || quota === undefined) return;
  for (const gate of life.gateKeys.keys()) {
    const items = bundle.items.filter(({ signed }) => {
      const { kind, org } = describeEvent(signed.event);
      return kind === 'unlocking' && org === gate;
    });
    const opened = items.map(({ openings }) => {
      const [count, totalUsed] = [openings['count']?.value, openings['totalUsed']?.value];
      return typeof count === 'number' && typeof totalUsed === 'number' ? { count, totalUsed } : null;
    });
    const recorded = life.unlocks.get(gate) ?? 0;
    if (opened.some((unlocking) => unlocking === null)) {
      claims.isBeyond('UNLOCKS_METERED', gate, 'WHY_WITHHELD');
      continue;
    }
    const metered = opened.filter((unlocking) => unlocking !== null);
    const highest = metered.at(-1)?.totalUsed ?? 0;
    const omitted = bundle.statements.find(({ statement }) => statement.org === gate)?.statement.omitted ?? 0;
    const why = whyMetered(metered, omitted, recorded, quota);
    claims.decide('UNLOCKS_METERED', gate, why, { quota, found: Math.max(highest, recorded) });
    if (why === null && omitted > 0)
      claims.isBeyond('UNLOCKS_METERED', `${gate} one by one`, 'WHY_OMITTED', { omitted });
  }
}

function whyMetered(metered: readonly Unlocking[], omitted: number, recorded: number, quota: number): WhyCode | null {
  let total = metered[0] === undefined ? 0 : metered[0].totalUsed - metered[0].count;
  if ((omitted === 0 && total !== 0) || total < omitted) return 'WHY_UNLOCKS_GAP';
  for (const { count, totalUsed } of metered) {
    if (totalUsed !== total + count) return 'WHY_UNLOCKS_GAP';
    total = totalUsed;
  }
  if (total > quota || recorded > quota) return 'WHY_OVER_QUOTA';
  return recorded > total && (omitted === 0 || metered.length > 0) ? 'WHY_UNLOCKS_UNLOGGED' : null;
}

/** Claim RESULT_COMMITTED of a batch bundle: the contract holds exactly one commitment of this number. */
export function checkResult(context: LogContext): void {
  const { bundle, claims } = context;
  if (bundle.subject.kind !== 'batch') return;
  const about = `${bundle.subject.org} batch ${bundle.subject.batch}`;
  const found = subjectEvents(context).filter(({ name }) => name === 'ResultCommitted');
  claims.decide('RESULT_COMMITTED', about, found.length === 1 ? null : 'WHY_NOT_COMMITTED');
}
