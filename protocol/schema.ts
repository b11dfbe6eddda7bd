/** Reading a document from outside: zod's answer as one ProtocolError that says where and what. */
import { z } from 'zod';
import { ProtocolError } from './errors.ts';

export const organisationId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'an organisation id is 1 to 31 of a-z 0-9 -');
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '32 bytes as 64 lower-case hex digits');
export const purposeCode = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a purpose code is 1 to 31 of a-z 0-9 -');

/** Controls other than a line feed, and marks that turn the direction of writing: on a terminal they forge what is read. */
const UNPRINTABLE = /[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u;

/** Text of `length` characters at most that a person of another organisation will read. */
export function plainText(length: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(length)
    .refine((text) => !UNPRINTABLE.test(text) && text.trim() !== '', 'printable text without control characters');
}

/**
 * Parses `value` by `schema`.
 * @param document - what is being read, for the message; never its content.
 * @throws {ProtocolError} SCHEMA_MISMATCH with the path of the first issue.
 */
export function parseDocument<S extends z.ZodType>(schema: S, value: unknown, document: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ProtocolError('SCHEMA_MISMATCH', {
    document,
    path: issue?.path.map(String).join('.') || '(root)',
    reason: issue?.message ?? 'invalid',
  });
}

/** Parses JSON text by `schema`; @throws {ProtocolError} SCHEMA_MISMATCH, also where the text is no JSON. */
export function parseJson<S extends z.ZodType>(schema: S, text: string, document: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('SCHEMA_MISMATCH', { document, path: '(root)', reason: 'not JSON' }, { cause });
  }
  return parseDocument(schema, value, document);
}

/** Whether the platform knows a time zone of this IANA name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
