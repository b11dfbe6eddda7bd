import type { NodeParts } from './parts.ts';

export function computeServices(parts: NodeParts) {
  const { computations, runner, unlocking, guard } = parts;
  /** A computation whose bytes may leave; they may not after a revocation, also while they are still on disk. */
  const served = async (caller: string, id: string) => {
    const record = await computations.owned(caller, id);
    await guard.assertMayLeave(record.requestId);
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
