/**
 * An organisation's secrets at rest: one file, readable by its owner only, made at the first start.
 *
 * Trust: who reads this file is the organisation. Encryption under a passphrase comes with the identity issue; the file
 * names its version so that it can.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { hex32, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

const keystoreSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  /** Ed25519 seed (RFC 8032). */
  signing: hex32,
  /** secp256k1 private key of the chain account. */
  account: hex32,
  /** X25519 secret for sealed boxes. */
  sealing: hex32,
  /** Root of everything the node derives: sanitising randomness, per-computation keys, salts, release noise. */
  seed: hex32,
});

export interface Keystore {
  readonly signing: Uint8Array;
  readonly account: Uint8Array;
  readonly sealing: Uint8Array;
  readonly seed: Uint8Array;
}

/**
 * Opens the keystore, or makes it where there is none.
 * @throws {ProtocolError} KEYSTORE_UNREADABLE; never with a part of the file.
 */
export async function openKeystore(path: string): Promise<Keystore> {
  if (!existsSync(path)) await createKeystore(path);
  try {
    const stored = parseJson(keystoreSchema, readFileSync(path, 'utf8'), 'keystore');
    return {
      signing: fromHex(stored.signing, 32),
      account: fromHex(stored.account, 32),
      sealing: fromHex(stored.sealing, 32),
      seed: fromHex(stored.seed, 32),
    };
  } catch {
    throw new ProtocolError('KEYSTORE_UNREADABLE', {});
  }
}

async function createKeystore(path: string): Promise<void> {
  const secret = (): string => randomBytes(32).toString('hex');
  const stored = { suite: SUITE, version: 1, signing: secret(), account: secret(), sealing: secret(), seed: secret() };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, JSON.stringify(stored), { mode: 0o600, flush: true });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
