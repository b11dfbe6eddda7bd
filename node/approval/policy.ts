/** An owner's policy as data, and its answer to a request: approve, reject or ask a person. */

import type { RequestDocument } from '@sealedger/protocol/request.ts';
import { organisationId, purposeCode } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

/** Each bound must hold for an approval without a person. */
export const policySchema = z.strictObject({
  requesters: z.array(organisationId).max(256),
  purposes: z.array(purposeCode).max(256),
  maxQuota: z.int().positive(),
  maxTermDays: z.int().positive(),
  /** Fewest departments with features; below it one of them learns nothing, but its part of a score is bare. */
  minDepartments: z.int().min(1).default(2),
  /** Score in basis points below which this organisation takes part in no computation over a version; null for none. */
  minQuality: z.int().min(1).max(10_000).nullable().default(null),
  /** What happens where a bound does not hold. */
  otherwise: z.enum(['reject', 'ask']).default('ask'),
});
export type Policy = z.output<typeof policySchema>;

export interface PolicyAnswer {
  readonly decision: 'approve' | 'reject' | 'ask';
  /** The rule that decided, as a stable code. */
  readonly rule: string;
}

const SECONDS_PER_DAY = 86_400;

/**
 * Answers a request by policy.
 * @param nowSeconds - seconds since the epoch.
 */
export function answerByPolicy(policy: Policy, document: RequestDocument, nowSeconds: number): PolicyAnswer {
  const departments = new Set(document.features.map((feature) => feature.party)).size;
  const bounds: readonly (readonly [string, boolean])[] = [
    ['requester', policy.requesters.includes(document.requester)],
    ['purpose', policy.purposes.includes(document.purpose)],
    ['quota', document.quota <= policy.maxQuota],
    ['term', document.expiresAt - nowSeconds <= policy.maxTermDays * SECONDS_PER_DAY],
    ['departments', departments >= policy.minDepartments],
  ];
  const broken = bounds.find(([, holds]) => !holds);
  if (broken === undefined) return { decision: 'approve', rule: 'within-policy' };
  return { decision: policy.otherwise, rule: broken[0] };
}
