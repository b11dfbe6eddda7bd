/** From an organisation's entry on chain to its node and its keys. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';

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
