#!/usr/bin/env node
/**
 * The command `sealedger`: gives the command asked for files, output and language of this process.
 *
 * Exit 2 where the command is unknown; otherwise what the command returns.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { type Locale, systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import { runSealedger } from './dispatch.ts';

/** The language that `--lang` names; what is none is refused by the command that reads it. */
function localeAsked(argv: readonly string[]): Locale {
  const at = argv.indexOf('--lang');
  const asked = at < 0 ? undefined : argv[at + 1];
  return asked === 'en' || asked === 'zh-CN' ? asked : systemLocale(process.env);
}

process.exitCode = await runSealedger(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path, 'utf8'),
  writeFile: (path, text) => writeFile(path, text),
  locale: localeAsked(process.argv),
});
