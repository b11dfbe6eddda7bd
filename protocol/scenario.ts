/** The scenario directory's `scenario.json`: who holds which table of a joint-scoring case. */
import { z } from 'zod';
import { organisationId } from './schema.ts';

const fileName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a file name inside the scenario directory');

const holder = z.object({ node: organisationId, table: fileName });

export const scenarioSchema = z.object({
  name: z.string().min(1).max(64),
  /** Column that holds the subject's identifier, the same in every table. */
  subject: z.string().min(1).max(128),
  register: holder,
  bank: holder.extend({ label: z.string().min(1).optional() }),
  departments: z.array(holder).min(1).max(31),
  /** Organisations that hold the unlocking keys; the register's holder and an independent one where not said. */
  gates: z.array(organisationId).min(1).max(8).optional(),
  model: fileName,
  expected: fileName.optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
});
export type Scenario = z.output<typeof scenarioSchema>;
