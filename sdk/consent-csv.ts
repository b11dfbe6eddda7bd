/**
 * Consents as a table: `subject,requester,purpose,scope,issued_at,expires_at`, one to a line, as a bank's or an authority's
 * own system writes them out. A refusal names the line, never the subject.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseIdentifier } from '@sealedger/protocol/identifier.ts';
import type { ConsentInput } from './consent.ts';

const HEADER = ['subject', 'requester', 'purpose', 'scope', 'issued_at', 'expires_at'] as const;

/**
 * Reads a table.
 * @param text - lines; `scope` is a list of departments with spaces between, empty for all; times are dates (UTC) or
 *   instants of ISO 8601.
 * @throws {ProtocolError} CONSENT_TABLE with line and column
 */
export function parseConsentTable(text: string): readonly ConsentInput[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = lines[0]?.split(',').map((cell) => cell.trim());
  if (header?.join() !== HEADER.join()) throw new ProtocolError('CONSENT_TABLE', { line: 1, column: HEADER.join() });
  return lines.flatMap((line, i) => (i === 0 || line.trim() === '' ? [] : [inputOf(line, i + 1)]));
}

function inputOf(text: string, line: number): ConsentInput {
  const cells = text.split(',').map((cell) => cell.trim());
  const wrong = (column: string, cause?: unknown): ProtocolError =>
    new ProtocolError('CONSENT_TABLE', { line, column }, { cause });
  if (cells.length !== HEADER.length) throw wrong(`1-${HEADER.length}`);
  const [subject, requester, purpose, scope, issued, expires] = cells as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const [issuedAt, expiresAt] = [secondsOf(issued), secondsOf(expires)];
  if (issuedAt === null) throw wrong('issued_at');
  if (expiresAt === null || expiresAt <= issuedAt) throw wrong('expires_at');
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(requester)) throw wrong('requester');
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(purpose)) throw wrong('purpose');
  const departments = scope === '' ? [] : scope.split(/\s+/);
  if (!departments.every((one) => /^[a-z0-9][a-z0-9-]{0,30}$/.test(one))) throw wrong('scope');
  try {
    return {
      subject: parseIdentifier(subject),
      receipt: { requester, purpose, scope: departments, issuedAt, expiresAt },
    };
  } catch (cause) {
    throw wrong('subject', cause);
  }
}

/** Seconds since the epoch of a date or an instant; null where it is neither. */
function secondsOf(text: string): number | null {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const ms = isDate || isInstant ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) || ms < 0 ? null : Math.floor(ms / 1000);
}
