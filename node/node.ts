/**
 * One organisation's node: puts the parts together, starts and stops them in order.
 *
 * Each organisation runs its own process with its own store, keys and port. Nothing here decides; the stages do.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { metadataHash } from '@sealedger/protocol/dataset.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { signEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc, type Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createPeerClient, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { checkTable, datasetMetadata } from './catalogue/dataset.ts';
import { fileFingerprint, type PublishParts, publishVersion } from './catalogue/publish.ts';
import { createDirectory } from './chain/directory.ts';
import { createLedger } from './chain/ledger.ts';
import { createComputations, storedSheet } from './compute/computations.ts';
import { prepareWork } from './compute/prepare.ts';
import { createRunner } from './compute/runner.ts';
import type { NodeConfig } from './config.ts';
import { hkdf, nativeEd25519 } from './crypto.ts';
import { Anchorer } from './evidence/anchor.ts';
import { ledgerAnchorChain } from './evidence/anchor-chain.ts';
import { levelEvidenceStore } from './evidence/level-store.ts';
import { EvidenceLog } from './evidence/log.ts';
import { eventSigner } from './evidence/signer.ts';
import { type Keystore, openKeystore } from './keys/keystore.ts';
import { createLogger } from './log.ts';
import { tidyUp } from './maintenance.ts';
import { registerElements } from './match/elements.ts';
import { createEpochKeys } from './match/epoch-keys.ts';
import { createRegisterStore } from './match/register-store.ts';
import { openRegistrar, type Registrar } from './match/registrar.ts';
import { createMutex } from './mutex.ts';
import type { Clock, EventLog, Logger } from './ports.ts';
import { createEvaluation } from './release/evaluation.ts';
import { createUnlockCounts } from './release/unlock-counts.ts';
import { createUnlocking } from './release/unlocking.ts';
import type { OwnDataset } from './request/intake.ts';
import { createModelStore } from './request/model-store.ts';
import { createApp } from './server/app.ts';
import { nodeRoutes } from './server/routes.ts';
import { createServices, type NodeParts } from './services.ts';
import { createNonceStore, createStateStore, type LevelState, openDatabase } from './store/level-store.ts';

export interface RunningNode {
  readonly org: string;
  readonly port: number;
  /** Resolves when the node's datasets are published and its earlier work goes on. */
  readonly ready: Promise<void>;
  /** Events in the log. */
  eventCount(): number;
  /** Bytes exchanged with other nodes on this one's initiative. */
  readonly traffic: PeerClient['traffic'];
  stop(): Promise<void>;
}

const clock: Clock = { now: () => Date.now(), sleep: (ms) => sleep(ms) };
const ANCHOR_TICK_MS = 500;
const COUNT_TICK_MS = 500;
const TIDY_TICK_MS = 2000;
const START_RETRY_MS = 500;

/**
 * Starts the node of a configuration.
 * @throws {ProtocolError} KEYSTORE_UNREADABLE, CHAIN_MISMATCH, MEMBER_UNKNOWN, and what the datasets refuse (through `ready`).
 */
export async function startNode(config: NodeConfig): Promise<RunningNode> {
  const log = createLogger(config.org, (line) => void process.stderr.write(line));
  const keys = await openKeystore(join(config.dataDir, 'keystore.json'));
  const database = await openDatabase(join(config.dataDir, 'state'));
  const rpc = createJsonRpc(config.rpcUrl, fetch);
  const client = createLedgerClient({
    rpc,
    deployment: parseDeployment(JSON.parse(await readFile(config.deployment, 'utf8'))),
    clock,
    account: { privateKeyHex: toHex(keys.account) },
  });
  const keyEpoch = await untilReached(log, () => ownKeyEpoch(client, config.org));
  const state = createStateStore(database);
  const evidence = await openEvidence(config.org, keyEpoch, keys, database, client, rpc);
  const parts = await assemble(config, keys, keyEpoch, client, rpc, state, evidence, log);
  const app = createApp(
    {
      identity: parts.identity,
      directory: parts.members,
      nonces: createNonceStore(database, clock),
      clock,
      log,
      endpoint: config.endpoint.replace(/\/$/, ''),
    },
    nodeRoutes(createServices(parts)),
  );
  const server = await listen(createServer(app), config.host, config.port);
  const timers = [
    every(TIDY_TICK_MS, log, () => tidyUp({ ...parts, chunkDirectory: chunkDirectory(config) })),
    every(ANCHOR_TICK_MS, log, () => evidence.anchorer.tick()),
    every(COUNT_TICK_MS, log, () => parts.counts.flush()),
  ];
  const ready = untilReached(log, () => becomeReady(parts));
  ready.catch((error: unknown) => log.error('not ready', {}, error));
  return {
    org: config.org,
    port: (server.address() as AddressInfo).port,
    ready,
    eventCount: () => evidence.log.size,
    traffic: parts.peers.traffic,
    stop: async () => {
      for (const timer of timers) timer.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await parts.runner.close();
      await parts.evaluation.close();
      await Promise.all(timers.map((timer) => timer.settled()));
      await evidence.log.settled();
      await database.close();
    },
  };
}

async function ownKeyEpoch(client: LedgerClient, org: string): Promise<number> {
  const record = await client.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  return record.keyEpoch;
}

/** Repeats a start while the chain is away. */
async function untilReached<T>(log: Logger, task: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (!isProtocolError(error, 'CHAIN_UNREACHABLE') && !isProtocolError(error, 'CHAIN_TIMEOUT')) throw error;
      log.info('waits for the chain');
      await clock.sleep(START_RETRY_MS);
    }
  }
}

async function openEvidence(
  org: string,
  keyEpoch: number,
  keys: Keystore,
  database: Awaited<ReturnType<typeof openDatabase>>,
  client: LedgerClient,
  rpc: Rpc,
) {
  const signer = eventSigner(org, keyEpoch, keys.signing);
  const secret = hkdf(keys.seed, new Uint8Array(0), utf8(domains.fieldSalt), 32);
  const log = await EvidenceLog.open({ store: levelEvidenceStore(database), signer, clock, secret });
  const anchorer = new Anchorer({ log, chain: ledgerAnchorChain(client, rpc, org), clock, limits: { maxAgeMs: 3000 } });
  return { log, anchorer, signer };
}

async function assemble(
  config: NodeConfig,
  keys: Keystore,
  keyEpoch: number,
  client: LedgerClient,
  rpc: Rpc,
  state: LevelState,
  evidence: Awaited<ReturnType<typeof openEvidence>>,
  log: Logger,
): Promise<NodeParts> {
  const { org, dataDir } = config;
  const identity = { org, keyEpoch, sign: (message: Uint8Array) => nativeEd25519.sign(message, keys.signing) };
  const sign = <Body>(domain: (typeof domains)[keyof typeof domains], body: Body, expiresAt?: number) =>
    signEnvelope(
      {
        domain,
        signer: org,
        keyEpoch,
        issuedAt: new Date(clock.now()).toISOString(),
        ...(expiresAt === undefined ? {} : { expiresAt: new Date(1000 * expiresAt).toISOString() }),
        body,
      },
      keys.signing,
      nativeEd25519,
    );
  const ledger = createLedger(client, org, clock);
  const members = createDirectory(client, clock);
  const peers = createPeerClient(identity, {
    fetch,
    clock,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
  });
  const events: EventLog = {
    append: async (kind, fields, { id, operations = [] }) => {
      const draft = { kind, key: id, fields } as Parameters<typeof evidence.log.append>[0][number];
      await evidence.log.append([draft], state.operations(operations));
    },
  };
  const poprf = await loadPoprf();
  const mutex = createMutex();
  const registerDirectory = join(dataDir, 'registers-received');
  const registers = createRegisterStore({
    org,
    directory: registerDirectory,
    members,
    ledger,
    peers,
    sealingSecret: keys.sealing,
  });
  const models = createModelStore(org, join(dataDir, 'models'));
  const epochKeys = createEpochKeys(org, state, ledger, poprf);
  const evaluation = createEvaluation(poprf, epochKeys, config.workers);
  const own: { datasets: OwnDataset[]; registrar: Registrar | undefined } = { datasets: [], registrar: undefined };
  const fingerprintKey = hkdf(keys.seed, new Uint8Array(0), utf8(`${domains.datasetVersion}/fingerprint`), 32);
  const runner = createRunner({
    directory: chunkDirectory(config),
    workers: config.workers,
    state,
    ledger,
    events,
    clock,
    log,
    prepare: (record, document) =>
      prepareWork(
        {
          org,
          seed: keys.seed,
          registers,
          models,
          epochKeys,
          elements: (register) => registerElements(registerDirectory, register, config.workers),
          sheet: (requestId) => storedSheet(state, requestId),
          datasets: () => own.datasets,
          isUnchanged: async ({ config: { file }, published }) =>
            (await fileFingerprint(fingerprintKey, file)) === published.fingerprint,
        },
        record,
        document,
      ),
  });
  const computations = createComputations({
    org,
    seed: keys.seed,
    state,
    ledger,
    members,
    events,
    registers,
    clock,
    mutex,
    signAnnouncement: (announcement) => sign(domains.announcement, announcement),
    run: runner.run,
  });
  const unlocking = createUnlocking({
    org,
    state,
    ledger,
    members,
    events,
    clock,
    mutex,
    current: computations.current,
    evaluate: evaluation.evaluate,
    signReceipt: (receipt) => sign(domains.unlockReceipt, receipt),
    metered: (requestId) => counts.metered(requestId),
  });
  const counts = createUnlockCounts(state, ledger, log, unlocking.used);
  return {
    config,
    keys,
    log,
    clock,
    identity,
    rpc,
    client,
    state,
    ledger,
    members,
    peers,
    events,
    evidence,
    registers,
    models,
    epochKeys,
    evaluation,
    runner,
    computations,
    unlocking,
    counts,
    mutex,
    own,
    fingerprintKey,
    signGrant: (grant, expiresAt) => sign(domains.grant, grant, expiresAt),
  };
}

/** Publishes what changed while the node was away, then goes on with what it left. */
async function becomeReady(parts: NodeParts): Promise<void> {
  const { config, ledger, state, events, keys } = parts;
  const publish: PublishParts = { org: config.org, state, ledger, events };
  for (const dataset of config.datasets) {
    const fingerprint = await fileFingerprint(parts.fingerprintKey, dataset.file);
    const published = await publishVersion(publish, {
      name: dataset.name,
      level: dataset.level,
      fingerprint,
      metadataHash: (version) => metadataHash(datasetMetadata(config.org, dataset, version)),
      measure: async () => ({ rows: await checkTable(dataset), commitment: fingerprint }),
    });
    if (!parts.own.datasets.some(({ config: { name } }) => name === dataset.name))
      parts.own.datasets.push({ config: dataset, published });
  }
  if (config.register !== undefined && parts.own.registrar === undefined) {
    parts.own.registrar = await openRegistrar(
      { ...publish, directory: config.dataDir, seed: keys.seed },
      config.register,
    );
  }
  await createServices(parts).resume();
  parts.log.info('ready', { datasets: config.datasets.length });
}

function chunkDirectory(config: NodeConfig): string {
  return join(config.dataDir, 'computations');
}

async function listen(server: Server, host: string, port: number): Promise<Server> {
  server.requestTimeout = 300_000;
  server.headersTimeout = 15_000;
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return server;
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
