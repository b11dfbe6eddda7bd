#!/usr/bin/env node
/**
 * The command `sealedger`: finds the command asked for and gives it files, output and language of this process.
 *
 * Exit 2 where the command is unknown; otherwise what the command returns.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { messageFor, systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import sdkPackage from '../package.json' with { type: 'json' };
import { runAnswerCommand } from './answer-command.ts';
import { runAuditCommand } from './audit-command.ts';
import { runCatalogueCommand } from './catalogue-command.ts';
import { runCertificateCommand } from './certificate-command.ts';
import { runCertifyCommand } from './certify-command.ts';
import { runComputeCommand } from './compute-command.ts';
import { runConsentCommand } from './consent-command.ts';
import { runEvidenceCommand } from './evidence-command.ts';
import { runGrantCommand } from './grant-command.ts';
import { runKeysCommand } from './keys-command.ts';
import { runMemberCommand } from './member-command.ts';
import { runRequestCommand } from './request-command.ts';
import { runStatusCommand } from './status-command.ts';
import { runUnlockCommand } from './unlock-command.ts';
import { type CommandIo, EXIT_UNREADABLE, runVerifyCommand } from './verify-command.ts';
import { runWithdrawCommand } from './withdraw-command.ts';
import { runWithholdCommand } from './withhold-command.ts';

async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case 'verify':
      return runVerifyCommand(rest, io);
    case 'audit':
      return runAuditCommand(rest, io);
    case 'certificate':
      return runCertificateCommand(rest, io);
    case 'certify':
      return runCertifyCommand(rest, io);
    case 'catalogue':
      return runCatalogueCommand(rest, io);
    case 'member':
      return runMemberCommand(rest, io);
    case 'evidence':
      return runEvidenceCommand(rest, io);
    case 'consent':
      return runConsentCommand(rest, io);
    case 'keys':
      return runKeysCommand(rest, io);
    case 'withhold':
      return runWithholdCommand(rest, io);
    case 'request':
      return runRequestCommand(rest, io);
    case 'status':
      return runStatusCommand(rest, io);
    case 'grant':
      return runGrantCommand(rest, io);
    case 'withdraw':
      return runWithdrawCommand(rest, io);
    case 'answer':
      return runAnswerCommand(rest, io);
    case 'compute':
      return runComputeCommand(rest, io);
    case 'unlock':
      return runUnlockCommand(rest, io);
    case '--version':
      io.stdout(`${sdkPackage.version}\n`);
      return 0;
    case '--help':
      io.stdout(`${messageFor('CLI_USAGE', {}, io.locale)}\n`);
      return 0;
    case undefined:
      io.stderr(`${messageFor('CLI_USAGE', {}, io.locale)}\n`);
      return EXIT_UNREADABLE;
    default:
      io.stderr(`${messageFor('CLI_COMMAND_UNKNOWN', { command }, io.locale)}\n`);
      io.stderr(`${messageFor('CLI_USAGE', {}, io.locale)}\n`);
      return EXIT_UNREADABLE;
  }
}

process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path, 'utf8'),
  writeFile: (path, text) => writeFile(path, text),
  locale: systemLocale(process.env),
});
