/** What a person sees of a request before deciding: put together from document, policies, catalogue, chain and history. */
import { featureDefinitionSchema } from '@sealedger/protocol/model.ts';
import { grantConditionsSchema } from '@sealedger/protocol/policy/conditions.ts';
import { requestDocumentSchema } from '@sealedger/protocol/request.ts';
import { questionSchema, timerSchema } from '@sealedger/protocol/request-status.ts';
import { hex32, organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { CAUTIONS } from '../approval/cautions.ts';
import { correctionTimers } from '../approval/corrections.ts';
import { storedDeadlines, timersAt } from '../approval/deadlines.ts';
import { type Deciding, evaluateOrAsk, type StoredDecision } from '../approval/decide.ts';
import { differencesOf } from '../approval/differences.ts';
import type { Evaluation } from '../approval/evaluate.ts';
import { historyOf } from '../approval/history.ts';
import { approvalKeys } from '../approval/keys.ts';
import type { StoredReason } from '../approval/person.ts';
import { basisOf, storedWaiting, type Waiting } from '../approval/queue.ts';
import { type Suspension, suspensionKey } from '../approval/suspensions.ts';
import type { RequestState } from '../ports.ts';
import type { RefusalCounts } from '../release/refusal-book.ts';
import { usageKeys } from '../release/usage-history.ts';
import { questionsOf, questionView } from '../request/questions.ts';
import { decideParts } from './approval.ts';
import type { NodeParts } from './parts.ts';
import { missingOfRequest } from './request-exchange.ts';

const milliseconds = z.int().min(0);
const word = z.string().max(64);

export const summaryView = z.strictObject({
  requestId: hex32,
  requester: organisationId,
  purpose: word,
  receivedAt: milliseconds.nullable(),
  /** As the chain has it; null where it does not answer. */
  state: word.nullable(),
  decision: z.enum(['waiting', 'approved', 'rejected']),
  /** What the policies said when it came in, or the rule that decided. */
  policy: z.enum(['approve', 'reject', 'ask']).nullable(),
  rule: word.nullable(),
  /** Approvals that are there, and that are needed. */
  approvals: z.strictObject({ given: z.int().min(0), needed: z.int().min(0) }),
  timers: z.array(timerSchema),
});
export type RequestSummary = z.output<typeof summaryView>;

const answerView = z.strictObject({
  dataset: z.string().nullable(),
  level: z.int(),
  quality: z.int().nullable(),
  policy: z.string().nullable(),
  decision: z.enum(['approve', 'reject', 'ask']),
  rule: z.string(),
  failed: z.array(z.strictObject({ rule: z.string(), leftOperand: z.string() })),
});

const evaluationView = z.strictObject({
  decision: z.enum(['approve', 'reject', 'ask']),
  rule: z.string(),
  needsSecondApprover: z.boolean(),
  conditions: grantConditionsSchema.nullable(),
  answers: z.array(answerView),
  /** Why a person decides whatever the policies say. */
  cautions: z.array(z.enum(CAUTIONS)),
});

const pastView = z.strictObject({
  requestId: hex32,
  purpose: word,
  receivedAt: milliseconds.nullable(),
  decision: z.enum(['waiting', 'approved', 'rejected']),
  state: word.nullable(),
  quota: z.int(),
  used: z.int(),
  suspensions: z.int(),
  sameModel: z.boolean(),
});
const count = z.int().min(0);

export const requestView = summaryView.extend({
  document: requestDocumentSchema,
  features: z.array(featureDefinitionSchema),
  /** What the policies say now; null where the chain does not answer. */
  now: evaluationView.nullable(),
  /** Whether that differs from when it came in. */
  isPolicyChanged: z.boolean(),
  history: z.strictObject({
    total: count,
    approved: count,
    rejected: count,
    suspended: count,
    revoked: count,
    used: count,
    suspensions: count,
    refusedCalls: count,
    latest: z.array(pastView),
  }),
  questions: z.array(questionSchema),
  missing: z.array(z.string()),
  /** To the version that this one amends or renews. */
  differences: z.array(
    z.strictObject({ path: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
  /** Pseudonyms and words of those who decided, and of a first approver. */
  reasons: z.array(z.strictObject({ actor: hex32, approved: z.boolean(), text: z.string(), at: milliseconds })),
  conditions: grantConditionsSchema.nullable(),
});
export type RequestDetails = z.output<typeof requestView>;

/** @throws {ProtocolError} REQUEST_UNKNOWN */
export async function summaryOf(
  parts: NodeParts,
  requestId: string,
  document: Deciding['document'],
): Promise<RequestSummary> {
  const { state, clock } = parts;
  const decision = await state.get<StoredDecision>(approvalKeys.decision(requestId));
  const waiting = await storedWaiting(state, requestId);
  const deadlines = await storedDeadlines(state, requestId);
  const grant = decision?.grant.body;
  const needed = waiting === undefined ? 0 : waiting.evaluation.needsSecondApprover ? 2 : 1;
  return {
    requestId,
    requester: document.requester,
    purpose: document.purpose,
    receivedAt: deadlines?.receivedAt ?? null,
    state: await chainState(parts, requestId),
    decision: decision === undefined ? 'waiting' : decision.approved ? 'approved' : 'rejected',
    policy: waiting?.evaluation.decision ?? null,
    rule: grant?.rule ?? waiting?.evaluation.rule ?? null,
    approvals:
      grant === undefined
        ? { given: waiting?.first === null || waiting === undefined ? 0 : 1, needed }
        : { given: grant.approvers, needed: grant.approvers },
    timers: [...timersAt(deadlines, decision, clock.now())],
  };
}

/** @throws {ProtocolError} REQUEST_UNKNOWN */
export async function detailsOf(
  parts: NodeParts,
  requestId: string,
  document: Deciding['document'],
): Promise<RequestDetails> {
  const { state } = parts;
  const sheet = (await state.get<NonNullable<Deciding['sheet']>>(approvalKeys.sheet(requestId))) ?? null;
  const waiting = await storedWaiting(state, requestId);
  const decision = await state.get<StoredDecision>(approvalKeys.decision(requestId));
  const now = await evaluationNow(parts, requestId, { document, sheet });
  const previous =
    document.previous === null ? undefined : await state.get(approvalKeys.document(document.previous.requestId));
  const history = await historyOf(
    {
      state,
      chainState: (id) => chainState(parts, id),
      used: parts.unlocking.used,
      suspensions: async (id) => (await state.get<Suspension>(suspensionKey(id)))?.times ?? 0,
      refusedCalls: (requester) => refusedCalls(parts, requester),
    },
    document.requester,
    { requestId, modelDigest: document.modelDigest },
  );
  const summary = await summaryOf(parts, requestId, document);
  const corrections = await correctionTimers(state, parts.config.org, document, parts.clock.now());
  return {
    ...summary,
    timers: [...summary.timers, ...corrections],
    document,
    features: [...(sheet?.definitions ?? [])],
    now: now === null ? null : viewOf(now),
    isPolicyChanged: waiting !== undefined && now !== null && basisOf(now) !== basisOf(waiting.evaluation),
    history: { ...history, latest: history.latest.map((past) => ({ ...past })) },
    questions: (await questionsOf(state, requestId)).map((question) => questionView(question, true)),
    missing: [...(await missingOfRequest(parts, requestId))],
    differences: previous === undefined ? [] : differencesOf(previous, document).map((one) => ({ ...one })),
    reasons: await reasonsOf(parts, requestId, waiting),
    conditions: decision?.grant.body.conditions ?? null,
  };
}

/** The state on chain, or null where the chain does not answer. */
async function chainState({ ledger }: NodeParts, requestId: string): Promise<RequestState | null> {
  try {
    return (await ledger.recentRequest(requestId)).state;
  } catch {
    return null;
  }
}

async function refusedCalls({ state }: NodeParts, requester: string): Promise<number> {
  const days = await state.list<RefusalCounts>(`${usageKeys.refusals}${requester}/`);
  return days.flatMap(([, counts]) => Object.values(counts)).reduce((sum, one) => sum + one, 0);
}

async function evaluationNow(
  parts: NodeParts,
  requestId: string,
  asked: Pick<Deciding, 'document' | 'sheet'>,
): Promise<Evaluation | null> {
  try {
    const onChain = await parts.ledger.recentRequest(requestId);
    return await evaluateOrAsk(decideParts(parts), { ...asked, onChain });
  } catch {
    return null;
  }
}

function viewOf({
  decision,
  rule,
  needsSecondApprover,
  conditions,
  answers,
  cautions,
}: Evaluation): z.output<typeof evaluationView> {
  return {
    decision,
    rule,
    needsSecondApprover,
    conditions,
    answers: answers.map(({ dataset, level, quality, policy, answer }) => ({
      dataset,
      level,
      quality,
      policy: policy?.uid ?? null,
      decision: answer.decision,
      rule: answer.rule,
      failed: answer.failed.map((one) => ({ ...one })),
    })),
    cautions: [...cautions],
  };
}

async function reasonsOf(
  { state }: NodeParts,
  requestId: string,
  waiting: Waiting | undefined,
): Promise<RequestDetails['reasons']> {
  const stored = await state.get<{ readonly reasons: readonly StoredReason[] }>(approvalKeys.reasons(requestId));
  if (stored !== undefined) return stored.reasons.map((one) => ({ ...one }));
  if (waiting === undefined || waiting.first === null) return [];
  const { actor, reason, at } = waiting.first;
  return [{ actor, approved: true, text: reason, at }];
}
