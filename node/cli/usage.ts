/** How `sealedger-node` and its commands are used, in the reader's language. */
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';

/** @param code - a text of the catalogue without placeholders, such as NODE_USAGE. */
export function usageText(code: ErrorCode, locale: Locale): string {
  return `${messageFor(code, {}, locale)}\n`;
}
