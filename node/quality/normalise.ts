/**
 * Named normalisations: SQL expressions that bring spellings of one value to the form that a column prescribes.
 *
 * Each is null where the text cannot be read as what the name says, so that nothing is guessed: a repair is proposed only
 * where there is a result. All are pure functions of one text and compile to SQL, so that they run inside the rule's statement.
 */
import { quoteText } from '../catalogue/sql-text.ts';

/** Full-width forms of ASCII (U+FF01 to U+FF5E) and their half-width counterparts. */
const FULL_WIDTH = Array.from({ length: 0x5e }, (_, i) => String.fromCodePoint(0xff01 + i)).join('');
const HALF_WIDTH = Array.from({ length: 0x5e }, (_, i) => String.fromCodePoint(0x21 + i)).join('');
/** Blanks that are not U+0020: no-break space, ideographic space, zero-width space, byte-order mark. */
const BLANKS = '[\\s\\x{00A0}\\x{3000}\\x{200B}\\x{FEFF}]';

const halfWidth = (text: string): string => `translate(${text}, ${quoteText(FULL_WIDTH)}, ${quoteText(HALF_WIDTH)})`;
const replaceAll = (text: string, pattern: string, by: string): string =>
  `regexp_replace(${text}, ${quoteText(pattern)}, ${quoteText(by)}, 'g')`;
const without = (text: string, pattern: string): string => replaceAll(text, pattern, '');
const group = (text: string, pattern: string, index: number): string =>
  `regexp_extract(${text}, ${quoteText(pattern)}, ${index})`;
const matches = (text: string, pattern: string): string => `regexp_matches(${text}, ${quoteText(pattern)})`;

/** `7:10 a.m.` of a clock time in the text: 12 hours with a or p behind it, or 24 hours; a date beside it is left out. */
function clock12(text: string): string {
  const clock = '(?i)(?:^|[^0-9:])([0-9]{1,2}):([0-5][0-9])(?: *([ap]))?';
  const hour = `CAST(${group(text, clock, 1)} AS INTEGER)`;
  const half = `lower(${group(text, clock, 3)})`;
  const form = (hours: string, letter: string): string =>
    `((${hours} + 11) % 12 + 1)::VARCHAR || ':' || ${group(text, clock, 2)} || ' ' || ${letter} || '.m.'`;
  return `CASE WHEN NOT ${matches(text, clock)} THEN NULL
    WHEN ${half} <> '' AND ${hour} BETWEEN 1 AND 12 THEN ${form(hour, half)}
    WHEN ${half} = '' AND ${hour} BETWEEN 0 AND 23 THEN ${form(hour, `CASE WHEN ${hour} < 12 THEN 'a' ELSE 'p' END`)} END`;
}

/** `2019-01-20` of year, month, day in digits with `-`, `/`, `.`, blanks, 年月日, or nothing between; null for no day of the calendar. */
function isoDate(text: string): string {
  const plain = without(halfWidth(text), BLANKS);
  const parts = '^([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))$';
  const pick = (a: number, b: number): string => `lpad(${group(plain, parts, a)} || ${group(plain, parts, b)}, 2, '0')`;
  const iso = `${group(plain, parts, 1)} || '-' || ${pick(2, 4)} || '-' || ${pick(3, 5)}`;
  return `CASE WHEN ${matches(plain, parts)} THEN strftime(try_cast(${iso} AS DATE), '%Y-%m-%d') END`;
}

/** A decimal in its shortest writing, without the noise of binary fractions behind the twelfth place. */
function shortest(decimal: string): string {
  const rounded = `CAST(try_cast(${decimal} AS DECIMAL(30, 12)) AS VARCHAR)`;
  return `regexp_replace(regexp_replace(${rounded}, '([.][0-9]*[1-9])0+$', '\\1'), '[.]0+$', '')`;
}

/** The shortest decimal of a number with thousands separators, blanks or full-width digits; null where a unit or more stands beside it. */
function plainNumber(text: string): string {
  const plain = without(halfWidth(text), BLANKS);
  const number = '^[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)([.][0-9]+)?$';
  return `CASE WHEN ${matches(plain, number)} THEN ${shortest(without(plain, '^[+]|,'))} END`;
}

/** The number in front of a unit, in its shortest writing: `12` of `12.0 oz.`; null where there is no unit or more than one number. */
function numberBeforeUnit(text: string): string {
  const measured = '^ *([0-9]+(?:[.][0-9]+)?) *[^0-9 .,][^0-9]*$';
  return `CASE WHEN ${matches(text, measured)} THEN ${shortest(group(text, measured, 1))} END`;
}

/** Text without blanks at its ends or doubled inside, in half-width forms. */
function text(cell: string): string {
  return `nullif(trim(${replaceAll(halfWidth(cell), `${BLANKS}+`, ' ')}), '')`;
}

/** Chinese text: no blanks at all, brackets and punctuation full-width. */
function chineseText(cell: string): string {
  return `nullif(translate(${without(cell, BLANKS)}, '(),:;!?', '（），：；！？'), '')`;
}

/** A code: half-width, upper case, no blanks, no hyphens. */
function code(cell: string): string {
  return `nullif(upper(${without(halfWidth(cell), `${BLANKS}|-`)}), '')`;
}

const NORMALISATIONS = { clock12, isoDate, plainNumber, numberBeforeUnit, text, chineseText, code } as const;
export type Normalisation = keyof typeof NORMALISATIONS;
export const normalisationNames = Object.keys(NORMALISATIONS) as [Normalisation, ...Normalisation[]];

/** SQL of the normalised form. @param operand - SQL of a text. */
export function normaliseSql(name: Normalisation, operand: string): string {
  return `(${NORMALISATIONS[name](`(${operand})`)})`;
}
