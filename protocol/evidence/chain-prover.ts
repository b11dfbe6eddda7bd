/**
 * Proofs of what the contracts said, for a bundle: finds the events, fetches their blocks, proves their receipts.
 *
 * The prover trusts its RPC no further than that every header must hash to the block that was named, every set of receipts
 * to the header, and every event stand in its receipt; what it hands on, the verifier checks again under its own pins. An
 * event that the RPC leaves out is not missed here: the other nodes' parts, and an audit that walks the chain, show it.
 */
import { z } from 'zod';
import { canonicalText } from '../canonical.ts';
import { ProtocolError } from '../errors.ts';
import type { BlockSeal } from '../ledger/block-seal.ts';
import type { Deployment } from '../ledger/deployment.ts';
import {
  decodeEvent,
  type EventName,
  type EventOf,
  type EventPlace,
  eventTopic,
  type LedgerEvent,
  readEvents,
} from '../ledger/events.ts';
import { orgToBytes32, toWord } from '../ledger/ids.ts';
import { ChainRpcError, type Rpc } from '../ledger/json-rpc.ts';
import { hex32 } from '../schema.ts';
import {
  type BundleBlock,
  type BundleReceipt,
  type BundleSubject,
  concernsSubject,
  type SubjectScope,
} from './bundle.ts';
import { type BlockHeader, encodeHeader, proveReceipt, readHeader, readProvenLogs } from './receipt-proof.ts';

export type ProvenParts = { readonly blocks: readonly BundleBlock[]; readonly receipts: readonly BundleReceipt[] };

/** What the contracts said about a subject. */
export type SubjectFacts = SubjectScope & {
  /**
   * In order of the chain: publications and scores of the versions, the life of the request, certificates of its model,
   * commitments to its results.
   */
  readonly events: readonly LedgerEvent[];
};

export type ChainProver = {
  /** @throws {ProtocolError} EXPORT_REQUEST_UNKNOWN, EXPORT_VERSION_UNKNOWN; CHAIN_UNREACHABLE */
  factsAbout(subject: BundleSubject): Promise<SubjectFacts>;
  /** Every registration of keys of an organisation, ends of overlaps, its suspensions and reinstatements, oldest first. */
  standingOf(org: string): Promise<readonly LedgerEvent[]>;
  /** Every checkpoint that an organisation anchored, smallest first. */
  anchorsOf(org: string): Promise<readonly EventOf<'CheckpointAnchored'>[]>;
  /**
   * Blocks, seals and receipt proofs of the transactions that these events stand in.
   * @param through - also the headers from the first of these blocks to this one, at most {@link MAX_LINKS}.
   * @throws {ProtocolError} EXPORT_TOO_FAR, EXPORT_BLOCK_REPLACED, EXPORT_EVENT_UNPROVEN, BLOCK_HEADER_MISMATCH, RECEIPT_PROOF_INVALID where
   * the RPC tells what its own blocks do not bear out; CHAIN_UNREACHABLE, CHAIN_REPLY_MALFORMED
   */
  prove(events: readonly LedgerEvent[], through?: number): Promise<ProvenParts>;
};

/** What decides whether an organisation's key counts at a time. */
const STANDING = new Set<string>([
  'KeysChanged',
  'PreviousKeysRevoked',
  'OrganisationSuspended',
  'OrganisationReinstated',
]);
const blockAnswerSchema = z.object({ hash: z.string(), transactions: z.array(z.string()) });
/** Headers that a bundle may carry beside those of its events: about 6 MB. */
export const MAX_LINKS = 10_000;
const NO_WORD = `0x${'00'.repeat(32)}`;
/** The place of a log that is only decoded to be compared. */
const NO_PLACE = {
  blockNumber: '0x0',
  blockHash: NO_WORD,
  transactionHash: NO_WORD,
  transactionIndex: '0x0',
  logIndex: '0x0',
};
const sealSchema = z.object({ validator: hex32, signature: z.string().regex(/^[0-9a-f]{128}$/) });

/** @param rpc - the organisation's own node of the chain. */
export function createChainProver(rpc: Rpc, deployment: Deployment): ChainProver {
  const eventsOf = async <N extends EventName>(
    contract: LedgerEvent['contract'],
    name: N,
    topics: readonly (string | null)[],
  ): Promise<readonly EventOf<N>[]> => {
    const filter = { fromBlock: 0, toBlock: 'latest', topics: [eventTopic(contract, name), ...topics] } as const;
    return (await readEvents(rpc, deployment, filter, [contract])) as readonly EventOf<N>[];
  };
  const versionEvents = (id: string): Promise<readonly LedgerEvent[]> =>
    readEvents(rpc, deployment, { fromBlock: 0, toBlock: 'latest', topics: [null, toWord(id)] }, ['catalogue']);
  return {
    factsAbout: async (subject) => {
      if (subject.kind === 'version') {
        const events = await versionEvents(subject.datasetId);
        if (events.length === 0) throw new ProtocolError('EXPORT_VERSION_UNKNOWN', {});
        return { datasetVersions: [subject.datasetId], modelDigest: null, events: [...events].sort(byPlace) };
      }
      const request = toWord(subject.requestId);
      const filter = { fromBlock: 0, toBlock: 'latest', topics: [null, request] } as const;
      const life = await readEvents(rpc, deployment, filter, ['requests']);
      const submitted = life.find((event) => event.name === 'RequestSubmitted');
      if (submitted === undefined) throw new ProtocolError('EXPORT_REQUEST_UNKNOWN', {});
      const datasetVersions = [...submitted.args.datasetVersions, submitted.args.registerVersion];
      const versions = Promise.all(datasetVersions.map(versionEvents));
      const { modelDigest } = submitted.args;
      const ofModel = { ...filter, topics: [null, toWord(modelDigest)] } as const;
      const attested = readEvents(rpc, deployment, ofModel, ['attestations']);
      const committed = eventsOf('evidence', 'ResultCommitted', [null, request]);
      const all: LedgerEvent[] = [...(await versions).flat(), ...life, ...(await attested), ...(await committed)];
      const scope = { datasetVersions, modelDigest };
      const events = all.filter((event) => concernsSubject(event, subject, scope));
      return { ...scope, events: events.sort(byPlace) };
    },
    standingOf: async (org) => {
      const filter = { fromBlock: 0, toBlock: 'latest', topics: [null, orgToBytes32(org)] } as const;
      const all = await readEvents(rpc, deployment, filter, ['consortium']);
      return all.filter(({ name }) => STANDING.has(name)).sort(byPlace);
    },
    anchorsOf: (org) => eventsOf('evidence', 'CheckpointAnchored', [orgToBytes32(org)]),
    prove: (events, through) => proveEvents(rpc, deployment, events, through),
  };
}

async function proveEvents(
  rpc: Rpc,
  deployment: Deployment,
  events: readonly LedgerEvent[],
  through?: number,
): Promise<ProvenParts> {
  const blocks: BundleBlock[] = [];
  const receipts: BundleReceipt[] = [];
  for (const [number, told] of [...Map.groupBy(events, (event) => event.blockNumber)].sort(([a], [b]) => a - b)) {
    const proven = await proveBlock(rpc, deployment, number, told);
    blocks.push(proven.block);
    receipts.push(...proven.receipts);
  }
  const links = through === undefined ? [] : await headersBetween(rpc, blocks, through);
  return { blocks: [...blocks, ...links].sort((a, b) => numberOf(a) - numberOf(b)), receipts };
}

/** The headers that lead from the first of `blocks` to block `through`, without those that are there. */
async function headersBetween(rpc: Rpc, blocks: readonly BundleBlock[], through: number): Promise<BundleBlock[]> {
  const there = new Set(blocks.map(numberOf));
  const first = Math.min(...there);
  if (through - first > MAX_LINKS)
    throw new ProtocolError('EXPORT_TOO_FAR', { blocks: through - first, max: MAX_LINKS });
  const links: BundleBlock[] = [];
  for (let number = first; number <= through; number++) {
    if (there.has(number)) continue;
    const tag = `0x${number.toString(16)}`;
    links.push({
      header: encodeHeader(await rpc.request('eth_getBlockByNumber', [tag, false])),
      seals: await sealsOf(rpc, tag),
    });
  }
  return links;
}

function numberOf({ header }: BundleBlock): number {
  return readHeader(header).number;
}

async function proveBlock(
  rpc: Rpc,
  deployment: Deployment,
  number: number,
  told: readonly LedgerEvent[],
): Promise<{ block: BundleBlock; receipts: BundleReceipt[] }> {
  const tag = `0x${number.toString(16)}`;
  const answer = await rpc.request('eth_getBlockByNumber', [tag, false]);
  const block = blockAnswerSchema.safeParse(answer);
  if (!block.success)
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getBlockByNumber', reason: 'no block' });
  const header = encodeHeader(answer);
  const read = readHeader(header);
  const isThere = read.number === number && told.every(({ blockHash }) => blockHash === read.hash);
  if (!isThere) throw new ProtocolError('EXPORT_BLOCK_REPLACED', { number });
  const ask = (transaction: string): Promise<unknown> => rpc.request('eth_getTransactionReceipt', [transaction]);
  const all = await Promise.all(block.data.transactions.map(ask));
  const indexes = [...new Set(told.map(({ transactionIndex }) => transactionIndex))];
  const receipts = indexes.map((transactionIndex) => ({
    block: read.hash,
    transactionIndex,
    proof: proveReceipt(header, all, transactionIndex),
  }));
  assertTold(read, receipts, told, deployment);
  return { block: { header, seals: await sealsOf(rpc, tag) }, receipts };
}

/** What was told of a block must stand in its receipts: whoever exports signs how many events there are. */
function assertTold(
  { receiptsRoot, number }: BlockHeader,
  receipts: readonly BundleReceipt[],
  told: readonly LedgerEvent[],
  deployment: Deployment,
): void {
  for (const { transactionIndex, proof } of receipts) {
    const logs = readProvenLogs(receiptsRoot, transactionIndex, proof);
    const proven = logs
      .map((log) => decodeEvent({ ...log, topics: [...log.topics], ...NO_PLACE }, deployment))
      .map(essence);
    for (const event of told.filter((one) => one.transactionIndex === transactionIndex)) {
      const at = proven.indexOf(essence(event));
      if (at === -1) throw new ProtocolError('EXPORT_EVENT_UNPROVEN', { event: event.name, number });
      proven.splice(at, 1);
    }
  }
}

/** What an event says, without where. */
function essence(event: LedgerEvent | null): string {
  return event === null ? '' : canonicalText({ contract: event.contract, name: event.name, args: event.args });
}

/** The seals of a block; none where the chain has no such method: then only a pinned checkpoint ties the block. */
export async function sealsOf(rpc: Rpc, tag: string): Promise<BlockSeal[]> {
  try {
    const seal = sealSchema.safeParse(await rpc.request('sealedger_blockSeal', [tag]));
    return seal.success ? [seal.data] : [];
  } catch (error) {
    if (error instanceof ChainRpcError) return [];
    throw error;
  }
}

function byPlace(a: EventPlace, b: EventPlace): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex;
}
