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

/** Longest time that a signature holds, both clocks' difference included, and some more. */
const LONGEST_HELD_MS = 600_000;
const SWEEP_EVERY = 500;

/**
 * Nonces of signed calls, kept until their calls are too old to be taken; survives a restart.
 *
 * What was used since the start is looked up in memory; the store is asked only for as long as a nonce of an earlier run
 * can still hold. Calls that come together are written together.
 */
export function createNonceStore(database: Database, clock: { now(): number }): NonceStore {
  const nonces = database.sublevel<string, number>('nonces', { valueEncoding: 'json' });
  const used = new Map<string, number>();
  const startedMs = clock.now();
  const write = groupedWrites((operations) => nonces.batch(operations));
  let hasOlder = true;
  /** Up to when a nonce of an earlier run may hold; not known before the store was read once. */
  let olderUntilMs = Number.POSITIVE_INFINITY;
  let wasRead = false;
  let sinceSweep = 0;
  const readOlder = async (): Promise<void> => {
    let latestMs = 0;
    for await (const expiresAt of nonces.values()) latestMs = Math.max(latestMs, expiresAt);
    olderUntilMs = latestMs;
  };
  const isOfEarlierRun = async (key: string): Promise<boolean> => {
    if (olderUntilMs < clock.now()) return false;
    if (!wasRead) {
      wasRead = true;
      // where this fails, every call goes on asking the store
      readOlder().catch(() => undefined);
    }
    return (await nonces.get(key)) !== undefined;
  };
  /** Those that came first end first, but for the lifetimes that their signers chose. */
  const ended = (now: number): string[] => {
    const keys: string[] = [];
    for (const [key, expiresAt] of used) {
      if (expiresAt >= now) break;
      keys.push(key);
    }
    for (const key of keys) used.delete(key);
    return keys;
  };
  const sweep = async (): Promise<void> => {
    const now = clock.now();
    const keys = ended(now);
    if (hasOlder && now - startedMs >= LONGEST_HELD_MS) {
      hasOlder = false;
      for await (const [key, expiresAt] of nonces.iterator()) if (expiresAt < now) keys.push(key);
    }
    await nonces.batch(keys.map((key) => ({ type: 'del', key })));
  };
  return {
    use: async (org, nonce, expiresAtMs) => {
      const key = `${org}/${nonce}`;
      if (used.has(key)) throw new ProtocolError('NONCE_REPLAYED', {});
      used.set(key, expiresAtMs);
      if (hasOlder && (await isOfEarlierRun(key))) throw new ProtocolError('NONCE_REPLAYED', {});
      await write({ type: 'put', key, value: expiresAtMs });
      sinceSweep += 1;
      if (sinceSweep < SWEEP_EVERY) return;
      sinceSweep = 0;
      await sweep();
    },
  };
}

type NonceWrite = { readonly type: 'put'; readonly key: string; readonly value: number };

/** Writes that come while one is under way go together in the next; each resolves when its own is done. */
function groupedWrites(batch: (operations: NonceWrite[]) => Promise<void>): (write: NonceWrite) => Promise<void> {
  let waiting: NonceWrite[] = [];
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  return (operation) => {
    waiting.push(operation);
    next ??= current
      .catch(() => undefined)
      .then(() => {
        const operations = waiting;
        waiting = [];
        next = undefined;
        const written = batch(operations);
        current = written;
        return written;
      });
    return next;
  };
}
