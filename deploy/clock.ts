/** The machine's own time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerClock } from '@sealedger/protocol/ledger/transactions.ts';

export const systemClock: LedgerClock = { now: () => Date.now(), sleep: (ms) => sleep(ms) };
