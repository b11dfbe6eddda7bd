/**
 * What a relay and the node behind it exchange: a signed call of a third organisation, and that node's signed answer.
 *
 * A frame is `length of the head (u32 BE) | head (JSON) | body`. The relay can read both and change neither: the call is
 * signed by who makes it, for the endpoint of the node behind; the answer by that node, for that call.
 */
import { z } from 'zod';
import { concat, utf8, utf8Decode } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { hex32, parseJson } from './schema.ts';

const MAX_HEAD_BYTES = 24 << 10;

/** Header fields that are handed on; all others stay with the relay. */
export const RELAYED_CALL_FIELDS = ['signature-input', 'signature', 'content-digest', 'content-type'] as const;
export const RELAYED_ANSWER_FIELDS = [
  'signature-input',
  'signature',
  'content-digest',
  'content-type',
  'retry-after',
] as const;

const field = z.string().max(8192);
const fields = <N extends string>(names: readonly [N, ...N[]]) => z.partialRecord(z.enum(names), field);

const callHeadSchema = z.strictObject({
  id: hex32,
  method: z.enum(['GET', 'POST', 'PUT']),
  /** Path and query behind the relay's own path. */
  target: z.string().regex(/^\/v1\/[\x21-\x7e]{0,8000}$/),
  headers: fields(RELAYED_CALL_FIELDS),
});
const answerHeadSchema = z.strictObject({
  status: z.int().min(200).max(599),
  headers: fields(RELAYED_ANSWER_FIELDS),
});

export type RelayedCall = z.output<typeof callHeadSchema> & { readonly body: Uint8Array };
export type RelayedAnswer = z.output<typeof answerHeadSchema> & { readonly body: Uint8Array };

export function relayedCallFrame({ body, ...head }: RelayedCall): Uint8Array {
  return frame(head, body);
}

export function relayedAnswerFrame({ body, ...head }: RelayedAnswer): Uint8Array {
  return frame(head, body);
}

/** @throws {ProtocolError} RELAY_FRAME_MALFORMED, SCHEMA_MISMATCH */
export function parseRelayedCall(bytes: Uint8Array): RelayedCall {
  const { head, body } = split(bytes);
  return { ...parseJson(callHeadSchema, head, 'relayed call'), body };
}

/** @throws {ProtocolError} RELAY_FRAME_MALFORMED, SCHEMA_MISMATCH */
export function parseRelayedAnswer(bytes: Uint8Array): RelayedAnswer {
  const { head, body } = split(bytes);
  return { ...parseJson(answerHeadSchema, head, 'relayed answer'), body };
}

/** Those of `names` that `headers` has. */
export function pickFields<N extends string>(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  names: readonly N[],
): Partial<Record<N, string>> {
  const given = names.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => typeof value === 'string')) as Partial<Record<N, string>>;
}

function frame(head: unknown, body: Uint8Array): Uint8Array {
  const text = utf8(JSON.stringify(head));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length);
  return concat(length, text, body);
}

function split(bytes: Uint8Array): { readonly head: string; readonly body: Uint8Array } {
  if (bytes.length < 4) throw malformed('too short');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > MAX_HEAD_BYTES || 4 + length > bytes.length) throw malformed('the head is longer than it may be');
  try {
    return { head: utf8Decode(bytes.subarray(4, 4 + length)), body: bytes.subarray(4 + length) };
  } catch (cause) {
    throw malformed('the head is no UTF-8', cause);
  }
}

function malformed(reason: string, cause?: unknown): ProtocolError {
  return new ProtocolError('RELAY_FRAME_MALFORMED', { reason }, { cause });
}
