/**
 * Points for quality by a published rule: for the level of a score, for its improvement, for orders closed in time, and
 * less for orders that are late.
 *
 * The rule is data, and its digest stands in every event: who holds docs/quality-points.md can count again. Points say
 * who keeps data well; nothing is paid for them here.
 */
import { digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import type { Severity } from './rule.ts';

/** The rule in force; docs/quality-points.md says the same in words. A change makes a new version. */
export const POINTS_RULE = {
  version: 1,
  /** Points for the first score of a version, by the highest level that its total reaches; once a month per dataset. */
  levels: [
    { fromBasisPoints: 9900, points: 10 },
    { fromBasisPoints: 9500, points: 6 },
    { fromBasisPoints: 9000, points: 3 },
    { fromBasisPoints: 8000, points: 1 },
  ],
  /** One point for each so many basis points above the best score so far under the same rule set. */
  improvementStepBasisPoints: 50,
  maxImprovementPoints: 50,
  /** For an order whose rows were repaired and pass by its due day. */
  closedInTime: { minor: 1, major: 2, critical: 4 },
  /** Taken off once for each due day that passes with the order open. */
  overdue: { minor: 1, major: 2, critical: 4 },
} as const;

/** Digest of the rule, 32 bytes in hex. */
export function pointsRuleHash(): string {
  return digestHex(domains.pointsRule, POINTS_RULE);
}

export const POINT_CAUSES = ['level', 'improvement', 'closed-in-time', 'overdue'] as const;
export type PointCause = (typeof POINT_CAUSES)[number];

/** An entry of a dataset's account. */
export interface PointEntry {
  readonly dataset: string;
  /** From 1, without gaps. */
  readonly sequence: number;
  /** What the points are for; one happening gives points once. */
  readonly happening: string;
  readonly cause: PointCause;
  readonly at: number;
  readonly versionId: string;
  readonly orderId: string | null;
  readonly unit: string | null;
  readonly points: number;
  /** After this entry, never below zero. */
  readonly total: number;
  readonly ruleHash: string;
}

export interface ScoredVersion {
  readonly versionId: string;
  readonly ruleSetHash: string;
  readonly scoreBasisPoints: number;
  /** Month of the score in the calendar's time zone, YYYY-MM. */
  readonly month: string;
}

/** Points for the level of a score. @param earlier - what was scored before, in any order. */
export function levelPoints(scored: ScoredVersion, earlier: readonly ScoredVersion[]): number {
  if (earlier.some(({ versionId, month }) => versionId === scored.versionId || month === scored.month)) return 0;
  return POINTS_RULE.levels.find(({ fromBasisPoints }) => scored.scoreBasisPoints >= fromBasisPoints)?.points ?? 0;
}

/**
 * Points for what a score is above the best one so far. A score that fell and rose again earns nothing, and the first
 * score under a rule set has nothing to be better than.
 */
export function improvementPoints(scored: ScoredVersion, earlier: readonly ScoredVersion[]): number {
  const alike = earlier.filter(({ ruleSetHash }) => ruleSetHash === scored.ruleSetHash);
  if (alike.length === 0) return 0;
  const best = Math.max(...alike.map(({ scoreBasisPoints }) => scoreBasisPoints));
  const steps = Math.floor((scored.scoreBasisPoints - best) / POINTS_RULE.improvementStepBasisPoints);
  return Math.min(Math.max(0, steps), POINTS_RULE.maxImprovementPoints);
}

export function closingPoints(severity: Severity): number {
  return POINTS_RULE.closedInTime[severity];
}

/** What a late order costs: not more than there is. @param total - of the account, before. */
export function overduePoints(severity: Severity, total: number): number {
  return -Math.min(POINTS_RULE.overdue[severity], total) || 0;
}
