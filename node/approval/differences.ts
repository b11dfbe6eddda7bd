/** Where two versions of a request differ, for the person who decides about the newer one. */
import { canonicalText } from '@sealedger/protocol/canonical.ts';

/** One place; null where the version has nothing there. Values are canonical JSON, cut short. */
export interface Difference {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

const MAX_DIFFERENCES = 200;
const MAX_TEXT = 400;

/** @returns at most 200 places, in the order of the newer version. */
export function differencesOf(before: unknown, after: unknown): readonly Difference[] {
  return compare(before, after, '').slice(0, MAX_DIFFERENCES);
}

function compare(before: unknown, after: unknown, path: string): Difference[] {
  if (isPlain(before) && isPlain(after)) {
    const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return names.flatMap((name) => compare(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => compare(before[i], after[i], `${path}[${i}]`)).flat();
  }
  const [left, right] = [textOf(before), textOf(after)];
  return left === right ? [] : [{ path, before: left, after: right }];
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return value === undefined ? null : canonicalText(value).slice(0, MAX_TEXT);
}
