/** A member's keystore at its command line: where its passphrase is, and the keys that it opens. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { KeystoreKeys } from '@sealedger/protocol/keystore.ts';
import { systemLocale } from '@sealedger/protocol/messages/catalogue.ts';
import { assertKeystoreOf, openKeystoreFile } from '@sealedger/transport/keystore-file.ts';
import { type PassphraseValues, readPassphrase, type SecretPlace } from '@sealedger/transport/secret-input.ts';

/** A member's keys: of its current set 32 bytes each, and all as the keystore has them. */
export interface MemberKeys {
  readonly signing: Uint8Array;
  readonly account: Uint8Array;
  readonly sealing: Uint8Array;
  readonly earlierSealing: readonly Uint8Array[];
  readonly stored: KeystoreKeys;
}

/** What the command's options say, or else the file that the profile names. */
export function passphrasePlace(values: PassphraseValues, profileFile: string | undefined): SecretPlace {
  const { 'passphrase-file': file, 'passphrase-fd': fd } = values;
  return file === undefined && fd === undefined ? { file: profileFile } : { file, fd };
}

/**
 * Opens the keystore of `org`.
 * @throws {ProtocolError} KEYS_BEGUN where a rotation broke off; KEYSTORE_MISSING, KEYSTORE_UNREADABLE, KEYSTORE_PASSPHRASE, KEYSTORE_ORG, PASSPHRASE_…, SECRET_…
 */
export async function openMemberKeys(path: string, org: string, place: SecretPlace): Promise<MemberKeys> {
  const content = await openKeystoreFile(path, await readPassphrase(place, systemLocale(process.env)));
  assertKeystoreOf(content, org);
  const { keys } = content;
  // Which of the two sets the chain counts only the rotation itself finds out.
  if (keys.next !== null) throw new ProtocolError('KEYS_BEGUN', {});
  const bytesOf = (hex: string): Uint8Array => fromHex(hex, 32);
  return {
    signing: bytesOf(keys.current.signing),
    account: bytesOf(keys.current.account),
    sealing: bytesOf(keys.current.sealing),
    earlierSealing: keys.earlierSealing.map(bytesOf),
    stored: keys,
  };
}
