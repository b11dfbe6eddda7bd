/**
 * The verifier: reads one evidence bundle under pins from outside and says what holds, what does not, and what cannot be
 * checked. Runs in Node and in a browser; asks nobody.
 *
 * Trust: the pins alone. The bundle, whoever wrote it, and whoever hosts it may be hostile.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Bundle, BundleSubject } from '@sealedger/protocol/evidence/bundle.ts';
import { MAX_BUNDLE_BYTES, parseBundle } from '@sealedger/protocol/evidence/bundle-file.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { type Ed25519, nobleEd25519 } from '@sealedger/protocol/signature.ts';
import { checkAgreement, checkComputations } from './agreement-claims.ts';
import { checkCertificates, checkGrants } from './attestation-claims.ts';
import { type Claim, ClaimList, type Verdict, verdictOf } from './claims.ts';
import { type Extent, extentOf, type WithheldFields, withheldOf } from './extent.ts';
import { type ProvenFacts, proveFacts } from './facts.ts';
import { checkNeeded, checkOrder, checkPins, checkText } from './form-claims.ts';
import {
  checkCheckpoints,
  checkEvents,
  checkGrowth,
  checkKeys,
  itemName,
  keyBook,
  type LastState,
  type LogContext,
} from './log-claims.ts';
import { checkFloor, checkScores } from './quality-claims.ts';
import { checkLife, checkParts, checkResult, checkUnlocks } from './request-claims.ts';
import type { RequestPhase } from './request-life.ts';

export type VerifyOptions = {
  /** Each organisation's largest checkpoint that this verifier has seen hold. */
  readonly previousState?: LastState;
  /** A native implementation, where the platform has one. */
  readonly ed25519?: Ed25519;
};

export type Verification = {
  readonly verdict: Verdict;
  readonly subject: BundleSubject;
  readonly claims: readonly Claim[];
  /** Where the request stands, as far as the bundle shows. */
  readonly phase: RequestPhase;
  /** To be kept for the next bundle; the previous state unless the verdict is `holds`. */
  readonly state: LastState;
  /** How much is in the file, by its own word. */
  readonly extent: Extent;
  /** Events of which fields are not open. */
  readonly withheld: readonly WithheldFields[];
  /** What the bundle proves of the chain, for further questions to an RPC. */
  readonly facts: ProvenFacts;
};

/**
 * Verifies the text of a bundle's file.
 * @throws {ProtocolError} SCHEMA_MISMATCH, JSON_NOT_CANONICAL, BUNDLE_TOO_LARGE, BLOCK_HEADER_MALFORMED where it cannot be read.
 */
export function verifyBundleText(text: string, trust: Trust, options: VerifyOptions = {}): Verification {
  if (text.length > MAX_BUNDLE_BYTES) throw new ProtocolError('BUNDLE_TOO_LARGE', { maximum: MAX_BUNDLE_BYTES });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError(
      'SCHEMA_MISMATCH',
      { document: 'evidence bundle', path: '(root)', reason: 'not JSON' },
      { cause },
    );
  }
  const claims = new ClaimList();
  const bundle = parseBundle(value);
  checkText(text, bundle, claims);
  return verifyParsed(bundle, trust, options, claims);
}

/** Verifies a bundle that was read already, whatever its file looks like. @throws {ProtocolError} BLOCK_HEADER_MALFORMED */
export function verifyBundle(bundle: Bundle, trust: Trust, options: VerifyOptions = {}): Verification {
  return verifyParsed(bundle, trust, options, new ClaimList());
}

/** Claim FORM for a file that {@link verifyBundleText} could not read. */
export function claimsOfUnreadable(error: ProtocolError, locale: Locale): readonly Claim[] {
  const claims = new ClaimList();
  const path = String(error.details['path'] ?? 'text');
  claims.fails('FORM', path, 'WHY_UNREADABLE', { reason: messageFor(error.code, error.details, locale) });
  return claims.claims;
}

function verifyParsed(bundle: Bundle, trust: Trust, options: VerifyOptions, claims: ClaimList): Verification {
  const last = options.previousState ?? {};
  checkOrder(bundle, claims);
  checkPins(bundle, trust, claims);
  const ed25519 = options.ed25519 ?? nobleEd25519;
  const facts = proveFacts(bundle, trust, ed25519, claims);
  const context: LogContext = { bundle, facts, keys: keyBook(facts), ed25519, claims };
  checkNeeded(bundle, facts, last, claims);
  checkKeys(context);
  checkCheckpoints(context);
  checkGrowth(context, last);
  checkEvents(context);
  const life = checkLife(context);
  checkScores(context);
  checkFloor(context, life);
  checkParts(context, life);
  checkAgreement(context, life);
  checkComputations(context);
  checkCertificates(context, life);
  checkGrants(context, life);
  checkUnlocks(context, life);
  checkResult(context);
  claims.isBeyond('NOTHING_LATER', `block ${facts.lastBlock}`, 'WHY_ASK_CHAIN', { block: facts.lastBlock });
  claims.isBeyond('COMPUTATION_CORRECT', bundle.subject.kind, 'WHY_NEEDS_AUDIT');
  const verdict = verdictOf(claims.claims);
  const state = verdict === 'holds' ? advanced(last, bundle) : last;
  const [extent, withheld] = [extentOf(bundle), withheldOf(bundle.items, itemName)];
  return { verdict, subject: bundle.subject, claims: claims.claims, phase: life.phase, state, extent, withheld, facts };
}

function advanced(last: LastState, { checkpoints }: Bundle): LastState {
  const next: Record<string, { size: number; root: string }> = { ...last };
  for (const { checkpoint } of checkpoints) {
    const { org, size, root } = checkpoint;
    if (size > (next[org]?.size ?? 0)) next[org] = { size, root };
  }
  return next;
}
