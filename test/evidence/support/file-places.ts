/** Where in a bundle's file a byte stands, and the claim that rests on that place: the map of docs/evidence.md. */
import type { ClaimCode } from '@sealedger/sdk/verify/claims.ts';

export type Path = readonly (string | number)[];
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The path of every byte of canonical JSON in ASCII: the value that it is part of; of a brace, comma or name the object or
 * list that it divides.
 */
export function pathsOfBytes(text: string): readonly Path[] {
  const paths: Path[] = new Array<Path>(text.length).fill([]);
  let at = 0;
  const mark = (from: number, path: Path): void => void paths.fill(path, from, at);
  const scalar = (path: Path): void => {
    const from = at;
    at += (/^("[^"]*"|[^,\]}\n]+)/.exec(text.slice(at, at + 4096)) ?? [''])[0].length;
    mark(from, path);
  };
  const single = (path: Path): void => {
    at += 1;
    mark(at - 1, path);
  };
  const value = (path: Path): void => {
    const isObject = text[at] === '{';
    if (!isObject && text[at] !== '[') {
      scalar(path);
      return;
    }
    single(path);
    for (let i = 0; text[at] !== '}' && text[at] !== ']'; i++) {
      if (i > 0) single(path);
      let key: string | number = i;
      if (isObject) {
        const from = at;
        at = text.indexOf('"', at + 1) + 1;
        key = text.slice(from + 1, at - 1);
        mark(from, path);
        single(path);
      }
      value([...path, key]);
    }
    single(path);
  };
  value([]);
  return paths;
}

export function* leavesOf(value: Json, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) yield path;
  else for (const [key, item] of entriesOf(value)) yield* leavesOf(item, [...path, key]);
}

export function entriesOf(value: Json[] | { [key: string]: Json }): readonly (readonly [string | number, Json])[] {
  return Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
}

export function at(root: Json, path: Path): Json {
  return path.reduce<Json>((value, key) => (value as { [key: string]: Json })[key]!, root);
}

/** The claims of which one must fail when the file can be read and differs below this path. */
export function claimsFor(file: Json, path: Path): readonly ClaimCode[] {
  const [part, , section, , detail] = path;
  switch (part) {
    case 'subject':
      return ['PART_COMPLETE'];
    case 'chain':
      return ['CHAIN_PINNED'];
    case 'words':
      return [...leavesOf(file)]
        .filter((leaf) => at(file, leaf) === `#${path[1]}`)
        .flatMap((leaf) => claimsFor(file, leaf));
    case 'blocks':
      return section === 'receipts' ? ['RECEIPT_PROVEN'] : ['BLOCK_SEALED'];
    case 'logs':
      break;
    default:
      return ['FORM'];
  }
  if (section === undefined) return ['KEY_REGISTERED', 'PART_COMPLETE', 'FORM'];
  if (section === 'org') return ['KEY_REGISTERED'];
  if (section === 'statement') return ['PART_COMPLETE'];
  if (section === 'consistency') return ['LOG_CONSISTENT'];
  if (detail === 'tree') return ['EVENT_LOGGED'];
  if (detail !== 'events') return ['CHECKPOINT_SIGNED'];
  return path[6] === 'at' ? ['EVENT_LOGGED'] : ['EVENT_SIGNED'];
}
