/** Typed reads of the contracts, at the latest block unless told otherwise. */
import { ProtocolError } from '../errors.ts';
import { callView } from './abi.ts';
import { asHex, asHexOrNull, asNumber, asOrg } from './codec.ts';
import { type ContractName, contractNames, type Deployment } from './deployment.ts';
import { bytesFromRpc, codeHash, labelToBytes32, orgToBytes32, toAccount, toWord } from './ids.ts';
import { askQuantity, type Rpc } from './json-rpc.ts';
import {
  type BeaconRecord,
  type CertificateRecord,
  type ConsentRecord,
  type DatasetVersionRecord,
  decodeBeacon,
  decodeCertificate,
  decodeConsent,
  decodeDatasetVersion,
  decodeOrganisation,
  decodeProposal,
  decodeQuality,
  decodeRequest,
  type OrganisationRecord,
  type ProposalRecord,
  type QualityRecord,
  type RequestRecord,
} from './records.ts';
import type { LedgerClock } from './transactions.ts';

/** A checkpoint of an organisation's log: number of leaves and root. */
export type AnchoredCheckpoint = { readonly size: number; readonly root: string };

/** Reads; null stands for "the ledger has none". Every method may throw CHAIN_UNREACHABLE and CHAIN_MISMATCH. */
export type LedgerReader = {
  organisation(id: string): Promise<OrganisationRecord | null>;
  /** In the order of admission, suspended ones included. */
  organisations(): Promise<readonly OrganisationRecord[]>;
  /** Organisation id for which an account (40 hex digits) acts now. */
  organisationOfAccount(account: string): Promise<string | null>;
  /** Account that may still admit organisations; null once the founding is closed. */
  founder(): Promise<string | null>;
  proposal(proposalId: number): Promise<ProposalRecord | null>;
  /** All of them in the order in which they were made. */
  proposals(): Promise<readonly ProposalRecord[]>;
  /** Votes of members that are active now. */
  tally(proposalId: number): Promise<{ readonly votesFor: number; readonly votesAgainst: number }>;
  voteOf(proposalId: number, org: string): Promise<'for' | 'against' | null>;
  datasetVersion(id: string): Promise<DatasetVersionRecord | null>;
  /** Latest version number of a dataset; 0 where there is none. */
  latestDatasetVersion(owner: string, name: string): Promise<number>;
  /** Latest measurement of a version. */
  qualityOf(id: string): Promise<QualityRecord | null>;
  /**
   * Everything about a request; its state takes this side's time into account.
   * @param block - as of the end of this block, which the node must still have the state of; default the latest.
   */
  request(id: string, block?: number): Promise<RequestRecord | null>;
  /** @param block - as of the end of this block, which the node must still have the state of; default the latest. */
  latestCheckpoint(org: string, block?: number): Promise<AnchoredCheckpoint | null>;
  rootAt(org: string, size: number): Promise<string | null>;
  /** Batches and results that an organisation committed for a request. */
  resultsOf(requestId: string, org: string): Promise<{ readonly batches: number; readonly count: number }>;
  resultCommitment(requestId: string, org: string, batch: number): Promise<string | null>;
  /** What a regulator attested of a sealed model. */
  certificateOf(modelDigest: string, certifier: string): Promise<CertificateRecord | null>;
  /** Latest committed state of a holder's log of consents. */
  consentOf(holder: string): Promise<ConsentRecord | null>;
  /** Root that a holder committed for a size of its log of consents. */
  consentRootAt(holder: string, size: number): Promise<string | null>;
  beaconOf(id: number): Promise<BeaconRecord | null>;
  blockNumber(): Promise<number>;
};

/**
 * @param ready - awaited before each read; see {@link verifyDeployment}.
 */
export function createLedgerReader(
  rpc: Rpc,
  deployment: Deployment,
  clock: LedgerClock,
  ready: () => Promise<void>,
): LedgerReader {
  const view = async (contract: ContractName, name: string, args: readonly unknown[], block?: number) => {
    await ready();
    return callView(rpc, deployment, contract, name, args, block);
  };
  const one = async (...call: Parameters<typeof view>): Promise<unknown> => (await view(...call))[0];
  return {
    ...consortiumReads(one),
    ...proposalReads(one, view),
    ...evidenceReads(one, view),
    ...attestationReads(one),
    async datasetVersion(id) {
      return decodeDatasetVersion(id, await one('catalogue', 'datasetVersion', [toWord(id)]));
    },
    async latestDatasetVersion(owner, name) {
      return asNumber(await one('catalogue', 'latestVersion', [orgToBytes32(owner), labelToBytes32(name)]));
    },
    async qualityOf(id) {
      return decodeQuality(await one('catalogue', 'qualityOf', [toWord(id)]));
    },
    async request(id, block) {
      return decodeRequest(id, await one('requests', 'summaryOf', [toWord(id)], block), clock.now());
    },
    async blockNumber() {
      await ready();
      return Number(await askQuantity(rpc, 'eth_blockNumber', []));
    },
  };
}

type Ask<T> = (contract: ContractName, name: string, args: readonly unknown[], block?: number) => Promise<T>;

function consortiumReads(one: Ask<unknown>) {
  return {
    async organisation(id: string) {
      return decodeOrganisation(await one('consortium', 'organisation', [orgToBytes32(id)]));
    },
    async organisations() {
      const list = Array.from((await one('consortium', 'organisations', [])) as Iterable<unknown>);
      return list.map(decodeOrganisation).filter((entry) => entry !== null);
    },
    async organisationOfAccount(account: string) {
      const word = await one('consortium', 'organisationOf', [toAccount(account)]);
      return asHexOrNull(word) === null ? null : asOrg(word);
    },
    async founder() {
      const account = String(await one('consortium', 'founder', [])).slice(2);
      return /^0+$/.test(account) ? null : account.toLowerCase();
    },
  };
}

function proposalReads(one: Ask<unknown>, view: Ask<ArrayLike<unknown>>) {
  const proposal = async (proposalId: number) =>
    decodeProposal(proposalId, await one('consortium', 'proposalOf', [proposalId]));
  return {
    proposal,
    async proposals() {
      const count = asNumber(await one('consortium', 'proposalCount', []));
      const found = await inTurn(count, (index) => proposal(index + 1));
      return found.filter((entry) => entry !== null);
    },
    async tally(proposalId: number) {
      const [votesFor, votesAgainst] = Array.from(await view('consortium', 'tally', [proposalId]));
      return { votesFor: asNumber(votesFor), votesAgainst: asNumber(votesAgainst) };
    },
    async voteOf(proposalId: number, org: string) {
      const vote = asNumber(await one('consortium', 'voteOf', [proposalId, orgToBytes32(org)]));
      return ([null, 'for', 'against'] as const)[vote] ?? null;
    },
  };
}

async function inTurn<T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let index = 0; index < count; index++) answers.push(await ask(index));
  return answers;
}

function attestationReads(one: Ask<unknown>) {
  return {
    async certificateOf(modelDigest: string, certifier: string) {
      return decodeCertificate(
        await one('attestations', 'certificateOf', [toWord(modelDigest), orgToBytes32(certifier)]),
      );
    },
    async consentOf(holder: string) {
      return decodeConsent(await one('attestations', 'consentOf', [orgToBytes32(holder)]));
    },
    async consentRootAt(holder: string, size: number) {
      return asHexOrNull(await one('attestations', 'consentRootAt', [orgToBytes32(holder), size]));
    },
    async beaconOf(id: number) {
      return decodeBeacon(id, await one('attestations', 'beaconOf', [id]));
    },
  };
}

function evidenceReads(one: Ask<unknown>, view: Ask<ArrayLike<unknown>>) {
  return {
    async latestCheckpoint(org: string, block?: number) {
      const [size, root] = Array.from(await view('evidence', 'latest', [orgToBytes32(org)], block));
      return asNumber(size) === 0 ? null : { size: asNumber(size), root: asHex(root) };
    },
    async rootAt(org: string, size: number) {
      return asHexOrNull(await one('evidence', 'rootAt', [orgToBytes32(org), size]));
    },
    async resultsOf(requestId: string, org: string) {
      const results = await one('evidence', 'resultsOf', [toWord(requestId), orgToBytes32(org)]);
      const { batches, count } = results as { batches: unknown; count: unknown };
      return { batches: asNumber(batches), count: asNumber(count) };
    },
    async resultCommitment(requestId: string, org: string, batch: number) {
      return asHexOrNull(await one('evidence', 'resultCommitment', [toWord(requestId), orgToBytes32(org), batch]));
    },
  };
}

/**
 * Holds a chain against a deployment file: chain id, block 0 and the code at each address.
 * @throws {ProtocolError} CHAIN_MISMATCH with what differs; CHAIN_UNREACHABLE
 */
export async function verifyDeployment(rpc: Rpc, deployment: Deployment): Promise<void> {
  const chainId = Number(await askQuantity(rpc, 'eth_chainId', []));
  assertSame('chain id', chainId, deployment.chainId);
  assertSame('genesis hash', await blockHash(rpc, 0), deployment.genesisHash);
  for (const name of contractNames) {
    const code = await rpc.request('eth_getCode', [`0x${deployment.contracts[name]}`, 'latest']);
    assertSame(`code hash of ${name}`, codeHash(bytesFromRpc(String(code))), deployment.codeHashes[name]);
  }
}

/** Hash of a block as hex without prefix. @throws {ProtocolError} CHAIN_REPLY_MALFORMED where the chain has no such block. */
export async function blockHash(rpc: Rpc, blockNumber: number): Promise<string> {
  const method = 'eth_getBlockByNumber';
  const block = await rpc.request(method, [`0x${blockNumber.toString(16)}`, false]);
  if (typeof block === 'object' && block !== null && 'hash' in block) return asHex(block.hash);
  throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method, reason: 'no such block' });
}

function assertSame(what: string, found: string | number, expected: string | number): void {
  if (found !== expected) throw new ProtocolError('CHAIN_MISMATCH', { what, found, expected });
}
