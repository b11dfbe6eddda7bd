/**
 * `sealedger grant ID`: every owner's and gate's signed grant, held against the chain.
 *
 * Exit code 1 where a grant is not what the chain says, is not signed by its owner, or is about something else.
 */
import type { Grant } from '@sealedger/protocol/grant.ts';
import { type GrantReport, grantHolds } from '../request-status.ts';
import { type BankCall, type BankCommand, instant, requestNamed, runBankCommand } from './bank-command.ts';
import { DECISION_TEXTS } from './status-command.ts';
import type { CommandIo } from './verify-command.ts';

const grantCommand: BankCommand = {
  usage: 'BANK_GRANT_USAGE',
  options: [],
  words: [1, 1],
  run: async (call) => {
    const requestId = await requestNamed(call, call.words[0]);
    const reports = await call.bank.grants(requestId);
    return {
      document: { requestId, grants: reports.map((report) => ({ ...report, holds: grantHolds(report) })) },
      lines: reports.flatMap((report) => linesOf(call, report)),
      holds: reports.every(grantHolds),
    };
  },
};

export function runGrantCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(grantCommand, argv, io);
}

function linesOf(call: BankCall, report: GrantReport): string[] {
  const { text } = call;
  const { org, decision, grant, checks, failure } = report;
  if (failure !== null) return [text('BANK_GRANT_UNREAD', { org, code: failure })];
  if (grant === null || checks === null)
    return [text('BANK_GRANT_NONE', { org, decision: text(DECISION_TEXTS[decision]) })];
  const verdict = text(grant.approved ? 'BANK_APPROVED' : 'BANK_REJECTED');
  const { rule, quota, expiresAt, approvers, noisePolicy } = grant;
  return [
    text('BANK_GRANT_LINE', {
      org,
      verdict,
      rule,
      approvers,
      quota,
      expiresAt: instant(expiresAt),
      noise: noisePolicy.totalWidthLog2,
    }),
    ...(grant.approved ? conditionLines(call, grant) : []),
    text(
      checks.signature === null
        ? 'BANK_CHECK_OLDER_KEY'
        : checks.signature
          ? 'BANK_CHECK_SIGNED'
          : 'BANK_CHECK_UNSIGNED',
    ),
    text(checks.hash === null ? 'BANK_CHECK_NO_HASH' : checks.hash ? 'BANK_CHECK_HASH' : 'BANK_CHECK_OTHER_HASH'),
    text(checks.scope ? 'BANK_CHECK_SCOPE' : 'BANK_CHECK_OTHER_SCOPE'),
  ];
}

function conditionLines({ text }: BankCall, { conditions }: Grant): string[] {
  const { qualityFloor, hours, weekdays, timeZone, needsConsent, needsCertificate } = conditions;
  return [
    ...(qualityFloor === null ? [] : [text('BANK_CONDITION_QUALITY', { floor: qualityFloor })]),
    ...(hours.length === 0 ? [] : [text('BANK_CONDITION_HOURS', { hours: hours.join(', '), timeZone })]),
    ...(weekdays === null ? [] : [text('BANK_CONDITION_WEEKDAYS', { weekdays: weekdays.join(', ') })]),
    ...(needsConsent ? [text('BANK_CONDITION_CONSENT')] : []),
    ...(needsCertificate ? [text('BANK_CONDITION_CERTIFICATE')] : []),
  ];
}
