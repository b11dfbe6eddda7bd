/** What the routes call: each service checks who asks and hands the work to its stage. */
import { randomBytes } from 'node:crypto';
import { domains } from '@sealedger/protocol/domains.ts';
import type { SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { PeerClient, PeerIdentity } from '@sealedger/protocol/peer-client.ts';
import type { FeatureSheet, RequestDocument } from '@sealedger/protocol/request.ts';
import { sealBox } from '@sealedger/protocol/sealed-box.ts';
import { type DecideParts, decideRequest, type Grant, resendDecisions } from './approval/decide.ts';
import { answerByPolicy } from './approval/policy.ts';
import { datasetMetadata } from './catalogue/dataset.ts';
import { computationKeys } from './compute/computation.ts';
import { type Computations, storedDocument } from './compute/computations.ts';
import type { Runner } from './compute/runner.ts';
import type { NodeConfig } from './config.ts';
import type { Anchorer } from './evidence/anchor.ts';
import { exportBundle } from './evidence/export.ts';
import type { BatchOp } from './evidence/level-store.ts';
import type { EvidenceLog } from './evidence/log.ts';
import type { EventSigner } from './evidence/ports.ts';
import type { Keystore } from './keys/keystore.ts';
import { type EpochKeys, epochRequests } from './match/epoch-keys.ts';
import { boxPurposes, type RegisterStore } from './match/register-store.ts';
import { type Registrar, registerMetadata } from './match/registrar.ts';
import type { Mutex } from './mutex.ts';
import type { Clock, Directory, EventLog, Ledger, Logger, StateStore } from './ports.ts';
import type { Evaluation } from './release/evaluation.ts';
import type { UnlockCounts } from './release/unlock-counts.ts';
import type { Unlocking } from './release/unlocking.ts';
import { acceptRequest, assertOwnFeatures, type OwnDataset } from './request/intake.ts';
import type { ModelStore } from './request/model-store.ts';
import type { RouteParts } from './server/routes.ts';

/** Everything that a node is made of. */
export interface NodeParts {
  readonly config: NodeConfig;
  readonly keys: Keystore;
  readonly log: Logger;
  readonly clock: Clock;
  readonly identity: PeerIdentity;
  readonly rpc: Rpc;
  readonly client: LedgerClient;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly members: Directory;
  readonly peers: PeerClient;
  readonly events: EventLog;
  readonly evidence: { readonly log: EvidenceLog<BatchOp>; readonly anchorer: Anchorer; readonly signer: EventSigner };
  readonly registers: RegisterStore;
  readonly models: ModelStore;
  readonly epochKeys: EpochKeys;
  readonly evaluation: Evaluation;
  readonly runner: Runner;
  readonly computations: Computations;
  readonly unlocking: Unlocking;
  readonly counts: UnlockCounts;
  readonly mutex: Mutex;
  /** Filled in while the node becomes ready. */
  readonly own: { readonly datasets: OwnDataset[]; registrar: Registrar | undefined };
  readonly fingerprintKey: Uint8Array;
  /** Rejects where the node must end. */
  readonly failed: Promise<never>;
  readonly signGrant: (grant: Grant, expiresAt: number) => SignedEnvelope<Grant>;
}

export interface Services extends RouteParts {
  /** Goes on with decisions, gate keys and computations that a stop interrupted. */
  resume(): Promise<void>;
}

export function createServices(parts: NodeParts): Services {
  return {
    ...registerServices(parts),
    ...requestServices(parts),
    ...computeServices(parts),
    ...evidenceServices(parts),
  };
}

function registerServices(parts: NodeParts) {
  const { config, own, members } = parts;
  const material = async (id: string) => {
    if (own.registrar === undefined) throw new ProtocolError('REGISTER_UNKNOWN', { register: id });
    return own.registrar.material(id);
  };
  const boxed = async (caller: string, message: Uint8Array, purpose: string): Promise<Uint8Array> => {
    const receiver = await members.activeMember(caller);
    return sealBox({
      message,
      receiverPublicKey: receiver.x25519,
      context: { domain: domains.registerKey, sender: config.org, receiver: caller, purpose },
      ephemeralSecret: new Uint8Array(randomBytes(32)),
    });
  };
  return {
    datasets: async () => [
      ...own.datasets.map(({ config: dataset, published }) => ({
        id: published.id,
        rows: published.rows,
        metadata: datasetMetadata(config.org, dataset, published.version),
      })),
      ...(own.registrar === undefined
        ? []
        : [
            {
              id: own.registrar.published.id,
              rows: own.registrar.published.rows,
              metadata: registerMetadata(config.org, own.registrar.published.name, own.registrar.published.version),
            },
          ]),
    ],
    registerKey: async (caller: string, id: string) => boxed(caller, (await material(id)).key, boxPurposes.key),
    registerTags: async (id: string) => (await material(id)).tags,
    registerSubjects: async (caller: string, id: string) =>
      boxed(caller, (await material(id)).identifiers, boxPurposes.identifiers),
  };
}

function requestServices(parts: NodeParts) {
  const { config, state, ledger, events, clock, models, epochKeys, own, mutex } = parts;
  const decideParts: DecideParts | undefined =
    config.policy === undefined
      ? undefined
      : { org: config.org, state, ledger, events, clock, policy: config.policy, signGrant: parts.signGrant };
  return {
    request: async (caller: string, body: unknown) => {
      const { document, sheet, onChain } = await acceptRequest(ledger, body, caller);
      const isDecider = onChain.decisions.some(({ decider }) => decider === config.org);
      const isGate = onChain.gates.includes(config.org);
      if (!isDecider && !isGate) throw new ProtocolError('REQUEST_NOT_CONCERNED', {});
      assertOwnFeatures(document, sheet, config.org, own.datasets);
      return mutex.run(`request/${onChain.id}`, async () => {
        await logRequest(parts, onChain.id, document, sheet);
        const decision =
          isDecider && decideParts !== undefined ? await decideRequest(decideParts, document, onChain) : undefined;
        // A gate that owns nothing here agrees by its key, and only where its own policy would approve.
        const isServed = isDecider ? decision?.approved === true : isApprovedByPolicy(parts, document);
        if (isGate && isServed) await epochKeys.publish(onChain.id);
        const state = decision === undefined ? 'pending' : decision.approved ? 'approved' : 'rejected';
        return { requestId: onChain.id, decision: isDecider ? state : 'none' };
      });
    },
    model: async (caller: string, requestId: string, bodyInto: (sink: NodeJS.WritableStream) => Promise<void>) => {
      const onChain = await ledger.request(requestId);
      if (onChain.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
      if (onChain.state !== 'submitted' && onChain.state !== 'active') {
        throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: onChain.state });
      }
      await models.receive(await storedDocument(state, requestId), bodyInto);
    },
    resume: async () => {
      if (decideParts !== undefined) await resendDecisions(decideParts);
      for (const requestId of await epochRequests(state)) await epochKeys.publish(requestId);
      await parts.computations.resume();
    },
  };
}

function isApprovedByPolicy({ config, clock }: NodeParts, document: RequestDocument): boolean {
  if (config.policy === undefined) return false;
  return answerByPolicy(config.policy, document, Math.floor(clock.now() / 1000)).decision === 'approve';
}

async function logRequest(
  parts: NodeParts,
  requestId: string,
  document: RequestDocument,
  sheet: FeatureSheet | null,
): Promise<void> {
  await parts.events.append(
    'request',
    {
      requestId,
      requester: document.requester,
      purpose: document.purpose,
      datasets: document.datasets.map((dataset) => dataset.id),
      modelDigest: document.modelDigest,
      quota: document.quota,
      expiresAt: document.expiresAt,
    },
    {
      id: `request/${requestId}`,
      operations: [
        { type: 'put', key: computationKeys.document(requestId), value: document },
        ...(sheet === null ? [] : [{ type: 'put' as const, key: computationKeys.sheet(requestId), value: sheet }]),
      ],
    },
  );
}

function computeServices(parts: NodeParts) {
  const { computations, runner, unlocking } = parts;
  return {
    announce: computations.announce,
    start: computations.start,
    status: computations.status,
    chunk: async (caller: string, id: string, chunk: number) =>
      runner.chunk(await computations.owned(caller, id), chunk),
    unlock: unlocking.unlock,
    lane: unlocking.lane,
  };
}

function evidenceServices(parts: NodeParts) {
  const { evidence, rpc, client } = parts;
  const exported = async (subject: BundleSubject) => {
    await parts.counts.flush();
    await evidence.anchorer.flush();
    return exportBundle({ log: evidence.log, signer: evidence.signer, rpc, deployment: client.deployment }, subject);
  };
  return {
    result: (caller: string, requestId: string, batch: number) => logResult(parts, caller, requestId, batch),
    evidence: (requestId: string) => exported({ kind: 'request', requestId }),
    batchEvidence: (requestId: string, org: string, batch: number) =>
      exported({ kind: 'batch', requestId, org, batch }),
  };
}

/** Logs that the requester committed to a batch of results; the commitment is the one on chain. */
async function logResult(parts: NodeParts, caller: string, requestId: string, batch: number): Promise<void> {
  const onChain = await parts.ledger.request(requestId);
  if (onChain.requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  const commitment = await parts.client.resultCommitment(requestId, caller, batch);
  const current = await parts.computations.current(requestId);
  if (commitment === null || current === undefined) throw new ProtocolError('RESULT_UNKNOWN', { batch });
  const { count } = await parts.client.resultsOf(requestId, caller);
  await parts.events.append(
    'result',
    { requestId, computationId: current.computationId, batch, commitment, count },
    { id: `result/${requestId}/${batch}` },
  );
}
