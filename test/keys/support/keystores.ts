/** Keystores of tests: chosen keys under one passphrase, at the least cost that a keystore may have. */
import { type KeySet, LEAST_KEYSTORE_COST } from '@sealedger/protocol/keystore.ts';
import { writeKeystoreFile } from '@sealedger/transport/keystore-file.ts';

export const TEST_PASSPHRASE = 'correct horse battery staple';

/** Seals chosen keys into a file. */
export async function writeTestKeystore(
  path: string,
  org: string,
  { seed, ...current }: KeySet & { readonly seed: string },
): Promise<void> {
  const keys = { current, next: null, earlierSealing: [], seed };
  await writeKeystoreFile(path, { org, keys, passphrase: TEST_PASSPHRASE, cost: LEAST_KEYSTORE_COST });
}
