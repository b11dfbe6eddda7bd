/** The documents that came in, as intake stores them. */
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { StateStore } from '../ports.ts';

const PREFIX = 'document/';

export interface StoredRequest {
  readonly requestId: string;
  readonly document: RequestDocument;
}

/** All of them, whatever became of the requests. */
export async function storedRequests(state: Pick<StateStore, 'list'>): Promise<readonly StoredRequest[]> {
  const entries = await state.list<RequestDocument>(PREFIX);
  return entries.map(([key, document]) => ({ requestId: key.slice(PREFIX.length), document }));
}
