/**
 * The engine: a policy's answer to a request, and what must hold at each use of the grant that follows.
 *
 * Pure and total: the same policy and facts give the same answer, and the answer names the rule that decided and, for
 * each permission that did not apply, the first term that failed. The owner's node runs it; a bank may run it before it asks.
 */
import { type GrantConditions, noConditions } from './conditions.ts';
import { ALL_DATASETS, type Permission, type Policy, type PolicyConstraint, type Prohibition } from './policy.ts';

/** What a request says about one dataset of the owner, and what the node knows beside it. */
export type PolicyFacts = {
  /** Short name of the dataset; null for a gate that owns none of the request's. */
  readonly dataset: string | null;
  readonly requester: string;
  readonly requesterRoles: readonly string[];
  readonly purpose: string;
  /** Whom the rows are about. */
  readonly subjects: 'person' | 'enterprise';
  /** How the catalogue entry shares the dataset. */
  readonly sharing: 'unconditional' | 'conditional';
  /** Fields of this dataset that the features use; none of a register. */
  readonly fields: readonly string[];
  /** Highest sensitivity of these fields; null where there are none. */
  readonly fieldLevel: number | null;
  readonly computation: string;
  /** Departments with features. */
  readonly departments: number;
  /** Null where the computation releases no groups. */
  readonly minimumGroup: number | null;
  readonly noiseWidthLog2: number;
  readonly quota: number;
  readonly termDays: number;
  /** Sensitivity of the dataset, 1 to 5. */
  readonly level: number;
  /** Score of the version in basis points; of a register or gate the lowest of the request's; null where one has none. */
  readonly quality: number | null;
  /** Days ago of each other model of this requester for this purpose and register version. */
  readonly otherModelsDaysAgo: readonly number[];
};

export type PolicyAnswer = {
  readonly decision: 'approve' | 'reject' | 'ask';
  /** Uid of the rule that decided; `otherwise` where none did. */
  readonly rule: string;
  /** Whether a person's approval needs a second person's. */
  readonly needsSecondApprover: boolean;
  /** What a grant must keep to at each use; null for a rejection. */
  readonly conditions: GrantConditions | null;
  /** Why permissions did not apply, or not without a person: rule and left operand of the first term that failed. */
  readonly failed: readonly { readonly rule: string; readonly leftOperand: string }[];
};

/** From this level on a permission must name the level to decide without a person. JR/T 0197: personal data and above. */
const NAMED_FROM_LEVEL = 4;

/** Answers a request about one dataset. */
export function answerByPolicy(policy: Policy, facts: PolicyFacts): PolicyAnswer {
  const prohibition = prohibitionOf(policy, facts);
  if (prohibition !== undefined) return rejected(prohibition.uid, []);
  const failures = policy.permission.map((rule) => ({ rule: rule.uid, leftOperand: firstFailure(rule, facts) }));
  const failed = failures.filter((failure): failure is Failure => failure.leftOperand !== null);
  const applying = policy.permission.filter((_, i) => failures[i]!.leftOperand === null);
  // A permission that needs no person goes first, so that adding one that does takes nothing away.
  const permission = applying.find((rule) => whyPerson(rule, facts) === null) ?? applying[0];
  if (permission === undefined) return unallowed(policy, facts, failed);
  const person = whyPerson(permission, facts);
  return {
    decision: person === null ? 'approve' : 'ask',
    rule: permission.uid,
    needsSecondApprover: hasDuty(permission, 'sealedger:secondApprover'),
    conditions: conditionsOf(policy, permission, facts),
    failed: person === null ? failed : [...failed, { rule: permission.uid, leftOperand: person }],
  };
}

/** The first prohibition that a request meets. */
export function prohibitionOf(policy: Policy, facts: PolicyFacts): Prohibition | undefined {
  return policy.prohibition.find((rule) => firstFailure(rule, facts) === null);
}

/** Whether a rule is about a dataset; a gate's agreement is covered by rules about every dataset. */
export function isAbout(rule: Pick<Permission, 'target'>, dataset: string | null): boolean {
  return rule.target === ALL_DATASETS || (dataset !== null && rule.target === `urn:sealedger:dataset:${dataset}`);
}

type Failure = { readonly rule: string; readonly leftOperand: string };

function rejected(rule: string, failed: readonly Failure[]): PolicyAnswer {
  return { decision: 'reject', rule, needsSecondApprover: false, conditions: null, failed };
}

function unallowed(policy: Policy, facts: PolicyFacts, failed: readonly Failure[]): PolicyAnswer {
  if (policy['sealedger:otherwise'] === 'reject') return rejected('otherwise', failed);
  const conditions = { ...noConditions(policy['sealedger:timeZone']), needsCertificate: facts.subjects === 'person' };
  return { decision: 'ask', rule: 'otherwise', needsSecondApprover: false, conditions, failed };
}

/** The term that sends a request to a person although the permission applies; null where none does. */
function whyPerson(rule: Permission, facts: PolicyFacts): string | null {
  if (hasDuty(rule, 'sealedger:askPerson')) return 'sealedger:askPerson';
  const names = (leftOperand: PolicyConstraint['leftOperand']): boolean =>
    rule.constraint.some((constraint) => constraint.leftOperand === leftOperand);
  if (facts.sharing === 'conditional' && !names('sealedger:sharing')) return 'sealedger:sharing';
  if (facts.level >= NAMED_FROM_LEVEL && !names('sealedger:level')) return 'sealedger:level';
  return null;
}

function hasDuty(rule: Permission, action: Permission['duty'][number]['action']): boolean {
  return rule.duty.some((duty) => duty.action === action);
}

/** Left operand of the first thing that keeps a rule from applying; null where it applies. */
function firstFailure(rule: Permission | Prohibition, facts: PolicyFacts): string | null {
  if (!isAbout(rule, facts.dataset)) return 'target';
  return rule.constraint.find((constraint) => !holds(constraint, facts))?.leftOperand ?? null;
}

function holds(constraint: PolicyConstraint, facts: PolicyFacts): boolean {
  switch (constraint.leftOperand) {
    case 'purpose':
      return isAmong(constraint, [facts.purpose]);
    case 'recipient':
      return isAmong(constraint, [facts.requester]);
    case 'sealedger:requesterRole':
      return isAmong(constraint, facts.requesterRoles);
    case 'sealedger:computation':
      return isAmong(constraint, [facts.computation]);
    case 'sealedger:field':
      return constraint.operator === 'isPartOf'
        ? facts.fields.every((field) => constraint.rightOperand.includes(field))
        : isAmong({ ...constraint, operator: constraint.operator }, facts.fields);
    case 'sealedger:subjects':
      return constraint.rightOperand.includes(facts.subjects);
    case 'sealedger:sharing':
      return constraint.rightOperand.includes(facts.sharing);
    case 'sealedger:departments':
      return facts.departments >= constraint.rightOperand;
    case 'sealedger:minimumGroup':
      return facts.minimumGroup === null || facts.minimumGroup >= constraint.rightOperand;
    case 'sealedger:noiseWidthLog2':
      return facts.noiseWidthLog2 >= constraint.rightOperand;
    case 'count':
      return facts.quota <= constraint.rightOperand;
    case 'elapsedTime':
      return facts.termDays <= daysOf(constraint.rightOperand);
    case 'sealedger:level':
      return isOnSide(facts.level, constraint);
    case 'sealedger:fieldLevel':
      return facts.fieldLevel === null ? constraint.operator === 'lteq' : isOnSide(facts.fieldLevel, constraint);
    case 'sealedger:quality':
      return facts.quality !== null && facts.quality >= constraint.rightOperand;
    case 'sealedger:models': {
      const period = daysOf(constraint['sealedger:period']);
      const others = facts.otherModelsDaysAgo.filter((daysAgo) => daysAgo < period).length;
      return others + 1 <= constraint.rightOperand;
    }
    case 'sealedger:hours':
    case 'sealedger:weekday':
    case 'sealedger:certificate':
      // Conditions of use: the moment of the decision says nothing about them.
      return true;
  }
}

function isAmong(
  constraint: { readonly operator: 'isAnyOf' | 'isNoneOf'; readonly rightOperand: readonly string[] },
  values: readonly string[],
): boolean {
  const isAny = values.some((value) => constraint.rightOperand.includes(value));
  return constraint.operator === 'isAnyOf' ? isAny : !isAny;
}

function isOnSide(
  value: number,
  { operator, rightOperand }: { readonly operator: 'lteq' | 'gteq'; readonly rightOperand: number },
): boolean {
  return operator === 'lteq' ? value <= rightOperand : value >= rightOperand;
}

function daysOf(duration: string): number {
  return Number(duration.slice(1, -1));
}

function conditionsOf(policy: Policy, permission: Permission, facts: PolicyFacts): GrantConditions {
  const of = <L extends PolicyConstraint['leftOperand']>(left: L) =>
    permission.constraint.filter(
      (constraint): constraint is Extract<PolicyConstraint, { leftOperand: L }> => constraint.leftOperand === left,
    );
  const floors = of('sealedger:quality').map(({ rightOperand }) => rightOperand);
  const weekdays = of('sealedger:weekday').map(({ rightOperand }) => rightOperand);
  return {
    qualityFloor: floors.length === 0 ? null : Math.max(...floors),
    hours: of('sealedger:hours').map(({ rightOperand }) => rightOperand),
    weekdays:
      weekdays.length === 0 ? null : weekdays[0]!.filter((day) => weekdays.every((allowed) => allowed.includes(day))),
    timeZone: policy['sealedger:timeZone'],
    needsConsent: hasDuty(permission, 'obtainConsent'),
    needsCertificate:
      hasDuty(permission, 'sealedger:certifyModel') ||
      (facts.subjects === 'person' && of('sealedger:certificate').length === 0),
  };
}
