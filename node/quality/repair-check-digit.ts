/**
 * Identifiers whose check digits fail: the one identifier within one usual slip of the text that passes, if there is one.
 *
 * Slips, in the order in which they are tried: blanks, width and case alone; letters that the alphabet leaves out for looking
 * like another one; two neighbours swapped; the check character missing or wrong; one character too many. A slip with two passing results says nothing.
 * Pure functions of one text.
 * Source: GB 32100-2015, GB 11714-1997, GB 11643-1999; slips after Verhoeff 1969.
 */
import {
  creditCodeCheckCharacter,
  organisationCheckCharacter,
  parseIdentifier,
  residentCheckCharacter,
} from '@sealedger/protocol/identifier.ts';
import type { CheckDigitKind } from './rule.ts';

/** What a letter outside the alphabet was read or typed for. */
const LOOKALIKES: Readonly<Record<string, string>> = { I: '1', O: '0', S: '5', V: 'U', Z: '2' };
const MAX_LENGTH = 64;
const LENGTHS: Readonly<Record<Exclude<CheckDigitKind, 'division-code'>, number>> = {
  'credit-code': 18,
  'resident-id': 18,
  'organisation-code': 9,
};

export type Slip = 'spelling' | 'lookalike' | 'check-character' | 'swapped' | 'surplus';
export interface Completion {
  readonly value: string;
  readonly slip: Slip;
  /** How far the slip alone explains the text, 0 to 1. */
  readonly evidence: number;
}

/** A check character that only disagrees may be right, and one of the characters before it wrong. */
const DISAGREEING = 0.5;
const EXPLAINED = 0.95;

/**
 * The identifier that a text was meant to be.
 * @returns undefined where no single slip, or more than one result of it, explains the text; so for division codes, which
 *   have no check digit.
 */
export function completeIdentifier(kind: CheckDigitKind, text: string): Completion | undefined {
  if (kind === 'division-code' || text.length > MAX_LENGTH) return undefined;
  const plain = text.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase();
  for (const [slip, results] of slipsOf(kind, plain)) {
    const passing = [...new Set(results)].filter((result) => isIdentifier(kind, result) && result !== text);
    if (passing.length === 1) {
      const guessed = slip === 'check-character' && plain.length === LENGTHS[kind];
      return { value: passing[0]!, slip, evidence: guessed ? DISAGREEING : EXPLAINED };
    }
    // Two ways to pass: a further slip would only be a worse guess.
    if (passing.length > 1) return undefined;
  }
  return undefined;
}

/** Whether a text in canonical form passes all check digits of its kind. */
export function isIdentifier(kind: CheckDigitKind, text: string): boolean {
  switch (kind) {
    case 'organisation-code':
      return /^[0-9A-Z]{8}[0-9X]$/.test(text) && organisationCheckCharacter(text.slice(0, 8)) === text[8];
    case 'credit-code':
      return /^[0-9A-HJ-NPQRTUWXY]{18}$/.test(text) && creditPasses(text);
    case 'resident-id':
      return /^[0-9]{17}[0-9X]$/.test(text) && residentPasses(text);
    case 'division-code':
      return false;
  }
}

function creditPasses(text: string): boolean {
  return (
    creditCodeCheckCharacter(text.slice(0, 17)) === text[17] &&
    organisationCheckCharacter(text.slice(8, 16)) === text[16]
  );
}

/** Birth date included: of that, protocol/identifier.ts is the judge. */
function residentPasses(text: string): boolean {
  if (residentCheckCharacter(text.slice(0, 17)) !== text[17]) return false;
  try {
    return parseIdentifier(text) === text;
  } catch {
    return false;
  }
}

function* slipsOf(kind: Exclude<CheckDigitKind, 'division-code'>, plain: string): Generator<[Slip, string[]]> {
  const length = LENGTHS[kind];
  const letters = [...plain].map((letter) => LOOKALIKES[letter] ?? letter).join('');
  yield ['spelling', [plain]];
  if (plain.length === length && letters !== plain && kind !== 'organisation-code') yield ['lookalike', [letters]];
  if (plain.length === length) yield ['swapped', swaps(plain)];
  if (plain.length === length || plain.length === length - 1) {
    yield ['check-character', checked(kind, plain.slice(0, length - 1))];
  }
  if (plain.length === length + 1) yield ['surplus', withoutOne(plain)];
}

/** The text with the check character of its kind put behind it; nothing where the rest does not pass already. */
function checked(kind: Exclude<CheckDigitKind, 'division-code'>, body: string): string[] {
  switch (kind) {
    case 'credit-code':
      return /^[0-9A-HJ-NPQRTUWXY]{17}$/.test(body) ? [body + creditCodeCheckCharacter(body)] : [];
    case 'resident-id':
      return /^[0-9]{17}$/.test(body) ? [body + residentCheckCharacter(body)] : [];
    case 'organisation-code':
      return /^[0-9A-Z]{8}$/.test(body) ? [body + organisationCheckCharacter(body)] : [];
  }
}

function swaps(text: string): string[] {
  const results: string[] = [];
  for (let i = 0; i + 1 < text.length; i += 1) {
    if (text[i] !== text[i + 1]) results.push(text.slice(0, i) + text[i + 1] + text[i] + text.slice(i + 2));
  }
  return results;
}

/** The text without one of its characters. */
function withoutOne(text: string): string[] {
  return Array.from(text, (_, i) => text.slice(0, i) + text.slice(i + 1));
}
