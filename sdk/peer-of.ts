/** From an organisation's entry on chain to its node and its keys. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Peer, PeerPorts } from '@sealedger/protocol/peer-client.ts';

/** An organisation's node as the peer client calls it. */
export function peerOf(record: OrganisationRecord): Peer {
  const { id, endpoint, keyEpoch, ed25519Key } = record;
  return { org: id, endpoint, keyEpoch, ed25519: fromHex(ed25519Key, 32) };
}

/**
 * The key that an organisation's signature of an epoch counts under now: the current one, or the one before while its
 * overlap runs.
 * @throws {ProtocolError} ENVELOPE_SIGNER
 */
export function signingKeyAt(record: OrganisationRecord, keyEpoch: number, nowMs: number): Uint8Array {
  const { id, keyEpoch: current, ed25519Key, previous } = record;
  if (keyEpoch === current) return fromHex(ed25519Key, 32);
  const overlaps = previous !== null && keyEpoch === current - 1 && nowMs < previous.untilSeconds * 1000;
  if (!overlaps) throw new ProtocolError('ENVELOPE_SIGNER', { expectedSigner: id, expectedKeyEpoch: current });
  return fromHex(previous.ed25519Key, 32);
}

/** How long an epoch that the chain does not show yet may take: a node hears of its own rotation a moment earlier. */
const NEW_EPOCH_MS = 500;

/** What it takes to look a signing key up again. */
export interface KeyLookup {
  /** As the chain has it now. @throws {ProtocolError} MEMBER_UNKNOWN, MEMBER_SUSPENDED */
  readonly member: (org: string) => Promise<OrganisationRecord>;
  readonly clock: PeerPorts['clock'];
}

/**
 * The key of an epoch other than the one that an organisation was looked up with, since it may have rotated meanwhile.
 * @throws {ProtocolError} MEMBER_KEY_EPOCH, also for the epoch before once its overlap is over; as `member`
 */
export async function currentSigningKey(
  { member, clock }: KeyLookup,
  org: string,
  keyEpoch: number,
): Promise<Uint8Array> {
  let record = await member(org);
  if (keyEpoch === record.keyEpoch + 1) {
    await clock.sleep(NEW_EPOCH_MS);
    record = await member(org);
  }
  try {
    return signingKeyAt(record, keyEpoch, clock.now());
  } catch (cause) {
    throw new ProtocolError('MEMBER_KEY_EPOCH', { org, keyEpoch }, { cause });
  }
}

/** The same, from a ledger: for who calls without the SDK of a bank. */
export function signingKeyOn(
  ledger: Pick<LedgerClient, 'organisation'>,
  clock: PeerPorts['clock'],
): NonNullable<PeerPorts['signingKey']> {
  const member = async (org: string): Promise<OrganisationRecord> => {
    const record = await ledger.organisation(org);
    if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
    if (record.status !== 'active') throw new ProtocolError('MEMBER_SUSPENDED', { org });
    return record;
  };
  return (org, keyEpoch) => currentSigningKey({ member, clock }, org, keyEpoch);
}
