/** Repairs of a generated register: proposed where the rules know better, decided by people, written for the source. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cellFingerprint, proposeRepairs, type RepairProposal } from '@sealedger/node/quality/repair.ts';
import { createRepairBook, type RepairBook } from '@sealedger/node/quality/repair-book.ts';
import { initialConfidence, learnedConfidence } from '@sealedger/node/quality/repair-confidence.ts';
import { createStateStore, openDatabase } from '@sealedger/node/store/level-store.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { refusal } from '../node/support/refusals.ts';
import { csvOf, temporaryDirectory } from '../node/support/temporary.ts';
import { checkTable, rulesOf, scoreTable, withTable } from './support/cell-score.ts';
import { dirtyRegister, REGISTER_COLUMNS } from './support/dirty-register.ts';

const directory = await temporaryDirectory();
const KEY = new Uint8Array(32);
const register = dirtyRegister(440, 7);
const dirtyFile = join(directory, 'dirty.csv');
const cleanFile = join(directory, 'clean.csv');
await writeFile(dirtyFile, csvOf(REGISTER_COLUMNS, register.dirty));
await writeFile(cleanFile, csvOf(REGISTER_COLUMNS, register.clean));
const rules = await rulesOf('register');
const report = await scoreTable(dirtyFile, cleanFile, rules);
const { failures, repairs } = await checkTable(dirtyFile, rules);

test('the rules of the register find every planted error and nothing else', () => {
  assert.deepEqual(
    { wrong: report.all.wrong, hits: report.all.hits, flagged: report.all.flagged },
    { wrong: register.wrong.size, hits: register.wrong.size, flagged: register.wrong.size },
  );
});

test('what is proposed is right, and every way to a proposal has one', () => {
  assert.deepEqual(
    report.repairs.filter(({ right }) => !right).map(({ row, field, ruleId }) => ({ row, field, ruleId })),
    [],
  );
  const methods = new Set(report.repairs.map(({ method }) => method));
  assert.deepEqual([...methods].toSorted(), ['checkDigit', 'consensus', 'format', 'rule', 'typo']);
});

test('a cell of which nothing is known gets no proposal', () => {
  const impossible = report.repairs.filter(({ field }) => field === 'status');
  assert.deepEqual(impossible, []);
});

test('a reason reads in both languages and holds no cell', () => {
  for (const { reason, proposed, row, field } of repairs) {
    const old = register.dirty[row - 1]![REGISTER_COLUMNS.indexOf(field as 'code')]!;
    for (const locale of ['en', 'zh-CN'] as const) {
      const words = messageFor(reason.code, reason.details, locale);
      assert.ok(!words.includes('{') && !words.includes(proposed) && (old === '' || !words.includes(old)), words);
    }
  }
});

test('the limit keeps the surest proposals, and the floor leaves out the others', async () => {
  const propose = (options: { limit: number; minConfidence?: number }): Promise<readonly RepairProposal[]> =>
    withTable(dirtyFile, (source) => proposeRepairs(source, rules, failures, { key: KEY, ...options }));
  const surest = repairs.map(({ confidence }) => confidence).toSorted((a, b) => b - a);
  const few = await propose({ limit: 5 });
  assert.deepEqual(
    few.map(({ confidence }) => confidence).toSorted((a, b) => b - a),
    surest.slice(0, 5),
  );
  const sure = await propose({ limit: 1000, minConfidence: 9700 });
  assert.deepEqual(
    sure,
    repairs.filter(({ confidence }) => confidence >= 9700),
  );
  assert.ok(sure.length > 0 && sure.length < repairs.length);
});

test('failures of the dataset as a whole, of no field, or of no rule of the set have no repair', async () => {
  const strays = [
    { ruleId: 'present', row: null, fields: ['status'] },
    { ruleId: 'present', row: 1, fields: [] },
    { ruleId: 'elsewhere', row: 1, fields: ['status'] },
  ];
  const none = await withTable(dirtyFile, (source) => proposeRepairs(source, rules, strays, { key: KEY, limit: 10 }));
  assert.deepEqual(none, []);
});

test('confidence follows what people decide, and one refusal does not silence a rule', () => {
  const candidate = { method: 'typo', ruleId: 'name-end', evidence: 1 } as const;
  const after = (accepted: number, refused: number): number =>
    learnedConfidence(new Map([['name-end', { accepted, refused }]]))(candidate);
  assert.equal(after(0, 0), initialConfidence(candidate));
  assert.ok(after(0, 1) > 0.85 && after(0, 1) < initialConfidence(candidate));
  assert.ok(after(0, 200) < 0.1);
  assert.ok(after(200, 0) > 0.99);
});

test('a decision stays, and the same one again changes nothing', async (t) => {
  const { book } = await openBook(t);
  await book.put('register', repairs);
  const [first, second] = await book.list('register', 'open');
  const accepted = await book.decide('register', first!.id, 'accepted', 'ann');
  assert.deepEqual(await book.decide('register', first!.id, 'accepted', 'bob'), accepted);
  await assert.rejects(
    book.decide('register', first!.id, 'refused', 'ann'),
    refusal('REPAIR_DECIDED', { repairId: first!.id, state: 'accepted' }),
  );
  await book.decide('register', second!.id, 'refused', 'ann');
  const unknown = 'ab'.repeat(16);
  await assert.rejects(
    book.decide('register', unknown, 'accepted', 'ann'),
    refusal('REPAIR_UNKNOWN', { repairId: unknown }),
  );
  await assert.rejects(
    book.decide('other', first!.id, 'accepted', 'ann'),
    refusal('REPAIR_UNKNOWN', { repairId: first!.id }),
  );
  const decisions = await book.decisions('register');
  const counted = [...decisions.values()].reduce((sum, { accepted: yes, refused: no }) => sum + yes + no, 0);
  assert.equal(counted, 2);
});

test('of two decisions at once one stands, and a run beside them reopens nothing', async (t) => {
  const { book } = await openBook(t);
  await book.put('register', repairs);
  const [first] = await book.list('register');
  const [accepted, refused] = await Promise.allSettled([
    book.decide('register', first!.id, 'accepted', 'ann'),
    book.decide('register', first!.id, 'refused', 'bo'),
    book.put('register', repairs),
  ]);
  assert.equal(accepted.status, 'fulfilled');
  assert.ok(refused.status === 'rejected' && refused.reason.code === 'REPAIR_DECIDED');
  const [stands] = await book.list('register', 'accepted');
  assert.deepEqual([stands!.id, stands!.by], [first!.id, 'ann']);
  assert.equal((await book.list('register', 'open')).length, repairs.length - 1);
});

test('a later run keeps decisions, drops what is not proposed any more, and opens what is new', async (t) => {
  const { book } = await openBook(t);
  assert.equal(await book.put('register', repairs), repairs.length);
  const [first] = await book.list('register');
  await book.decide('register', first!.id, 'refused', 'ann');
  assert.equal(await book.put('register', repairs), repairs.length - 1);
  assert.equal(await book.put('register', repairs.slice(0, 3)), 2);
  assert.deepEqual(
    (await book.list('register')).map(({ state }) => state),
    ['refused', 'open', 'open'],
  );
});

test('the patch holds accepted repairs only, and the source that takes it passes the rules', async (t) => {
  const { book, home } = await openBook(t);
  await acceptAll(book, repairs);
  const [refused] = await book.list('register', 'accepted');
  assert.ok(refused !== undefined);
  const path = join(home, 'register.patch');
  const result = await withTable(dirtyFile, (source) => book.writePatch('register', source, KEY, path));
  assert.deepEqual(result, { written: repairs.length, void: 0, applied: 0 });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const [head, ...cells] = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    { format: head.format, version: head.version, cells: head.cells },
    { format: 'sealedger-patch', version: 1, cells: repairs.length },
  );
  const patched = register.dirty.map((row) => [...row]);
  for (const { row, field, fingerprint, value } of cells as Patch[]) {
    const place = REGISTER_COLUMNS.indexOf(field as 'code');
    assert.equal(fingerprint, cellFingerprint(KEY, row, field, patched[row - 1]![place]!));
    patched[row - 1]![place] = value;
  }
  const patchedFile = join(home, 'patched.csv');
  await writeFile(patchedFile, csvOf(REGISTER_COLUMNS, patched));
  const after = await checkTable(patchedFile, rules);
  // What nobody knows better stays: a missing status, a thirteenth month.
  assert.deepEqual([...new Set(after.failures.flatMap(({ fields }) => fields))].toSorted(), ['founded', 'status']);
  const again = await withTable(patchedFile, (source) =>
    book.writePatch('register', source, KEY, join(home, 'again.patch')),
  );
  assert.deepEqual(again, { written: 0, void: 0, applied: repairs.length });
});

test('a repair whose cell changed since is void and not written', async (t) => {
  const { book, home } = await openBook(t);
  await acceptAll(book, repairs);
  const { row, field } = repairs[0]!;
  const changed = register.dirty.map((cells, index) =>
    index === row - 1 ? cells.with(REGISTER_COLUMNS.indexOf(field as 'code'), 'changed') : cells,
  );
  const file = join(home, 'changed.csv');
  await writeFile(file, csvOf(REGISTER_COLUMNS, changed));
  const result = await withTable(file, (source) => book.writePatch('register', source, KEY, join(home, 'a.patch')));
  assert.deepEqual(result, { written: repairs.length - 1, void: 1, applied: 0 });
  assert.deepEqual(
    (await book.list('register', 'void')).map((repair) => [repair.row, repair.field]),
    [[row, field]],
  );
});

test('a file that is there already is not written over', async (t) => {
  const { book, home } = await openBook(t);
  await writeFile(join(home, 'mine'), 'mine');
  const write = withTable(dirtyFile, (source) => book.writePatch('register', source, KEY, join(home, 'mine')));
  await assert.rejects(write, refusal('REPAIR_PATCH_UNWRITABLE', { file: 'mine' }));
  assert.equal(await readFile(join(home, 'mine'), 'utf8'), 'mine');
});

interface Patch {
  readonly row: number;
  readonly field: string;
  readonly fingerprint: string;
  readonly value: string;
}

async function openBook(t: import('node:test').TestContext): Promise<{ book: RepairBook; home: string }> {
  const home = await temporaryDirectory(t);
  const database = await openDatabase(join(home, 'state'));
  t.after(() => database.close());
  return { book: createRepairBook({ state: createStateStore(database), clock: { now: () => 1000 } }), home };
}

async function acceptAll(book: RepairBook, proposals: readonly RepairProposal[]): Promise<void> {
  await book.put('register', proposals);
  for (const { id } of await book.list('register')) await book.decide('register', id, 'accepted', 'ann');
}
