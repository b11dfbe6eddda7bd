/**
 * The certifier: opens what a bank handed in, examines it against all it knows of that bank, signs, puts it on chain.
 *
 * Parties: a regulator; never the bank itself and nobody who takes part in the computation: with the bank's secret key, a
 * gate would read what only its pads protect. Learns: the model, with weights and feature definitions; no score, nobody
 * asked about. It keeps the swings of each model it knows, sealed under its own seed, to hold later ones against them.
 * Order: a model is durable in the history before its certificate leaves, so that no crash lets two models out that were
 * never compared; what a crash left between store and chain, the next call sends.
 * Source: DESIGN.md 3.2, "model certificate".
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { type FullSubmission, openSubmission, splitSubmission } from '@sealedger/protocol/certificate-file.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { OrganisationRecord, RequestRecord } from '@sealedger/protocol/ledger/records.ts';
import {
  type CertificateFloors,
  DEFAULT_CERTIFICATE_FLOORS,
  examineModel,
  type ModelCertificate,
  readModel,
} from '@sealedger/protocol/model-certificate.ts';
import type { Exposure } from '@sealedger/protocol/model-exposure.ts';
import { requestId } from '@sealedger/protocol/request.ts';
import { type CertifiedModels, openCertifiedModels, type StoredModel } from './certified-models.ts';
import { signingKeyAt } from './peer-of.ts';
import type { BankPorts } from './ports.ts';

export interface CertifierOptions {
  readonly org: string;
  /** Epoch of the signing key on chain. */
  readonly keyEpoch: number;
  /** Ed25519 seed; X25519 secrets, the current one first; root of the keys for what is kept. 32 bytes each. */
  readonly keys: {
    readonly signing: Uint8Array;
    readonly sealing: readonly Uint8Array[];
    readonly seed: Uint8Array;
  };
  readonly ledger: CertifierLedger;
  readonly ports: Pick<BankPorts, 'clock' | 'randomBytes' | 'store' | 'ed25519'>;
  readonly floors?: CertificateFloors;
}

export type CertifierLedger = Pick<
  LedgerClient,
  'organisation' | 'request' | 'certificateOf' | 'certifyModel' | 'withdrawCertificate'
> & {
  /** Every certificate of this bank's models that ever stood on chain, whoever gave it, withdrawn ones too. */
  certifiedModels(requester: string): Promise<readonly ChainCertificate[]>;
};
export type ChainCertificate = { readonly modelDigest: string; readonly certifier: string };

/** What the certifier may show of a model: no weight, no definition. */
export type CertifiedModelReport = {
  readonly requester: string;
  readonly requestId: string;
  readonly modelDigest: string;
  /** `signed`: not on chain yet; `known`: another certifier answers for it. */
  readonly state: StoredModel['state'];
  /** Null for a model that is only known. */
  readonly certificateHash: string | null;
  readonly certificate: SignedEnvelope<ModelCertificate> | null;
  /** How much of single features all models of this bank together give away. */
  readonly exposure: Exposure | null;
};

export interface Certifier {
  /**
   * Examines a submission and certifies the model; the same model again gives the same certificate. A model whose request
   * names another certifier, or whose certificate this one lost with its store, is only taken into the history.
   * @param submission - the bank's file; see certificate-file.ts.
   * @throws {ProtocolError} CERTIFICATE_*, ENVELOPE_*, SEALED_BOX_OPEN_FAILED, SCORE_RANGE_OVERFLOW, RLWE_*, MEMBER_*,
   *   REQUEST_*, CERTIFIER_*, CHAIN_*. No detail holds a weight or a definition.
   */
  examine(submission: Uint8Array): Promise<CertifiedModelReport>;
  /** Sends to the chain what was signed before a crash. @returns what it sent. */
  resume(): Promise<readonly CertifiedModelReport[]>;
  /** Takes a certificate back for good: departments stop computing. @throws {ProtocolError} CERTIFICATE_UNKNOWN */
  withdraw(modelDigest: string): Promise<CertifiedModelReport>;
  /** All models known here, by bank, oldest first. */
  list(): Promise<readonly CertifiedModelReport[]>;
}

type Context = CertifierOptions & { readonly models: CertifiedModels };

/** Opens a certifier; one at a time on a store. */
export function openCertifier(options: CertifierOptions): Certifier {
  const context: Context = { ...options, models: openCertifiedModels(options) };
  let queue: Promise<unknown> = Promise.resolve();
  // One model after the other: two that are examined side by side would not be compared with each other.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };
  return {
    examine: (submission) => inTurn(() => examine(context, submission)),
    resume: () => inTurn(() => resume(context)),
    withdraw: (modelDigest) => inTurn(() => withdraw(context, modelDigest)),
    list: () => inTurn(async () => (await context.models.all()).map(reportOf)),
  };
}

async function examine(context: Context, bytes: Uint8Array): Promise<CertifiedModelReport> {
  const { org, keys, ledger, models, ports } = context;
  await assertRegulator(ledger, org);
  const file = splitSubmission(bytes);
  if (file.signer === org) throw new ProtocolError('CERTIFICATE_SELF', { org });
  const bank = await activeMember(ledger, file.signer);
  const submission = await openSubmission(file, {
    certifier: org,
    sealing: keys.sealing,
    publicKey: signingKeyAt(bank, file.keyEpoch, ports.clock.now()),
    now: new Date(ports.clock.now()),
    ...(ports.ed25519 === undefined ? {} : { ed25519: ports.ed25519 }),
  });
  try {
    const onChain = await requestOnChain(ledger, submission);
    const known = (await models.of(bank.id)).find(({ modelDigest }) => modelDigest === onChain.terms.modelDigest);
    if (known !== undefined && known.state !== 'known') return reportOf(await publish(context, known));
    const isOwn = submission.document.certifier === org;
    const standing = await ledger.certificateOf(onChain.terms.modelDigest, org);
    if (!isOwn || standing !== null) return reportOf(known ?? (await takeNote(context, submission)));
    assertMayAnswer(org, onChain);
    return reportOf(await certify(context, submission));
  } finally {
    submission.secret.fill(0);
  }
}

/** Keeps a model that another certifier answers for, so that later ones are held against it. */
async function takeNote({ models }: Context, submission: FullSubmission): Promise<StoredModel> {
  const model: StoredModel = { ...readModel(submission), ...namesOf(submission), certified: null, state: 'known' };
  await models.put(model);
  return model;
}

async function certify(context: Context, submission: FullSubmission): Promise<StoredModel> {
  const { models, floors = DEFAULT_CERTIFICATE_FLOORS } = context;
  const { requester } = submission.document;
  await assertHistoryComplete(context, requester);
  const { certificate, certified, exposure } = examineModel(submission, await models.of(requester), floors);
  const envelope = sign(context, certificate);
  const certificateHash = toHex(envelopeDigest(envelope));
  const model: StoredModel = {
    ...certified,
    ...namesOf(submission),
    certified: { certificate: envelope, certificateHash, exposure },
    state: 'signed',
  };
  await models.put(model);
  return publish(context, model);
}

function namesOf({ document }: FullSubmission): Pick<StoredModel, 'requester' | 'requestId'> {
  return { requester: document.requester, requestId: requestId(document) };
}

function sign({ org, keyEpoch, keys, ports }: Context, body: ModelCertificate): SignedEnvelope<ModelCertificate> {
  const issuedAt = new Date(ports.clock.now()).toISOString();
  return signEnvelope(
    { domain: domains.modelCertificate, signer: org, keyEpoch, issuedAt, body },
    keys.signing,
    ports.ed25519,
  );
}

/**
 * Puts a certificate on chain once, however often it is called. The chain is asked, not the own record of it, which may
 * have been written beside another deployment.
 */
async function publish(context: Context, model: StoredModel): Promise<StoredModel> {
  const { org, ledger, models } = context;
  const { modelDigest, requester, certified, state } = model;
  if (state === 'withdrawn') throw new ProtocolError('CERTIFICATE_WITHDRAWN', { certifier: org });
  if (certified === null) return model;
  const { certificateHash } = certified;
  const standing = await ledger.certificateOf(modelDigest, org);
  if (standing === null) await ledger.certifyModel({ modelDigest, requester, certificateHash });
  else if (standing.certificateHash !== certificateHash)
    throw new ProtocolError('CERTIFICATE_DIFFERS', { modelDigest });
  if (state === 'certified' && standing?.withdrawn === false) return model;
  const published: StoredModel = { ...model, state: standing?.withdrawn === true ? 'withdrawn' : 'certified' };
  await models.put(published);
  if (published.state === 'certified') await assertStillAlone(context, published);
  return published;
}

/** Two certifiers at the same moment see only their own history: both take back what neither compared. */
async function assertStillAlone(context: Context, model: StoredModel): Promise<void> {
  try {
    await assertHistoryComplete(context, model.requester);
  } catch (error) {
    await withdraw(context, model.modelDigest);
    throw error;
  }
}

async function resume(context: Context): Promise<readonly CertifiedModelReport[]> {
  const sent: CertifiedModelReport[] = [];
  for (const model of await context.models.all()) {
    if (model.state === 'signed') sent.push(reportOf(await publish(context, model)));
  }
  return sent;
}

async function withdraw(context: Context, modelDigest: string): Promise<CertifiedModelReport> {
  const { org, ledger, models } = context;
  const model = (await models.all()).find((candidate) => candidate.modelDigest === modelDigest);
  if (model === undefined || model.certified === null) throw new ProtocolError('CERTIFICATE_UNKNOWN', { modelDigest });
  const standing = await ledger.certificateOf(modelDigest, org);
  if (standing !== null && !standing.withdrawn) await ledger.withdrawCertificate(modelDigest);
  const withdrawn: StoredModel = { ...model, state: 'withdrawn' };
  await models.put(withdrawn);
  return reportOf(withdrawn);
}

/**
 * Every model of this bank that was ever certified on chain is known here: otherwise two certifiers, or one that lost its
 * store, would each pass one half of a difference.
 * @throws {ProtocolError} CERTIFICATE_HISTORY
 */
async function assertHistoryComplete({ ledger, models }: Context, requester: string): Promise<void> {
  const known = new Set((await models.of(requester)).map(({ modelDigest }) => modelDigest));
  const unknown = (await ledger.certifiedModels(requester)).find(({ modelDigest }) => !known.has(modelDigest));
  if (unknown !== undefined) throw new ProtocolError('CERTIFICATE_HISTORY', { ...unknown });
}

/** The request stands on chain as it was handed in. */
async function requestOnChain(ledger: CertifierLedger, { document }: FullSubmission): Promise<RequestRecord> {
  const id = requestId(document);
  const onChain = await ledger.request(id);
  if (onChain === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId: id });
  if (onChain.requester !== document.requester) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  if (onChain.terms.modelDigest !== document.modelDigest) {
    throw new ProtocolError('CERTIFICATE_SUBMISSION', { part: 'model digest' });
  }
  return onChain;
}

const OPEN_STATES: readonly RequestRecord['state'][] = ['submitted', 'active', 'suspended'];

/** @throws {ProtocolError} REQUEST_NOT_ACTIVE, CERTIFIER_TAKES_PART */
function assertMayAnswer(org: string, { state, participants, deciders }: RequestRecord): void {
  if (!OPEN_STATES.includes(state)) throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
  const involved = [...participants, ...deciders.map((decider) => decider.org)];
  if (involved.includes(org)) throw new ProtocolError('CERTIFIER_TAKES_PART', { org });
}

async function assertRegulator(ledger: CertifierLedger, org: string): Promise<void> {
  const { roles } = await activeMember(ledger, org);
  if (!roles.includes('regulator')) throw new ProtocolError('CERTIFIER_NOT_REGULATOR', { org });
}

async function activeMember(ledger: CertifierLedger, org: string): Promise<OrganisationRecord> {
  const record = await ledger.organisation(org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  if (record.status !== 'active') throw new ProtocolError('MEMBER_SUSPENDED', { org });
  return record;
}

function reportOf({ requester, requestId: id, modelDigest, certified, state }: StoredModel): CertifiedModelReport {
  const { certificate = null, certificateHash = null, exposure = null } = certified ?? {};
  return { requester, requestId: id, modelDigest, state, certificateHash, certificate, exposure };
}
