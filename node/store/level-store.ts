/** The node's durable state on Level: JSON values in one sublevel, every write synced. */

import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { Level } from 'level';
import type { BatchOp } from '../evidence/level-store.ts';
import type { NonceStore, StateOperation, StateStore } from '../ports.ts';

export type Database = Level<string, string>;

/** Opens the database of a node. @throws {ProtocolError} STORE_IN_USE where another process has it open. */
export async function openDatabase(directory: string): Promise<Database> {
  const database: Database = new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  try {
    await database.open();
  } catch (cause) {
    if (levelCode(cause) === 'LEVEL_LOCKED') throw new ProtocolError('STORE_IN_USE', {}, { cause });
    throw cause;
  }
  return database;
}

/** The store's own code, which stands in the cause of a failed opening; empty where the error is of another kind. */
export function levelCode(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (cause instanceof Error && 'code' in cause) return levelCode(cause);
  return typeof code === 'string' && code.startsWith('LEVEL_') ? code : '';
}

/** LevelDB keeps what was deleted in its files until it compacts them; `level` does not type the call. */
function compacting(database: Database): { compactRange(start: string, end: string): Promise<void> } {
  return database as unknown as { compactRange(start: string, end: string): Promise<void> };
}

export interface LevelState extends StateStore {
  /** The same operations in the form of a batch over the whole database, for one transaction with the event log. */
  operations(operations: readonly StateOperation[]): BatchOp[];
}

export function createStateStore(database: Database): LevelState {
  const state = database.sublevel<string, unknown>('state', { valueEncoding: 'json' });
  const operations = (list: readonly StateOperation[]): BatchOp[] =>
    list.map((operation) => ({ ...operation, sublevel: state, valueEncoding: 'json' }) as BatchOp);
  return {
    get: async <T>(key: string) => (await state.get(key)) as T | undefined,
    list: async <T>(prefix: string) => {
      const entries = await state.iterator({ gte: prefix, lt: `${prefix}\uffff` }).all();
      return entries as unknown as readonly (readonly [string, T])[];
    },
    write: async (list) => {
      await database.batch<string, unknown>(operations(list), { sync: true });
    },
    erase: async (key) => {
      await database.batch<string, unknown>(operations([{ type: 'del', key }]), { sync: true });
      await compacting(database).compactRange(state.prefixKey(key, 'utf8'), state.prefixKey(`${key}\uffff`, 'utf8'));
    },
    operations,
  };
}

const SWEEP_EVERY = 1000;

/** Nonces of signed calls, kept until their calls are too old to be taken; survives a restart. */
export function createNonceStore(database: Database, clock: { now(): number }): NonceStore {
  const nonces = database.sublevel<string, number>('nonces', { valueEncoding: 'json' });
  const inFlight = new Set<string>();
  let sinceSweep = 0;
  const sweep = async (): Promise<void> => {
    const now = clock.now();
    const old: string[] = [];
    for await (const [key, expiresAt] of nonces.iterator()) if (expiresAt < now) old.push(key);
    await nonces.batch(old.map((key) => ({ type: 'del', key })));
  };
  return {
    use: async (org, nonce, expiresAtMs) => {
      const key = `${org}/${nonce}`;
      if (inFlight.has(key)) throw new ProtocolError('NONCE_REPLAYED', {});
      inFlight.add(key);
      try {
        if ((await nonces.get(key)) !== undefined) throw new ProtocolError('NONCE_REPLAYED', {});
        await nonces.put(key, expiresAtMs);
        sinceSweep += 1;
        if (sinceSweep >= SWEEP_EVERY) {
          sinceSweep = 0;
          await sweep();
        }
      } finally {
        inFlight.delete(key);
      }
    },
  };
}
