/** Rules about the dataset as a whole, against the version before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runOver } from './support/rule-table.ts';

test('row counts and distributions are compared with the version before', async () => {
  const rules = [
    { type: 'rowCountDrift', maxChange: 0.2 },
    { type: 'distributionDrift', field: 'a', bins: 4, maxPsi: 0.25 },
    { type: 'distributionDrift', field: 'b', as: 'category', maxPsi: 0.25 },
  ];
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  const letters = numbers.map((i) => 'xyz'[i % 3]!);
  const first = await runOver({ a: numbers, b: letters }, rules);
  assert.deepEqual(
    first.run.rules.map(({ checked }) => checked),
    [0, 0, 0],
  );
  const previous = first.run.profile;
  const same = await runOver({ a: numbers.map((i) => 99 - i), b: letters.toReversed() }, rules, { previous });
  assert.deepEqual(
    same.run.rules.map(({ checked, failing, measured }) => [checked, failing, measured]),
    [
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
    ],
  );
  const moved = await runOver({ a: numbers.slice(50), b: letters.slice(50).map(() => 'x') }, rules, { previous });
  assert.deepEqual(
    moved.run.rules.map(({ failing }) => failing),
    [1, 1, 1],
  );
  assert.deepEqual(
    moved.failures.map(({ row }) => row),
    [null, null, null],
  );
});

test('the stability index is the one that the formula gives by hand', async () => {
  const before = await runOver({ a: ['x', 'x', 'x', 'y'] }, [
    { type: 'distributionDrift', field: 'a', as: 'category' },
  ]);
  const { run } = await runOver(
    { a: ['x', 'y', 'y', 'y'] },
    [{ type: 'distributionDrift', field: 'a', as: 'category' }],
    {
      previous: before.run.profile,
    },
  );
  const index = (0.25 - 0.75) * Math.log(0.25 / 0.75) + (0.75 - 0.25) * Math.log(0.75 / 0.25);
  assert.ok(Math.abs(run.rules[0]!.measured! - index) < 1e-12);
});
