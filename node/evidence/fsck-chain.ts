/** What the chain shows of one organisation: its keys in their order, and every checkpoint that it anchored. */
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { type EventName, type EventOf, eventTopic, readEvents } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { verifyDeployment } from '@sealedger/protocol/ledger/reader.ts';
import type { ChainFacts } from './fsck.ts';

/** @throws {ProtocolError} CHAIN_MISMATCH where it is another chain; CHAIN_UNREACHABLE */
export async function readChainFacts(rpc: Rpc, deployment: Deployment, org: string): Promise<ChainFacts> {
  await verifyDeployment(rpc, deployment);
  const eventsOf = async <N extends EventName>(contract: EventOf<N>['contract'], name: N) => {
    const topics = [eventTopic(contract, name), orgToBytes32(org)];
    const range = { fromBlock: 0, toBlock: 'latest', topics } as const;
    return (await readEvents(rpc, deployment, range, [contract])) as readonly EventOf<N>[];
  };
  const keys = await eventsOf('consortium', 'KeysChanged');
  const anchors = await eventsOf('evidence', 'CheckpointAnchored');
  return {
    keys: keys.map(({ args, blockNumber }) => ({
      keyEpoch: args.keyEpoch,
      publicKey: args.ed25519Key,
      block: blockNumber,
    })),
    anchors: anchors.map(({ args, blockNumber }) => ({ size: args.size, root: args.root, block: blockNumber })),
  };
}
