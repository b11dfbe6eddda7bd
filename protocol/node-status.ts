/** What a node says of its own state, to its operator, its members and its monitoring: sizes, ages, codes; nothing of anybody's data. */
import { z } from 'zod';
import { eventKinds } from './evidence/event-kinds.ts';
import { organisationId } from './schema.ts';

const count = z.int().min(0);
const code = z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/);

export const nodeStatusSchema = z.strictObject({
  org: organisationId,
  /** Datasets are published and earlier work goes on. */
  isReady: z.boolean(),
  uptimeMs: count,
  log: z.strictObject({
    size: count,
    /** Events by kind; kinds without any are left out. */
    kinds: z.partialRecord(z.enum(eventKinds), count),
  }),
  anchoring: z.strictObject({
    anchoredSize: count,
    /** Anchored and as deep in the chain as the node waits for. */
    confirmedSize: count,
    backlog: count,
    backlogLimit: count,
    /** Age of the oldest event that is not anchored. */
    oldestAgeMs: count,
    /** Code of the last failure; null since the last success. */
    lastError: code.nullable(),
    failures: count,
  }),
  chain: z.strictObject({
    /** Latest block; null where the chain was not reached since the start. */
    head: count.nullable(),
    /** Block up to which every event was taken in. */
    seenBlock: count.nullable(),
    /** Since the last look that reached the chain. */
    ageMs: count.nullable(),
  }),
  /** Codes of the alerts that stand now. */
  alerts: z.array(code),
});
export type NodeStatus = z.output<typeof nodeStatusSchema>;
