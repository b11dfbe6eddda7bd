/**
 * `sealedger-node decide REQUEST --approve | --reject | --revoke`: a person's decision about a request that waits.
 *
 * Exit 0 where it is decided, 1 where a second approver has to agree, 2 for usage and refusals.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { requestContracts } from '../services/admin-requests.ts';
import { type AdminCall, needed, numberOption, runVerb, tell, type Verb, wordsIn } from './call-options.ts';
import { type CommandIo, EXIT_DONE, EXIT_FAILED, type NodeCommand } from './command.ts';
import { requestIdOf, revokeVerb } from './request-command.ts';

const OPTIONS = ['reason', 'quality-floor', 'hours', 'weekdays', 'require'] as const;
const FLAGS = ['--approve', '--reject', '--revoke'] as const;

const verbs: Readonly<Record<string, Verb>> = {
  approve: (call) => decide(call, 'approve'),
  reject: (call) => decide(call, 'reject'),
  revoke: revokeVerb,
};

/** The decision is a flag here and a verb inside; two of them are none. */
export const decideCommand: NodeCommand = (argv, io: CommandIo) => {
  const given = argv.filter((word) => FLAGS.some((flag) => flag === word));
  const verb = given.length === 1 ? given[0]!.slice(2) : '';
  const rest = argv.filter((word) => !given.includes(word));
  return runVerb([verb, ...rest], io, verbs, OPTIONS, 'DECIDE_USAGE');
};

async function decide(call: AdminCall, decision: 'approve' | 'reject'): Promise<number> {
  const conditions = conditionsOf(call);
  if (decision === 'reject' && Object.keys(conditions).length > 0) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '--reject', reason: 'without conditions' });
  }
  const answer = await call.ask(requestContracts.decide, {
    requestId: await requestIdOf(call),
    approved: decision === 'approve',
    reason: needed(call, 'reason'),
    conditions,
  });
  const words = wordsIn(call.io.locale);
  const told = words(answer.approved ? 'REQUEST_WORD_APPROVED' : 'REQUEST_WORD_REJECTED');
  const lines =
    answer.status === 'decided'
      ? [words('REQUEST_DECIDED', { ...answer, decision: told }), ...(answer.isSent ? [] : [words('REQUEST_UNSENT')])]
      : [...(answer.isVoided ? [words('REQUEST_FIRST_VOID')] : []), words('REQUEST_SECOND_NEEDED', answer)];
  await tell(call, answer, `${lines.join('\n')}\n`);
  return answer.status === 'decided' ? EXIT_DONE : EXIT_FAILED;
}

/** What the person asks for beyond the policy. @throws {ProtocolError} ARGUMENT_INVALID */
function conditionsOf(call: AdminCall) {
  const qualityFloor = numberOption(call, 'quality-floor');
  const hours = listOf(call, 'hours');
  const weekdays = listOf(call, 'weekdays');
  const required = listOf(call, 'require') ?? [];
  const unknown = required.find((word) => word !== 'consent' && word !== 'certificate');
  if (unknown !== undefined) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '--require', reason: 'consent | certificate' });
  }
  return {
    ...(qualityFloor === undefined ? {} : { qualityFloor }),
    ...(hours === undefined ? {} : { hours: [...hours] }),
    ...(weekdays === undefined ? {} : { weekdays: weekdays.map(Number) }),
    ...(required.includes('consent') ? { needsConsent: true as const } : {}),
    ...(required.includes('certificate') ? { needsCertificate: true as const } : {}),
  };
}

function listOf(call: AdminCall, name: string): readonly string[] | undefined {
  return call
    .option(name)
    ?.split(',')
    .map((word) => word.trim());
}
