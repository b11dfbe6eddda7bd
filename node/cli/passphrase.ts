/** Arguments of the commands of `sealedger-node` that deal with secrets. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { PassphraseValues } from '@sealedger/transport/secret-input.ts';

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

/** Whether a command that needs no passphrase was given one. */
export function hasPassphrase(values: PassphraseValues): boolean {
  return values['passphrase-file'] !== undefined || values['passphrase-fd'] !== undefined;
}
