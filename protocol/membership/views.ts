/** What members see of each other and of what they vote on; the same over the SDK and over a node's operator channel. */
import { z } from 'zod';
import { parseEndpoint } from '../endpoint.ts';
import { isProtocolError } from '../errors.ts';
import { roleBits } from '../ledger/codec.ts';
import { hex32, organisationId } from '../schema.ts';

const account = z.string().regex(/^[0-9a-f]{40}$/, '20 bytes as 40 lower-case hex digits');
export const roleSchema = z.enum(Object.keys(roleBits) as [keyof typeof roleBits, ...(keyof typeof roleBits)[]]);
const rolesSchema = z
  .array(roleSchema)
  .min(1)
  .max(5)
  .refine((roles) => new Set(roles).size === roles.length, 'each role once');

const MAX_ENDPOINT_BYTES = 256;

/** Where a node is called, as others will trust it: TLS with its pin, or this machine. */
export const endpointSchema = z
  .string()
  .max(MAX_ENDPOINT_BYTES)
  .refine(isTrustworthy, { error: 'https://HOST:PORT#spki-sha256=… , or http:// on this machine alone' });

function isTrustworthy(text: string): boolean {
  try {
    const { isTls, pin, isLoopback } = parseEndpoint(text);
    return isTls ? pin !== null : isLoopback;
  } catch (error) {
    if (isProtocolError(error, 'ENDPOINT_INVALID')) return false;
    throw error;
  }
}

const keyShape = { account, ed25519Key: hex32, x25519Key: hex32 } as const;
/** Public keys of an organisation, as `sealedger-node keys` prints them. */
export const publicKeysSchema = z.strictObject(keyShape);

/** What an organisation asks to be admitted with; without a node the endpoint is empty. */
export const admissionSchema = z.strictObject({
  id: organisationId,
  roles: rolesSchema,
  ...keyShape,
  endpoint: z.union([z.literal(''), endpointSchema]),
});

/** What a member proposes. */
export const proposalInputSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('admit'), admission: admissionSchema }),
  z.strictObject({ kind: z.literal('suspend'), org: organisationId }),
  z.strictObject({ kind: z.literal('reinstate'), org: organisationId }),
  z.strictObject({ kind: z.literal('set-roles'), org: organisationId, roles: rolesSchema }),
  /** For a member that lost its keys: they count at once, and the ones before no more. */
  z.strictObject({ kind: z.literal('set-keys'), org: organisationId, keys: publicKeysSchema }),
]);
export type ProposalInput = z.output<typeof proposalInputSchema>;

export const memberViewSchema = z.strictObject({
  org: organisationId,
  roles: z.array(roleSchema),
  status: z.enum(['active', 'suspended']),
  keyEpoch: z.int().min(1),
  ...keyShape,
  endpoint: z.string(),
  /** RFC 3339: until then the keys of the epoch before count too; null where none do. */
  previousUntil: z.string().nullable(),
});
export type MemberView = z.output<typeof memberViewSchema>;

/** Something that the contract said of a member. */
export const historyEntrySchema = z.strictObject({
  block: z.int().min(0),
  /** Time of the block, RFC 3339. */
  at: z.string(),
  transactionHash: hex32,
  event: z.string(),
  /** Arguments of the event without the organisation, lists joined. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type HistoryEntry = z.output<typeof historyEntrySchema>;

/** The new state, in words that no hostile member chose; a name or endpoint is shown as the contract has it. */
const changeSchema = z.union([
  z.strictObject({
    kind: z.literal('admit'),
    admission: admissionSchema.extend({ roles: z.array(roleSchema), endpoint: z.string() }),
  }),
  z.strictObject({ kind: z.literal('set-roles'), roles: z.array(roleSchema) }),
  z.strictObject({ kind: z.literal('set-keys'), keys: publicKeysSchema }),
  z.strictObject({ kind: z.enum(['suspend', 'reinstate', 'unreadable']) }),
]);

export const proposalViewSchema = z.strictObject({
  id: z.int().min(1),
  kind: z.enum(['admit', 'suspend', 'reinstate', 'set-roles', 'set-keys']),
  state: z.enum(['open', 'carried', 'rejected', 'lapsed']),
  org: z.string(),
  proposer: organisationId,
  expiresAt: z.string(),
  votesFor: z.int().min(0),
  votesAgainst: z.int().min(0),
  /** Votes that carry it, of the members that are active now. */
  needed: z.int().min(1),
  ownVote: z.enum(['for', 'against']).nullable(),
  change: changeSchema,
});
export type ProposalView = z.output<typeof proposalViewSchema>;
