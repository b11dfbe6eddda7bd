/**
 * What must hold at each use of a grant: quality, hours, consent, certificate.
 *
 * A grant over several datasets keeps to the strictest of what each policy says. A person may make conditions stricter
 * and never looser: whatever the policy asks for stays asked for.
 */
import { z } from 'zod';
import { ProtocolError } from '../errors.ts';
import { isTimeZone } from '../schema.ts';

/** An interval of the day in the policy's time zone; the end may be 24:00. */
export const hoursInterval = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d\/(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'such as 08:30/17:30')
  .refine((text) => text.slice(0, 5) < text.slice(6), 'the end must be after the start');
/** ISO weekdays, 1 is Monday. */
export const isoWeekdays = z.array(z.int().min(1).max(7)).min(1).max(7);
export const timeZone = z.string().min(1).max(64).refine(isTimeZone, 'an IANA time zone such as Asia/Shanghai');

export const grantConditionsSchema = z.strictObject({
  /** Basis points; null for none. */
  qualityFloor: z.int().min(1).max(10_000).nullable(),
  /** Every interval must hold, such as `08:30/17:30`. */
  hours: z.array(hoursInterval).max(64),
  /** ISO weekdays on which it may be used; null for all, empty for none. */
  weekdays: z.array(z.int().min(1).max(7)).max(7).nullable(),
  timeZone,
  needsConsent: z.boolean(),
  needsCertificate: z.boolean(),
});
export type GrantConditions = z.output<typeof grantConditionsSchema>;

/** What a person asks for beyond the policy; what is left out stays as it is. */
export const stricterConditionsSchema = z.strictObject({
  qualityFloor: z.int().min(1).max(10_000).optional(),
  hours: z.array(hoursInterval).max(8).optional(),
  weekdays: isoWeekdays.optional(),
  needsConsent: z.literal(true).optional(),
  needsCertificate: z.literal(true).optional(),
});
export type StricterConditions = z.output<typeof stricterConditionsSchema>;

/** Conditions that ask for nothing. */
export function noConditions(zone: string): GrantConditions {
  return {
    qualityFloor: null,
    hours: [],
    weekdays: null,
    timeZone: zone,
    needsConsent: false,
    needsCertificate: false,
  };
}

/**
 * The strictest of several.
 * @param all - at least one.
 * @throws {ProtocolError} POLICY_TIME_ZONES where two of them limit hours or weekdays in different time zones.
 */
export function strictestConditions(all: readonly GrantConditions[]): GrantConditions {
  const timed = all.filter(({ hours, weekdays }) => hours.length > 0 || weekdays !== null);
  const zones = new Set(timed.map((conditions) => conditions.timeZone));
  if (zones.size > 1) throw new ProtocolError('POLICY_TIME_ZONES', { zones: [...zones].sort().join(', ') });
  const floors = all.flatMap(({ qualityFloor }) => (qualityFloor === null ? [] : [qualityFloor]));
  return {
    qualityFloor: floors.length === 0 ? null : Math.max(...floors),
    hours: [...new Set(all.flatMap(({ hours }) => hours))],
    weekdays: all.reduce<readonly number[] | null>((left, { weekdays }) => commonDays(left, weekdays), null) as
      | number[]
      | null,
    timeZone: (timed[0] ?? all[0]!).timeZone,
    needsConsent: all.some(({ needsConsent }) => needsConsent),
    needsCertificate: all.some(({ needsCertificate }) => needsCertificate),
  };
}

/** Conditions together with what a person asks for beside them: nothing gets looser. */
export function stricterConditions(conditions: GrantConditions, more: StricterConditions): GrantConditions {
  const { timeZone: zone } = conditions;
  const asked: GrantConditions = {
    qualityFloor: more.qualityFloor ?? null,
    hours: more.hours ?? [],
    weekdays: more.weekdays ?? null,
    timeZone: zone,
    needsConsent: more.needsConsent ?? false,
    needsCertificate: more.needsCertificate ?? false,
  };
  return strictestConditions([conditions, asked]);
}

/** Whether a grant may be used at this moment, as far as hours and weekdays go. */
export function isWithinHours(
  conditions: Pick<GrantConditions, 'hours' | 'weekdays' | 'timeZone'>,
  now: Date,
): boolean {
  const { time, weekday } = localTime(now, conditions.timeZone);
  const isHour = conditions.hours.every((interval) => interval.slice(0, 5) <= time && time < interval.slice(6));
  return isHour && (conditions.weekdays === null || conditions.weekdays.includes(weekday));
}

function commonDays(left: readonly number[] | null, right: readonly number[] | null): readonly number[] | null {
  if (left === null || right === null) return left ?? right;
  return left.filter((day) => right.includes(day));
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** By time zone: making a format costs many times what using it does, and a gate asks before each unlocking. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const digits = '2-digit';
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: digits,
    minute: digits,
    hourCycle: 'h23',
  });
  formats.set(zone, format);
  return format;
}

function localTime(now: Date, zone: string): { readonly time: string; readonly weekday: number } {
  const parts = formatOf(zone).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((found) => found.type === type)!.value;
  return { time: `${part('hour')}:${part('minute')}`, weekday: WEEKDAYS.indexOf(part('weekday')) + 1 };
}
