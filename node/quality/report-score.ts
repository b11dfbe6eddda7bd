/** The scores of a run in the form of the report. */
import type { QualityReport, RuleReport } from './report.ts';
import type { QualityRun, RuleResult } from './run-types.ts';
import { type QualityScore, type ScoreInterval, scoreOf } from './score.ts';

const FULL = 10_000;

/** @throws {ProtocolError} QUALITY_NOTHING_CHECKED */
export function scoreParts(run: QualityRun): Pick<QualityReport, 'score' | 'dimensions' | 'fields' | 'rules'> {
  const score = scoreOf(run);
  return {
    score: { basisPoints: score.basisPoints, interval: ends(score.interval) },
    dimensions: score.dimensions.map((dimension) => ({ ...dimension, interval: ends(dimension.interval) })),
    fields: [...score.fields],
    rules: run.rules.map((result) => ruleReport(result, score)),
  };
}

function ruleReport({ rule, checked, failing, measured }: RuleResult, score: QualityScore): RuleReport {
  const { id, type, dimension, severity, weight, threshold, fields, title } = rule;
  const { passedBasisPoints, basisPoints, interval, met } = score.rules.get(id)!;
  return {
    id,
    type,
    ...(title === undefined ? {} : { title }),
    dimension,
    severity,
    weight,
    thresholdBasisPoints: Math.round(threshold * FULL),
    fields: [...fields],
    checked,
    failing,
    passedBasisPoints,
    basisPoints,
    interval: ends(interval),
    met,
    measured,
  };
}

function ends(interval: ScoreInterval): [number, number] | null {
  return interval === null ? null : [...interval];
}
