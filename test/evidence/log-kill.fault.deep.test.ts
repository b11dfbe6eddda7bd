import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dieAndCheck } from './support/kill-check.ts';

test('kill -9 before, during and after every write of append, checkpoint and anchor loses and halves nothing', async () => {
  let place = 1;
  while (await dieAndCheck(place)) place += 1;
  assert.ok(place > 20, `${place - 1} places`);
});
