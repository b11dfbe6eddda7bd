/**
 * What a verifier trusts: pinned by whoever verifies, and never taken from the bundle.
 *
 * The runner writes one for its own chain; on a chain of others it comes with the consortium's papers.
 */
import { z } from 'zod';
import { SUITE } from '../domains.ts';
import { areOfScheme, type Deployment, sealSchemeSchema } from '../ledger/deployment.ts';
import { hex32, parseDocument } from '../schema.ts';

const address = z.string().regex(/^[0-9a-f]{40}$/, '20 bytes as 40 lower-case hex digits');

export const contractsSchema = z.strictObject({
  consortium: address,
  catalogue: address,
  requests: address,
  evidence: address,
  attestations: address,
});

const validatorsSchema = z
  .array(z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, '20 or 32 bytes of lower-case hex'))
  .max(64);

export const trustSchema = z
  .strictObject({
    suite: z.literal(SUITE),
    version: z.literal(1),
    chainId: z.int().min(1),
    /** Hash of block 0. */
    genesisHash: hex32,
    contracts: contractsSchema,
    /** How validators seal: with Ed25519 keys beside the block (the embedded chain, and where nothing is said), or in its header. */
    sealScheme: sealSchemeSchema.optional(),
    /** Ed25519 keys, or addresses for the other schemes; of n, ⌈2n/3⌉ must have sealed a block (the quorum of QBFT). */
    validators: validatorsSchema,
    /** A block whose hash the verifier knows from elsewhere; it needs no seal. */
    checkpoint: z.strictObject({ number: z.int().min(0), hash: hex32 }).optional(),
    /** Block in which the first contract was created: an RPC is asked for nothing before it. Absent: block 0. */
    firstBlock: z.int().min(0).optional(),
  })
  .refine(areOfScheme, { path: ['validators'], error: 'each once, and keys or addresses as sealScheme says' });
export type Trust = z.output<typeof trustSchema>;

/** @throws {ProtocolError} SCHEMA_MISMATCH */
export function parseTrust(value: unknown): Trust {
  return parseDocument(trustSchema, value, 'trust file');
}

/** The trust file that an organisation's own deployment file amounts to. */
export function trustOfDeployment(deployment: Deployment): Trust {
  const { codeHashes: _codeHashes, ...pins } = deployment;
  return pins;
}

const NO_CODE_HASH = '00'.repeat(32);

/** The pins in the shape that the ledger's decoder takes; a verifier has no code of the contracts to compare. */
export function pinnedContracts(trust: Trust): Deployment {
  const { checkpoint: _checkpoint, ...pins } = trust;
  const codeHashes = {
    consortium: NO_CODE_HASH,
    catalogue: NO_CODE_HASH,
    requests: NO_CODE_HASH,
    evidence: NO_CODE_HASH,
    attestations: NO_CODE_HASH,
  };
  return { ...pins, codeHashes };
}

/** Seals that a block needs: ⌈2n/3⌉ of n validators. */
export function sealQuorum(validators: number): number {
  return Math.ceil((2 * validators) / 3);
}
