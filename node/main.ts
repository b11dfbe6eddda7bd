#!/usr/bin/env node
/**
 * The command `sealedger-node`: gives the command asked for output and language of this process.
 *
 * Exit 2 where the command is unknown or a refusal ends it; otherwise what the command returns.
 */
import { type Locale, systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import { runSealedgerNode } from './cli/dispatch.ts';

/** The language that `--lang` names, so that usage and refusals are in it too; what is none the command refuses. */
function localeAsked(argv: readonly string[]): Locale {
  const at = argv.indexOf('--lang');
  const asked = at < 0 ? undefined : argv[at + 1];
  return asked === 'en' || asked === 'zh-CN' ? asked : systemLocale(process.env);
}

process.exit(
  await runSealedgerNode(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    locale: localeAsked(process.argv),
  }),
);
