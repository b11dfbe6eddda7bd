/** What the chain learns of a set of keys: account address and public keys. */
import { computeAddress } from 'ethers';
import { fromHex, toHex } from '../bytes.ts';
import type { KeySet } from '../keystore.ts';
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
