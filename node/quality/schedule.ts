/**
 * When rules run by themselves: cron expressions in the time zone of each plan's calendar.
 *
 * What was due while the node was away is noticed at the next start and made up for by one run, however many were missed.
 * A run counts as done when it ended, so a node that dies in the middle runs again.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { Cron } from 'croner';
import type { Clock, StateStore } from '../ports.ts';
import type { QualityPlan } from './plan.ts';

/** What the node knows of a schedule between its runs. */
export interface ScheduleRecord {
  /** Everything due until then was dealt with, in milliseconds since the epoch. */
  readonly until: number;
  /** Due times that passed without a run, all in all. */
  readonly missed: number;
  /** Code of the refusal that ended the last run; null where it went well or there was none. */
  readonly lastFailure: string | null;
}

export interface ScheduleView extends ScheduleRecord {
  readonly dataset: string;
  readonly schedule: string;
  readonly timeZone: string;
  /** Milliseconds since the epoch; null where the expression never comes due again. */
  readonly next: number | null;
}

export interface SchedulerParts {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly plans: readonly QualityPlan[];
  /** Runs the rules of a dataset. @returns the code of a refusal, or null. */
  readonly run: (dataset: string, due: Due) => Promise<string | null>;
}

export interface Due {
  /** When the run was due last. */
  readonly at: number;
  /** Due times that passed without a run before that one. */
  readonly missed: number;
}

export interface Scheduler {
  /** Runs what is due, one after the other. */
  tick(): Promise<void>;
  view(): Promise<readonly ScheduleView[]>;
}

const MAX_COUNTED = 10_000;
const key = (dataset: string): string => `quality-schedule/${dataset}`;

/** @throws {ProtocolError} SCHEDULE_INVALID for an expression that is none or never comes due. */
export function assertSchedule(plan: QualityPlan, nowMs: number): void {
  if (plan.schedule !== undefined && nextDue(plan, nowMs) === null) throw invalid(plan);
}

export function createScheduler(parts: SchedulerParts): Scheduler {
  const { state, clock, run } = parts;
  const plans = parts.plans.filter(({ schedule }) => schedule !== undefined);
  return {
    tick: async () => {
      for (const plan of plans) {
        const record = await recordOf(parts, plan);
        const due = dueBetween(plan, record.until, clock.now());
        if (due === null) continue;
        const lastFailure = await run(plan.dataset, due);
        const next: ScheduleRecord = { until: due.at, missed: record.missed + due.missed, lastFailure };
        await state.write([{ type: 'put', key: key(plan.dataset), value: next }]);
      }
    },
    view: () =>
      Promise.all(
        plans.map(async (plan) => ({
          ...(await recordOf(parts, plan)),
          dataset: plan.dataset,
          schedule: plan.schedule!,
          timeZone: plan.calendar.timeZone,
          next: nextDue(plan, clock.now()),
        })),
      ),
  };
}

/** The last due time in (after, now], and how many lie before it there. */
export function dueBetween(plan: QualityPlan, after: number, now: number): Due | null {
  let at = nextDue(plan, after);
  if (at === null || at > now) return null;
  let missed = 0;
  for (let next = nextDue(plan, at); next !== null && next <= now && missed < MAX_COUNTED; next = nextDue(plan, at)) {
    missed += 1;
    at = next;
  }
  return { at: missed < MAX_COUNTED ? at : now, missed };
}

/** A schedule that is seen for the first time begins now: nothing was missed before it was written. */
async function recordOf({ state, clock }: SchedulerParts, plan: QualityPlan): Promise<ScheduleRecord> {
  const stored = await state.get<ScheduleRecord>(key(plan.dataset));
  if (stored !== undefined) return stored;
  const first: ScheduleRecord = { until: clock.now(), missed: 0, lastFailure: null };
  await state.write([{ type: 'put', key: key(plan.dataset), value: first }]);
  return first;
}

function nextDue(plan: QualityPlan, after: number): number | null {
  try {
    const cron = new Cron(plan.schedule!, { timezone: plan.calendar.timeZone, paused: true });
    return cron.nextRun(new Date(after))?.getTime() ?? null;
  } catch (cause) {
    throw invalid(plan, cause);
  }
}

function invalid(plan: QualityPlan, cause?: unknown): ProtocolError {
  return new ProtocolError('SCHEDULE_INVALID', { dataset: plan.dataset }, { cause });
}
