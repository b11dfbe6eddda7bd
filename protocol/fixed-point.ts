/**
 * Fixed point of sealed scoring: cells to unsigned integers at the department, weights to signed ones at the bank.
 *
 * A linear feature clipped to [lo, hi] becomes u = round((x - lo) / (hi - lo) * (2^b - 1)), an indicator 0 or 1.
 * The bank folds the scale into the weight and lo, mean and standard deviation into its intercept:
 *   w * (x - mean) / std  =  w * (lo - mean) / std  +  a * u,   a = w * (hi - lo) / (std * (2^b - 1)).
 * The integer weight is W = round(a * 2^s); the error of a score is at most the sum over the linear features of
 * |a| / 2 (rounding of u) plus the sum of (2^b - 1) / 2^(s+1) (rounding of W).
 */
import { ProtocolError } from './errors.ts';
import { clamp, type FeatureDefinition, isMissing, type ModelFeature, parseNumericCell } from './model.ts';

/** Below half of t / 2 = 2^43, so that release noise cannot carry a score over the edge. */
const SCORE_RANGE_BITS = 42;
/** More bits than this add nothing to a double's score and would widen release noise past 32 bits. */
const MAX_SCALE_BITS = 38;
const MIN_SCALE_BITS = 12;
/** The kernel takes noise in (-2^28, 2^28); half of a total width of 2^28 lies well inside. */
const MAX_NOISE_BITS = 28;
/** A total width of 2^7 leaves each of 32 departments 22 steps: noise is rounded, not rounded away. */
const MIN_NOISE_BITS = 7;

/** Largest integer of a feature: 2^valueBits - 1. */
export function largestValue(valueBits: number): number {
  return 2 ** valueBits - 1;
}

/**
 * The quantised value of a cell.
 * @param cell - the cell's text; null where the subject has no row.
 * @param row - 1-based row of the table, for the error only.
 * @returns an integer, 0 <= value < 2^valueBits.
 * @throws {ProtocolError} CELL_NOT_NUMERIC
 */
export function quantise(definition: FeatureDefinition, cell: string | null, row: number): number {
  switch (definition.transform) {
    case 'linear': {
      const [low, high] = definition.clip;
      if (high === low) return 0;
      const value = parseNumericCell(cell, { field: definition.field, row }) ?? definition.missing;
      return Math.round(((clamp(value, definition.clip) - low) / (high - low)) * largestValue(definition.valueBits));
    }
    case 'equals':
      return !isMissing(cell) && cell === definition.value ? 1 : 0;
    case 'missing':
      return isMissing(cell) ? 1 : 0;
  }
}

/** The bank's integer form of the departments' part of a model. */
export interface QuantisedWeights {
  /** s: a score integer is the logit times 2^s. */
  readonly scaleBits: number;
  /** One signed integer per feature, in the order given. */
  readonly weights: readonly bigint[];
  /** What the bank adds to S / 2^s: the constant parts of the linear features, in logits. */
  readonly offset: number;
}

/** Whether release noise of a total width of 2^(scaleBits + totalWidthLog2) score units can be drawn as integers. */
export function noiseBitsFit(scaleBits: number, totalWidthLog2: number): boolean {
  const bits = scaleBits + totalWidthLog2;
  return bits >= MIN_NOISE_BITS && bits <= MAX_NOISE_BITS;
}

/** More than all departments' largest noises together, in score units: 32 times half of the width over sqrt(32). */
export function releaseNoiseReach(scaleBits: number, totalWidthLog2: number): bigint {
  return BigInt(Math.ceil(Math.sqrt(32) * 2 ** (scaleBits + totalWidthLog2)));
}

/**
 * Quantises the weights of the departments' features with the largest scale that score range and noise allow.
 * @param features - features of the departments, each with the width of its quantised value.
 * @param totalWidthLog2 - width of the release noise as a power of two of a logit.
 * @throws {ProtocolError} SCORE_RANGE_OVERFLOW where the sum of |w| x max|x| leaves no usable precision.
 */
export function quantiseWeights(
  features: readonly { readonly feature: ModelFeature; readonly valueBits: number }[],
  totalWidthLog2: number,
): QuantisedWeights {
  const leastScaleBits = Math.max(MIN_SCALE_BITS, MIN_NOISE_BITS - totalWidthLog2);
  const slopes = features.map(({ feature, valueBits }) => slopeOf(feature, valueBits));
  const offset = features.reduce((sum, { feature }) => sum + constantPart(feature), 0);
  const range = slopes.reduce((sum, slope, i) => sum + Math.abs(slope) * largestValue(features[i]!.valueBits), 0);
  if (!Number.isFinite(range) || !Number.isFinite(offset)) {
    throw new ProtocolError('SCORE_RANGE_OVERFLOW', { reachBits: 'infinite', limitBits: SCORE_RANGE_BITS });
  }
  const rangeBits = range === 0 ? 0 : Math.ceil(Math.log2(range));
  const scaleBits = Math.min(SCORE_RANGE_BITS - 1 - rangeBits, MAX_SCALE_BITS, MAX_NOISE_BITS - totalWidthLog2);
  if (scaleBits < leastScaleBits) {
    throw new ProtocolError('SCORE_RANGE_OVERFLOW', {
      reachBits: rangeBits,
      limitBits: SCORE_RANGE_BITS - leastScaleBits,
    });
  }
  return { scaleBits, weights: slopes.map((slope) => BigInt(Math.round(slope * 2 ** scaleBits))), offset };
}

/** The logit of a score integer: S / 2^s. */
export function scoreFromInteger(score: bigint, scaleBits: number): number {
  return Number(score) / 2 ** scaleBits;
}

function slopeOf(feature: ModelFeature, valueBits: number): number {
  if (feature.transform !== 'linear') return feature.weight;
  return (feature.weight * (feature.clip[1] - feature.clip[0])) / (feature.std * largestValue(valueBits));
}

function constantPart(feature: ModelFeature): number {
  return feature.transform === 'linear' ? (feature.weight * (feature.clip[0] - feature.mean)) / feature.std : 0;
}
