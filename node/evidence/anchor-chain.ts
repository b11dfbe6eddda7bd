/**
 * The Evidence contract as an Anchorer needs it, over the ledger client.
 *
 * Trust: the RPC is the organisation's own node of the chain. What is anchored is asked of the contract's state and not
 * counted from events; only the contract of the deployment file is asked, so that a look-alike's events mean nothing.
 */
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { eventTopic, findLastEvent, type LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import { askQuantity, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { AnchorChain, Anchored } from './ports.ts';

const NONE: Anchored = { size: 0, root: '' };

/**
 * @param org - the organisation whose account `ledger` writes with.
 * @param confirmations - blocks on top after which an anchor stays; 0 where a block is final at once.
 */
export function ledgerAnchorChain(
  ledger: Pick<LedgerClient, 'anchor' | 'latestCheckpoint' | 'deployment'>,
  rpc: Rpc,
  org: string,
  confirmations = 0,
): AnchorChain {
  const latestAnchor = async (): Promise<Anchored> => (await ledger.latestCheckpoint(org)) ?? NONE;
  const confirmedAnchor = async (): Promise<Anchored> => {
    const block = Number(await askQuantity(rpc, 'eth_blockNumber', [])) - confirmations;
    if (block < 0 || !(await hasContract(rpc, ledger.deployment.contracts.evidence, block))) return NONE;
    return (await ledger.latestCheckpoint(org, block)) ?? NONE;
  };
  return {
    latestAnchor,
    ...(confirmations === 0 ? {} : { confirmedAnchor }),
    // the Anchorer itself sees to it that the anchor stays; meanwhile others may be sent
    anchor: async (size, root) => {
      const { transactionHash, blockNumber } = await ledger.anchor(size, root, { confirmations: 0 });
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

async function hasContract(rpc: Rpc, address: string, block: number): Promise<boolean> {
  return (await rpc.request('eth_getCode', [`0x${address}`, `0x${block.toString(16)}`])) !== '0x';
}
