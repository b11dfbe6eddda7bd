/**
 * `sealedger certify FILE | list | resume | withdraw MODEL --profile FILE`: what a regulator does with the models of banks.
 *
 * Exit code 0 where it was done, 1 where the model or the submission was refused, 2 where nothing could be examined.
 * Results go to stdout, refusals to stderr; `--json` prints one document on one line. No weight is printed anywhere.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { MAX_SUBMISSION_BYTES } from '@sealedger/protocol/certificate-file.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { PASSPHRASE_OPTIONS } from '@sealedger/transport/secret-input.ts';
import type { CertifiedModelReport, Certifier } from '../certificates.ts';
import { openCertifierAt } from './certify-profile.ts';
import { type CommandIo, EXIT_FAILS, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

const OPTIONS = {
  profile: { type: 'string' },
  floors: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  ...PASSPHRASE_OPTIONS,
} as const;
type Values = ReturnType<typeof parseOptions>['values'];

/** Of the refusals, those that speak of the model, the bank or the request; all others of the call. */
const REFUSED = /^(CERTIFICATE_|CERTIFIER_TAKES_PART|RLWE_|SCORE_RANGE_|ENVELOPE_|SEALED_BOX_|REQUEST_|MEMBER_)/;
const MIN_DIGEST_DIGITS = 8;

/**
 * Runs the command.
 * @param argv - the arguments after `certify`.
 * @returns the exit code.
 */
export async function runCertifyCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  if (argv[0] === '--help') {
    io.stdout(`${messageFor('CERTIFY_USAGE', {}, io.locale)}\n`);
    return EXIT_HOLDS;
  }
  let locale = io.locale;
  try {
    const { values, words } = readOptions(argv);
    locale = values.lang === 'en' || values.lang === 'zh-CN' ? values.lang : locale;
    const { certifier, close } = await openCertifierAt(values.profile!, values, values.floors);
    try {
      print(await run(certifier, words, values), values, io, locale);
    } finally {
      await close();
    }
    return EXIT_HOLDS;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    if (error.code === 'CERTIFY_USAGE_WRONG') io.stderr(`${messageFor('CERTIFY_USAGE', {}, locale)}\n`);
    return REFUSED.test(error.code) ? EXIT_FAILS : EXIT_UNREADABLE;
  }
}

async function run(
  certifier: Certifier,
  [word, ...rest]: readonly string[],
  values: Values,
): Promise<readonly CertifiedModelReport[]> {
  switch (word) {
    case 'list':
      return certifier.list();
    case 'resume':
      return certifier.resume();
    case 'withdraw':
      return [await certifier.withdraw(await digestNamed(certifier, rest[0]!))];
    default: {
      const report = await certifier.examine(await readSubmission(word!));
      if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(report.certificate, null, 1)}\n`);
      return [report];
    }
  }
}

/** @throws {ProtocolError} CERTIFICATE_UNKNOWN unless exactly one model begins like this. */
async function digestNamed(certifier: Certifier, name: string): Promise<string> {
  const isName = /^[0-9a-f]+$/.test(name) && name.length >= MIN_DIGEST_DIGITS;
  const found = isName ? (await certifier.list()).filter(({ modelDigest }) => modelDigest.startsWith(name)) : [];
  if (found.length !== 1) throw new ProtocolError('CERTIFICATE_UNKNOWN', { modelDigest: name.slice(0, 64) });
  return found[0]!.modelDigest;
}

async function readSubmission(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_SUBMISSION_BYTES) throw new ProtocolError('CERTIFICATE_SUBMISSION', { part: 'size' });
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    if (isProtocolError(cause)) throw cause;
    throw new ProtocolError('CERTIFY_FILE_UNREADABLE', { file: path }, { cause });
  }
}

function print(reports: readonly CertifiedModelReport[], { json }: Values, io: CommandIo, locale: Locale): void {
  const text = json ? JSON.stringify({ models: reports }) : reports.map((report) => line(report, locale)).join('\n');
  if (text !== '') io.stdout(`${text}\n`);
}

/** One model in words: whose, its state, and how near it comes to a single feature. */
function line(report: CertifiedModelReport, locale: Locale): string {
  const { requester, modelDigest, state, exposure, certificateHash } = report;
  const head = messageFor(STATE_TEXTS[state], { requester, modelDigest }, locale);
  if (exposure === null) return head;
  const percent = (share: number): string => (100 * share).toFixed(1);
  const figures = {
    effective: exposure.effectiveFeatures.toFixed(1),
    feature: percent(exposure.featureLeverage),
    party: percent(exposure.partyLeverage),
    rank: exposure.rank,
    certificateHash,
  };
  return `${head}\n${messageFor('CERTIFY_FIGURES', figures, locale)}`;
}

const STATE_TEXTS = {
  signed: 'CERTIFY_SIGNED',
  certified: 'CERTIFY_CERTIFIED',
  withdrawn: 'CERTIFY_WITHDRAWN',
  known: 'CERTIFY_KNOWN',
} as const;

function readOptions(argv: readonly string[]): { readonly values: Values; readonly words: readonly string[] } {
  const { values, positionals } = parseOptions(argv);
  const isLanguage = values.lang === undefined || values.lang === 'en' || values.lang === 'zh-CN';
  const expected = positionals[0] === 'withdraw' ? 2 : 1;
  if (positionals.length !== expected) throw usage('FILE | list | resume | withdraw MODEL');
  if (values.profile === undefined) throw usage('--profile FILE');
  if (!isLanguage) throw usage('--lang en | zh-CN');
  return { values, words: positionals };
}

function parseOptions(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : '', cause);
  }
}

function usage(reason: string, cause?: unknown): ProtocolError {
  return new ProtocolError('CERTIFY_USAGE_WRONG', { reason }, { cause });
}
