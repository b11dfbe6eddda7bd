/** The scenario's bank in a run: its own process, its request, and what the other parties do about it meanwhile. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import type { BankOutcome, BankTask } from './bank-main.ts';
import type { Child, Processes } from './processes.ts';

/** What the bank's process says while it works. */
type BankMessage =
  | { readonly progress: ErrorCode; readonly details?: Record<string, unknown> }
  /** The request stands on chain, and each owner knows of it. */
  | { readonly asked: string }
  /** The file for the certifier is written. */
  | { readonly submission: string };

export interface BankParties {
  tell(code: ErrorCode, details?: Record<string, unknown>): void;
  /** Persons decide where a policy leaves it to them. @param requestId - what is asked for. */
  decide(requestId: string): Promise<void>;
  /** The regulator examines the model. @param file - what the bank handed in. */
  certify(file: string): Promise<void>;
}

/**
 * Starts the bank and serves what it asks of others.
 * @throws what the bank, a decision or the certifier failed with.
 */
export async function runBank(
  { org, directory, task }: { readonly org: string; readonly directory: string; readonly task: BankTask },
  parties: BankParties,
  processes: Processes,
): Promise<BankOutcome> {
  const taskFile = join(directory, 'task.json');
  await writeFile(taskFile, JSON.stringify(task));
  const child = await processes.start(org, new URL('./bank-main.ts', import.meta.url), ['--task', taskFile]);
  const failed = failureOf(child, parties);
  const outcome = child.line('outcome').then((line) => line['outcome'] as BankOutcome);
  return Promise.race([outcome, failed]);
}

/** Rejects with the first failure of a party; otherwise it never settles. */
function failureOf(child: Child, parties: BankParties): Promise<never> {
  return new Promise((_, reject) => {
    child.process.on('message', (message: BankMessage) => {
      if ('progress' in message) parties.tell(message.progress, message.details);
      if ('asked' in message) parties.decide(message.asked).catch(reject);
      if ('submission' in message) parties.certify(message.submission).catch(reject);
    });
  });
}
