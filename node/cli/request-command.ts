/**
 * `sealedger-node request …`: requests that came in, as a person sees them who has to decide.
 *
 * Exit 0 where it is done, 1 for a list that has overdue requests, 2 for usage and refusals.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { questionContracts } from '../services/admin-questions.ts';
import { requestContracts } from '../services/admin-requests.ts';
import { callAdmin } from './admin-client.ts';
import { type AdminCall, needed, runVerb, tell, type Verb, wordsIn } from './call-options.ts';
import { EXIT_DONE, EXIT_FAILED, type NodeCommand } from './command.ts';
import { detailsText, summariesText } from './request-words.ts';

const OPTIONS = ['scope', 'text', 'reason'] as const;

const verbs: Readonly<Record<string, Verb>> = {
  list,
  show: async (call) => {
    const details = await call.ask(requestContracts.show, { requestId: await requestIdOf(call) });
    return tell(call, details, detailsText(details, wordsIn(call.io.locale)));
  },
  ask: async (call) => {
    const question = await call.ask(questionContracts.ask, {
      requestId: await requestIdOf(call),
      text: needed(call, 'text'),
    });
    return tell(call, question, `${question.questionId}\n`);
  },
  acknowledge: async (call) => {
    const answer = await call.ask(requestContracts.acknowledge, { requestId: await requestIdOf(call) });
    return tell(call, answer, `${wordsIn(call.io.locale)('REQUEST_ACKNOWLEDGED', answer)}\n`);
  },
  attachments,
  revoke: revokeVerb,
};

/** Runs one verb. */
export const requestCommand: NodeCommand = (argv, io) =>
  runVerb(argv.flatMap(scoped), io, verbs, OPTIONS, 'REQUEST_COMMAND_USAGE');

/** `--all` and `--overdue` are short for a scope. */
function scoped(word: string): readonly string[] {
  return word === '--all' || word === '--overdue' ? ['--scope', word.slice(2)] : [word];
}

/** Revokes the request that the first word names. */
export async function revokeVerb(call: AdminCall): Promise<number> {
  const input = { requestId: await requestIdOf(call), reason: needed(call, 'reason') };
  const answer = await call.ask(requestContracts.revoke, input);
  return tell(call, answer, `${wordsIn(call.io.locale)('REQUEST_REVOKED_HERE', answer)}\n`);
}

/** The id that the first word begins. @throws {ProtocolError} ARGUMENT_INVALID, REQUEST_UNKNOWN, REQUEST_AMBIGUOUS */
export async function requestIdOf(call: AdminCall): Promise<string> {
  const prefix = call.word(0, 'REQUEST').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(prefix)) return prefix;
  if (!/^[0-9a-f]{4,63}$/.test(prefix)) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'REQUEST', reason: 'its id, or the first four digits' });
  }
  // without the person: a password that comes over a file descriptor can be read once
  const { requests } = await callAdmin(needed(call, 'config'), requestContracts.list, { scope: 'all' }, call.io);
  const found = requests.filter(({ requestId }) => requestId.startsWith(prefix));
  if (found.length > 1) throw new ProtocolError('REQUEST_AMBIGUOUS', { prefix, count: found.length });
  if (found.length === 0) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: prefix });
  return found[0]!.requestId;
}

async function list(call: AdminCall): Promise<number> {
  const scope = call.option('scope');
  const isScope = (text: string): text is 'all' | 'overdue' => text === 'all' || text === 'overdue';
  const answer = await call.ask(requestContracts.list, scope === undefined || !isScope(scope) ? {} : { scope });
  await tell(call, answer, summariesText(answer.requests, wordsIn(call.io.locale)));
  const isLate = answer.requests.some(
    ({ decision, timers }) => decision === 'waiting' && timers.some(({ state }) => state === 'overdue'),
  );
  return isLate ? EXIT_FAILED : EXIT_DONE;
}

/** The node keeps the files; here they are copied to where the person wants them, under names of no path. */
async function attachments(call: AdminCall): Promise<number> {
  const directory = needed(call, 'out');
  const { files } = await call.ask(requestContracts.attachments, { requestId: await requestIdOf(call) });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const here = files.filter(({ isHere }) => isHere);
  for (const { name, sha256, path } of here) {
    await copyFile(path, join(directory, `${sha256.slice(0, 12)}-${safeName(name)}`));
  }
  const { locale } = call.io;
  const text = `${wordsIn(locale)('REQUEST_COPIED', { count: here.length, directory })}\n`;
  call.io.stdout(call.isJson ? `${JSON.stringify({ files })}\n` : text);
  return here.length === files.length ? EXIT_DONE : EXIT_FAILED;
}

/** Names come from the requester. */
function safeName(name: string): string {
  return (
    basename(name)
      .replace(/[^\p{L}\p{N}._-]/gu, '_')
      .replace(/^\.+/, '_')
      .slice(0, 80) || 'file'
  );
}
