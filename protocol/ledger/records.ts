/** What the contracts hold, as plain values; every digest and key is lower-case hex without prefix. */
import { AbiCoder } from 'ethers';
import {
  asAccount,
  asBoolean,
  asHex,
  asHexes,
  asHexOrNull,
  asLabel,
  asNumber,
  asOrg,
  asOrgs,
  asProposalKind,
  asRequestState,
  asRoles,
  asText,
  asTimeOrNull,
  type ProposalKind,
  type RequestState,
  type Role,
} from './codec.ts';

/** Public keys of an organisation. */
export type OrganisationKeys = {
  /** secp256k1 account on chain, 20 bytes. */
  readonly account: string;
  /** Signing key, 32 bytes (RFC 8032). */
  readonly ed25519Key: string;
  /** Sealing key, 32 bytes (RFC 7748). */
  readonly x25519Key: string;
};

/** What an organisation is admitted with. */
export type Admission = OrganisationKeys & {
  readonly id: string;
  readonly roles: readonly Role[];
  /** Base URL of its node, at most 256 bytes. */
  readonly endpoint: string;
};

export type OrganisationRecord = Admission & {
  readonly status: 'active' | 'suspended';
  /** 1 on admission, one more with each change of keys. */
  readonly keyEpoch: number;
  /** Signing key of the epoch before, and until when it counts too (Unix seconds); null where there was no overlap. */
  readonly previous: { readonly ed25519Key: string; readonly untilSeconds: number } | null;
};

export type DatasetVersionRecord = {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly version: number;
  /** Sensitivity, 1 to 5. */
  readonly level: number;
  readonly state: 'published' | 'withdrawn';
  readonly metadataHash: string;
  readonly commitment: string;
};

/** What an owner measured of one of its versions; `round` counts the measurements of the version from 1. */
export type QualityRecord = {
  readonly round: number;
  readonly ruleSetHash: string;
  /** Total score, 0 to 10000. */
  readonly scoreBasisPoints: number;
  readonly reportHash: string;
};

/** What a bank asks for; see Requests.sol. */
export type RequestTerms = {
  /** Digest of the signed request; the request's id. */
  readonly requestDigest: string;
  /** Purpose code, `^[a-z0-9][a-z0-9._-]{0,30}$`. */
  readonly purpose: string;
  readonly modelDigest: string;
  readonly datasetVersions: readonly string[];
  readonly registerVersion: string;
  readonly gates: readonly string[];
  /** Unlockings per gate, 1 to 2^40. */
  readonly quota: number;
  /** Unix seconds, in the future and within 1830 days. */
  readonly expiresAtSeconds: number;
  readonly singleDepartment: boolean;
  /** Score in basis points that every dataset version must have when an attempt opens; 0 for none. */
  readonly qualityFloor: number;
  /** Request of the same requester that this one amends or renews, and takes the place of once it is active. */
  readonly previous: string | null;
};

export type DecisionRecord = {
  readonly verdict: 'approved' | 'rejected';
  readonly reasonHash: string;
  readonly grantHash: string | null;
  readonly decidedAtSeconds: number;
};

/** Everything that a node needs to know of a request. */
export type RequestRecord = {
  readonly id: string;
  readonly requester: string;
  readonly state: RequestState;
  readonly submittedAtSeconds: number;
  /** null until it is active for the first time. */
  readonly activatedAtSeconds: number | null;
  /** Latest attempt; 0 before the first. */
  readonly attempt: number;
  readonly terms: RequestTerms;
  /** Owners of the datasets and of the register, each with its decision or null. */
  readonly deciders: readonly { readonly org: string; readonly decision: DecisionRecord | null }[];
  /** Departments, then gates that are no department here. */
  readonly participants: readonly string[];
  /** Participants that own one of the datasets, in the order of the datasets. */
  readonly departments: readonly string[];
  /** In the order of the terms; the key is null until it is published. */
  readonly gates: readonly { readonly org: string; readonly poprfPublicKey: string | null; readonly unlocks: number }[];
  /** Organisations whose suspension stands. */
  readonly suspenders: readonly string[];
};

/** What a proposal changes; a suspension or reinstatement needs no more than the organisation. */
export type ProposedChange =
  | { readonly kind: 'admit'; readonly admission: Admission }
  | { readonly kind: 'set-roles'; readonly roles: readonly Role[] }
  | { readonly kind: 'set-keys'; readonly keys: OrganisationKeys }
  | { readonly kind: 'suspend' | 'reinstate' }
  /** Not what this version knows how to read. */
  | { readonly kind: 'unreadable' };

export type ProposalRecord = {
  readonly id: number;
  readonly kind: ProposalKind;
  readonly state: 'open' | 'carried' | 'rejected' | 'lapsed';
  readonly expiresAtSeconds: number;
  readonly org: string;
  readonly proposer: string;
  readonly change: ProposedChange;
};

/** What a regulator attested of a sealed model. */
export type CertificateRecord = {
  readonly requester: string;
  readonly certificateHash: string;
  readonly certifiedAtSeconds: number;
  readonly withdrawn: boolean;
};

/** Latest committed state of a log of consents. */
export type ConsentRecord = { readonly size: number; readonly root: string; readonly committedAtSeconds: number };

/** A regulator's beacon; `value` is null until it is revealed. */
export type BeaconRecord = {
  readonly id: number;
  readonly regulator: string;
  readonly committedInBlock: number;
  readonly commitment: string;
  readonly value: string | null;
};

type Fields = Readonly<Record<string, unknown>>;

/** @returns null where the organisation is unknown. */
export function decodeOrganisation(value: unknown): OrganisationRecord | null {
  const fields = value as Fields;
  const status = asNumber(fields['status']);
  if (status === 0) return null;
  const keySet = fields['keySet'] as Fields;
  return {
    id: asOrg(fields['id']),
    roles: asRoles(fields['roles']),
    status: status === 1 ? 'active' : 'suspended',
    keyEpoch: asNumber(fields['keyEpoch']),
    ...decodeKeys(keySet),
    endpoint: asText(fields['endpoint']),
    previous: decodePrevious(fields),
  };
}

function decodePrevious(fields: Fields): OrganisationRecord['previous'] {
  const ed25519Key = asHexOrNull(fields['previousEd25519']);
  return ed25519Key === null ? null : { ed25519Key, untilSeconds: asNumber(fields['previousUntil']) };
}

/** @returns null where the version is unknown. */
export function decodeDatasetVersion(id: string, value: unknown): DatasetVersionRecord | null {
  const fields = value as Fields;
  const state = asNumber(fields['state']);
  if (state === 0) return null;
  return {
    id,
    owner: asOrg(fields['owner']),
    name: asLabel(fields['name']),
    version: asNumber(fields['version']),
    level: asNumber(fields['level']),
    state: state === 1 ? 'published' : 'withdrawn',
    metadataHash: asHex(fields['metadataHash']),
    commitment: asHex(fields['commitment']),
  };
}

/** @returns null where nobody measured the version. */
export function decodeQuality(value: unknown): QualityRecord | null {
  const fields = value as Fields;
  const round = asNumber(fields['round']);
  if (round === 0) return null;
  return {
    round,
    ruleSetHash: asHex(fields['ruleSetHash']),
    scoreBasisPoints: asNumber(fields['scoreBasisPoints']),
    reportHash: asHex(fields['reportHash']),
  };
}

/**
 * @param nowMs - the reader's own time: a chain without new blocks does not notice that a request has expired.
 * @returns null where the request is unknown.
 */
export function decodeRequest(id: string, value: unknown, nowMs: number): RequestRecord | null {
  const fields = value as Fields;
  const state = asRequestState(fields['state']);
  if (state === null) return null;
  const terms = decodeTerms(fields['terms'] as Fields);
  const deciders = asOrgs(fields['deciders']);
  const decisions = fields['decisions'] as readonly Fields[];
  const gateRecords = fields['gateRecords'] as readonly Fields[];
  const participants = asOrgs(fields['participants']);
  return {
    id,
    requester: asOrg(fields['requester']),
    state: stateAt(state, terms, nowMs),
    submittedAtSeconds: asNumber(fields['submittedAt']),
    activatedAtSeconds: asTimeOrNull(fields['activatedAt']),
    attempt: asNumber(fields['attempt']),
    terms,
    deciders: deciders.map((org, i) => ({ org, decision: decodeDecision(decisions[i]!) })),
    participants,
    departments: participants.slice(0, asNumber(fields['departments'])),
    gates: terms.gates.map((org, i) => decodeGate(org, gateRecords[i]!)),
    suspenders: asOrgs(fields['suspenders']),
  };
}

/** @returns null where the proposal is unknown. */
export function decodeProposal(id: number, value: unknown): ProposalRecord | null {
  const fields = value as Fields;
  const state = (['none', 'open', 'carried', 'rejected', 'lapsed'] as const)[asNumber(fields['state'])];
  if (state === undefined || state === 'none') return null;
  const kind = asProposalKind(fields['kind']);
  return {
    id,
    kind,
    state,
    expiresAtSeconds: asNumber(fields['expiresAt']),
    org: asLabel(fields['org']),
    proposer: asOrg(fields['proposer']),
    change: decodeChange(kind, asText(fields['payload'])),
  };
}

const KEYS_TYPE = 'tuple(address account, bytes32 ed25519Key, bytes32 x25519Key)';
const ADMISSION_TYPE = `tuple(bytes32 id, uint8 roles, ${KEYS_TYPE} keySet, string endpoint)`;

/** @param payload - `0x` bytes; what a member proposes by hand may hold names that are none, and must not stop a reader. */
function decodeChange(kind: ProposalKind, payload: string): ProposedChange {
  const decode = (type: string): unknown => AbiCoder.defaultAbiCoder().decode([type], payload)[0];
  try {
    if (kind === 'set-roles') return { kind, roles: asRoles(decode('uint8')) };
    if (kind === 'set-keys') return { kind, keys: decodeKeys(decode(KEYS_TYPE) as Fields) };
    if (kind === 'admit') return { kind, admission: decodeAdmission(decode(ADMISSION_TYPE) as Fields) };
    return { kind };
  } catch {
    return { kind: 'unreadable' };
  }
}

function decodeAdmission(fields: Fields): Admission {
  const keys = decodeKeys(fields['keySet'] as Fields);
  return { id: asOrg(fields['id']), roles: asRoles(fields['roles']), ...keys, endpoint: asText(fields['endpoint']) };
}

function decodeKeys(keySet: Fields): OrganisationKeys {
  return {
    account: asAccount(keySet['account']),
    ed25519Key: asHex(keySet['ed25519Key']),
    x25519Key: asHex(keySet['x25519Key']),
  };
}

/** @returns null where the certifier certified no such model. */
export function decodeCertificate(value: unknown): CertificateRecord | null {
  const fields = value as Fields;
  const certifiedAtSeconds = asNumber(fields['certifiedAt']);
  if (certifiedAtSeconds === 0) return null;
  return {
    requester: asOrg(fields['requester']),
    certificateHash: asHex(fields['certificateHash']),
    certifiedAtSeconds,
    withdrawn: asBoolean(fields['withdrawn']),
  };
}

/** @returns null where the holder committed to nothing. */
export function decodeConsent(value: unknown): ConsentRecord | null {
  const fields = value as Fields;
  const size = asNumber(fields['size']);
  if (size === 0) return null;
  return { size, root: asHex(fields['root']), committedAtSeconds: asNumber(fields['committedAt']) };
}

/** @returns null where the beacon is unknown. */
export function decodeBeacon(id: number, value: unknown): BeaconRecord | null {
  const fields = value as Fields;
  const commitment = asHexOrNull(fields['commitment']);
  if (commitment === null) return null;
  return {
    id,
    regulator: asOrg(fields['regulator']),
    committedInBlock: asNumber(fields['committedIn']),
    commitment,
    value: asHexOrNull(fields['value']),
  };
}

function stateAt(state: RequestState, terms: RequestTerms, nowMs: number): RequestState {
  const open = state === 'submitted' || state === 'active' || state === 'suspended';
  return open && nowMs >= terms.expiresAtSeconds * 1000 ? 'expired' : state;
}

function decodeTerms(fields: Fields): RequestTerms {
  return {
    requestDigest: asHex(fields['requestDigest']),
    purpose: asLabel(fields['purpose']),
    modelDigest: asHex(fields['modelDigest']),
    datasetVersions: asHexes(fields['datasetVersions']),
    registerVersion: asHex(fields['registerVersion']),
    gates: asOrgs(fields['gates']),
    quota: asNumber(fields['quota']),
    expiresAtSeconds: asNumber(fields['expiresAt']),
    singleDepartment: asBoolean(fields['singleDepartment']),
    qualityFloor: asNumber(fields['qualityFloor']),
    previous: asHexOrNull(fields['previous']),
  };
}

function decodeDecision(fields: Fields): DecisionRecord | null {
  const verdict = asNumber(fields['verdict']);
  if (verdict === 0) return null;
  return {
    verdict: verdict === 1 ? 'approved' : 'rejected',
    reasonHash: asHex(fields['reasonHash']),
    grantHash: asHexOrNull(fields['grantHash']),
    decidedAtSeconds: asNumber(fields['decidedAt']),
  };
}

function decodeGate(org: string, fields: Fields): RequestRecord['gates'][number] {
  return { org, poprfPublicKey: asHexOrNull(fields['poprfPublicKey']), unlocks: asNumber(fields['unlocks']) };
}
