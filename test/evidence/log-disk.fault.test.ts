import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Anchorer } from '@sealedger/node/evidence/anchor.ts';
import type { AnchorChain } from '@sealedger/node/evidence/ports.ts';
import { openDatabase } from '@sealedger/node/store/level-store.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { chainFacts, fsck } from './support/fsck-fixture.ts';
import { draftOf, openLog, startMs, temporaryDirectory } from './support/log-fixture.ts';

const fullDiskChild = fileURLToPath(new URL('./support/full-disk-child.ts', import.meta.url));
const appendChild = fileURLToPath(new URL('./support/append-child.ts', import.meta.url));
const BATCHES = 8;
const PER_BATCH = 20;

async function freshDirectory(t: TestContext): Promise<string> {
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  return directory.path;
}

/** A closed log of 8 batches whose journal is whole. @returns its path and the journal's file. */
async function journalled(t: TestContext) {
  const path = await freshDirectory(t);
  const log = join(path, 'log');
  const { database, log: opened } = await openLog(log);
  const sizes: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    await opened.append(Array.from({ length: PER_BATCH }, (_, i) => draftOf(batch * PER_BATCH + i)));
    sizes.push((await stat(join(log, await journalOf(log)))).size);
  }
  const { root } = (await opened.checkpoint()).checkpoint;
  await database.close();
  return { path, log, sizes, journal: await journalOf(log), root };
}

async function journalOf(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.log'));
  assert.equal(names.length, 1);
  return names[0]!;
}

test('a torn write at the end of the journal leaves whole batches: the torn one is absent, and can be sent again', async (t) => {
  const { path, log, sizes, journal } = await journalled(t);
  const [before, after] = [sizes.at(-3)!, sizes.at(-2)!];
  const lengths = [before, before + 1, before + 6, before + 7, Math.floor((before + after) / 2), after - 1, after];
  for (const length of lengths) {
    const torn = join(path, `torn-${length}`);
    await cp(log, torn, { recursive: true });
    await truncate(join(torn, journal), length);
    const whole = (length === after ? BATCHES - 1 : BATCHES - 2) * PER_BATCH;
    const report = await fsck(torn);
    assert.deepEqual([report.difference, report.size], [null, whole], `journal of ${length} bytes`);
    const opened = await openLog(torn);
    assert.equal(opened.log.size, whole);
    const drafts = Array.from({ length: PER_BATCH }, (_, i) => draftOf(whole + i));
    assert.equal((await opened.log.append(drafts))[0]!.index, whole);
    await opened.database.close();
    assert.equal((await fsck(torn)).difference, null);
  }
});

test('a batch that vanished from the middle of the journal is named by fsck', async (t) => {
  const { log, sizes, journal } = await journalled(t);
  const file = join(log, journal);
  const bytes = await readFile(file);
  const inside = Math.floor((sizes[2]! + sizes[3]!) / 2);
  bytes[inside] = bytes[inside]! ^ 0xff;
  await writeFile(file, bytes);
  const { difference } = await fsck(log);
  assert.equal(difference?.code, 'FSCK_MISSING');
  assert.match(difference.where, /^event\//);
});

test('a journal whose last batch is gone is clean in itself; the chain shows that the log was set back', async (t) => {
  const { log, sizes, journal, root } = await journalled(t);
  const size = BATCHES * PER_BATCH;
  await truncate(join(log, journal), sizes.at(-2)!);
  assert.equal((await fsck(log)).difference, null);
  const { difference } = await fsck(log, chainFacts([{ size, root, block: 2 }]));
  assert.equal(difference?.code, 'FSCK_ANCHOR_SIZE');
});

test('on a full disk the log refuses, keeps every acknowledged event, and goes on where there is room again', async (t) => {
  const path = await freshDirectory(t);
  // A limit on the size of a file is the disk that a test can fill; the signal is ignored so that the write fails instead.
  const script = `trap '' XFSZ; ulimit -f 96; exec "${process.execPath}" "${fullDiskChild}" "${path}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split('\n');
  assert.equal(lines.pop(), 'refused EVIDENCE_LOG_FAILED EVIDENCE_LOG_FAILED');
  assert.ok(lines.length > 2, 'some appends were acknowledged');
  const acknowledged = lines.flatMap((line) => line.split(' ').map(Number));
  assert.equal((await fsck(path)).difference, null);
  const { database, log } = await openLog(path);
  assert.ok(log.size >= acknowledged.length, 'nothing acknowledged is lost');
  for (const index of acknowledged) {
    const { openings } = await log.eventAt(index);
    assert.equal(Number.parseInt(openings['requestId']!.value as string, 16), index);
  }
  const [next] = await log.append([draftOf(log.size)]);
  assert.equal(next!.index, log.size - 1);
  await database.close();
  assert.equal((await fsck(path)).difference, null);
});

test('a second node on the same data directory is refused, and the first goes on', async (t) => {
  const path = await freshDirectory(t);
  const running = spawn(process.execPath, [appendChild, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(running, 'exit');
  await once(running.stdout, 'data');
  await assert.rejects(openDatabase(path), (error) => isProtocolError(error, 'STORE_IN_USE'));
  await once(running.stdout, 'data');
  running.kill('SIGKILL');
  await exited;
  await (await openDatabase(path)).close();
});

test('an older copy of the data directory is found out by the chain before anything is anchored', async (t) => {
  const path = await freshDirectory(t);
  const [live, copy] = [join(path, 'live'), join(path, 'copy')];
  await mkdir(live);
  const anchored: { size: number; root: string }[] = [];
  const chain: AnchorChain = {
    latestAnchor: async () => anchored.at(-1) ?? { size: 0, root: '' },
    anchor: async (size, root) => {
      anchored.push({ size, root });
      return { transactionHash: '0'.repeat(64), blockNumber: size };
    },
    findAnchor: async () => undefined,
  };
  const start = async (directory: string, count: number) => {
    const { database, log } = await openLog(directory);
    await log.append(Array.from({ length: count }, (_, i) => draftOf(log.size + i)));
    return { database, log, anchorer: new Anchorer({ log, chain, clock: { now: () => startMs } }) };
  };
  const first = await start(live, 5);
  await first.anchorer.flush();
  await first.database.close();
  await cp(live, copy, { recursive: true });
  const second = await start(live, 5);
  await second.anchorer.flush();
  await second.database.close();

  const restored = await start(copy, 1);
  await assert.rejects(restored.anchorer.flush(), (error) => isProtocolError(error, 'ANCHOR_LOG_REWOUND'));
  await restored.log.append(Array.from({ length: 6 }, (_, i) => draftOf(100 + i)));
  await assert.rejects(restored.anchorer.tick(), (error) => isProtocolError(error, 'ANCHOR_ROOT_DIFFERS'));
  assert.deepEqual(
    anchored.map(({ size }) => size),
    [5, 10],
  );
  await restored.database.close();
  const facts = chainFacts(anchored.map((anchor) => ({ ...anchor, block: anchor.size })));
  assert.equal((await fsck(copy, facts)).difference?.code, 'FSCK_ANCHOR_ROOT');
});
