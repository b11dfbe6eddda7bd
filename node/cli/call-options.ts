/** What the commands over the operator's channel share: options, language, usage, output. */
import { writeFile } from 'node:fs/promises';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { z } from 'zod';
import type { AdminContract } from '../server/admin.ts';
import { callAdmin } from './admin-client.ts';
import { type CommandIo, EXIT_DONE, EXIT_USAGE } from './command.ts';
import { PERSON_OPTIONS, type PersonValues, readPerson } from './person-options.ts';
import { localeOf } from './status-command.ts';

const COMMON = {
  config: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  out: { type: 'string' },
  ...PERSON_OPTIONS,
} as const satisfies ParseArgsConfig['options'];

export interface AdminCall {
  readonly io: CommandIo;
  readonly isJson: boolean;
  readonly out: string | undefined;
  readonly positionals: readonly string[];
  /** Value of an option of this command, undefined where it was not given. */
  option(name: string): string | undefined;
  /** The n-th word. @throws {ProtocolError} ARGUMENT_INVALID where it is missing */
  word(index: number, name: string): string;
  /** Asks the running node. @throws {ProtocolError} as callAdmin; ARGUMENT_INVALID without --config */
  ask<I extends z.ZodType, O extends z.ZodType>(contract: AdminContract<I, O>, input: z.input<I>): Promise<z.output<O>>;
}

export type Verb = (call: AdminCall) => Promise<number>;

/**
 * Runs the verb that the first word names.
 * @param options - names of further options, all of them texts.
 * @param usage - code of the usage text.
 */
export async function runVerb(
  argv: readonly string[],
  io: CommandIo,
  verbs: Readonly<Record<string, Verb>>,
  options: readonly string[],
  usage: ErrorCode,
): Promise<number> {
  const [name = '', ...rest] = argv;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) {
    io.stderr(`${messageFor(usage, {}, io.locale)}\n`);
    return EXIT_USAGE;
  }
  return verb(callOf(rest, io, options));
}

function callOf(args: readonly string[], io: CommandIo, options: readonly string[]): AdminCall {
  const own = Object.fromEntries(options.map((name) => [name, { type: 'string' as const }]));
  const { values, positionals } = parsed(args, { ...own, ...COMMON });
  const option = (name: string): string | undefined => {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' ? value : undefined;
  };
  const local = { ...io, locale: localeOf(option('lang'), io.locale) };
  return {
    io: local,
    isJson: values['json'] === true,
    out: option('out'),
    positionals,
    option,
    word: (index, name) => {
      const word = positionals[index];
      if (word === undefined) throw new ProtocolError('ARGUMENT_INVALID', { argument: name, reason: 'missing' });
      return word;
    },
    ask: async (contract, input) => {
      const config = option('config');
      if (config === undefined)
        throw new ProtocolError('ARGUMENT_INVALID', { argument: '--config', reason: 'missing' });
      const person = await readPerson(values as PersonValues, local.locale);
      return callAdmin(config, contract, input, { ...local, person });
    },
  };
}

function parsed(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    // Node names the option and, in quotes, what was written; nothing else.
    const reason = cause instanceof Error ? cause.message : '';
    throw new ProtocolError('ARGUMENT_INVALID', { argument: args[0] ?? '', reason }, { cause });
  }
}

/** Value of an option that must be there. @throws {ProtocolError} ARGUMENT_INVALID */
export function needed(call: AdminCall, name: string): string {
  const value = call.option(name);
  if (value === undefined) throw new ProtocolError('ARGUMENT_INVALID', { argument: `--${name}`, reason: 'missing' });
  return value;
}

/** An optional whole number. @throws {ProtocolError} ARGUMENT_INVALID */
export function numberOption(call: AdminCall, name: string): number | undefined {
  const text = call.option(name);
  if (text === undefined) return undefined;
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  throw new ProtocolError('ARGUMENT_INVALID', { argument: `--${name}`, reason: 'a whole number' });
}

/** Prints a document or its text, into `--out` where that is given. */
export async function tell(call: AdminCall, document: unknown, text: string): Promise<number> {
  const content = call.isJson ? `${JSON.stringify(document)}\n` : text;
  if (call.out === undefined) call.io.stdout(content);
  else await writeFile(call.out, content, { mode: 0o600 });
  return EXIT_DONE;
}

/** Lines of a table with columns as wide as they need to be; wide characters count twice. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, widthOf(cell))),
    [],
  );
  const padded = (cell: string, i: number, row: readonly string[]): string =>
    i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell) + 2);
  return rows.map((row) => `${row.map(padded).join('')}\n`).join('');
}

function widthOf(text: string): number {
  return [...text].reduce(
    (sum, character) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(character)
        ? 2
        : 1),
    0,
  );
}

export type Words = (code: ErrorCode, details?: Readonly<Record<string, unknown>>) => string;

export function wordsIn(locale: Locale): Words {
  return (code, details = {}) => messageFor(code, details, locale);
}
