/** Puts a node's parts together, layer by layer: what all share, matching, computing, releasing. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { utf8 } from '@sealedger/protocol/bytes.ts';
import { type Domain, domains } from '@sealedger/protocol/domains.ts';
import { type SignedEnvelope, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError, type ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import { createPinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import { certificateCheck } from './approval/certificate-check.ts';
import { completenessCheck } from './approval/completeness-check.ts';
import { consentCheck, consentSeen } from './approval/consent-check.ts';
import { dataCheck } from './approval/data-check.ts';
import { grantedHere } from './approval/decide.ts';
import { grantCheck } from './approval/grant-check.ts';
import { createGuard, remembering } from './approval/guard.ts';
import { revocationCheck } from './approval/revoke.ts';
import { hoursCheck, memberCheck, stateCheck, termCheck } from './approval/use-checks.ts';
import { sourceFingerprint } from './catalogue/fingerprint.ts';
import { createDirectory } from './chain/directory.ts';
import { createLedger } from './chain/ledger.ts';
import { createComputations, storedDocument, storedSheet } from './compute/computations.ts';
import { prepareWork } from './compute/prepare.ts';
import { createRunner } from './compute/runner.ts';
import type { NodeConfig } from './config.ts';
import { hkdf, nativeEd25519, sha256 } from './crypto.ts';
import { Anchorer, type LostAnchor } from './evidence/anchor.ts';
import { ledgerAnchorChain } from './evidence/anchor-chain.ts';
import { assertSameHistory } from './evidence/history.ts';
import { type BatchOp, levelEvidenceStore } from './evidence/level-store.ts';
import { EvidenceLog } from './evidence/log.ts';
import { ringSigner } from './evidence/signer.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { registerElements } from './match/elements.ts';
import { createEpochKeys } from './match/epoch-keys.ts';
import { createRegisterStore } from './match/register-store.ts';
import type { Registrar } from './match/registrar.ts';
import { createMutex } from './mutex.ts';
import type { Clock, EventLog, Logger } from './ports.ts';
import { createEvaluation } from './release/evaluation.ts';
import { createUnlockCounts } from './release/unlock-counts.ts';
import { createUnlocking } from './release/unlocking.ts';
import { requestStores } from './request/completeness.ts';
import type { OwnDataset } from './request/intake.ts';
import { createModelStore } from './request/model-store.ts';
import type { NodeParts } from './services/parts.ts';
import { openQuality } from './services/quality.ts';
import type { ChainAccount, HeldEvents } from './services/rotation.ts';
import { openUsage } from './services/usage.ts';
import { openWatch } from './services/watch.ts';
import { openSteadyClock } from './steady-clock.ts';
import type { Database, LevelState } from './store/level-store.ts';

/** What is opened before anything is put together. */
export interface Opened {
  readonly config: NodeConfig;
  readonly keys: KeyRing;
  readonly chainAccount: ChainAccount;
  readonly client: LedgerClient;
  readonly rpc: Rpc;
  readonly state: LevelState;
  readonly evidence: NodeParts['evidence'];
  readonly log: Logger;
  readonly clock: Clock;
}

const NO_SALT = new Uint8Array(0);
const ANCHOR_AGE_MS = 3000;

/**
 * Opens the log and what anchors it, and refuses a log that is not the one that was anchored.
 * @throws {ProtocolError} EVIDENCE_STORE_CORRUPT, ANCHOR_LOG_REWOUND, ANCHOR_ROOT_DIFFERS, CHAIN_UNREACHABLE
 */
export async function openEvidence(
  opened: Omit<Opened, 'evidence'>,
  database: Database,
): Promise<NodeParts['evidence']> {
  const { config, keys, client, rpc, clock, log: logger } = opened;
  const signer = ringSigner(keys);
  const secret = hkdf(keys.seed, NO_SALT, utf8(domains.fieldSalt), 32);
  const log = await EvidenceLog.open({ store: levelEvidenceStore(database), signer, clock, secret });
  const chain = ledgerAnchorChain(client, rpc, config.org, config.confirmations);
  await assertSameHistory(log, chain);
  const onLost = (anchor: LostAnchor): void => logger.info('the chain took an anchor back', anchor);
  const limits = { maxAgeMs: ANCHOR_AGE_MS };
  return { log, signer, anchorer: new Anchorer({ log, chain, clock, limits, onLost }) };
}

export async function assembleParts(opened: Opened): Promise<NodeParts> {
  const shared = await shareParts(opened);
  const matching = await matchParts(opened, shared);
  const computing = computeParts(opened, shared, matching);
  shared.usage.onChange((requestId) => {
    computing.runner.recheck(requestId).catch((cause) => opened.log.error('running work not looked at', {}, cause));
  });
  const releasing = releaseParts(opened, shared, matching, computing);
  const watch = await openWatch({ ...opened, ...shared });
  const { sign, steady, ...visible } = shared;
  return {
    ...opened,
    ...visible,
    ...matching,
    ...computing,
    ...releasing,
    watch,
    keepTime: steady.keep,
    quality: openQuality({ ...opened, ...shared }),
    signGrant: (grant, expiresAt) => sign(domains.grant, grant, expiresAt),
  };
}

type Shared = Awaited<ReturnType<typeof shareParts>>;
type Matching = Awaited<ReturnType<typeof matchParts>>;
type Computing = ReturnType<typeof computeParts>;

async function shareParts({ config, keys, client, clock, state, evidence, log }: Opened) {
  const { org } = config;
  const pinned = createPinnedTransport();
  const members = createDirectory(client, clock);
  const peerPorts = {
    fetch,
    pinnedFetch: pinned.fetch,
    clock,
    randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
    ed25519: nativeEd25519,
    sha256,
    signingKey: (member: string, keyEpoch: number) => members.signingKey(member, keyEpoch),
  };
  const { events, failed, fail, holdEvents } = eventsOf(evidence.log, state);
  const ledger = createLedger(client, org, clock, config.confirmations);
  const document = remembering((requestId: string) => storedDocument(state, requestId));
  const grant = remembering((requestId: string) => grantedHere(state, requestId));
  const steady = await openSteadyClock(clock, state, log);
  const usage = await openUsage({ config, state, ledger, events, clock: steady, log, document, grant });
  const { isSuspended } = usage.suspensions;
  const guard = createGuard({ ledger, document, grant, isSuspended }, [
    stateCheck,
    revocationCheck(state),
    termCheck(steady),
    grantCheck(state, org),
    hoursCheck(steady),
    memberCheck(members, org),
    completenessCheck(requestStores(org, config.dataDir).missing),
    dataCheck(ledger, clock),
    certificateCheck(ledger, members),
    consentCheck({ ledger, members, state, clock: steady, maxRootAgeDays: config.consent.maxRootAgeDays }),
  ]);
  return {
    identity: keys,
    sign: signerOf(keys, clock),
    ledger,
    members,
    guard,
    usage,
    steady,
    pinned,
    peers: createPeerClient(keys, peerPorts),
    events,
    failed,
    fail,
    holdEvents,
    mutex: createMutex(),
    own: { datasets: [] as OwnDataset[], registrar: undefined as Registrar | undefined },
    fingerprintKey: hkdf(keys.seed, NO_SALT, utf8(`${domains.datasetVersion}/fingerprint`), 32),
  };
}

/** Signs as this organisation. @returns a function that takes domain, body and, in seconds, the end. */
function signerOf(ring: KeyRing, clock: Clock) {
  return <Body>(domain: Domain, body: Body, expiresAt?: number): SignedEnvelope<Body> => {
    const end = expiresAt === undefined ? {} : { expiresAt: new Date(1000 * expiresAt).toISOString() };
    const issuedAt = new Date(clock.now()).toISOString();
    const { org: signer, keyEpoch, signing } = ring;
    return signEnvelope({ domain, signer, keyEpoch, issuedAt, ...end, body }, signing, nativeEd25519);
  };
}

/** The log as the stages append to it; a failed write of it ends the node. */
function eventsOf(
  log: EvidenceLog<BatchOp>,
  state: LevelState,
): {
  events: EventLog;
  failed: Promise<never>;
  fail: (error: unknown) => void;
  holdEvents: () => Promise<HeldEvents>;
} {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  let held: Promise<void> | null = null;
  const holdEvents = async (): Promise<HeldEvents> => {
    while (held !== null) await held;
    const gate = Promise.withResolvers<void>();
    gate.promise.catch(() => undefined);
    held = gate.promise;
    await log.settled();
    const release = (): void => {
      // What was refused stays so.
      held = held === gate.promise ? null : held;
      gate.resolve();
    };
    const refuse = (error: ProtocolError): void => {
      held = Promise.reject(error);
      held.catch(() => undefined);
      gate.reject(error);
    };
    return { release, refuse };
  };
  const events: EventLog = {
    append: async (kind, fields, { id, operations = [] }) => {
      const draft = { kind, key: id, fields } as Parameters<typeof log.append>[0][number];
      while (held !== null) await held;
      try {
        await log.append([draft], state.operations(operations));
      } catch (error) {
        if (isProtocolError(error, 'EVIDENCE_LOG_FAILED')) failure.reject(error);
        throw error;
      }
    },
  };
  return { events, failed: failure.promise, fail: failure.reject, holdEvents };
}

async function matchParts({ config, keys, state }: Opened, { ledger, members, peers }: Shared) {
  const { org, dataDir, workers } = config;
  const poprf = await loadPoprf();
  const epochKeys = createEpochKeys(org, state, ledger, poprf);
  const directory = registerDirectory(config);
  return {
    registers: createRegisterStore({ org, directory, members, ledger, peers, sealing: () => keys.sealing }),
    models: createModelStore(org, join(dataDir, 'models')),
    epochKeys,
    evaluation: createEvaluation(poprf, epochKeys, workers),
  };
}

function computeParts(opened: Opened, shared: Shared, { registers, models, epochKeys }: Matching) {
  const { config, keys, state, log, clock } = opened;
  const { ledger, members, events, mutex, own, sign, fingerprintKey, guard } = shared;
  const { org, workers } = config;
  const { seed } = keys;
  const prepareParts = {
    org,
    seed,
    registers,
    models,
    epochKeys,
    elements: (register: Parameters<typeof registerElements>[1]) =>
      registerElements(registerDirectory(config), register, workers),
    sheet: (requestId: string) => storedSheet(state, requestId),
    datasets: () => own.datasets,
    isUnchanged: async ({ config: dataset, published }: OwnDataset) =>
      (await sourceFingerprint(fingerprintKey, dataset)) === published.fingerprint,
  };
  const runner = createRunner({
    directory: chunkDirectory(config),
    workers,
    state,
    guard,
    events,
    clock,
    log,
    prepare: (record, document, signal) => prepareWork(prepareParts, record, document, signal),
  });
  const computations = createComputations({
    org,
    seed,
    state,
    ledger,
    members,
    events,
    registers,
    clock,
    mutex,
    signAnnouncement: (announcement) => sign(domains.announcement, announcement),
    guard,
    run: runner.run,
  });
  return { runner, computations };
}

function releaseParts(opened: Opened, shared: Shared, { evaluation }: Matching, { computations }: Computing) {
  const { config, state, log, clock } = opened;
  const { ledger, members, events, mutex, sign, guard, usage } = shared;
  const unlocking = createUnlocking({
    org: config.org,
    state,
    ledger,
    members,
    events,
    clock,
    mutex,
    guard,
    usage: usage.book,
    current: computations.current,
    evaluate: evaluation.evaluate,
    consentSize: async (requestId) => consentSeen(ledger, await storedDocument(state, requestId)),
    signReceipt: (receipt) => sign(domains.unlockReceipt, receipt),
    metered: (requestId) => counts.metered(requestId),
  });
  const counts = createUnlockCounts(state, ledger, log, unlocking.used);
  return { unlocking, counts };
}

/** Where the chunks of computations lie. */
export function chunkDirectory(config: NodeConfig): string {
  return join(config.dataDir, 'computations');
}

function registerDirectory(config: NodeConfig): string {
  return join(config.dataDir, 'registers-received');
}
