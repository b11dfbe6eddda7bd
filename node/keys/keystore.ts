/**
 * An organisation's keys at rest: a sealed file that its owner alone may read, opened by a passphrase.
 *
 * Trust: who has file and passphrase is the organisation. What the file holds and how it is sealed, protocol/keystore.ts
 * says; here are its reading and writing.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '@sealedger/protocol/bytes.ts';
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
import { readSecretFile, writeSecretFile } from '@sealedger/transport/secret-file.ts';

const SALT_AND_NONCE_BYTES = 40;

/** Where a node's keystore lies. */
export function keystorePath(dataDir: string): string {
  return join(dataDir, 'keystore.json');
}

/** The keys that count now, each 32 bytes. */
export interface Keystore {
  readonly org: string;
  /** Ed25519 seed (RFC 8032). */
  readonly signing: Uint8Array;
  /** secp256k1 private key of the chain account. */
  readonly account: Uint8Array;
  /** X25519 secret for sealed boxes. */
  readonly sealing: Uint8Array;
  /** X25519 secrets of before the last rotations, the latest first: boxes sealed to them still open. */
  readonly earlierSealing: readonly Uint8Array[];
  /** Root of everything the node derives: sanitising randomness, per-computation keys, salts, release noise. */
  readonly seed: Uint8Array;
  /** All of them as the file has them, with the set that a rotation made and did not finish. */
  readonly stored: KeystoreKeys;
}

/**
 * Opens a keystore.
 * @throws {ProtocolError} KEYSTORE_MISSING, KEYSTORE_UNREADABLE, KEYSTORE_PASSPHRASE, PASSPHRASE_LENGTH, SECRET_FILE_MODE;
 *   never with a part of the file.
 */
export async function openKeystore(path: string, passphrase: string): Promise<Keystore> {
  const bytes = await readSecretFile(path);
  if (bytes === undefined) throw new ProtocolError('KEYSTORE_MISSING', { file: path });
  const { org, keys } = await openKeystoreText(new TextDecoder().decode(bytes), passphrase);
  return keystoreOf(org, keys);
}

/**
 * Makes a keystore with new keys.
 * @throws {ProtocolError} KEYSTORE_EXISTS: keys are never overwritten; PASSPHRASE_LENGTH, PASSPHRASE_WEAK
 */
export async function createKeystore(
  path: string,
  org: string,
  passphrase: string,
  cost: KeystoreCost = DEFAULT_KEYSTORE_COST,
): Promise<Keystore> {
  if (existsSync(path)) throw new ProtocolError('KEYSTORE_EXISTS', { file: path });
  assertNewPassphrase(passphrase, org);
  const keys = newKeystoreKeys(new Uint8Array(randomBytes(KEYSTORE_BYTES)));
  await writeKeystore(path, { org, keys, passphrase, cost });
  return keystoreOf(org, keys);
}

/** Seals keys into the file at `path`, whole or not at all. @throws {ProtocolError} PASSPHRASE_LENGTH */
export async function writeKeystore(
  path: string,
  content: {
    readonly org: string;
    readonly keys: KeystoreKeys;
    readonly passphrase: string;
    readonly cost?: KeystoreCost;
  },
): Promise<void> {
  const random = new Uint8Array(randomBytes(SALT_AND_NONCE_BYTES));
  await writeSecretFile(path, await sealKeystore({ ...content, random }));
}

/** Refuses another organisation's keystore. @throws {ProtocolError} KEYSTORE_ORG */
export function assertKeystoreOf(keystore: Pick<Keystore, 'org'>, org: string): void {
  if (keystore.org !== org) throw new ProtocolError('KEYSTORE_ORG', { org, found: keystore.org });
}

/** The keys of an opened file, as bytes. */
export function keystoreOf(org: string, stored: KeystoreKeys): Keystore {
  const bytes = (hex: string): Uint8Array => fromHex(hex, 32);
  const { current, earlierSealing, seed } = stored;
  return {
    org,
    signing: bytes(current.signing),
    account: bytes(current.account),
    sealing: bytes(current.sealing),
    earlierSealing: earlierSealing.map(bytes),
    seed: bytes(seed),
    stored,
  };
}
