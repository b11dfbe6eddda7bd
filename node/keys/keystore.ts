/** A node's keystore: the file of transport/keystore-file.ts, its keys as bytes. */
import { join } from 'node:path';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import type { KeystoreCost, KeystoreKeys } from '@sealedger/protocol/keystore.ts';
import { createKeystoreFile, openKeystoreFile } from '@sealedger/transport/keystore-file.ts';

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

/** Opens a keystore. @throws {ProtocolError} as openKeystoreFile */
export async function openKeystore(path: string, passphrase: string): Promise<Keystore> {
  const { org, keys } = await openKeystoreFile(path, passphrase);
  return keystoreOf(org, keys);
}

/** Makes a keystore with new keys. @throws {ProtocolError} as createKeystoreFile */
export async function createKeystore(
  path: string,
  org: string,
  passphrase: string,
  cost?: KeystoreCost,
): Promise<Keystore> {
  return keystoreOf(org, (await createKeystoreFile(path, org, passphrase, cost)).keys);
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
