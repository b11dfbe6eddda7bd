import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { eventLeafBytes } from '@sealedger/protocol/evidence/event.ts';
import { leafHash, merkleRoot, verifyConsistency } from '@sealedger/protocol/merkle.ts';
import { fsck } from './support/fsck-fixture.ts';
import { draftOf, openLog, temporaryDirectory } from './support/log-fixture.ts';

const child = fileURLToPath(new URL('./support/append-child.ts', import.meta.url));

/** Runs the appending child until `count` acknowledgements came, then kills it at once. */
async function appendUntilKilled(path: string, count: number): Promise<ReadonlyMap<number, number>> {
  const running = spawn(process.execPath, [child, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(running, 'exit');
  const acknowledged = new Map<number, number>();
  for await (const line of createInterface({ input: running.stdout })) {
    const [n, index] = line.split(' ').map(Number);
    if (line.includes(' ')) acknowledged.set(n!, index!);
    if (acknowledged.size === count) running.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

test('after kill -9 in the middle of appends the log has no gap, and every acknowledged event with its writes', async () => {
  const directory = await temporaryDirectory();
  const acknowledged = new Map<number, number>();
  let before: { size: number; root: string } | null = null;
  for (const count of [1, 130, 333]) {
    for (const [n, index] of await appendUntilKilled(directory.path, count)) acknowledged.set(n, index);
    const { database, log } = await openLog(directory.path);
    const lanes = database.sublevel('lanes', {});
    const hashes: Uint8Array[] = [];
    for (let index = 0; index < log.size; index++) {
      const { signed, openings } = await log.eventAt(index);
      hashes.push(leafHash(eventLeafBytes(signed)));
      const n = Number.parseInt(openings['requestId']!.value as string, 16);
      assert.equal(await lanes.get(String(n)), 'counted');
    }
    for (const [n, index] of acknowledged) {
      const { openings } = await log.eventAt(index);
      assert.equal(openings['requestId']!.value, n.toString(16).padStart(64, '0'));
    }
    assert.equal((await lanes.keys().all()).length, log.size);
    const root = await log.rootAt(log.size);
    assert.equal(root, toHex(merkleRoot(hashes)));
    if (before !== null) {
      const proof = (await log.consistencyProof(before.size, log.size)).map((hash) => fromHex(hash));
      const claim = { size1: before.size, root1: fromHex(before.root), size2: log.size, root2: fromHex(root), proof };
      assert.ok(verifyConsistency(claim));
    }
    before = { size: log.size, root };
    await database.close();
  }
  await directory.remove();
});

/** A store whose n-th commit fails, before or after the bytes are on disk. */
function failingStore(store: EvidenceStore<BatchOp>, failAt: number, when: 'before' | 'after'): EvidenceStore<BatchOp> {
  let commits = 0;
  return {
    ...store,
    commit: async (puts, others) => {
      const fails = ++commits === failAt;
      if (fails && when === 'before') throw new Error('no space left on device');
      await store.commit(puts, others);
      if (fails) throw new Error('input/output error');
    },
  };
}

for (const when of ['before', 'after'] as const) {
  test(`a write that fails ${when} it is on disk stops the log; opened again it is whole and takes the event once`, async () => {
    const directory = await temporaryDirectory();
    const { database, log } = await openLog(directory.path, 'tax', (store) => failingStore(store, 3, when));
    await log.append([draftOf(1)]);
    await log.append([draftOf(2)]);
    await assert.rejects(log.append([draftOf(3)]), (error) => isProtocolError(error, 'EVIDENCE_LOG_FAILED'));
    await assert.rejects(log.append([draftOf(4)]), (error) => isProtocolError(error, 'EVIDENCE_LOG_FAILED'));
    assert.equal(log.size, 2);
    await database.close();
    const again = await openLog(directory.path);
    assert.equal(again.log.size, when === 'before' ? 2 : 3);
    const [third] = await again.log.append([draftOf(3)]);
    assert.equal(third!.index, 2);
    assert.equal(again.log.size, 3);
    await again.database.close();
    await directory.remove();
  });
}

test('a store that lost an event or a tile is refused when it is opened', async () => {
  const directory = await temporaryDirectory();
  const { database, log } = await openLog(directory.path);
  await log.append(Array.from({ length: 300 }, (_, n) => draftOf(n)));
  const evidence = database.sublevel('evidence', {});
  const key = 'event/0000000000000280';
  const stored = await evidence.get(key);
  await evidence.del(key);
  await database.close();
  await assert.rejects(openLog(directory.path), (error) => isProtocolError(error, 'EVIDENCE_STORE_CORRUPT'));
  assert.ok(stored !== undefined);
  await directory.remove();
});

/** A store whose commits wait until they are let through, one by one. */
function gatedStore(store: EvidenceStore<BatchOp>) {
  const gates: { open: () => void; break: () => void }[] = [];
  const gated: EvidenceStore<BatchOp> = {
    ...store,
    commit: async (puts, others) => {
      await new Promise<void>((resolve, reject) => {
        gates.push({ open: resolve, break: () => reject(new Error('no space left on device')) });
      });
      await store.commit(puts, others);
    },
  };
  const next = async (): Promise<(typeof gates)[number]> => {
    while (gates.length === 0) await new Promise((turn) => setImmediate(turn));
    return gates.shift()!;
  };
  return { gated, next };
}

test('nothing is answered before its batch is on disk, also where the next batch is ready and repeats it', async () => {
  const directory = await temporaryDirectory();
  let next: ReturnType<typeof gatedStore>['next'];
  const { database, log } = await openLog(directory.path, 'tax', (store) => {
    const made = gatedStore(store);
    next = made.next;
    return made.gated;
  });
  const answered: string[] = [];
  const first = log.append([draftOf(1)]).then(([event]) => void answered.push(`first ${event!.index}`));
  const gate = await next!();
  const repeat = log.append([draftOf(1)]).then(([event]) => void answered.push(`repeat ${event!.index}`));
  const second = log.append([draftOf(2)]).then(([event]) => void answered.push(`second ${event!.index}`));
  for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
  assert.deepEqual([answered, log.size], [[], 0]);
  gate.open();
  await first;
  assert.deepEqual([answered, log.size], [['first 0'], 1]);
  (await next!()).open();
  await Promise.all([repeat, second]);
  assert.deepEqual(answered, ['first 0', 'repeat 0', 'second 1']);
  await log.settled();
  assert.equal(log.size, 2);
  await database.close();
  assert.equal((await fsck(directory.path)).difference, null);
  await directory.remove();
});

test('a batch that was made on one that did not reach the disk falls with it', async () => {
  const directory = await temporaryDirectory();
  let next: ReturnType<typeof gatedStore>['next'];
  const { database, log } = await openLog(directory.path, 'tax', (store) => {
    const made = gatedStore(store);
    next = made.next;
    return made.gated;
  });
  const first = log.append([draftOf(1)]);
  const gate = await next!();
  const others = [log.append([draftOf(2)]), log.append([draftOf(1)])];
  const outcomes = Promise.allSettled([first, ...others]);
  for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
  gate.break();
  for (const outcome of await outcomes) {
    assert.ok(outcome.status === 'rejected' && isProtocolError(outcome.reason, 'EVIDENCE_LOG_FAILED'));
  }
  await log.settled();
  assert.equal(log.size, 0);
  await database.close();
  const again = await openLog(directory.path);
  assert.equal((await again.log.append([draftOf(2)]))[0]!.index, 0);
  await again.database.close();
  await directory.remove();
});
