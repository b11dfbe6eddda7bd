/** The keystore's passphrase at the command line of `sealedger-node`. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import {
  type PassphraseValues,
  processTerminal,
  readSecret,
  type SecretPlace,
  type Terminal,
} from '@sealedger/transport/secret-input.ts';

/**
 * Parses the arguments of a command that deals with secrets: who types one where none belongs does not read it again.
 * @throws {ProtocolError} ARGUMENT_INVALID with Node's code alone
 */
export function parseQuietly<O extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '…', reason });
  }
}

/**
 * Reads the passphrase from file or descriptor, or asks at the terminal.
 * @throws {ProtocolError} PASSPHRASE_MISSING, SECRET_FILE_MODE, SECRET_UNREADABLE, ARGUMENT_INVALID
 */
export function readPassphrase(values: PassphraseValues, locale: Locale, terminal?: Terminal): Promise<string> {
  const place = { file: values['passphrase-file'], fd: values['passphrase-fd'] };
  return readSecret(place, messageFor('PASSPHRASE_ASK', {}, locale), 'PASSPHRASE_MISSING', terminal);
}

/**
 * Reads a new passphrase; one that is typed is typed twice.
 * @throws {ProtocolError} as readPassphrase; PASSPHRASE_DIFFERS
 */
export async function readNewPassphrase(
  place: SecretPlace,
  locale: Locale,
  terminal: Terminal = processTerminal,
): Promise<string> {
  const read = (code: 'PASSPHRASE_ASK_NEW' | 'PASSPHRASE_ASK_AGAIN'): Promise<string> =>
    readSecret(place, messageFor(code, {}, locale), 'PASSPHRASE_MISSING', terminal);
  const passphrase = await read('PASSPHRASE_ASK_NEW');
  if (place.file !== undefined || place.fd !== undefined) return passphrase;
  if ((await read('PASSPHRASE_ASK_AGAIN')) !== passphrase) throw new ProtocolError('PASSPHRASE_DIFFERS', {});
  return passphrase;
}

/** Whether a command that needs no passphrase was given one. */
export function hasPassphrase(values: PassphraseValues): boolean {
  return values['passphrase-file'] !== undefined || values['passphrase-fd'] !== undefined;
}
