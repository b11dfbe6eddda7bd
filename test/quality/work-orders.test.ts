/** What people may do with orders, what stays refused, and how little a re-test has to look at. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { pointEntries } from '@sealedger/node/quality/account.ts';
import { safeCell } from '@sealedger/node/quality/order-export.ts';
import { kindOf } from '../node/support/node-state.ts';
import { assertFree, refusalOf } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { goodRows, type Loop, openLoop, PLANTED, type Row, RULES } from './support/loop-fixture.ts';

async function open(t: Parameters<typeof temporaryDirectory>[0], rows: readonly Row[], plan = {}): Promise<Loop> {
  const loop = await openLoop(await temporaryDirectory(t), { plan });
  t!.after(loop.node.close);
  await writeFile(loop.rules, RULES);
  await loop.write(rows);
  await loop.publish();
  await loop.run();
  return loop;
}

function change(changes: Readonly<Record<number, Partial<Row>>>, rows = goodRows()): Row[] {
  return rows.map((row, i) => ({ ...row, ...changes[i + 1] }));
}

const only = async (loop: Loop, rule: string) => (await loop.orders.list()).find(({ ruleId }) => ruleId === rule)!;
const DAY_MS = 86_400_000;

describe('a work order', () => {
  it('goes the ways it may and no other', async (t) => {
    const loop = await open(t, change({ 2: { phone: '1' } }));
    const { id } = await only(loop, 'phone-form');
    assert.equal((await refusalOf(() => loop.orders.accept(id, 'zhao'))).code, 'WORK_ORDER_STATE');
    assert.equal((await loop.orders.assign(id, 'wang', 'li')).assignee, 'wang');
    assert.equal((await loop.orders.reject(id, 'wang', 'value-is-right', PLANTED[0])).state, 'rejected');
    assert.equal((await refusalOf(() => loop.orders.accept(id, 'wang'))).code, 'WORK_ORDER_SAME_PERSON');
    assert.equal((await refusalOf(() => loop.orders.fix(id, 'wang'))).code, 'WORK_ORDER_STATE');
    assert.equal((await loop.orders.decline(id, 'zhao')).state, 'reopened');
    await loop.orders.reject(id, 'wang', 'value-is-right');
    const closed = await loop.orders.accept(id, 'zhao');
    assert.deepEqual([closed.state, closed.outcome], ['closed', 'accepted']);
    assert.equal((await refusalOf(() => loop.orders.retest(id, 'li'))).code, 'WORK_ORDER_STATE');
    assert.equal((await refusalOf(() => loop.orders.find('ffff'))).code, 'WORK_ORDER_UNKNOWN');
    assert.equal((await refusalOf(() => loop.orders.find('../x'))).code, 'WORK_ORDER_UNKNOWN');
    const events = JSON.stringify(await loop.node.logged());
    assertFree(events, [...PLANTED, '"wang"', '"zhao"', '"li"', 'west-office', 'east-office', 'steward']);
    await loop.run();
    assert.equal(
      (await loop.orders.list()).filter(({ state }) => state !== 'closed').length,
      0,
      'a row that stays as it is comes up no more',
    );
    assert.deepEqual(
      (await pointEntries(loop.node.state)).filter(({ cause }) => cause === 'closed-in-time'),
      [],
    );
  });

  it('that is late is said aloud once for each due day, and costs points that are there', async (t) => {
    const loop = await open(t, change({ 2: { phone: '1' } }));
    const alerts = async () => (await loop.node.logged()).map(kindOf).filter((kind) => kind === 'alert').length;
    const { id, dueAt } = await only(loop, 'phone-form');
    loop.clock.move(dueAt - loop.clock.now() - 1);
    await loop.assessor.settle();
    assert.equal(await alerts(), 0);
    loop.clock.move(1);
    await loop.assessor.settle();
    await loop.assessor.settle();
    assert.equal(await alerts(), 1);
    await loop.orders.fix(id, 'wang');
    loop.clock.move(DAY_MS);
    const { order } = await loop.orders.retest(id, 'li');
    assert.equal(order.state, 'reopened');
    assert.ok(order.dueAt > loop.clock.now());
    loop.clock.move(40 * DAY_MS);
    await loop.assessor.settle();
    assert.equal(await alerts(), 2);
    const entries = await pointEntries(loop.node.state);
    assert.ok(entries.every(({ total }) => total >= 0));
    assert.ok(entries.some(({ cause, points }) => cause === 'overdue' && points === -2));
    await loop.write(goodRows());
    await loop.orders.fix(id, 'wang');
    await loop.orders.retest(id, 'li');
    await loop.assessor.settle();
    assert.ok(
      (await pointEntries(loop.node.state)).every(({ cause }) => cause !== 'closed-in-time'),
      'late is late',
    );
  });

  it('is tested again over the changed rows alone, wherever they stand now', async (t) => {
    const many = Array.from({ length: 600 }, (_, i) => ({
      ...goodRows()[i % 12]!,
      id: `n${i}`,
      phone: i % 60 === 0 ? 'x' : '13800001000',
    }));
    for (const plan of [{ key: ['id'] }, { key: [] }]) {
      const loop = await open(t, many, { ...plan, units: { default: 'steward', byField: {}, byRule: {} } });
      const { id, rows } = await only(loop, 'phone-form');
      assert.equal(rows, 10);
      const repaired = many.map((row, i) => (i === 0 || i === 60 ? { ...row, phone: '13800009999' } : row));
      // Two rows change places, one of them failing as before.
      [repaired[120], repaired[121]] = [repaired[121]!, repaired[120]!];
      await loop.write(repaired);
      const { order, work } = await loop.orders.retest(id, 'li');
      assert.deepEqual([order.state, order.rows], ['reopened', 8]);
      assert.deepEqual(
        [work!.testedRows, work!.unchanged, work!.changed, work!.sourceRows, work!.rulesRun],
        [2, 8, 2, 600, 1],
      );
      await loop.write(repaired.map((row) => ({ ...row, phone: '13800009999' })));
      assert.equal((await loop.orders.retest(id, 'li')).order.state, 'closed');
    }
  });

  it('without a key is tested over the whole table once rows came or went, and not closed by a shift', async (t) => {
    const loop = await open(t, change({ 3: { phone: 'x' } }), { key: [] });
    const { id } = await only(loop, 'phone-form');
    await loop.write(change({ 3: { phone: 'y' } }).slice(1));
    const { order, work } = await loop.orders.retest(id, 'li');
    assert.deepEqual([order.state, order.rows, work!.testedRows], ['reopened', 1, 11]);
  });

  it('of a rule that compares rows is tested over the whole table with that rule alone', async (t) => {
    const loop = await open(t, change({ 12: { id: 'e011' } }));
    const { id, unit, rows } = await only(loop, 'id-unique');
    assert.deepEqual([unit, rows], ['registry', 2]);
    await loop.write(goodRows());
    const { order, work } = await loop.orders.retest(id, 'li');
    assert.deepEqual([order.state, work!.testedRows, work!.rulesRun, work!.rulesInSet], ['closed', 12, 1, 4]);
  });

  it('goes out as CSV in which nothing is a formula, with reasons in both languages', async (t) => {
    const loop = await open(t, change({ 2: { phone: '=1+1' }, 3: { phone: '@SUM(A1)' }, 4: { phone: '\tx,"y"' } }), {
      units: { default: 'steward', byField: {}, byRule: {} },
    });
    const { id } = await only(loop, 'phone-form');
    const english = await loop.orders.export(id, 'en');
    assert.deepEqual([english.exported, english.missing], [3, 0]);
    assert.match(english.text, /^\uFEFFrow,why it fails,id,name,phone,district,office\r\n/);
    assert.match(english.text, /A mobile number has eleven digits/);
    assert.match((await loop.orders.export(id, 'zh-CN')).text, /行号,未通过原因.*手机号码应为 11 位数字/s);
    assert.match(english.text, /,'=1\+1,/);
    await loop.write(goodRows().slice(2));
    assert.equal((await loop.orders.export(id, 'en')).missing, 1);
  });

  it('closes when its rule is asked no more, without points', async (t) => {
    const loop = await open(t, change({ 2: { phone: '1' } }));
    await writeFile(loop.rules, RULES.replace(/ {2}- \{ id: phone-form.*\n/, ''));
    await loop.run();
    const order = await only(loop, 'phone-form');
    assert.deepEqual([order.state, order.outcome], ['closed', 'rule-gone']);
    assert.ok((await pointEntries(loop.node.state)).every(({ cause }) => cause !== 'closed-in-time'));
  });
});

describe('a cell in a CSV file', () => {
  it('begins no formula, stays a number, and keeps its quotes', () => {
    for (const cell of ['=1', '+1+1', '-1-1', '@x', '\t=1', ' =1', '\r=1', '＝1', '|cmd', '%0A']) {
      assert.match(safeCell(cell), /^"?'/, JSON.stringify(cell));
    }
    for (const cell of ['-5', '+86', '1.5', '-1e3', 'abc', '', '中文']) assert.equal(safeCell(cell), cell);
    assert.equal(safeCell('a"b,c'), '"a""b,c"');
    assert.equal(safeCell('=a\n"b"'), `"'=a\n""b"""`);
  });
});
