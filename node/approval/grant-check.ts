/** Whether this organisation itself agreed to a request, and the chain carries that agreement and no other. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestView, StateStore } from '../ports.ts';
import type { StoredDecision } from './decide.ts';
import type { GrantCheck } from './guard.ts';
import { approvalKeys } from './keys.ts';

/**
 * A grant for one version of a request is none for another: each has an id of its own, and the hash on chain is of the one
 * grant that was signed. A gate that owns nothing has its agreement at home only.
 * @throws {ProtocolError} GRANT_MISSING, GRANT_MISMATCH
 */
export function grantCheck(state: Pick<StateStore, 'get'>, org: string): GrantCheck {
  return async ({ requestId }, request, _document, grant) => {
    if (grant?.approved !== true) throw new ProtocolError('GRANT_MISSING', {});
    const onChain = request.decisions.find(({ decider }) => decider === org);
    if (onChain === undefined) return;
    const stored = await state.get<StoredDecision>(approvalKeys.decision(requestId));
    if (onChain.decision !== 'approved' || onChain.grantHash !== stored?.grantHash)
      throw new ProtocolError('GRANT_MISMATCH', {});
  };
}

/** What evidence of work under a request says of its grounds: the deciders' grant hashes, in the order of the chain. */
export function grantHashesOf(request: Pick<RequestView, 'decisions'>): { readonly grantHashes?: string[] } {
  const hashes = request.decisions.map(({ grantHash }) => grantHash);
  return hashes.length > 0 && hashes.every((hash) => hash !== '') ? { grantHashes: hashes } : {};
}
