/**
 * The sealed keys of the run's organisations. Each gets a random passphrase in a file beside its own directory's things,
 * so that a run can be started again without anybody typing; a real organisation keeps keystore and passphrase apart.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createKeystore, type Keystore, openKeystore } from '@sealedger/node/keys/keystore.ts';
import { LEAST_KEYSTORE_COST } from '@sealedger/protocol/keystore.ts';
import { secretLine } from '@sealedger/protocol/passphrase.ts';
import { readSecretFile, writeSecretFile } from '@sealedger/transport/secret-file.ts';

/** Where an organisation's keys are. */
export interface KeyPlace {
  readonly org: string;
  readonly keystoreFile: string;
  readonly passphraseFile: string;
}

const PASSPHRASE_BYTES = 32;

/** Opens an organisation's keystore, or makes it with its passphrase. @throws {ProtocolError} KEYSTORE_…, SECRET_… */
export async function openKeys({ org, keystoreFile, passphraseFile }: KeyPlace): Promise<Keystore> {
  const known = await readSecretFile(passphraseFile);
  const passphrase = known === undefined ? randomBytes(PASSPHRASE_BYTES).toString('base64url') : secretLine(known);
  if (known === undefined) await writeSecretFile(passphraseFile, `${passphrase}\n`);
  return existsSync(keystoreFile)
    ? openKeystore(keystoreFile, passphrase)
    : createKeystore(keystoreFile, org, passphrase, LEAST_KEYSTORE_COST);
}
