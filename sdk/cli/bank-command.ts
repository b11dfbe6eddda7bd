/**
 * What the bank's commands have in common: options, language, the opened bank, one document or lines, exit codes.
 *
 * Exit code 0 where it was done, 1 where it was refused or does not hold, 2 where the call or its files were not usable.
 * Results go to stdout, progress and refusals to stderr; `--json` prints one document on one line.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { PASSPHRASE_OPTIONS } from '@sealedger/transport/secret-input.ts';
import { type OpenBank, openBankAt } from './bank-profile.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type CommandIo, EXIT_FAILS, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

export interface BankCall extends OpenBank {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly locale: Locale;
  readonly text: (code: ErrorCode, details?: Readonly<Record<string, string | number>>) => string;
  /** A line on stderr. */
  readonly progress: (line: string) => void;
}

export interface Outcome {
  readonly document: unknown;
  readonly lines: readonly string[];
  /** Whether everything that was looked at holds; default true. */
  readonly holds?: boolean;
}

export interface BankCommand {
  readonly usage: ErrorCode;
  /** Options with a value, beside those of all commands. */
  readonly options: readonly string[];
  /** How many words it takes. */
  readonly words: readonly [least: number, most: number];
  /** Whether it writes to the bank's store: one such command at a time; default not. */
  readonly isExclusive?: boolean;
  readonly run: (call: BankCall) => Promise<Outcome>;
}

/** Refusals that speak of the call, its files or the way to chain and nodes, not of the request. */
const UNUSABLE =
  /^(ARGUMENT_|BANK_USAGE|PROFILE_|SCHEMA_|KEYSTORE_|PASSPHRASE_|SECRET_|REQUEST_FILE_|STORE_|CHAIN_UNREACHABLE|PEER_)/;

/** Runs a command of the bank. @param argv - the arguments after its name. @returns the exit code. */
export async function runBankCommand(command: BankCommand, argv: readonly string[], io: CommandIo): Promise<number> {
  let locale = io.locale;
  try {
    const { values, positionals } = readArguments(command, argv);
    const lang = values['lang'];
    if (lang === 'en' || lang === 'zh-CN') locale = lang;
    if (argv[0] === '--help') {
      io.stdout(`${messageFor(command.usage, {}, locale)}\n`);
      return EXIT_HOLDS;
    }
    const [least, most] = command.words;
    const profile = values['profile'];
    if (profile === undefined || positionals.length < least || positionals.length > most) {
      io.stderr(`${messageFor(command.usage, {}, locale)}\n`);
      return EXIT_UNREADABLE;
    }
    return await runOpened(command, { profile, values, words: positionals, locale }, argv.includes('--json'), io);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    return UNUSABLE.test(error.code) ? EXIT_UNREADABLE : EXIT_FAILS;
  }
}

async function runOpened(
  command: BankCommand,
  asked: Pick<BankCall, 'values' | 'words' | 'locale'> & { readonly profile: string },
  isJson: boolean,
  io: CommandIo,
): Promise<number> {
  const { profile, ...call } = asked;
  const { 'passphrase-file': file, 'passphrase-fd': fd } = call.values;
  const open = await openBankAt(profile, { 'passphrase-file': file, 'passphrase-fd': fd });
  let lock: DirectoryLock | undefined;
  try {
    if (command.isExclusive)
      lock = await lockDirectory(open.storeDirectory, (pid) => new ProtocolError('STORE_BUSY', { pid }));
    const { document, lines, holds } = await command.run({
      ...open,
      ...call,
      text: (code, details = {}) => messageFor(code, details, call.locale),
      progress: (line) => io.stderr(`${line}\n`),
    });
    io.stdout(isJson ? `${JSON.stringify(document)}\n` : lines.map((line) => `${line}\n`).join(''));
    return holds === false ? EXIT_FAILS : EXIT_HOLDS;
  } finally {
    await lock?.release();
    await open.close();
  }
}

function readArguments(command: BankCommand, argv: readonly string[]) {
  const named = [...command.options, 'profile', 'lang', ...Object.keys(PASSPHRASE_OPTIONS)];
  const options: NonNullable<ParseArgsConfig['options']> = {
    json: { type: 'boolean' },
    help: { type: 'boolean' },
    ...Object.fromEntries(named.map((name) => [name, { type: 'string' as const }])),
  };
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    const texts = Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { values: Object.fromEntries(texts) as BankCall['values'], positionals };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'sealedger', reason }, { cause });
  }
}

const MIN_ID_DIGITS = 8;

/**
 * The one request of this bank whose id begins like this.
 * @throws {ProtocolError} REQUEST_UNKNOWN where none or several do
 */
export async function requestNamed({ bank }: Pick<BankCall, 'bank'>, name: string | undefined): Promise<string> {
  const isName = name !== undefined && /^[0-9a-f]{1,64}$/.test(name) && name.length >= MIN_ID_DIGITS;
  const found = isName ? (await bank.requests()).filter((id) => id.startsWith(name)) : [];
  if (found.length !== 1) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: (name ?? '').slice(0, 64) });
  return found[0]!;
}

/** A whole number from an option. @throws {ProtocolError} ARGUMENT_INVALID */
export function numberOption(call: Pick<BankCall, 'values'>, name: string): number | undefined {
  const value = call.values[name];
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value))
    throw new ProtocolError('ARGUMENT_INVALID', { argument: `--${name}`, reason: 'a whole number' });
  return Number(value);
}

/** An instant as a person reads it. @param seconds - since the epoch. */
export function instant(seconds: number): string {
  return new Date(1000 * seconds).toISOString().replace('.000Z', 'Z');
}
