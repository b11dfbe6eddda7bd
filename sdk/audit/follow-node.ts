/**
 * One node's log, followed from the regulator's own last state: newest checkpoint, consistency proofs, every entry.
 *
 * Trust: the regulator's archive and the anchors on chain. A node that shows another history than before, than on chain or
 * than to somebody else is found here, with both of its signatures.
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError, type ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import type { EventOf } from '@sealedger/protocol/ledger/events.ts';
import { MerkleFrontier, merkleRoot, verifyConsistency } from '@sealedger/protocol/merkle.ts';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';
import type { ArchivedLog, LogGrowth } from './archive.ts';
import { FindingList, type Ground } from './findings.ts';
import { type AuditedMember, runsNode } from './members.ts';
import { isSignedCheckpoint, type LogReader } from './read-log.ts';
import { verifyLog } from './verify-log.ts';

export type NodeToFollow = {
  readonly member: AuditedMember;
  readonly reader: LogReader;
  readonly archived: ArchivedLog;
  /** By size. */
  readonly anchors: readonly EventOf<'CheckpointAnchored'>[];
  /** Time of a block in milliseconds. */
  readonly timeOf: (blockNumber: number) => number | undefined;
  /** Checkpoints of this organisation that somebody else was shown. */
  readonly heard: readonly SignedCheckpoint[];
  readonly ed25519?: Ed25519 | undefined;
  readonly sha256?: ((message: Uint8Array) => Uint8Array) | undefined;
};

export type Followed = {
  readonly org: string;
  /** What is new and whole; null where nothing is or it does not hold. */
  readonly growth: LogGrowth | null;
  /** Whether the log was read to its end and holds. */
  readonly isRead: boolean;
  readonly findings: FindingList;
};

/** Follows one node; what goes wrong is a finding, never an error. */
export async function followNode(node: NodeToFollow): Promise<Followed> {
  const findings = new FindingList();
  const { org } = node.member;
  try {
    const checkpoint = await newestCheckpoint(node);
    if (checkpoint === null) return { org, growth: null, isRead: !isShort(node, 0, null, findings), findings };
    const isSame = await checkGrowth(node, checkpoint, findings);
    if (!isSame) return { org, growth: null, isRead: false, findings };
    const growth = await readGrowth(node, checkpoint, findings);
    const isRead = growth !== null || checkpoint.checkpoint.size === node.archived.frontier.size;
    if (isRead) await checkHeard(node, growth, findings);
    return { org, growth, isRead, findings };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    reportFailure(node, error, findings);
    return { org, growth: null, isRead: false, findings };
  }
}

/** @returns null where the node says that its log is empty. */
async function newestCheckpoint({ reader }: NodeToFollow): Promise<SignedCheckpoint | null> {
  try {
    return await reader.checkpoint();
  } catch (error) {
    if (isProtocolError(error, 'EVIDENCE_RANGE')) return null;
    throw error;
  }
}

/** Finding of a log that is shorter than it was, on chain or here. @returns whether it is. */
function isShort(node: NodeToFollow, size: number, shown: SignedCheckpoint | null, findings: FindingList): boolean {
  const { archived, anchors, member } = node;
  const anchored = anchors.at(-1);
  const known = Math.max(archived.frontier.size, anchored?.args.size ?? 0);
  if (size >= known) return false;
  const grounds: Ground[] = [];
  if (shown !== null) grounds.push({ kind: 'checkpoint', signed: shown });
  if (archived.last !== null) grounds.push({ kind: 'checkpoint', signed: archived.last });
  if (anchored !== undefined) grounds.push({ kind: 'chain', event: anchored });
  findings.keep({
    code: 'FINDING_LOG_REWOUND',
    org: member.org,
    requestId: null,
    about: `size ${known}`,
    details: { known, found: size },
    grounds,
  });
  return true;
}

/** @returns whether the newest checkpoint continues what is known. */
async function checkGrowth(node: NodeToFollow, shown: SignedCheckpoint, findings: FindingList): Promise<boolean> {
  const { archived, reader } = node;
  const { size, root } = shown.checkpoint;
  if (isShort(node, size, shown, findings)) return false;
  if (archived.last === null) return true;
  const known = archived.last.checkpoint;
  if (known.size === size) {
    if (known.root === root) return true;
    reportTwo(node, [archived.last, shown], `size ${size}`, findings);
    return false;
  }
  const proof = await reader.consistency(known.size, size);
  if (isConsistent(known, shown.checkpoint, proof)) return true;
  const ground = { kind: 'consistency', org: node.member.org, from: known.size, to: size, proof } as const;
  reportTwo(node, [archived.last, shown], `sizes ${known.size} ${size}`, findings, [ground]);
  return false;
}

type Head = { readonly size: number; readonly root: string };

function isConsistent(from: Head, to: Head, proof: readonly string[]): boolean {
  const [root1, root2] = [fromHex(from.root), fromHex(to.root)];
  return verifyConsistency({
    size1: from.size,
    root1,
    size2: to.size,
    root2,
    proof: proof.map((hash) => fromHex(hash)),
  });
}

function reportTwo(
  { member }: NodeToFollow,
  signed: readonly SignedCheckpoint[],
  about: string,
  findings: FindingList,
  more: readonly Ground[] = [],
): void {
  const { size, root } = signed[0]!.checkpoint;
  findings.keep({
    code: 'FINDING_TWO_HISTORIES',
    org: member.org,
    requestId: null,
    about,
    details: { size, anchored: root, found: signed.at(-1)!.checkpoint.root },
    grounds: [...signed.map((one) => ({ kind: 'checkpoint', signed: one }) as const), ...more],
  });
}

async function readGrowth(
  node: NodeToFollow,
  checkpoint: SignedCheckpoint,
  findings: FindingList,
): Promise<LogGrowth | null> {
  const { archived, reader, member, anchors } = node;
  const { size } = checkpoint.checkpoint;
  if (size === archived.frontier.size) {
    checkOldAnchors(node, findings);
    return null;
  }
  const entries = await reader.entries(archived.frontier.size, size);
  const verified = verifyLog({
    org: member.org,
    member,
    frontier: archived.frontier,
    entries,
    checkpoint,
    anchors,
    timeOf: node.timeOf,
    ...(node.ed25519 === undefined ? {} : { ed25519: node.ed25519 }),
    ...(node.sha256 === undefined ? {} : { sha256: node.sha256 }),
  });
  findings.addAll(verified.findings);
  checkOldAnchors(node, findings);
  if (!verified.isWhole) return null;
  return { org: member.org, entries: verified.entries, frontier: verified.frontier, last: checkpoint };
}

/** Anchors of sizes that were verified before they were anchored. */
function checkOldAnchors(node: NodeToFollow, findings: FindingList): void {
  const { archived, anchors, member } = node;
  const { size: verified } = archived.frontier;
  const late = new Map(anchors.filter(({ args }) => args.size <= verified).map((anchor) => [anchor.args.size, anchor]));
  if (late.size === 0) return;
  const frontier = new MerkleFrontier();
  for (const { leaf } of archived.entries) {
    frontier.append(fromHex(leaf));
    const anchor = late.get(frontier.size);
    if (anchor === undefined) continue;
    const { size, root } = anchor.args;
    const found = toHex(frontier.root());
    if (found === root) continue;
    findings.keep({
      code: 'FINDING_TWO_HISTORIES',
      org: member.org,
      requestId: null,
      about: `size ${size}`,
      details: { size, anchored: root, found },
      grounds: [
        { kind: 'chain', event: anchor },
        ...(archived.last === null ? [] : [{ kind: 'checkpoint', signed: archived.last } as const]),
        { kind: 'computed', org: member.org, size, root: found },
      ],
    });
  }
}

/** What somebody else was shown must be a part of what is shown here. */
async function checkHeard(node: NodeToFollow, growth: LogGrowth | null, findings: FindingList): Promise<void> {
  const entries = [...node.archived.entries, ...(growth?.entries ?? [])];
  const last = growth?.last ?? node.archived.last;
  if (last === null) return;
  for (const heard of node.heard) {
    if (!isSignedCheckpoint(heard, node.member, node.ed25519)) continue;
    const { size, root } = heard.checkpoint;
    if (size > last.checkpoint.size) {
      await checkAhead(node, last, heard, findings);
      continue;
    }
    const found = toHex(merkleRoot(entries.slice(0, size).map(({ leaf }) => fromHex(leaf))));
    if (found === root) continue;
    const computed = { kind: 'computed', org: node.member.org, size, root: found } as const;
    reportTwo(node, [heard, await pairOf(node, size, last)], `size ${size}`, findings, [computed]);
  }
}

/** The node's own word for the size that somebody else has another root of. */
async function pairOf({ reader }: NodeToFollow, size: number, last: SignedCheckpoint): Promise<SignedCheckpoint> {
  try {
    return await reader.checkpoint(size);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return last;
  }
}

/** Somebody was shown a longer log: this one must be its beginning. */
async function checkAhead(
  node: NodeToFollow,
  last: SignedCheckpoint,
  heard: SignedCheckpoint,
  findings: FindingList,
): Promise<void> {
  const { size } = heard.checkpoint;
  try {
    const proof = await node.reader.consistency(last.checkpoint.size, size);
    if (isConsistent(last.checkpoint, heard.checkpoint, proof)) return;
    reportTwo(node, [last, heard], `sizes ${last.checkpoint.size} ${size}`, findings);
  } catch (error) {
    if (!isProtocolError(error, 'EVIDENCE_RANGE')) throw error;
    findings.keep({
      code: 'FINDING_LOG_REWOUND',
      org: node.member.org,
      requestId: null,
      about: `size ${size}`,
      details: { known: size, found: last.checkpoint.size },
      grounds: [
        { kind: 'checkpoint', signed: heard },
        { kind: 'checkpoint', signed: last },
      ],
    });
  }
}

function reportFailure({ member }: NodeToFollow, error: ProtocolError, findings: FindingList): void {
  const { org } = member;
  // who registered no endpoint, or one that nobody may call, is not to be reached either
  const isAway = error.code === 'PEER_UNREACHABLE' || error.code.startsWith('ENDPOINT_');
  if (isAway && !runsNode(member)) return;
  const code = isAway ? 'FINDING_NODE_UNREACHABLE' : 'FINDING_NODE_ANSWER';
  findings.add({ code, org, requestId: null, about: error.code, details: { why: error.code } });
}
