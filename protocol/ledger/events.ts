/** Every event of the contracts, decoded and typed; a reader needs no ABI. */
import { ProtocolError } from '../errors.ts';
import { interfaces } from './abi.ts';
import {
  asAccount,
  asBoolean,
  asBytes,
  asHex,
  asHexes,
  asLabel,
  asNumber,
  asOrg,
  asOrgs,
  asProposalKind,
  asRoles,
  asText,
} from './codec.ts';
import { type ContractName, contractNames, type Deployment } from './deployment.ts';
import { fromWord } from './ids.ts';
import { askQuantity, type Rpc } from './json-rpc.ts';
import { type LogQuery, logPages, type RawLog } from './logs.ts';

const eventFields = {
  consortium: {
    OrganisationAdmitted: { org: asOrg, roles: asRoles, endpoint: asText },
    OrganisationSuspended: { org: asOrg },
    OrganisationReinstated: { org: asOrg },
    RolesChanged: { org: asOrg, roles: asRoles },
    EndpointChanged: { org: asOrg, endpoint: asText },
    KeysChanged: {
      org: asOrg,
      keyEpoch: asNumber,
      ed25519Key: asHex,
      x25519Key: asHex,
      account: asAccount,
      /** Unix seconds until which the keys before count too; 0 for no overlap. */
      previousUntil: asNumber,
    },
    PreviousKeysRevoked: { org: asOrg, keyEpoch: asNumber },
    FoundingClosed: { organisations: asNumber },
    ProposalMade: {
      proposalId: asNumber,
      org: asLabel,
      kind: asProposalKind,
      proposer: asOrg,
      expiresAt: asNumber,
      payload: asBytes,
    },
    VoteCast: { proposalId: asNumber, voter: asOrg, support: asBoolean },
    ProposalCarried: { proposalId: asNumber },
    ProposalRejected: { proposalId: asNumber },
    ProposalLapsed: { proposalId: asNumber },
  },
  catalogue: {
    DatasetVersionPublished: {
      id: asHex,
      owner: asOrg,
      name: asLabel,
      version: asNumber,
      metadataHash: asHex,
      commitment: asHex,
      level: asNumber,
    },
    DatasetVersionWithdrawn: { id: asHex, owner: asOrg },
    QualityRecorded: {
      id: asHex,
      owner: asOrg,
      round: asNumber,
      ruleSetHash: asHex,
      scoreBasisPoints: asNumber,
      reportHash: asHex,
    },
  },
  requests: {
    RequestSubmitted: {
      id: asHex,
      requester: asOrg,
      purpose: asLabel,
      modelDigest: asHex,
      datasetVersions: asHexes,
      registerVersion: asHex,
      gates: asOrgs,
      quota: asNumber,
      expiresAt: asNumber,
      singleDepartment: asBoolean,
      qualityFloor: asNumber,
      /** Request that this one takes the place of; zeros for none. */
      previous: asHex,
    },
    RequestDecided: { id: asHex, org: asOrg, approved: asBoolean, reasonHash: asHex, grantHash: asHex },
    GateKeyPublished: { id: asHex, gate: asOrg, poprfPublicKey: asHex },
    RequestActivated: { id: asHex },
    RequestRejected: { id: asHex, org: asOrg },
    RequestWithdrawn: { id: asHex },
    RequestRevoked: { id: asHex, org: asOrg, reasonHash: asHex },
    RequestSuspended: { id: asHex, org: asOrg, reasonHash: asHex },
    RequestResumed: { id: asHex, org: asOrg },
    RequestSuperseded: { id: asHex, by: asHex },
    RequestCompleted: { id: asHex },
    RequestExpired: { id: asHex },
    AttemptOpened: { id: asHex, attempt: asNumber },
    UnlocksRecorded: { id: asHex, gate: asOrg, total: asNumber },
  },
  evidence: {
    CheckpointAnchored: { org: asOrg, size: asNumber, root: asHex },
    ResultCommitted: { org: asOrg, requestId: asHex, batch: asNumber, commitment: asHex, count: asNumber },
  },
  attestations: {
    ModelCertified: { modelDigest: asHex, certifier: asOrg, requester: asOrg, certificateHash: asHex },
    CertificateWithdrawn: { modelDigest: asHex, certifier: asOrg },
    ConsentCommitted: { holder: asOrg, size: asNumber, root: asHex },
    BeaconCommitted: { id: asNumber, regulator: asOrg, commitment: asHex },
    BeaconRevealed: { id: asNumber, beacon: asHex },
  },
} as const;

type EventFields = typeof eventFields;
type Decoded<Fields> = {
  readonly [K in keyof Fields]: Fields[K] extends (value: unknown) => infer V ? V : never;
};

/** Where an event stands on the chain; hashes as hex without prefix. */
export type EventPlace = {
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly transactionIndex: number;
  readonly logIndex: number;
};

/** An event of one of the contracts: `contract` and `name` tell the shape of `args`. */
export type LedgerEvent = {
  [C in ContractName]: {
    [N in keyof EventFields[C]]: EventPlace & {
      readonly contract: C;
      readonly name: N;
      readonly args: Decoded<EventFields[C][N]>;
    };
  }[keyof EventFields[C]];
}[ContractName];

export type EventName = LedgerEvent['name'];
export type EventOf<N extends EventName> = Extract<LedgerEvent, { readonly name: N }>;

/** First topic of an event. */
export function eventTopic(contract: ContractName, name: EventName): string {
  const fragment = interfaces[contract].getEvent(name);
  if (fragment === null) throw new TypeError(`${contract} has no event ${name}`);
  return fragment.topicHash;
}

/**
 * Decodes a log.
 * @returns null where it is from another address, or an event that this version does not know.
 * @throws {ProtocolError} CHAIN_REPLY_MALFORMED where it is one of ours but does not decode.
 */
export function decodeEvent(log: RawLog, deployment: Deployment): LedgerEvent | null {
  const address = log.address.toLowerCase().slice(2);
  const contract = contractNames.find((name) => deployment.contracts[name] === address);
  if (contract === undefined) return null;
  const fields: Readonly<Record<string, Readonly<Record<string, (value: unknown) => unknown>>>> = eventFields[contract];
  try {
    const parsed = interfaces[contract].parseLog({ topics: log.topics, data: log.data });
    const decoders = parsed === null ? undefined : fields[parsed.name];
    if (parsed === null || decoders === undefined) return null;
    const entries = Object.entries(decoders).map(([field, decode]) => [field, decode(parsed.args.getValue(field))]);
    return { contract, name: parsed.name, args: Object.fromEntries(entries), ...placeOf(log) } as LedgerEvent;
  } catch (cause) {
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getLogs', reason: 'undecodable event' }, { cause });
  }
}

/** Which events are read: blocks from `fromBlock` to `toBlock`, `topics` as in `eth_getLogs`. */
export type EventRange = {
  readonly fromBlock: number;
  readonly toBlock: number | 'latest';
  readonly topics?: readonly (string | null)[];
};

/**
 * Events of a range of blocks, in the order of the chain, read in ranges that the node answers. Blocks before the
 * deployment are left out.
 * @param contracts - whose events; default all.
 * @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_RPC_ERROR, CHAIN_REPLY_MALFORMED
 */
export async function readEvents(
  rpc: Rpc,
  deployment: Deployment,
  range: EventRange,
  contracts: readonly ContractName[] = contractNames,
): Promise<readonly LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for await (const page of logPages(rpc, await queryOf(rpc, deployment, range, contracts))) {
    events.push(...decodeAll(page, deployment));
  }
  return events;
}

/**
 * The latest event of a range that `isWanted`; looks from the end, so that what happened lately costs little however long
 * the chain is.
 * @throws {ProtocolError} as {@link readEvents}
 */
export async function findLastEvent(
  rpc: Rpc,
  deployment: Deployment,
  range: EventRange,
  contracts: readonly ContractName[],
  isWanted: (event: LedgerEvent) => boolean,
): Promise<LedgerEvent | null> {
  const query = await queryOf(rpc, deployment, range, contracts);
  for await (const page of logPages(rpc, query, 'backwards')) {
    const found = decodeAll(page, deployment).findLast(isWanted);
    if (found !== undefined) return found;
  }
  return null;
}

async function queryOf(
  rpc: Rpc,
  deployment: Deployment,
  { fromBlock, toBlock, topics }: EventRange,
  contracts: readonly ContractName[],
): Promise<LogQuery> {
  return {
    address: contracts.map((name) => `0x${deployment.contracts[name]}`),
    fromBlock: Math.max(fromBlock, deployment.firstBlock ?? 0),
    toBlock: toBlock === 'latest' ? Number(await askQuantity(rpc, 'eth_blockNumber', [])) : toBlock,
    ...(topics === undefined ? {} : { topics }),
  };
}

function decodeAll(page: readonly RawLog[], deployment: Deployment): LedgerEvent[] {
  return page.map((log) => decodeEvent(log, deployment)).filter((event) => event !== null);
}

function placeOf(log: RawLog): EventPlace {
  return {
    blockNumber: asNumber(log.blockNumber),
    blockHash: fromWord(log.blockHash),
    transactionHash: fromWord(log.transactionHash),
    transactionIndex: asNumber(log.transactionIndex),
    logIndex: asNumber(log.logIndex),
  };
}
