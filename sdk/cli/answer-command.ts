/** `sealedger answer ID QUESTION TEXT | --file FILE`: answers what an owner or gate asked. */
import { readFile } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { answerText } from '@sealedger/protocol/request-status.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { type BankCall, type BankCommand, requestNamed, runBankCommand } from './bank-command.ts';
import type { CommandIo } from './verify-command.ts';

const answerCommand: BankCommand = {
  usage: 'BANK_ANSWER_USAGE',
  options: ['file'],
  words: [2, 3],
  run: async (call) => {
    const requestId = await requestNamed(call, call.words[0]);
    const { org, questionId } = await questionNamed(call, requestId, call.words[1]!);
    const text = parseDocument(answerText, await answerOf(call), 'answer');
    await call.bank.answer(requestId, org, questionId, text);
    return {
      document: { requestId, org, questionId, state: 'answered' },
      lines: [call.text('BANK_ANSWERED', { org, questionId: questionId.slice(0, 12) })],
    };
  },
};

export function runAnswerCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(answerCommand, argv, io);
}

const MIN_ID_DIGITS = 8;

/** Who asked the one question whose id begins like this. @throws {ProtocolError} QUESTION_UNKNOWN */
async function questionNamed({ bank }: BankCall, requestId: string, name: string) {
  const { parties } = await bank.status(requestId);
  const all = parties.flatMap(({ org, node }) =>
    (node?.questions ?? []).map(({ questionId }) => ({ org, questionId })),
  );
  const found = name.length < MIN_ID_DIGITS ? [] : all.filter(({ questionId }) => questionId.startsWith(name));
  if (found.length !== 1) throw new ProtocolError('QUESTION_UNKNOWN', { questionId: name.slice(0, 64) });
  return found[0]!;
}

async function answerOf({ words, values }: BankCall): Promise<string> {
  const [, , text] = words;
  const file = values['file'];
  if ((text === undefined) === (file === undefined))
    throw new ProtocolError('ARGUMENT_INVALID', { argument: 'TEXT | --file', reason: 'sealedger answer --help' });
  if (text !== undefined) return text;
  try {
    return (await readFile(file!, 'utf8')).trim();
  } catch (cause) {
    throw new ProtocolError('REQUEST_FILE_UNREADABLE', { file: file! }, { cause });
  }
}
