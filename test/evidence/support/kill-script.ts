/** A short life of a log with every kind of write in it, and a place to die before, during and after each of them. */
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Anchorer } from '@sealedger/node/evidence/anchor.ts';
import { type BatchOp, levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { EvidenceLog } from '@sealedger/node/evidence/log.ts';
import type { LoggedEvent } from '@sealedger/node/evidence/log-entry.ts';
import type { AnchorChain, EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { Level } from 'level';
import { draftOf, secret, testSigner } from './log-fixture.ts';

/** Events of the whole script; past the border of a tile. */
export const SCRIPT_EVENTS = 300;

export type Death = {
  /** Called at each place where the process may die, in the same order in every run. */
  readonly place: (name: string) => void;
  readonly acknowledged: (n: number, event: LoggedEvent) => void;
};

export type Anchored = { readonly size: number; readonly root: string };

/** The Evidence contract in a file: it outlives the process, as a chain does. */
export function anchoredIn(path: string): Anchored[] {
  const file = join(path, 'chain.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Anchored);
}

function fileChain(path: string, { place }: Death): AnchorChain {
  const placeOf = (size: number) => ({ transactionHash: size.toString(16).padStart(64, '0'), blockNumber: size });
  return {
    latestAnchor: async () => anchoredIn(path).at(-1) ?? { size: 0, root: '' },
    anchor: async (size, root) => {
      place('before sending');
      if (size <= (anchoredIn(path).at(-1)?.size ?? 0))
        throw new Error('the contract refuses a size that does not grow');
      writeSync(openSync(join(path, 'chain.jsonl'), 'a'), `${JSON.stringify({ size, root })}\n`);
      place('after sending');
      return placeOf(size);
    },
    findAnchor: async (size) => (anchoredIn(path).some((one) => one.size === size) ? placeOf(size) : undefined),
  };
}

/** A store that passes every commit on, with a place before it, one while it is under way, and one after it. */
function mortalStore(store: EvidenceStore<BatchOp>, { place }: Death): EvidenceStore<BatchOp> {
  return {
    ...store,
    commit: async (puts, others) => {
      place('before a commit');
      const committing = store.commit(puts, others);
      place('during a commit');
      await committing;
      place('after a commit');
    },
  };
}

export const statePath = (path: string): string => join(path, 'state');

/**
 * Plays the whole script; what an earlier run did already comes back as it was.
 * @param nowMs - time of this run: an event keeps the time of the run that logged it.
 */
export async function playScript(path: string, nowMs: number, death: Death): Promise<void> {
  const database = new Level<string, string>(statePath(path));
  await database.open();
  const lanes = database.sublevel('lanes', {});
  const store = mortalStore(levelEvidenceStore(database), death);
  const clock = { now: () => nowMs };
  const log = await EvidenceLog.open({ store, signer: testSigner('tax'), clock, secret });
  const anchorer = new Anchorer({ log, chain: fileChain(path, death), clock });
  const append = async (first: number, count: number): Promise<void> => {
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    const key = String(first);
    const op = { type: 'put', sublevel: lanes, key, value: String(count) } as const;
    const events = await log.append(numbers.map(draftOf), [op]);
    events.forEach((event, i) => {
      death.acknowledged(first + i, event);
    });
  };
  await append(0, 1);
  await append(1, 3);
  await Promise.all(Array.from({ length: 36 }, (_, i) => append(4 + i, 1)));
  await log.checkpoint();
  await anchorer.flush();
  await append(40, SCRIPT_EVENTS - 40);
  await append(1, 3);
  await anchorer.flush();
  await database.close();
}
