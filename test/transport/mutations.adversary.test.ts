/** Thousands of calls of a real job, each spoiled in some way: only listed codes come back, and the nodes live on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type MutationRun, startMutations } from './support/mutation-run.ts';

const SEED = 20_261_122;
const COUNT = 2000;

describe('spoiled calls', { timeout: 300_000 }, () => {
  let run: MutationRun;
  before(async () => {
    run = await startMutations();
  });
  after(() => run.end());

  it(`${COUNT} of them bring back listed codes only, and every node serves on`, async () => {
    const outcomes = await run.spoilCalls(SEED, COUNT);
    const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(total >= COUNT);
    assert.ok((outcomes.get('cut') ?? 0) < COUNT / 20, `${outcomes.get('cut')} without any answer`);
    assert.ok(outcomes.size > 15, 'the calls got far enough in to be refused for many reasons');
    if (process.env['SHOW_OUTCOMES']) console.error(outcomes);
    await run.assertAlive();
  });
});
