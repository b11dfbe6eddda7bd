/**
 * A request that changes or prolongs an earlier one: what a node holds it against.
 *
 * The contract sees to it that both have one requester and that the earlier one was neither refused nor revoked; the node
 * looks again, and holds a renewal against the document that it took then. A new version is a request of its own: what
 * was granted to the old one does not carry over.
 */
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Ledger, RequestView } from '../ports.ts';

/** What a renewal may have anew; everything else is as it was granted. */
const RENEWABLE: readonly string[] = ['quota', 'expiresAt', 'previous', 'nonce', 'contact', 'attachments'];

/**
 * @param stored - the earlier document as this node has it; undefined where it was not concerned.
 * @throws {ProtocolError} REQUEST_PREVIOUS_UNKNOWN, REQUEST_PREVIOUS_REQUESTER, REQUEST_PREVIOUS_STATE,
 *   REQUEST_PREVIOUS_ELSEWHERE, REQUEST_RENEWAL_DIFFERS, CHAIN_UNREACHABLE
 */
export async function assertPrevious(
  ledger: Pick<Ledger, 'request'>,
  document: RequestDocument,
  stored: (requestId: string) => Promise<RequestDocument | undefined>,
): Promise<void> {
  const { previous, requester } = document;
  if (previous === null) return;
  const earlier = await earlierRequest(ledger, previous.requestId);
  if (earlier.requester !== requester) throw new ProtocolError('REQUEST_PREVIOUS_REQUESTER', {});
  if (earlier.state === 'rejected' || earlier.state === 'revoked')
    throw new ProtocolError('REQUEST_PREVIOUS_STATE', { state: earlier.state });
  if (previous.change === 'renewal') assertSameTerms(document, await stored(previous.requestId));
}

async function earlierRequest(ledger: Pick<Ledger, 'request'>, id: string): Promise<RequestView> {
  try {
    return await ledger.request(id);
  } catch (error) {
    if (!isProtocolError(error, 'REQUEST_UNKNOWN')) throw error;
    throw new ProtocolError('REQUEST_PREVIOUS_UNKNOWN', {}, { cause: error });
  }
}

function assertSameTerms(document: RequestDocument, earlier: RequestDocument | undefined): void {
  if (earlier === undefined) throw new ProtocolError('REQUEST_PREVIOUS_ELSEWHERE', {});
  const parts = Object.keys(document) as (keyof RequestDocument)[];
  const different = parts.find(
    (part) => !RENEWABLE.includes(part) && canonicalText(document[part]) !== canonicalText(earlier[part]),
  );
  if (different !== undefined) throw new ProtocolError('REQUEST_RENEWAL_DIFFERS', { part: different });
}
