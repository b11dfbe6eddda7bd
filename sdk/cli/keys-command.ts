/**
 * `sealedger keys init|passphrase|rotate|revoke --profile FILE`: the keys of a member that runs no node.
 *
 * `init` makes the profile's keystore and prints what a vote for admission needs; `passphrase` seals the same keys under
 * another passphrase; `rotate` replaces them on chain and in the keystore, and finishes a rotation that broke off; `revoke` ends the overlap.
 * Exit 0 where it is done, 2 for usage and refusals.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { assertNewPassphrase } from '@sealedger/protocol/passphrase.ts';
import { organisationId, parseJson } from '@sealedger/protocol/schema.ts';
import {
  assertKeystoreOf,
  createKeystoreFile,
  openKeystoreFile,
  writeKeystoreFile,
} from '@sealedger/transport/keystore-file.ts';
import {
  PASSPHRASE_OPTIONS,
  readNewPassphrase,
  readPassphrase,
  type SecretPlace,
} from '@sealedger/transport/secret-input.ts';
import { z } from 'zod';
import { rotateMemberKeys } from '../rotation.ts';
import { nativeEd25519 } from './native.ts';
import { passphrasePlace } from './passphrase.ts';
import { type CommandIo, EXIT_HOLDS, EXIT_UNREADABLE } from './verify-command.ts';

/** Any member's profile; before admission it needs no deployment and no chain. */
const profileSchema = z.object({
  org: organisationId,
  keystore: z.string().min(1),
  passphraseFile: z.string().min(1).optional(),
  deployment: z.string().min(1).optional(),
  rpc: z.url({ protocol: /^https?$/ }).optional(),
});

const DEFAULT_OVERLAP_SECONDS = 3600;
const OPTIONS = {
  profile: { type: 'string' },
  json: { type: 'boolean', default: false },
  lang: { type: 'string' },
  overlap: { type: 'string' },
  ...PASSPHRASE_OPTIONS,
  'new-passphrase-file': { type: 'string' },
  'new-passphrase-fd': { type: 'string' },
} as const;
type Values = ReturnType<typeof parseOptions>;

interface Call {
  readonly org: string;
  readonly file: string;
  readonly place: SecretPlace;
  readonly values: Values;
  readonly locale: Locale;
  /** @throws {ProtocolError} PROFILE_UNREADABLE where the profile names no chain */
  readonly chain: () => Promise<{ readonly deployment: string; readonly rpc: string }>;
}
interface Outcome {
  readonly document: Readonly<Record<string, string | number>>;
  readonly text: string;
}

const verbs: Readonly<Record<string, (call: Call) => Promise<Outcome>>> = { init, passphrase, rotate, revoke };

/**
 * Runs the command.
 * @param argv - the arguments after `keys`. @returns the exit code.
 */
export async function runKeysCommand([name = '', ...rest]: readonly string[], io: CommandIo): Promise<number> {
  let { locale } = io;
  try {
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    const values = parseOptions(verb === undefined ? [] : rest);
    if (values.lang === 'en' || values.lang === 'zh-CN') locale = values.lang;
    if (verb === undefined || values.profile === undefined) {
      io.stderr(`${messageFor('MEMBER_KEYS_USAGE', {}, locale)}\n`);
      return EXIT_UNREADABLE;
    }
    const { document, text } = await verb(await openCall(values.profile, values, locale));
    io.stdout(values.json ? `${JSON.stringify(document)}\n` : `${text}\n`);
    return EXIT_HOLDS;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    io.stderr(`${error.code}: ${messageFor(error.code, error.details, locale)}\n`);
    return EXIT_UNREADABLE;
  }
}

/** Who types a secret where none belongs does not read it again. */
function parseOptions(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values;
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '…', reason });
  }
}

async function openCall(path: string, values: Values, locale: Locale): Promise<Call> {
  const profile = parseJson(profileSchema, await readText(path), 'profile');
  const at = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  const { org, keystore, passphraseFile, deployment, rpc } = profile;
  return {
    org,
    file: at(keystore),
    place: passphrasePlace(values, passphraseFile === undefined ? undefined : at(passphraseFile)),
    values,
    locale,
    chain: async () => {
      if (deployment === undefined || rpc === undefined) throw new ProtocolError('PROFILE_UNREADABLE', { file: path });
      return { deployment: at(deployment), rpc };
    },
  };
}

async function init({ org, file, place, locale }: Call): Promise<Outcome> {
  const { keys } = await createKeystoreFile(file, org, await readNewPassphrase(place, locale));
  const document = { org, file, ...memberKeys(keys.current, nativeEd25519) };
  return { document, text: messageFor('KEYS_MADE', document, locale) };
}

async function passphrase({ org, file, place, values, locale }: Call): Promise<Outcome> {
  const content = await openKeystoreFile(file, await readPassphrase(place, locale));
  assertKeystoreOf(content, org);
  const chosen = { file: values['new-passphrase-file'], fd: values['new-passphrase-fd'] };
  const next = await readNewPassphrase(chosen, locale);
  assertNewPassphrase(next, org);
  await writeKeystoreFile(file, { ...content, passphrase: next });
  return { document: { org, file }, text: messageFor('KEYS_PASSPHRASE_CHANGED', { file }, locale) };
}

async function rotate(call: Call): Promise<Outcome> {
  const { org, file, values, locale } = call;
  const overlapSeconds = secondsOf(values.overlap);
  const { content, secret, ledgerOf } = await openChainAndKeys(call);
  const rotated = await rotateMemberKeys({
    org,
    keystore: {
      read: async () => content.keys,
      write: (keys) => writeKeystoreFile(file, { org, keys, passphrase: secret }),
    },
    ledgerOf,
    overlapSeconds,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    ed25519: nativeEd25519,
  });
  const document = { org, file, ...rotated, overlapSeconds };
  return { document, text: messageFor('KEYS_ROTATED', document, locale) };
}

async function revoke(call: Call): Promise<Outcome> {
  const { content, ledgerOf } = await openChainAndKeys(call);
  const { blockNumber } = await ledgerOf(content.keys.current.account).revokePreviousKeys();
  return { document: { blockNumber }, text: messageFor('KEYS_REVOKED', { blockNumber }, call.locale) };
}

/** The keystore, opened, and the ledger as written to with one of its accounts. */
async function openChainAndKeys({ org, file, place, locale, chain }: Call) {
  const { deployment: deploymentFile, rpc: url } = await chain();
  const deployment = parseDeployment(parseJson(z.unknown(), await readText(deploymentFile), 'deployment'));
  const secret = await readPassphrase(place, locale);
  const content = await openKeystoreFile(file, secret);
  assertKeystoreOf(content, org);
  const clock = { now: () => Date.now(), sleep: async (ms: number) => void (await sleep(ms)) };
  const rpc = createJsonRpc(url, fetch);
  const ledgerOf = (privateKeyHex: string): LedgerClient =>
    createLedgerClient({ rpc, deployment, clock, account: { privateKeyHex } });
  return { content, secret, ledgerOf };
}

/** @throws {ProtocolError} ARGUMENT_INVALID */
function secondsOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_OVERLAP_SECONDS;
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new ProtocolError('ARGUMENT_INVALID', { argument: '--overlap', reason: 'seconds, 0 to 86400' });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file: path }, { cause });
  }
}
