/**
 * `sealedger withhold FILE --fields a,b --out FILE`: writes a bundle with less open in it, which verifies as before.
 *
 * Exit code 0 where the file was written, 2 where nothing was. The file that was given stays as it is.
 */
import { parseArgs } from 'node:util';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { bundleText, parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import { withholdInBundle } from '@sealedger/protocol/evidence/withhold.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import type { CommandIo } from './verify-command.ts';

const EXIT_WRITTEN = 0;
const EXIT_REFUSED = 2;
/** What the receipts of a request or version say to everybody. */
const PUBLIC_FIELDS =
  'requester, purpose, datasets, modelDigest, quota, expiresAt, approved, attempt, totalUsed, batch, commitment, ruleSetHash, scoreBasisPoints, reportHash';

type Options = {
  readonly file: string;
  readonly fields: readonly string[];
  readonly out: string;
  readonly locale: Locale;
};

/**
 * Runs the command.
 * @param argv - the arguments after `withhold`.
 * @returns the exit code.
 */
export async function runWithholdCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let locale = io.locale;
  try {
    const options = readOptions(argv, io.locale);
    locale = options.locale;
    const whole = parseBundle(parseJson(z.unknown(), await readText(io, options.file), options.file));
    const { bundle, count } = withholdInBundle(whole, options.fields);
    if (io.writeFile === undefined) throw new ProtocolError('WITHHOLD_USAGE', { reason: '--out needs a file system' });
    await io.writeFile(options.out, bundleText(bundle));
    io.stderr(`${messageFor('WITHHOLD_DONE', { file: options.out, count, public: PUBLIC_FIELDS }, locale)}\n`);
    return EXIT_WRITTEN;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    return EXIT_REFUSED;
  }
}

function readOptions(argv: readonly string[], locale: Locale): Options {
  const { values, positionals } = readArgv(argv);
  const [file, ...more] = positionals;
  const fields = (values.fields ?? '').split(',').filter((name) => name !== '');
  const isLanguage = values.lang === undefined || values.lang === 'en' || values.lang === 'zh-CN';
  if (file === undefined || more.length > 0) throw new ProtocolError('WITHHOLD_USAGE', { reason: 'one FILE' });
  if (fields.length === 0) throw new ProtocolError('WITHHOLD_USAGE', { reason: '--fields' });
  if (values.out === undefined || values.out === file) throw new ProtocolError('WITHHOLD_USAGE', { reason: '--out' });
  if (!isLanguage) throw new ProtocolError('WITHHOLD_USAGE', { reason: '--lang en | zh-CN' });
  return {
    file,
    fields,
    out: values.out,
    locale: values.lang === 'en' || values.lang === 'zh-CN' ? values.lang : locale,
  };
}

function readArgv(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = { fields: text, out: text, lang: text } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new ProtocolError('WITHHOLD_USAGE', { reason: cause instanceof Error ? cause.message : '' }, { cause });
  }
}

async function readText(io: CommandIo, path: string): Promise<string> {
  try {
    return await io.readFile(path);
  } catch (cause) {
    throw new ProtocolError('VERIFY_FILE_UNREADABLE', { file: path }, { cause });
  }
}
