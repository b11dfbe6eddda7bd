/**
 * `sealedger-node person hash|keygen|list|log`: what stands in a node's configuration for a person, and what each did.
 *
 * `hash` and `keygen` need no node. Exit 0 where it is done, 2 for usage and refusals.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { assertNewPassphrase } from '@sealedger/protocol/passphrase.ts';
import { writeSecretFile } from '@sealedger/transport/secret-file.ts';
import { readNewPassphrase } from '@sealedger/transport/secret-input.ts';
import { nativeEd25519 } from '../crypto.ts';
import { createPasswords } from '../keys/passwords.ts';
import { peopleContracts } from '../services/admin-people.ts';
import { type AdminCall, columns, numberOption, runVerb, tell } from './call-options.ts';
import { type CommandIo, EXIT_DONE, EXIT_USAGE, type NodeCommand } from './command.ts';
import { parseQuietly } from './passphrase.ts';
import { localeOf } from './status-command.ts';

const SEED_BYTES = 32;

/** Runs one verb. @throws {ProtocolError} ARGUMENT_INVALID, PASSPHRASE_…, SECRET_…, PERSON_…, ADMIN_NOT_RUNNING */
export const personCommand: NodeCommand = async (argv, io) => {
  const [name, ...rest] = argv;
  if (name === 'hash') return hashPassword(rest, io);
  if (name === 'keygen') return makeKey(rest, io);
  return runVerb(argv, io, { list: listPeople, log: listActs }, ['person', 'last'], 'PERSON_USAGE');
};

async function hashPassword(argv: readonly string[], io: CommandIo): Promise<number> {
  const text = { type: 'string' } as const;
  const values = parseQuietly(argv, { 'password-file': text, 'password-fd': text, lang: text });
  const place = { file: values['password-file'], fd: values['password-fd'] };
  const password = await readNewPassphrase(place, localeOf(values.lang, io.locale));
  assertNewPassphrase(password, 'sealedger');
  const passwords = createPasswords();
  try {
    io.stdout(`${await passwords.hash(password)}\n`);
    return EXIT_DONE;
  } finally {
    await passwords.close();
  }
}

async function makeKey(argv: readonly string[], io: CommandIo): Promise<number> {
  const text = { type: 'string' } as const;
  const values = parseQuietly(argv, { out: text, json: { type: 'boolean', default: false }, lang: text });
  const locale = localeOf(values.lang, io.locale);
  const { out: file } = values;
  if (file === undefined) {
    io.stderr(`${messageFor('PERSON_USAGE', {}, locale)}\n`);
    return EXIT_USAGE;
  }
  if (existsSync(file)) throw new ProtocolError('KEYSTORE_EXISTS', { file });
  const secret = new Uint8Array(randomBytes(SEED_BYTES));
  await writeSecretFile(file, `${toHex(secret)}\n`);
  const document = { file, key: toHex(nativeEd25519.publicKey(secret)) };
  io.stdout(values.json ? `${JSON.stringify(document)}\n` : `${messageFor('PERSON_KEY_MADE', document, locale)}\n`);
  return EXIT_DONE;
}

async function listPeople(call: AdminCall): Promise<number> {
  const answer = await call.ask(peopleContracts.list, {});
  const lines = answer.people.map((person) =>
    messageFor('PERSON_LINE', { ...person, roles: person.roles.join(' ') }, call.io.locale),
  );
  return tell(call, answer, lines.map((line) => `${line}\n`).join(''));
}

async function listActs(call: AdminCall): Promise<number> {
  const [person, last] = [call.option('person'), numberOption(call, 'last')];
  const input = { ...(person === undefined ? {} : { person }), ...(last === undefined ? {} : { last }) };
  const answer = await call.ask(peopleContracts.log, input);
  const rows = answer.acts.map(({ at, person: who, actor, command, outcome, requestId }) => [
    at,
    who ?? actor.slice(0, 12),
    command,
    outcome,
    requestId?.slice(0, 12) ?? '',
  ]);
  return tell(call, answer, columns(rows));
}
