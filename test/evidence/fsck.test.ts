import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Difference } from '@sealedger/node/evidence/fsck-difference.ts';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { signedEventText, signingBytesOf } from '@sealedger/protocol/evidence/event.ts';
import { Level } from 'level';
import { chainFacts, digestsOf, fsck, tamper } from './support/fsck-fixture.ts';
import { draftOf, openLog, openLogOn, temporaryDirectory, testSigner } from './support/log-fixture.ts';

const EVENTS = 520;

/** A log of 520 events with checkpoints at 100, 300 and 520, closed again. @returns its path and the checkpoints' roots. */
async function closedLog(t: TestContext) {
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  const { database, log } = await openLog(directory.path);
  const roots: Record<number, string> = {};
  for (const size of [100, 300, EVENTS]) {
    await log.append(Array.from({ length: size - log.size }, (_, i) => draftOf(log.size + i)));
    roots[size] = (await log.checkpoint()).checkpoint.root;
  }
  await database.close();
  return { path: directory.path, roots };
}

const event = (index: number): string => `event/${String(index).padStart(16, '0')}`;

test('a log as it was written is clean, and its counts are told', async (t) => {
  const { path, roots } = await closedLog(t);
  const report = await fsck(path);
  assert.equal(report.difference, null);
  assert.deepEqual([report.size, report.checkpoints, report.tiles], [EVENTS, 3, 3]);
  assert.equal(report.root, roots[EVENTS]);
  assert.deepEqual(report.kinds, { revocation: EVENTS });
  assert.equal(report.anchors, null);
  assert.deepEqual(report.uncheckedEpochs, []);
  const anchored = await fsck(path, chainFacts([{ size: 300, root: roots[300]!, block: 9 }]));
  assert.deepEqual([anchored.difference, anchored.anchors], [null, 1]);
});

test('an empty log, and a store that nobody wrote a log to, are clean', async (t) => {
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  const database = new Level<string, string>(directory.path);
  await database.open();
  await openLogOn(database, testSigner('tax'));
  await database.close();
  assert.equal((await fsck(directory.path)).difference, null);
});

test('fsck changes no byte of the store, nor a name, size or time', async (t) => {
  const { path } = await closedLog(t);
  const before = await digestsOf(path);
  await fsck(path);
  assert.deepEqual(await digestsOf(path), before);
  await tamper(path, (evidence) => evidence.del(event(5)));
  const damaged = await digestsOf(path);
  assert.notDeepEqual(damaged, before);
  assert.equal((await fsck(path)).difference?.code, 'FSCK_MISSING');
  assert.deepEqual(await digestsOf(path), damaged);
});

type Evidence = Parameters<Parameters<typeof tamper>[1]>[0];
type Damage = {
  readonly what: string;
  readonly change: (evidence: Evidence) => Promise<void>;
  readonly code: Difference['code'];
  readonly where: string;
};

/** Rewrites the JSON of a record. */
async function rewrite(evidence: Evidence, key: string, change: (text: string) => string): Promise<void> {
  const stored = (await evidence.get(key)) as string;
  const changed = change(stored);
  assert.notEqual(changed, stored);
  await evidence.put(key, changed);
}

const flipHex = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);

const damages: readonly Damage[] = [
  { what: 'a dropped event', change: (e) => e.del(event(257)), code: 'FSCK_MISSING', where: event(257) },
  { what: 'a dropped last event', change: (e) => e.del(event(519)), code: 'FSCK_MISSING', where: event(519) },
  {
    what: 'a changed time of an event',
    change: (e) => rewrite(e, event(7), (text) => text.replace('2026-11-21T00:00:00.000Z', '2026-11-21T00:00:00.001Z')),
    code: 'FSCK_EVENT_SIGNATURE',
    where: event(7),
  },
  {
    what: 'a changed signature',
    change: (e) => rewrite(e, event(8), (text) => flipHex(text, text.indexOf('"signature":"') + 13)),
    code: 'FSCK_EVENT_SIGNATURE',
    where: event(8),
  },
  {
    what: 'a changed value of an opening',
    change: (e) => rewrite(e, event(9), (text) => text.replace('policy.changed', 'policy.stopped')),
    code: 'FSCK_EVENT_OPENING',
    where: event(9),
  },
  {
    what: 'an event whose JSON has other white space',
    change: (e) => rewrite(e, event(10), (text) => text.replace('{"openings":', '{"openings": ')),
    code: 'FSCK_FORM',
    where: event(10),
  },
  { what: 'garbage for an event', change: (e) => e.put(event(11), '{}'), code: 'FSCK_FORM', where: event(11) },
  {
    what: 'two events in each other’s place',
    change: async (e) => {
      const [a, b] = [(await e.get(event(20))) as string, (await e.get(event(21))) as string];
      await e.batch([
        { type: 'put', key: event(20), value: b },
        { type: 'put', key: event(21), value: a },
      ]);
    },
    code: 'FSCK_INDEX',
    where: 'id/',
  },
  {
    what: 'an event that stands a second time',
    change: async (e) => e.put(event(31), (await e.get(event(30))) as string),
    code: 'FSCK_EVENT_REPEATED',
    where: event(31),
  },
  {
    what: 'an event after the last',
    change: async (e) => e.put(event(520), (await e.get(event(519))) as string),
    code: 'FSCK_SURPLUS',
    where: event(520),
  },
  {
    what: 'a corrupted full tile',
    change: (e) => rewrite(e, 'tile/0/1', (text) => flipHex(text, 64 * 200)),
    code: 'FSCK_TILE',
    where: 'tile/0/1',
  },
  {
    what: 'a corrupted tile above the leaves',
    change: (e) => rewrite(e, 'tile/1/0', (text) => flipHex(text, 3)),
    code: 'FSCK_TILE',
    where: 'tile/1/0',
  },
  { what: 'a lost tile', change: (e) => e.del('tile/0/0'), code: 'FSCK_MISSING', where: 'tile/0/0' },
  { what: 'a tile of nothing', change: (e) => e.put('tile/0/9', ''), code: 'FSCK_SURPLUS', where: 'tile' },
  {
    what: 'a lost record of an id',
    change: async (e) => e.del((await e.keys({ gte: 'id/', lt: 'id/~', limit: 1 }).all())[0]!),
    code: 'FSCK_MISSING',
    where: 'id/',
  },
  {
    what: 'an id of nothing',
    change: (e) => e.put(`id/${'0'.repeat(32)}`, '3'),
    code: 'FSCK_SURPLUS',
    where: `id/${'0'.repeat(32)}`,
  },
  {
    what: 'a lost record of a field',
    change: (e) => e.del(`by/requestId/${(40).toString(16).padStart(64, '0')}/${event(40).slice(6)}`),
    code: 'FSCK_MISSING',
    where: 'by/requestId/…/40',
  },
  {
    what: 'a record of a field that no event has',
    change: (e) => e.put(`by/requestId/${'f'.repeat(64)}/${event(40).slice(6)}`, 'revocation'),
    code: 'FSCK_SURPLUS',
    where: 'by/requestId/…/40',
  },
  {
    what: 'a record of a field with another kind',
    change: (e) => e.put(`by/requestId/${(40).toString(16).padStart(64, '0')}/${event(40).slice(6)}`, 'request'),
    code: 'FSCK_INDEX',
    where: 'by/requestId/…/40',
  },
  {
    what: 'a changed root of a checkpoint',
    change: (e) => rewrite(e, 'checkpoint/0000000000000300', (text) => flipHex(text, text.indexOf('"root":"') + 8)),
    code: 'FSCK_CHECKPOINT_ROOT',
    where: 'checkpoint/0000000000000300',
  },
  {
    what: 'a changed signature of a checkpoint',
    change: (e) =>
      rewrite(e, 'checkpoint/0000000000000300', (text) => flipHex(text, text.indexOf('"signature":"') + 13)),
    code: 'FSCK_CHECKPOINT_SIGNATURE',
    where: 'checkpoint/0000000000000300',
  },
  {
    what: 'a checkpoint under another size',
    change: async (e) => e.put('checkpoint/0000000000000301', (await e.get('checkpoint/0000000000000300')) as string),
    code: 'FSCK_FORM',
    where: 'checkpoint/0000000000000301',
  },
  {
    what: 'a changed hash of the stored state',
    change: (e) => rewrite(e, 'state', (text) => flipHex(text, text.indexOf('"hashes":["') + 11)),
    code: 'FSCK_STATE',
    where: 'state/hash/0',
  },
  { what: 'garbage for the state', change: (e) => e.put('state', 'x'), code: 'FSCK_FORM', where: 'state' },
  { what: 'a stray record', change: (e) => e.put('notes', 'x'), code: 'FSCK_SURPLUS', where: 'notes' },
];

for (const { what, change, code, where } of damages) {
  test(`names ${what} as the first difference`, async (t) => {
    const { path } = await closedLog(t);
    await tamper(path, change);
    const { difference } = await fsck(path);
    assert.equal(difference?.code, code, JSON.stringify(difference));
    assert.ok(difference.where.startsWith(where), difference.where);
    assert.doesNotMatch(JSON.stringify(difference), /policy\.|0{40}/, 'no value of a field stands in a difference');
  });
}

test('an event that its own organisation wrote again, signature and all, shows in the tree', async (t) => {
  const { path } = await closedLog(t);
  const { sign } = testSigner('tax');
  await tamper(path, async (evidence) => {
    const stored = JSON.parse((await evidence.get(event(50))) as string);
    stored.signed.event.time = '2026-11-20T00:00:00.000Z';
    const text = canonicalText(stored.signed.event);
    const signature = await sign(signingBytesOf(text, 1));
    const leaf = signedEventText(text, 1, signature);
    await evidence.put(event(50), `{"openings":${JSON.stringify(stored.openings)},"signed":${leaf}}`);
  });
  const { difference } = await fsck(path);
  assert.deepEqual([difference?.code, difference?.where], ['FSCK_CHECKPOINT_ROOT', 'checkpoint/0000000000000100']);
});

test('what the chain holds decides: another root, a larger size, an anchor without its checkpoint', async (t) => {
  const { path, roots } = await closedLog(t);
  const cases = [
    [{ size: 300, root: roots[100]!, block: 2 }, 'FSCK_ANCHOR_ROOT', 'anchor/300'],
    [{ size: 521, root: roots[EVENTS]!, block: 2 }, 'FSCK_ANCHOR_SIZE', 'anchor/521'],
  ] as const;
  for (const [anchor, code, where] of cases) {
    const { difference } = await fsck(path, chainFacts([anchor]));
    assert.deepEqual([difference?.code, difference?.where], [code, where]);
  }
  await tamper(path, (evidence) => evidence.del('checkpoint/0000000000000300'));
  const { difference } = await fsck(path, chainFacts([{ size: 300, root: roots[300]!, block: 2 }]));
  assert.deepEqual([difference?.code, difference?.where], ['FSCK_MISSING', 'checkpoint/0000000000000300']);
});

test('a checkpoint of more events than the log has says that the log was set back', async (t) => {
  const { path } = await closedLog(t);
  await tamper(path, async (evidence) => {
    const later = (await evidence.get('checkpoint/0000000000000520')) as string;
    await evidence.put('checkpoint/0000000000000521', later.replace('"size":520', '"size":521'));
  });
  const { difference } = await fsck(path);
  assert.equal(difference?.code, 'FSCK_CHECKPOINT_SIZE');
});

/** A log whose key is replaced after `before` events. */
async function rotatedLog(t: TestContext) {
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  const { database, log } = await openLog(directory.path);
  await log.append([draftOf(1), draftOf(2)]);
  const first = await log.checkpoint();
  const rotated = await openLogOn(database, testSigner('tax', 2));
  await rotated.append([draftOf(3)]);
  const second = await rotated.checkpoint();
  await database.close();
  const anchor = (size: number, root: string, block: number) => ({ size, root, block });
  return {
    path: directory.path,
    at: (firstBlock: number, secondBlock: number, keyBlock: number) =>
      chainFacts(
        [anchor(2, first.checkpoint.root, firstBlock), anchor(3, second.checkpoint.root, secondBlock)],
        [
          [1, 1],
          [2, keyBlock],
        ],
      ),
  };
}

test('an event under a key anchored before its rotation holds, one anchored only after it does not', async (t) => {
  const { path, at } = await rotatedLog(t);
  assert.equal((await fsck(path, at(5, 9, 7))).difference, null);
  const late = (await fsck(path, at(8, 9, 7))).difference;
  assert.deepEqual([late?.code, late?.where], ['FSCK_ANCHOR_LATE', event(1)]);
  const same = (await fsck(path, at(7, 9, 7))).difference;
  assert.equal(same?.code, 'FSCK_ANCHOR_LATE', 'within one block nothing tells which was first');
});

test('a key that comes back, and one that the chain never showed, are differences', async (t) => {
  const { path, at } = await rotatedLog(t);
  const unknown = (await fsck(path, { ...at(5, 9, 7), keys: at(5, 9, 7).keys.slice(0, 1) })).difference;
  assert.deepEqual([unknown?.code, unknown?.where], ['FSCK_EVENT_KEY', event(2)]);
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  const { database, log } = await openLog(directory.path);
  await log.append([draftOf(1)]);
  await (await openLogOn(database, testSigner('tax', 2))).append([draftOf(2)]);
  await (await openLogOn(database, testSigner('tax', 1))).append([draftOf(3)]);
  await database.close();
  const back = (await fsck(directory.path)).difference;
  assert.deepEqual([back?.code, back?.where], ['FSCK_EVENT_KEY', event(2)]);
});

test('without the chain the epochs that the keystore cannot verify are named', async (t) => {
  const { path } = await rotatedLog(t);
  const report = await fsck(path);
  assert.equal(report.difference, null);
  assert.deepEqual(report.uncheckedEpochs, [2]);
});

test('a directory without a store is refused', async (t) => {
  const directory = await temporaryDirectory();
  t.after(directory.remove);
  await assert.rejects(fsck(directory.path), (error) => isProtocolError(error, 'FSCK_STORE_MISSING'));
  await assert.rejects(fsck(`${directory.path}/none`), (error) => isProtocolError(error, 'FSCK_STORE_MISSING'));
});
