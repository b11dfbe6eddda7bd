/**
 * `sealedger verify FILE… --trust FILE`: says of each bundle what holds, what does not, and what cannot be checked.
 *
 * Exit code 0 only where every file holds, 1 where one does not, 2 where something could not be read. Claims go to
 * stdout, everything else to stderr; `--json` prints one document for a script.
 */
import { parseArgs } from 'node:util';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseTrust, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import { createJsonRpc, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type Claim, whyText } from '../verify/claims.ts';
import { lastStateText, parseLastState } from '../verify/last-state.ts';
import { askChain } from '../verify/later-claims.ts';
import type { LastState } from '../verify/log-claims.ts';
import { type ClaimGroup, type Summary, summarise, summariseUnreadable } from '../verify/summary.ts';
import { claimsOfUnreadable, type Verification, verifyBundleText } from '../verify/verify-bundle.ts';

export type CommandIo = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** UTF-8 text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  /** Needed for `--state` only. */
  readonly writeFile?: (path: string, text: string) => Promise<void>;
  readonly locale: Locale;
};

export const EXIT_HOLDS = 0;
export const EXIT_FAILS = 1;
export const EXIT_UNREADABLE = 2;

type Options = {
  readonly files: readonly string[];
  readonly trust: string;
  readonly rpc?: string | undefined;
  readonly state?: string | undefined;
  readonly json: boolean;
  readonly locale: Locale;
};

type Outcome = { readonly file: string; readonly verification?: Verification; readonly error?: ProtocolError };

/**
 * Runs the command.
 * @param argv - the arguments after `verify`.
 * @returns the exit code.
 */
export async function runVerifyCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let locale = io.locale;
  try {
    const options = readOptions(argv, io.locale);
    locale = options.locale;
    const trust = parseTrust(await readJson(io, options.trust));
    const rpc = options.rpc === undefined ? undefined : createJsonRpc(options.rpc, fetch);
    let state = await readState(io, options.state);
    const outcomes: Outcome[] = [];
    for (const file of options.files) {
      const outcome = await verifyFile(io, file, trust, state, rpc);
      outcomes.push(outcome);
      // what holds by itself but was replaced on the chain that was asked is nothing to go on from
      if (outcome.verification?.verdict === 'holds') state = outcome.verification.state;
    }
    report(io, outcomes, options);
    if (options.state !== undefined) await io.writeFile?.(options.state, lastStateText(state));
    return exitCodeOf(outcomes);
  } catch (error) {
    io.stderr(`${refusalText(error, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

function readOptions(argv: readonly string[], locale: Locale): Options {
  let parsed: ReturnType<typeof parseVerifyArgs>;
  try {
    parsed = parseVerifyArgs(argv);
  } catch (cause) {
    throw new ProtocolError('VERIFY_USAGE', { reason: cause instanceof Error ? cause.message : '' }, { cause });
  }
  const { values, positionals } = parsed;
  if (positionals.length === 0) throw new ProtocolError('VERIFY_USAGE', { reason: 'no FILE' });
  if (values.trust === undefined) throw new ProtocolError('VERIFY_NO_TRUST', {});
  if (values.lang !== undefined && values.lang !== 'en' && values.lang !== 'zh-CN') {
    throw new ProtocolError('VERIFY_USAGE', { reason: '--lang en | zh-CN' });
  }
  const { trust, rpc, state, json } = values;
  return { files: positionals, trust, rpc, state, json: json ?? false, locale: values.lang ?? locale };
}

function parseVerifyArgs(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { trust: text, rpc: text, state: text, lang: text, json: { type: 'boolean' } } as const;
  return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
}

async function readText(io: CommandIo, path: string): Promise<string> {
  try {
    return await io.readFile(path);
  } catch (cause) {
    throw new ProtocolError('VERIFY_FILE_UNREADABLE', { file: path }, { cause });
  }
}

async function readJson(io: CommandIo, path: string): Promise<unknown> {
  return parseJson(z.unknown(), await readText(io, path), path);
}

/** The verifier's own last state; a file that is not there yet is an empty one. */
async function readState(io: CommandIo, path: string | undefined): Promise<LastState> {
  if (path === undefined) return {};
  if (io.writeFile === undefined) throw new ProtocolError('VERIFY_USAGE', { reason: '--state needs a file system' });
  let text: string;
  try {
    text = await io.readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw new ProtocolError('VERIFY_FILE_UNREADABLE', { file: path }, { cause });
  }
  return parseLastState(text, path);
}

async function verifyFile(
  io: CommandIo,
  file: string,
  trust: Trust,
  previousState: LastState,
  rpc: Rpc | undefined,
): Promise<Outcome> {
  try {
    const verification = verifyBundleText(await readText(io, file), trust, { previousState });
    return { file, verification: rpc === undefined ? verification : await askChain(verification, trust, rpc) };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { file, error };
  }
}

function exitCodeOf(outcomes: readonly Outcome[]): number {
  if (outcomes.some(({ error }) => error !== undefined)) return EXIT_UNREADABLE;
  return outcomes.every(({ verification }) => verification?.verdict === 'holds') ? EXIT_HOLDS : EXIT_FAILS;
}

function report(io: CommandIo, outcomes: readonly Outcome[], options: Options): void {
  if (options.json) {
    io.stdout(`${JSON.stringify({ results: outcomes.map((outcome) => toJson(outcome, options.locale)) }, null, 2)}\n`);
    return;
  }
  const texts = outcomes.map(({ file, verification, error }) => {
    if (error !== undefined) io.stderr(`${file}: ${refusalText(error, options.locale)}\n`);
    return describe(file, summaryOf(verification, error, options.locale), options.locale);
  });
  io.stdout(texts.join('\n'));
}

function summaryOf(verification: Verification | undefined, error: ProtocolError | undefined, locale: Locale): Summary {
  if (verification !== undefined) return summarise(verification, locale);
  return summariseUnreadable(error === undefined ? [] : claimsOfUnreadable(error, locale), locale);
}

function toJson({ file, verification, error }: Outcome, locale: Locale): unknown {
  if (verification === undefined) {
    const claims = error === undefined ? [] : claimsOfUnreadable(error, locale);
    return {
      file,
      verdict: 'unreadable',
      error: error?.code,
      reason: refusalText(error, locale),
      claims: claims.map((claim) => claimJson(claim, locale)),
    };
  }
  const { verdict, subject, phase, extent, withheld } = verification;
  const claims = verification.claims.map((claim) => claimJson(claim, locale));
  return { file, verdict, subject, phase, extent, withheld, claims };
}

function claimJson(claim: Claim, locale: Locale): unknown {
  const { code, about, status, why, isInherent } = claim;
  return {
    code,
    about,
    status,
    ...(why === null ? {} : { why, reason: whyText(claim, locale), inherent: isInherent }),
  };
}

const MARKS = { fails: '✗', open: '?', beyond: '·', holds: '✓' } as const;
/** So many of the things that a claim is about are named, the others counted. */
const MAX_NAMED = 6;

/** Verdict and facts first, then what fails, what is open, what no file can show, and what holds. */
function describe(file: string, { headline, meaning, facts, sections }: Summary, locale: Locale): string {
  const lines = [`${file}: ${headline}`, `  ${meaning}`, ...facts.map((fact) => `  ${fact}`)];
  for (const { kind, title, groups } of sections) {
    lines.push('', `  ${title}`);
    for (const group of groups) lines.push(...describeGroup(MARKS[kind], kind === 'holds', group, locale));
  }
  return `${lines.join('\n')}\n`;
}

function describeGroup(mark: string, isShort: boolean, group: ClaimGroup, locale: Locale): string[] {
  const { code, text, why, about } = group;
  const head = `  ${mark} ${String(about.length).padStart(4)}×  ${text}  [${code}]`;
  if (isShort) return [head];
  const more = about.length > MAX_NAMED ? [messageFor('ABOUT_MORE', { count: about.length - MAX_NAMED }, locale)] : [];
  return [head, `           ${[...about.slice(0, MAX_NAMED), ...more].join(', ')}`, `           ${why}`];
}

/** A refusal with its code, as all commands print it. @throws anything else */
export function refusalText(error: unknown, locale: Locale): string {
  if (isProtocolError(error)) return `${error.code}: ${messageFor(error.code, error.details, locale)}`;
  throw error;
}
