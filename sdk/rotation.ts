/**
 * Replaces the keys of a member that runs no node: a bank or a regulator.
 *
 * Order: the new set is in the keystore before the chain hears of it, and becomes the current one once the chain counts
 * it. Whatever breaks off in between, the same call again finishes it. Learns: the chain, and so everybody, that this
 * organisation changed its keys, and when.
 */

import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  KEY_SET_BYTES,
  type KeySet,
  type KeystoreKeys,
  newKeySet,
  promotedKeys,
  withNextKeys,
} from '@sealedger/protocol/keystore.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { assertInteger } from '@sealedger/protocol/ledger/ids.ts';
import { keyStanding, memberKeys } from '@sealedger/protocol/ledger/member-keys.ts';
import { MAX_OVERLAP_SECONDS } from '@sealedger/protocol/ledger/member-writes.ts';
import type { OrganisationKeys, OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import { type Ed25519, nobleEd25519 } from '@sealedger/protocol/signature.ts';

export interface MemberRotation {
  readonly org: string;
  /** The member's keystore; `write` resolves when the keys survive a loss of power. */
  readonly keystore: { read(): Promise<KeystoreKeys>; write(keys: KeystoreKeys): Promise<void> };
  /** The ledger as written to with an account of the member. @param account - secp256k1 key, hex */
  readonly ledgerOf: (account: string) => Pick<LedgerClient, 'organisation' | 'rotateKeys'>;
  /** How long others take the keys before, 0 to 86,400. */
  readonly overlapSeconds: number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly ed25519?: Ed25519;
}

export interface RotatedMember extends OrganisationKeys {
  readonly keyEpoch: number;
}

/**
 * Rotates, or finishes a rotation that broke off.
 * @throws {ProtocolError} MEMBER_UNKNOWN, KEYS_DIFFER, CHAIN_…: the new set waits in the keystore; call again.
 */
export async function rotateMemberKeys(rotation: MemberRotation): Promise<RotatedMember> {
  const { org, keystore, ledgerOf, overlapSeconds, randomBytes, ed25519 = nobleEd25519 } = rotation;
  assertInteger('overlap', overlapSeconds, 0, MAX_OVERLAP_SECONDS);
  const before = await keystore.read();
  const reader = ledgerOf(before.current.account);
  const standing = keyStanding({ org, keys: before }, await recordOf(reader, org), ed25519);
  const keys = withNextKeys(before, newKeySet(randomBytes(KEY_SET_BYTES)));
  if (keys !== before) await keystore.write(keys);
  const next = memberKeys(keys.next as KeySet, ed25519);
  if (standing !== 'ahead') await putOnChain(rotation, reader, next, overlapSeconds);
  await keystore.write(promotedKeys(keys));
  return { ...next, keyEpoch: (await recordOf(reader, org)).keyEpoch };
}

/** An answer that was lost is no refusal: the chain tells. */
async function putOnChain(
  { org }: MemberRotation,
  ledger: ReturnType<MemberRotation['ledgerOf']>,
  next: OrganisationKeys,
  overlapSeconds: number,
): Promise<void> {
  try {
    await ledger.rotateKeys(next, overlapSeconds);
  } catch (error) {
    const { ed25519Key } = await recordOf(ledger, org);
    if (ed25519Key !== next.ed25519Key) throw error;
  }
}

async function recordOf(ledger: Pick<LedgerClient, 'organisation'>, org: string): Promise<OrganisationRecord> {
  const record = await ledger.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  return record;
}
