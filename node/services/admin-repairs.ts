/** What the operator's channel takes for proposed repairs; a person answers for every decision. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetName } from '@sealedger/protocol/dataset.ts';
import { z } from 'zod';
import { idOf, type Person, personWith } from '../people.ts';
import type { StoredRepair } from '../quality/repair-book.ts';
import { REPAIR_METHODS } from '../quality/repair-candidates.ts';
import { type AdminCommand, adminCommand } from '../server/admin.ts';
import type { NodeParts } from './parts.ts';

const STATES = ['open', 'accepted', 'refused', 'void', 'applied'] as const;
const repairId = z.string().regex(/^[0-9a-f]{32}$/, 'the id of a repair is 32 of 0-9 a-f');
const named = z.strictObject({ dataset: datasetName });
const count = z.int().min(0);

/** One proposal; the channel is on loopback, and the operator's own. */
const repairView = z.strictObject({
  id: repairId,
  row: z.int().positive(),
  field: z.string(),
  ruleId: z.string(),
  method: z.enum(REPAIR_METHODS),
  proposed: z.string(),
  confidence: z.int().min(0).max(10_000),
  reason: z.strictObject({ code: z.string(), details: z.record(z.string(), z.union([z.string(), z.number()])) }),
  state: z.enum(STATES),
  by: z.string().nullable(),
});
export type RepairView = z.output<typeof repairView>;

const WORKERS = ['steward', 'operator'] as const;

/** The contracts, for the command line. */
export const repairContracts = {
  propose: {
    name: 'repair.propose',
    summary: 'ADMIN_REPAIR_PROPOSE',
    roles: WORKERS,
    input: named,
    output: z.strictObject({ failing: count, proposed: count, open: count }),
  },
  list: {
    name: 'repair.list',
    summary: 'ADMIN_REPAIR_LIST',
    input: named.extend({ state: z.enum(STATES).optional(), rows: z.int().min(0).max(10_000).default(50) }),
    output: z.strictObject({ total: count, repairs: z.array(repairView) }),
  },
  decide: {
    name: 'repair.decide',
    summary: 'ADMIN_REPAIR_DECIDE',
    roles: WORKERS,
    input: named.extend({ ids: z.array(repairId).min(1).max(1000), decision: z.enum(['accepted', 'refused']) }),
    output: z.strictObject({ decided: count }),
  },
  patch: {
    name: 'repair.patch',
    summary: 'ADMIN_REPAIR_PATCH',
    roles: WORKERS,
    input: named,
    /** The file is in the node's data directory: it holds cells. */
    output: z.strictObject({ file: z.string(), written: count, void: count, applied: count }),
  },
} as const;

/** The commands of a running node. */
export function adminRepairs(parts: NodeParts): readonly AdminCommand[] {
  const { repairs } = parts.quality;
  const { people, dataDir } = parts.config;
  const { propose, list, decide, patch } = repairContracts;
  const answering = (by: Person | null): string => personWith(people, idOf(by), ...WORKERS).id;
  return [
    adminCommand(propose, ({ dataset }, { progress }) =>
      repairs.propose(dataset, ({ done, total }) => progress({ code: 'QUALITY_PROGRESS', details: { done, total } })),
    ),
    adminCommand(list, async ({ dataset, state, rows }) => {
      const found = await repairs.book.list(dataset, state);
      return { total: found.length, repairs: found.slice(0, rows).map(viewOf) };
    }),
    adminCommand(decide, async ({ dataset, ids, decision }, { person }) => {
      const by = answering(person);
      for (const id of ids) await repairs.book.decide(dataset, id, decision, by);
      return { decided: ids.length };
    }),
    adminCommand(patch, async ({ dataset }, { person }) => {
      answering(person);
      await mkdir(join(dataDir, 'repairs'), { recursive: true, mode: 0o700 });
      return repairs.patch(dataset);
    }),
  ];
}

function viewOf({ dataset: _, fingerprint: __, at: ___, reason, ...repair }: StoredRepair): RepairView {
  return { ...repair, reason: { code: reason.code, details: { ...reason.details } } };
}
