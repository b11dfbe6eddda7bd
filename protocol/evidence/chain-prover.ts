/**
 * Proofs of what the contracts said, for a bundle: finds the events, fetches their blocks, proves their receipts.
 *
 * The prover trusts its RPC no further than that every header must hash to the block that was named, and every set of
 * receipts to the header; what it hands on, the verifier checks again under its own pins.
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import type { BlockSeal } from '../ledger/block-seal.ts';
import type { Deployment } from '../ledger/deployment.ts';
import {
  type EventName,
  type EventOf,
  type EventPlace,
  eventTopic,
  type LedgerEvent,
  readEvents,
} from '../ledger/events.ts';
import { orgToBytes32, toWord } from '../ledger/ids.ts';
import { ChainRpcError, type Rpc } from '../ledger/json-rpc.ts';
import { type BundleBlock, type BundleReceipt, type BundleSubject, concernsSubject } from './bundle.ts';
import { encodeHeader, proveReceipt, readHeader } from './receipt-proof.ts';

export type ProvenParts = { readonly blocks: readonly BundleBlock[]; readonly receipts: readonly BundleReceipt[] };

/** What the contracts said about a subject. */
export type SubjectFacts = {
  /** Ids of the dataset versions that the request asks for, the register's last; the version itself where it is the subject. */
  readonly datasetVersions: readonly string[];
  /** In order of the chain: publications and scores of the versions, the life of the request, commitments to its results. */
  readonly events: readonly LedgerEvent[];
};

export type ChainProver = {
  /** @throws {ProtocolError} EXPORT_REQUEST_UNKNOWN, EXPORT_VERSION_UNKNOWN; CHAIN_UNREACHABLE */
  factsAbout(subject: BundleSubject): Promise<SubjectFacts>;
  /** Every registration of keys of an organisation, its suspensions and reinstatements, oldest first. */
  standingOf(org: string): Promise<readonly LedgerEvent[]>;
  /** Every checkpoint that an organisation anchored, smallest first. */
  anchorsOf(org: string): Promise<readonly EventOf<'CheckpointAnchored'>[]>;
  /** Blocks, seals and receipt proofs of the transactions at these places. */
  prove(places: readonly EventPlace[]): Promise<ProvenParts>;
};

/** What decides whether an organisation's key counts at a time. */
const STANDING = new Set<string>(['KeysChanged', 'OrganisationSuspended', 'OrganisationReinstated']);
const blockAnswerSchema = z.object({ hash: z.string(), transactions: z.array(z.string()) });
const sealSchema = z.object({ validator: z.string(), signature: z.string() });

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
        return { datasetVersions: [subject.datasetId], events: [...events].sort(byPlace) };
      }
      const request = toWord(subject.requestId);
      const filter = { fromBlock: 0, toBlock: 'latest', topics: [null, request] } as const;
      const life = await readEvents(rpc, deployment, filter, ['requests']);
      const submitted = life.find((event) => event.name === 'RequestSubmitted');
      if (submitted === undefined) throw new ProtocolError('EXPORT_REQUEST_UNKNOWN', {});
      const datasetVersions = [...submitted.args.datasetVersions, submitted.args.registerVersion];
      const versions = Promise.all(datasetVersions.map(versionEvents));
      const committed = eventsOf('evidence', 'ResultCommitted', [null, request]);
      const all: LedgerEvent[] = [...(await versions).flat(), ...life, ...(await committed)];
      const events = all.filter((event) => concernsSubject(event, subject, datasetVersions));
      return { datasetVersions, events: events.sort(byPlace) };
    },
    standingOf: async (org) => {
      const filter = { fromBlock: 0, toBlock: 'latest', topics: [null, orgToBytes32(org)] } as const;
      const all = await readEvents(rpc, deployment, filter, ['consortium']);
      return all.filter(({ name }) => STANDING.has(name)).sort(byPlace);
    },
    anchorsOf: (org) => eventsOf('evidence', 'CheckpointAnchored', [orgToBytes32(org)]),
    prove: (places) => provePlaces(rpc, places),
  };
}

async function provePlaces(rpc: Rpc, places: readonly EventPlace[]): Promise<ProvenParts> {
  const byBlock = new Map<number, Map<number, EventPlace>>();
  for (const place of places) {
    const transactions = byBlock.get(place.blockNumber) ?? new Map<number, EventPlace>();
    byBlock.set(place.blockNumber, transactions.set(place.transactionIndex, place));
  }
  const blocks: BundleBlock[] = [];
  const receipts: BundleReceipt[] = [];
  for (const [number, transactions] of [...byBlock].sort(([a], [b]) => a - b)) {
    const proven = await proveBlock(rpc, number, [...transactions.values()]);
    blocks.push(proven.block);
    receipts.push(...proven.receipts);
  }
  return { blocks, receipts };
}

async function proveBlock(
  rpc: Rpc,
  number: number,
  places: readonly EventPlace[],
): Promise<{ block: BundleBlock; receipts: BundleReceipt[] }> {
  const tag = `0x${number.toString(16)}`;
  const answer = await rpc.request('eth_getBlockByNumber', [tag, false]);
  const block = blockAnswerSchema.safeParse(answer);
  if (!block.success)
    throw new ProtocolError('CHAIN_REPLY_MALFORMED', { method: 'eth_getBlockByNumber', reason: 'no block' });
  const header = encodeHeader(answer);
  const { hash } = readHeader(header);
  if (places.some(({ blockHash }) => blockHash !== hash)) throw new ProtocolError('EXPORT_BLOCK_REPLACED', { number });
  const ask = (transaction: string): Promise<unknown> => rpc.request('eth_getTransactionReceipt', [transaction]);
  const all = await Promise.all(block.data.transactions.map(ask));
  const receipts = places.map(({ transactionIndex }) => ({
    block: hash,
    transactionIndex,
    proof: proveReceipt(header, all, transactionIndex),
  }));
  return { block: { header, seals: await sealsOf(rpc, tag) }, receipts };
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
