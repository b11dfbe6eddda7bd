/**
 * The consortium as one of its members: who takes part, what was said of it, and the votes on who will.
 *
 * Everything is read from the chain over the member's own node of it, and written with the member's account; no other
 * organisation is asked. Learns: nobody learns more than the chain shows.
 */
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createMembership, type Membership } from '@sealedger/protocol/membership/membership.ts';

export type { Membership, ProposalOutcome } from '@sealedger/protocol/membership/membership.ts';
export type { HistoryEntry, MemberView, ProposalInput, ProposalView } from '@sealedger/protocol/membership/views.ts';

export type MembersContext = {
  /** The member's id. */
  readonly org: string;
  /** Without an account it reads, and every vote throws CHAIN_NO_ACCOUNT. */
  readonly ledger: LedgerClient;
  readonly rpc: Rpc;
  readonly ports: { readonly clock: { now(): number } };
};

/** Opens members and votes; nothing is sent before the first call. */
export function openMembers({ org, ledger, rpc, ports }: MembersContext): Membership {
  return createMembership({ org, ledger, rpc, now: () => ports.clock.now() });
}
