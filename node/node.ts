/**
 * One organisation's node: puts the parts together, starts and stops them in order.
 *
 * Each organisation runs its own process with its own store, keys and port. Nothing here decides; the stages do.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerClient } from '@sealedger/protocol/peer-client.ts';
import { createPolicyBook } from './approval/policy-book.ts';
import { assembleParts, chunkDirectory, openEvidence } from './assemble.ts';
import type { PublishParts } from './catalogue/publish.ts';
import type { NodeConfig } from './config.ts';
import { createLogger } from './log.ts';
import { tidyUp } from './maintenance.ts';
import { openRegistrar } from './match/registrar.ts';
import type { Clock, Logger } from './ports.ts';
import { startMetricsServer } from './server/metrics.ts';
import { nodeRoutes } from './server/routes.ts';
import { openAdmin } from './services/admin.ts';
import { publishConfigured } from './services/catalogue.ts';
import { openGateway } from './services/gateway.ts';
import { createServices, type Services } from './services/index.ts';
import { openKeysAndChain, untilReached } from './services/opening.ts';
import type { NodeParts } from './services/parts.ts';
import { readInUse } from './services/usage-metrics.ts';
import { isTwofoldHistory } from './services/watch.ts';
import { createNonceStore, createStateStore, openDatabase } from './store/level-store.ts';

export interface RunningNode {
  readonly org: string;
  /** 0 where the node does not listen. */
  readonly port: number;
  /** Loopback port of the metrics; null where the configuration names none. */
  readonly metricsPort: number | null;
  /** Resolves when the node's datasets are published and its earlier work goes on. */
  readonly ready: Promise<void>;
  /** Rejects where the node cannot go on: a write of its log failed, and only a new start can tell what is on disk. */
  readonly failed: Promise<never>;
  /** Events in the log. */
  eventCount(): number;
  /** Bytes exchanged with other nodes on this one's initiative. */
  readonly traffic: PeerClient['traffic'];
  stop(): Promise<void>;
}

const clock: Clock = { now: () => Date.now(), sleep: (ms) => sleep(ms) };
const ANCHOR_TICK_MS = 500;
const ALERT_TICK_MS = 2000;
const COUNT_TICK_MS = 2000;
const USAGE_TICK_MS = 1000;
const QUALITY_TICK_MS = 5000;
const TIDY_TICK_MS = 10_000;
const CERTIFICATE_TICK_MS = 3_600_000;
const LAST_ANCHOR_MS = 3000;
const RECONCILE_TICK_MS = 60_000;
const APPROVAL_TICK_MS = 5000;
const RETENTION_TICK_MS = 600_000;

/**
 * Starts the node of a configuration.
 * @param passphrase - of the keystore in the data directory.
 * @throws {ProtocolError} KEYSTORE_…, PASSPHRASE_LENGTH, SECRET_FILE_MODE, STORE_IN_USE, CHAIN_MISMATCH, MEMBER_UNKNOWN, ANCHOR_LOG_REWOUND,
 * ANCHOR_ROOT_DIFFERS, ENDPOINT_NOT_REGISTERED, TLS_…, and what the datasets refuse (through `ready`).
 */
export async function startNode(config: NodeConfig, passphrase: string): Promise<RunningNode> {
  // a policy that cannot be read would send every request to a person; better to say so now
  await createPolicyBook(config.policies).read();
  const log = createLogger(config.org, (line) => void process.stderr.write(line));
  const around = { clock, log };
  const { finishRotation, ...chain } = await openKeysAndChain(config, passphrase, around);
  const database = await openDatabase(join(config.dataDir, 'state'));
  const state = createStateStore(database);
  const opened = { config, ...chain, state, log, clock };
  const openLog = async (): Promise<NodeParts['evidence']> => {
    const evidence = await untilReached(around, () => openEvidence(opened, database));
    await finishRotation(evidence.anchorer);
    return evidence;
  };
  const evidence = await openLog().catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const parts = await assembleParts({ ...opened, evidence });
  const services = createServices(parts);
  const routes = nodeRoutes(services);
  const nonces = createNonceStore(database, clock);
  const gateway = await untilReached(around, () => openGateway(parts, nonces, routes)).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const admin = await openAdmin(parts, routes);
  const { watch } = parts;
  const metrics =
    config.metricsPort === undefined
      ? null
      : await startMetricsServer(config.metricsPort, { status: watch.status, inUse: readInUse(parts), log });
  if (metrics !== null) log.info('metrics', { port: metrics.port });
  watch.start();
  let isReady = false;
  const timers = [
    every(TIDY_TICK_MS, log, () => tidyUp({ ...parts, chunkDirectory: chunkDirectory(config) })),
    every(ANCHOR_TICK_MS, log, () => anchorOrEnd(parts)),
    every(ALERT_TICK_MS, log, () => watch.tick()),
    every(COUNT_TICK_MS, log, () => parts.counts.flush()),
    every(CERTIFICATE_TICK_MS, log, () => gateway.tick()),
    every(USAGE_TICK_MS, log, () => parts.usage.tick()),
    every(TIDY_TICK_MS, log, () => parts.keepTime()),
    every(APPROVAL_TICK_MS, log, () => services.approvalTick()),
    every(RETENTION_TICK_MS, log, () => services.retentionTick()),
    every(QUALITY_TICK_MS, log, async () => (isReady ? parts.quality.tick() : undefined)),
    // a chain of final blocks takes nothing back
    ...(config.confirmations === 0 ? [] : [every(RECONCILE_TICK_MS, log, () => services.reconcile())]),
  ];
  const ready = untilReached(around, () => becomeReady(parts, services));
  ready
    .then(() => {
      isReady = true;
      watch.becameReady();
    })
    .catch(() => undefined);
  ready.catch((error: unknown) => log.error('not ready', {}, error));
  return {
    org: config.org,
    port: gateway.port,
    metricsPort: metrics?.port ?? null,
    ready,
    failed: parts.failed,
    eventCount: () => evidence.log.size,
    traffic: parts.peers.traffic,
    stop: async () => {
      for (const timer of timers) timer.stop();
      await admin.stop();
      await metrics?.close();
      await watch.stop();
      await gateway.close();
      await parts.runner.close();
      await parts.evaluation.close();
      await Promise.all(timers.map((timer) => timer.settled()));
      await evidence.log.settled();
      await parts.usage.book.refusals.flush();
      await anchorRest(evidence.anchorer);
      await parts.pinned.close();
      await database.close();
    },
  };
}

/** Anchors what is due; a log and a chain with two histories end the node, since every further event would make it worse. */
async function anchorOrEnd({ evidence, fail }: NodeParts): Promise<void> {
  try {
    await evidence.anchorer.tick();
  } catch (error) {
    if (isTwofoldHistory(error)) fail(error);
    throw error;
  }
}

/** What was logged last is anchored before the end, where the chain answers soon; else it is at the next start. */
async function anchorRest(anchorer: NodeParts['evidence']['anchorer']): Promise<void> {
  const given = new AbortController();
  const waited = sleep(LAST_ANCHOR_MS, undefined, { signal: given.signal }).catch(() => undefined);
  await Promise.race([anchorer.flush().catch(() => undefined), waited]);
  given.abort();
}

/** Publishes what changed while the node was away, then goes on with what it left. */
async function becomeReady(parts: NodeParts, services: Services): Promise<void> {
  const { config, ledger, state, events, keys } = parts;
  const publish: PublishParts = { org: config.org, state, ledger, events };
  await publishConfigured(parts);
  if (config.register !== undefined && parts.own.registrar === undefined) {
    parts.own.registrar = await openRegistrar(
      { ...publish, directory: config.dataDir, seed: keys.seed },
      config.register,
    );
  }
  await services.resume();
  await parts.quality.assessor.resume();
  parts.log.info('ready', { datasets: config.datasets.length });
}

/** Runs a task again and again, one run at a time. */
function every(intervalMs: number, log: Logger, task: () => Promise<unknown>) {
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = task()
      .catch((error: unknown) => log.error('periodic task failed', {}, error))
      .finally(() => {
        busy = false;
      });
  }, intervalMs);
  return { stop: () => clearInterval(timer), settled: () => running };
}
