/**
 * A rule set: what must hold of a dataset's rows, as a person writes it in YAML.
 *
 * The parsed form is complete (defaults filled in, `field` and `fields` brought to one), so that its digest does not
 * depend on how it was written. What each rule means, missing cells included, stands in docs/quality-score.md.
 * Source: dimensions of GB/T 36344-2018.
 */
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { datasetName } from '@sealedger/protocol/dataset.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { z } from 'zod';
import { consensusOptions } from './consensus.ts';
import { normalisationNames } from './normalise.ts';
import { typoOptions } from './typo.ts';

/** 规范性, 完整性, 准确性, 一致性, 时效性, 可访问性. Source: GB/T 36344-2018, 5. */
export const DIMENSIONS = [
  'conformity',
  'completeness',
  'accuracy',
  'consistency',
  'timeliness',
  'accessibility',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const SEVERITIES = ['minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const CELL_TYPES = ['integer', 'number', 'boolean', 'date', 'timestamp', 'time'] as const;
export type CellType = (typeof CELL_TYPES)[number];

export const CHECK_DIGITS = ['resident-id', 'credit-code', 'organisation-code', 'division-code'] as const;
export type CheckDigitKind = (typeof CHECK_DIGITS)[number];

/** How a key is brought to one spelling before entities are compared. */
export const KEY_FORMS = ['text', 'company', 'identifier'] as const;
export type KeyForm = (typeof KEY_FORMS)[number];

/** Update cycles of 政务信息资源目录编制指南 with the days after which data is late. */
export const CYCLE_DAYS = {
  realtime: 1,
  daily: 1,
  weekly: 7,
  monthly: 31,
  quarterly: 92,
  yearly: 366,
} as const;

const MAX_SQL_CHARACTERS = 16_384;
const MAX_RULES = 1000;
const MAX_FIELDS = 256;
const MAX_CODES = 100_000;
const WEIGHT_DECIMALS = 3;
const THRESHOLD_DECIMALS = 4;

const ruleId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a rule id is 1 to 64 of A-Z a-z 0-9 . _ -');
const fieldName = z.string().min(1).max(128);
const fieldNames = z.array(fieldName).min(1).max(MAX_FIELDS);
const sql = z.string().trim().min(1).max(MAX_SQL_CHARACTERS);
const dateFormat = z.string().min(1).max(64);
const weight = decimal(WEIGHT_DECIMALS, 1000).refine((value) => value > 0, 'a weight is above 0');
const bound = z.union([z.number(), z.string().min(1).max(64)]);
const tableName = z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, 'a table name is 1 to 31 of a-z 0-9 _');

/** A value made of a row's cells: SQL, or the field itself in a named form (node/quality/normalise.ts). */
const operand = z.union([sql, z.strictObject({ normalise: z.enum(normalisationNames) })]);

/** A number from 0 to `max` that a person can write out with so many decimals: sums over such are exact. */
function decimal(decimals: number, max: number) {
  const scale = 10 ** decimals;
  return z
    .number()
    .min(0)
    .max(max)
    .refine((value) => Math.abs(value * scale - Math.round(value * scale)) < 1e-6, `at most ${decimals} decimals`);
}

const common = {
  id: ruleId,
  dimension: z.enum(DIMENSIONS),
  weight: weight.default(1),
  severity: z.enum(SEVERITIES).default('major'),
  /** Share of the checked cells or rows that must pass. */
  threshold: decimal(THRESHOLD_DECIMALS, 1).default(1),
  /** SQL condition: rows for which it is not true are not checked. */
  when: sql.optional(),
  /** What a failing cell should hold, for a person to decide on; null where that is not known. Never part of the score. */
  propose: operand.optional(),
  /** What the rule asks for, in words, for those who repair. */
  title: z.strictObject({ en: z.string().max(500).optional(), 'zh-CN': z.string().max(500).optional() }).optional(),
};
const perField = { field: fieldName.optional(), fields: fieldNames.optional() };
/** Fields that a failing row is laid to, where the rule itself does not say. */
const blame = { fields: fieldNames.optional() };

const notNull = z.strictObject({ ...common, ...perField, type: z.literal('notNull') });
const typeRule = z.strictObject({
  ...common,
  ...perField,
  type: z.literal('type'),
  is: z.enum(CELL_TYPES),
  /** strptime format of text that holds dates, timestamps or times; ISO 8601 without it. */
  format: dateFormat.optional(),
});
const pattern = z.strictObject({
  ...common,
  ...perField,
  type: z.literal('pattern'),
  /** RE2; the whole cell must match. */
  pattern: z.string().min(1).max(1000),
});
const codeList = z
  .strictObject({
    ...common,
    ...perField,
    type: z.literal('codeList'),
    /** In quotes, so that 01 stays 01. */
    codes: z.array(z.string().max(256)).min(1).max(MAX_CODES).optional(),
    /** The codes are the cells of a column of one of the rule set's tables. */
    from: z.strictObject({ table: tableName, field: fieldName }).optional(),
  })
  .refine(({ codes, from }) => (codes === undefined) !== (from === undefined), 'give either codes or from');
const range = z
  .strictObject({
    ...common,
    ...perField,
    type: z.literal('range'),
    as: z.enum(['number', 'date']).default('number'),
    format: dateFormat.optional(),
    min: bound.optional(),
    max: bound.optional(),
    /** `open` leaves the bounds themselves out. */
    bounds: z.enum(['closed', 'open']).default('closed'),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'give min, max or both')
  .refine(
    ({ as, min, max }) =>
      [min, max].every((end) => end === undefined || (typeof end === 'number') === (as === 'number')),
    'bounds are numbers, or with as: date texts YYYY-MM-DD',
  )
  .refine(
    ({ as, min, max }) => as === 'number' || [min, max].every((end) => end === undefined || isIsoDate(end)),
    'a date bound is YYYY-MM-DD',
  )
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min is above max');
const length = z
  .strictObject({
    ...common,
    ...perField,
    type: z.literal('length'),
    min: z.int().min(0).optional(),
    max: z.int().min(0).optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'give min, max or both')
  .refine(({ min, max }) => (min ?? 0) <= (max ?? Number.MAX_SAFE_INTEGER), 'min is above max');
const unique = z.strictObject({ ...common, ...perField, type: z.literal('unique') });
const reference = z
  .strictObject({
    ...common,
    ...perField,
    type: z.literal('reference'),
    to: z.strictObject({ table: tableName, fields: fieldNames }),
  })
  .refine(
    (rule) => (rule.fields?.length ?? 1) === rule.to.fields.length,
    'to.fields must be as many as the fields of the rule',
  );
const dependency = z.strictObject({
  ...common,
  type: z.literal('dependency'),
  determinant: fieldNames,
  dependent: fieldNames,
  /**
   * Which rows of a group that disagrees fail: those that differ from its most frequent value (all, where two are as
   * frequent), or all.
   */
  blame: z.enum(['minority', 'group']).default('minority'),
});
const expression = z.strictObject({ ...common, ...blame, type: z.literal('expression'), sql });
const conditional = z.strictObject({
  ...common,
  ...blame,
  type: z.literal('conditional'),
  /** Rows for which it is true must satisfy `then`. */
  when: sql,
  // biome-ignore lint/suspicious/noThenProperty: the word a person writes in a rule; a parsed rule is never awaited.
  then: sql,
});
const checkDigit = z.strictObject({
  ...common,
  ...perField,
  type: z.literal('checkDigit'),
  kind: z.enum(CHECK_DIGITS),
});
const dateOrder = z.strictObject({
  ...common,
  type: z.literal('dateOrder'),
  /** Each is not after the next. */
  fields: z.array(fieldName).min(2).max(16),
  equal: z.enum(['allowed', 'refused']).default('allowed'),
  format: dateFormat.optional(),
});
const freshness = z
  .strictObject({
    ...common,
    type: z.literal('freshness'),
    /** Date of each row; without it the time when the source last changed counts. */
    field: fieldName.optional(),
    /** `dataset`: the newest date is young enough; `row`: every row's is. */
    of: z.enum(['dataset', 'row']).default('dataset'),
    cycle: z.enum(Object.keys(CYCLE_DAYS) as [keyof typeof CYCLE_DAYS]).optional(),
    maxAgeDays: z.number().positive().max(36_600).optional(),
    format: dateFormat.optional(),
  })
  .refine(({ cycle, maxAgeDays }) => (cycle === undefined) !== (maxAgeDays === undefined), 'give cycle or maxAgeDays')
  .refine(({ of, field }) => of === 'dataset' || field !== undefined, 'of: row needs a field');
const rowCountDrift = z.strictObject({
  ...common,
  type: z.literal('rowCountDrift'),
  /** Largest change of the number of rows against the version before, as a share of that. */
  maxChange: z.number().positive().max(100),
});
const distributionDrift = z.strictObject({
  ...common,
  ...perField,
  type: z.literal('distributionDrift'),
  as: z.enum(['number', 'category']).default('number'),
  bins: z.int().min(2).max(100).default(10),
  /** Population stability index above which the distribution counts as changed. */
  maxPsi: z.number().positive().max(100).default(0.25),
});
const duplicateEntity = z.strictObject({
  ...common,
  ...perField,
  type: z.literal('duplicateEntity'),
  form: z.enum(KEY_FORMS).default('text'),
});
const consensus = z
  .strictObject({
    ...common,
    ...perField,
    type: z.literal('consensus'),
    ...consensusOptions,
    /** The field in the form that is voted on, and proposed. */
    value: operand.optional(),
    /** What of the field is voted on, where that is not its value: the field is flagged, the winner is no proposal. */
    compare: sql.optional(),
  })
  .refine(({ value, compare }) => value === undefined || compare === undefined, 'give value or compare, not both')
  .refine(({ source, witnesses }) => source === undefined || witnesses.length === 1, 'a source needs a single witness');
const typo = z.strictObject({
  ...common,
  ...perField,
  type: z.literal('typo'),
  ...typoOptions,
  /** The end of the field that is looked at, where that is not all of it. */
  part: sql.optional(),
});
const freeSql = z.strictObject({
  ...common,
  ...blame,
  type: z.literal('sql'),
  /** A SELECT from `data` whose one column is the `_row` of each failing row. */
  sql,
});

const writtenRule = z
  .discriminatedUnion('type', [
    notNull,
    typeRule,
    pattern,
    codeList,
    range,
    length,
    unique,
    reference,
    dependency,
    expression,
    conditional,
    checkDigit,
    dateOrder,
    freshness,
    rowCountDrift,
    distributionDrift,
    duplicateEntity,
    consensus,
    typo,
    freeSql,
  ])
  .superRefine((rule, context) => {
    const { field, fields }: WithFields = rule;
    if (!FREE_OF_FIELDS.includes(rule.type) && (field === undefined) === (fields === undefined)) {
      context.addIssue({ code: 'custom', message: 'give either field or fields', path: ['field'] });
    }
  });
type WrittenRule = z.output<typeof writtenRule>;
/** Wide enough for rules that have no such property. */
interface WithFields {
  readonly id: string;
  readonly field?: string | undefined;
  readonly fields?: string[] | undefined;
}
type Completed<R> = R extends unknown ? Omit<R, 'field' | 'fields'> & { readonly fields: readonly string[] } : never;

/** One rule, complete: `fields` are those that a failing row is laid to. */
export type Rule = Completed<WrittenRule>;
export type RuleType = Rule['type'];
export type RuleOf<T extends RuleType> = Extract<Rule, { readonly type: T }>;

const ruleTable = z
  .strictObject({
    columns: z.array(fieldName).min(1).max(MAX_FIELDS),
    rows: z.array(z.array(z.string().max(4096))).max(1_000_000),
  })
  .refine(({ columns, rows }) => rows.every((row) => row.length === columns.length), 'a row has another length');
/** A small table beside the rules, of texts; an empty text is a missing cell. */
export type RuleTable = z.output<typeof ruleTable>;

/** The YAML of interface `ruleSet`, tables read in. */
export const ruleSetSchema = z
  .strictObject({
    ruleSet: datasetName,
    version: z.int().positive(),
    dataset: datasetName,
    /** Texts that stand for a missing cell, besides blank ones. */
    missing: z.array(z.string().min(1).max(64)).max(64).default([]),
    /** Weight of each dimension in the total; 1 where none is given. */
    dimensionWeights: z.partialRecord(z.enum(DIMENSIONS), weight).default({}),
    tables: z.record(tableName, ruleTable).default({}),
    rules: z.array(writtenRule.transform(complete)).min(1).max(MAX_RULES),
  })
  .superRefine(({ rules, tables }, context) => {
    const seen = new Set<string>();
    rules.forEach((rule, index) => {
      if (seen.has(rule.id)) {
        context.addIssue({
          code: 'custom',
          message: `rule id "${rule.id}" stands twice`,
          path: ['rules', index, 'id'],
        });
      }
      seen.add(rule.id);
      for (const problem of tableProblems(rule, tables)) {
        context.addIssue({ code: 'custom', message: problem, path: ['rules', index] });
      }
    });
  });
export type RuleSet = z.output<typeof ruleSetSchema>;

/** Digest of a complete rule set, as it stands on chain; 32 bytes in hex. */
export function ruleSetHash(ruleSet: RuleSet): string {
  return digestHex(domains.ruleSet, ruleSet);
}

/** Digest of one rule: what points are given for, and what a work order names. */
export function ruleHash(rule: Rule): string {
  return digestHex(domains.rule, rule);
}

/** Types whose `field` or `fields` a person may leave out, or that name their fields in another way. */
const FREE_OF_FIELDS: readonly string[] = [
  'expression',
  'conditional',
  'sql',
  'dependency',
  'dateOrder',
  'freshness',
  'rowCountDrift',
];

function complete(rule: WrittenRule): Rule {
  const { field, fields, ...rest }: WithFields = rule;
  const one = field === undefined ? [] : [field];
  return { ...rest, fields: rule.type === 'dependency' ? rule.dependent : (fields ?? one) } as unknown as Rule;
}

/** Names of rule-set tables and their columns that a rule uses and that are not there. */
function tableProblems(rule: Rule, tables: Readonly<Record<string, RuleTable>>): string[] {
  const used =
    rule.type === 'reference'
      ? { table: rule.to.table, columns: rule.to.fields }
      : rule.type === 'codeList' && rule.from !== undefined
        ? { table: rule.from.table, columns: [rule.from.field] }
        : undefined;
  if (used === undefined) return [];
  const table = tables[used.table];
  if (table === undefined) return [`there is no table "${used.table}" in this rule set`];
  return used.columns
    .filter((column) => !table.columns.includes(column))
    .map((column) => `the table "${used.table}" has no column "${column}"`);
}

function isIsoDate(text: number | string): boolean {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
