/** The outer form: parts in their one order, none twice, none for nothing; and the chain that the verifier pinned. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  type Bundle,
  type BundleSubject,
  concernsSubject,
  type SubjectScope,
} from '@sealedger/protocol/evidence/bundle.ts';
import { bundleText } from '@sealedger/protocol/evidence/bundle-file.ts';
import { headerOf, isOrdered, partKeys } from '@sealedger/protocol/evidence/bundle-order.ts';
import { organisationOfSource } from '@sealedger/protocol/evidence/event.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { contractNames } from '@sealedger/protocol/ledger/deployment.ts';
import type { EventOf, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { ClaimList } from './claims.ts';
import type { ProvenFacts } from './facts.ts';
import type { LastState } from './log-claims.ts';

/** Claim FORM, as far as it needs no proof. @returns whether the parts can be looked at. */
export function checkOrder(bundle: Bundle, claims: ClaimList): void {
  const keys = partKeys(bundle.blocks);
  const inOrder: Readonly<Record<string, boolean>> = {
    blocks: isOrdered(bundle.blocks, keys.blocks),
    receipts: isOrdered(bundle.receipts, keys.receipts),
    checkpoints: isOrdered(bundle.checkpoints, keys.checkpoints),
    consistency: isOrdered(bundle.consistency, keys.consistency),
    statements: isOrdered(bundle.statements, keys.statements),
    items: isOrdered(bundle.items, keys.items),
    seals: bundle.blocks.every(({ seals }) => isOrdered(seals, ({ validator }) => [validator])),
  };
  for (const [part, isRight] of Object.entries(inOrder)) {
    if (isRight) claims.holds('FORM', part);
    else claims.fails('FORM', part, 'WHY_ORDER', { part });
  }
}

/** Claim CHAIN_PINNED. */
export function checkPins(bundle: Bundle, trust: Trust, claims: ClaimList): void {
  const { chainId, genesisHash, contracts } = bundle.chain;
  const differs = contractNames.find((name) => contracts[name] !== trust.contracts[name]);
  if (chainId !== trust.chainId) {
    claims.fails('CHAIN_PINNED', 'chain', 'WHY_OTHER_CHAIN', { expected: trust.chainId, found: chainId });
  } else if (genesisHash !== trust.genesisHash) {
    claims.fails('CHAIN_PINNED', 'chain', 'WHY_OTHER_GENESIS');
  } else if (differs !== undefined) {
    claims.fails('CHAIN_PINNED', 'chain', 'WHY_OTHER_CONTRACT', { contract: differs });
  } else claims.holds('CHAIN_PINNED', 'chain');
}

/** A block without receipts that leads from no block here to the next: headers tie what is before to a block that is pinned. */
function idleBlock({ blocks, receipts }: Bundle): Bundle['blocks'][number] | undefined {
  const about = new Set(receipts.map(({ block }) => block));
  const hashes = new Set(blocks.map((block) => headerOf(block).hash));
  return blocks.find((block) => {
    const { hash, parentHash } = headerOf(block);
    return !about.has(hash) && !hashes.has(parentHash);
  });
}

/** Claim FORM: every block, receipt, checkpoint and consistency proof serves something in this bundle. */
export function checkNeeded(bundle: Bundle, facts: ProvenFacts, last: LastState, claims: ClaimList): void {
  const idle = idleBlock(bundle);
  claims.decide('FORM', 'blocks in use', idle === undefined ? null : 'WHY_SURPLUS', { part: 'block' });
  const isNeeded = neededFacts(bundle, facts);
  const places = new Set(facts.events.filter(isNeeded).map(placeOf));
  const spare = bundle.receipts.find(({ block, transactionIndex }) => !places.has(`${block}/${transactionIndex}`));
  claims.decide('FORM', 'receipts in use', spare === undefined ? null : 'WHY_SURPLUS', { part: 'receipt' });
  const used = new Set(
    bundle.items.map(({ signed, log }) => `${organisationOfSource(signed.event.source)}/${log.checkpointSize}`),
  );
  const unused = bundle.checkpoints.find(({ checkpoint }) => !used.has(`${checkpoint.org}/${checkpoint.size}`));
  claims.decide('FORM', 'checkpoints in use', unused === undefined ? null : 'WHY_SURPLUS', { part: 'checkpoint' });
  const sizes = new Set(bundle.checkpoints.map(({ checkpoint }) => `${checkpoint.org}/${checkpoint.size}`));
  for (const { org, from, to } of bundle.consistency) {
    const isKnown = sizes.has(`${org}/${from}`) || last[org]?.size === from;
    if (!sizes.has(`${org}/${to}`))
      claims.fails('FORM', 'consistency proofs in use', 'WHY_SURPLUS', { part: 'consistency' });
    else if (!isKnown) claims.isBeyond('LOG_CONTINUES', `${org} ${from}-${to}`, 'WHY_START_UNKNOWN', { from });
  }
}

/** What the subject draws in: the version itself, or what the proven submission asks for. */
export function scopeOf(facts: ProvenFacts, subject: BundleSubject): SubjectScope {
  if (subject.kind === 'version') return { datasetVersions: [subject.datasetId], modelDigest: null };
  const { requestId } = subject;
  const submitted = facts.events.find((event) => event.name === 'RequestSubmitted' && event.args.id === requestId);
  if (submitted?.name !== 'RequestSubmitted') return { datasetVersions: [], modelDigest: null };
  const { datasetVersions, registerVersion, modelDigest } = submitted.args;
  return { datasetVersions: [...datasetVersions, registerVersion], modelDigest };
}

/** Ids of the versions that the subject is about. */
export function datasetVersionsOf(facts: ProvenFacts, subject: BundleSubject): readonly string[] {
  return scopeOf(facts, subject).datasetVersions;
}

const STANDING = ['KeysChanged', 'PreviousKeysRevoked', 'OrganisationSuspended', 'OrganisationReinstated'] as const;
type Standing = EventOf<(typeof STANDING)[number]>;

/** Whether an event says if an organisation's key counts. */
export function isStanding(event: LedgerEvent): event is Standing {
  return STANDING.some((name) => name === event.name);
}

function neededFacts(bundle: Bundle, facts: ProvenFacts): (event: LedgerEvent) => boolean {
  const scope = scopeOf(facts, bundle.subject);
  const authors = new Set([
    ...bundle.items.map(({ signed }) => organisationOfSource(signed.event.source)),
    ...bundle.statements.map(({ statement }) => statement.org),
    ...bundle.checkpoints.map(({ checkpoint }) => checkpoint.org),
  ]);
  const anchors = new Set(bundle.checkpoints.map(({ checkpoint }) => `${checkpoint.org}/${checkpoint.size}`));
  return (event) => {
    if (isStanding(event)) return authors.has(event.args.org);
    if (event.name === 'CheckpointAnchored') return anchors.has(`${event.args.org}/${event.args.size}`);
    return concernsSubject(event, bundle.subject, scope);
  };
}

function placeOf({ blockHash, transactionIndex }: LedgerEvent): string {
  return `${blockHash}/${transactionIndex}`;
}

/** Claim FORM: the file's text is the only one that says what it says. */
export function checkText(text: string, bundle: Bundle, claims: ClaimList): void {
  claims.decide('FORM', 'text', text === textOf(bundle) ? null : 'WHY_NOT_CANONICAL');
}

function textOf(bundle: Bundle): string | null {
  try {
    return bundleText(bundle);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return null;
  }
}
