/**
 * What on the chain is this node's business because a request that it stores names it: the request, its model, and who holds
 * its log of consents. The marks are written with the document, so that a question needs one look and no list.
 */
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { StateOperation, StateStore } from '../ports.ts';

const keys = {
  request: (requestId: string): string => `concern/request/${requestId}`,
  model: (modelDigest: string, certifier: string): string => `concern/model/${modelDigest}/${certifier}`,
  holder: (org: string): string => `concern/holder/${org}`,
} as const;

export interface Concerns {
  /** Whether this node has part in a request. */
  request(requestId: string): Promise<boolean>;
  /** Whether a stored request stands on this regulator's certificate of this model. */
  model(modelDigest: string, certifier: string): Promise<boolean>;
  /** Whether a stored request stands on the consents that an organisation holds. */
  holder(org: string): Promise<boolean>;
}

export function createConcerns(state: Pick<StateStore, 'get'>): Concerns {
  const isMarked = async (key: string): Promise<boolean> => (await state.get<unknown>(key)) !== undefined;
  return {
    request: (requestId) => isMarked(keys.request(requestId)),
    model: (modelDigest, certifier) => isMarked(keys.model(modelDigest, certifier)),
    holder: (org) => isMarked(keys.holder(org)),
  };
}

/** The marks of a request, for the write that stores its document. */
export function concernOperations(requestId: string, document: RequestDocument): readonly StateOperation[] {
  const { certifier, consent, modelDigest } = document;
  const marked = [
    keys.request(requestId),
    ...(certifier === null ? [] : [keys.model(modelDigest, certifier)]),
    ...(consent === null ? [] : [keys.holder(consent.holder)]),
  ];
  return marked.map((key) => ({ type: 'put', key, value: requestId }));
}
