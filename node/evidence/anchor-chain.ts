/** The Evidence contract as an Anchorer needs it, over the ledger client. */
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { eventTopic, findLastEvent, type LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { AnchorChain } from './ports.ts';

/** @param org - the organisation whose account `ledger` writes with. */
export function ledgerAnchorChain(
  ledger: Pick<LedgerClient, 'anchor' | 'latestCheckpoint' | 'deployment'>,
  rpc: Rpc,
  org: string,
): AnchorChain {
  return {
    latestAnchor: async () => (await ledger.latestCheckpoint(org)) ?? { size: 0, root: '' },
    anchor: async (size, root) => {
      const { transactionHash, blockNumber } = await ledger.anchor(size, root);
      return { transactionHash, blockNumber };
    },
    findAnchor: async (size) => {
      const topics = [eventTopic('evidence', 'CheckpointAnchored'), orgToBytes32(org)];
      const range = { fromBlock: 0, toBlock: 'latest', topics } as const;
      const isWanted = (event: LedgerEvent) => event.name === 'CheckpointAnchored' && event.args.size === size;
      return (await findLastEvent(rpc, ledger.deployment, range, ['evidence'], isWanted)) ?? undefined;
    },
  };
}
