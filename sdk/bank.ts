/**
 * The bank's SDK: find datasets, ask for a sealed joint score, compute, unlock, keep the proof.
 *
 * The bank talks to nodes and chain only through this; it holds the model and the secret key, and learns the score of each
 * subject that it unlocks, nothing of features and no department's part of a score.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { type DatasetListing, datasetListingSchema } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle } from '@sealedger/protocol/evidence/bundle.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import { createLedgerClient, type LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Model } from '@sealedger/protocol/model.ts';
import { createPeerClient, type Peer, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { loadPoprf, type Poprf } from '@sealedger/protocol/poprf.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { z } from 'zod';
import type { BankConsent } from './bank-consent.ts';
import { consentParts } from './bank-consents.ts';
import { collectBankEvidence } from './bank-evidence.ts';
import { awaitDecision, submitRequest } from './bank-request.ts';
import { type Catalogues, openCatalogues } from './catalogue.ts';
import { awaitCertificate, certificateSubmission } from './certificate-submission.ts';
import { type ComputeProgress, computeTable } from './compute.ts';
import type { Consents } from './consents.ts';
import { currentSigningKey, peerOf } from './peer-of.ts';
import type { BankPorts } from './ports.ts';
import { openRelease, type ReleaseOpening } from './release-opening.ts';
import { createReleases } from './releases.ts';
import { deliverRequest } from './request-delivery.ts';
import { amendRequest, answerQuestion, renewRequest, withdrawRequest } from './request-life.ts';
import { type GrantReport, type RequestOverview, requestGrants, requestOverview } from './request-status.ts';
import { createScoreOpener, type OpenedScore, type UnlockOptions } from './scores.ts';
import { type BankRequest, loadInput, loadRequest, ownRequests, type RequestInput } from './stored-request.ts';
import type { UnlockerParts } from './unlocker.ts';

export interface BankOptions {
  readonly org: string;
  readonly deployment: Deployment;
  readonly rpcUrl: string;
  /** Ed25519 seed and secp256k1 key, 32 bytes each; both belong to the bank's entry on chain. */
  readonly keys: {
    readonly signing: Uint8Array;
    readonly account: Uint8Array;
    /** X25519 secrets, now and earlier: for what others seal for this organisation. */
    readonly sealing?: Uint8Array;
    readonly earlierSealing?: readonly Uint8Array[];
    /** 32 secret bytes that stay over rotations: consents and the queries made under them are sealed with it. */
    readonly seed?: Uint8Array;
  };
  readonly ports: BankPorts;
}

/** What the parts of the SDK share. */
export interface BankContext {
  readonly org: string;
  readonly keyEpoch: number;
  readonly signing: Uint8Array;
  readonly ledger: LedgerClient;
  readonly peers: PeerClient;
  readonly poprf: Poprf;
  readonly ports: BankPorts;
  /** Heads of the unlocking lanes that this process used. */
  readonly lanes: UnlockerParts['lanes'];
  readonly blinders: UnlockerParts['blinders'];
  readonly consent: BankConsent;
  readonly consents: Consents;
  /** An active organisation's entry on chain. @throws {ProtocolError} MEMBER_UNKNOWN, MEMBER_SUSPENDED */
  member(org: string): Promise<OrganisationRecord>;
  /** Its node, as the peer client calls it. */
  peer(org: string): Promise<Peer>;
  /** Its key of an epoch, as the chain has it now: it may have rotated since its entry was read. */
  signingKey(org: string, keyEpoch: number): Promise<Uint8Array>;
}

export interface Bank {
  /** Published dataset versions of all active departments and registrars. */
  catalogue(): Promise<readonly DatasetListing[]>;
  /** Seals the model, puts the request on chain, hands it to owners and gates. @returns the request id. */
  request(input: RequestInput): Promise<BankRequest>;
  /** Waits until the request is active. @throws {ProtocolError} REQUEST_REJECTED, REQUEST_TIMED_OUT */
  awaitDecision(requestId: string, timeoutMs: number): Promise<void>;
  /** Ids of the requests that this store has seen, oldest first. */
  requests(): Promise<readonly string[]>;
  /** A request as it was stored. @throws {ProtocolError} REQUEST_UNKNOWN */
  stored(requestId: string): Promise<BankRequest>;
  /** The model that a request asks with, in clear. @throws {ProtocolError} REQUEST_UNKNOWN */
  askedModel(requestId: string): Promise<Model>;
  /** Delivers again what has not arrived at owners and gates. */
  deliver(requestId: string): Promise<void>;
  /** A new version with some terms changed; all decide anew, and the old one ends when the new one is active. */
  amend(requestId: string, changes: Partial<RequestInput>): Promise<BankRequest>;
  /** The same terms for another quota or term; as an amendment otherwise. */
  renew(requestId: string, terms: { readonly quota?: number; readonly termSeconds: number }): Promise<BankRequest>;
  /** Takes a request back, or ends it where it is in use. @throws {ProtocolError} REQUEST_NOT_ACTIVE */
  withdraw(requestId: string): Promise<'withdrawn' | 'completed'>;
  /** Chain and nodes together: decisions, what is missing where, questions, deadlines, used quota, versions. */
  status(requestId: string): Promise<RequestOverview>;
  /** Answers a question of an owner or gate. */
  answer(requestId: string, org: string, questionId: string, text: string): Promise<void>;
  /** The signed grants, each held against the chain. */
  grants(requestId: string): Promise<readonly GrantReport[]>;
  /** The file that opens the model to a certifier, and to nobody else; by default to the one that the request names. */
  certificateSubmission(requestId: string, options?: { readonly certifier?: string }): Promise<Uint8Array>;
  /** Waits until that certificate stands on chain. @returns its digest. @throws {ProtocolError} CERTIFICATE_* */
  awaitCertificate(requestId: string, timeoutMs: number): Promise<string>;
  /** Opens an attempt and collects the sealed table. */
  compute(
    requestId: string,
    onProgress?: (progress: ComputeProgress) => void,
  ): Promise<{ readonly people: number; readonly computationId: string }>;
  /** Unlocks subjects and opens their scores; {@link Bank.commitResults} then commits to them. */
  unlock(
    requestId: string,
    subjects: readonly SubjectId[],
    options?: UnlockOptions,
  ): Promise<ReadonlyMap<SubjectId, OpenedScore>>;
  /** Commits on chain to all results opened since the last time, as one batch. @returns its number, null for none. */
  commitResults(requestId: string): Promise<number | null>;
  /** Ends the request: gates erase their keys. */
  complete(requestId: string): Promise<void>;
  /** One bundle over all organisations that took part. */
  evidence(requestId: string): Promise<readonly { readonly name: string; readonly bundle: Bundle }[]>;
  /** What shows that a committed batch has this subject's score; null where none has. It holds identifier and score. */
  opening(requestId: string, subject: SubjectId): Promise<ReleaseOpening | null>;
  /** Consents: as their holder, from an authority, and opened for an audit; see consents.ts. */
  readonly consents: Consents;
  /** This member's way into the catalogues of all nodes; see catalogue.ts. */
  readonly catalogues: Catalogues;
  readonly traffic: PeerClient['traffic'];
  readonly ledger: LedgerClient;
}

/** Opens the SDK for one bank. @throws {ProtocolError} CHAIN_*, MEMBER_UNKNOWN where the bank is not admitted. */
export async function openBank(options: BankOptions): Promise<Bank> {
  const context = await openContext(options);
  const releases = createReleases(context);
  const scores = createScoreOpener(context, releases);
  return {
    catalogue: () => readCatalogue(context),
    request: (input) => submitRequest(context, input),
    awaitDecision: (requestId, timeoutMs) => awaitDecision(context, requestId, timeoutMs),
    requests: () => ownRequests(context),
    stored: (requestId) => loadRequest(context, requestId),
    askedModel: async (requestId) => (await loadInput(context, requestId)).model,
    deliver: (requestId) => deliverRequest(context, requestId),
    amend: (requestId, changes) => amendRequest(context, requestId, changes),
    renew: (requestId, terms) => renewRequest(context, requestId, terms),
    withdraw: (requestId) => withdrawRequest(context, requestId),
    status: (requestId) => requestOverview(context, requestId),
    answer: (requestId, org, questionId, text) => answerQuestion(context, requestId, org, { questionId, text }),
    grants: (requestId) => requestGrants(context, requestId),
    awaitCertificate: (requestId, timeoutMs) => awaitCertificate(context, requestId, timeoutMs),
    certificateSubmission: (requestId, to) => certificateSubmission(context, requestId, to),
    compute: async (requestId, onProgress) => {
      scores.forget(requestId);
      return computeTable(context, requestId, onProgress);
    },
    unlock: scores.open,
    complete: async (requestId) => void (await context.ledger.completeRequest(requestId)),
    commitResults: releases.commit,
    evidence: async (requestId) => {
      await releases.commit(requestId);
      return collectBankEvidence(context, requestId);
    },
    opening: (requestId, subject) => openRelease(context.ports.store, requestId, subject),
    consents: context.consents,
    catalogues: openCatalogues(context),
    traffic: context.peers.traffic,
    ledger: context.ledger,
  };
}

async function openContext(options: BankOptions): Promise<BankContext> {
  const { org, ports, keys, deployment } = options;
  const rpc = createJsonRpc(options.rpcUrl, ports.fetch);
  const ledger = createLedgerClient({
    rpc,
    deployment,
    clock: ports.clock,
    account: { privateKeyHex: toHex(keys.account) },
  });
  const member = async (id: string): Promise<OrganisationRecord> => {
    const record = await ledger.organisation(id);
    if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org: id });
    if (record.status !== 'active') throw new ProtocolError('MEMBER_SUSPENDED', { org: id });
    return record;
  };
  const { keyEpoch } = await member(org);
  const sign = (message: Uint8Array): Uint8Array => (ports.ed25519 ?? nobleEd25519).sign(message, keys.signing);
  const signingKey: BankContext['signingKey'] = (id, epoch) =>
    currentSigningKey({ member, clock: ports.clock }, id, epoch);
  const peers = createPeerClient({ org, keyEpoch, sign }, { ...ports, signingKey });
  const peer = async (id: string): Promise<Peer> => peerOf(await member(id));
  return {
    org,
    keyEpoch,
    signing: keys.signing,
    ledger,
    peers,
    poprf: await loadPoprf(),
    ports,
    member,
    peer,
    signingKey,
    lanes: new Map(),
    blinders: new Map(),
    ...consentParts(options, { rpc, ledger, member, keyEpoch }),
  };
}

const listingsSchema = z.array(datasetListingSchema).max(4096);

async function readCatalogue(context: BankContext): Promise<readonly DatasetListing[]> {
  const organisations = await context.ledger.organisations();
  const owners = organisations.filter(
    ({ status, roles }) => status === 'active' && (roles.includes('department') || roles.includes('registrar')),
  );
  const lists = await Promise.all(
    owners.map(async (owner) => {
      const body = await context.peers.json(peerOf(owner), { method: 'GET', path: '/v1/datasets', retries: 3 });
      return parseDocument(listingsSchema, body, `catalogue of ${owner.id}`);
    }),
  );
  return lists.flat();
}
