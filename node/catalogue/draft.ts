/**
 * A definition drafted from a profile: what can be seen of the data, and CHANGE-ME where only a person can know.
 *
 * A draft with a CHANGE-ME in it does not pass its check. Levels are suggested with the reason beside them.
 */
import { PLACEHOLDER } from '@sealedger/protocol/catalogue/entry.ts';
import { stringify } from 'yaml';
import type { ColumnProfile, SourceProfile } from './profile.ts';
import type { Source } from './source.ts';

/** Names that tell of a person, of their means, of their health; in Chinese and English. */
const NAMED: readonly { readonly pattern: RegExp; readonly level: number; readonly reason: string }[] = [
  { pattern: /病|诊|医|药|残|health|medical|diagnos|disab/i, level: 4, reason: 'the name tells of health' },
  {
    pattern: /密码|口令|指纹|人脸|password|biometric|fingerprint/i,
    level: 5,
    reason: 'the name tells of authentication',
  },
  {
    pattern: /身份证|证件|护照|id_?(number|card)|passport|ssn/i,
    level: 4,
    reason: 'the name tells of an identity document',
  },
  {
    pattern: /姓名|手机|电话|邮箱|住址|地址|(^|_)name|phone|mobile|e-?mail|address/i,
    level: 3,
    reason: 'the name tells of a person',
  },
  { pattern: /账号|卡号|account|card_?no/i, level: 3, reason: 'the name tells of an account' },
  {
    pattern: /收入|工资|薪|税|贷|余额|资产|欠|income|salary|wage|tax|loan|balance|asset|debt|arrear/i,
    level: 3,
    reason: 'the name tells of means',
  },
];
const PERSONAL = { 'resident-id': 4, 'credit-code': 2, 'organisation-code': 2, 'division-code': 1 } as const;

export interface DraftOptions {
  readonly name: string;
  readonly source: Source;
  /** ISO date for the publication. */
  readonly today: string;
}

/** The YAML text of a drafted definition. */
export function draftDefinition(profile: SourceProfile, { name, source, today }: DraftOptions): string {
  const subject = subjectOf(profile);
  const fields = profile.columns.filter((column) => column !== subject);
  const head = stringify({
    dataset: name,
    source,
    subject: {
      column: subject?.name ?? PLACEHOLDER,
      identifier: subject?.identifier?.kind ?? PLACEHOLDER,
      level: subject === undefined ? PLACEHOLDER : suggestedLevel(subject).level,
    },
    title: { zh: PLACEHOLDER, en: name },
    code: `${PLACEHOLDER} (307000/000001)`,
    category: { class: 'department', item: PLACEHOLDER },
    provider: { name: { zh: PLACEHOLDER }, code: PLACEHOLDER },
    abstract: { zh: PLACEHOLDER },
    format: {
      kind: source.type === 'csv' ? 'spreadsheet' : source.type === 'parquet' ? 'file' : 'database',
      type: source.type,
    },
    sharing: { type: 'conditional', condition: { zh: PLACEHOLDER } },
    open: { type: 'closed' },
    updateCycle: PLACEHOLDER,
    publicationDate: today,
  });
  const told = [
    `# Drafted from ${profile.rows} rows. Counts of distinct values are approximate (HyperLogLog); ranges are rounded outwards.`,
    `# Fill in every ${PLACEHOLDER}; "sealedger-node dataset check" says what is missing. A field with "missing" is computed with as a number.`,
    ...keyLines(profile),
  ];
  return `${told.join('\n')}\n${head}fields:\n${fields.map((column) => fieldText(column, profile.rows)).join('')}`;
}

/** Whom a row is about: of the persons and enterprises the column with the best share, keys first. */
function subjectOf({ columns }: SourceProfile): ColumnProfile | undefined {
  const rank = ({ identifier, isKey }: ColumnProfile): number =>
    identifier?.kind === 'resident-id' || identifier?.kind === 'credit-code' ? identifier.share + (isKey ? 1 : 0) : 0;
  const best = columns.toSorted((a, b) => rank(b) - rank(a))[0];
  return best !== undefined && rank(best) > 0 ? best : undefined;
}

function keyLines({ columns }: SourceProfile): string[] {
  const keys = columns.filter(({ isKey }) => isKey).map(({ name }) => oneLine(name));
  return keys.length === 0
    ? ['# No single column is a key.']
    : [`# Candidate keys (every row has one, none twice): ${keys.join(', ')}.`];
}

function fieldText(column: ColumnProfile, rows: number): string {
  const { level, reason } = suggestedLevel(column);
  const bounds = boundsOf(column);
  const item = {
    name: column.name,
    title: column.name.slice(0, 128),
    type: itemType(column),
    ...(column.maxLength > 0 ? { length: column.maxLength } : {}),
    level,
    ...(column.identifier === null ? {} : { identifier: column.identifier.kind }),
    ...(bounds === undefined ? {} : { bounds }),
  };
  const notes = [
    `${percent(column.missing, rows)} missing, about ${column.distinct} distinct`,
    `level ${level}: ${reason}`,
    ...(column.identifier === null
      ? []
      : [`${(100 * column.identifier.share).toFixed(1)} % are valid as ${column.identifier.kind}`]),
    ...codeNotes(column),
    ...(bounds === undefined ? [] : ['add "missing: VALUE" to have it computed with as a number']),
  ];
  const text = stringify([item]).replace(/^/gm, '  ').trimEnd();
  return `${notes.map((note) => `  # ${oneLine(note)}`).join('\n')}\n${text}\n`;
}

/** Which level a column should have at least, and why. */
export function suggestedLevel({ name, identifier }: Pick<ColumnProfile, 'name' | 'identifier'>): {
  readonly level: number;
  readonly reason: string;
} {
  const byName = NAMED.find(({ pattern }) => pattern.test(name));
  const byCheck =
    identifier === null
      ? undefined
      : { level: PERSONAL[identifier.kind], reason: `check digits of ${identifier.kind}` };
  if (byCheck !== undefined && byCheck.level >= (byName?.level ?? 0)) return byCheck;
  return byName ?? { level: 2, reason: 'nothing in name or values tells of more; a person decides' };
}

function itemType({ kind }: ColumnProfile): string {
  const types = {
    empty: 'character',
    text: 'character',
    integer: 'integer',
    number: 'number',
    date: 'date',
    datetime: 'datetime',
  } as const;
  return types[kind];
}

/** Rounded outwards to one significant digit: the greatest income of a city is one person's. */
function boundsOf({
  range,
  identifier,
  codes,
}: ColumnProfile): { readonly min: number; readonly max: number } | undefined {
  if (range === null || identifier !== null || codes.length > 0) return undefined;
  return { min: range.min >= 0 ? 0 : -roundedUp(-range.min), max: range.max <= 0 ? 0 : roundedUp(range.max) };
}

function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((Math.ceil(value / power) * power).toPrecision(1)) || value;
}

function codeNotes({ codes }: ColumnProfile): string[] {
  if (codes.length === 0) return [];
  const shown = codes.map(({ value, share }) => `${JSON.stringify(value)} ${(100 * share).toFixed(1)} %`);
  return [`likely a code list; values of at least 10 rows and 0.1 %: ${shown.join(', ')}`];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** A comment ends with its line. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
