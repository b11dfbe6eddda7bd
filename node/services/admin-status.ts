/** The operator's command `node.status`. */
import { nodeStatusSchema } from '@sealedger/protocol/node-status.ts';
import { z } from 'zod';
import { type AdminCommand, type AdminContract, adminCommand } from '../server/admin.ts';
import type { Watch } from './watch.ts';

export const statusContract = {
  name: 'node.status',
  summary: 'STATUS_SUMMARY',
  input: z.strictObject({}),
  output: nodeStatusSchema,
} as const satisfies AdminContract;

export function adminStatus(status: Watch['status']): AdminCommand[] {
  return [adminCommand(statusContract, () => status())];
}
