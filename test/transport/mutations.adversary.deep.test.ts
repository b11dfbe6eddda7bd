/** Ten thousand spoiled calls of a real job, and what the nodes made of them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type MutationRun, startMutations } from './support/mutation-run.ts';

const SEEDS = [1, 2, 3, 4, 5];
const COUNT = 2000;

describe('ten thousand spoiled calls', { timeout: 900_000 }, () => {
  let run: MutationRun;
  before(async () => {
    run = await startMutations();
  });
  after(() => run.end());

  for (const seed of SEEDS) {
    it(`of seed ${seed} bring back listed codes only, and every node serves on`, async () => {
      const outcomes = await run.spoilCalls(seed, COUNT);
      assert.ok((outcomes.get('cut') ?? 0) < COUNT / 20);
      await run.assertAlive();
    });
  }
});
