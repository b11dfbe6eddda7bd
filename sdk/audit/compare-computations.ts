/** Computations in the logs: by participants of the request only, in order, within the grant, and all on the same thing. */
import { about, groundOf, type RequestCase } from './compare-case.ts';
import type { FindingCode, Ground } from './findings.ts';
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
