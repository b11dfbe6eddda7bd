/**
 * Deciding a request: policy, signed grant, event, transaction, in this order.
 *
 * The decision is durable in the log before the chain hears of it, and is sent again after a crash in between.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { envelopeDigest, type SignedEnvelope } from '@sealedger/protocol/envelope.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Clock, EventLog, Ledger, RequestView, StateStore } from '../ports.ts';
import { answerByPolicy, type Policy } from './policy.ts';

/** What an owner grants; its envelope's digest is the grant hash on chain. */
export interface Grant {
  readonly requestId: string;
  readonly decider: string;
  readonly approved: boolean;
  /** Rule of the policy that decided. */
  readonly rule: string;
  readonly datasets: readonly string[];
  readonly quota: number;
  readonly expiresAt: number;
  readonly noisePolicy: RequestDocument['noisePolicy'];
  /** Score in basis points below which this owner does not compute; null for none beyond the request's own floor. */
  readonly minQuality: number | null;
  readonly modelCertificate: null;
}

export interface StoredDecision {
  readonly requestId: string;
  readonly approved: boolean;
  readonly reasonHash: string;
  readonly grantHash: string;
  readonly grant: SignedEnvelope<Grant>;
}

export interface DecideParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly signGrant: (grant: Grant, expiresAt: number) => SignedEnvelope<Grant>;
}

/**
 * Decides by policy, once; a second call returns the first decision.
 * @returns undefined where a person must decide.
 */
export async function decideRequest(
  parts: DecideParts,
  document: RequestDocument,
  onChain: RequestView,
): Promise<StoredDecision | undefined> {
  const stored = await parts.state.get<StoredDecision>(decisionKey(onChain.id));
  const decision = stored ?? (await takeDecision(parts, document, onChain));
  if (decision !== undefined) await sendDecision(parts, decision);
  return decision;
}

/** What this organisation granted; undefined where it did not decide. */
export async function grantedHere(state: StateStore, requestId: string): Promise<Grant | undefined> {
  return (await state.get<StoredDecision>(decisionKey(requestId)))?.grant.body;
}

/** Sends to the chain what was decided before a crash, or what the chain took back, as far as it can still count. */
export async function resendDecisions(parts: DecideParts): Promise<void> {
  for (const [, decision] of await parts.state.list<StoredDecision>('decision/')) {
    if (1000 * decision.grant.body.expiresAt <= parts.clock.now()) continue;
    try {
      await sendDecision(parts, decision);
    } catch (error) {
      // the chain took the request itself back; the decision waits for it to come again
      if (!isProtocolError(error, 'REQUEST_UNKNOWN')) throw error;
    }
  }
}

async function takeDecision(
  parts: DecideParts,
  document: RequestDocument,
  onChain: RequestView,
): Promise<StoredDecision | undefined> {
  const answer = answerByPolicy(parts.policy, document, Math.floor(parts.clock.now() / 1000));
  if (answer.decision === 'ask') return undefined;
  const approved = answer.decision === 'approve';
  const grant = parts.signGrant(grantOf(parts, document, onChain, approved, answer.rule), onChain.expiresAt);
  const grantHash = toHex(envelopeDigest(grant));
  const decision: StoredDecision = {
    requestId: onChain.id,
    approved,
    reasonHash: digestHex(domains.grant, { rule: answer.rule, grantHash }),
    grantHash,
    grant,
  };
  await parts.events.append(
    'decision',
    { requestId: onChain.id, decider: parts.org, approved, reason: answer.rule, grantHash },
    { id: `decision/${onChain.id}`, operations: [{ type: 'put', key: decisionKey(onChain.id), value: decision }] },
  );
  return decision;
}

async function sendDecision(parts: DecideParts, decision: StoredDecision): Promise<void> {
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

function grantOf(
  { org, policy }: Pick<DecideParts, 'org' | 'policy'>,
  document: RequestDocument,
  onChain: RequestView,
  approved: boolean,
  rule: string,
): Grant {
  const own = [...document.datasets, document.register].filter((dataset) => dataset.owner === org);
  return {
    requestId: onChain.id,
    decider: org,
    approved,
    rule,
    datasets: own.map((dataset) => dataset.id),
    quota: document.quota,
    expiresAt: document.expiresAt,
    noisePolicy: document.noisePolicy,
    minQuality: policy.minQuality,
    modelCertificate: null,
  };
}

function decisionKey(id: string): string {
  return `decision/${id}`;
}
