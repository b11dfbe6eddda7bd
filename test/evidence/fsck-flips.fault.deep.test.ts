import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unseenFlips } from './support/memory-log.ts';

test('a changed character at every single place of every record is seen', async () => {
  const { unseen, tried } = await unseenFlips(3, 1);
  assert.deepEqual(unseen, []);
  assert.ok(tried > 2500, `${tried} changes`);
});
