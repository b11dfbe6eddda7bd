/** Quality: what the chain records of a version's scores, what its owner logged of them, and the floor of a request. */
import type { BundleItem } from '@sealedger/protocol/evidence/bundle.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { WhyCode, WhyDetails } from './claims.ts';
import { factsNamed } from './facts.ts';
import { datasetVersionsOf } from './form-claims.ts';
import type { LogContext } from './log-claims.ts';
import type { RequestLife } from './request-life.ts';

type Score = EventOf<'QualityRecorded'>;
type Refusal = readonly [why: WhyCode, details: WhyDetails];

/** Claims VERSION_PUBLISHED (where a version is the subject) and QUALITY_RECORDED of every version that has a score. */
export function checkScores(context: LogContext): void {
  const { bundle, facts, claims } = context;
  for (const id of datasetVersionsOf(facts, bundle.subject)) {
    const about = `version ${id}`;
    const published = factsNamed(facts, 'DatasetVersionPublished').find(({ args }) => args.id === id);
    const isSubject = bundle.subject.kind === 'version';
    if (isSubject) claims.decide('VERSION_PUBLISHED', about, published === undefined ? 'WHY_VERSION_UNKNOWN' : null);
    const scores = factsNamed(facts, 'QualityRecorded').filter(({ args }) => args.id === id);
    if (scores.length === 0 && isSubject) {
      claims.isBeyond('QUALITY_RECORDED', about, 'WHY_NO_SCORE', { dataset: id });
    }
    scores.forEach((score, i) => {
      const [why, details] = whyScore(context, score, i + 1, published) ?? [null, {}];
      if (why === 'WHY_WITHHELD') claims.isBeyond('QUALITY_RECORDED', `${about} round ${i + 1}`, why);
      else claims.decide('QUALITY_RECORDED', `${about} round ${i + 1}`, why, details);
    });
  }
}

function whyScore(
  { bundle }: LogContext,
  { args }: Score,
  expected: number,
  published: EventOf<'DatasetVersionPublished'> | undefined,
): Refusal | null {
  const { owner, round } = args;
  if (round !== expected || owner !== published?.args.owner) return ['WHY_SCORE_ORDER', { expected, found: round }];
  // Where the part of the owner is not in the file, PARTS_PRESENT says so; a batch's bundle has the parts of the gates.
  if (!bundle.statements.some(({ statement }) => statement.org === owner)) return null;
  const logged = bundle.items.filter(({ signed }) => {
    const { kind, org } = describeEvent(signed.event);
    return kind === 'quality' && org === owner;
  });
  if (logged.some((item) => tellsOf(item, args) === true)) return null;
  if (logged.some((item) => tellsOf(item, args) === undefined)) return ['WHY_WITHHELD', {}];
  return ['WHY_SCORE_UNLOGGED', { org: owner, round }];
}

/** Whether a quality event is about this score; undefined where the fields that would tell are withheld. */
function tellsOf({ openings }: BundleItem, { id, round }: Score['args']): boolean | undefined {
  const [dataset, opened] = [openings['datasetId']?.value, openings['round']?.value];
  if ((dataset !== undefined && dataset !== id) || (opened !== undefined && opened !== round)) return false;
  return dataset === undefined || opened === undefined ? undefined : true;
}

/** Claim QUALITY_FLOOR of every attempt of a request that asks for one: by the newest score before it, as the contract does. */
export function checkFloor(context: LogContext, { submitted }: RequestLife): void {
  const { bundle, facts, claims } = context;
  if (submitted === null || submitted.args.qualityFloor === 0 || bundle.subject.kind === 'version') return;
  const { id, qualityFloor: floor, datasetVersions } = submitted.args;
  for (const attempt of factsNamed(facts, 'AttemptOpened').filter(({ args }) => args.id === id)) {
    const before = facts.events.slice(0, facts.events.indexOf(attempt));
    const refusal = datasetVersions.map((dataset) => whyBelow(before, dataset, floor)).find((why) => why !== null);
    const [why, details] = refusal ?? [null, {}];
    claims.decide('QUALITY_FLOOR', `attempt ${attempt.args.attempt}`, why, details);
  }
}

function whyBelow(events: readonly LedgerEvent[], dataset: string, floor: number): Refusal | null {
  const score = events.findLast((event) => event.name === 'QualityRecorded' && event.args.id === dataset);
  if (score?.name !== 'QualityRecorded') return ['WHY_NO_SCORE', { dataset }];
  const { scoreBasisPoints: found } = score.args;
  return found < floor ? ['WHY_BELOW_FLOOR', { dataset, found, floor }] : null;
}
