/** What every profile of a member's command line says; relative paths start at the profile's directory. */
import { SUITE } from '@sealedger/protocol/domains.ts';
import { organisationId } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

export const profileShape = {
  suite: z.literal(SUITE),
  version: z.literal(1),
  /** The member's id on chain. */
  org: organisationId,
  keystore: z.string().min(1),
  /** Where the keystore's passphrase is; without it, and without an option that says so, it is asked for. */
  passphraseFile: z.string().min(1).optional(),
  rpc: z.url({ protocol: /^https?$/ }),
} as const;

/** Of those that work on one deployment. */
export const memberProfileShape = { ...profileShape, deployment: z.string().min(1) } as const;
