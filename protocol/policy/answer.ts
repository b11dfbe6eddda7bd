/**
 * The engine: a policy's answer to a request, and what must hold at each use of the grant that follows.
 *
 * Pure and total: the same policy and facts give the same answer, and the answer names the rule that decided and, for
 * each permission that did not apply, the first term that failed. The owner's node runs it; a bank may run it before it asks.
 */
import { ALL_DATASETS, type Permission, type Policy, type PolicyConstraint, type Prohibition } from './policy.ts';

/** What a request says about one dataset of the owner, and what the node knows beside it. */
export type PolicyFacts = {
  /** Short name of the dataset. */
  readonly dataset: string;
  readonly requester: string;
  readonly requesterRoles: readonly string[];
  readonly purpose: string;
  /** Fields of this dataset that the features use. */
  readonly fields: readonly string[];
  readonly computation: string;
  /** Departments with features. */
  readonly departments: number;
  /** Null where the computation releases no groups. */
  readonly minimumGroup: number | null;
  readonly noiseWidthLog2: number;
  readonly quota: number;
  readonly termDays: number;
  /** Sensitivity, 1 to 5. */
  readonly level: number;
  /** Score of the version in basis points; null where none is on chain. */
  readonly quality: number | null;
  /** Days ago of each other model of this requester for this purpose and register version. */
  readonly otherModelsDaysAgo: readonly number[];
};

/** What a grant under the deciding permission must keep to at each use. */
export type GrantConditions = {
  /** Basis points. */
  readonly qualityFloor: number | null;
  /** Every interval must hold, such as `08:30/17:30`. */
  readonly hours: readonly string[];
  /** ISO weekdays on which it may be used; null for all. */
  readonly weekdays: readonly number[] | null;
  readonly timeZone: string;
  readonly needsConsent: boolean;
  readonly needsCertificate: boolean;
};

export type PolicyAnswer = {
  readonly decision: 'approve' | 'reject' | 'ask';
  /** Uid of the rule that decided; `otherwise` where none did. */
  readonly rule: string;
  /** Whether a person's approval needs a second person's. */
  readonly needsSecondApprover: boolean;
  /** Null unless a permission applies. */
  readonly conditions: GrantConditions | null;
  /** Why the other permissions did not apply: rule and left operand of the first constraint that failed. */
  readonly failed: readonly { readonly rule: string; readonly leftOperand: string }[];
};

/** Answers a request about one dataset. */
export function answerByPolicy(policy: Policy, facts: PolicyFacts): PolicyAnswer {
  const failed: { rule: string; leftOperand: string }[] = [];
  const prohibition = policy.prohibition.find((rule) => firstFailure(rule, facts) === null);
  if (prohibition !== undefined) return { ...undecided(failed), decision: 'reject', rule: prohibition.uid };
  const applying = policy.permission.filter((rule) => {
    const failure = firstFailure(rule, facts);
    if (failure !== null) failed.push({ rule: rule.uid, leftOperand: failure });
    return failure === null;
  });
  // A permission that needs no person goes first, so that adding one that does takes nothing away.
  const permission = applying.find((rule) => !hasDuty(rule, 'sealedger:askPerson')) ?? applying[0];
  if (permission === undefined) return { ...undecided(failed), decision: policy['sealedger:otherwise'] };
  return {
    decision: hasDuty(permission, 'sealedger:askPerson') ? 'ask' : 'approve',
    rule: permission.uid,
    needsSecondApprover: hasDuty(permission, 'sealedger:secondApprover'),
    conditions: conditionsOf(policy, permission),
    failed,
  };
}

/** Whether a grant may be used at this moment, as far as hours and weekdays go. */
export function isWithinHours(
  conditions: Pick<GrantConditions, 'hours' | 'weekdays' | 'timeZone'>,
  now: Date,
): boolean {
  const { time, weekday } = localTime(now, conditions.timeZone);
  const isHour = conditions.hours.every((interval) => interval.slice(0, 5) <= time && time < interval.slice(6));
  return isHour && (conditions.weekdays === null || conditions.weekdays.includes(weekday));
}

function undecided(failed: PolicyAnswer['failed']): Omit<PolicyAnswer, 'decision'> {
  return { rule: 'otherwise', needsSecondApprover: false, conditions: null, failed };
}

function hasDuty(rule: Permission, action: Permission['duty'][number]['action']): boolean {
  return rule.duty.some((duty) => duty.action === action);
}

/** Left operand of the first thing that keeps a rule from applying; null where it applies. */
function firstFailure(rule: Permission | Prohibition, facts: PolicyFacts): string | null {
  const isTarget = rule.target === ALL_DATASETS || rule.target === `urn:sealedger:dataset:${facts.dataset}`;
  if (!isTarget) return 'target';
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
        : !facts.fields.some((field) => constraint.rightOperand.includes(field));
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
      return facts.level <= constraint.rightOperand;
    case 'sealedger:quality':
      return facts.quality !== null && facts.quality >= constraint.rightOperand;
    case 'sealedger:models': {
      const period = daysOf(constraint['sealedger:period']);
      const others = facts.otherModelsDaysAgo.filter((daysAgo) => daysAgo < period).length;
      return others + 1 <= constraint.rightOperand;
    }
    case 'sealedger:hours':
    case 'sealedger:weekday':
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

function daysOf(duration: string): number {
  return Number(duration.slice(1, -1));
}

function conditionsOf(policy: Policy, permission: Permission): GrantConditions {
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
    needsCertificate: hasDuty(permission, 'sealedger:certifyModel'),
  };
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function localTime(now: Date, timeZone: string): { readonly time: string; readonly weekday: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((found) => found.type === type)!.value;
  return { time: `${part('hour')}:${part('minute')}`, weekday: WEEKDAYS.indexOf(part('weekday')) + 1 };
}
