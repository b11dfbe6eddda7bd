/**
 * Check digits in SQL, each true or false for a text that is not null.
 *
 * Resident numbers and credit codes pass exactly where protocol/identifier.ts accepts them, after the same normalisation
 * (blanks around, full-width forms, lower case); test/quality/compile.parity.test.ts holds the two against each other.
 * Division codes are tested by form: six digits that begin with a province of GB/T 2260 (or 99, test data). Whether a county
 * existed in a given year is a question for a reference table.
 * Source: GB 11643-1999, GB 32100-2015, GB 11714-1997, GB/T 2260-2007.
 */
import { quoteText } from '../catalogue/sql-text.ts';
import { BLANKS_SQL } from './compile-cell.ts';
import type { CheckDigitKind } from './rule.ts';

const FULL_WIDTH_RANGES = [
  [0xff10, 0xff19],
  [0xff21, 0xff3a],
  [0xff41, 0xff5a],
] as const;
const FULL_WIDTH = FULL_WIDTH_RANGES.flatMap(([from, to]) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)),
);
const HALF_WIDTH = FULL_WIDTH.map((wide) => wide.normalize('NFKC'));
const MAX_TEXT_LENGTH = 64;

const RESIDENT = '[0-9]{17}[0-9X]';
const CREDIT = '[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}';
const ORGANISATION = '[0-9A-Z]{8}-?[0-9X]';
const RESIDENT_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];
const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** Code points of the letters before which the alphabet leaves one out: I, O, S, V, Z. */
const LEFT_OUT = ['I', 'O', 'S', 'V', 'Z'].map((letter) => letter.charCodeAt(0));
/** GB/T 2260-2007, provinces; 99 is not issued and stands for test data. */
const PROVINCES = '(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]|99)[0-9]{4}';

/** Whether a text that is not null passes. Nearly all texts are in form already, and only the others are normalised. */
export function checkDigitSql(kind: CheckDigitKind, text: string): string {
  const { form, check } = STANDARDS[kind];
  const wide = `translate(trim(${text}, ${BLANKS_SQL}), ${quoteText(FULL_WIDTH.join(''))}, ${quoteText(HALF_WIDTH.join(''))})`;
  // Other letters are not upper-cased into ASCII: U+0131 and U+017F would be.
  const isPlain = `length(${text}) <= ${MAX_TEXT_LENGTH} AND regexp_full_match(${wide}, '[0-9A-Za-z-]*')`;
  const saved = `CASE WHEN ${isPlain} AND ${matches(`upper(${wide})`, form)} THEN ${check(`upper(${wide})`)} ELSE false END`;
  return `(CASE WHEN ${matches(text, form)} THEN ${check(text)} ELSE ${saved} END)`;
}

const STANDARDS: Readonly<Record<CheckDigitKind, { readonly form: string; readonly check: (code: string) => string }>> =
  {
    'resident-id': { form: RESIDENT, check: residentSql },
    'credit-code': { form: CREDIT, check: creditSql },
    'organisation-code': { form: ORGANISATION, check: (code) => organisationSql(`replace(${code}, '-', '')`) },
    'division-code': { form: PROVINCES, check: () => 'true' },
  };

function matches(text: string, form: string): string {
  return `regexp_full_match(${text}, ${quoteText(form)})`;
}

function residentSql(code: string): string {
  const date = `substr(${code}, 7, 8)`;
  const isDate = `(substr(${date}, 1, 4) BETWEEN '1800' AND '2099' AND try_strptime(${date}, '%Y%m%d') IS NOT NULL)`;
  const number = `CAST(substr(${code}, 1, 17) AS BIGINT)`;
  const sum = RESIDENT_WEIGHTS.map((weight, i) => `(${number} // ${10n ** BigInt(16 - i)}) % 10 * ${weight}`).join(
    ' + ',
  );
  return `${isDate} AND substr('10X98765432', CAST((${sum}) % 11 + 1 AS INTEGER), 1) = substr(${code}, 18, 1)`;
}

function creditSql(code: string): string {
  const gaps = LEFT_OUT.map((point) => ` - CAST(ascii(letter) > ${point} AS INTEGER)`).join('');
  const sum = weightedSum(`substr(${code}, 1, 17)`, CREDIT_WEIGHTS, gaps);
  const check = `substr(${quoteText(CREDIT_ALPHABET)}, (31 - ${sum} % 31) % 31 + 1, 1) = substr(${code}, 18, 1)`;
  return `${organisationSql(`substr(${code}, 9, 9)`)} AND ${check}`;
}

/** 11 - S mod 11, where 10 is X and 11 is 0. */
function organisationSql(code: string): string {
  const sum = weightedSum(`substr(${code}, 1, 8)`, ORGANISATION_WEIGHTS, '');
  return `substr('0X987654321', ${sum} % 11 + 1, 1) = substr(${code}, 9, 1)`;
}

/** Sum of character values (0-9, then A = 10, less `gaps`) times weights; exact in FLOAT, being below 2^24. */
function weightedSum(text: string, weights: readonly number[], gaps: string): string {
  const value = `CASE WHEN ascii(letter) < 58 THEN ascii(letter) - 48 ELSE ascii(letter) - 55${gaps} END`;
  const values = `list_transform(string_split(${text}, ''), lambda letter: CAST(${value} AS FLOAT))`;
  return `CAST(list_dot_product(${values}, [${weights.join(', ')}]::FLOAT[]) AS INTEGER)`;
}
