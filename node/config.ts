/** A node's configuration file: who it is, where its chain is, what it holds, what it allows. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { organisationId, parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { deadlinePlanSchema } from './approval/deadlines.ts';
import { policiesSchema } from './approval/policy-book.ts';
import { inlineDatasetSchema } from './catalogue/dataset.ts';
import { type DatabaseConnection, databaseSchema } from './catalogue/postgres-source.ts';
import type { SourceLimits, SourcePlaces } from './catalogue/source.ts';
import { registerConfigSchema } from './match/registrar.ts';
import { peopleSchema } from './people.ts';
import { qualityPlanSchema } from './quality/plan.ts';
import { budgetsSchema } from './release/budgets.ts';
import { usageRulesSchema } from './release/usage-rules.ts';
import { requestBoundsSchema } from './request/admission.ts';
import { limitsSchema } from './server/limits.ts';
import { relaySchema } from './server/relay-queue.ts';
import { tlsSchema } from './server/tls.ts';

export const nodeConfigSchema = z.strictObject({
  org: organisationId,
  /** Keys, state, log and chunks of this organisation. */
  dataDir: z.string().min(1),
  /** Address to listen on; loopback unless told otherwise. */
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  /** How others reach this node: what is registered on chain; the pin of an own certificate may be left out. */
  endpoint: z.url({ protocol: /^https?$/ }),
  /** Certificate of this node; without one it listens on loopback only. */
  tls: tlsSchema.optional(),
  limits: limitsSchema,
  /** Nodes behind firewalls that this one takes calls for. */
  relay: relaySchema,
  /** Organisation whose node takes the calls for this one, which then does not listen at all. */
  viaRelay: organisationId.optional(),
  rpcUrl: z.url(),
  /**
   * Blocks on top of a transaction's before it counts as made. 0 where a block is final at once (QBFT, IBFT 2.0, the
   * embedded chain); elsewhere as many as the members of the chain hold to be safe.
   */
  confirmations: z.int().min(0).max(256).default(0),
  /** Deployment file of the contracts. */
  deployment: z.string().min(1),
  /** Definitions by their file, or a CSV table in short; published at the start, as far as no second person is needed. */
  datasets: z
    .array(z.union([z.string().min(1), inlineDatasetSchema]))
    .max(256)
    .default([]),
  /** Directories in which the sources of definitions may lie; that of this file where none is named. */
  sourceDirectories: z.array(z.string().min(1)).max(64).default(['.']),
  /** Databases that definitions may name. */
  databases: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/), databaseSchema).default({}),
  /** Bounds within which a source is read. */
  reading: z
    .strictObject({
      memoryMb: z.int().min(64).max(1_048_576).default(1024),
      threads: z.int().min(1).max(256).default(2),
      timeoutSeconds: z.int().min(1).max(86_400).default(600),
      diskMb: z.int().min(1).max(16_777_216).default(16_384),
    })
    .prefault({}),
  /** Who may act here for the organisation. */
  people: peopleSchema.default([]),
  review: z.strictObject({ secondPersonFromLevel: z.int().min(1).max(5).default(4) }).prefault({}),
  /** How the quality of the datasets is kept: rules, units, due days, schedule; at most one plan for a dataset. */
  quality: z
    .array(qualityPlanSchema)
    .max(256)
    .refine(
      (plans) => new Set(plans.map(({ dataset }) => dataset)).size === plans.length,
      'a dataset stands here twice',
    )
    .default([]),
  register: registerConfigSchema.optional(),
  /** What is unusual in the use of grants, and what happens then. */
  usageRules: usageRulesSchema.prefault({}),
  /** How much may leave about a class of subjects to one requester within a period; none unless told. */
  budgets: budgetsSchema.default([]),
  /** Consents that a gate asks for; null: a root on chain counts whatever its age. */
  consent: z.strictObject({ maxRootAgeDays: z.int().min(1).max(3660).nullable().default(null) }).prefault({}),
  /** Files (JSON or YAML) or documents; without one that speaks about a dataset, a person decides. */
  policies: policiesSchema.default([]),
  /** How much of this node one bank may take up, and how long files of its requests stay. */
  requests: requestBoundsSchema.prefault({}),
  approval: z
    .strictObject({
      /** Sensitivity from which a person's approval needs another one's beside it. */
      secondPersonFromLevel: z.int().min(1).max(5).default(4),
      deadlines: deadlinePlanSchema.prefault({}),
    })
    .prefault({}),
  /** Loopback port for Prometheus: /metrics, /healthz, /readyz, without authentication; 0 for a free one, absent for none. */
  metricsPort: z.int().min(0).max(65_535).optional(),
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
    datasets: config.datasets.map((dataset) =>
      typeof dataset === 'string' ? at(dataset) : { ...dataset, file: at(dataset.file) },
    ),
    policies: config.policies.map((policy) => (typeof policy === 'string' ? at(policy) : policy)),
    quality: config.quality.map((plan) => ({ ...plan, rules: at(plan.rules) })),
    sourceDirectories: config.sourceDirectories.map(at),
    ...(typeof config.tls === 'object'
      ? { tls: { certificate: at(config.tls.certificate), key: at(config.tls.key) } }
      : {}),
    databases: Object.fromEntries(
      Object.entries(config.databases).map(([name, database]) => [name, withPasswordAt(database, at)]),
    ),
    ...(config.register === undefined ? {} : { register: { ...config.register, file: at(config.register.file) } }),
  };
}

function withPasswordAt(database: DatabaseConnection, at: (file: string) => string): DatabaseConnection {
  const { password } = database;
  return 'file' in password ? { ...database, password: { file: at(password.file) } } : database;
}

/** Where the node reads sources from, and within which bounds. */
export function readingOf(config: NodeConfig): {
  readonly limits: SourceLimits;
  readonly places: Omit<SourcePlaces, 'base'>;
} {
  const { memoryMb, threads, timeoutSeconds, diskMb } = config.reading;
  return {
    limits: {
      memoryMb,
      threads,
      diskMb,
      timeoutMs: 1000 * timeoutSeconds,
      workDirectory: join(config.dataDir, 'work'),
    },
    places: { directories: config.sourceDirectories, databases: config.databases },
  };
}
