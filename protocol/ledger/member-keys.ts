/** What the chain learns of a set of keys: account address and public keys. */
import { computeAddress } from 'ethers';
import { fromHex, toHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { KeySet, KeystoreKeys } from '../keystore.ts';
import { type Ed25519, x25519PublicKey } from '../signature.ts';
import type { OrganisationKeys } from './records.ts';

/** The public halves of a set of keys. */
export function memberKeys(
  { account, signing, sealing }: KeySet,
  ed25519: Pick<Ed25519, 'publicKey'>,
): OrganisationKeys {
  return {
    account: computeAddress(`0x${account}`).slice(2).toLowerCase(),
    ed25519Key: toHex(ed25519.publicKey(fromHex(signing, 32))),
    x25519Key: toHex(x25519PublicKey(fromHex(sealing, 32))),
  };
}

/** How a keystore stands to the chain. */
export type KeyStanding =
  /** The chain counts the current set, and no other waits. */
  | 'settled'
  /** The chain counts the current set, and a next one waits: a rotation broke off before the chain had it, or before its block. */
  | 'begun'
  /** The chain counts the next set already. */
  | 'ahead';

/** @throws {ProtocolError} KEYS_DIFFER where the chain shows neither set for this organisation */
export function keyStanding(
  { org, keys }: { readonly org: string; readonly keys: KeystoreKeys },
  { ed25519Key }: Pick<OrganisationKeys, 'ed25519Key'>,
  ed25519: Pick<Ed25519, 'publicKey'>,
): KeyStanding {
  const shown = (set: KeySet): boolean => memberKeys(set, ed25519).ed25519Key === ed25519Key;
  if (keys.next !== null && shown(keys.next)) return 'ahead';
  if (!shown(keys.current)) throw new ProtocolError('KEYS_DIFFER', { org });
  return keys.next === null ? 'settled' : 'begun';
}
