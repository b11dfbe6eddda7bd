/** What a node keeps an eye on beside its work: the chain, its own alerts, its state in numbers. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { NodeStatus } from '@sealedger/protocol/node-status.ts';
import { standingOverdue } from '../approval/deadlines.ts';
import { createConcerns } from '../chain/concerns.ts';
import type { ChainDirectory } from '../chain/directory.ts';
import type { ChainLedger } from '../chain/ledger.ts';
import { openChainWatcher } from '../chain/watcher.ts';
import type { Clock, EventLog } from '../ports.ts';
import { createAlerts, freeBytesAt } from './alerts.ts';
import type { NodeParts } from './parts.ts';
import type { Usage } from './usage.ts';

export interface Watch {
  /** Follows the chain until `stop`; what it cannot go on from ends the node. */
  start(): void;
  stop(): Promise<void>;
  /** Looks for alerts once. */
  tick(): Promise<void>;
  status(): Promise<NodeStatus>;
  /** Told once, when the node has finished its start. */
  becameReady(): void;
}

export type WatchParts = Pick<NodeParts, 'config' | 'rpc' | 'client' | 'clock' | 'state' | 'log' | 'evidence'> & {
  readonly events: EventLog;
  readonly members: ChainDirectory;
  readonly ledger: ChainLedger;
  readonly usage: Pick<Usage, 'chainChanged'>;
  /** Ends the node. */
  readonly fail: (error: unknown) => void;
};

/** Alerts that stand are read from the store at most so often. */
const STANDING_MS = 200;

/** @throws {ProtocolError} SCHEMA_MISMATCH where the stored cursor is none */
export async function openWatch(parts: WatchParts): Promise<Watch> {
  const { config, client, clock, state, evidence, members, ledger, usage } = parts;
  const watcher = await openChainWatcher({
    ...parts,
    org: config.org,
    deployment: client.deployment,
    concerns: createConcerns(state),
    changed: {
      member: (org) => members.invalidate(org),
      request: (requestId) => {
        ledger.forget(requestId);
        usage.chainChanged(requestId);
      },
      attestations: () => ledger.forgetAttestations(),
      everything: () => {
        members.invalidate();
        ledger.forget();
        ledger.forgetAttestations();
        usage.chainChanged();
        evidence.anchorer.recheck();
      },
    },
  });
  members.follow(() => watcher.seenFrom);
  const anchoring = () => evidence.anchorer.status();
  const lastSeenAt = () => watcher.lastSeenAt;
  const freeBytes = () => freeBytesAt(config.dataDir);
  const alerts = createAlerts({ ...parts, anchoring, lastSeenAt, freeBytes });
  const startedAt = clock.now();
  let isReady = false;
  const standing = remembered(clock, async () => [
    ...(await alerts.standing()),
    ...(await standingOverdue({ state, clock })),
  ]);
  return {
    start: () => void watcher.run().catch(parts.fail),
    stop: () => watcher.stop(),
    tick: async () => {
      await alerts.tick();
      standing.forget();
    },
    becameReady: () => {
      isReady = true;
    },
    status: async () => {
      const { anchoredSize, confirmedSize, backlog, backlogLimit, oldestAgeMs, lastError, failures } =
        await anchoring();
      const { head, seenBlock } = watcher;
      const seenAt = lastSeenAt();
      return {
        org: config.org,
        isReady,
        uptimeMs: clock.now() - startedAt,
        log: { size: evidence.log.size, kinds: { ...evidence.log.kinds } },
        anchoring: { anchoredSize, confirmedSize, backlog, backlogLimit, oldestAgeMs, lastError, failures },
        chain: { head, seenBlock, ageMs: seenAt === null ? null : Math.max(0, clock.now() - seenAt) },
        alerts: await standing.get(),
      };
    },
  };
}

/** What many calls ask at the same time is read once for a moment; a failure is not remembered. */
function remembered<T>(clock: Clock, read: () => Promise<T>) {
  let last: { readonly atMs: number; readonly value: Promise<T> } | undefined;
  return {
    get: (): Promise<T> => {
      const now = clock.now();
      if (last !== undefined && now >= last.atMs && now - last.atMs < STANDING_MS) return last.value;
      const value = read();
      const taken = { atMs: now, value };
      last = taken;
      value.catch(() => {
        if (last === taken) last = undefined;
      });
      return value;
    },
    forget: () => {
      last = undefined;
    },
  };
}

/** Failures of anchoring that no retry mends: the log and the chain tell two histories, and a person must look. */
export function isTwofoldHistory(error: unknown): boolean {
  return isProtocolError(error, 'ANCHOR_LOG_REWOUND') || isProtocolError(error, 'ANCHOR_ROOT_DIFFERS');
}
