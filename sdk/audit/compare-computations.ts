/** Computations in the logs: by participants of the request only, in order, within the grant, and all on the same thing. */
import { about, compareFields, groundOf, type RequestCase } from './compare-case.ts';
import type { FindingCode, Ground } from './findings.ts';
import { certificateKey } from './requests.ts';
import type { AuditedEntry } from './verify-log.ts';

export function compareComputations(one: RequestCase): void {
  const entries = one.own.filter(({ kind }) => kind === 'computation');
  const participants = participantsOf(one);
  for (const entry of entries) {
    if (!participants.has(entry.org)) report(one, entry, 'FINDING_STRANGER', [submission(one)]);
    const attempt = Number(entry.fields['attempt']);
    if (attempt < 1 || attempt > one.request.life.attempts)
      report(one, entry, 'FINDING_COMPUTATION_ATTEMPT', [submission(one)], { attempt });
    if (entry.fields['state'] !== 'retired') checkGrantTime(one, entry);
    if (entry.fields['state'] === 'started') checkCertificate(one, entry);
    compareGrants(one, entry);
  }
  checkAgreement(one, entries);
  checkOrder(one, entries);
}

/** Owners of the datasets, and gates. */
function participantsOf({ request, story }: RequestCase): ReadonlySet<string> {
  const { datasetVersions, gates } = request.submitted.args;
  return new Set([...datasetVersions.map((id) => story.versions.get(id)?.published.args.owner ?? ''), ...gates]);
}

function submission({ request }: RequestCase): Ground {
  return { kind: 'chain', event: request.submitted };
}

function report(
  one: RequestCase,
  entry: AuditedEntry,
  code: FindingCode,
  grounds: readonly Ground[],
  details: Readonly<Record<string, string | number>> = {},
): void {
  const common = about(one, entry);
  one.findings.add({
    ...common,
    code,
    details: { ...common.details, ...details },
    grounds: [groundOf(entry), ...grounds],
  });
}

/** Work must lie between the activation and the end of the request, as far as clocks go. */
export function checkGrantTime(one: RequestCase, entry: AuditedEntry): void {
  const { request, bounds } = one;
  const { activatedMs, endedMs, end } = request;
  if (activatedMs === null || entry.timeMs < activatedMs - bounds.stopMs) {
    report(one, entry, 'FINDING_BEFORE_GRANT', [submission(one)]);
  } else if (endedMs !== null && entry.timeMs > endedMs + bounds.stopMs) {
    const seconds = Math.round((entry.timeMs - endedMs) / 1000);
    report(one, entry, 'FINDING_AFTER_GRANT', [end === null ? submission(one) : { kind: 'chain', event: end }], {
      seconds,
    });
  }
  checkHalts(one, entry);
}

/** Nothing is worked on while a suspension stands, as far as clocks go. */
function checkHalts(one: RequestCase, entry: AuditedEntry): void {
  const { request, bounds } = one;
  for (const { event, fromMs, toMs } of request.halts) {
    const isInside = entry.timeMs > fromMs + bounds.stopMs && (toMs === null || entry.timeMs < toMs - bounds.stopMs);
    if (!isInside) continue;
    const details = { seconds: Math.round((entry.timeMs - fromMs) / 1000), block: event.blockNumber };
    report(one, entry, 'FINDING_WHILE_HALTED', [{ kind: 'chain', event }], details);
  }
}

/** Where a logged request names a regulator, its certificate of the model stands when work begins. */
function checkCertificate(one: RequestCase, entry: AuditedEntry): void {
  const { request, story, bounds, own } = one;
  const { modelDigest, requester } = request.submitted.args;
  const named = own.filter(({ kind, fields }) => kind === 'request' && typeof fields['certifier'] === 'string');
  for (const certifier of new Set(named.map(({ fields }) => String(fields['certifier'])))) {
    const known = story.certificates.get(certificateKey(modelDigest, certifier));
    const given = known?.event.args.requester === requester ? known : undefined;
    const isEarly = given === undefined || entry.timeMs < given.timeMs - bounds.stopMs;
    const withdrawn = given?.withdrawn ?? null;
    const isLate = withdrawn !== null && entry.timeMs > withdrawn.timeMs + bounds.stopMs;
    if (!isEarly && !isLate) continue;
    const grounds = [
      submission(one),
      ...(withdrawn === null ? [] : [{ kind: 'chain', event: withdrawn.event } as const]),
    ];
    report(one, entry, 'FINDING_UNCERTIFIED', grounds, { certifier });
  }
}

/** The grants that an entry names are those that stand on chain, in the order of the deciders. */
export function compareGrants(one: RequestCase, entry: AuditedEntry): void {
  const { life, facts } = one.request;
  const activated = facts.find(({ event }) => event.name === 'RequestActivated');
  if (activated === undefined) return;
  const grantHashes = [...life.deciders].map((org) => life.decided.get(org)?.args.grantHash ?? '');
  compareFields(one, entry, activated.event, { grantHashes });
}

/** Within one attempt every organisation worked on the same computation id. */
function checkAgreement(one: RequestCase, entries: readonly AuditedEntry[]): void {
  const first = new Map<unknown, AuditedEntry>();
  for (const entry of entries) {
    const { attempt, computationId } = entry.fields;
    const known = first.get(attempt);
    if (known === undefined) first.set(attempt, entry);
    else if (known.fields['computationId'] !== computationId) {
      report(one, entry, 'FINDING_COMPUTATIONS_DIFFER', [groundOf(known)], {
        attempt: Number(attempt),
        other: known.org,
      });
    }
  }
}

const BEFORE: Readonly<Record<string, string | null>> = {
  announced: null,
  started: 'announced',
  completed: 'started',
  retired: 'announced',
};

/** Announced, then started, then completed, each once; nothing after it was retired. */
function checkOrder(one: RequestCase, entries: readonly AuditedEntry[]): void {
  const seen = new Map<string, Set<string>>();
  for (const entry of entries) {
    const { computationId, state } = entry.fields;
    const place = `${entry.org}/${String(computationId)}`;
    const states = seen.get(place) ?? new Set();
    const before = BEFORE[String(state)] ?? null;
    const isOrdered = !states.has(String(state)) && !states.has('retired') && (before === null || states.has(before));
    if (!isOrdered) report(one, entry, 'FINDING_COMPUTATION_ORDER', [], { state: String(state) });
    seen.set(place, states.add(String(state)));
  }
}
