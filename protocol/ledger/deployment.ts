/** The deployment file: which chain, which contracts, whose seals. It is what an organisation trusts when it connects. */
import { z } from 'zod';
import { SUITE } from '../domains.ts';
import { ProtocolError } from '../errors.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
const address = z.string().regex(/^[0-9a-f]{40}$/, '40 lower-case hex digits');

function perContract<T extends z.ZodType>(item: T) {
  return z.strictObject({ consortium: item, catalogue: item, requests: item, evidence: item, attestations: item });
}

export const sealSchemeSchema = z.enum(['ed25519', 'qbft', 'ibft2']);
export type SealScheme = z.output<typeof sealSchemeSchema>;

/** Whether validators are given as their scheme has them, each once. */
export function areOfScheme({
  sealScheme = 'ed25519',
  validators,
}: {
  readonly sealScheme?: SealScheme | undefined;
  readonly validators: readonly string[];
}): boolean {
  const digits = sealScheme === 'ed25519' ? 64 : 40;
  return validators.every((one) => one.length === digits) && new Set(validators).size === validators.length;
}

export const deploymentSchema = z
  .strictObject({
    suite: z.literal(SUITE),
    version: z.literal(1),
    chainId: z.int().min(1),
    /** Hash of block 0. */
    genesisHash: hex32,
    contracts: perContract(address),
    /** keccak256 of the code at each address. */
    codeHashes: perContract(hex32),
    /** How the validators seal; Ed25519 beside the block where nothing is said. */
    sealScheme: sealSchemeSchema.optional(),
    /** Keys (32 bytes) or addresses (20 bytes) of the validators, by scheme; empty where the chain carries no such seals. */
    validators: z.array(z.union([hex32, address])),
    /** Block in which the first contract was created: nothing is looked for before it. Absent: block 0. */
    firstBlock: z.int().min(0).optional(),
  })
  .refine(areOfScheme, { path: ['validators'], error: 'each once, and keys or addresses as sealScheme says' });

export type Deployment = z.infer<typeof deploymentSchema>;
export type ContractName = keyof Deployment['contracts'];

/** In the order of deployment. */
export const contractNames = [
  'consortium',
  'catalogue',
  'requests',
  'evidence',
  'attestations',
] as const satisfies ContractName[];

/** @throws {ProtocolError} SCHEMA_MISMATCH naming the first field that is wrong. */
export function parseDeployment(value: unknown): Deployment {
  const parsed = deploymentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.path.join('.') || '$';
  throw new ProtocolError('SCHEMA_MISMATCH', { document: 'deployment', path, reason: issue.message });
}
