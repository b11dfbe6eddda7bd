/** The node dies at every write of a scored run and of a step on an order, before it and after it; nothing is lost or done twice. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { pointEntries } from '@sealedger/node/quality/account.ts';
import type { AssessParts } from '@sealedger/node/quality/assess.ts';
import { historyOf } from '@sealedger/node/quality/history.ts';
import { createOrderBook } from '@sealedger/node/quality/order-book.ts';
import { kindOf } from '../node/support/node-state.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { goodRows, type Loop, openLoop, RULES } from './support/loop-fixture.ts';

class Died extends Error {}

/** Counts every write to state, log and chain; dies at the n-th, before it or after it, and is dead from then on. */
function mortal(dieAt: number, when: 'before' | 'after') {
  let writes = 0;
  const write = async <T>(task: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes > dieAt || (writes === dieAt && when === 'before')) throw new Died();
    const result = await task();
    if (writes === dieAt) throw new Died();
    return result;
  };
  const wrap = (parts: AssessParts): AssessParts => {
    const state = {
      ...parts.state,
      write: (list: Parameters<typeof parts.state.write>[0]) => write(() => parts.state.write(list)),
    };
    const events: typeof parts.events = {
      append: (kind, fields, options) => write(() => parts.events.append(kind, fields, options)),
    };
    const { clock, pseudonym } = parts;
    return {
      ...parts,
      state,
      events,
      book: createOrderBook({ state, events, clock, pseudonym }),
      files: { ...parts.files, write: (rows) => write(() => parts.files.write(rows)) },
      ledger: { quality: parts.ledger.quality, recordQuality: (what) => write(() => parts.ledger.recordQuality(what)) },
    };
  };
  return { wrap, died: () => writes >= dieAt };
}

const spoilt = () =>
  goodRows().map((row, i) => ({ ...row, name: i < 3 ? '' : row.name, phone: i === 5 ? '1' : row.phone }));

/** What came out, without ids and times, which differ from run to run. */
async function outcome(loop: Loop): Promise<unknown> {
  const orders = await loop.orders.list();
  const entries = await pointEntries(loop.node.state, 'companies');
  return {
    kinds: (await loop.node.logged()).map(kindOf).toSorted(),
    orders: orders
      .map(({ ruleId, unit, rows, state, outcome, steps }) => [
        ruleId,
        unit,
        rows,
        state,
        outcome,
        steps.map((step) => step.state).join(' '),
      ])
      .toSorted(),
    points: entries.map(({ cause, points }) => [cause, points]).toSorted(),
    totals: entries.at(-1)?.total,
    history: (await historyOf(loop.node.state, 'companies')).map(({ version, round, scoreBasisPoints }) => [
      version,
      round,
      scoreBasisPoints,
    ]),
    pending: (await loop.node.state.list('quality-pending/')).length,
  };
}

describe('a node that dies', { timeout: 120_000 }, () => {
  it('in the middle of a scored run ends with the outcome of one that lived', async (t) => {
    const lived = await prepared(await temporaryDirectory(t));
    await lived.run();
    const expected = await outcome(lived);
    await lived.node.close();
    let deaths = 0;
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; ; n++) {
        const directory = await temporaryDirectory(t);
        const first = await prepared(directory);
        await first.node.close();
        const { wrap, died } = mortal(n, when);
        const dying = await openLoop(directory, { parts: wrap, ledger: first.ledger, clock: first.clock });
        const run = await dying.run().catch((error: unknown) => error);
        await dying.node.close();
        if (!died()) break;
        assert.ok(run instanceof Died);
        deaths += 1;
        const again = await openLoop(directory, { ledger: first.ledger, clock: first.clock });
        assert.deepEqual(await again.assessor.resume(), []);
        // A run of which nothing was written is not known to anybody: the operator runs it again.
        if ((await historyOf(again.node.state, 'companies')).length === 0) await again.run();
        assert.deepEqual(await outcome(again), expected, `${when} write ${n}`);
        await again.assessor.resume();
        await again.assessor.settle();
        assert.deepEqual(await outcome(again), expected, `${when} write ${n}, once more`);
        const recorded = new Set(
          first.ledger.writes.filter(({ call }) => call === 'recordQuality').map(({ args }) => JSON.stringify(args)),
        );
        assert.equal(recorded.size, 1, 'one report on chain');
        await again.node.close();
      }
    }
    assert.ok(deaths >= 14, `${deaths} deaths`);
  });

  it('between a test of an order and its verdict gives the verdict at the next start', async (t) => {
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; n <= 4; n++) {
        const directory = await temporaryDirectory(t);
        const first = await prepared(directory);
        await first.run();
        const order = (await first.orders.list()).find(({ ruleId }) => ruleId === 'phone-form')!;
        await first.orders.fix(order.id, 'wang');
        await first.write(goodRows());
        await first.node.close();
        const { wrap } = mortal(n, when);
        const dying = await openLoop(directory, { parts: wrap, ledger: first.ledger, clock: first.clock });
        await dying.orders
          .retest(order.id, 'li')
          .then(() => dying.assessor.settle())
          .catch((error: unknown) => assert.ok(error instanceof Died));
        await dying.node.close();
        const again = await openLoop(directory, { ledger: first.ledger, clock: first.clock });
        await again.assessor.resume();
        if ((await again.orders.find(order.id)).state !== 'closed') await again.orders.retest(order.id, 'li');
        await again.assessor.settle();
        const ended = await again.orders.find(order.id);
        assert.deepEqual([ended.state, ended.outcome], ['closed', 'passed']);
        assert.deepEqual(
          ended.steps.map(({ state }) => state),
          ['open', 'fixed', 'retested', 'closed'],
        );
        const points = await pointEntries(again.node.state, 'companies');
        assert.equal(points.filter(({ cause }) => cause === 'closed-in-time').length, 1, `${when} ${n}`);
        await again.node.close();
      }
    }
  });

  it('while the chain is away keeps what was measured, and records it once when the chain is back', async (t) => {
    const loop = await prepared(await temporaryDirectory(t));
    loop.ledger.away = true;
    await assert.rejects(loop.run(), { code: 'CHAIN_UNREACHABLE' });
    assert.deepEqual(await loop.assessor.resume(), ['companies']);
    assert.deepEqual(await loop.node.logged(), []);
    loop.ledger.away = false;
    assert.deepEqual(await loop.assessor.resume(), []);
    assert.deepEqual(
      (await historyOf(loop.node.state, 'companies')).map(({ round }) => round),
      [1],
    );
    await loop.node.close();
  });
});

async function prepared(directory: string): Promise<Loop> {
  const loop = await openLoop(directory);
  await writeFile(loop.rules, RULES);
  await loop.write(spoilt());
  await loop.publish();
  return loop;
}
