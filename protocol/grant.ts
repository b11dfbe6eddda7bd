/**
 * A grant: what one owner or gate allows of a request, or that it refuses; its envelope's digest is the grant hash on chain.
 *
 * Parties: every owner of a dataset or register and every gate signs its own; a gate that owns nothing keeps its agreement
 * in its log only, since the chain counts owners. Each enforces its own grant at every use, whatever others do.
 * Trust: the signature binds scope, term and conditions; a change of any of them is another grant and another hash.
 */
import { z } from 'zod';
import { SUITE } from './domains.ts';
import { grantConditionsSchema } from './policy/conditions.ts';
import { ruleId } from './policy/policy.ts';
import { requestDocumentSchema } from './request.ts';
import { hex32, organisationId } from './schema.ts';

export const grantSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  requestId: hex32,
  decider: organisationId,
  approved: z.boolean(),
  /** Uid of the policy's rule that decided; a person decided where `approvers` is not 0. */
  rule: ruleId,
  /** Digest of the policy that was asked; null where the decider has none for this request. */
  policyHash: hex32.nullable(),
  /** Ids of the versions of this decider that the request names; none for a gate that owns nothing. */
  datasets: z.array(hex32).max(64),
  /** Unlockings. */
  quota: z.int().positive(),
  /** Seconds since the epoch. */
  expiresAt: z.int().positive(),
  noisePolicy: requestDocumentSchema.shape.noisePolicy,
  /** Persons who decided: none where the policy did. */
  approvers: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  /** What must hold at each use. */
  conditions: grantConditionsSchema,
});
export type Grant = z.output<typeof grantSchema>;
