/** The chain as a certifier asks it: its own writes, and every certificate of a bank's models that ever stood there. */
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { eventTopic, readEvents } from '@sealedger/protocol/ledger/events.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { CertifierLedger, ChainCertificate } from './certificates.ts';

/** @param rpc - of the same chain node as the client's. */
export function certifierLedger(client: LedgerClient, rpc: Rpc): CertifierLedger {
  return {
    ...client,
    certifiedModels: (requester) => certifiedModels(client, rpc, requester),
  };
}

/** @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_RPC_ERROR, CHAIN_REPLY_MALFORMED */
async function certifiedModels(
  client: LedgerClient,
  rpc: Rpc,
  requester: string,
): Promise<readonly ChainCertificate[]> {
  const topics = [eventTopic('attestations', 'ModelCertified')];
  const range = { fromBlock: 0, toBlock: 'latest', topics } as const;
  const events = await readEvents(rpc, client.deployment, range, ['attestations']);
  return events.flatMap((event) =>
    event.name === 'ModelCertified' && event.args.requester === requester
      ? [{ modelDigest: event.args.modelDigest, certifier: event.args.certifier }]
      : [],
  );
}
