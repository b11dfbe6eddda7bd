/**
 * The word table of a bundle's file: a long text that stands more than once stands in the table, and `#n` in its places.
 *
 * Most of a bundle is 32-byte words (ids, digests, topics), and the id of the request alone stands in every event.
 */
import { ProtocolError } from '../errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Shorter texts stay where they are: a reference would hardly be shorter. */
const MIN_WORD_LENGTH = 32;
/** No part of a bundle is nested deeper; a reader that recurses would end without a reason. */
const MAX_DEPTH = 32;
/** The longest text: a node of a trie or the data of one log; regular expressions give up on much more. */
const MAX_TEXT_LENGTH = 1024 * 1024;
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
 * @param maxLength - of all texts together: a table of few words must not become more than a reader holds.
 * @throws {ProtocolError} SCHEMA_MISMATCH where a reference leads outside the table, or the value is too deep or too long.
 */
export function placeWords(value: Json, words: readonly string[], maxLength: number): Json {
  let length = 0;
  return mapTexts(value, (text) => {
    const place = REFERENCE.exec(text)?.[1];
    const word = place === undefined ? text : words[Number(place)];
    if (word === undefined) return refuse('words', 'no such word');
    length += word.length;
    if (word.length > MAX_TEXT_LENGTH || length > maxLength) return refuse('text', 'a text is too long');
    return word;
  });
}

function mapTexts(value: Json, map: (text: string) => string, depth = 0): Json {
  if (typeof value === 'string') return map(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return refuse('text', 'nesting is too deep');
  if (Array.isArray(value)) return value.map((item: Json) => mapTexts(item, map, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map, depth + 1)]));
}

function refuse(path: string, reason: string): never {
  throw new ProtocolError('SCHEMA_MISMATCH', { document: 'evidence bundle', path, reason });
}
