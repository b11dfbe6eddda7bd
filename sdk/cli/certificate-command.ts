/** `sealedger certificate submit REQUEST --out FILE`: the bank writes the file that opens its model to the certifier. */
import { chmod, rename, writeFile } from 'node:fs/promises';
import { splitSubmission, submissionHeadSchema } from '@sealedger/protocol/certificate-file.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type BankCall, type BankCommand, type Outcome, requestNamed, runBankCommand } from './bank-command.ts';
import type { CommandIo } from './verify-command.ts';

const certificateCommand: BankCommand = {
  usage: 'CERTIFICATE_CLI_USAGE',
  options: ['out', 'certifier'],
  words: [2, 2],
  run: submit,
};

export function runCertificateCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  return runBankCommand(certificateCommand, argv, io);
}

async function submit(call: BankCall): Promise<Outcome> {
  const [verb, name] = call.words;
  const { out, certifier } = call.values;
  if (verb !== 'submit') throw new ProtocolError('ARGUMENT_INVALID', { argument: verb ?? '', reason: 'submit' });
  if (out === undefined) throw new ProtocolError('ARGUMENT_INVALID', { argument: '--out', reason: 'missing' });
  const requestId = await requestNamed(call, name);
  const submission = await call.bank.certificateSubmission(requestId, certifier === undefined ? {} : { certifier });
  await writePrivate(out, submission);
  const details = { file: out, bytes: submission.length, certifier: receiverOf(submission) };
  return { document: { requestId, ...details }, lines: [call.text('CERTIFICATE_SUBMITTED', details)] };
}

/** Whom the file that was just written is for. */
function receiverOf(submission: Uint8Array): string {
  const head = parseDocument(z.object({ body: submissionHeadSchema }), splitSubmission(submission).head, 'submission');
  return head.body.certifier;
}

/** The box is sealed, and still it is nobody else's to keep. */
async function writePrivate(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, bytes, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
