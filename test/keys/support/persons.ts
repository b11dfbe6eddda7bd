/** People of tests, each with a key that follows from the id; and the arguments by which one gives a command. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PersonCredential } from '@sealedger/node/cli/admin-client.ts';
import type { ConfiguredPerson, PersonRole } from '@sealedger/node/people.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';

/** Ed25519 seed of a test's person. */
export function personSecret(id: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`test person ${id}`).digest());
}

/** What stands for a person in a node's configuration. */
export function testPerson(id: string, ...roles: PersonRole[]): ConfiguredPerson {
  return { id, roles, key: toHex(nobleEd25519.publicKey(personSecret(id))) };
}

export function testCredential(id: string): PersonCredential {
  return { id, secret: personSecret(id) };
}

/** Adds the key's file after `--by ID`, where there is one: a test names a person as somebody at a terminal does. */
export function withPersonKeys(directory: string, args: readonly string[]): string[] {
  const at = args.indexOf('--by');
  const id = at < 0 ? undefined : args[at + 1];
  if (id === undefined || args.includes('--person-key') || args.some((arg) => arg.startsWith('--password-')))
    return [...args];
  const file = join(directory, `person-${id}.key`);
  writeFileSync(file, `${toHex(personSecret(id))}\n`, { mode: 0o600 });
  return [...args, '--person-key', file];
}
