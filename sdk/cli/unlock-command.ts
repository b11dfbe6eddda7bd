/**
 * `sealedger unlock ID --subjects FILE --out FILE`: unlocks subjects, writes their scores, commits to the results.
 *
 * The subjects stand one to a line; what is written is `subject,logit,status`, readable by its owner alone. Every subject
 * counts against the quota once, also one that is not in the register; the same list again costs nothing.
 */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier, type SubjectId } from '@sealedger/protocol/identifier.ts';
import type { OpenedScore } from '../scores.ts';
import { type BankCall, type BankCommand, requestNamed, runBankCommand } from './bank-command.ts';
import type { CommandIo } from './verify-command.ts';

const MAX_SUBJECTS_BYTES = 256 << 20;
const PROGRESS_EVERY = 10_000;

const unlockCommand: BankCommand = {
  usage: 'BANK_UNLOCK_USAGE',
  options: ['subjects', 'out'],
  words: [1, 1],
  isExclusive: true,
  run: async (call) => {
    const { subjects: file, out } = call.values;
    if (file === undefined || out === undefined)
      throw new ProtocolError('ARGUMENT_INVALID', { argument: '--subjects, --out', reason: 'sealedger unlock --help' });
    const requestId = await requestNamed(call, call.words[0]);
    const subjects = await readSubjects(file);
    let next = PROGRESS_EVERY;
    const opened = await call.bank.unlock(requestId, subjects, {
      onProgress: (done, of) => {
        if (done < next && done < of) return;
        next = done + PROGRESS_EVERY;
        call.progress(call.text('BANK_UNLOCK_PROGRESS', { done, of }));
      },
    });
    await writeScores(out, subjects, opened);
    await call.bank.commitResults(requestId);
    return summary(call, requestId, opened);
  },
};

export function runUnlockCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(unlockCommand, argv, io);
}

async function summary(
  { bank, text, progress, org }: BankCall,
  requestId: string,
  opened: ReadonlyMap<SubjectId, OpenedScore>,
) {
  const scored = [...opened.values()].filter(({ status }) => status === 'scored').length;
  const { used, quota } = await bank.status(requestId);
  const { features } = await bank.askedModel(requestId);
  const own = features.filter(({ party }) => party === org).length;
  if (own > 0) progress(text('BANK_UNLOCK_OWN_FEATURES', { own }));
  const counts = { scored, notInRegister: opened.size - scored, used, quota };
  return { document: { requestId, ...counts, ownFeatures: own }, lines: [text('BANK_UNLOCKED', counts)] };
}

/** @throws {ProtocolError} REQUEST_FILE_UNREADABLE, REQUEST_FILE_TOO_LARGE, SUBJECT_LINE with the line, never the identifier */
async function readSubjects(path: string): Promise<SubjectId[]> {
  const lines = (await readLimited(path)).split(/\r?\n/);
  const subjects = lines.flatMap((line, i) => (line.trim() === '' ? [] : [subjectOf(line.trim(), i + 1)]));
  return [...new Set(subjects)];
}

function subjectOf(text: string, line: number): SubjectId {
  try {
    return parseIdentifier(text);
  } catch (cause) {
    throw new ProtocolError('REQUEST_FILE_SUBJECT', { line }, { cause });
  }
}

async function readLimited(path: string): Promise<string> {
  try {
    if ((await stat(path)).size <= MAX_SUBJECTS_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('REQUEST_FILE_UNREADABLE', { file: path }, { cause });
  }
  throw new ProtocolError('REQUEST_FILE_TOO_LARGE', { file: path, limitBytes: MAX_SUBJECTS_BYTES });
}

async function writeScores(
  path: string,
  subjects: readonly SubjectId[],
  opened: ReadonlyMap<SubjectId, OpenedScore>,
): Promise<void> {
  const lines = subjects.map((subject) => {
    const score = opened.get(subject)!;
    return score.status === 'scored' ? `${subject},${score.logit.toFixed(9)},scored` : `${subject},,not-in-register`;
  });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${['subject,logit,status', ...lines].join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
