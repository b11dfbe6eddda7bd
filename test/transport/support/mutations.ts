/** Valid calls of a real run, and seeded ways to spoil them. */
import { createHash } from 'node:crypto';
import { signRequestHeaders } from '@sealedger/protocol/http-signature.ts';

/** A call as its sender made it, ready to be signed again. */
export interface Template {
  readonly method: string;
  /** Base of the node that it went to. */
  readonly endpoint: string;
  readonly path: string;
  readonly body?: Uint8Array;
  readonly org: string;
}

export interface Signer {
  readonly org: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** What goes over the wire. */
export interface Spoiled {
  readonly endpoint: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** Bytes of the whole call to be changed at random places. */
  readonly flips: number;
}

export interface Dice {
  /** 0 to `bound - 1`. */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Source: mulberry32, public domain. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return { below, pick: (items) => items[below(items.length)]! };
}

const JUNK: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  '',
  'x'.repeat(5000),
  '../../etc/passwd',
  '__proto__',
  '\u0000',
  '\ud800',
  '’; drop table subjects; --',
  '\r\nsignature: x',
  '0'.repeat(64),
  'f'.repeat(64),
  [],
  {},
  [[[[[[[[]]]]]]]],
  Array.from({ length: 300 }, () => 0),
];
const RAW_KEYS = [
  '"__proto__":{"isAdmin":true}',
  '"constructor":{"prototype":{"isAdmin":true}}',
  '"toString":1',
  '"a":1,"a":2',
];
const SEGMENTS = [
  '..',
  '%2e%2e%2f',
  '%00',
  '%ff',
  '%',
  '0',
  '-1',
  '1e9',
  'NaN',
  'f'.repeat(64),
  'x'.repeat(300),
  '__proto__',
  '*',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND'];
const QUERIES = [
  'since=-1',
  'since=1e400',
  'since[]=1',
  'wait=99999',
  'session=',
  'start=0&end=999999999',
  'a=%',
  '=',
  '&&&',
  'q=’',
];
const FIELDS = ['signature', 'signature-input', 'content-digest', 'content-length', 'content-type', 'host'];
const EXTRA: readonly (readonly [string, string])[] = [
  ['transfer-encoding', 'chunked'],
  ['content-encoding', 'gzip'],
  ['content-length', '7'],
  ['expect', '100-continue'],
  ['upgrade', 'websocket'],
  ['connection', 'upgrade'],
  ['x-forwarded-for', '127.0.0.1'],
  ['x-http-method-override', 'DELETE'],
  ['authorization', 'Bearer x'],
  ['range', 'bytes=0-1'],
  ['if-none-match', '*'],
  ['accept-encoding', 'gzip'],
  ['cookie', 'a=b'],
];

/** One spoiled call; half of them are signed after they were spoiled, so that they pass the door. */
export function spoil(template: Template, signer: Signer, nowMs: number, die: Dice): Spoiled {
  const isSignedAfter = die.below(2) === 0;
  let { method, path } = template;
  let body = template.body;
  const times = 1 + die.below(2);
  for (let time = 0; time < times; time++) {
    const what = die.below(body === undefined ? 10 : 30);
    if (what === 0) method = die.pick(METHODS);
    else if (what < 2) path = spoiledPath(path, die);
    else if (what < 6)
      path = path.replace(/[0-9a-f]{64}|[0-9]+/, (id) => die.pick([changedText(id, die), ...SEGMENTS]));
    else if (what < 10) path += (path.includes('?') ? '&' : '?') + die.pick(QUERIES);
    else body = spoiledBody(body!, die);
  }
  const sent = { ...template, method, path, ...(body === undefined ? {} : { body }) };
  const signed = headersOf(isSignedAfter ? sent : template, signer, nowMs, die);
  const length: (readonly [string, string])[] = body === undefined ? [] : [['content-length', String(body.length)]];
  const headers = [['host', 'node'] as const, ...signed, ...length];
  return {
    endpoint: template.endpoint,
    method,
    path,
    headers: die.below(isSignedAfter ? 6 : 2) === 0 ? spoiledHeaders(headers, die) : headers,
    body: body ?? new Uint8Array(0),
    flips: die.below(12) === 0 ? 1 + die.below(4) : 0,
  };
}

/** The fields of a call that is in order; or, now and then, of one whose signature says what it should not. */
function headersOf(call: Template, signer: Signer, nowMs: number, die: Dice): (readonly [string, string])[] {
  const created = Math.floor(nowMs / 1000) + (die.below(20) === 0 ? die.pick([-1000, -80, 20, 80, 100_000]) : 0);
  const digest = call.body === undefined ? {} : { bodyDigest: createHash('sha256').update(call.body).digest() };
  const nonce = Array.from({ length: 32 }, () => die.below(16).toString(16)).join('');
  const keyEpoch = die.below(30) === 0 ? die.below(3) : 1;
  try {
    const fields = signRequestHeaders({
      ...digest,
      method: call.method,
      url: call.endpoint + call.path,
      org: signer.org,
      keyEpoch,
      created,
      expires: created + die.pick([1, 30, 60, 60, 60, 60, 300, 301]),
      nonce,
      sign: signer.sign,
    });
    return Object.entries(fields);
  } catch {
    // a target that no signature covers goes out unsigned
    return [];
  }
}

function spoiledPath(path: string, die: Dice): string {
  const segments = path.split('/');
  const at = 1 + die.below(segments.length - 1);
  const kind = die.below(4);
  if (kind === 0) segments[at] = die.pick(SEGMENTS);
  else if (kind === 1) segments.splice(at, 1);
  else if (kind === 2) segments.splice(at, 0, die.pick(SEGMENTS));
  else segments[at] = changedText(segments[at]!, die);
  return `/${segments.slice(1).join('/')}`;
}

function changedText(text: string, die: Dice): string {
  const at = die.below(text.length + 1);
  return text.slice(0, at) + die.pick(['0', 'a', 'f', 'Z', '.', '~', '%41', '']) + text.slice(at + die.below(2));
}

function spoiledBody(body: Uint8Array, die: Dice): Uint8Array {
  const kind = die.below(6);
  if (kind === 0) return body.slice(0, die.below(body.length + 1));
  if (kind === 1) return flipped(body, 1 + die.below(8), die);
  if (kind === 2) return Buffer.concat([body, Buffer.from(die.pick(['}', '\n', '\0', '{"a":1}']))]);
  const text = Buffer.from(body).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (kind === 3) return Buffer.from(text.replace('{', `{${die.pick(RAW_KEYS)},`));
    return Buffer.from(JSON.stringify(changedValue(value, die)));
  } catch {
    return flipped(body, 1 + die.below(64), die);
  }
}

/** A copy in which one value, somewhere, is another, missing or new. */
function changedValue(value: unknown, die: Dice): unknown {
  if (Array.isArray(value) && value.length > 0 && die.below(5) > 0) {
    const at = die.below(value.length);
    return value.map((item, index) => (index === at ? changedValue(item, die) : item));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && die.below(8) > 0) {
    const entries = Object.entries(value);
    if (entries.length > 0) {
      const at = die.below(entries.length);
      const kind = die.below(8);
      if (kind === 0) return Object.fromEntries(entries.filter((_, index) => index !== at));
      if (kind === 1) return Object.fromEntries([...entries, [die.pick(['constructor', 'extra', '']), die.pick(JUNK)]]);
      return Object.fromEntries(
        entries.map(([key, item], index) => [key, index === at ? changedValue(item, die) : item]),
      );
    }
  }
  return die.pick(JUNK);
}

export function flipped(bytes: Uint8Array, count: number, die: Dice): Uint8Array {
  const copy = bytes.slice();
  for (let time = 0; time < count && copy.length > 0; time++) copy[die.below(copy.length)]! ^= 1 << die.below(8);
  return copy;
}

function spoiledHeaders(headers: readonly (readonly [string, string])[], die: Dice): (readonly [string, string])[] {
  const name = die.pick(FIELDS);
  const kind = die.below(5);
  if (kind === 0) return headers.filter(([field]) => field !== name);
  if (kind === 1) return [...headers, ...headers.filter(([field]) => field === name)];
  if (kind === 2) return [...headers, die.pick(EXTRA)];
  if (kind === 3) return [...headers, [name, die.pick(['', 'x', 'sealedger=:AAAA:', ';;', '"'.repeat(300)])]];
  return headers.map(([field, value]) => [field, field === name ? changedText(value, die) : value] as const);
}
