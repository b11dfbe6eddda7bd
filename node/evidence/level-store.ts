/** The evidence log's store on Level: one sublevel, and one atomic, synced batch with whatever else must be true with it. */
import type { BatchOperation, Level } from 'level';
import type { EvidencePut, EvidenceStore } from './ports.ts';

/** A write to any sublevel of the same database: `{ type: 'put', sublevel, key, value }` or `{ type: 'del', … }`. */
export type BatchOp = BatchOperation<Level<string, string>, string, unknown>;

/**
 * @param database - the node's database; the log takes the sublevel `evidence` of it.
 * @returns a store whose commits are atomic over all sublevels of `database` and synced to disk.
 */
export function levelEvidenceStore(database: Level<string, string>): EvidenceStore<BatchOp> {
  const evidence = database.sublevel('evidence', {});
  const prefix = evidence.prefixKey('', 'utf8');
  return {
    get: (key) => evidence.get(key),
    getMany: (keys) => evidence.getMany([...keys]),
    range: async (from, to, limit) => {
      const entries = await evidence.iterator({ gte: from, lt: to, limit }).all();
      return entries.map(([key, value]) => ({ key, value }));
    },
    commit: async (puts: readonly EvidencePut[], others: readonly BatchOp[]) => {
      // With the sublevel's prefix written here: one transaction has hundreds of puts, and none needs an encoding of its own.
      const own: BatchOp[] = puts.map(({ key, value }) => ({ type: 'put', key: prefix + key, value }));
      await database.batch<string, unknown>([...own, ...others], { sync: true });
    },
  };
}
