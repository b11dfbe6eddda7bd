/**
 * `sealedger-node suspend ID --reason TEXT --by PERSON` stops the use of a grant at once; `suspend ID --resume` lifts it.
 *
 * Exit 0 where it is done, 2 for usage and refusals.
 */
import { usageContracts } from '../services/admin-usage.ts';
import { type AdminCall, needed, runVerb, tell, wordsIn } from './call-options.ts';
import type { NodeCommand } from './command.ts';

/** @throws {ProtocolError} ARGUMENT_INVALID, REQUEST_UNKNOWN, GRANT_NOT_SUSPENDED, PERSON_…, ADMIN_NOT_RUNNING */
export const suspendCommand: NodeCommand = (argv, io) => {
  const rest = argv.filter((word) => word !== '--resume');
  const verb = rest.length === argv.length ? 'suspend' : 'resume';
  const words = rest.length === 0 ? [''] : [verb, ...rest];
  return runVerb(words, io, { suspend, resume }, ['reason'], 'SUSPEND_USAGE');
};

async function suspend(call: AdminCall): Promise<number> {
  const reason = needed(call, 'reason');
  const answer = await call.ask(usageContracts.suspend, { request: call.word(0, 'ID'), reason });
  return tell(call, answer, `${wordsIn(call.io.locale)('SUSPEND_DONE', { request: answer.requestId.slice(0, 12) })}\n`);
}

async function resume(call: AdminCall): Promise<number> {
  const answer = await call.ask(usageContracts.resume, { request: call.word(0, 'ID') });
  return tell(call, answer, `${wordsIn(call.io.locale)('RESUME_DONE', { request: answer.requestId.slice(0, 12) })}\n`);
}
