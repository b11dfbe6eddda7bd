/** A log whose store is a map: for faults by the thousand. */
import { checkLog, type FsckReport } from '@sealedger/node/evidence/fsck.ts';
import { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { chainFacts, ownKey } from './fsck-fixture.ts';
import { draftOf, secret, startMs, testSigner } from './log-fixture.ts';

export type Records = ReadonlyMap<string, string>;

function memoryStore(records: Map<string, string>): EvidenceStore<never> {
  return {
    get: async (key) => records.get(key),
    getMany: async (keys) => keys.map((key) => records.get(key)),
    range: async (from, to, limit) =>
      [...records]
        .filter(([key]) => key >= from && key < to)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, value]) => ({ key, value })),
    commit: async (puts) => {
      for (const { key, value } of puts) records.set(key, value);
    },
  };
}

/** The records of a log of `count` events with one checkpoint, and what the chain says of it. */
export async function smallLog(count: number): Promise<{ records: Records; root: string }> {
  const records = new Map<string, string>();
  const store = memoryStore(records);
  const log = await EvidenceLog.open({ store, signer: testSigner('tax'), clock: { now: () => startMs }, secret });
  await log.append(Array.from({ length: count }, (_, n) => draftOf(n)));
  const { checkpoint } = await log.checkpoint();
  return { records, root: checkpoint.root };
}

/** fsck over these records, beside a chain that holds the root for `size` events. */
export function fsckRecords(records: Records, size: number, root: string): Promise<FsckReport> {
  const store = memoryStore(new Map(records));
  const chain = chainFacts([{ size, root, block: 2 }]);
  return checkLog({ org: 'tax', store, chain, ownKey, progress: () => undefined });
}

/** Changes one character at every `step`-th place of every record. @returns the changes that fsck did not see. */
export async function unseenFlips(count: number, step: number): Promise<{ unseen: string[]; tried: number }> {
  const { records, root } = await smallLog(count);
  const unseen: string[] = [];
  let tried = 0;
  let at = 0;
  for (const [key, value] of records) {
    for (; at < value.length; at += step) {
      const flipped = value.slice(0, at) + (value[at] === '1' ? '2' : '1') + value.slice(at + 1);
      const { difference } = await fsckRecords(new Map(records).set(key, flipped), count, root);
      if (difference === null) unseen.push(`${key} at ${at}`);
      tried += 1;
    }
    at -= value.length;
  }
  return { unseen, tried };
}
