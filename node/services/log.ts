/** This node's log as others may read it: checkpoints, proofs, and pages of entries; openings for regulators only. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { SignedCheckpoint } from '@sealedger/protocol/evidence/checkpoint.ts';
import {
  type ConsistencyAnswer,
  type InclusionAnswer,
  type LogPage,
  type LogPageEntry,
  MAX_LOG_PAGE,
} from '@sealedger/protocol/evidence/log-answers.ts';
import type { ReadableLog } from '../evidence/ports.ts';

/** @param log - the log of this node. */
export function logServices(log: ReadableLog) {
  return {
    checkpoint: async (size: number | undefined): Promise<SignedCheckpoint> => {
      assertRange(log, size ?? log.size, 1);
      return log.checkpoint(size);
    },
    consistency: async (from: number, to: number): Promise<ConsistencyAnswer> => {
      assertRange(log, from, 1);
      assertRange(log, to, from);
      return { org: log.org, from, to, proof: await log.consistencyProof(from, to) };
    },
    inclusion: async (index: number, size: number): Promise<InclusionAnswer> => {
      assertRange(log, size, 1);
      if (index >= size) throw new ProtocolError('EVIDENCE_RANGE', { index, size });
      return { org: log.org, index, size, proof: await log.inclusionProof(index, size) };
    },
    entries: (caller: { readonly roles: readonly string[] }, start: number, end: number): Promise<LogPage> =>
      pageOf(log, start, end, caller.roles.includes('regulator')),
  };
}

/** The entries from `start` to before `end`, as far as the log goes and a page reaches. */
async function pageOf(log: ReadableLog, start: number, end: number, withOpenings: boolean): Promise<LogPage> {
  const { size } = log;
  if (start >= end || start > size) throw new ProtocolError('EVIDENCE_RANGE', { index: start, size });
  const count = Math.min(end, size, start + MAX_LOG_PAGE) - start;
  const entries = await Promise.all(
    Array.from({ length: count }, async (_, i): Promise<LogPageEntry> => {
      const { signed, openings } = await log.eventAt(start + i);
      return withOpenings ? { signed, openings } : { signed };
    }),
  );
  return { org: log.org, start, size, entries };
}

function assertRange(log: ReadableLog, size: number, least: number): void {
  if (size < least || size > log.size) throw new ProtocolError('EVIDENCE_RANGE', { index: size, size: log.size });
}
