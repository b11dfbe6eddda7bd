/** Refusals on the wire: RFC 9457 problem documents with the catalogue's codes. */
import { type ErrorDetails, ProtocolError } from './errors.ts';
import { isErrorCode } from './messages/catalogue.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly details: ErrorDetails;
}

/** The problem document of a refusal. */
export function problemOf(error: ProtocolError, status: number): Problem {
  const { code, details } = error;
  return { type: `urn:sealedger:problem:${code}`, title: error.message, status, code, details };
}

/** The refusal that a peer's answer stands for; an answer of another form becomes PEER_ANSWER_UNKNOWN. */
export function refusalOf(body: unknown, status: number, peer: string): ProtocolError {
  if (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    isErrorCode(body.code)
  ) {
    const details = 'details' in body && isScalarRecord(body.details) ? body.details : {};
    return new ProtocolError(body.code, { ...details, peer });
  }
  return new ProtocolError('PEER_ANSWER_UNKNOWN', { peer, status });
}

function isScalarRecord(value: unknown): value is ErrorDetails {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((item) => item === null || ['string', 'number', 'boolean'].includes(typeof item));
}
