/** What the operator's channel takes for evidence: this node's part of a bundle. */
import { subjectSchema } from '@sealedger/protocol/evidence/bundle.ts';
import { withholds } from '@sealedger/protocol/evidence/withhold.ts';
import { z } from 'zod';
import { type AdminCommand, type AdminContract, adminCommand } from '../server/admin.ts';
import { exportOwnPart } from './evidence.ts';
import type { NodeParts } from './parts.ts';

export const evidenceExportContract = {
  name: 'evidence.export',
  summary: 'ADMIN_EVIDENCE_EXPORT',
  roles: ['operator', 'steward', 'auditor'],
  input: z.strictObject({
    subject: subjectSchema,
    /** `field`, `kind.field` or `all`: their openings stay here. */
    withhold: z.array(z.string().min(1).max(64)).max(256).default([]),
    /** Size of this log that the receiver has verified: a consistency proof from there goes in. */
    since: z.int().min(1).optional(),
    /** Number of a block that the receiver has pinned: the headers up to it go in. */
    through: z.int().min(0).optional(),
  }),
  output: z.strictObject({ bundle: z.record(z.string(), z.unknown()) }),
} as const satisfies AdminContract;

export function adminEvidence(parts: NodeParts): AdminCommand[] {
  return [
    adminCommand(evidenceExportContract, async ({ subject, withhold, since, through }) => {
      const options = {
        withhold: withholds(withhold),
        ...(since === undefined ? {} : { since }),
        ...(through === undefined ? {} : { through }),
      };
      return { bundle: (await exportOwnPart(parts, subject, options)) as Record<string, unknown> };
    }),
  ];
}
