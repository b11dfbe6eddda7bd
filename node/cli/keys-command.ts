/**
 * `sealedger-node keys init|passphrase|rotate|revoke --config FILE`: the keys of the node's organisation.
 *
 * `init` makes it and prints what a vote for admission needs; `passphrase` seals the same keys under another passphrase,
 * which `--new-passphrase-file` or `--new-passphrase-fd` names; `rotate` has the running node replace the keys, which an
 * operator answers for, and `revoke` ends the overlap of the keys before. Exit 0 where it is done, 2 for usage and refusals.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { assertNewPassphrase } from '@sealedger/protocol/passphrase.ts';
import { assertKeystoreOf, writeKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import { PASSPHRASE_OPTIONS, placeOf, readNewPassphrase, readPassphrase } from '@sealedger/transport/secret-input.ts';
import { type NodeConfig, readConfig } from '../config.ts';
import { nativeEd25519 } from '../crypto.ts';
import { createKeystore, keystorePath, openKeystore } from '../keys/keystore.ts';
import { keyContracts } from '../services/admin-keys.ts';
import { callAdmin } from './admin-client.ts';
import { type CommandIo, EXIT_DONE, EXIT_USAGE, type NodeCommand } from './command.ts';
import { parseQuietly } from './passphrase.ts';
import { PERSON_OPTIONS, readPerson } from './person-options.ts';
import { localeOf } from './status-command.ts';

const OPTIONS = {
  config: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  ...PASSPHRASE_OPTIONS,
  'new-passphrase-file': { type: 'string' },
  'new-passphrase-fd': { type: 'string' },
  overlap: { type: 'string' },
  ...PERSON_OPTIONS,
} as const;
type Values = ReturnType<typeof parseOptions>;

interface Outcome {
  readonly document: Readonly<Record<string, string | number>>;
  readonly text: string;
}
type Verb = (config: NodeConfig, values: Values, io: CommandIo) => Promise<Outcome>;

const verbs: Readonly<Record<string, Verb>> = { init, passphrase: changePassphrase, rotate, revoke };

/** Runs one verb. @throws {ProtocolError} ARGUMENT_INVALID, KEYSTORE_…, PASSPHRASE_…, SECRET_… */
export const keysCommand: NodeCommand = async ([name = '', ...rest], io) => {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  const values = parseOptions(verb === undefined ? [] : rest);
  const locale = localeOf(values.lang, io.locale);
  if (verb === undefined || values.config === undefined) {
    io.stderr(`${messageFor('KEYS_USAGE', {}, locale)}\n`);
    return EXIT_USAGE;
  }
  const { document, text } = await verb(await readConfig(values.config), values, { ...io, locale });
  io.stdout(values.json ? `${JSON.stringify(document)}\n` : `${text}\n`);
  return EXIT_DONE;
};

const parseOptions = (argv: readonly string[]) => parseQuietly(argv, OPTIONS);

async function init({ org, dataDir }: NodeConfig, values: Values, { locale }: CommandIo): Promise<Outcome> {
  const file = keystorePath(dataDir);
  const passphrase = await readNewPassphrase(placeOf(values), locale);
  const keystore = await createKeystore(file, org, passphrase);
  const document = { org, file, ...memberKeys(keystore.stored.current, nativeEd25519) };
  return { document, text: messageFor('KEYS_MADE', document, locale) };
}

async function changePassphrase({ org, dataDir }: NodeConfig, values: Values, { locale }: CommandIo): Promise<Outcome> {
  const file = keystorePath(dataDir);
  const keystore = await openKeystore(file, await readPassphrase(placeOf(values), locale));
  assertKeystoreOf(keystore, org);
  const place = { file: values['new-passphrase-file'], fd: values['new-passphrase-fd'] };
  const passphrase = await readNewPassphrase(place, locale);
  assertNewPassphrase(passphrase, org);
  await writeKeystoreFile(file, { org, keys: keystore.stored, passphrase });
  return { document: { org, file }, text: messageFor('KEYS_PASSPHRASE_CHANGED', { file }, locale) };
}

/** The file that `--config` names is read again by the call: what was read here tells only that it is one. */
async function rotate(_config: NodeConfig, values: Values, io: CommandIo): Promise<Outcome> {
  const passphrase = await readPassphrase(placeOf(values), io.locale);
  const person = await readPerson(values, io.locale);
  const overlap = values.overlap === undefined ? {} : { overlapSeconds: secondsOf(values.overlap) };
  const input = { passphrase, ...overlap };
  const document = await callAdmin(values.config ?? '', keyContracts.rotate, input, { ...io, person });
  return { document, text: messageFor('KEYS_ROTATED', document, io.locale) };
}

async function revoke(_config: NodeConfig, values: Values, io: CommandIo): Promise<Outcome> {
  const person = await readPerson(values, io.locale);
  const document = await callAdmin(values.config ?? '', keyContracts.revoke, {}, { ...io, person });
  return { document, text: messageFor('KEYS_REVOKED', document, io.locale) };
}

/** @throws {ProtocolError} ARGUMENT_INVALID */
function secondsOf(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new ProtocolError('ARGUMENT_INVALID', { argument: '--overlap', reason: 'seconds, 0 to 86400' });
}
