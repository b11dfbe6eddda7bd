/** What stands behind a result: the certificate of the model that the request names, and the grants that the result names. */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import type { BundleItem } from '@sealedger/protocol/evidence/bundle.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import type { EventKind } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { grantHashesOf } from './agreement-claims.ts';
import type { WhyCode } from './claims.ts';
import { factsNamed } from './facts.ts';
import { itemName, type LogContext } from './log-claims.ts';
import { subjectEvents } from './request-claims.ts';
import type { RequestLife } from './request-life.ts';

/** States of a computation in which its node had begun to work. */
const AT_WORK = new Set<unknown>(['started', 'completed']);

function itemsOf({ bundle }: LogContext, kind: EventKind): readonly BundleItem[] {
  return bundle.items.filter(({ signed }) => describeEvent(signed.event).kind === kind);
}

/**
 * Claim MODEL_CERTIFIED of every regulator that a logged request names: its certificate of this model for this bank stands on
 * chain before anything came out, and was not taken back before an attempt in which nodes worked.
 */
export function checkCertificates(context: LogContext, life: RequestLife): void {
  const { claims } = context;
  const { submitted } = life;
  if (submitted === null) return;
  const named = itemsOf(context, 'request').filter(({ signed }) => Object.hasOwn(signed.event.data, 'certifier'));
  for (const item of named.filter(({ openings }) => openings['certifier'] === undefined)) {
    claims.isBeyond('MODEL_CERTIFIED', itemName(item), 'WHY_WITHHELD');
  }
  const certifiers = new Set(
    named.flatMap(({ openings }) => (openings['certifier'] ? [openings['certifier'].value] : [])),
  );
  const events = subjectEvents(context);
  const attempts = attemptsAtWork(context);
  for (const certifier of [...certifiers].sort()) {
    const about = `model ${submitted.args.modelDigest.slice(0, 12)} by ${String(certifier)}`;
    const certified = certificationBy(events, String(certifier), submitted);
    const isNeeded = attempts === 'unknown' || attempts.size > 0 || firstOutput(events) !== undefined;
    if (certified === undefined && !isNeeded) continue;
    claims.decide('MODEL_CERTIFIED', about, whyUncertified(events, certified, attempts), { org: String(certifier) });
  }
}

/** The attempts in which somebody worked; unknown where fields that would tell are withheld. */
function attemptsAtWork(context: LogContext): ReadonlySet<number> | 'unknown' {
  const attempts = new Set<number>();
  for (const { openings } of itemsOf(context, 'computation')) {
    const [state, attempt] = [openings['state']?.value, openings['attempt']?.value];
    if (state !== undefined && !AT_WORK.has(state)) continue;
    if (state === undefined || typeof attempt !== 'number') return 'unknown';
    attempts.add(attempt);
  }
  return attempts;
}

function certificationBy(
  events: readonly LedgerEvent[],
  certifier: string,
  { args }: EventOf<'RequestSubmitted'>,
): EventOf<'ModelCertified'> | undefined {
  return events.find(
    (event): event is EventOf<'ModelCertified'> =>
      event.name === 'ModelCertified' && event.args.certifier === certifier && event.args.requester === args.requester,
  );
}

/** The first thing on chain that tells of a score that came out. */
function firstOutput(events: readonly LedgerEvent[]): LedgerEvent | undefined {
  return events.find(({ name }) => name === 'UnlocksRecorded' || name === 'ResultCommitted');
}

function whyUncertified(
  events: readonly LedgerEvent[],
  certified: EventOf<'ModelCertified'> | undefined,
  attempts: ReadonlySet<number> | 'unknown',
): WhyCode | null {
  if (certified === undefined) return 'WHY_NOT_CERTIFIED';
  const output = firstOutput(events);
  if (output !== undefined && events.indexOf(output) < events.indexOf(certified)) return 'WHY_CERTIFIED_LATE';
  const withdrawn = events.findIndex(
    (event) => event.name === 'CertificateWithdrawn' && event.args.certifier === certified.args.certifier,
  );
  const worked = events.findLastIndex(
    (event) => event.name === 'AttemptOpened' && (attempts === 'unknown' || attempts.has(event.args.attempt)),
  );
  return withdrawn !== -1 && withdrawn < worked ? 'WHY_CERTIFICATE_WITHDRAWN' : null;
}

/**
 * Claim GRANTS_NAMED of every result: it names the digests of all owners' grants, as their decisions on chain have them.
 * A result that names none says not on what ground it was given out.
 */
export function checkGrants(context: LogContext, life: RequestLife): void {
  const { bundle, facts, claims } = context;
  if (bundle.subject.kind === 'version') return;
  const isActivated = factsNamed(facts, 'RequestActivated').length > 0;
  for (const item of itemsOf(context, 'result')) {
    const about = itemName(item);
    const isNamed = Object.hasOwn(item.signed.event.data, 'grantHashes');
    const opened = item.openings['grantHashes']?.value;
    if (isNamed && opened === undefined) {
      claims.isBeyond('GRANTS_NAMED', about, 'WHY_WITHHELD');
      continue;
    }
    const isSame = isActivated && opened !== undefined && canonicalText(opened) === canonicalText(grantHashesOf(life));
    claims.decide('GRANTS_NAMED', about, !isNamed ? 'WHY_GRANTS_UNNAMED' : isSame ? null : 'WHY_GRANTS_DIFFER');
  }
}
