/** One death at one place: what must hold when the log is opened again, and when the script is played to its end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { chainFacts, fsck } from './fsck-fixture.ts';
import { anchoredIn, playScript, SCRIPT_EVENTS, statePath } from './kill-script.ts';
import { openLogOn, startMs, temporaryDirectory, testSigner } from './log-fixture.ts';

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
const LATER_MS = 3_600_000;

type Death = { readonly acknowledged: ReadonlyMap<number, number>; readonly places: number | null };

function playUntilKilled(path: string, dieAt: number): Death {
  const { stdout, signal, stderr } = spawnSync(process.execPath, [child, path, String(dieAt)], { encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const end = lines.find((line) => line.startsWith('places'));
  assert.equal(signal, end === undefined ? 'SIGKILL' : null, stderr);
  const acknowledged = lines.filter((line) => line !== end).map((line) => line.split(' ').map(Number));
  return { acknowledged: new Map(acknowledged as [number, number][]), places: end ? Number(end.split(' ')[1]) : null };
}

/** Kills a child at the n-th place and checks everything. @returns whether the script has such a place. */
export async function dieAndCheck(dieAt: number): Promise<boolean> {
  const directory = await temporaryDirectory();
  const { path } = directory;
  const { acknowledged, places } = playUntilKilled(path, dieAt);
  await assertWhole(path, acknowledged);
  const again = new Map<number, { index: number; time: string }>();
  await playScript(path, startMs + LATER_MS, {
    place: () => undefined,
    acknowledged: (n, { index, signed }) => void again.set(n, { index, time: signed.event.time }),
  });
  assert.equal(again.size, SCRIPT_EVENTS);
  for (const [n, index] of acknowledged) {
    assert.deepEqual(
      again.get(n),
      { index, time: new Date(startMs).toISOString() },
      'the first answer, index and time',
    );
  }
  assert.equal(await assertWhole(path, new Map([...again].map(([n, { index }]) => [n, index]))), SCRIPT_EVENTS);
  assertAnchoredOnce(path);
  await directory.remove();
  return places === null;
}

/** fsck is clean, every acknowledged event is there with its neighbour's write, and nothing else is. */
async function assertWhole(path: string, acknowledged: ReadonlyMap<number, number>): Promise<number> {
  const anchors = anchoredIn(path).map((anchor) => ({ ...anchor, block: 2 }));
  const report = await fsck(statePath(path), chainFacts(anchors));
  assert.equal(report.difference, null, JSON.stringify(report.difference));
  const database = new Level<string, string>(statePath(path));
  await database.open();
  const log = await openLogOn(database, testSigner('tax'));
  const lanes = await database.sublevel('lanes', {}).iterator().all();
  const written = lanes.flatMap(([first, count]) => Array.from({ length: Number(count) }, (_, i) => Number(first) + i));
  const logged: number[] = [];
  for (let index = 0; index < log.size; index++) {
    const { openings } = await log.eventAt(index);
    logged.push(Number.parseInt(openings['requestId']!.value as string, 16));
  }
  assert.deepEqual(written.sort(byValue), [...logged].sort(byValue), 'event and write of one transaction, or neither');
  for (const [n, index] of acknowledged) assert.equal(logged[index], n, 'nothing acknowledged is lost or moved');
  await database.close();
  return logged.length;
}

function byValue(a: number, b: number): number {
  return a - b;
}

function assertAnchoredOnce(path: string): void {
  const sizes = anchoredIn(path).map(({ size }) => size);
  assert.deepEqual(sizes, [...new Set(sizes)].sort(byValue), 'each size once, in order');
  assert.equal(sizes.at(-1), SCRIPT_EVENTS);
}
