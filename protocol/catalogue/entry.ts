/**
 * A catalogue entry as every member reads it: what the government catalogue guide prescribes for a resource and its
 * items, and beside it what a computation needs to know of a field.
 *
 * Sources: 政务信息资源目录编制指南(试行), 2017, chapters 5 and 6 (core metadata, code); GB/T 43697-2024 (core, important,
 * general data); JR/T 0197-2020 (levels 1 to 5, the highest item sets the whole); GB 32100-2015 (provider's code).
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import { identifierKind, parseIdentifier } from '../identifier.ts';
import { organisationId } from '../schema.ts';

const MAX_FIELDS = 4096;
const MAX_TEXT = 4000;
/** What a draft says where only a person can know; nothing that holds one is an entry. */
export const PLACEHOLDER = 'CHANGE-ME';
const said = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !text.includes(PLACEHOLDER), 'a placeholder of the draft is left here');
const line = said(256);

/** A text for people: in one language, or in both. */
export const localTextSchema = z.union([
  said(MAX_TEXT),
  z.strictObject({ zh: said(MAX_TEXT), en: said(MAX_TEXT).optional() }),
  z.strictObject({ en: said(MAX_TEXT) }),
]);
export type LocalText = z.output<typeof localTextSchema>;

/** 无条件共享, 有条件共享, 不予共享. */
export const SHARING_TYPES = ['unconditional', 'conditional', 'none'] as const;
export type SharingType = (typeof SHARING_TYPES)[number];

const SHARING_METHODS = ['platform', 'mail', 'medium', 'service', 'joint-computation'] as const;

/** 共享属性: conditional sharing states its condition, sharing that is refused its ground. */
export const sharingSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('unconditional'), method: z.enum(SHARING_METHODS).default('joint-computation') }),
  z.strictObject({
    type: z.literal('conditional'),
    condition: localTextSchema,
    method: z.enum(SHARING_METHODS).default('joint-computation'),
  }),
  z.strictObject({ type: z.literal('none'), ground: localTextSchema }),
]);
export type Sharing = z.output<typeof sharingSchema>;

/** 开放属性: whether the public may have it. */
export const opennessSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('open') }),
  z.strictObject({ type: z.literal('conditional'), condition: localTextSchema }),
  z.strictObject({ type: z.literal('closed') }),
]);

export const UPDATE_CYCLES = [
  'realtime',
  'daily',
  'weekly',
  'monthly',
  'quarterly',
  'half-yearly',
  'yearly',
  'irregular',
] as const;
export type UpdateCycle = (typeof UPDATE_CYCLES)[number];

/** 信息资源格式: the kind, and the form itself. */
const formatSchema = z.strictObject({
  kind: z.enum(['file', 'spreadsheet', 'database', 'image', 'stream', 'self-describing', 'geographic']),
  type: line.optional(),
});

/** Item types of the guide: C, N, Y, D, T, L, M, G, B, I, F in its letters. */
export const ITEM_TYPES = [
  'character',
  'number',
  'currency',
  'date',
  'datetime',
  'logical',
  'memo',
  'general',
  'double',
  'integer',
  'float',
] as const;

export const IDENTIFIER_KINDS = [
  'resident-id',
  'credit-code',
  'organisation-code',
  'division-code',
  'telephone',
  'account',
  'other',
] as const;

/** GB/T 43697: 核心数据, 重要数据, 一般数据. */
export const DATA_CLASSES = ['general', 'important', 'core'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** JR/T 0197: 1 (least) to 5. */
export const levelSchema = z.int().min(1).max(5);

/** What a field is, beside what a computation takes it for. */
export const itemSchema = z.strictObject({
  title: localTextSchema,
  type: z.enum(ITEM_TYPES),
  /** Longest value, in characters or digits. */
  length: z.int().min(1).max(1_000_000_000).optional(),
  level: levelSchema,
  dataClass: z.enum(DATA_CLASSES).default('general'),
  /** Where the item is shared otherwise than the whole. */
  sharing: sharingSchema.optional(),
  open: opennessSchema.optional(),
  /** Identifier of a data element (GB/T 18391, GB/T 19488). */
  dataElement: line.optional(),
  /** Name of a code list: a standard's number, or one of the department's own. */
  codeList: line.optional(),
  unit: line.optional(),
  /** Least and greatest value that means something. */
  bounds: z
    .strictObject({ min: z.number(), max: z.number() })
    .refine(({ min, max }) => min <= max, 'bounds go from the least to the greatest')
    .optional(),
  identifier: z.enum(IDENTIFIER_KINDS).optional(),
  /** What may be done with it, for people. */
  policy: localTextSchema.optional(),
});
export type Item = z.output<typeof itemSchema>;

/**
 * 信息资源代码: 类 (1 digit), 项 (2), 目 (3), 细目 (any), then `/` and the running number.
 * Source: 政务信息资源目录编制指南(试行), chapter 6.
 */
const resourceCode = z
  .string()
  .max(64)
  .regex(
    /^[1-3][0-9]{5}[0-9A-Za-z]*\/[0-9]{1,12}$/,
    'a resource code is class, item, order, detail / number: 307000/000001',
  );

/** 信息资源分类: 类, 项, 目, 细目. */
const categorySchema = z.strictObject({
  class: z.enum(['basic', 'theme', 'department']),
  item: line,
  order: line.optional(),
  detail: line.optional(),
});

/** A version that another came from. */
export const originSchema = z.strictObject({
  owner: organisationId,
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/),
  version: z.int().positive(),
  /** How: a word for people. */
  how: localTextSchema.optional(),
});
export type Origin = z.output<typeof originSchema>;

const day = z.iso.date();

/** What is said of the whole resource. */
export const entrySchema = z
  .strictObject({
    title: localTextSchema,
    code: resourceCode,
    category: categorySchema,
    provider: z.strictObject({ name: localTextSchema, code: z.string().max(18) }),
    abstract: localTextSchema,
    keywords: z.array(line).max(32).default([]),
    format: formatSchema,
    sharing: sharingSchema,
    open: opennessSchema,
    updateCycle: z.enum(UPDATE_CYCLES),
    publicationDate: day,
    relatedCodes: z.array(resourceCode).max(64).default([]),
    /** What may be done with the resource, for people; the node's policy decides. */
    policy: localTextSchema.optional(),
    /** Versions that this one was made from; that of its own predecessor goes without saying. */
    derivedFrom: z.array(originSchema).max(64).default([]),
  })
  .refine(({ code, category }) => code[0] === String(1 + ['basic', 'theme', 'department'].indexOf(category.class)), {
    path: ['code'],
    message: 'the first digit of the code is that of the category: 1 basic, 2 theme, 3 department',
  })
  .refine(({ provider }) => isCreditCode(provider.code), {
    path: ['provider', 'code'],
    message: 'a unified social credit code of 18 characters with both check characters right',
  });
export type Entry = z.output<typeof entrySchema>;

export const MAX_DATASET_FIELDS = MAX_FIELDS;

/** The level and class of a whole: the highest of its items. @returns null for no items. */
export function highestLevel(
  items: readonly { readonly level: number; readonly dataClass: DataClass }[],
): { readonly level: number; readonly dataClass: DataClass } | null {
  if (items.length === 0) return null;
  return {
    level: Math.max(...items.map(({ level }) => level)),
    dataClass: DATA_CLASSES[Math.max(...items.map(({ dataClass }) => DATA_CLASSES.indexOf(dataClass)))]!,
  };
}

/** The text in a language, else in the other. */
export function localText(text: LocalText, language: 'zh' | 'en'): string {
  if (typeof text === 'string') return text;
  const both: { readonly zh?: string | undefined; readonly en?: string | undefined } = text;
  return both[language] ?? both.zh ?? both.en ?? '';
}

/** All that a text says, in every language it has. */
export function textsOf(text: LocalText): readonly string[] {
  return typeof text === 'string' ? [text] : Object.values(text).filter((value) => value !== undefined);
}

function isCreditCode(text: string): boolean {
  try {
    const id = parseIdentifier(text);
    return id === text && identifierKind(id) === 'unified-social-credit-code';
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
