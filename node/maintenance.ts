/** What is thrown away when its time is over: gate keys of ended grants, chunks of retired or ended computations. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { ComputationRecord } from './compute/computation.ts';
import { discardChunks } from './compute/runner.ts';
import { type EpochKeys, epochRequests } from './match/epoch-keys.ts';
import type { Mutex } from './mutex.ts';
import type { Ledger, Logger, RequestState, StateStore } from './ports.ts';
import type { Evaluation } from './release/evaluation.ts';

export interface MaintenanceParts {
  readonly state: StateStore;
  readonly ledger: Ledger;
  readonly epochKeys: EpochKeys;
  readonly evaluation: Pick<Evaluation, 'forget'>;
  readonly chunkDirectory: string;
  readonly mutex: Mutex;
  readonly log: Logger;
}

const ENDED: readonly RequestState[] = ['completed', 'expired', 'revoked', 'rejected', 'withdrawn', 'superseded'];

/** One round; a chain that is away leaves everything as it is. */
export async function tidyUp(parts: MaintenanceParts): Promise<void> {
  const { state, ledger, epochKeys, log } = parts;
  try {
    for (const requestId of await epochRequests(state)) {
      const now = await stateOf(ledger, requestId);
      if (!ENDED.includes(now)) continue;
      await epochKeys.erase(requestId);
      parts.evaluation.forget();
      log.info('epoch key erased', { requestId, state: now });
    }
    for (const [key, { requestId }] of await state.list<ComputationRecord>('computation/')) {
      await parts.mutex.run(`request/${requestId}`, async () => {
        const record = await state.get<ComputationRecord>(key);
        if (record !== undefined && (await isOver(ledger, record))) await discard(parts, key, record);
      });
    }
  } catch (error) {
    if (!isProtocolError(error, 'CHAIN_UNREACHABLE')) throw error;
  }
}

async function isOver(ledger: Ledger, record: ComputationRecord): Promise<boolean> {
  if (record.discarded === true || record.state === 'running') return false;
  if (record.state === 'retired') return true;
  return ENDED.includes(await stateOf(ledger, record.requestId));
}

/** State of a request; 'none' where the chain took it back: it may come again, so nothing of it is thrown away. */
async function stateOf(ledger: Ledger, requestId: string): Promise<RequestState> {
  try {
    return (await ledger.recentRequest(requestId)).state;
  } catch (error) {
    if (isProtocolError(error, 'REQUEST_UNKNOWN')) return 'none';
    throw error;
  }
}

/** The digests of what was sent stay; the bytes go. */
async function discard(
  { state, chunkDirectory, log }: MaintenanceParts,
  key: string,
  record: ComputationRecord,
): Promise<void> {
  await discardChunks(chunkDirectory, record.computationId);
  await state.write([{ type: 'put', key, value: { ...record, discarded: true } }]);
  log.info('chunks discarded', { computationId: record.computationId });
}
