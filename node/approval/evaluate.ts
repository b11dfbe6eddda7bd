/**
 * The own policies' answer to a whole request: every own dataset must be allowed, and the strictest answer counts.
 *
 * A prohibition of any policy rejects; what no policy speaks about goes to a person.
 */
import {
  answerByPolicy,
  type PolicyAnswer,
  type PolicyFacts,
  prohibitionOf,
} from '@sealedger/protocol/policy/answer.ts';
import { type GrantConditions, noConditions, strictestConditions } from '@sealedger/protocol/policy/conditions.ts';
import { type Policy, policyHash } from '@sealedger/protocol/policy/policy.ts';
import type { Caution } from './cautions.ts';
import type { DatasetFacts } from './facts.ts';
import { policiesAbout } from './policy-book.ts';

/** One policy's answer about one dataset. */
export interface DatasetAnswer {
  /** Short name; null for a gate's agreement. */
  readonly dataset: string | null;
  readonly level: number;
  /** Score on chain in basis points. */
  readonly quality: number | null;
  /** Null where no policy speaks about the dataset. */
  readonly policy: { readonly uid: string; readonly hash: string } | null;
  readonly answer: PolicyAnswer;
}

export interface Evaluation {
  readonly decision: PolicyAnswer['decision'];
  /** Uid of the rule that decided. */
  readonly rule: string;
  readonly policyHash: string | null;
  readonly needsSecondApprover: boolean;
  /** Null for a rejection. */
  readonly conditions: GrantConditions | null;
  readonly answers: readonly DatasetAnswer[];
  /** Why a person decides whatever the policies say. */
  readonly cautions: readonly Caution[];
}

/** The rule of a request about which no policy says anything. */
export const NO_POLICY = 'no-policy';
const DEFAULT_TIME_ZONE = 'Asia/Shanghai';
const STRICTNESS = ['reject', 'ask', 'approve'] as const;

/**
 * Answers a request.
 * @param secondPersonFromLevel - sensitivity from which a person's approval needs a second person's.
 * @throws {ProtocolError} POLICY_TIME_ZONES
 */
export function evaluateRequest(
  policies: readonly Policy[],
  facts: readonly DatasetFacts[],
  secondPersonFromLevel: number,
): Evaluation {
  const answers = facts.flatMap((one) => answersOf(policies, one));
  const decision = STRICTNESS.find((wanted) => answers.some(({ answer }) => answer.decision === wanted))!;
  const deciding = answers.find(({ answer }) => answer.decision === decision)!;
  const conditions = answers.flatMap(({ answer }) => (answer.conditions === null ? [] : [answer.conditions]));
  return {
    decision,
    rule: deciding.answer.rule,
    policyHash: deciding.policy?.hash ?? null,
    needsSecondApprover: answers.some(
      ({ answer, level }) => answer.needsSecondApprover || level >= secondPersonFromLevel,
    ),
    conditions: decision === 'reject' ? null : strictestConditions(conditions),
    answers,
    cautions: [],
  };
}

function answersOf(policies: readonly Policy[], { facts, namedPolicy }: DatasetFacts): readonly DatasetAnswer[] {
  const { dataset, level, quality } = facts;
  const { allowing, prohibiting } = policiesAbout(policies, dataset, namedPolicy);
  const prohibited = prohibiting.filter((policy) => prohibitionOf(policy, facts) !== undefined);
  const asked = [...new Set([...prohibited, ...allowing])];
  if (asked.length === 0) return [{ dataset, level, quality, policy: null, answer: unspoken(facts) }];
  return asked.map((policy) => ({
    dataset,
    level,
    quality,
    policy: { uid: policy.uid, hash: policyHash(policy) },
    answer: answerByPolicy(policy, facts),
  }));
}

function unspoken(facts: PolicyFacts): PolicyAnswer {
  const conditions = { ...noConditions(DEFAULT_TIME_ZONE), needsCertificate: facts.subjects === 'person' };
  return { decision: 'ask', rule: NO_POLICY, needsSecondApprover: false, conditions, failed: [] };
}
