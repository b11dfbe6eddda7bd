/**
 * A signed checkpoint: an organisation's word for the size and root of its log.
 *
 * It carries no time, so that one size has one checkpoint and a second one of the same size with another root is proof
 * of two histories. Learns: who sees it learns how many events the organisation has logged.
 * Source: RFC 9162, 4.10 (signed tree head); C2SP tlog-checkpoint (origin, size, root).
 */
import { z } from 'zod';
import { concatPrefixed, utf8 } from '../bytes.ts';
import { canonicalBytes } from '../canonical.ts';
import { domains, SUITE } from '../domains.ts';
import { hex32, organisationId } from '../schema.ts';

export const checkpointSchema = z.strictObject({
  suite: z.literal(SUITE),
  org: organisationId,
  size: z.int().min(1),
  root: hex32,
});
export type Checkpoint = z.output<typeof checkpointSchema>;

export const signedCheckpointSchema = z.strictObject({
  checkpoint: checkpointSchema,
  keyEpoch: z.int().min(0),
  signature: z.string().regex(/^[0-9a-f]{128}$/, '64 bytes as 128 lower-case hex digits'),
});
export type SignedCheckpoint = z.output<typeof signedCheckpointSchema>;

/** What an organisation signs: domain and canonical `{checkpoint, keyEpoch}`, length-prefixed. */
export function checkpointSigningBytes(checkpoint: Checkpoint, keyEpoch: number): Uint8Array {
  return concatPrefixed(utf8(domains.checkpoint), canonicalBytes({ checkpoint, keyEpoch }));
}
