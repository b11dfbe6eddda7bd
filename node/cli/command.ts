/** What a command of `sealedger-node` gets of its process, and how a script reads how it ended. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

/** Exit codes: done; done, and what was asked for does not hold; usage or something that could not be read. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export interface CommandIo {
  /** Results, and with `--json` nothing but one document. */
  readonly stdout: (text: string) => void;
  /** Progress, questions and failures. */
  readonly stderr: (text: string) => void;
  readonly locale: Locale;
}

/**
 * A command.
 * @param argv - the arguments after the command's name.
 * @returns the exit code. @throws {ProtocolError} for what the dispatcher prints.
 */
export type NodeCommand = (argv: readonly string[], io: CommandIo) => Promise<number>;

/** A failure in the reader's language, with its code. */
export function explain(error: unknown, locale: Locale): string {
  if (!(error instanceof ProtocolError)) return error instanceof Error ? error.message : 'unknown failure';
  return `${error.code}: ${messageFor(error.code, error.details, locale)}`;
}
