/** Puts together what the SDK has for consents, from what a bank is opened with. */
import { domains } from '@sealedger/protocol/domains.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { eventTopic, findLastEvent } from '@sealedger/protocol/ledger/events.ts';
import { orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { BankOptions } from './bank.ts';
import { type BankConsent, createBankConsent } from './bank-consent.ts';
import type { OpeningParts } from './consent-opening.ts';
import { type Consents, openConsents } from './consents.ts';
import { loadRequest } from './stored-request.ts';
import { createVault } from './vault.ts';

export type ConsentWorld = {
  readonly rpc: Rpc;
  readonly ledger: LedgerClient;
  readonly member: (org: string) => Promise<OrganisationRecord>;
  readonly keyEpoch: number;
};

export function consentParts(
  { org, keys, ports, deployment }: BankOptions,
  { rpc, ledger, member, keyEpoch }: ConsentWorld,
): { readonly consent: BankConsent; readonly consents: Consents } {
  const { clock, store, randomBytes, ed25519 } = ports;
  const { seed, sealing, earlierSealing = [] } = keys;
  const vault =
    seed === undefined ? null : createVault({ domain: domains.consentStore, org, seed, store, randomBytes });
  const consent = createBankConsent({ org, vault, ledger, clock, randomBytes });
  const anchoredBefore: OpeningParts['anchoredBefore'] = async (gate, block) => {
    const topics = [eventTopic('evidence', 'CheckpointAnchored'), orgToBytes32(gate)];
    const range = { fromBlock: 0, toBlock: block - 1, topics };
    const found = await findLastEvent(
      rpc,
      deployment,
      range,
      ['evidence'],
      ({ name }) => name === 'CheckpointAnchored',
    );
    return found?.name === 'CheckpointAnchored' ? { size: found.args.size, root: found.args.root } : null;
  };
  const consents = openConsents({
    sender: { org, keyEpoch, secretKey: keys.signing, ed25519 },
    consent,
    vault,
    sealing: sealing === undefined ? [] : [sealing, ...earlierSealing],
    ledger,
    member,
    anchoredBefore,
    document: async (requestId) => (await loadRequest({ ports }, requestId)).document,
    clock,
    randomBytes,
  });
  return { consent, consents };
}
