/**
 * The one error type that crosses a module, process or organisation boundary.
 *
 * An error carries a stable `code` from the message catalogue and details that are safe to publish
 * (sizes, row numbers, expected values, digests), never an identifier, a secret or a plaintext value.
 * The `cause` is for the local log only and never leaves the process.
 */
import { type ErrorCode, messageFor } from './messages/catalogue.ts';

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** A refusal with a stable code and publishable details; its message is the English text of the catalogue. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { readonly cause?: unknown }) {
    super(messageFor(code, details, 'en'), options);
    this.code = code;
    this.details = details;
  }
}

/** Narrows an unknown value to a ProtocolError, optionally of one code. */
export function isProtocolError(value: unknown, code?: ErrorCode): value is ProtocolError {
  return value instanceof ProtocolError && (code === undefined || value.code === code);
}
