/**
 * People at the one department of a run whose policy leaves decisions to a person: their passwords, and what they do.
 *
 * They decide as people do, by the node's commands in processes of their own; a run in which nobody sits at a terminal reads
 * the passwords from files.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPasswords } from '@sealedger/node/keys/passwords.ts';
import type { ConfiguredPerson } from '@sealedger/node/people.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { secretLine } from '@sealedger/protocol/passphrase.ts';
import { readSecretFile, writeSecretFile } from '@sealedger/transport/secret-file.ts';
import type { Child, Processes } from './processes.ts';
import type { ScenarioFiles } from './scenario-files.ts';

/** The second one is asked where the data's level wants two. */
const APPROVERS = ['duty-officer', 'section-chief'] as const;
const PASSWORD_BYTES = 24;
const REASON = 'within the agreement with the bank; purpose, quota and term are in order';
const LOOK_EVERY_MS = 250;
const LOOKS = 200;

/** The department where a person decides: the last one of the scenario. */
export function personalDepartment({ scenario }: Pick<ScenarioFiles, 'scenario'>): string {
  return scenario.departments.at(-1)!.node;
}

function passwordFile(directory: string, id: string): string {
  return join(directory, `${id}.password`);
}

/** The approvers for a node's configuration; their passwords are made once, each in a file of its owner's. */
export async function openApprovers(directory: string): Promise<readonly ConfiguredPerson[]> {
  const passwords = createPasswords();
  try {
    const people: ConfiguredPerson[] = [];
    for (const id of APPROVERS) {
      const file = passwordFile(directory, id);
      if (!existsSync(file)) await writeSecretFile(file, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`);
      const password = secretLine((await readSecretFile(file))!);
      people.push({ id, roles: ['approver'], password: await passwords.hash(password) });
    }
    return people;
  } finally {
    await passwords.close();
  }
}

export interface PersonalDecision {
  readonly department: string;
  /** Directory of its node, with `node.json`. */
  readonly directory: string;
  readonly requestId: string;
  readonly lang: string;
}

/**
 * Looks at the queue until the request stands there, and approves it: `sealedger-node request list`, then
 * `sealedger-node decide`.
 * @returns who decided. @throws {ProtocolError} PROCESS_FAILED
 */
export async function decideByPerson(task: PersonalDecision, processes: Processes): Promise<readonly string[]> {
  await untilWaiting(task, processes);
  const decided: string[] = [];
  for (const person of APPROVERS) {
    const child = await startCommand(task, processes, 'decide', [
      task.requestId,
      '--approve',
      '--reason',
      REASON,
      '--by',
      person,
      '--password-file',
      passwordFile(task.directory, person),
    ]);
    const { status } = await child.line('status');
    decided.push(person);
    if (status === 'decided') return decided;
  }
  throw new ProtocolError('PROCESS_FAILED', { name: task.department, exitCode: 1, log: 'decide' });
}

async function untilWaiting(task: PersonalDecision, processes: Processes): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const child = await startCommand(task, processes, 'request', ['list']);
    const { requests } = await child.line('requests');
    const waiting = requests as readonly { readonly requestId: string }[];
    if (waiting.some(({ requestId }) => requestId === task.requestId)) return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new ProtocolError('PROCESS_FAILED', { name: task.department, exitCode: 0, log: 'request list' });
}

function startCommand(
  { department, directory, lang }: PersonalDecision,
  processes: Processes,
  command: string,
  args: readonly string[],
): Promise<Child> {
  const script = new URL('../node/main.ts', import.meta.url);
  const all = [command, ...args, '--config', join(directory, 'node.json'), '--json', '--lang', lang];
  return processes.start(`${department}-${command}`, script, all);
}
