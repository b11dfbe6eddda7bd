/** The approval of a node behind its operator's channel, over a fake chain, as `sealedger-node` commands reach it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { NodeCommand } from '@sealedger/node/cli/command.ts';
import { nodeConfigSchema } from '@sealedger/node/config.ts';
import { createPasswords } from '@sealedger/node/keys/passwords.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import type { ConfiguredPerson } from '@sealedger/node/people.ts';
import { pseudonymKey } from '@sealedger/node/people.ts';
import { startAdminServer } from '@sealedger/node/server/admin.ts';
import { writeAdminFile } from '@sealedger/node/services/admin-file.ts';
import { adminPolicies } from '@sealedger/node/services/admin-policy.ts';
import { adminQuestions } from '@sealedger/node/services/admin-questions.ts';
import { adminRequests } from '@sealedger/node/services/admin-requests.ts';
import { type Approval, createApproval } from '@sealedger/node/services/approval.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { openPersonGate } from '@sealedger/node/services/person-gate.ts';
import { withPersonKeys } from '../../keys/support/persons.ts';
import { keyOf } from '../../node/support/organisations.ts';
import { temporaryDirectory } from '../../node/support/temporary.ts';
import { type Owner, owner } from './owner.ts';

export interface ApprovingNode extends Owner {
  readonly directory: string;
  readonly approval: Approval;
  /** Requests whose gate key was shown. */
  readonly shown: string[];
  readonly personKey: Uint8Array;
  /** Runs a command as at a terminal; a person of `--by` is given that person's key. */
  run(command: NodeCommand, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }>;
}

/** @param people - who may act here. */
export async function approvingNode(
  t: TestContext,
  policies: Parameters<typeof owner>[1],
  people: readonly ConfiguredPerson[],
  change: Parameters<typeof owner>[2] = {},
): Promise<ApprovingNode> {
  const o = await owner(t, policies, change);
  const directory = await temporaryDirectory(t);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  const place = { rpcUrl: 'http://127.0.0.1:1', deployment: 'none.json', endpoint: 'http://127.0.0.1:1', port: 0 };
  const file = { org: o.parts.org, dataDir, people, policies, ...place };
  const path = join(directory, 'node.json');
  await writeFile(path, JSON.stringify(file));
  const config = nodeConfigSchema.parse(file);
  const shown: string[] = [];
  const personKey = pseudonymKey(keyOf(`${o.parts.org}/seed`));
  const log = { info: () => undefined, error: () => undefined };
  const mutex = createMutex();
  const parts = {
    ...o.parts,
    config,
    log,
    mutex,
    own: { datasets: o.parts.datasets(), registrar: undefined },
    epochKeys: { publish: async (id: string) => void shown.push(id) },
    unlocking: { used: async () => 7 },
  } as unknown as NodeParts;
  const passwords = createPasswords();
  t.after(() => passwords.close());
  const gate = await openPersonGate({
    org: o.parts.org,
    people,
    personKey,
    passwords,
    mutex,
    state: o.state,
    events: o.events,
    // signatures of the command line are of the real clock
    clock: { now: () => Date.now(), sleep: async () => undefined },
  });
  const commands = [...adminRequests(parts), ...adminPolicies(parts), ...adminQuestions(parts)];
  const token = 'ab'.repeat(32);
  const server = await startAdminServer({ commands, gate, log, token });
  t.after(() => server.close());
  await writeAdminFile(dataDir, { url: server.url, token });
  return {
    ...o,
    directory,
    approval: createApproval(parts),
    shown,
    personKey,
    run: async (command, ...args) => {
      const out: string[] = [];
      const err: string[] = [];
      const io = {
        stdout: (text: string) => void out.push(text),
        stderr: (text: string) => void err.push(text),
        locale: 'en' as const,
      };
      const words = withPersonKeys(directory, [...args, '--config', path]);
      const code = await command(words, io);
      return { code, out: out.join(''), err: err.join('') };
    },
  };
}
