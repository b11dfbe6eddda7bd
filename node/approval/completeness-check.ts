/** Nothing is computed for a request of which a part was declared and never sent: a specimen of the consent form, say. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { MissingParts } from '../request/completeness.ts';
import type { GrantCheck } from './guard.ts';

/**
 * Asked when a computation begins: what arrived does not leave again.
 * @throws {ProtocolError} REQUEST_INCOMPLETE naming what has not arrived
 */
export function completenessCheck(missing: MissingParts): GrantCheck {
  return async ({ kind, moment }, _request, document) => {
    if (kind !== 'compute' || (moment !== 'announce' && moment !== 'start')) return;
    const parts = await missing(document);
    if (parts.length > 0) throw new ProtocolError('REQUEST_INCOMPLETE', { missing: parts.join(', ') });
  };
}
