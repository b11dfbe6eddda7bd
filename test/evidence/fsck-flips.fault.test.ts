import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fsckRecords, smallLog, unseenFlips } from './support/memory-log.ts';

test('a changed character in any record is seen', async () => {
  const { unseen, tried } = await unseenFlips(3, 31);
  assert.deepEqual(unseen, []);
  assert.ok(tried > 90, `${tried} changes`);
});

test('a lost record of any kind is seen, and the whole log is clean', async () => {
  const { records, root } = await smallLog(3);
  assert.equal((await fsckRecords(records, 3, root)).difference, null);
  for (const key of records.keys()) {
    const less = new Map(records);
    less.delete(key);
    const { difference } = await fsckRecords(less, 3, root);
    assert.notEqual(difference, null, key);
  }
});

test('a log that leaves out an event and numbers the others anew differs from the chain', async () => {
  const { root } = await smallLog(4);
  const { records } = await smallLog(3);
  assert.equal((await fsckRecords(records, 4, root)).difference?.code, 'FSCK_ANCHOR_SIZE');
  const other = await smallLog(3);
  assert.equal((await fsckRecords(records, 3, root)).difference?.code, 'FSCK_ANCHOR_ROOT');
  assert.equal((await fsckRecords(records, 3, other.root)).difference, null);
});
