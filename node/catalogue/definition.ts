/**
 * A dataset's definition: the YAML file in which a person describes a source, and what of it others see.
 *
 * The level of the whole is that of its highest item; nobody writes it down, so that nobody can write it lower.
 */
import {
  type Entry,
  entrySchema,
  highestLevel,
  IDENTIFIER_KINDS,
  itemSchema,
  levelSchema,
  MAX_DATASET_FIELDS,
} from '@sealedger/protocol/catalogue/entry.ts';
import { type DatasetField, datasetName } from '@sealedger/protocol/dataset.ts';
import { z } from 'zod';
import { ROW_COLUMN, type Source, sourceSchema } from './source.ts';
import { parseYaml } from './yaml.ts';

const fieldSchema = z
  .strictObject({
    name: z.string().min(1).max(128),
    ...itemSchema.shape,
    /** Value for a subject without a row or a cell; a field that has one is computed with as a number. */
    missing: z.number().optional(),
  })
  .refine(({ missing, bounds }) => missing === undefined || bounds === undefined || within(missing, bounds), {
    path: ['missing'],
    message: 'the value for a missing cell lies within the bounds',
  });
export type FieldDefinition = z.output<typeof fieldSchema>;

const subjectSchema = z.strictObject({
  column: z.string().min(1).max(128),
  identifier: z.enum(IDENTIFIER_KINDS).default('resident-id'),
  level: levelSchema.default(4),
  /** Rows whose identifier names nobody: without this word they refuse the table; with it they stay in it, scored and unmatched. */
  invalid: z.literal('leave-out').optional(),
});

export const definitionSchema = z
  .strictObject({
    dataset: datasetName,
    source: sourceSchema,
    /** The column that says whom a row is about; it is matched and never asked for. */
    subject: subjectSchema,
    ...entrySchema.shape,
    fields: z.array(fieldSchema).min(1).max(MAX_DATASET_FIELDS),
  })
  .superRefine((definition, context) => {
    const entry = entrySchema.safeParse(entryPart(definition));
    for (const issue of entry.error?.issues ?? []) {
      if (issue.code === 'custom') context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
    }
    const seen = new Set<string>([definition.subject.column, ROW_COLUMN]);
    definition.fields.forEach(({ name }, i) => {
      if (seen.has(name)) {
        context.addIssue({
          code: 'custom',
          path: ['fields', i, 'name'],
          message: 'this name stands here twice, or is the subject',
        });
      }
      seen.add(name);
    });
  });
export type Definition = z.output<typeof definitionSchema>;

/** What a definition says, in the parts that the node works with. */
export interface DefinedDataset {
  readonly name: string;
  readonly source: Source;
  readonly subject: string;
  /** Kind of the subjects' identifier. */
  readonly identifier?: string | undefined;
  readonly invalidSubjects?: 'leave-out' | undefined;
  readonly level: number;
  readonly entry: Entry;
  readonly fields: readonly DatasetField[];
}

/** @param file - name for messages. @throws {ProtocolError} DEFINITION_INVALID with line and column */
export function parseDefinition(text: string, file: string): Definition {
  return parseYaml(definitionSchema, text, file);
}

/** The parts of a definition. */
export function definedDataset(definition: Definition): DefinedDataset {
  const { dataset, source, subject, fields } = definition;
  const whole = highestLevel([...fields, { level: subject.level, dataClass: 'general' as const }]);
  return {
    name: dataset,
    source,
    subject: subject.column,
    identifier: subject.identifier,
    ...(subject.invalid === undefined ? {} : { invalidSubjects: subject.invalid }),
    level: whole!.level,
    entry: entrySchema.parse(entryPart(definition)),
    fields: fields.map(toField),
  };
}

function entryPart(definition: { readonly [key: string]: unknown }): Readonly<Record<string, unknown>> {
  const { dataset: _name, source: _source, subject: _subject, fields: _fields, ...entry } = definition;
  return entry;
}

function toField({ name, missing, ...item }: FieldDefinition): DatasetField {
  return missing === undefined ? { name, kind: 'text', item } : { name, kind: 'number', missing, item };
}

function within(value: number, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return value >= min && value <= max;
}
