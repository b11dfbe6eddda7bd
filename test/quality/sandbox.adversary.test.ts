/** Attacks by a rule's SQL: files, network, settings, other tables, statements, space, time, and cells in messages. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { runOver, runRules, withTable } from './support/rule-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealedger-sandbox-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const secretFile = join(folder, 'secret.txt');
writeFileSync(secretFile, 'PLANTED-FILE');
const target = join(folder, 'written');
const CELL = 'PLANTED-CELL-4711';
const TABLE = { a: [CELL, '1', '2'] };

const REFUSED = [
  'RULE_SQL_INVALID',
  'RULE_SQL_FORBIDDEN',
  'RULE_RUN_FAILED',
  'RULES_TIMED_OUT',
  'RULES_OUT_OF_MEMORY',
] as const;

/** Runs an attack; it must end in a refusal of ours that quotes neither file nor cell. */
async function refusal(
  rule: Readonly<Record<string, unknown>>,
  limits: { timeoutMs?: number } = {},
): Promise<ProtocolError> {
  try {
    await runOver(TABLE, [rule], limits);
  } catch (error) {
    assert.ok(error instanceof ProtocolError && REFUSED.some((code) => isProtocolError(error, code)), String(error));
    assert.doesNotMatch(JSON.stringify([error.message, error.details]), /PLANTED/);
    assert.ok(!existsSync(target), 'a file was written');
    return error;
  }
  assert.fail('was accepted');
}

/** Each tried as a condition and as a SELECT. */
const EXPRESSIONS = [
  `(SELECT content FROM read_text('${secretFile}')) = 'x'`,
  `EXISTS (SELECT 1 FROM '${secretFile}')`,
  `EXISTS (FROM read_csv('${secretFile}'))`,
  `EXISTS (FROM read_blob('${secretFile}'))`,
  `EXISTS (FROM glob('/*'))`,
  `EXISTS (FROM 'https://example.invalid/x.csv')`,
  "getenv('HOME') = ''",
  "current_setting('memory_limit') = ''",
  'version() = a',
  'current_user = a',
  'current_database() = a',
  'current_query() = a',
  "current_date > DATE '2020-01-01'",
  'now() IS NULL',
  'random() < 0.5',
  'uuid() = a',
  'EXISTS (FROM duckdb_settings())',
  'EXISTS (FROM duckdb_tables())',
  'EXISTS (FROM information_schema.tables)',
  "EXISTS (FROM pragma_table_info('rows_of_test'))",
  'EXISTS (FROM rows_of_test)',
  'EXISTS (FROM main.rows_of_test)',
  'EXISTS (FROM memory.main.rows_of_test)',
  'EXISTS (FROM temp.rules_other)',
  "EXISTS (FROM query('SELECT 1'))",
  "EXISTS (FROM query_table('rows_of_test'))",
  "nextval('s') > 0",
  'error(a) IS NULL',
  "repeat(a, 1000000000) = ''",
  "lpad(a, 2000000000, 'x') = ''",
  "printf('%2000000000d', 1) = ''",
  "format('{:2000000000d}', 1) = ''",
  'bar(1, 0, 10, 1000000000) = a',
  'list_sum(range(0, 100000000000)) > 0',
  "len(string_split(a, '')) > 0",
  '[a, a][1] = a',
  "{'x': a}.x = a",
  'list_transform([1], lambda x: x) IS NULL',
  'a::JSON IS NULL',
  'CAST(a AS INTEGER[100000]) IS NULL',
  'CAST(a AS STRUCT(x INTEGER)) IS NULL',
  'a COLLATE nocase = a',
  'COLUMNS(*) IS NOT NULL',
  '? = a',
  '$1 = a',
  'write_log(a) IS NULL',
  'md5(a) = a',
  'a.b = a',
  'main.rows_of_test.a = a',
] as const;

suite('an expression that reaches beyond its row is refused', () => {
  for (const sql of EXPRESSIONS) {
    test(sql.slice(0, 60), async () => {
      await refusal({ type: 'expression', sql });
      await refusal({ type: 'notNull', field: 'a', when: sql });
      await refusal({ type: 'sql', sql: `SELECT _row FROM data WHERE ${sql.replace('a.b = a', 'x.y.a.b = a')}` });
    });
  }
});

const SMUGGLED = [
  'true); DROP TABLE rows_of_test; --',
  'true; SELECT 1',
  '1 = 1) FROM data WHERE (1 = 1',
  'true) AS x, (true',
  'true), (true',
  '(true',
  'true) UNION SELECT (true',
  'true /* ',
  "a = 'x",
  '',
  ';',
  '\u0000',
  'true --\n) OR (SELECT 1',
  'SELECT 1',
  'a, a',
  'count(*) > 0',
  'sum(1) OVER () > 0',
  'b = 1',
  "a = $$x$$; ATTACH 'x'",
] as const;

suite('what is more than one expression is refused', () => {
  for (const sql of SMUGGLED) {
    test(JSON.stringify(sql), async () => {
      const rule = { type: 'expression', sql };
      // An empty text does not come through the schema.
      if (sql.trim() === '') await assert.rejects(runOver(TABLE, [rule]));
      else await refusal(rule);
    });
  }
});

const STATEMENTS = [
  `COPY (SELECT a FROM data) TO '${target}'`,
  `COPY data TO '${target}'`,
  `EXPORT DATABASE '${target}'`,
  `ATTACH '${target}' AS x`,
  'DETACH memory',
  'INSTALL httpfs',
  'LOAD httpfs',
  'SET enable_external_access = true',
  'RESET lock_configuration',
  "PRAGMA memory_limit = '100GB'",
  'PRAGMA database_list',
  'CREATE TABLE x AS SELECT 1',
  'CREATE TEMP TABLE x AS SELECT 1',
  'CREATE MACRO is_credit_code(x) AS true',
  'INSERT INTO rows_of_test VALUES (NULL, 1)',
  'UPDATE rows_of_test SET a = NULL',
  'DELETE FROM rows_of_test',
  'DROP TABLE rows_of_test',
  'CALL duckdb_settings()',
  'EXPLAIN SELECT _row FROM data',
  'EXPLAIN ANALYZE SELECT _row FROM data',
  'DESCRIBE data',
  'SUMMARIZE data',
  'SHOW TABLES',
  'CHECKPOINT',
  'VACUUM',
  'BEGIN',
  'USE memory',
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'PIVOT data ON a USING count(*)',
  'SELECT _row FROM data; SELECT 1',
  'SELECT _row FROM data INTO x',
  'WITH RECURSIVE r AS (SELECT 1 AS _row UNION ALL SELECT _row + 1 FROM r) SELECT _row FROM r',
  'WITH r AS (DELETE FROM rows_of_test RETURNING 1) SELECT 1',
  'SELECT _row FROM data TABLESAMPLE 10%',
  'SELECT _row, a FROM data',
  'SELECT a FROM data',
  'SELECT _row FROM range(1000000000) t(_row)',
  'SELECT unnest([1, 2])',
  'SELECT _row FROM data AT (VERSION => 1)',
  'SELECT rowid FROM data',
  'FROM (SELECT _row FROM data) PIVOT (count(*) FOR _row IN (1))',
] as const;

suite('a statement that is anything but a SELECT of row numbers over its own tables is refused', () => {
  for (const sql of STATEMENTS) test(sql.slice(0, 60), async () => void (await refusal({ type: 'sql', sql })));
});

test('a doubling of texts through many steps is refused before it runs', async () => {
  const steps = Array.from({ length: 30 }, (_, i) => `t${i + 1} AS (SELECT _row, a || a AS a FROM t${i})`);
  const sql = `WITH t0 AS (SELECT _row, a FROM data), ${steps.join(', ')} SELECT _row FROM t30 WHERE a = 'x'`;
  assert.equal((await refusal({ type: 'sql', sql })).code, 'RULE_SQL_FORBIDDEN');
  const long = `'${'x'.repeat(600)}'`;
  await refusal({ type: 'expression', sql: `replace(a, '1', ${long}) = ''` });
  await refusal({ type: 'expression', sql: "replace(a, '1', a) = ''" });
  await refusal({ type: 'expression', sql: `concat(${Array.from({ length: 300 }, () => 'a').join(', ')}) = ''` });
  const { rowsOf } = await runOver(TABLE, [
    { type: 'expression', sql: "a || '-' || replace(a, '1', 'one') <> '1-one'" },
  ]);
  assert.deepEqual(rowsOf('r0'), [2]);
});

test('brackets without end mean what they say or are refused, and do not overflow the stack', async () => {
  const { rowsOf } = await runOver(TABLE, [
    { type: 'expression', sql: `${'('.repeat(8000)}a${')'.repeat(8000)} = '1'` },
  ]);
  assert.deepEqual(rowsOf('r0'), [1, 3]);
  await refusal({ type: 'expression', sql: `${'NOT '.repeat(4000)}a = a` });
});

test('a query without end is stopped at the time limit, and the connection serves on', async () => {
  const cells = Array.from({ length: 3000 }, (_, i) => String(i));
  await withTable({ a: cells }, async (source) => {
    const sql = 'SELECT x._row FROM data x, data y, data z, data w WHERE length(x.a || y.a) + length(z.a || w.a) > 100';
    const started = performance.now();
    await assert.rejects(runRules(source, [{ type: 'sql', sql }], { timeoutMs: 300 }), { code: 'RULES_TIMED_OUT' });
    assert.ok(performance.now() - started < 10_000);
    assert.deepEqual((await runRules(source, [{ type: 'notNull', field: 'a' }])).rowsOf('r0'), []);
  });
});

test('a join that outgrows memory and disk is refused', async () => {
  const cells = Array.from({ length: 4000 }, (_, i) => String(i));
  await withTable(
    { a: cells },
    async (source) => {
      const sql =
        'SELECT _row FROM (SELECT x._row, row_number() OVER (ORDER BY x.a, y.a) AS n FROM data x, data y) WHERE n = 1';
      await assert.rejects(runRules(source, [{ type: 'sql', sql }]), (error) => {
        assert.ok(
          isProtocolError(error, 'RULES_OUT_OF_MEMORY') || isProtocolError(error, 'RULES_TIMED_OUT'),
          String(error),
        );
        return true;
      });
    },
    { memory_limit: '40MB', temp_directory: join(folder, 'spill'), max_temp_directory_size: '10MB' },
  );
});

test('an error over cells names rule and kind, and no cell', async () => {
  for (const rule of [
    { type: 'expression', sql: 'CAST(a AS INTEGER) > 0' },
    { type: 'expression', sql: "strptime(a, '%Y') IS NULL" },
    { type: 'sql', sql: 'SELECT _row FROM data WHERE CAST(a AS DATE) IS NULL' },
    { type: 'notNull', field: 'a', when: 'CAST(a AS BOOLEAN)' },
  ]) {
    const error = await refusal({ id: 'the-guilty', ...rule });
    assert.equal(error.code, 'RULE_RUN_FAILED');
    assert.equal(error.details['rule'], 'the-guilty');
  }
});

test('of many rules the one whose SQL fails is named', async () => {
  const fine = { type: 'expression', sql: "a <> ''" };
  const rules = [
    fine,
    { type: 'expression', id: 'the-guilty', sql: 'CAST(a AS INTEGER) > 0' },
    { ...fine, id: 'last' },
  ];
  await assert.rejects(runOver(TABLE, rules), {
    code: 'RULE_RUN_FAILED',
    details: { rule: 'the-guilty', reason: 'conversion' },
  });
});

test('bad syntax is told with rule, place and position', async () => {
  const error = await refusal({ id: 'x', type: 'expression', sql: 'a = = 1' });
  assert.deepEqual(error.details, { rule: 'x', place: 'sql', position: 5, reason: 'parser' });
});

test('a rule sees neither the tables of another rule set nor rows that its SELECT makes up', async () => {
  const set = { tables: { other: { columns: ['x'], rows: [['1']] } } };
  await withTable(TABLE, async (source) => {
    await runRules(source, [{ type: 'notNull', field: 'a' }], { set });
    await assert.rejects(runRules(source, [{ type: 'sql', sql: 'SELECT _row FROM data JOIN other ON a = x' }]), {
      code: 'RULE_SQL_FORBIDDEN',
    });
    const { run } = await runRules(source, [{ type: 'sql', sql: 'SELECT _row + 100 FROM data' }]);
    assert.equal(run.rules[0]!.failing, 0);
  });
});

test('rules do not run on a connection that is not locked', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await DuckDBConnection.create(instance);
  await connection.run("CREATE TABLE t AS SELECT 1::BIGINT AS _row, 'x' AS a");
  const source = { connection, relation: 't', columns: [{ name: 'a', type: 'VARCHAR' }] };
  await assert.rejects(runRules(source, [{ type: 'notNull', field: 'a' }]), { code: 'RULES_NOT_CONFINED' });
  await connection.run('SET enable_external_access = false');
  await assert.rejects(runRules(source, [{ type: 'notNull', field: 'a' }]), { code: 'RULES_NOT_CONFINED' });
  connection.closeSync();
  instance.closeSync();
});
