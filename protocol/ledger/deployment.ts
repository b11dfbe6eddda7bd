/** The deployment file: which chain, which contracts, whose seals. It is what an organisation trusts when it connects. */
import { z } from 'zod';
import { SUITE } from '../domains.ts';
import { ProtocolError } from '../errors.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
const address = z.string().regex(/^[0-9a-f]{40}$/, '40 lower-case hex digits');

function perContract<T extends z.ZodType>(item: T) {
  return z.strictObject({ consortium: item, catalogue: item, requests: item, evidence: item });
}

export const deploymentSchema = z.strictObject({
  suite: z.literal(SUITE),
  version: z.literal(1),
  chainId: z.int().min(1),
  /** Hash of block 0. */
  genesisHash: hex32,
  contracts: perContract(address),
  /** keccak256 of the code at each address. */
  codeHashes: perContract(hex32),
  /** Ed25519 keys of the validators that seal blocks; empty where the chain carries no such seals. */
  validators: z.array(hex32),
  /** Block in which the first contract was created: nothing is looked for before it. Absent: block 0. */
  firstBlock: z.int().min(0).optional(),
});

export type Deployment = z.infer<typeof deploymentSchema>;
export type ContractName = keyof Deployment['contracts'];

/** In the order of deployment. */
export const contractNames = ['consortium', 'catalogue', 'requests', 'evidence'] as const satisfies ContractName[];

/** @throws {ProtocolError} SCHEMA_MISMATCH naming the first field that is wrong. */
export function parseDeployment(value: unknown): Deployment {
  const parsed = deploymentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.path.join('.') || '$';
  throw new ProtocolError('SCHEMA_MISMATCH', { document: 'deployment', path, reason: issue.message });
}
