/**
 * One look of a regulator at everything: the chain from its cursor on, every node's log from its own last state on, and
 * what the two say of each other.
 *
 * The look moves its cursors only after everything was verified, stored and reported; one that dies is done again.
 * Trust: the pins of the trust file and the regulator's own archive.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createChainProver } from '@sealedger/protocol/evidence/chain-prover.ts';
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import { pinnedContracts, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { createPeerClient, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import type { Archive, LogGrowth } from './archive.ts';
import { readChain } from './chain.ts';
import { compareLogs } from './compare.ts';
import { type Finding, FindingList, findingId } from './findings.ts';
import { type Followed, followNode } from './follow-node.ts';
import { type AuditedMember, type Members, membersOf, peerOf, runsNode } from './members.ts';
import type { AuditBounds, AuditPorts } from './ports.ts';
import { proveFindings } from './prove-findings.ts';
import { createLogReader } from './read-log.ts';
import { type ChainStory, rebuildRequests } from './requests.ts';
import { type Anchored, checkTimes } from './timeliness.ts';
import type { AuditedEntry } from './verify-log.ts';

export type AuditContext = {
  /** The regulator's id on chain, and the Ed25519 seed of its key. */
  readonly org: string;
  readonly signing: Uint8Array;
  readonly trust: Trust;
  readonly rpc: Rpc;
  readonly archive: Archive;
  readonly bounds: AuditBounds;
  readonly confirmations: number;
  readonly ports: AuditPorts;
};

export type LookOptions = {
  /** Checkpoints that others were shown. */
  readonly heard?: readonly SignedCheckpoint[];
  readonly onProgress?: (step: LookStep) => void;
  /** Told of every finding that was not there before, before the cursors move: after a crash it may hear one again. */
  readonly onFindings?: (findings: readonly Finding[]) => Promise<void>;
};

export type LookStep =
  | { readonly step: 'chain'; readonly block: number; readonly head: number }
  | { readonly step: 'log'; readonly org: string; readonly events: number };

export type AuditedLog = {
  readonly org: string;
  /** Verified entries, by index. */
  readonly entries: readonly AuditedEntry[];
  /** Entries that an anchor on chain covers. */
  readonly anchored: number;
  /** Whether it was read to its end in this look, and holds. */
  readonly isRead: boolean;
};

/** What a regulator knows after a look. */
export type AuditView = {
  readonly nowMs: number;
  readonly head: Archive['state']['head'];
  /** Up to this block everything rests on pinned validators or a pinned block; beyond it, on the RPC's word. */
  readonly provenTo: number;
  readonly members: Members;
  readonly story: ChainStory;
  readonly logs: readonly AuditedLog[];
  /** All that stand. */
  readonly findings: readonly Finding[];
  /** Those that were not there before. */
  readonly fresh: readonly Finding[];
};

/**
 * Looks once.
 * @throws {ProtocolError} CHAIN_UNREACHABLE, CHAIN_REPLY_MALFORMED, CHAIN_MISMATCH; MEMBER_UNKNOWN where the regulator is
 * not admitted
 */
export async function lookOnce(context: AuditContext, options: LookOptions = {}): Promise<AuditView> {
  const findings = new FindingList();
  const { archive, ports } = context;
  await follow(context, options, findings);
  const readTo = archive.state.head.number;
  const followed = await followNodes(context, options);
  for (const { findings: own } of followed) findings.addAll(own);
  // Once more, so that a step which a log has already heard of is known here too.
  await follow(context, options, findings);
  const growths = followed.flatMap(({ growth }) => (growth === null ? [] : [growth]));
  const nowMs = ports.clock.now();
  const seen = see(context, followed, growths, nowMs);
  const story = judge(context, seen, readTo, findings);
  return settle(context, { ...seen, story }, growths, findings, options);
}

function follow(
  { rpc, trust, archive, confirmations, ports }: AuditContext,
  { onProgress }: LookOptions,
  findings: FindingList,
) {
  const report =
    onProgress === undefined ? undefined : (block: number, head: number) => onProgress({ step: 'chain', block, head });
  return readChain({ rpc, trust, archive, confirmations, ed25519: ports.ed25519, onProgress: report }, findings);
}

/** One after the other of its entries, all nodes at once. */
async function followNodes(
  context: AuditContext,
  { heard = [], onProgress }: LookOptions,
): Promise<readonly Followed[]> {
  const { archive, ports } = context;
  const events = archive.facts.map(({ event }) => event);
  const times = new Map(archive.facts.map(({ event, timeMs }) => [event.blockNumber, timeMs]));
  const members = membersOf(events);
  const peers = peersOf(context, members);
  const known = [...members.values()].filter(({ keys }) => keys.length > 0);
  const keepers = known.filter((member) => runsNode(member) || archive.logs.has(member.org));
  return Promise.all(
    keepers.map(async (member) => {
      const { org } = member;
      const followed = await followNode({
        member,
        reader: createLogReader(peers, peerOf(member)!, member, ports.ed25519),
        archived: archive.log(org),
        anchors: events.flatMap((event) =>
          event.name === 'CheckpointAnchored' && event.args.org === org ? [event] : [],
        ),
        timeOf: (block) => times.get(block),
        heard: heard.filter(({ checkpoint }) => checkpoint.org === org),
        ed25519: ports.ed25519,
        sha256: ports.sha256,
      });
      onProgress?.({
        step: 'log',
        org,
        events: archive.log(org).entries.length + (followed.growth?.entries.length ?? 0),
      });
      return followed;
    }),
  );
}

/** Calls are signed as the regulator, under the key that the chain shows. */
function peersOf({ org, signing, ports }: AuditContext, members: Members): PeerClient {
  const keyEpoch = members.get(org)?.keys.at(-1)?.args.keyEpoch;
  if (keyEpoch === undefined) throw new ProtocolError('MEMBER_UNKNOWN', { org });
  const sign = (message: Uint8Array): Uint8Array => (ports.ed25519 ?? nobleEd25519).sign(message, signing);
  return createPeerClient({ org, keyEpoch, sign }, ports);
}

type Seen = Pick<AuditView, 'nowMs' | 'members' | 'logs'>;

function see(
  { archive }: AuditContext,
  followed: readonly Followed[],
  growths: readonly LogGrowth[],
  nowMs: number,
): Seen {
  const members = membersOf(archive.facts.map(({ event }) => event));
  const logs = followed.map(({ org, isRead }): AuditedLog => {
    const growth = growths.find((one) => one.org === org);
    const entries = [...archive.log(org).entries, ...(growth?.entries ?? [])];
    const anchored = archive.facts.reduce(
      (most, { event }) => (event.name === 'CheckpointAnchored' && event.args.org === org ? event.args.size : most),
      0,
    );
    return { org, entries, anchored: Math.min(anchored, entries.length), isRead };
  });
  return { nowMs, members, logs };
}

/** Chain against logs, and times. */
function judge(
  { archive, bounds }: AuditContext,
  { members, logs, nowMs }: Seen,
  readTo: number,
  findings: FindingList,
): ChainStory {
  const story = rebuildRequests(archive.facts, nowMs, findings);
  const entries = new Map<string, AuditedEntry[]>();
  const others: AuditedEntry[] = [];
  for (const entry of logs.flatMap((log) => log.entries)) {
    const { requestId } = entry.fields;
    if (typeof requestId !== 'string') others.push(entry);
    else if (entries.has(requestId)) entries.get(requestId)!.push(entry);
    else entries.set(requestId, [entry]);
  }
  const readAfter = new Map(logs.filter(({ isRead }) => isRead).map(({ org }) => [org, readTo]));
  compareLogs({ story, facts: archive.facts, entries, others, readAfter, bounds, nowMs, findings });
  const times = new Map(archive.facts.map(({ event, timeMs }) => [event.blockNumber, timeMs]));
  for (const { org, entries: own } of logs) {
    const member: AuditedMember = members.get(org)!;
    const anchors = archive.facts.flatMap(({ event, timeMs }): Anchored[] =>
      event.name === 'CheckpointAnchored' && event.args.org === org ? [{ event, timeMs }] : [],
    );
    checkTimes({ member, entries: own, anchors, timeOf: (block) => times.get(block), bounds, nowMs }, findings);
  }
  return story;
}

async function settle(
  context: AuditContext,
  { nowMs, members, logs, story }: Seen & { readonly story: ChainStory },
  growths: readonly LogGrowth[],
  list: FindingList,
  { onFindings }: LookOptions,
): Promise<AuditView> {
  const { archive, rpc, trust } = context;
  const known = archive.state.findings;
  const findings = await proveFindings(list.drafts, {
    prover: createChainProver(rpc, pinnedContracts(trust)),
    log: (org) => ({
      entries: logs.find((log) => log.org === org)?.entries ?? [],
      last: growths.find((one) => one.org === org)?.last ?? archive.log(org).last,
    }),
    known,
    nowMs,
  });
  const before = new Set(known.map(({ id }) => id));
  const fresh = findings.filter((finding) => !before.has(findingId(finding)));
  if (fresh.length > 0) await onFindings?.(fresh);
  await archive.addLook(growths, findings);
  return { nowMs, head: archive.state.head, provenTo: archive.state.provenTo, members, story, logs, findings, fresh };
}
