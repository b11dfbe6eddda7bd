/** The commands of `sealedger` by name, how each is used, and what runs the one that is asked for. */
import { type ErrorCode, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
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
import { type CommandIo, EXIT_HOLDS, EXIT_UNREADABLE, runVerifyCommand } from './verify-command.ts';
import { runWithdrawCommand } from './withdraw-command.ts';
import { runWithholdCommand } from './withhold-command.ts';

interface Listed {
  readonly run: (argv: readonly string[], io: CommandIo) => Promise<number>;
  /** Text on how it is used. */
  readonly usage: ErrorCode;
}

const commands: Readonly<Record<string, Listed>> = {
  verify: { run: runVerifyCommand, usage: 'VERIFY_HELP' },
  audit: { run: runAuditCommand, usage: 'AUDIT_USAGE' },
  certificate: { run: runCertificateCommand, usage: 'CERTIFICATE_CLI_USAGE' },
  certify: { run: runCertifyCommand, usage: 'CERTIFY_USAGE' },
  catalogue: { run: runCatalogueCommand, usage: 'CATALOGUE_USAGE' },
  member: { run: runMemberCommand, usage: 'MEMBER_USAGE' },
  evidence: { run: runEvidenceCommand, usage: 'EVIDENCE_COLLECT_HELP' },
  consent: { run: runConsentCommand, usage: 'CONSENT_USAGE' },
  keys: { run: runKeysCommand, usage: 'MEMBER_KEYS_USAGE' },
  withhold: { run: runWithholdCommand, usage: 'WITHHOLD_HELP' },
  request: { run: runRequestCommand, usage: 'BANK_REQUEST_USAGE' },
  status: { run: runStatusCommand, usage: 'BANK_STATUS_USAGE' },
  grant: { run: runGrantCommand, usage: 'BANK_GRANT_USAGE' },
  withdraw: { run: runWithdrawCommand, usage: 'BANK_WITHDRAW_USAGE' },
  answer: { run: runAnswerCommand, usage: 'BANK_ANSWER_USAGE' },
  compute: { run: runComputeCommand, usage: 'BANK_COMPUTE_USAGE' },
  unlock: { run: runUnlockCommand, usage: 'BANK_UNLOCK_USAGE' },
};

/** Runs the command that the first word names. @returns its exit code; 2 where it is unknown. */
export async function runSealedger([name, ...rest]: readonly string[], io: CommandIo): Promise<number> {
  const text = (code: ErrorCode, details = {}): string => `${messageFor(code, details, io.locale)}\n`;
  if (name === '--version') io.stdout(`${sdkPackage.version}\n`);
  else if (name === '--help') io.stdout(text('CLI_USAGE'));
  else {
    const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command !== undefined && !rest.includes('--help')) return command.run(rest, io);
    if (command === undefined) {
      if (name !== undefined) io.stderr(text('CLI_COMMAND_UNKNOWN', { command: name }));
      io.stderr(text('CLI_USAGE'));
      return EXIT_UNREADABLE;
    }
    io.stdout(text(command.usage));
  }
  return EXIT_HOLDS;
}
