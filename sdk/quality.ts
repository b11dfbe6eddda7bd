/**
 * The quality of a dataset over time, as its owner tells it and as the chain has it.
 *
 * Trust: the owner measures its own data; what it cannot do is tell one member one score and another member another, or
 * leave a bad one out. Every score is held against the chain's record of its round, and the list against all records.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Deployment } from '@sealedger/protocol/ledger/deployment.ts';
import { type EventOf, eventTopic, readEvents } from '@sealedger/protocol/ledger/events.ts';
import { datasetVersionId, orgToBytes32 } from '@sealedger/protocol/ledger/ids.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import type { LedgerReader } from '@sealedger/protocol/ledger/reader.ts';
import type { PeerClient } from '@sealedger/protocol/peer-client.ts';
import {
  type QualityHistory,
  type QualityScoreRecord,
  qualityHistorySchema,
} from '@sealedger/protocol/quality-history.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { peerOf } from './peer-of.ts';

export interface QualityContext {
  readonly ledger: Pick<LedgerReader, 'organisation' | 'datasetVersion' | 'latestDatasetVersion'>;
  readonly peers: PeerClient;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
}

/** A dataset's scores; each has the block of the transaction that anchored it. */
export interface VerifiedQuality extends Omit<QualityHistory, 'scores'> {
  readonly scores: readonly (QualityScoreRecord & { readonly blockNumber: number })[];
}

type Anchored = EventOf<'QualityRecorded'>;
const MAX_ANSWER_BYTES = 8 << 20;
const TIMEOUT_MS = 15_000;

/**
 * The scores of a dataset, by the id of any of its versions, each as the chain has it and none left out.
 * @throws {ProtocolError} DATASET_UNKNOWN, MEMBER_UNKNOWN, PEER_*, CHAIN_*; QUALITY_HISTORY_DIFFERS naming version, round and part
 */
export async function qualityHistory(context: QualityContext, versionId: string): Promise<VerifiedQuality> {
  const { ledger, peers } = context;
  const record = await ledger.datasetVersion(versionId);
  if (record === null) throw new ProtocolError('DATASET_UNKNOWN', { dataset: versionId });
  const owner = await ledger.organisation(record.owner);
  if (owner === null) throw new ProtocolError('MEMBER_UNKNOWN', { org: record.owner });
  const answer = await peers.json(peerOf(owner), {
    method: 'GET',
    path: `/v1/datasets/${versionId}/quality`,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
  });
  const history = parseDocument(qualityHistorySchema, answer, 'quality history');
  if (history.owner !== record.owner || history.dataset !== record.name) throw differs(record.version, 0, 'dataset');
  const versions = await versionsOf(context, record.owner, record.name);
  const anchored = await anchoredScores(context, record.owner, versions);
  const scores = history.scores.map((score) => ({ ...score, blockNumber: anchoredBlock(score, versions, anchored) }));
  const told = new Set(scores.map(({ versionId: id, round }) => `${id}/${round}`));
  if (told.size !== scores.length) throw differs(record.version, 0, 'a round twice');
  const omitted = [...anchored].find(([key]) => !told.has(key))?.[1].args;
  if (omitted !== undefined) throw differs(versions.get(omitted.id)!, omitted.round, 'left out');
  return { ...history, scores };
}

/** Version numbers of a dataset by their ids. */
async function versionsOf(
  { ledger }: QualityContext,
  owner: string,
  name: string,
): Promise<ReadonlyMap<string, number>> {
  const latest = await ledger.latestDatasetVersion(owner, name);
  const numbers = Array.from({ length: latest }, (_, i) => i + 1);
  return new Map(numbers.map((version) => [datasetVersionId(owner, name, version), version]));
}

/** What the chain has of these versions, by `version id/round`. */
async function anchoredScores(
  { rpc, deployment }: QualityContext,
  owner: string,
  versions: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Anchored>> {
  const topics = [eventTopic('catalogue', 'QualityRecorded'), null, orgToBytes32(owner)];
  const events = await readEvents(rpc, deployment, { fromBlock: 0, toBlock: 'latest', topics }, ['catalogue']);
  const own = events.filter((event) => event.name === 'QualityRecorded').filter(({ args }) => versions.has(args.id));
  return new Map(own.map((event) => [`${event.args.id}/${event.args.round}`, event]));
}

function anchoredBlock(
  score: QualityScoreRecord,
  versions: ReadonlyMap<string, number>,
  anchored: ReadonlyMap<string, Anchored>,
): number {
  const { versionId, version, round } = score;
  const event = anchored.get(`${versionId}/${round}`);
  if (event === undefined || versions.get(versionId) !== version) throw differs(version, round, 'not on chain');
  for (const part of ['ruleSetHash', 'scoreBasisPoints', 'reportHash'] as const) {
    if (event.args[part] !== score[part]) throw differs(version, round, part);
  }
  return event.blockNumber;
}

function differs(version: number, round: number, part: string): ProtocolError {
  return new ProtocolError('QUALITY_HISTORY_DIFFERS', { version, round, part });
}
