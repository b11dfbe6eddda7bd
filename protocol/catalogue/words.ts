/** Words for values of the catalogue that people read in their language: states, classes of data. */
import { type ErrorCode, type Locale, messageFor } from '../messages/catalogue.ts';

const WORDS: ReadonlyMap<unknown, ErrorCode> = new Map([
  ['draft', 'STATE_DRAFT'],
  ['review', 'STATE_REVIEW'],
  ['approved', 'STATE_APPROVED'],
  ['published', 'STATE_PUBLISHED'],
  ['revised', 'STATE_REVISED'],
  ['withdrawn', 'STATE_WITHDRAWN'],
  ['filed', 'STATE_FILED'],
  ['planned', 'STATE_PLANNED'],
  ['declined', 'STATE_DECLINED'],
  ['covered', 'STATE_COVERED'],
  ['open', 'STATE_OPEN'],
  ['accepted', 'STATE_ACCEPTED'],
  ['refused', 'STATE_REFUSED'],
  ['void', 'STATE_VOID'],
  ['applied', 'STATE_APPLIED'],
  ['general', 'DATA_CLASS_GENERAL'],
  ['important', 'DATA_CLASS_IMPORTANT'],
  ['core', 'DATA_CLASS_CORE'],
]);

/** The word for a state or a class; the value itself where it has none. */
export function wordFor(value: unknown, locale: Locale): string {
  const code = WORDS.get(value);
  return code === undefined ? String(value) : messageFor(code, {}, locale);
}
