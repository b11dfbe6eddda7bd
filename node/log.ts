/** Structured log lines on stderr. Fields are chosen by the caller and safe; of a cause only its kind is written. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Logger } from './ports.ts';

/** One JSON object per line: time, organisation, level, message, fields. */
export function createLogger(org: string, write: (line: string) => void): Logger {
  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>>): void => {
    write(`${JSON.stringify({ time: new Date().toISOString(), org, level, message, ...fields })}\n`);
  };
  return {
    info: (message, fields = {}) => line('info', message, fields),
    error: (message, fields, cause) => line('error', message, { ...fields, ...kindOf(cause) }),
  };
}

/** Messages of foreign errors may quote data, so they stay out; where they were thrown does not. */
function kindOf(cause: unknown): Readonly<Record<string, unknown>> {
  if (cause instanceof ProtocolError) return { code: cause.code, details: cause.details };
  if (!(cause instanceof Error)) return {};
  const at = cause.stack
    ?.split('\n')
    .filter((frame) => frame.trimStart().startsWith('at '))
    .slice(0, 4);
  return { cause: cause.name, at: at?.map((frame) => frame.trim()) };
}
