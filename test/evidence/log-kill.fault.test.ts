import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dieAndCheck } from './support/kill-check.ts';

// A place of each sort: in an append with one event and with a group, in a checkpoint, on both sides of an anchor. The deep
// test dies at every place.
for (const place of [2, 6, 8, 11, 13, 14, 16]) {
  test(`kill -9 at place ${place} of append, checkpoint and anchor loses and halves nothing`, async () => {
    assert.equal(await dieAndCheck(place), true);
  });
}
