/**
 * Working days of the place where a department works: when a work order is due.
 *
 * In China public holidays move working days onto weekends (调休), so a calendar has both lists; it is configured, never
 * guessed. Dates are `YYYY-MM-DD` in the calendar's time zone.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { isTimeZone } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

const DAY_MS = 86_400_000;
/** Saturday and Sunday as `Date.getUTCDay` counts. */
const WEEKEND: readonly number[] = [0, 6];
/** Further than this no calendar reaches. */
const MAX_DAYS_AHEAD = 3660;

export const isoDate = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'a date is YYYY-MM-DD')
  .refine((text) => new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true, 'there is no such day');
export const timeZoneName = z.string().min(1).max(64).refine(isTimeZone, 'an IANA time zone, such as Asia/Shanghai');

export const calendarSchema = z.strictObject({
  timeZone: timeZoneName,
  /** Days without work beside weekends. */
  holidays: z.array(isoDate).max(1000).default([]),
  /** Weekend days on which people work. */
  workdays: z.array(isoDate).max(1000).default([]),
});
export type Calendar = z.output<typeof calendarSchema>;

/** The day on which a moment falls. @param atMs - milliseconds since the epoch. */
export function dayOf(atMs: number, timeZone: string): string {
  const { year, month, day } = wallClock(atMs, timeZone);
  return `${year}-${month}-${day}`;
}

export function isWorkingDay(day: string, { holidays, workdays }: Calendar): boolean {
  if (workdays.includes(day)) return true;
  return !holidays.includes(day) && !WEEKEND.includes(new Date(`${day}T00:00:00Z`).getUTCDay());
}

/**
 * The day that is `count` working days after the day of `atMs`; that day itself does not count.
 * @throws {ProtocolError} CALENDAR_EXHAUSTED where the calendar has no such day within ten years.
 */
export function addWorkingDays(atMs: number, count: number, calendar: Calendar): string {
  let day = dayOf(atMs, calendar.timeZone);
  let left = count;
  for (let ahead = 0; left > 0; ahead++) {
    if (ahead > MAX_DAYS_AHEAD) throw new ProtocolError('CALENDAR_EXHAUSTED', { workingDays: count });
    day = nextDay(day);
    if (isWorkingDay(day, calendar)) left -= 1;
  }
  return day;
}

/** The first moment after `day` in a time zone, in milliseconds since the epoch: what is due on a day is late from then on. */
export function endOfDay(day: string, timeZone: string): number {
  const midnight = Date.parse(`${nextDay(day)}T00:00:00Z`);
  // Twice, so that a change of the clocks between the guess and the answer counts.
  const guess = midnight - offsetMs(midnight, timeZone);
  return midnight - offsetMs(guess, timeZone);
}

/** Days between two dates, negative where `later` is earlier. */
export function daysBetween(earlier: string, later: string): number {
  return Math.round((Date.parse(`${later}T00:00:00Z`) - Date.parse(`${earlier}T00:00:00Z`)) / DAY_MS);
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

/** How far the clocks of a zone are ahead of UTC at a moment. */
function offsetMs(atMs: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = wallClock(atMs, timeZone);
  const shown = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return shown - Math.floor(atMs / 1000) * 1000;
}

type WallClock = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>>;

function wallClock(atMs: number, timeZone: string): WallClock {
  const two = '2-digit' as const;
  const form = { timeZone, year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
  const format = new Intl.DateTimeFormat('en-CA', { ...form, hourCycle: 'h23' });
  return Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value])) as unknown as WallClock;
}
