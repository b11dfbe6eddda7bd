/** An error as a person reads it: code and sentence in the reader's language; only foreign errors keep their own words. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

export function explainError(error: unknown, locale: Locale): string {
  if (error instanceof ProtocolError) return `${error.code}: ${messageFor(error.code, error.details, locale)}`;
  return error instanceof Error ? (error.stack ?? error.message) : 'unknown failure';
}
