import assert from 'node:assert/strict';
import { access, appendFile, mkdir, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { assertSelect } from '@sealedger/node/catalogue/engine.ts';
import { resolveSource, sourceSchema, withSource } from '@sealedger/node/catalogue/source.ts';
import type { ErrorDetails } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { assertFree, refusal, refusalOf } from '../node/support/refusals.ts';
import { ask, placeOf, rowsOf, withDuckDb } from './support/sources.ts';

const PLANTED = 'plantedvalue';
/** 姓名,收入 / 张三,100 / 李四,200 in GB18030. */
const GB = Buffer.from('d0d5c3fb2ccad5c8eb0ad5c5c8fd2c3130300ac0eecbc42c3230300a', 'hex');
const CHINESE = '姓名,收入\n张三,100\n李四,200\n';
const CHINESE_ROWS = [
  ['张三', '100', 1],
  ['李四', '200', 2],
];
const utf16 = (text: string, order: 'le' | 'be'): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
};

describe('a CSV source is read where it lies', () => {
  const read: readonly (readonly [string, string | Buffer, object, unknown[][]])[] = [
    ['in UTF-8', CHINESE, {}, CHINESE_ROWS],
    ['with a byte order mark', `\ufeff${CHINESE}`, {}, CHINESE_ROWS],
    ['with CRLF and no end of the last line', CHINESE.trimEnd().replaceAll('\n', '\r\n'), {}, CHINESE_ROWS],
    ['in GB18030 as declared', GB, { encoding: 'gb18030' }, CHINESE_ROWS],
    ['in GBK as declared', GB, { encoding: 'gbk' }, CHINESE_ROWS],
    ['in UTF-16 by its mark, little end first', utf16(`\ufeff${CHINESE}`, 'le'), {}, CHINESE_ROWS],
    ['in UTF-16 by its mark, big end first', utf16(`\ufeff${CHINESE}`, 'be'), {}, CHINESE_ROWS],
    ['in UTF-16 as declared, without a mark', utf16(CHINESE, 'le'), { encoding: 'utf-16le' }, CHINESE_ROWS],
    ['by a declared delimiter', CHINESE.replaceAll(',', ';'), { delimiter: ';' }, CHINESE_ROWS],
    ['by tabs', CHINESE.replaceAll(',', '\t'), { delimiter: '\t' }, CHINESE_ROWS],
    ['by bars', CHINESE.replaceAll(',', '|'), { delimiter: '|' }, CHINESE_ROWS],
    ['with quotes, delimiters and lines inside', 'a,"b ""x"""\n"1,\n2","say ""no"""\n', {}, [['1,\n2', 'say "no"', 1]]],
    ['with an empty cell and an empty text apart', 'a,b\n,""\n', {}, [[null, '', 1]]],
    ['without a row', 'a,b\n', {}, []],
  ];
  for (const [name, content, form, expected] of read) {
    it(name, async (t) => {
      const { directory, limits } = await placeOf(t);
      await writeFile(join(directory, 'in.csv'), content);
      assert.deepEqual(await ask({ type: 'csv', file: join(directory, 'in.csv'), ...form }, limits), expected);
      assert.deepEqual(await readdir(limits.workDirectory), [], 'something is left in the work directory');
    });
  }

  it('with rows numbered in the file’s order, by any number of threads', async (t) => {
    const { directory, limits } = await placeOf(t, { threads: 4 });
    const file = join(directory, 'long.csv');
    await withDuckDb(directory, ':memory:', [
      `COPY (SELECT i AS n, repeat('x', 1 + i % 40) AS pad FROM range(300000) t(i)) TO ':dir/long.csv' (HEADER)`,
      `COPY (SELECT i AS n FROM range(300000) t(i)) TO ':dir/long.parquet' (ROW_GROUP_SIZE 10000)`,
    ]);
    const check = 'SELECT count(*), count(*) FILTER (_row <> CAST(n AS BIGINT) + 1) FROM R';
    assert.deepEqual(await ask({ type: 'csv', file }, limits, check), [[300_000, 0]]);
    assert.deepEqual(await ask({ type: 'parquet', file: join(directory, 'long.parquet') }, limits, check), [
      [300_000, 0],
    ]);
    assert.deepEqual(await ask({ type: 'csv', file }, limits, 'SELECT count(*) FROM U'), [[300_000]]);
  });

  it('under names that only look like a pattern, a scheme or SQL', async (t) => {
    const { directory, limits } = await placeOf(t);
    for (const name of ["it's.csv", 'a*.csv', '[ab].csv', 'x.csv.gz', "'); DROP TABLE x; --.csv", 'x?.csv']) {
      await writeFile(join(directory, name), 'a\n1\n');
      assert.deepEqual(await ask({ type: 'csv', file: join(directory, name) }, limits), [['1', 1]], name);
    }
  });
});

describe('a CSV source that is not in order is refused with what would be right', () => {
  const refused: readonly (readonly [string, string | Buffer, object, ErrorCode, ErrorDetails])[] = [
    ['GB18030 that is not declared', GB, {}, 'SOURCE_ENCODING', { instead: 'encoding: gb18030' }],
    ['GB18030 declared as UTF-8', GB, { encoding: 'utf-8' }, 'SOURCE_ENCODING', { instead: 'encoding: gb18030' }],
    ['UTF-16 without mark or word', utf16(CHINESE, 'le'), {}, 'SOURCE_ENCODING', { instead: 'encoding: utf-16le' }],
    [
      'a mark against the word',
      `\ufeff${CHINESE}`,
      { encoding: 'gbk' },
      'SOURCE_ENCODING',
      { instead: 'encoding: utf-8' },
    ],
    ['UTF-32', Buffer.concat([Buffer.from('fffe0000', 'hex'), GB]), {}, 'SOURCE_ENCODING', {}],
    ['bytes of no encoding', Buffer.from('61ff2cff0aff0a', 'hex'), {}, 'SOURCE_ENCODING', {}],
    ['another delimiter', CHINESE.replaceAll(',', ';'), {}, 'SOURCE_DELIMITER', { instead: ';' }],
    ['a row too long', `a,b\n1,2\n3,4,${PLANTED}\n`, {}, 'SOURCE_UNREADABLE', { line: 3 }],
    ['a row too short', `a,b\n1,2\n${PLANTED}\n`, {}, 'SOURCE_UNREADABLE', { line: 3 }],
    ['a quote that never ends', `a,b\n1,"${PLANTED}\n`, {}, 'SOURCE_UNREADABLE', {}],
    ['nothing', '', {}, 'SOURCE_UNREADABLE', { line: 1 }],
    ['a name twice', 'a,a\n1,2\n', {}, 'SOURCE_UNREADABLE', { line: 1 }],
    ['names that SQL takes for one', 'a,A\n1,2\n', {}, 'SOURCE_COLUMN', { column: 2, reason: 'name-taken' }],
    ['our own column', '_row,a\n1,2\n', {}, 'SOURCE_COLUMN', { column: 1 }],
    ['a line of five megabytes', `a,b\n1,${'x'.repeat(5 << 20)}\n`, {}, 'SOURCE_LINE_TOO_LONG', { line: 2 }],
    [
      'the same line, transcoded',
      utf16(`\ufeffa\n${'x'.repeat(5 << 20)}\n`, 'le'),
      {},
      'SOURCE_LINE_TOO_LONG',
      { line: 2 },
    ],
    [
      'a header of a million columns',
      `${Array.from({ length: 1_000_000 }, (_, i) => `c${i}`).join()}\n`,
      {},
      'SOURCE_TOO_WIDE',
      {},
    ],
    ['five thousand columns', `${Array.from({ length: 5000 }, (_, i) => `c${i}`).join()}\n`, {}, 'SOURCE_TOO_WIDE', {}],
  ];
  for (const [name, content, form, code, details] of refused) {
    it(name, async (t) => {
      const { directory, limits } = await placeOf(t);
      await writeFile(join(directory, 'in.csv'), content);
      const error = await refusalOf(() => ask({ type: 'csv', file: join(directory, 'in.csv'), ...form }, limits));
      refusal(code, details)(error);
      assertFree(error, [PLANTED, '张三']);
      assert.deepEqual(await readdir(limits.workDirectory), []);
    });
  }

  it('bad bytes far behind the head', async (t) => {
    const { directory, limits } = await placeOf(t);
    const file = join(directory, 'in.csv');
    await writeFile(file, Buffer.concat([Buffer.from(`a,b\n${'1,2\n'.repeat(600_000)}`), GB]));
    await assert.rejects(ask({ type: 'csv', file }, limits, 'SELECT count(b) FROM U'), refusal('SOURCE_ENCODING'));
  });

  it('a line of two gigabytes, without reading it', async (t) => {
    const { directory, limits } = await placeOf(t);
    const file = join(directory, 'holes.csv');
    const handle = await open(file, 'w');
    await handle.write('a,b\n1,x');
    await handle.truncate(2 ** 31);
    await handle.close();
    const before = process.memoryUsage.rss();
    const error = await refusalOf(() => ask({ type: 'csv', file }, limits, 'SELECT count(b) FROM U'));
    assert.ok(['SOURCE_LINE_TOO_LONG', 'SOURCE_ENCODING'].includes(error.code), error.code);
    assert.ok(process.memoryUsage.rss() - before < 512 * 2 ** 20, 'it was read into memory');
  });
});

describe('Parquet and DuckDB files are sources', () => {
  it('with their own types, and dense numbers where rows were deleted', async (t) => {
    const { directory, limits } = await placeOf(t);
    await withDuckDb(directory, join(directory, 'd.duckdb'), [
      "CREATE TABLE whole AS SELECT i AS n, DATE '2026-01-01' AS d FROM range(5) t(i)",
      'CREATE TABLE holes AS SELECT i AS n FROM range(10) t(i)',
      'DELETE FROM holes WHERE n % 2 = 0',
      `CREATE VIEW spy AS SELECT * FROM read_text('/etc/hostname')`,
    ]);
    const file = join(directory, 'd.duckdb');
    assert.deepEqual(
      await ask({ type: 'duckdb', file, table: 'whole' }, limits, 'SELECT max(_row), typeof(any_value(d)) FROM R'),
      [[5, 'DATE']],
    );
    assert.deepEqual(await ask({ type: 'duckdb', file, table: 'holes' }, limits, 'SELECT n, _row FROM R'), [
      [1, 1],
      [3, 2],
      [5, 3],
      [7, 4],
      [9, 5],
    ]);
    await assert.rejects(ask({ type: 'duckdb', file, table: 'spy' }, limits), refusal('SOURCE_TABLE_UNKNOWN'));
    await assert.rejects(
      ask({ type: 'duckdb', file, table: 'x"; DROP TABLE whole; --' }, limits),
      refusal('SOURCE_TABLE_UNKNOWN'),
    );
  });

  it('and a file that is neither is refused without a word of it', async (t) => {
    const { directory, limits } = await placeOf(t);
    const file = join(directory, 'no');
    await writeFile(file, PLANTED.repeat(1000));
    for (const source of [
      { type: 'parquet', file },
      { type: 'duckdb', file, table: 't' },
    ] as const) {
      const error = await refusalOf(() => ask(source, limits));
      refusal('SOURCE_UNREADABLE', { file: 'no', format: source.type })(error);
      assertFree(error, [PLANTED]);
    }
  });
});

describe('what reads a source reads nothing else', () => {
  const forbidden = [
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "COPY (SELECT 1) TO ':dir/out.csv'",
    "COPY (SELECT 1 AS a) TO ':dir/in.csv'",
    "ATTACH ':dir/x.duckdb'",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    'INSTALL httpfs',
    'LOAD httpfs',
    "SET memory_limit = '100GB'",
    'SET lock_configuration = false',
    "SET allowed_paths = ['/etc/hostname']",
    'RESET enable_external_access',
    "EXPORT DATABASE ':dir/all'",
    "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x')",
  ];
  for (const sql of forbidden) {
    it(sql, async (t) => {
      const { directory, limits } = await placeOf(t);
      const file = join(directory, 'in.csv');
      await writeFile(file, 'a\n1\n');
      await assert.rejects(ask({ type: 'csv', file }, limits, sql.replaceAll(':dir', directory)));
      assert.equal(await readFile(file, 'utf8'), 'a\n1\n');
      assert.deepEqual((await readdir(directory)).sort(), ['in.csv', 'work']);
    });
  }

  it('and a rule’s text is one SELECT or nothing', async (t) => {
    const { directory, limits } = await placeOf(t);
    const file = join(directory, 'in.csv');
    await writeFile(file, 'a\n1\n');
    await withSource(sourceSchema.parse({ type: 'csv', file }) as never, limits, async (open) => {
      await assertSelect(open.connection, `SELECT a FROM ${open.relation}`);
      for (const text of [
        'SELECT 1; SELECT 2',
        'CREATE TABLE t (a INT)',
        'DROP VIEW source_rows',
        'COPY (SELECT 1) TO STDOUT',
        '',
      ]) {
        await assert.rejects(assertSelect(open.connection, text), text);
      }
    });
  });

  it('within its memory, its disk and its time', async (t) => {
    const { directory, limits } = await placeOf(t, { timeoutMs: 1500, memoryMb: 64, diskMb: 16 });
    const file = join(directory, 'in.csv');
    await writeFile(file, 'a\n1\n');
    const endless = 'SELECT count(*) FROM range(100000) x, range(10000000) y WHERE hash(x.range, y.range) = 1';
    await assert.rejects(ask({ type: 'csv', file }, limits, endless), refusal('SOURCE_TIMEOUT', { seconds: 1.5 }));
    const large = 'SELECT list(hash(range)) FROM range(100000000)';
    await assert.rejects(
      ask({ type: 'csv', file }, { ...limits, timeoutMs: 60_000 }, large),
      refusal('SOURCE_MEMORY', { memoryMb: 64 }),
    );
    await writeFile(join(directory, 'gb.csv'), Buffer.concat([GB, Buffer.alloc(17 << 20, 'a,b\n')]));
    await assert.rejects(
      ask({ type: 'csv', file: join(directory, 'gb.csv'), encoding: 'gbk' }, { ...limits, timeoutMs: 60_000 }),
      refusal('SOURCE_MEMORY', { diskMb: 16 }),
    );
  });
});

describe('a source that does not hold still', () => {
  const acts: readonly (readonly [string, (file: string) => Promise<void>, ErrorCode])[] = [
    ['grows', (file) => appendFile(file, '3\n'), 'SOURCE_CHANGED'],
    ['is written again with the same size', (file) => writeFile(file, 'a\n9\n'), 'SOURCE_CHANGED'],
    ['is cut', (file) => writeFile(file, ''), 'SOURCE_CHANGED'],
    ['vanishes', (file) => rm(file), 'SOURCE_VANISHED'],
    [
      'is put in another’s place',
      async (file) => {
        await writeFile(`${file}.new`, 'a\n1\n');
        await rename(`${file}.new`, file);
      },
      'SOURCE_CHANGED',
    ],
  ];
  for (const [name, act, code] of acts) {
    it(`${name}: nothing of what was read is given back`, async (t) => {
      const { directory, limits } = await placeOf(t);
      const file = join(directory, 'in.csv');
      await writeFile(file, 'a\n1\n');
      let read: unknown;
      const source = sourceSchema.parse({ type: 'csv', file });
      const task = withSource(source as never, limits, async (opened) => {
        read = await rowsOf(opened, 'SELECT a FROM R');
        await act(file);
        return read;
      });
      await assert.rejects(task, refusal(code, { file: 'in.csv' }));
      assert.deepEqual(read, [['1']]);
    });
  }

  it('was never there', async (t) => {
    const { directory, limits } = await placeOf(t);
    await assert.rejects(ask({ type: 'csv', file: join(directory, 'none.csv') }, limits), refusal('SOURCE_VANISHED'));
    await assert.rejects(access(join(directory, 'none.csv')));
  });
});

describe('a definition’s path', () => {
  it('leads to a file under an allowed directory, whatever links stand on the way', async (t) => {
    const { directory } = await placeOf(t);
    const [inside, outside] = [join(directory, 'in'), join(directory, 'out')];
    await mkdir(inside);
    await mkdir(outside);
    await writeFile(join(inside, 'a.csv'), 'a\n');
    await writeFile(join(outside, 'b.csv'), 'a\n');
    await symlink(join(outside, 'b.csv'), join(inside, 'link.csv'));
    await mkdir(join(directory, 'in-the-way'));
    await writeFile(join(directory, 'in-the-way', 'c.csv'), 'a\n');
    const places = { base: inside, directories: [inside], databases: {} };
    const resolved = (file: string) => resolveSource(sourceSchema.parse({ type: 'csv', file }), places);
    assert.equal((await resolved('./x/../a.csv').catch(() => resolved('a.csv'))).type, 'csv');
    for (const file of [
      '../out/b.csv',
      join(outside, 'b.csv'),
      'link.csv',
      '../in-the-way/c.csv',
      '.',
      '/etc/hostname',
    ]) {
      await assert.rejects(resolved(file), refusal('SOURCE_OUTSIDE'), file);
    }
    await assert.rejects(resolved('none.csv'), refusal('SOURCE_VANISHED'));
  });

  it('names a database of the configuration and no other, not even one of JavaScript', async () => {
    const places = { base: '/', directories: [], databases: {} };
    for (const database of ['tax', 'constructor']) {
      const source = sourceSchema.parse({ type: 'postgres', database, table: 't' });
      await assert.rejects(resolveSource(source, places), refusal('SOURCE_DATABASE_UNKNOWN', { database }));
    }
    assert.equal(
      sourceSchema.safeParse({ type: 'postgres', database: 'tax', table: 't', password: 'x' }).success,
      false,
    );
  });
});
