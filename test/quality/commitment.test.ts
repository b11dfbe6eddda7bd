/** The commitment to rows: one definition in two ways, the same on every run, and rows opened out of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { merkleRoot } from '@sealedger/protocol/merkle.ts';
import { encodeRow, rowLeaf, rowSchema, verifyOpenedRow } from '@sealedger/protocol/row-commitment.ts';
import fc from 'fast-check';
import { BATCH_ROWS, commitRows, openRow, rowKey, rowSalt } from '../../node/catalogue/commitment.ts';
import { withSource } from '../../node/catalogue/source.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealedger-commitment-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const SECRET = new Uint8Array(32).fill(7);
const KEY = rowKey(SECRET, 'ab'.repeat(32));
const COLUMNS = [
  { name: 'id', type: 'BIGINT' },
  { name: 'name', type: 'VARCHAR' },
  { name: 'na,"me', type: 'VARCHAR' },
  { name: 'share', type: 'DOUBLE' },
  { name: 'day', type: 'DATE' },
];
const SELECT = `SELECT i AS id, 'name ' || i AS name, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 5 = 0 THEN '' ELSE '值,' || i END AS "na,""me",
  i / 3.0 AS share, DATE '2020-01-01' + CAST(i % 1000 AS INTEGER) AS day`;

async function withRows<T>(
  sql: string,
  threads: number,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await DuckDBConnection.create(instance);
  try {
    await connection.run(`CREATE TABLE t AS ${sql}`);
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const rowsSql = (count: number): string => `${SELECT} FROM range(${count}) r(i)`;
const sourceOf = (connection: DuckDBConnection) => ({ connection, unnumbered: 't', columns: COLUMNS });

/** The slow way: every leaf in plain code, every node by the protocol's tree. */
async function plainRoot(connection: DuckDBConnection, columns: typeof COLUMNS, key: Uint8Array): Promise<Uint8Array> {
  const texts = columns.map(({ name }) => `CAST("${name.replaceAll('"', '""')}" AS VARCHAR)`).join(', ');
  const rows = (await connection.runAndReadAll(`SELECT ${texts} FROM t`)).getRows() as (string | null)[][];
  const schema = rowSchema(columns);
  return merkleRoot(rows.map((cells, i) => rowLeaf(schema, rowSalt(key, i + 1), cells)));
}

test('equals the tree of plain code, below, at and above the size of a batch', async () => {
  for (const count of [0, 1, 2, 3, 2048, 5000]) {
    await withRows(rowsSql(count), 2, async (connection) => {
      const { root, rows } = await commitRows(sourceOf(connection), KEY);
      assert.equal(rows, count);
      assert.equal(toHex(root), toHex(await plainRoot(connection, COLUMNS, KEY)), `${count} rows`);
    });
  }
});

test('rows of several batches open one by one, and nothing else opens as them', async () => {
  const count = 2 * BATCH_ROWS + 3;
  await withRows(rowsSql(count), 2, async (connection) => {
    const source = sourceOf(connection);
    const { root, rows } = await commitRows(source, KEY);
    for (const row of [1, BATCH_ROWS, BATCH_ROWS + 1, count]) {
      const opened = await openRow(source, KEY, row);
      const claim = { root, rows, columns: COLUMNS, opened };
      assert.ok(verifyOpenedRow(claim), `row ${row}`);
      const flip = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
      const lies = [
        { ...opened, row: row === 1 ? 2 : row - 1 },
        { ...opened, salt: flip(opened.salt) },
        { ...opened, salt: opened.salt.subarray(1) },
        { ...opened, cells: opened.cells.with(1, 'another') },
        { ...opened, cells: opened.cells.with(2, opened.cells[2] === null ? '' : null) },
        { ...opened, cells: opened.cells.slice(1) },
        { ...opened, proof: opened.proof.slice(1) },
        { ...opened, proof: [...opened.proof, root] },
      ];
      for (const lie of lies) assert.ok(!verifyOpenedRow({ ...claim, opened: lie }));
      assert.ok(!verifyOpenedRow({ ...claim, root: flip(root) }));
      assert.ok(!verifyOpenedRow({ ...claim, rows: 2 * rows }));
      const renamed = COLUMNS.map((column, i) => (i === 0 ? { ...column, name: 'ID' } : column));
      assert.ok(!verifyOpenedRow({ ...claim, columns: renamed }));
    }
    for (const row of [0, -1, 1.5, count + 1, Number.NaN]) {
      await assert.rejects(openRow(source, KEY, row), (error) => isProtocolError(error, 'ROW_UNKNOWN'));
    }
  });
});

test('does not depend on the number of threads, and does on key, order and every cell', async () => {
  const count = 20_000;
  const root = (sql: string, threads: number, key = KEY) =>
    withRows(sql, threads, async (connection) => toHex((await commitRows(sourceOf(connection), key)).root));
  const known = await root(rowsSql(count), 1);
  assert.equal(await root(rowsSql(count), 4), known);
  assert.notEqual(await root(rowsSql(count), 2, rowKey(SECRET, 'ac'.repeat(32))), known);
  assert.notEqual(await root(`SELECT * FROM (${rowsSql(count)}) ORDER BY id DESC`, 2), known);
  assert.notEqual(
    await root(`SELECT * REPLACE (CASE WHEN id = 9999 THEN 'x' ELSE name END AS name) FROM (${rowsSql(count)})`, 2),
    known,
  );
});

test('a source of text and threads of its own give one root; cells that shift a comma give another', async () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i},"a,${i}",${i % 3 === 0 ? '' : 'x'}`);
  const rootOf = (file: string, threads: number) =>
    withSource(
      { type: 'csv', file, delimiter: ',' },
      { memoryMb: 512, threads, timeoutMs: 60_000, workDirectory: join(folder, 'work') },
      async (open) => toHex((await commitRows(open, KEY)).root),
    );
  const file = write('rows.csv', `id,text,flag\n${lines.join('\n')}\n`);
  const known = await rootOf(file, 1);
  assert.equal(await rootOf(file, 2), known);
  const shifted = lines.with(77, '77,a,",77x"');
  assert.notEqual(await rootOf(write('shifted.csv', `id,text,flag\n${shifted.join('\n')}\n`), 2), known);
});

test('two different rows of as many columns never have the same bytes', () => {
  const cell = fc.option(fc.oneof(fc.string(), fc.constantFrom('', ',', ':', '1:a,', ':,', '0:,')), { nil: null });
  const row = fc.array(cell, { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(row, row, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      return same === (toHex(encodeRow(a)) === toHex(encodeRow(b)));
    }),
    { seed: 20260101, numRuns: 2000 },
  );
});

test('salts differ by row and version, and one of them tells nothing of the key', () => {
  const salts = [
    rowSalt(KEY, 1),
    rowSalt(KEY, 2),
    rowSalt(KEY, 2 ** 32 + 1),
    rowSalt(rowKey(SECRET, 'ff'.repeat(32)), 1),
  ];
  assert.equal(new Set(salts.map(toHex)).size, salts.length);
  assert.ok(salts.every((salt) => salt.length === 16));
});
