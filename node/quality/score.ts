/**
 * The score of a run: per rule, field and dimension, and in total.
 *
 * A rule's share is p = passed / checked (X = A / B of GB/T 36344-2018). Where p is below the rule's threshold t, its score
 * is p · (p / t)^k with k = 0 for a minor, 1 for a major, 2 for a critical rule; else it is p. A dimension is the mean of its
 * rules by weight, the total the mean of the dimensions by theirs. Rules that applied to nothing do not count. All of it in
 * exact fractions, rounded down to basis points at the end. docs/quality-score.md has the formula in full and an example.
 * Source: GB/T 36344-2018; Wilson 1927 for the interval of a share.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  add,
  divide,
  type Fraction,
  fraction,
  fromDecimal,
  isBelow,
  multiply,
  ONE,
  toBasisPoints,
  toBasisPointsAbove,
  ZERO,
} from './fraction.ts';
import { DIMENSIONS, type Dimension, type Rule, type Severity } from './rule.ts';
import type { QualityRun, RuleResult } from './run-types.ts';

/** Ends of a 95 % interval in basis points; null where every row was looked at. */
export type ScoreInterval = readonly [low: number, high: number] | null;

export interface RuleScore {
  /** Share that passes, in basis points; null where the rule applied to nothing. */
  readonly passedBasisPoints: number | null;
  /** The share with what its threshold and severity take off. */
  readonly basisPoints: number | null;
  /** Of the share that passes. */
  readonly interval: ScoreInterval;
  /** Whether the threshold is reached. */
  readonly met: boolean;
}

export interface DimensionScore {
  readonly dimension: Dimension;
  readonly basisPoints: number;
  readonly interval: ScoreInterval;
  /** Rules that applied to something. */
  readonly rules: number;
  readonly failing: number;
}

export interface FieldScore {
  readonly field: string;
  readonly basisPoints: number;
  readonly rules: number;
  readonly failing: number;
}

export interface QualityScore {
  readonly basisPoints: number;
  readonly interval: ScoreInterval;
  /** Those with a rule that applied, in the standard's order. */
  readonly dimensions: readonly DimensionScore[];
  /** By name. */
  readonly fields: readonly FieldScore[];
  readonly rules: ReadonlyMap<string, RuleScore>;
}

const PENALTY: Readonly<Record<Severity, number>> = { minor: 0, major: 1, critical: 2 };
const WEIGHT_DECIMALS = 3;
const THRESHOLD_DECIMALS = 4;
/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;
/** Ends of an interval are irrational; they are taken outward to this many parts. */
const INTERVAL_PARTS = 1_000_000_000;

/**
 * The score of a run.
 * @throws {ProtocolError} QUALITY_NOTHING_CHECKED where no rule applied to any row
 */
export function scoreOf(run: QualityRun): QualityScore {
  const applied = run.rules.filter(({ checked }) => checked > 0);
  if (applied.length === 0) throw new ProtocolError('QUALITY_NOTHING_CHECKED', { rules: run.rules.length });
  const dimensions = DIMENSIONS.map((dimension) => ({
    dimension,
    weight: fromDecimal(run.ruleSet.dimensionWeights[dimension] ?? 1, WEIGHT_DECIMALS),
    rules: applied.filter(({ rule }) => rule.dimension === dimension),
  })).filter(({ rules }) => rules.length > 0);
  const isSampled = applied.some(({ sampled }) => sampled);
  const total = (end: End): Fraction =>
    mean(dimensions.map(({ weight, rules }) => ({ weight, value: meanOf(rules, end) })));
  return {
    basisPoints: toBasisPoints(total('share')),
    interval: isSampled ? ends(total) : null,
    dimensions: dimensions.map(({ dimension, rules }) => ({
      dimension,
      basisPoints: toBasisPoints(meanOf(rules, 'share')),
      interval: rules.some(({ sampled }) => sampled) ? ends((end) => meanOf(rules, end)) : null,
      rules: rules.length,
      failing: rules.reduce((sum, { failing }) => sum + failing, 0),
    })),
    fields: fieldScores(applied),
    rules: new Map(run.rules.map((result) => [result.rule.id, ruleScore(result)])),
  };
}

/**
 * The Wilson interval of a share at 95 %, both ends taken outward.
 * @param passed - of `checked` > 0 sampled cells.
 */
export function wilsonInterval(passed: number, checked: number): readonly [Fraction, Fraction] {
  const share = passed / checked;
  const square = Z * Z;
  const centre = (share + square / (2 * checked)) / (1 + square / checked);
  const half =
    (Z / (1 + square / checked)) * Math.sqrt((share * (1 - share)) / checked + square / (4 * checked * checked));
  const parts = BigInt(INTERVAL_PARTS);
  const low = Math.floor(Math.max(0, centre - half) * INTERVAL_PARTS);
  const high = Math.ceil(Math.min(1, centre + half) * INTERVAL_PARTS);
  // At the ends the interval is exact: a share of 0 or 1 lies in it.
  const [least, most] = [passed === 0 ? 0 : low, passed === checked ? INTERVAL_PARTS : high];
  return [fraction(BigInt(least), parts), fraction(BigInt(most), parts)];
}

type End = 'low' | 'share' | 'high';

function ruleScore(result: RuleResult): RuleScore {
  if (result.checked === 0) return { passedBasisPoints: null, basisPoints: null, interval: null, met: true };
  const share = shareOf(result, 'share');
  return {
    passedBasisPoints: toBasisPoints(share),
    basisPoints: toBasisPoints(penalised(result.rule, share)),
    interval: result.sampled ? ends((end) => shareOf(result, end)) : null,
    met: !isBelow(share, thresholdOf(result.rule)),
  };
}

function fieldScores(applied: readonly RuleResult[]): FieldScore[] {
  const parts = applied.flatMap(({ rule, checks }) =>
    checks
      .filter(({ checked }) => checked > 0)
      .flatMap(({ fields, checked, failing }) =>
        fields.map((field) => ({ field, rule, failing, share: fraction(BigInt(checked - failing), BigInt(checked)) })),
      ),
  );
  const names = [...new Set(parts.map(({ field }) => field))].toSorted((a, b) => (a < b ? -1 : 1));
  return names.map((field) => {
    const own = parts.filter((part) => part.field === field);
    const values = own.map(({ rule, share }) => ({ weight: weightOf(rule), value: penalised(rule, share) }));
    return {
      field,
      basisPoints: toBasisPoints(mean(values)),
      rules: own.length,
      failing: own.reduce((sum, { failing }) => sum + failing, 0),
    };
  });
}

function meanOf(rules: readonly RuleResult[], end: End): Fraction {
  return mean(
    rules.map((result) => ({ weight: weightOf(result.rule), value: penalised(result.rule, shareOf(result, end)) })),
  );
}

function shareOf({ checked, failing, sampled }: RuleResult, end: End): Fraction {
  const share = fraction(BigInt(checked - failing), BigInt(checked));
  if (end === 'share' || !sampled) return share;
  return wilsonInterval(checked - failing, checked)[end === 'low' ? 0 : 1];
}

function penalised(rule: Rule, share: Fraction): Fraction {
  const threshold = thresholdOf(rule);
  if (!isBelow(share, threshold)) return share;
  const missed = divide(share, threshold);
  return Array.from({ length: PENALTY[rule.severity] }, () => missed).reduce(multiply, share);
}

function thresholdOf({ threshold }: Rule): Fraction {
  return fromDecimal(threshold, THRESHOLD_DECIMALS);
}

function weightOf({ weight }: Rule): Fraction {
  return fromDecimal(weight, WEIGHT_DECIMALS);
}

/** The mean by weight; of equal values that value itself. */
function mean(values: readonly { readonly weight: Fraction; readonly value: Fraction }[]): Fraction {
  const weights = values.reduce((sum, { weight }) => add(sum, weight), ZERO);
  const weighed = values.reduce((sum, { weight, value }) => add(sum, multiply(weight, value)), ZERO);
  return isBelow(ZERO, weights) ? divide(weighed, weights) : ONE;
}

/** Every step from shares to the total grows with the shares: the ends of all give ends of the whole. */
function ends(of: (end: End) => Fraction): readonly [number, number] {
  return [toBasisPoints(of('low')), toBasisPointsAbove(of('high'))];
}
