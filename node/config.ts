/** A node's configuration file: who it is, where its chain is, what it holds, what it allows. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { organisationId, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { policySchema } from './approval/policy.ts';
import { datasetConfigSchema } from './catalogue/dataset.ts';
import { registerConfigSchema } from './match/registrar.ts';

export const nodeConfigSchema = z.strictObject({
  org: organisationId,
  /** Keys, state, log and chunks of this organisation. */
  dataDir: z.string().min(1),
  /** Address to listen on; loopback unless told otherwise. */
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  /** How others reach this node: what is registered on chain. */
  endpoint: z.url(),
  rpcUrl: z.url(),
  /** Deployment file of the contracts. */
  deployment: z.string().min(1),
  datasets: z.array(datasetConfigSchema).max(256).default([]),
  register: registerConfigSchema.optional(),
  policy: policySchema.optional(),
  /** Worker threads for chunks. */
  workers: z.int().min(1).max(64).default(1),
});
export type NodeConfig = z.output<typeof nodeConfigSchema>;

/**
 * Reads a configuration; relative paths in it are relative to the file.
 * @throws {ProtocolError} ARGUMENT_INVALID, SCHEMA_MISMATCH
 */
export async function readConfig(path: string): Promise<NodeConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '--config', reason: 'the file cannot be read' }, { cause });
  }
  const config = parseJson(nodeConfigSchema, text, 'node configuration');
  const at = (file: string): string => resolve(dirname(path), file);
  return {
    ...config,
    dataDir: at(config.dataDir),
    deployment: at(config.deployment),
    datasets: config.datasets.map((dataset) => ({ ...dataset, file: at(dataset.file) })),
    ...(config.register === undefined ? {} : { register: { ...config.register, file: at(config.register.file) } }),
  };
}
