/** A closed log on disk, hands that change it, and fsck over it. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainFacts, checkLog, type FsckReport } from '@sealedger/node/evidence/fsck.ts';
import { levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { openSnapshot } from '@sealedger/node/store/snapshot.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { Level } from 'level';
import { testSigner } from './log-fixture.ts';

type Evidence = ReturnType<Level<string, string>['sublevel']>;

/** Public key of the fixture's log, epoch 1. */
export const ownKey = testSigner('tax').publicKey;

/** fsck as the command runs it: over a snapshot, with or without the chain's word. */
export async function fsck(path: string, chain: ChainFacts | null = null): Promise<FsckReport> {
  const snapshot = await openSnapshot(path);
  try {
    const store = levelEvidenceStore(snapshot.database);
    return await checkLog({ org: 'tax', store, chain, ownKey, progress: () => undefined });
  } finally {
    await snapshot.close();
  }
}

/** The chain's word: key epochs in their blocks, and anchors. */
export function chainFacts(
  anchors: ChainFacts['anchors'],
  keys: readonly (readonly [keyEpoch: number, block: number])[] = [[1, 1]],
): ChainFacts {
  return {
    anchors,
    keys: keys.map(([keyEpoch, block]) => ({
      keyEpoch,
      publicKey: toHex(testSigner('tax', keyEpoch).publicKey),
      block,
    })),
  };
}

/** Changes records of the log behind its back. */
export async function tamper(path: string, change: (evidence: Evidence) => Promise<void>): Promise<void> {
  const database = new Level<string, string>(path);
  await database.open();
  await change(database.sublevel('evidence', {}));
  await database.close();
}

/** Names, sizes, times and digests of every file below a directory. */
export async function digestsOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(directory, { recursive: true });
  const entries = await Promise.all(
    names.sort().map(async (name) => {
      const place = join(directory, name);
      const { mtimeMs, size, mode } = await stat(place);
      const digest = (await stat(place)).isFile()
        ? createHash('sha256')
            .update(await readFile(place))
            .digest('hex')
        : '';
      return [name, `${mtimeMs} ${size} ${mode} ${digest}`];
    }),
  );
  return Object.fromEntries(entries);
}
