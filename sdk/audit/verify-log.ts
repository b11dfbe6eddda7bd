/**
 * A node's log, entry by entry: every leaf hashed again, every signature and opening checked, every root computed and held
 * against what the organisation signed and anchored.
 *
 * Trust: the keys and anchors of the chain, and the frontier of what was verified before. The node may be hostile; what it
 * gives counts only where it leads to the root that it signed.
 * Source: RFC 9162, 2.1; RFC 8032; RFC 8785.
 */
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import {
  describeEvent,
  hasFieldsOfItsKind,
  type Openings,
  type SignedEvent,
  signedEventText,
  signingBytesOf,
  verifyOpenings,
} from '@sealedger/protocol/evidence/event.ts';
import type { EventKind, FieldValue } from '@sealedger/protocol/evidence/event-kinds.ts';
import type { LogPageEntry } from '@sealedger/protocol/evidence/log-answers.ts';
import type { EventOf } from '@sealedger/protocol/ledger/events.ts';
import { MerkleFrontier } from '@sealedger/protocol/merkle.ts';
import { type Ed25519, nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { FindingList } from './findings.ts';
import { type AuditedMember, keyOf, replacedBy } from './members.ts';

export type Frontier = { readonly size: number; readonly hashes: readonly string[] };
export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

/** An entry of a log that was verified. */
export type AuditedEntry = {
  readonly org: string;
  readonly index: number;
  readonly kind: EventKind;
  /** Unix milliseconds, as the organisation says. */
  readonly timeMs: number;
  /** Empty where the openings are missing or wrong. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly signed: SignedEvent;
  readonly openings: Openings;
  /** Leaf hash, 32 bytes in hex. */
  readonly leaf: string;
};

export type LogInput = {
  readonly org: string;
  readonly member: AuditedMember | undefined;
  /** What was verified before; the entries follow it. */
  readonly frontier: Frontier;
  readonly entries: readonly LogPageEntry[];
  /** The organisation's word for the log that ends with these entries. */
  readonly checkpoint: SignedCheckpoint;
  /** Everything that the organisation anchored, in order of the chain. */
  readonly anchors: readonly EventOf<'CheckpointAnchored'>[];
  /** Time of a block in milliseconds; without it no overlap of keys counts. */
  readonly timeOf?: ((blockNumber: number) => number | undefined) | undefined;
  readonly ed25519?: Ed25519;
  readonly sha256?: (message: Uint8Array) => Uint8Array;
};

export type LogVerification = {
  /** Whether the entries lead to the signed root and to every anchored one; only then they count. */
  readonly isWhole: boolean;
  readonly entries: readonly AuditedEntry[];
  readonly frontier: Frontier;
  readonly findings: FindingList;
};

/**
 * Verifies entries up to a checkpoint whose own signature was checked.
 * @param input - from {@link readNodeLog}, or from a file: whoever made the pages need not be trusted.
 */
export function verifyLog(input: LogInput): LogVerification {
  const findings = new FindingList();
  const frontier = MerkleFrontier.parse(input.frontier);
  const anchors = new Map(input.anchors.map((anchor) => [anchor.args.size, anchor]));
  const entries: AuditedEntry[] = [];
  let isWhole = true;
  for (const entry of input.entries) {
    const index = frontier.size;
    const text = leafText(entry.signed);
    const leaf = leafOf(text.leaf, input.sha256 ?? portableSha256);
    frontier.append(leaf);
    const anchor = anchors.get(frontier.size);
    if (anchor !== undefined) isWhole = checkAnchor(input, anchor, toHex(frontier.root()), findings) && isWhole;
    const isReadable = checkEntry(input, { ...entry, index, eventText: text.event }, findings);
    entries.push(audited(input.org, index, isReadable ? entry : { signed: entry.signed }, toHex(leaf)));
  }
  const isSigned = checkHead(input, frontier, findings);
  return { isWhole: isWhole && isSigned, entries, frontier: frontier.toJSON(), findings };
}

const LEAF_PREFIX = Uint8Array.of(0);

/** RFC 9162, 2.1.1, with the platform's hash. */
function leafOf(text: string, sha256: (message: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = utf8(text);
  const message = new Uint8Array(1 + bytes.length);
  message.set(LEAF_PREFIX);
  message.set(bytes, 1);
  return sha256(message);
}

function leafText({ event, keyEpoch, signature }: SignedEvent): { readonly event: string; readonly leaf: string } {
  const text = canonicalText(event);
  return { event: text, leaf: signedEventText(text, keyEpoch, signature) };
}

function audited(org: string, index: number, { signed, openings = {} }: LogPageEntry, leaf: string): AuditedEntry {
  const fields = Object.fromEntries(Object.entries(openings).map(([name, { value }]) => [name, value]));
  const { kind } = describeEvent(signed.event);
  return { org, index, kind, timeMs: Date.parse(signed.event.time), fields, signed, openings, leaf };
}

/** Findings of two roots for one size: one anchored, one computed from the entries. */
function checkAnchor(
  { org, checkpoint }: LogInput,
  anchor: EventOf<'CheckpointAnchored'>,
  root: string,
  findings: FindingList,
): boolean {
  const { size } = anchor.args;
  if (anchor.args.root === root) return true;
  findings.keep({
    code: 'FINDING_TWO_HISTORIES',
    org,
    requestId: null,
    about: `size ${size}`,
    details: { size, anchored: anchor.args.root, found: root },
    grounds: [
      { kind: 'chain', event: anchor },
      { kind: 'checkpoint', signed: checkpoint },
      { kind: 'computed', org, size, root },
    ],
  });
  return false;
}

/** The entries must lead to what the organisation signed. */
function checkHead({ org, checkpoint }: LogInput, frontier: MerkleFrontier, findings: FindingList): boolean {
  const { size, root } = checkpoint.checkpoint;
  const found = toHex(frontier.root());
  if (frontier.size === size && found === root) return true;
  findings.keep({
    code: 'FINDING_LOG_ENTRIES',
    org,
    requestId: null,
    about: `size ${size}`,
    details: { size, found: frontier.size },
    grounds: [
      { kind: 'checkpoint', signed: checkpoint },
      { kind: 'computed', org, size: frontier.size, root: found },
    ],
  });
  return false;
}

type Given = LogPageEntry & { readonly index: number; readonly eventText: string };

/** @returns whether the fields can be believed; what is wrong with the entry is found either way. */
function checkEntry(input: LogInput, given: Given, findings: FindingList): boolean {
  const { org } = input;
  const { signed, openings, index } = given;
  const found = (
    code: 'FINDING_EVENT_FOREIGN' | 'FINDING_EVENT_FIELDS' | 'FINDING_EVENT_WITHHELD',
    details = {},
  ): void =>
    findings.keep({
      code,
      org,
      requestId: null,
      about: `#${index}`,
      details: { index, ...details },
      grounds: [
        { kind: 'given', org, index, entry: { signed, openings } },
        { kind: 'checkpoint', signed: input.checkpoint },
      ],
    });
  const isOwn = describeEvent(signed.event).org === org;
  if (!isOwn) found('FINDING_EVENT_FOREIGN');
  checkSignature(input, given, findings);
  checkKeyInForce(input, given, findings);
  if (!hasFieldsOfItsKind(signed.event)) found('FINDING_EVENT_FIELDS', { field: '*' });
  if (openings === undefined || Object.keys(signed.event.data).some((name) => !Object.hasOwn(openings, name))) {
    found('FINDING_EVENT_WITHHELD');
    return false;
  }
  const wrongField = wrongOpening(signed, openings);
  if (wrongField !== null) found('FINDING_EVENT_FIELDS', { field: wrongField });
  return isOwn && wrongField === null;
}

function wrongOpening(signed: SignedEvent, openings: Openings): string | null {
  try {
    return verifyOpenings(signed.event, openings).wrongField;
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return '*';
  }
}

function checkSignature({ org, member, checkpoint, ed25519 }: LogInput, given: Given, findings: FindingList): void {
  const { signed, index, eventText } = given;
  const key = keyOf(member, signed.keyEpoch);
  const message = signingBytesOf(eventText, signed.keyEpoch);
  const holds = key !== undefined && (ed25519 ?? nobleEd25519).verify(fromHex(signed.signature), message, fromHex(key));
  if (holds) return;
  findings.keep({
    code: 'FINDING_EVENT_SIGNATURE',
    org,
    requestId: null,
    about: `#${index}`,
    details: { index, keyEpoch: signed.keyEpoch },
    grounds: [
      { kind: 'given', org, index, entry: { signed } },
      { kind: 'checkpoint', signed: checkpoint },
    ],
  });
}

/**
 * An event counts under an old key only where it was anchored before a later key took over, or within their overlap. What is
 * not anchored yet while an overlap may run is looked at again with the times of the log (timeliness.ts).
 */
function checkKeyInForce(
  { org, member, anchors, checkpoint, timeOf }: LogInput,
  { signed, index }: Given,
  findings: FindingList,
): void {
  if (member === undefined) return;
  const anchor = anchors.find(({ args }) => args.size > index);
  const atMs = anchor === undefined ? 0 : timeOf?.(anchor.blockNumber);
  const replacement = replacedBy(member, signed.keyEpoch, anchor, atMs);
  if (replacement === null) return;
  findings.keep({
    code: 'FINDING_KEY_REPLACED',
    org,
    requestId: null,
    about: `#${index}`,
    details: { index, keyEpoch: signed.keyEpoch, block: replacement.blockNumber },
    grounds: [
      { kind: 'chain', event: replacement },
      ...(anchor === undefined ? [] : [{ kind: 'chain', event: anchor } as const]),
      { kind: 'given', org, index, entry: { signed } },
      { kind: 'checkpoint', signed: checkpoint },
    ],
  });
}
