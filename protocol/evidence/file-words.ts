/**
 * The word table of a bundle's file: a long text that stands more than once stands in the table, and `#n` in its places.
 *
 * Most of a bundle is 32-byte words (ids, digests, topics), and the id of the request alone stands in every event.
 */
import { ProtocolError } from '../errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Shorter texts stay where they are: a reference would hardly be shorter. */
const MIN_WORD_LENGTH = 32;
const REFERENCE = /^#(0|[1-9][0-9]{0,6})$/;

/**
 * Takes repeated texts out.
 * @returns the value with references, and the table in ascending order.
 */
export function shareWords(value: Json): { readonly value: Json; readonly words: readonly string[] } {
  const counts = new Map<string, number>();
  const count = (text: string): string => {
    if (text.length >= MIN_WORD_LENGTH) counts.set(text, (counts.get(text) ?? 0) + 1);
    return text;
  };
  mapTexts(value, count);
  const words = [...counts].filter(([, times]) => times > 1).map(([word]) => word);
  const places = new Map(words.sort().map((word, place) => [word, `#${place}`]));
  return { value: mapTexts(value, (text) => places.get(text) ?? text), words };
}

/**
 * Puts the words back.
 * @throws {ProtocolError} SCHEMA_MISMATCH where a reference leads outside the table.
 */
export function placeWords(value: Json, words: readonly string[]): Json {
  return mapTexts(value, (text) => {
    const place = REFERENCE.exec(text)?.[1];
    if (place === undefined) return text;
    const word = words[Number(place)];
    if (word !== undefined) return word;
    throw new ProtocolError('SCHEMA_MISMATCH', { document: 'evidence bundle', path: 'words', reason: 'no such word' });
  });
}

function mapTexts(value: Json, map: (text: string) => string): Json {
  if (typeof value === 'string') return map(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => mapTexts(item, map));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
