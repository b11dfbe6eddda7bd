/**
 * A need for data that no catalogue covers: a bank states it, each department answers for itself.
 *
 * The need is a signed envelope and its id is the envelope's digest, so that it is the same need at every department.
 */
import { z } from 'zod';
import { hex32, organisationId, purposeCode } from '../schema.ts';

/** What a bank asks for, in its words. */
export const needSchema = z.strictObject({
  title: z.string().trim().min(1).max(256),
  purpose: purposeCode,
  description: z.string().trim().min(1).max(4000),
  fields: z.array(z.string().trim().min(1).max(256)).max(256),
  /** ISO date by which the bank could use it. */
  neededBy: z.iso.date(),
  nonce: hex32,
});
export type Need = z.output<typeof needSchema>;

export const NEED_STATES = ['filed', 'planned', 'declined', 'covered'] as const;
export type NeedState = (typeof NEED_STATES)[number];

/** What a department says of a need. */
export const needAnswerSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('planned'), byWhen: z.iso.date(), reason: z.string().max(4000).optional() }),
  z.strictObject({ state: z.literal('declined'), reason: z.string().trim().min(1).max(4000) }),
  z.strictObject({
    state: z.literal('covered'),
    /** Version that covers it. */
    datasetId: hex32,
    reason: z.string().max(4000).optional(),
  }),
]);
export type NeedAnswer = z.output<typeof needAnswerSchema>;

/** A need as a department's node tells its filer what became of it. */
export const needStatusSchema = z.strictObject({
  needId: hex32,
  org: organisationId,
  filer: organisationId,
  filedAt: z.iso.datetime(),
  need: needSchema,
  state: z.enum(NEED_STATES),
  /** Oldest first. */
  answers: z.array(z.strictObject({ at: z.iso.datetime(), answer: needAnswerSchema })).max(100),
});
export type NeedStatus = z.output<typeof needStatusSchema>;

const NEXT: Readonly<Record<NeedState, readonly NeedState[]>> = {
  filed: ['planned', 'declined', 'covered'],
  planned: ['planned', 'declined', 'covered'],
  declined: ['planned', 'covered'],
  covered: [],
};

/** Whether a need may go on from one state to another. */
export function mayFollow(from: NeedState, to: NeedState): boolean {
  return NEXT[from].includes(to);
}
