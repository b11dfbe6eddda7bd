/** Days and hours of a time zone, and the periods of its calendar. */

export const PERIODS = ['day', 'month', 'quarter', 'year'] as const;
export type Period = (typeof PERIODS)[number];

export interface Calendar {
  /** `YYYY-MM-DD` there. */
  day(atMs: number, timeZone: string): string;
  /** Days numbered one after the other, and the hour 0 to 23 there. */
  time(atMs: number, timeZone: string): { readonly day: number; readonly hour: number };
}

const DAY_MS = 86_400_000;
/** Every time zone's offset is a whole number of quarters of an hour. */
const QUARTER_MS = 900_000;
const MAX_REMEMBERED = 20_000;

interface LocalTime {
  readonly date: string;
  readonly day: number;
  readonly hour: number;
}

/** A calendar that remembers what it worked out: formatting a date costs far more than an unlocking may. */
export function createCalendar(): Calendar {
  const formats = new Map<string, Intl.DateTimeFormat>();
  const zones = new Map<string, Map<number, LocalTime>>();
  const at = (atMs: number, timeZone: string): LocalTime => {
    const known = zones.get(timeZone) ?? new Map<number, LocalTime>();
    zones.set(timeZone, known);
    const quarter = Math.floor(atMs / QUARTER_MS);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const format = formats.get(timeZone) ?? formatOf(timeZone);
    formats.set(timeZone, format);
    const made = read(format, atMs);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(quarter, made);
    return made;
  };
  return { day: (atMs, timeZone) => at(atMs, timeZone).date, time: at };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const digits = '2-digit';
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: digits,
    day: digits,
    hour: digits,
    hourCycle: 'h23',
  });
}

function read(format: Intl.DateTimeFormat, atMs: number): LocalTime {
  const parts = format.formatToParts(new Date(atMs));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((found) => found.type === type)!.value;
  const [year, month, day] = [part('year').padStart(4, '0'), part('month'), part('day')];
  const date = `${year}-${month}-${day}`;
  return { date, day: Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS), hour: Number(part('hour')) };
}

/** The period that a day is in: `2026-11-22`, `2026-11`, `2026-Q4`, `2026`. @param day - `YYYY-MM-DD`. */
export function periodOf(day: string, period: Period): string {
  switch (period) {
    case 'day':
      return day;
    case 'month':
      return day.slice(0, 7);
    case 'quarter':
      return `${day.slice(0, 4)}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;
    case 'year':
      return day.slice(0, 4);
  }
}
