/** From an organisation's entry on chain to its node. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';

/** An organisation's node as the peer client calls it. */
export function peerOf(record: OrganisationRecord): Peer {
  const { id, endpoint, keyEpoch, ed25519Key } = record;
  return { org: id, endpoint, keyEpoch, ed25519: fromHex(ed25519Key, 32) };
}
