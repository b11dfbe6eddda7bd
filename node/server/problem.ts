/** The one table from error codes to HTTP statuses (RFC 9457). */
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  ROUTE_UNKNOWN: 404,
  ROLE_MISSING: 403,
  MEMBER_UNKNOWN: 403,
  MEMBER_SUSPENDED: 403,
  MEMBER_KEY_EPOCH: 403,
  NONCE_REPLAYED: 409,
  BODY_TOO_LARGE: 413,
  BODY_LENGTH_MISSING: 411,
  BODY_ENCODED: 415,
  REQUEST_UNKNOWN: 404,
  REQUEST_NOT_ACTIVE: 409,
  COMPUTATION_UNKNOWN: 404,
  COMPUTATION_RETIRED: 410,
  COMPUTATION_CONFLICT: 409,
  CHUNK_NOT_READY: 425,
  QUOTA_EXHAUSTED: 429,
  UNLOCK_LANE_CONFLICT: 409,
  CHAIN_UNREACHABLE: 503,
  CHAIN_STALE: 503,
  INTERNAL: 500,
};

/** HTTP status of a refusal; 401 for signatures, 400 where the table is silent. */
export function statusOf(code: ErrorCode): number {
  return statuses[code] ?? (code.startsWith('HTTP_SIGNATURE') ? 401 : 400);
}
