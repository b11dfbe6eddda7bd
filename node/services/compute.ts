import type { NodeParts } from './parts.ts';

export function computeServices(parts: NodeParts) {
  const { computations, runner, unlocking } = parts;
  return {
    announce: computations.announce,
    start: computations.start,
    status: computations.status,
    chunk: async (caller: string, id: string, chunk: number) =>
      runner.chunk(await computations.owned(caller, id), chunk),
    unlock: unlocking.unlock,
    lane: unlocking.lane,
  };
}
