/** A policy of one permission, for whom the bounds of a form are enough: drafts, the demo, tests. */
import { ALL_DATASETS, POLICY_CONTEXT, POLICY_PROFILE, type Policy, parsePolicy } from './policy.ts';

export interface SimplePolicy {
  /** Last part of the uid; `own` unless told. */
  readonly name?: string;
  readonly requesters: readonly string[];
  readonly purposes: readonly string[];
  readonly maxQuota: number;
  readonly maxTermDays: number;
  /** Short names; every dataset of the owner unless told. */
  readonly datasets?: readonly string[];
  /** Fewest departments with features; 2 unless told, since a lone department's part of a score is bare. */
  readonly minDepartments?: number;
  /** Score in basis points. */
  readonly minQuality?: number;
  /** Highest level that is approved without a person; 4 unless told. */
  readonly maxLevel?: number;
  /** Least width of the release noise as a power of two. */
  readonly minNoiseWidthLog2?: number;
  /** `waived`: data of natural persons without a certificate of the model; needed unless told. */
  readonly certificate?: 'needed' | 'waived';
  readonly consent?: 'needed';
  /** Whether the policy approves, or a person does. */
  readonly decidedBy?: 'policy' | 'person' | 'two-persons';
  readonly otherwise?: 'reject' | 'ask';
  readonly timeZone?: string;
}

/** Rule ids are `within-bounds` and, for each further dataset that is named, `within-bounds-2` and so on. */
export function simplePolicy(bounds: SimplePolicy): Policy {
  const targets = bounds.datasets?.map((name) => `urn:sealedger:dataset:${name}`) ?? [ALL_DATASETS];
  return parsePolicy({
    '@context': POLICY_CONTEXT,
    '@type': 'Set',
    uid: `urn:sealedger:policy:${bounds.name ?? 'own'}`,
    profile: POLICY_PROFILE,
    conflict: 'prohibit',
    permission: targets.map((target, i) => ({
      uid: i === 0 ? 'within-bounds' : `within-bounds-${i + 1}`,
      target,
      action: 'sealedger:compute',
      constraint: constraintsOf(bounds),
      duty: dutiesOf(bounds).map((action) => ({ action })),
    })),
    ...(bounds.otherwise === undefined ? {} : { 'sealedger:otherwise': bounds.otherwise }),
    ...(bounds.timeZone === undefined ? {} : { 'sealedger:timeZone': bounds.timeZone }),
  });
}

function constraintsOf(bounds: SimplePolicy): unknown[] {
  const { minQuality, minNoiseWidthLog2 } = bounds;
  const of = (leftOperand: string, operator: string, rightOperand: unknown) => ({
    leftOperand,
    operator,
    rightOperand,
  });
  return [
    of('recipient', 'isAnyOf', bounds.requesters),
    of('purpose', 'isAnyOf', bounds.purposes),
    of('count', 'lteq', bounds.maxQuota),
    of('elapsedTime', 'lteq', `P${bounds.maxTermDays}D`),
    of('sealedger:departments', 'gteq', bounds.minDepartments ?? 2),
    of('sealedger:level', 'lteq', bounds.maxLevel ?? 4),
    ...(minQuality === undefined ? [] : [of('sealedger:quality', 'gteq', minQuality)]),
    ...(minNoiseWidthLog2 === undefined ? [] : [of('sealedger:noiseWidthLog2', 'gteq', minNoiseWidthLog2)]),
    ...(bounds.certificate === 'waived' ? [of('sealedger:certificate', 'eq', 'waived')] : []),
  ];
}

function dutiesOf({ consent, decidedBy = 'policy' }: SimplePolicy): string[] {
  return [
    ...(consent === undefined ? [] : ['obtainConsent']),
    ...(decidedBy === 'policy' ? [] : ['sealedger:askPerson']),
    ...(decidedBy === 'two-persons' ? ['sealedger:secondApprover'] : []),
  ];
}
