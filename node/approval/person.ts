/**
 * A person's decision: who may take it, how many it needs, and what of it leaves the organisation.
 *
 * Separation of duties: who prepared the dataset or the policy may not approve, and where two are needed they are two
 * persons. An approval rests on what the policies say at that moment; what they prohibit no person approves. The words of
 * a reason stay here; the chain has their salted digest.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  type GrantConditions,
  noConditions,
  type StricterConditions,
  stricterConditions,
} from '@sealedger/protocol/policy/conditions.ts';
import { isWithoutHolder } from './cautions.ts';
import {
  type DecideParts,
  type Deciding,
  evaluate,
  evaluateOrAsk,
  type StoredDecision,
  takeDecision,
} from './decide.ts';
import type { Evaluation } from './evaluate.ts';
import { approvalKeys } from './keys.ts';
import { basisOf, type FirstApproval, putWaiting, storedWaiting, type Waiting } from './queue.ts';

export interface PersonParts extends DecideParts {
  /** Pseudonyms of who prepared what the request asks for. */
  readonly preparers: (deciding: Deciding, evaluation: Evaluation) => Promise<ReadonlySet<string>>;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Who decides. */
export interface Decider {
  readonly id: string;
  /** 32 bytes in hex. */
  readonly pseudonym: string;
}

export interface PersonalDecision {
  readonly approved: boolean;
  /** Stays here. */
  readonly reason: string;
  readonly conditions: StricterConditions;
}

export type PersonalOutcome =
  | { readonly status: 'decided'; readonly decision: StoredDecision }
  /** `isVoided`: an earlier approval rested on another answer of the policies and does not count any more. */
  | { readonly status: 'second-needed'; readonly isVoided: boolean };

/** What a person said, as it is kept. */
export interface StoredReason {
  readonly actor: string;
  readonly approved: boolean;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Takes a person's decision; the caller holds the request's lock and sends the decision.
 * @throws {ProtocolError} DECISION_TAKEN, REQUEST_NOT_WAITING, REQUEST_NOT_ACTIVE, REQUEST_AMENDED, POLICY_PROHIBITS,
 *   PERSON_PREPARED, PERSON_SAME, CONSENT_HOLDER_MISSING, CHAIN_UNREACHABLE
 */
export async function decideByPerson(
  parts: PersonParts,
  deciding: Deciding,
  asked: PersonalDecision,
  by: Decider,
): Promise<PersonalOutcome> {
  const waiting = await assertWaiting(parts, deciding);
  if (!asked.approved) {
    const evaluation = await evaluateOrAsk(parts, deciding);
    return decided(parts, deciding, waiting, { asked, by, evaluation, first: null });
  }
  const evaluation = await evaluate(parts, deciding);
  await assertMayApprove(parts, deciding, by, evaluation);
  // conditions that cannot be met together are refused now and not when a second person agrees
  const conditions = stricterConditions(evaluation.conditions!, asked.conditions);
  if (isWithoutHolder(deciding.document, conditions)) throw new ProtocolError('CONSENT_HOLDER_MISSING', {});
  const basis = basisOf(evaluation);
  const first = waiting.first?.basis === basis ? waiting.first : null;
  if (first?.actor === by.pseudonym) throw new ProtocolError('PERSON_SAME', {});
  if (!evaluation.needsSecondApprover || first !== null) {
    return decided(parts, deciding, waiting, { asked, by, evaluation, first });
  }
  const approval: FirstApproval = {
    actor: by.pseudonym,
    reason: asked.reason,
    conditions: asked.conditions,
    at: parts.clock.now(),
    basis,
  };
  await parts.state.write([putWaiting({ ...waiting, first: approval })]);
  return { status: 'second-needed', isVoided: waiting.first !== null };
}

async function assertWaiting(parts: PersonParts, { onChain }: Deciding): Promise<Waiting> {
  const { state, clock } = parts;
  if ((await state.get(approvalKeys.decision(onChain.id))) !== undefined) {
    throw new ProtocolError('DECISION_TAKEN', { requestId: onChain.id });
  }
  if (onChain.state !== 'submitted') throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: onChain.state });
  if (1000 * onChain.expiresAt <= clock.now()) throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: 'expired' });
  const waiting = await storedWaiting(state, onChain.id);
  if (waiting === undefined) throw new ProtocolError('REQUEST_NOT_WAITING', { requestId: onChain.id });
  return waiting;
}

async function assertMayApprove(
  parts: PersonParts,
  deciding: Deciding,
  by: Decider,
  evaluation: Evaluation,
): Promise<void> {
  if (evaluation.decision === 'reject') throw new ProtocolError('POLICY_PROHIBITS', { rule: evaluation.rule });
  await assertNewest(parts, deciding.onChain.id);
  if ((await parts.preparers(deciding, evaluation)).has(by.pseudonym)) throw new ProtocolError('PERSON_PREPARED', {});
  const contact = deciding.document.contact.person.trim().toLowerCase();
  if (contact === by.id.toLowerCase()) throw new ProtocolError('PERSON_PREPARED', {});
}

/** A version that another one amends or renews is not approved any more. */
async function assertNewest({ state }: PersonParts, requestId: string): Promise<void> {
  for (const [key, document] of await state.list<Deciding['document']>(approvalKeys.documents)) {
    if (document.previous?.requestId !== requestId) continue;
    throw new ProtocolError('REQUEST_AMENDED', { by: key.slice(approvalKeys.documents.length) });
  }
}

interface Step {
  readonly asked: PersonalDecision;
  readonly by: Decider;
  readonly evaluation: Evaluation;
  readonly first: FirstApproval | null;
}

async function decided(
  parts: PersonParts,
  deciding: Deciding,
  waiting: Waiting,
  { asked, by, evaluation, first }: Step,
): Promise<PersonalOutcome> {
  const at = parts.clock.now();
  const last: StoredReason = { actor: by.pseudonym, approved: asked.approved, text: asked.reason, at };
  const earlier = first === null ? [] : [{ actor: first.actor, approved: true, text: first.reason, at: first.at }];
  const reasons: readonly StoredReason[] = [...earlier, last];
  const salt = toHex(parts.randomBytes(32));
  const verdict = {
    approved: asked.approved,
    rule: evaluation.rule,
    policyHash: evaluation.policyHash,
    actors: reasons.map(({ actor }) => actor),
    conditions: conditionsOf(evaluation, [first?.conditions ?? {}, asked.conditions]),
    reasonHash: (grantHash: string) =>
      digestHex(domains.decisionReason, { grantHash, salt, texts: reasons.map(({ text }) => text) }),
  };
  const decision = await takeDecision(parts, deciding, verdict, [
    { type: 'put', key: approvalKeys.reasons(waiting.requestId), value: { salt, reasons } },
  ]);
  return { status: 'decided', decision };
}

function conditionsOf(evaluation: Evaluation, stricter: readonly StricterConditions[]): GrantConditions {
  const base = evaluation.conditions ?? noConditions('UTC');
  return stricter.reduce(stricterConditions, base);
}
