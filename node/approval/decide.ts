/**
 * Deciding a request: policy, signed grant, event, transaction, in this order.
 *
 * The decision is durable in the log before the chain hears of it, and is sent again after a crash in between. A gate
 * that owns nothing of the request decides in the same way and keeps its agreement: the chain has no place for it.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Grant } from '@sealedger/protocol/grant.ts';
import { type GrantConditions, noConditions } from '@sealedger/protocol/policy/conditions.ts';
import type { FeatureSheet, RequestDocument } from '@sealedger/protocol/request.ts';
import type { Clock, EventLog, Ledger, RequestView, StateOperation, StateStore } from '../ports.ts';
import { withCautions } from './cautions.ts';
import { type Evaluation, evaluateRequest } from './evaluate.ts';
import { type DatasetFacts, type FactParts, requestFacts } from './facts.ts';
import { approvalKeys } from './keys.ts';
import type { PolicyBook } from './policy-book.ts';
import { endWaiting, putWaiting, storedWaiting } from './queue.ts';

export interface StoredDecision {
  readonly requestId: string;
  readonly approved: boolean;
  readonly reasonHash: string;
  readonly grantHash: string;
  readonly grant: SignedEnvelope<Grant>;
}

export interface DecideParts extends FactParts {
  readonly ledger: Ledger;
  readonly state: StateStore;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly policies: PolicyBook;
  /** Sensitivity from which a person's approval needs a second person's. */
  readonly secondPersonFromLevel: number;
  readonly signGrant: (grant: Grant, expiresAt: number) => SignedEnvelope<Grant>;
}

/** What was decided, and by whom; the policy where no person is named. */
export interface Verdict {
  readonly approved: boolean;
  readonly rule: string;
  readonly policyHash: string | null;
  /** Pseudonyms, in the order in which they decided. */
  readonly actors: readonly string[];
  readonly conditions: GrantConditions;
  /** What stands on chain for the reason, given the grant's hash. */
  readonly reasonHash: (grantHash: string) => string;
}

/** A request as a decision sees it. */
export interface Deciding {
  readonly document: RequestDocument;
  readonly sheet: FeatureSheet | null;
  readonly onChain: RequestView;
}

/**
 * Decides by policy, once; a second call returns the first decision.
 * @returns the decision, or what the policies say where a person must decide.
 */
export async function decideRequest(
  parts: DecideParts,
  deciding: Deciding,
): Promise<{ readonly decision: StoredDecision | undefined; readonly evaluation: Evaluation | undefined }> {
  const stored = await parts.state.get<StoredDecision>(approvalKeys.decision(deciding.onChain.id));
  if (stored !== undefined) {
    await sendDecision(parts, stored);
    return { decision: stored, evaluation: undefined };
  }
  const evaluation = await evaluateOrAsk(parts, deciding);
  if (evaluation.decision === 'ask') {
    await waitForPerson(parts, deciding, evaluation);
    return { decision: undefined, evaluation };
  }
  const decision = await takeDecision(parts, deciding, verdictOf(evaluation), []);
  await sendDecision(parts, decision);
  return { decision, evaluation };
}

/** Puts a request into the queue, once; it keeps its place when it is delivered again. */
async function waitForPerson(
  parts: DecideParts,
  { document, onChain }: Deciding,
  evaluation: Evaluation,
): Promise<void> {
  if ((await storedWaiting(parts.state, onChain.id)) !== undefined) return;
  const { requester } = document;
  await parts.state.write([
    putWaiting({ requestId: onChain.id, requester, since: parts.clock.now(), evaluation, first: null }),
  ]);
}

/** What the policies say now; nothing is decided by it. @throws {ProtocolError} as PolicyBook.read and requestFacts */
export async function evaluate(parts: DecideParts, { document, sheet }: Deciding): Promise<Evaluation> {
  const policies = await parts.policies.read();
  const facts = await requestFacts(parts, document, sheet);
  return withCautions(parts, document, evaluateRequest(policies, facts, parts.secondPersonFromLevel));
}

/** As evaluate; a policy that cannot be read decides nothing, so that a person must. */
export async function evaluateOrAsk(parts: DecideParts, { document, sheet }: Deciding): Promise<Evaluation> {
  const facts = await requestFacts(parts, document, sheet);
  return withCautions(parts, document, await evaluateFacts(parts, facts));
}

async function evaluateFacts(parts: DecideParts, facts: readonly DatasetFacts[]): Promise<Evaluation> {
  try {
    return evaluateRequest(await parts.policies.read(), facts, parts.secondPersonFromLevel);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { ...evaluateRequest([], facts, parts.secondPersonFromLevel), rule: UNREADABLE_POLICY };
  }
}

/** The rule of a request while a policy cannot be read. */
export const UNREADABLE_POLICY = 'policy-unreadable';

/** What this organisation granted, or agreed to as a gate; undefined where it did not decide. */
export async function grantedHere(state: StateStore, requestId: string): Promise<Grant | undefined> {
  return (await state.get<StoredDecision>(approvalKeys.decision(requestId)))?.grant.body;
}

/** Sends what the chain was away for. @returns what was sent. */
export async function sendUnsent(parts: DecideParts): Promise<readonly StoredDecision[]> {
  const sent: StoredDecision[] = [];
  for (const [key] of await parts.state.list(approvalKeys.unsent)) {
    const id = key.slice(approvalKeys.unsent.length);
    const decision = await parts.state.get<StoredDecision>(approvalKeys.decision(id));
    if (decision !== undefined && (await sendIfKnown(parts, decision))) sent.push(decision);
  }
  return sent;
}

/** Sends to the chain what was decided before a crash, or what the chain took back, as far as it can still count. */
export async function resendDecisions(parts: DecideParts): Promise<void> {
  for (const [, decision] of await parts.state.list<StoredDecision>(approvalKeys.decisions)) {
    if (1000 * decision.grant.body.expiresAt <= parts.clock.now()) continue;
    await sendIfKnown(parts, decision);
  }
}

async function sendIfKnown(parts: DecideParts, decision: StoredDecision): Promise<boolean> {
  try {
    await sendDecision(parts, decision);
    return true;
  } catch (error) {
    // the chain took the request itself back; the decision waits for it to come again
    if (isProtocolError(error, 'REQUEST_UNKNOWN')) return false;
    throw error;
  }
}

/** Signs, logs and stores a decision together with `operations`; the chain does not hear of it here. */
export async function takeDecision(
  parts: DecideParts,
  { document, onChain }: Deciding,
  verdict: Verdict,
  operations: readonly StateOperation[],
): Promise<StoredDecision> {
  const { approved, rule, actors } = verdict;
  const grant = parts.signGrant(grantOf(parts.org, document, onChain, verdict), onChain.expiresAt);
  const grantHash = toHex(envelopeDigest(grant));
  const reasonHash = verdict.reasonHash(grantHash);
  const decision: StoredDecision = { requestId: onChain.id, approved, reasonHash, grantHash, grant };
  const [actor, secondActor] = actors;
  await parts.events.append(
    'decision',
    {
      requestId: onChain.id,
      decider: parts.org,
      approved,
      reason: rule,
      grantHash,
      ...(actor === undefined ? {} : { actor }),
      ...(secondActor === undefined ? {} : { secondActor }),
      ...(verdict.policyHash === null ? {} : { policyHash: verdict.policyHash }),
    },
    {
      id: approvalKeys.decision(onChain.id),
      operations: [
        { type: 'put', key: approvalKeys.decision(onChain.id), value: decision },
        { type: 'put', key: approvalKeys.unsentOf(onChain.id), value: true },
        endWaiting(onChain.id),
        ...operations,
      ],
    },
  );
  return decision;
}

/** Sends a stored decision where the chain still waits for it. */
export async function sendDecision(parts: DecideParts, decision: StoredDecision): Promise<void> {
  await send(parts, decision);
  await parts.state.write([{ type: 'del', key: approvalKeys.unsentOf(decision.requestId) }]);
}

async function send(parts: DecideParts, decision: StoredDecision): Promise<void> {
  const onChain = await parts.ledger.request(decision.requestId);
  const pending = onChain.decisions.some(
    ({ decider, decision: state }) => decider === parts.org && state === 'pending',
  );
  if (onChain.state !== 'submitted' || !pending) return;
  try {
    await parts.ledger.decide(decision.requestId, decision.approved, decision.reasonHash, decision.grantHash);
  } catch (error) {
    // Another owner's rejection may have ended the request meanwhile; the decision stands in the log all the same.
    const { state } = await parts.ledger.request(decision.requestId);
    if (state === 'submitted' || !isProtocolError(error, 'CHAIN_REFUSED')) throw error;
  }
}

function verdictOf({ decision, rule, policyHash, conditions }: Evaluation): Verdict {
  return {
    approved: decision === 'approve',
    rule,
    policyHash,
    actors: [],
    conditions: conditions ?? noConditions('UTC'),
    reasonHash: (grantHash) => digestHex(domains.decisionReason, { rule, grantHash }),
  };
}

function grantOf(org: string, document: RequestDocument, onChain: RequestView, verdict: Verdict): Grant {
  const { approved, rule, policyHash, actors, conditions } = verdict;
  const own = [...document.datasets, document.register].filter((dataset) => dataset.owner === org);
  return {
    suite: SUITE,
    version: 1,
    requestId: onChain.id,
    decider: org,
    approved,
    rule,
    policyHash,
    datasets: own.map((dataset) => dataset.id),
    quota: document.quota,
    expiresAt: document.expiresAt,
    noisePolicy: document.noisePolicy,
    approvers: actors.length as Grant['approvers'],
    conditions,
  };
}
