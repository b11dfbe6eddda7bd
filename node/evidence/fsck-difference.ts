/** What fsck says: the first place where store, events and chain do not agree. Digests, counts and places; no values. */
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';

export type Difference = {
  readonly code: Extract<ErrorCode, `FSCK_${string}`>;
  /** Key in the store without values (`event/…`, `tile/0/3`, `by/requestId/…/12`), or `anchor/<size>`. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
};

/** Thrown at the first difference; never leaves fsck. */
export class DifferenceFound extends Error {
  readonly difference: Difference;

  constructor(difference: Difference) {
    super(difference.code);
    this.difference = difference;
  }
}

/** Ends the check. @throws {DifferenceFound} always */
export function differs(
  code: Difference['code'],
  where: string,
  expected: string | number,
  found: string | number,
): never {
  throw new DifferenceFound({ code, where, expected: String(expected), found: String(found) });
}
