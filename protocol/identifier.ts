/**
 * Identifiers of subjects: resident identity numbers and unified social credit codes.
 *
 * Whoever reads rows or questions passes every identifier through {@link parseIdentifier} before anything else
 * touches it. The result is one canonical text per subject, so that tags and POPRF inputs of all parties agree.
 * The division prefix is not looked up in a table (99 is the unissued prefix of test data), and without a clock
 * a birth date in the future is not refused.
 * Source: GB 11643-1999, GB 32100-2015, GB 11714-1997.
 */
import { ProtocolError } from './errors.ts';

declare const subjectIdBrand: unique symbol;

/** A normalised, check-digit tested identifier of 18 characters; made by {@link parseIdentifier} only. */
export type SubjectId = string & { readonly [subjectIdBrand]: true };

export type IdentifierKind = 'resident-identity-number' | 'unified-social-credit-code';

/** Why a text is no identifier; the closed list of `details.reason` of IDENTIFIER_INVALID. */
export type IdentifierReason =
  | 'length'
  | 'fifteen-digit-form'
  | 'characters'
  | 'birth-date'
  | 'check-character'
  | 'organisation-check-character';

const LENGTH = 18;
/** Longest text that is worth normalising: 18 characters and generous blanks around them. */
const MAX_TEXT_LENGTH = 64;
const RESIDENT = /^[0-9]{17}[0-9X]$/;
/** Digits and upper-case letters without I, O, S, V, Z (GB 32100-2015, 4.2). */
const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const CREDIT_CODE = /^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$/;
/** GB 11643-1999, appendix A: 2^(18-i) mod 11. */
const RESIDENT_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
/** GB 32100-2015, 4.2: 3^(i-1) mod 31. */
const CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28] as const;
/** GB 11714-1997, 3. */
const ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2] as const;

/**
 * Normalises and tests an identifier.
 * @param text - 18 characters as typed: blanks around it, full-width digits and letters, and lower case are accepted.
 * @returns the canonical form: 18 characters, ASCII, upper case.
 * @throws {ProtocolError} IDENTIFIER_INVALID with `kind` (or `unknown`) and `reason`, never with any part of the text.
 */
export function parseIdentifier(text: string): SubjectId {
  const normalised = normalise(text);
  const asResident = residentFault(normalised);
  const asCreditCode = creditCodeFault(normalised);
  if (asResident === undefined || asCreditCode === undefined) return normalised as SubjectId;
  if (looksResident(normalised)) refuse('resident-identity-number', asResident);
  refuse('unified-social-credit-code', asCreditCode);
}

/** The kind of a subject; the few texts that satisfy both standards count as resident identity numbers. */
export function identifierKind(id: SubjectId): IdentifierKind {
  return residentFault(id) === undefined ? 'resident-identity-number' : 'unified-social-credit-code';
}

/**
 * Check character of a resident identity number.
 * @param first17 - 17 digits.
 * @throws {ProtocolError} IDENTIFIER_INVALID
 * Source: GB 11643-1999, ISO 7064 MOD 11-2.
 */
export function residentCheckCharacter(first17: string): string {
  if (!/^[0-9]{17}$/.test(first17)) refuse('resident-identity-number', 'characters');
  return '10X98765432'[weightedSum(first17, RESIDENT_WEIGHTS) % 11]!;
}

/**
 * Check character of a unified social credit code.
 * @param first17 - 17 characters of the code's alphabet (no I, O, S, V, Z).
 * @throws {ProtocolError} IDENTIFIER_INVALID
 * Source: GB 32100-2015, 4.2.
 */
export function creditCodeCheckCharacter(first17: string): string {
  if (!/^[0-9A-HJ-NPQRTUWXY]{17}$/.test(first17)) refuse('unified-social-credit-code', 'characters');
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += CREDIT_ALPHABET.indexOf(first17[i]!) * CREDIT_WEIGHTS[i]!;
  return CREDIT_ALPHABET[(31 - (sum % 31)) % 31]!;
}

/**
 * Check character of an organisation code (characters 9 to 17 of a credit code are one).
 * @param first8 - 8 digits or upper-case letters.
 * @throws {ProtocolError} IDENTIFIER_INVALID
 * Source: GB 11714-1997, 3.
 */
export function organisationCheckCharacter(first8: string): string {
  if (!/^[0-9A-Z]{8}$/.test(first8)) refuse('unified-social-credit-code', 'characters');
  const check = 11 - (weightedSum(first8, ORGANISATION_WEIGHTS) % 11);
  if (check === 10) return 'X';
  return check === 11 ? '0' : String(check);
}

function normalise(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) refuse('unknown', 'length');
  const ascii = text.trim().replace(/[\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A]/g, (wide) => wide.normalize('NFKC'));
  if (/^[0-9]{15}$/.test(ascii)) refuse('resident-identity-number', 'fifteen-digit-form');
  if (ascii.length !== LENGTH) refuse('unknown', 'length');
  // Upper-casing comes after this test, because it would turn some other letters (U+0131, U+017F) into ASCII.
  if (!/^[0-9A-Za-z]*$/.test(ascii)) refuse('unknown', 'characters');
  return ascii.toUpperCase();
}

/**
 * Which standard's fault to report where neither holds: digits with the century of a birth year in place, or with a
 * first digit other than that of enterprises (9), are read as a resident identity number.
 */
function looksResident(text: string): boolean {
  return RESIDENT.test(text) && (/^.{6}(18|19|20)/.test(text) || text[0] !== '9');
}

function residentFault(text: string): IdentifierReason | undefined {
  if (!RESIDENT.test(text)) return 'characters';
  if (!isBirthDate(text.slice(6, 14))) return 'birth-date';
  return residentCheckCharacter(text.slice(0, 17)) === text[17] ? undefined : 'check-character';
}

function creditCodeFault(text: string): IdentifierReason | undefined {
  if (!CREDIT_CODE.test(text)) return 'characters';
  if (organisationCheckCharacter(text.slice(8, 16)) !== text[16]) return 'organisation-check-character';
  return creditCodeCheckCharacter(text.slice(0, 17)) === text[17] ? undefined : 'check-character';
}

/** A day of the Gregorian calendar in the years 1800 to 2099. */
function isBirthDate(yyyymmdd: string): boolean {
  const year = Number(yyyymmdd.slice(0, 4));
  const month = Number(yyyymmdd.slice(4, 6));
  const day = Number(yyyymmdd.slice(6, 8));
  if (year < 1800 || year > 2099 || month < 1 || month > 12 || day < 1) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}

/** Sum of character values (0-9, A = 10 to Z = 35) times weights. */
function weightedSum(characters: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number.parseInt(characters[i]!, 36), 0);
}

function refuse(kind: IdentifierKind | 'unknown', reason: IdentifierReason): never {
  throw new ProtocolError('IDENTIFIER_INVALID', { kind, reason });
}
