import type { SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { PeerClient, PeerIdentity } from '@sealedger/protocol/peer-client.ts';
import type { PinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import type { Guard } from '../approval/guard.ts';
import type { Computations } from '../compute/computations.ts';
import type { Runner } from '../compute/runner.ts';
import type { NodeConfig } from '../config.ts';
import type { Anchorer } from '../evidence/anchor.ts';
import type { BatchOp } from '../evidence/level-store.ts';
import type { EvidenceLog } from '../evidence/log.ts';
import type { EventSigner } from '../evidence/ports.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { EpochKeys } from '../match/epoch-keys.ts';
import type { RegisterStore } from '../match/register-store.ts';
import type { Registrar } from '../match/registrar.ts';
import type { Mutex } from '../mutex.ts';
import type { Clock, Directory, EventLog, Ledger, Logger, StateStore } from '../ports.ts';
import type { Evaluation } from '../release/evaluation.ts';
import type { UnlockCounts } from '../release/unlock-counts.ts';
import type { Unlocking } from '../release/unlocking.ts';
import type { OwnDataset } from '../request/intake.ts';
import type { ModelStore } from '../request/model-store.ts';
import type { Quality } from './quality.ts';
import type { ChainAccount, HeldEvents } from './rotation.ts';
import type { Usage } from './usage.ts';
import type { Watch } from './watch.ts';

/** Everything that a node is made of. */
export interface NodeParts {
  readonly config: NodeConfig;
  readonly keys: KeyRing;
  readonly chainAccount: ChainAccount;
  /** Holds back every event while the node's keys are exchanged. */
  readonly holdEvents: () => Promise<HeldEvents>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly identity: PeerIdentity;
  readonly rpc: Rpc;
  readonly client: LedgerClient;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly members: Directory;
  readonly peers: PeerClient;
  /** Below the peers' calls to other machines. */
  readonly pinned: PinnedTransport;
  readonly events: EventLog;
  readonly evidence: { readonly log: EvidenceLog<BatchOp>; readonly anchorer: Anchorer; readonly signer: EventSigner };
  readonly registers: RegisterStore;
  readonly models: ModelStore;
  readonly epochKeys: EpochKeys;
  readonly evaluation: Evaluation;
  /** Asked before every use of a grant. */
  readonly guard: Guard;
  /** What is used of grants, and what this organisation suspended. */
  readonly usage: Usage;
  /** Makes the highest time seen durable. */
  readonly keepTime: () => Promise<void>;
  readonly runner: Runner;
  readonly computations: Computations;
  readonly unlocking: Unlocking;
  readonly counts: UnlockCounts;
  readonly mutex: Mutex;
  readonly quality: Quality;
  /** Filled in while the node becomes ready. */
  readonly own: { readonly datasets: OwnDataset[]; registrar: Registrar | undefined };
  readonly fingerprintKey: Uint8Array;
  /** Rejects where the node must end. */
  readonly failed: Promise<never>;
  /** Ends the node. */
  readonly fail: (error: unknown) => void;
  readonly watch: Watch;
  readonly signGrant: (grant: Grant, expiresAt: number) => SignedEnvelope<Grant>;
}
