import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { NodeParts } from './parts.ts';

export function computeServices(parts: NodeParts) {
  const { computations, runner, unlocking, ledger } = parts;
  /** A computation whose bytes may leave: not once its request was revoked or withdrawn, also while they are still on disk. */
  const served = async (caller: string, id: string) => {
    const record = await computations.owned(caller, id);
    const { state } = await ledger.recentRequest(record.requestId);
    if (state === 'revoked' || state === 'withdrawn') throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
    return record;
  };
  return {
    announce: computations.announce,
    start: computations.start,
    status: computations.status,
    chunk: async (caller: string, id: string, chunk: number) => runner.chunk(await served(caller, id), chunk),
    unlock: unlocking.unlock,
    lane: unlocking.lane,
  };
}
