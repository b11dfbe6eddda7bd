/** The loop as a department lives it: measured, handed out, repaired, tested again, measured again. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { pointEntries } from '@sealedger/node/quality/account.ts';
import { historyOf, rankDatasets, rankUnits } from '@sealedger/node/quality/history.ts';
import { reportHash } from '@sealedger/node/quality/report.ts';
import type { WorkOrder } from '@sealedger/node/quality/work-order.ts';
import { kindOf } from '../node/support/node-state.ts';
import { assertFree, refusalOf } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { goodRows, type Loop, openLoop, PLANTED, type Row, RULES } from './support/loop-fixture.ts';

/** Rows 1 and 4 lack a name, 2 and 5 a good phone, 3 a known district, 12 has the id of 11. */
function spoiltRows(): Row[] {
  const rows = goodRows();
  const change = (row: number, part: Partial<Row>): void => void (rows[row - 1] = { ...rows[row - 1]!, ...part });
  change(1, { name: '' });
  change(4, { name: ' ' });
  change(2, { phone: '1234' });
  change(5, { phone: PLANTED[0] });
  change(3, { district: PLANTED[2] });
  change(12, { id: 'e011' });
  return rows;
}

async function openSpoilt(t: Parameters<typeof temporaryDirectory>[0], plan = {}): Promise<Loop> {
  const loop = await openLoop(await temporaryDirectory(t), { plan });
  t!.after(loop.node.close);
  await writeFile(loop.rules, RULES);
  await loop.write(spoiltRows());
  await loop.publish();
  return loop;
}

const shape = (orders: readonly WorkOrder[]) =>
  orders.map(({ ruleId, unit, rows, state }) => `${ruleId} ${unit} ${rows} ${state}`).sort();

describe('a scored run', () => {
  it('records score and report on chain and in the log, and turns failing rows into orders by unit', async (t) => {
    const loop = await openSpoilt(t);
    const { report, round } = await loop.run();
    assert.equal(round, 1);
    assert.deepEqual(shape(await loop.orders.list()), [
      'district-known west-office 1 open',
      'id-unique registry 2 open',
      'name-present east-office 2 open',
      'phone-form west-office 2 open',
    ]);
    const onChain = await loop.ledger.quality(report.versionId);
    assert.equal(onChain!.reportHash, reportHash(report));
    assert.equal(onChain!.scoreBasisPoints, report.score.basisPoints);
    const kinds = (await loop.node.logged()).map(kindOf);
    assert.deepEqual(kinds, ['quality', 'workOrder', 'workOrder', 'workOrder', 'workOrder']);
    assertFree(JSON.stringify([report, await loop.node.logged(), loop.logged, loop.ledger.writes]), PLANTED);
    assert.deepEqual(report.units.map(({ unit }) => unit).sort(), ['east-office', 'registry', 'west-office']);
  });

  it('refuses a second run beside the first, an unpublished change, and a dataset without a plan', async (t) => {
    const loop = await openSpoilt(t);
    const [first, second] = await Promise.allSettled([loop.run(), loop.run()]);
    assert.equal(first.status, 'fulfilled');
    assert.equal((second as PromiseRejectedResult).reason.code, 'QUALITY_RUN_BUSY');
    await loop.write(goodRows());
    assert.equal((await refusalOf(() => loop.run())).code, 'DATASET_CHANGED');
    const nobody = () => loop.assessor.run('nobody', { by: null, sample: null, progress: () => undefined });
    assert.equal((await refusalOf(nobody)).code, 'QUALITY_PLAN_UNKNOWN');
    assert.equal((await loop.node.logged()).map(kindOf).filter((kind) => kind === 'quality').length, 1);
  });

  it('records nothing where the rules change between run and publication', async (t) => {
    const directory = await temporaryDirectory(t);
    const loop = await openLoop(directory, {
      parts: (parts) => ({
        ...parts,
        files: {
          ...parts.files,
          write: async (rows) => {
            await parts.files.write(rows);
            await writeFile(loop.rules, RULES.replace('north, south', 'north, south, east'));
          },
        },
      }),
    });
    t.after(loop.node.close);
    await writeFile(loop.rules, RULES);
    await loop.write(spoiltRows());
    await loop.publish();
    assert.equal((await refusalOf(() => loop.run())).code, 'QUALITY_RULES_CHANGED');
    assert.deepEqual(await loop.node.logged(), []);
    assert.deepEqual(
      loop.ledger.writes.filter(({ call }) => call === 'recordQuality'),
      [],
    );
    await writeFile(loop.rules, RULES);
    assert.deepEqual(await loop.assessor.resume(), []);
    assert.deepEqual(await loop.orders.list(), []);
  });

  it('checks without recording', async (t) => {
    const loop = await openSpoilt(t);
    const report = await loop.assessor.check('companies', { by: null, sample: null, progress: () => undefined });
    assert.ok(report.score.basisPoints < 10_000);
    assert.deepEqual(await loop.node.logged(), []);
    assert.deepEqual(await loop.orders.list(), []);
  });

  it('goes through repair, a new version and a better score, with points for it', async (t) => {
    const loop = await openSpoilt(t);
    const before = await loop.run();
    const open = await loop.orders.list();
    const named = open.find(({ ruleId }) => ruleId === 'name-present')!;
    await loop.orders.assign(named.id, 'wang', 'li');
    const repaired = spoiltRows().map((row) => ({ ...row, name: row.name.trim() || 'Repaired' }));
    await loop.write(repaired);
    await loop.orders.fix(named.id, 'wang');
    const { order, work } = await loop.orders.retest(named.id, 'li');
    assert.deepEqual([order.state, order.outcome, order.rows], ['closed', 'passed', 0]);
    assert.deepEqual([work!.testedRows, work!.sourceRows, work!.rulesRun, work!.rulesInSet], [2, 12, 1, 4]);
    await loop.write(goodRows());
    loop.clock.move(1000);
    await loop.publish();
    const after = await loop.run();
    assert.equal(after.report.score.basisPoints, 10_000);
    assert.ok(after.report.score.basisPoints > before.report.score.basisPoints);
    assert.ok((await loop.orders.list()).every(({ state, outcome }) => state === 'closed' && outcome === 'passed'));
    const entries = await pointEntries(loop.node.state, 'companies');
    assert.deepEqual(
      entries.map(({ cause }) => cause).toSorted(),
      ['closed-in-time', 'closed-in-time', 'closed-in-time', 'closed-in-time', 'improvement']
        .concat(entries.some(({ cause }) => cause === 'level') ? ['level'] : [])
        .toSorted(),
    );
    assert.equal(
      entries.at(-1)!.total,
      entries.reduce((sum, { points }) => sum + points, 0),
    );
    const history = await historyOf(loop.node.state, 'companies');
    assert.deepEqual(
      history.map(({ version, round }) => [version, round]),
      [
        [1, 1],
        [2, 1],
      ],
    );
    assert.equal(rankDatasets(history)[0]!.change, after.report.score.basisPoints - before.report.score.basisPoints);
    assert.ok(rankUnits(history).every(({ basisPoints }) => basisPoints === 10_000));
  });
});
