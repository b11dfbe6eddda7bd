/** Two banks, two regulators and a chain in memory, with requests whose models are sealed by SEAL or by nobody honest. */
import { createHash } from 'node:crypto';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { type FullSubmission, type SubmissionHead, writeSubmission } from '@sealedger/protocol/certificate-file.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { CertificateRecord, OrganisationRecord, RequestRecord } from '@sealedger/protocol/ledger/records.ts';
import type { CertificateFloors } from '@sealedger/protocol/model-certificate.ts';
import {
  type FeatureSheet,
  modelDigest,
  type RequestDocument,
  requestId,
  type SealedModelManifest,
  sheetDigest,
} from '@sealedger/protocol/request.ts';
import { RING_TAG } from '@sealedger/protocol/rlwe/ring.ts';
import { type Certifier, type CertifierLedger, openCertifier } from '@sealedger/sdk/certificates.ts';
import { nativeEd25519 } from '@sealedger/sdk/cli/native.ts';
import type { SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import type { BankStore } from '@sealedger/sdk/ports.ts';
import { keyOf, type Organisation, organisation, START_MS } from '../../node/support/organisations.ts';
import { named, requestDocument } from '../../node/support/request-fixture.ts';

export const FIELDS = 4;
export const VALUE_BITS = 16;
export const SCALE_BITS = 30;
/** Names that must show nowhere but in the sealed box. */
export const FIELD_NAMES = ['planted-income', 'planted-arrears', 'planted-months', 'planted-grade'];
/** Swings in logits of a model that passes. */
export const SPREAD = [1, -0.5, 0.7, 1.2, -1, 0.8, 0.9, 0.4, 1.1, -0.6, 0.5, 1];

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @param parties - of `court`, `social` and `tax`, those with features. */
export function sheetsOf(parties: readonly string[] = ['court', 'social', 'tax']): FeatureSheet[] {
  return parties.map((party) => ({
    suite: SUITE,
    version: 1,
    party,
    dataset: 'rows',
    salt: sha(Buffer.from(party)),
    definitions: FIELD_NAMES.map((field) => ({
      party,
      field,
      transform: 'linear' as const,
      clip: [0, 10] as [number, number],
      missing: 0,
      valueBits: VALUE_BITS,
    })),
  }));
}

/** The integer weight that gives a swing in logits. */
export function weightOf(swing: number): bigint {
  return BigInt(Math.round((swing * 2 ** SCALE_BITS) / (2 ** VALUE_BITS - 1)));
}

export type Records = Pick<FullSubmission, 'publicKeyRecord' | 'weightRecords' | 'secret'>;

/** A request for a sealed model, and what opens it. */
export function submissionOf(
  records: Records,
  change: Partial<RequestDocument> = {},
  sheets = sheetsOf(),
): FullSubmission {
  const scaleBits = change.scaleBits ?? SCALE_BITS;
  const manifest: SealedModelManifest = {
    suite: SUITE,
    version: 1,
    ring: RING_TAG,
    publicKey: sha(records.publicKeyRecord),
    weights: records.weightRecords.map(sha),
    sheets: sheets.map(sheetDigest),
    scaleBits,
  };
  const document = requestDocument({
    certifier: 'watch',
    scaleBits,
    datasets: sheets.map(({ party, dataset }) => named(party, dataset)),
    features: sheets.map((sheet) => ({
      party: sheet.party,
      valueBits: sheet.definitions.map((definition) => definition.valueBits),
      sheet: sheetDigest(sheet),
    })),
    modelDigest: modelDigest(manifest),
    singleDepartment: sheets.length === 1,
    ...change,
  });
  const { publicKeyRecord, weightRecords, secret } = records;
  return { document, sheets, manifest, publicKeyRecord, weightRecords, secret };
}

/** Seals swings with SEAL. */
export function sealedBy(owner: SealedModelOwner): (swings: readonly number[]) => Records {
  return (swings) => ({
    publicKeyRecord: owner.publicKeyRecord,
    weightRecords: owner.encryptWeights(swings.map(weightOf)),
    secret: owner.secretCoefficients(),
  });
}

export interface World {
  readonly parties: ReadonlyMap<string, Organisation>;
  readonly records: Map<string, OrganisationRecord>;
  readonly requests: Map<string, RequestRecord>;
  /** By `model/certifier`. */
  readonly certificates: Map<string, CertificateRecord>;
  readonly writes: string[];
  /** Runs before a write reaches the chain. */
  beforeWrite: (write: string) => void | Promise<void>;
  nowMs: number;
  /** Puts the request on chain. @returns the submission. */
  ask(submission: FullSubmission, change?: Partial<RequestRecord>): FullSubmission;
  certifier(org?: string, store?: BankStore, floors?: CertificateFloors): Certifier;
  /** The file as its bank writes it, or with parts of somebody else's. */
  file(submission: FullSubmission, change?: FileChange): Promise<Uint8Array>;
}

export type FileChange = {
  readonly signer?: string;
  readonly certifier?: string;
  /** Whose X25519 key the box is for. */
  readonly receiver?: string;
  readonly head?: Partial<SubmissionHead>;
};

let boxes = 0;

export function createWorld(): World {
  const parties: ReadonlyMap<string, Organisation> = new Map(
    (
      [
        ['bank', ['bank']],
        ['other-bank', ['bank']],
        ['both', ['bank', 'regulator']],
        ['watch', ['regulator']],
        ['second', ['regulator']],
        ['tax', ['department', 'gate', 'regulator']],
        ['court', ['department']],
      ] as const
    ).map(([org, roles]) => [org, organisation(org, roles)]),
  );
  const records = new Map([...parties.values()].map((party) => [party.org, recordOf(party)]));
  const world: World = {
    parties,
    records,
    requests: new Map(),
    certificates: new Map(),
    writes: [],
    beforeWrite: () => undefined,
    nowMs: START_MS,
    ask: (submission, change = {}) => {
      const { document } = submission;
      world.requests.set(requestId(document), { ...onChain(document), ...change });
      return submission;
    },
    certifier: (org = 'watch', store = memoryStore(), floors) => {
      const { signing, sealing, seed, keyEpoch } = parties.get(org)!;
      return openCertifier({
        org,
        keyEpoch,
        keys: { signing, sealing: [sealing, keyOf(`${org}/earlier sealing`)], seed },
        ledger: ledgerOf(world, org),
        ports: {
          clock: { now: () => world.nowMs, sleep: async () => undefined },
          randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
          store,
          ed25519: nativeEd25519,
        },
        ...(floors === undefined ? {} : { floors }),
      });
    },
    file: (submission, change = {}) => {
      const certifier = change.certifier ?? submission.document.certifier!;
      const signer = parties.get(change.signer ?? submission.document.requester)!;
      return writeSubmission({
        submission,
        certifier,
        receiverPublicKey: parties.get(change.receiver ?? certifier)!.x25519,
        ephemeralSecret: keyOf(`box ${++boxes}`),
        sign: (head) => signer.envelope(domains.modelSubmission, { ...head, ...change.head }),
      });
    },
  };
  return world;
}

/** Values by key, as they lie on disk. */
export function memoryStore(): BankStore & { readonly values: Map<string, Uint8Array> } {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    get: async (key) => values.get(key)?.slice(),
    put: async (key, value) => void values.set(key, value.slice()),
  };
}

function recordOf({ org, roles, endpoint, ed25519, x25519 }: Organisation): OrganisationRecord {
  return {
    id: org,
    roles,
    endpoint,
    status: 'active',
    keyEpoch: 1,
    account: toHex(keyOf(`${org}/account`)).slice(0, 40),
    ed25519Key: toHex(ed25519),
    x25519Key: toHex(x25519),
    previous: null,
  };
}

function onChain(document: RequestDocument): RequestRecord {
  const owners = document.datasets.map(({ owner }) => owner);
  return {
    id: requestId(document),
    requester: document.requester,
    state: 'submitted',
    submittedAtSeconds: START_MS / 1000,
    activatedAtSeconds: null,
    attempt: 0,
    terms: {
      requestDigest: requestId(document),
      purpose: document.purpose,
      modelDigest: document.modelDigest,
      datasetVersions: document.datasets.map(({ id }) => id),
      registerVersion: document.register.id,
      gates: document.gates,
      quota: document.quota,
      expiresAtSeconds: document.expiresAt,
      singleDepartment: document.singleDepartment,
      qualityFloor: 0,
      previous: null,
    },
    deciders: [...new Set([...owners, document.register.owner])].map((org) => ({ org, decision: null })),
    participants: [...new Set([...owners, ...document.gates])],
    departments: owners,
    gates: document.gates.map((org) => ({ org, poprfPublicKey: null, unlocks: 0 })),
    suspenders: [],
  };
}

/** The contracts as a certifier uses them; a certificate stands once, as on the real chain. */
function ledgerOf(world: World, org: string): CertifierLedger {
  const write = async (name: string): Promise<never> => {
    await world.beforeWrite(name);
    world.writes.push(name);
    return {} as never;
  };
  return {
    organisation: async (id) => world.records.get(id) ?? null,
    request: async (id) => world.requests.get(id) ?? null,
    certificateOf: async (digest, certifier) => world.certificates.get(`${digest}/${certifier}`) ?? null,
    certifyModel: async ({ modelDigest: digest, requester, certificateHash }) => {
      const written = await write(`certify ${digest}`);
      const key = `${digest}/${org}`;
      if (world.certificates.has(key)) throw new ProtocolError('CHAIN_REFUSED', { reason: 'AlreadyCertified' });
      world.certificates.set(key, { requester, certificateHash, certifiedAtSeconds: 1, withdrawn: false });
      return written;
    },
    withdrawCertificate: async (digest) => {
      const written = await write(`withdraw ${digest}`);
      const key = `${digest}/${org}`;
      world.certificates.set(key, { ...world.certificates.get(key)!, withdrawn: true });
      return written;
    },
    certifiedModels: async (requester) =>
      [...world.certificates]
        .filter(([, certificate]) => certificate.requester === requester)
        .map(([key]) => ({ modelDigest: key.split('/')[0]!, certifier: key.split('/')[1]! })),
  };
}
