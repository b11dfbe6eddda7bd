/**
 * What counts as a passphrase, and how the bytes of a file or the keys of a terminal become one.
 *
 * Pure: files, descriptors and terminals are read by the command lines. Trust: nothing here remembers what it saw.
 */
import { ProtocolError } from './errors.ts';

/** Longer than what an attacker tries in a lifetime at a keystore's cost; a generated one has 43. */
export const MIN_PASSPHRASE_CHARACTERS = 12;
const MAX_PASSPHRASE_CHARACTERS = 1024;
/** A file or descriptor with more than this is not a passphrase. */
export const MAX_SECRET_BYTES = 4096;
/** So many steps that are neither a repetition nor the next letter or digit make a new passphrase worth its length. */
const MIN_STEPS = 8;
const MIN_DIFFERENT = 6;

/** @throws {ProtocolError} PASSPHRASE_LENGTH */
export function assertPassphraseLength(passphrase: string): void {
  const characters = [...passphrase].length;
  if (characters < MIN_PASSPHRASE_CHARACTERS || characters > MAX_PASSPHRASE_CHARACTERS) {
    throw new ProtocolError('PASSPHRASE_LENGTH', {
      minimum: MIN_PASSPHRASE_CHARACTERS,
      maximum: MAX_PASSPHRASE_CHARACTERS,
    });
  }
}

/**
 * Refuses what a guesser tries first: runs, repetitions, the organisation's own name with something behind it.
 * @throws {ProtocolError} PASSPHRASE_LENGTH, PASSPHRASE_WEAK
 */
export function assertNewPassphrase(passphrase: string, org: string): void {
  assertPassphraseLength(passphrase);
  const plain = passphrase.normalize('NFC').toLowerCase();
  const rest = plain.replaceAll(org.toLowerCase(), '').replaceAll('passphrase', '').replaceAll('password', '');
  const points = [...rest].map((character) => character.codePointAt(0)!);
  const steps = points.filter((point, i) => i === 0 || Math.abs(point - points[i - 1]!) > 1).length;
  if (steps < MIN_STEPS || new Set(points).size < MIN_DIFFERENT || isRepeated(rest)) {
    throw new ProtocolError('PASSPHRASE_WEAK', {});
  }
}

/** Whether a text is one shorter text again and again. */
function isRepeated(text: string): boolean {
  return `${text}${text}`.indexOf(text, 1) < text.length;
}

/**
 * The secret that a file or a descriptor holds: its one line, without the line's end.
 * @throws {ProtocolError} SECRET_UNREADABLE where it is empty, too long, no UTF-8 or more than one line.
 */
export function secretLine(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ProtocolError('SECRET_UNREADABLE', {});
  }
  const line = text.replace(/\r?\n$/, '');
  const isOneLine = line !== '' && [...line].every((character) => character >= ' ' && character !== '\u007f');
  if (bytes.length > MAX_SECRET_BYTES || !isOneLine) throw new ProtocolError('SECRET_UNREADABLE', {});
  return line;
}

/** What was typed so far at a terminal that shows nothing of it. */
export interface Typed {
  readonly text: string;
  readonly state: 'typing' | 'done' | 'aborted';
}

/** Takes keys as a terminal in raw mode sends them: Enter ends, Ctrl-C and Ctrl-D abort, Ctrl-U begins anew. */
export function typeKeys(typed: Typed, keys: string): Typed {
  let { text, state } = typed;
  for (const key of keys) {
    if (state !== 'typing') break;
    if (key === '\r' || key === '\n') state = 'done';
    else if (key === '\u0003' || key === '\u0004') state = 'aborted';
    else if (key === '\u0015') text = '';
    else if (key === '\u007f' || key === '\b') text = [...text].slice(0, -1).join('');
    else if (key >= ' ') text += key;
  }
  return { text, state };
}
