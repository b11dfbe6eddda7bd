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

/** From this evidence on, such a share was right; last the one for all evidence below. */
type Steps = readonly (readonly [evidence: number, right: number])[];

/**
 * Source: `npm run bench -- quality` prints what these came from (docs/decisions/0018); methods that no table there uses
 * have the share of the method that is most like them.
 */
const MEASURED: Readonly<Record<RepairMethod, Steps>> = {
  consensus: [
    [0.8, 0.98],
    [0.5, 0.96],
    [0, 0.5],
  ],
  // Sites copy from each other: what is contested among them is mostly wrong.
  sources: [
    [0.995, 0.99],
    [0.9, 0.8],
    [0, 0.15],
  ],
  dependency: [
    [0.8, 0.98],
    [0.5, 0.96],
    [0, 0.5],
  ],
  reference: [[0, 0.95]],
  checkDigit: [[0, 0.92]],
  format: [[0, 0.97]],
  rule: [[0, 0.95]],
  codeList: [[0, 0.95]],
  typo: [[0, 0.97]],
  // The other words of the cell may be wrong as well.
  word: [[0, 0.75]],
};

/** Confidence before anybody decided. */
export const initialConfidence: Confidence = ({ method, evidence }) =>
  MEASURED[method].find(([least]) => evidence >= least)?.[1] ?? 0;

/** Confidence that has learned from decisions, by rule. */
export function learnedConfidence(decisions: ReadonlyMap<string, RuleDecisions>): Confidence {
  return (candidate) => {
    const prior = initialConfidence(candidate);
    const { accepted, refused } = decisions.get(candidate.ruleId) ?? { accepted: 0, refused: 0 };
    return (prior * PRIOR_DECISIONS + accepted) / (PRIOR_DECISIONS + accepted + refused);
  };
}
