/**
 * What a sampling audit of consent found, for the regulator's file: queries by number, and how likely it was to find any.
 *
 * No identifier, blind or receipt stands here.
 */
import { detectionProbability } from '@sealedger/protocol/consent.ts';
import type { ConsentChallenge } from '@sealedger/protocol/consent-audit.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { Finding, FindingCode } from './audit/findings.ts';
import type { CheckedQuery, CheckedSample, SampleFinding } from './consent-sampling.ts';

export type GateSample = {
  readonly gate: string;
  /** Size of the gate's log up to which its queries were sampled. */
  readonly checkpointSize: number;
  readonly total: number;
  readonly sampled: number;
  readonly findings: readonly (SampleFinding & {
    readonly number: number;
    readonly lane: number;
    readonly counter: number;
  })[];
  readonly detection: {
    /** How many of the queries one in a hundred is, at least 1. */
    readonly without: number;
    /** Probability that the sample finds at least one, were so many without consent. */
    readonly probability: number;
    /** Least number of queries without consent that such a sample finds in 95 of 100 audits; null where none does. */
    readonly least95: number | null;
  };
};

/** `incomplete`: nothing is wrong with what the bank opened, but a gate's log or its checks cannot be relied on. */
export type ConsentOutcome = 'passed' | 'failed' | 'incomplete';

export type ConsentReport = {
  readonly suite: typeof SUITE;
  readonly version: 1;
  readonly regulator: string;
  readonly requester: string;
  readonly requestId: string;
  /** Null where nothing was opened. */
  readonly holder: string | null;
  readonly challenge: string;
  readonly beacon: ConsentChallenge['beacon'];
  /** Beacons that this regulator committed to and never revealed: more than none calls for an explanation. */
  readonly unrevealedBeacons: number;
  /** Seconds since the epoch. */
  readonly deadline: number;
  readonly checkedAt: string;
  readonly outcome: ConsentOutcome;
  readonly gates: readonly GateSample[];
  /** Sizes at which the log that was handed in is not the one on chain. */
  readonly forkedAt: readonly number[];
  /** Findings in the gates' logs that put in doubt which queries there were. */
  readonly logFindings: readonly { readonly code: FindingCode; readonly org: string }[];
  /** Whether the regulator suspended the grant on chain for it. */
  readonly suspended: boolean;
};

export type ReportInput = {
  readonly regulator: string;
  readonly challenge: ConsentChallenge;
  readonly challengeDigest: string;
  readonly sample: CheckedSample;
  readonly logFindings: readonly Finding[];
  readonly unrevealedBeacons: number;
  readonly checkedAt: string;
};

/** Findings that mean: the queries in this log may not be those that were made. */
const DOUBTS: readonly FindingCode[] = [
  'FINDING_EVENT_FIELDS',
  'FINDING_EVENT_FOREIGN',
  'FINDING_EVENT_SIGNATURE',
  'FINDING_EVENT_WITHHELD',
  'FINDING_LOG_ENTRIES',
  'FINDING_LOG_REWOUND',
  'FINDING_NODE_ANSWER',
  'FINDING_NODE_UNREACHABLE',
  'FINDING_TWO_HISTORIES',
  'FINDING_UNLOCKS_GAP',
  'FINDING_UNLOCKS_UNLOGGED',
  'FINDING_UNLOCK_LANE',
];

/** The report before anything follows from it. */
export function reportOfSample(input: ReportInput): ConsentReport {
  const { challenge, sample } = input;
  const gates = challenge.gates.map((one) => gateSample(one, sample.queries));
  const orgs = new Set(challenge.gates.map(({ gate }) => gate));
  const logFindings = input.logFindings.flatMap(({ code, org }) =>
    org !== null && orgs.has(org) && DOUBTS.includes(code) ? [{ code, org }] : [],
  );
  const { requestId, requester, beacon, deadline } = challenge;
  return {
    suite: SUITE,
    version: 1,
    regulator: input.regulator,
    requester,
    requestId,
    holder: sample.holder,
    challenge: input.challengeDigest,
    beacon,
    unrevealedBeacons: input.unrevealedBeacons,
    deadline,
    checkedAt: input.checkedAt,
    outcome: outcomeOf(sample, logFindings.length),
    gates,
    forkedAt: sample.forkedAt,
    logFindings,
    suspended: false,
  };
}

function outcomeOf({ queries, forkedAt }: CheckedSample, doubts: number): ConsentOutcome {
  if (forkedAt.length > 0 || queries.some(({ found }) => found?.fault === 'bank')) return 'failed';
  return doubts > 0 || queries.some(({ found }) => found !== null) ? 'incomplete' : 'passed';
}

function gateSample(
  { gate, checkpoint, total, sample }: ConsentChallenge['gates'][number],
  queries: readonly CheckedQuery[],
): GateSample {
  const findings = queries.flatMap(({ gate: at, query, found }) => {
    if (at !== gate || found === null) return [];
    const { number, lane, counter } = query;
    return [{ number, lane, counter, ...found }];
  });
  const sampled = sample.length;
  const without = Math.max(1, Math.ceil(total / 100));
  const detection = {
    without,
    probability: total === 0 ? 0 : detectionProbability(total, Math.min(without, total), sampled),
    least95: leastFound(total, sampled),
  };
  return { gate, checkpointSize: checkpoint.size, total, sampled, findings, detection };
}

/** By bisection: the probability rises with the number. */
function leastFound(total: number, sampled: number): number | null {
  if (total === 0 || detectionProbability(total, total, sampled) < 0.95) return null;
  let [low, high] = [1, total];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (detectionProbability(total, middle, sampled) >= 0.95) high = middle;
    else low = middle + 1;
  }
  return low;
}

const findingWords: Readonly<Record<SampleFinding['finding'], ErrorCode>> = {
  'not-opened': 'CONSENT_FOUND_NOT_OPENED',
  'other-query': 'CONSENT_FOUND_OTHER_QUERY',
  'no-receipt': 'CONSENT_FOUND_NO_RECEIPT',
  'other-requester': 'CONSENT_FOUND_OTHER_REQUESTER',
  'other-purpose': 'CONSENT_FOUND_OTHER_PURPOSE',
  'out-of-scope': 'CONSENT_FOUND_OUT_OF_SCOPE',
  'not-in-force': 'CONSENT_FOUND_NOT_IN_FORCE',
  withdrawn: 'CONSENT_FOUND_WITHDRAWN',
  unchecked: 'CONSENT_FOUND_UNCHECKED',
  'unknown-root': 'CONSENT_FOUND_UNKNOWN_ROOT',
  'stale-root': 'CONSENT_FOUND_STALE_ROOT',
};

const outcomeWords: Readonly<Record<ConsentOutcome, ErrorCode>> = {
  passed: 'CONSENT_REPORT_PASSED',
  failed: 'CONSENT_REPORT_FAILED',
  incomplete: 'CONSENT_REPORT_INCOMPLETE',
};

/** The report as lines for a person. */
export function consentReportText(report: ConsentReport, locale: Locale): string {
  const say = (code: ErrorCode, details: Readonly<Record<string, unknown>> = {}): string =>
    messageFor(code, details, locale);
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const { requestId, requester, regulator, holder, beacon, unrevealedBeacons } = report;
  return [
    say('CONSENT_REPORT_TITLE', { requestId, requester, regulator, holder: holder ?? '–' }),
    say('CONSENT_REPORT_BEACON', { id: beacon.id, block: beacon.commitBlock, unrevealed: unrevealedBeacons }),
    ...report.gates.flatMap(({ gate, total, sampled, findings, detection }) => [
      say('CONSENT_REPORT_GATE', { gate, total, sampled, findings: findings.length }),
      say('CONSENT_REPORT_DETECTION', {
        sampled,
        without: detection.without,
        total,
        probability: percent(detection.probability),
      }),
      detection.least95 === null
        ? say('CONSENT_REPORT_NO_95')
        : say('CONSENT_REPORT_LEAST_95', { least: detection.least95, total }),
      ...findings.map(({ number, lane, counter, finding }) =>
        say('CONSENT_REPORT_FOUND', { number, lane, counter, finding: say(findingWords[finding]) }),
      ),
    ]),
    ...report.forkedAt.map((size) => say('CONSENT_LOG_FORKED', { holder: holder ?? '–', size })),
    ...report.logFindings.map(({ code, org }) => say('CONSENT_REPORT_LOG', { code, org })),
    say(outcomeWords[report.outcome]),
    ...(report.suspended ? [say('CONSENT_REPORT_SUSPENDED')] : []),
  ].join('\n');
}
