/**
 * A logistic scoring model in clear, as the bank holds it, and its public part, the feature definitions.
 *
 * Score = intercept + sum over the features of weight x transformed value. A department sees the definition of its
 * features (field, transform, clip, value, imputation), never weight, mean or standard deviation.
 */
import { z } from 'zod';
import { ProtocolError } from './errors.ts';
import { organisationId, parseDocument } from './schema.ts';

const finite = z.number({ error: 'a finite number' });
const fieldName = z.string().min(1).max(128);
const clip = z.tuple([finite, finite]);

const linear = z.strictObject({
  party: organisationId,
  field: fieldName,
  transform: z.literal('linear'),
  weight: finite,
  clip,
  mean: finite,
  std: finite.positive(),
  missing: finite,
});
const equals = z.strictObject({
  party: organisationId,
  field: fieldName,
  transform: z.literal('equals'),
  weight: finite,
  value: z.string().max(256),
});
const missing = z.strictObject({
  party: organisationId,
  field: fieldName,
  transform: z.literal('missing'),
  weight: finite,
});

export const modelFeatureSchema = z.discriminatedUnion('transform', [linear, equals, missing]);
export const modelSchema = z.strictObject({
  kind: z.literal('logistic'),
  intercept: finite,
  features: z.array(modelFeatureSchema).min(1).max(4096),
});
export type Model = z.output<typeof modelSchema>;
export type ModelFeature = z.output<typeof modelFeatureSchema>;
export type LinearFeature = z.output<typeof linear>;

/** Width of a quantised value. */
export const valueBits = z.int().min(1).max(20);
/** A department does not see parseModel's answer, so its copy of the clip is checked by itself. */
const orderedClip = clip.refine(
  ([low, high]) => low <= high && Number.isFinite(high - low),
  'a clip is [low, high] with low <= high and a finite width',
);
/** What a department is told of a feature; `valueBits` is the width of its quantised value. */
export const featureDefinitionSchema = z.discriminatedUnion('transform', [
  linear.omit({ weight: true, mean: true, std: true }).extend({ clip: orderedClip, valueBits }),
  equals.omit({ weight: true }).extend({ valueBits: z.literal(1) }),
  missing.omit({ weight: true }).extend({ valueBits: z.literal(1) }),
]);
export type FeatureDefinition = z.output<typeof featureDefinitionSchema>;

/**
 * Parses a model and checks it against the parties of the case.
 * @param parties - organisation id to the names of the fields it holds.
 * @throws {ProtocolError} SCHEMA_MISMATCH, MODEL_UNKNOWN_PARTY, MODEL_UNKNOWN_FIELD, MODEL_CLIP_REVERSED
 */
export function parseModel(value: unknown, parties: ReadonlyMap<string, ReadonlySet<string>>): Model {
  const model = parseDocument(modelSchema, value, 'model');
  model.features.forEach((feature, index) => {
    const fields = parties.get(feature.party);
    if (fields === undefined) throw new ProtocolError('MODEL_UNKNOWN_PARTY', { index, party: feature.party });
    if (!fields.has(feature.field)) {
      throw new ProtocolError('MODEL_UNKNOWN_FIELD', { index, party: feature.party, field: feature.field });
    }
    if (feature.transform === 'linear' && feature.clip[0] > feature.clip[1]) {
      throw new ProtocolError('MODEL_CLIP_REVERSED', { index, party: feature.party, field: feature.field });
    }
  });
  return model;
}

/** The public part of a model's feature; linear ones take `valueBits`, indicators one bit. */
export function featureDefinition(feature: ModelFeature, valueBits: number): FeatureDefinition {
  const { party, field } = feature;
  switch (feature.transform) {
    case 'linear':
      return { party, field, transform: 'linear', clip: feature.clip, missing: feature.missing, valueBits };
    case 'equals':
      return { party, field, transform: 'equals', value: feature.value, valueBits: 1 };
    case 'missing':
      return { party, field, transform: 'missing', valueBits: 1 };
  }
}

/**
 * The value of a cell as a number; an empty cell is missing.
 * @returns null for a cell with nothing but white space.
 * @throws {ProtocolError} CELL_NOT_NUMERIC; the cell's content is not repeated.
 */
export function parseNumericCell(
  cell: string | null,
  where: { readonly field: string; readonly row: number },
): number | null {
  if (isMissing(cell)) return null;
  const text = cell!.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw new ProtocolError('CELL_NOT_NUMERIC', where);
  const value = Number(text);
  if (!Number.isFinite(value)) throw new ProtocolError('CELL_NOT_NUMERIC', where);
  return value;
}

/**
 * The transformed value of a cell in clear: what `weight` is multiplied by.
 * @param cell - the text of the cell; null where the subject has no row or no value.
 */
export function transformedValue(feature: ModelFeature, cell: string | null, row: number): number {
  switch (feature.transform) {
    case 'linear': {
      const value = parseNumericCell(cell, { field: feature.field, row }) ?? feature.missing;
      return (clamp(value, feature.clip) - feature.mean) / feature.std;
    }
    case 'equals':
      return !isMissing(cell) && cell === feature.value ? 1 : 0;
    case 'missing':
      return isMissing(cell) ? 1 : 0;
  }
}

/** A cell holds no value: there is no row, or nothing but white space. */
export function isMissing(cell: string | null): boolean {
  return cell === null || cell.trim() === '';
}

/** The nearest value inside [low, high]. */
export function clamp(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(value, low), high);
}
