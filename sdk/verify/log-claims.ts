/** Logs: keys on chain, signed and anchored checkpoints, growth without change, and every event in its place. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import type { Bundle, BundleItem } from '@sealedger/protocol/evidence/bundle.ts';
import { checkpointSigningBytes } from '@sealedger/protocol/evidence/checkpoint.ts';
import {
  describeEvent,
  eventLeafBytes,
  eventSigningBytes,
  hasFieldsOfItsKind,
  verifyOpenings,
} from '@sealedger/protocol/evidence/event.ts';
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '@sealedger/protocol/merkle.ts';
import type { Ed25519 } from '@sealedger/protocol/signature.ts';
import type { ClaimList, WhyCode } from './claims.ts';
import { factsNamed, type ProvenFacts } from './facts.ts';

/** What a verifier keeps of each organisation's log from one bundle to the next: the largest checkpoint that held. */
export type LastState = Readonly<Record<string, { readonly size: number; readonly root: string }>>;

/** Keys as the chain registered them: `org/epoch` to the Ed25519 key in hex and the block. */
export type KeyBook = {
  readonly keyOf: (org: string, keyEpoch: number) => string | undefined;
  /** The registration of the key that took its place, as far as the bundle shows one. */
  readonly replacedBy: (org: string, keyEpoch: number) => EventOf<'KeysChanged'> | undefined;
};

export type LogContext = {
  readonly bundle: Bundle;
  readonly facts: ProvenFacts;
  readonly keys: KeyBook;
  readonly ed25519: Ed25519;
  readonly claims: ClaimList;
};

/** Reads the registered keys out of the facts. */
export function keyBook(facts: ProvenFacts): KeyBook {
  const changes = factsNamed(facts, 'KeysChanged');
  return {
    keyOf: (org, keyEpoch) =>
      changes.find(({ args }) => args.org === org && args.keyEpoch === keyEpoch)?.args.ed25519Key,
    replacedBy: (org, keyEpoch) => changes.find(({ args }) => args.org === org && args.keyEpoch > keyEpoch),
  };
}

/** Name of an event in claims: organisation, place in its log, kind. */
export function itemName({ signed, log }: BundleItem): string {
  const { org, kind } = describeEvent(signed.event);
  return `${org}#${log.leafIndex} ${kind}`;
}

/** Why a signature does not hold, or null. */
export function whySignature(
  { keys, ed25519 }: LogContext,
  signer: { readonly org: string; readonly keyEpoch: number },
  message: Uint8Array,
  signature: string,
): WhyCode | null {
  const key = keys.keyOf(signer.org, signer.keyEpoch);
  if (key === undefined) return 'WHY_KEY_UNKNOWN';
  return ed25519.verify(fromHex(signature), message, fromHex(key)) ? null : 'WHY_SIGNATURE';
}

/** Claim KEY_REGISTERED: once per organisation and epoch that signed something here. */
export function checkKeys({ bundle, keys, claims }: LogContext): void {
  const signers = new Set([
    ...bundle.items.map(({ signed }) => `${describeEvent(signed.event).org}/${signed.keyEpoch}`),
    ...bundle.checkpoints.map(({ checkpoint, keyEpoch }) => `${checkpoint.org}/${keyEpoch}`),
    ...bundle.statements.map(({ statement, keyEpoch }) => `${statement.org}/${keyEpoch}`),
  ]);
  for (const signer of [...signers].sort()) {
    const [org, keyEpoch] = signer.split('/');
    const isKnown = keys.keyOf(org!, Number(keyEpoch)) !== undefined;
    claims.decide('KEY_REGISTERED', `${org} key ${keyEpoch}`, isKnown ? null : 'WHY_KEY_UNKNOWN');
  }
}

/** Claims CHECKPOINT_SIGNED and CHECKPOINT_ANCHORED. */
export function checkCheckpoints(context: LogContext): void {
  const { bundle, facts, claims } = context;
  const anchors = factsNamed(facts, 'CheckpointAnchored');
  for (const { checkpoint, keyEpoch, signature } of bundle.checkpoints) {
    const about = `${checkpoint.org} ${checkpoint.size}`;
    const message = checkpointSigningBytes(checkpoint, keyEpoch);
    claims.decide(
      'CHECKPOINT_SIGNED',
      about,
      whySignature(context, { org: checkpoint.org, keyEpoch }, message, signature),
    );
    const anchor = anchors.find(({ args }) => args.org === checkpoint.org && args.size === checkpoint.size);
    const why =
      anchor === undefined ? 'WHY_NOT_ANCHORED' : anchor.args.root === checkpoint.root ? null : 'WHY_OTHER_ROOT';
    claims.decide('CHECKPOINT_ANCHORED', about, why);
  }
}

/** Claims LOG_CONSISTENT, between neighbouring checkpoints, and LOG_CONTINUES, from the verifier's own last state. */
export function checkGrowth({ bundle, claims }: LogContext, last: LastState): void {
  for (const org of new Set(bundle.checkpoints.map(({ checkpoint }) => checkpoint.org))) {
    const checkpoints = bundle.checkpoints.map(({ checkpoint }) => checkpoint).filter((one) => one.org === org);
    checkpoints.slice(1).forEach((to, i) => {
      const from = checkpoints[i]!;
      claims.decide('LOG_CONSISTENT', `${org} ${from.size}-${to.size}`, whyGrowth(bundle, org, from, to));
    });
    const known = Object.hasOwn(last, org) ? last[org] : undefined;
    if (known !== undefined) checkContinuation(bundle, org, known, checkpoints, claims);
  }
}

type Head = { readonly size: number; readonly root: string };

/** The known head must be one of the checkpoints, or lead to the next larger one. @param heads - by size. */
function checkContinuation(bundle: Bundle, org: string, known: Head, heads: readonly Head[], claims: ClaimList): void {
  const next = heads.find(({ size }) => size >= known.size);
  const about = `${org} ${known.size}-${(next ?? heads.at(-1)!).size}`;
  if (next === undefined) claims.isBeyond('LOG_CONTINUES', about, 'WHY_BUNDLE_OLDER');
  else if (known.size === next.size)
    claims.decide('LOG_CONTINUES', about, known.root === next.root ? null : 'WHY_TWO_HISTORIES');
  else if (proofBetween(bundle, org, known, next) === undefined)
    claims.isOpen('LOG_CONTINUES', about, 'WHY_NO_CONSISTENCY');
  else claims.decide('LOG_CONTINUES', about, whyGrowth(bundle, org, known, next));
}

function proofBetween(bundle: Bundle, org: string, from: Head, to: Head): readonly string[] | undefined {
  return bundle.consistency.find((one) => one.org === org && one.from === from.size && one.to === to.size)?.proof;
}

function whyGrowth(bundle: Bundle, org: string, from: Head, to: Head): WhyCode | null {
  const proof = proofBetween(bundle, org, from, to);
  if (proof === undefined) return 'WHY_NO_CONSISTENCY';
  const holds = verifyConsistency({
    size1: from.size,
    root1: fromHex(from.root),
    size2: to.size,
    root2: fromHex(to.root),
    proof: proof.map((hash) => fromHex(hash)),
  });
  return holds ? null : 'WHY_NOT_CONSISTENT';
}

/** Claims EVENT_SIGNED, EVENT_LOGGED, EVENT_FIELDS and EVENT_KEY_IN_FORCE of every event. */
export function checkEvents(context: LogContext): void {
  const { bundle, claims } = context;
  for (const item of bundle.items) {
    const about = itemName(item);
    const { event, keyEpoch, signature } = item.signed;
    const { org } = describeEvent(event);
    const message = eventSigningBytes(event, keyEpoch);
    claims.decide('EVENT_SIGNED', about, whySignature(context, { org, keyEpoch }, message, signature));
    claims.decide('EVENT_LOGGED', about, whyNotLogged(bundle, org, item));
    const { wrongField } = verifyOpenings(event, item.openings);
    if (!hasFieldsOfItsKind(event)) claims.fails('EVENT_FIELDS', about, 'WHY_FIELDS_OF_KIND');
    else claims.decide('EVENT_FIELDS', about, wrongField === null ? null : 'WHY_OPENING', { field: wrongField ?? '' });
    checkKeyInForce(context, org, item);
  }
}

function whyNotLogged(bundle: Bundle, org: string, { signed, log }: BundleItem): WhyCode | null {
  const head = bundle.checkpoints.find(
    ({ checkpoint }) => checkpoint.org === org && checkpoint.size === log.checkpointSize,
  );
  if (head === undefined) return 'WHY_NO_CHECKPOINT';
  const holds = verifyInclusion({
    leafHash: leafHash(eventLeafBytes(signed)),
    index: log.leafIndex,
    treeSize: log.checkpointSize,
    proof: log.inclusionProof.map((hash) => fromHex(hash)),
    root: fromHex(head.checkpoint.root),
  });
  return holds ? null : 'WHY_NOT_INCLUDED';
}

/**
 * An event counts where it was anchored before a later key took over, or while the overlap with that key still ran, and while
 * its organisation was no suspended one.
 */
function checkKeyInForce({ facts, keys, claims }: LogContext, org: string, item: BundleItem): void {
  const { keyEpoch } = item.signed;
  const suspensions = factsNamed(facts, 'OrganisationSuspended').filter(({ args }) => args.org === org);
  if (keys.replacedBy(org, keyEpoch) === undefined && suspensions.length === 0) return;
  const anchor = factsNamed(facts, 'CheckpointAnchored').find(
    ({ args }) => args.org === org && args.size === item.log.checkpointSize,
  );
  const before = anchor === undefined ? facts.events : facts.events.slice(0, facts.events.indexOf(anchor));
  const anchoredAt = anchor === undefined ? null : (facts.headers.get(anchor.blockHash)?.timestampSeconds ?? null);
  const why = !isInForce(before, { org, keyEpoch, atSeconds: anchoredAt })
    ? 'WHY_KEY_REPLACED'
    : isSuspended(before, org)
      ? 'WHY_ORGANISATION_SUSPENDED'
      : null;
  claims.decide('EVENT_KEY_IN_FORCE', itemName(item), why, { org });
}

/**
 * Whether the key of an epoch counts after these events: it is the current one's, or the one's before while its overlap runs.
 * @param atSeconds - time of the block that asks; null where none is known, and then no overlap counts.
 */
export function isInForce(
  events: readonly LedgerEvent[],
  { org, keyEpoch, atSeconds }: { readonly org: string; readonly keyEpoch: number; readonly atSeconds: number | null },
): boolean {
  const last = events.findLast((event) => event.name === 'KeysChanged' && event.args.org === org);
  if (last?.name !== 'KeysChanged' || last.args.keyEpoch <= keyEpoch) return true;
  const isPrevious = last.args.keyEpoch === keyEpoch + 1;
  const isRevoked = events.some(
    (event) =>
      event.name === 'PreviousKeysRevoked' && event.args.org === org && event.args.keyEpoch === last.args.keyEpoch,
  );
  return isPrevious && !isRevoked && atSeconds !== null && atSeconds < last.args.previousUntil;
}

/** Whether an organisation is suspended after these events. */
function isSuspended(events: readonly LedgerEvent[], org: string): boolean {
  const last = events.findLast(
    (event) =>
      (event.name === 'OrganisationSuspended' || event.name === 'OrganisationReinstated') && event.args.org === org,
  );
  return last?.name === 'OrganisationSuspended';
}
