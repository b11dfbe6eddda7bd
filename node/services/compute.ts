import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { decodeUnlockOrder } from '@sealedger/protocol/unlocking.ts';
import type { NodeParts } from './parts.ts';

export function computeServices(parts: NodeParts) {
  const { computations, runner, unlocking, guard, usage } = parts;
  /** A computation whose bytes may leave; they may not after a revocation, also while they are still on disk. */
  const served = async (caller: string, id: string) => {
    const record = await computations.owned(caller, id);
    await guard.assertMayLeave(record.requestId);
    return record;
  };
  /** Counts what is refused. @param requestId - as the call named it. */
  const counted = async <T>(caller: string, requestId: () => string | null, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isProtocolError(error)) await usage.refused(caller, requestId(), error.code);
      throw error;
    }
  };
  return {
    announce: (caller: string, requestId: string, attempt: number) =>
      counted(
        caller,
        () => requestId,
        () => computations.announce(caller, requestId, attempt),
      ),
    start: (caller: string, id: string, announcements: readonly unknown[]) =>
      counted(
        caller,
        () => null,
        () => computations.start(caller, id, announcements),
      ),
    status: computations.status,
    chunk: async (caller: string, id: string, chunk: number) => runner.chunk(await served(caller, id), chunk),
    unlock: (caller: string, frame: Uint8Array) =>
      counted(
        caller,
        () => requestOf(frame),
        () => unlocking.unlock(caller, frame),
      ),
    lane: unlocking.lane,
  };
}

/** The request that a frame names, verified or not; null where it names none. */
function requestOf(frame: Uint8Array): string | null {
  try {
    const { body } = decodeUnlockOrder(frame).header as { readonly body?: { readonly requestId?: unknown } };
    return typeof body?.requestId === 'string' ? body.requestId : null;
  } catch (error) {
    if (isProtocolError(error)) return null;
    throw error;
  }
}
