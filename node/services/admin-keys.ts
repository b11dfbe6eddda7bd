/** What the operator's channel takes for the organisation's keys. */

import { MAX_OVERLAP_SECONDS } from '@sealedger/protocol/ledger/member-writes.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';
import { DEFAULT_OVERLAP_SECONDS, rotateOwnKeys, rotationParts } from './rotation.ts';

/** The contracts, for the command line. */
export const keyContracts = {
  rotate: {
    name: 'keys.rotate',
    summary: 'ADMIN_KEYS_ROTATE',
    roles: ['operator'],
    input: z.strictObject({
      passphrase: z.string().min(1).max(1024),
      overlapSeconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(DEFAULT_OVERLAP_SECONDS),
    }),
    output: z.strictObject({
      keyEpoch: z.int().min(1),
      overlapSeconds: z.int().min(0),
      account: z.string().regex(/^[0-9a-f]{40}$/),
      ed25519Key: hex32,
      x25519Key: hex32,
    }),
  },
  revoke: {
    name: 'keys.revoke',
    summary: 'ADMIN_KEYS_REVOKE',
    roles: ['operator'],
    input: z.strictObject({}),
    output: z.strictObject({ blockNumber: z.int().min(0) }),
  },
} as const;

/** The commands of a running node. */
export function adminKeys(parts: NodeParts): readonly AdminCommand[] {
  return [
    adminCommand(keyContracts.rotate, ({ passphrase, overlapSeconds }, { progress }) =>
      parts.mutex.run('keys/rotation', async () => {
        const onStep = (code: Parameters<typeof progress>[0]['code']): void => progress({ code });
        const rotated = await rotateOwnKeys(rotationParts(parts), { passphrase, overlapSeconds, onStep });
        return { ...rotated, overlapSeconds };
      }),
    ),
    adminCommand(keyContracts.revoke, async () => {
      const { blockNumber } = await parts.client.revokePreviousKeys();
      return { blockNumber };
    }),
  ] as readonly AdminCommand[];
}
