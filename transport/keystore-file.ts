/**
 * An organisation's keystore as a file: made, opened, and written anew, whole or not at all.
 *
 * Trust: who has file and passphrase is the organisation. What the file holds and how it is sealed, protocol/keystore.ts
 * says. Here because node and command line of the SDK, which do not know each other, both open one.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  DEFAULT_KEYSTORE_COST,
  KEYSTORE_BYTES,
  type KeystoreCost,
  type KeystoreKeys,
  newKeystoreKeys,
  openKeystoreText,
  sealKeystore,
} from '@sealedger/protocol/keystore.ts';
import { assertNewPassphrase } from '@sealedger/protocol/passphrase.ts';
import { readSecretFile, writeSecretFile } from './secret-file.ts';

const SALT_AND_NONCE_BYTES = 40;

/** What a keystore holds, and whose it is. */
export interface KeystoreContent {
  readonly org: string;
  readonly keys: KeystoreKeys;
}

/**
 * Opens a keystore.
 * @throws {ProtocolError} KEYSTORE_MISSING, KEYSTORE_UNREADABLE, KEYSTORE_PASSPHRASE, PASSPHRASE_LENGTH, SECRET_FILE_MODE;
 *   never with a part of the file.
 */
export async function openKeystoreFile(path: string, passphrase: string): Promise<KeystoreContent> {
  const bytes = await readSecretFile(path);
  if (bytes === undefined) throw new ProtocolError('KEYSTORE_MISSING', { file: path });
  return openKeystoreText(new TextDecoder().decode(bytes), passphrase);
}

/**
 * Makes a keystore with new keys.
 * @throws {ProtocolError} KEYSTORE_EXISTS: keys are never overwritten; PASSPHRASE_LENGTH, PASSPHRASE_WEAK
 */
export async function createKeystoreFile(
  path: string,
  org: string,
  passphrase: string,
  cost: KeystoreCost = DEFAULT_KEYSTORE_COST,
): Promise<KeystoreContent> {
  if (existsSync(path)) throw new ProtocolError('KEYSTORE_EXISTS', { file: path });
  assertNewPassphrase(passphrase, org);
  const keys = newKeystoreKeys(new Uint8Array(randomBytes(KEYSTORE_BYTES)));
  await writeKeystoreFile(path, { org, keys, passphrase, cost });
  return { org, keys };
}

/** Seals keys into the file at `path`, whole or not at all. @throws {ProtocolError} PASSPHRASE_LENGTH */
export async function writeKeystoreFile(
  path: string,
  content: KeystoreContent & { readonly passphrase: string; readonly cost?: KeystoreCost },
): Promise<void> {
  const random = new Uint8Array(randomBytes(SALT_AND_NONCE_BYTES));
  await writeSecretFile(path, await sealKeystore({ ...content, random }));
}

/** Refuses another organisation's keystore. @throws {ProtocolError} KEYSTORE_ORG */
export function assertKeystoreOf({ org: found }: { readonly org: string }, org: string): void {
  if (found !== org) throw new ProtocolError('KEYSTORE_ORG', { org, found });
}
