/**
 * How sure a proposed repair is: the share of proposals with the same method and evidence that are right.
 *
 * Before anybody decided anything the shares are those measured on tables with known truth (docs/decisions/0018). What
 * people accept and refuse moves the share of the rule concerned, with the weight of {@link PRIOR_DECISIONS} decisions on
 * the other side: Beta-binomial shrinkage, so that one refusal does not silence a rule and a hundred do.
 */
import type { Candidate, RepairMethod } from './repair-candidates.ts';

/** Expected share of right proposals, 0 to 1. */
export type Confidence = (candidate: Pick<Candidate, 'method' | 'ruleId' | 'evidence'>) => number;

/** What people decided on the proposals of one rule. */
export interface RuleDecisions {
  readonly accepted: number;
  readonly refused: number;
}

/** So many decisions of people weigh as much as the measurement. */
const PRIOR_DECISIONS = 20;

/** Share at full evidence. Source: `npm run bench -- quality`. */
const AT_FULL_EVIDENCE: Readonly<Record<RepairMethod, number>> = {
  consensus: 0.97,
  dependency: 0.97,
  reference: 0.95,
  checkDigit: 0.95,
  format: 0.95,
  rule: 0.95,
  codeList: 0.9,
  typo: 0.9,
};

/** Confidence before anybody decided. */
export const initialConfidence: Confidence = ({ method, evidence }) =>
  AT_FULL_EVIDENCE[method] * Math.max(0, Math.min(1, evidence));

/** Confidence that has learned from decisions, by rule. */
export function learnedConfidence(decisions: ReadonlyMap<string, RuleDecisions>): Confidence {
  return (candidate) => {
    const prior = initialConfidence(candidate);
    const { accepted, refused } = decisions.get(candidate.ruleId) ?? { accepted: 0, refused: 0 };
    return (prior * PRIOR_DECISIONS + accepted) / (PRIOR_DECISIONS + accepted + refused);
  };
}
