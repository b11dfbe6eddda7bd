/** The operator's channel over real sockets: who is refused, how, and that a running command survives bad callers. */
import assert from 'node:assert/strict';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callAdmin } from '@sealedger/node/cli/admin-client.ts';
import { createLogger } from '@sealedger/node/log.ts';
import { type AdminServer, adminCommand, startAdminServer } from '@sealedger/node/server/admin.ts';
import { adminFilePath, readAdminFile, removeAdminFile, writeAdminFile } from '@sealedger/node/services/admin-file.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { z } from 'zod';
import { openTestGate } from '../keys/support/gate.ts';
import { testCredential, testPerson } from '../keys/support/persons.ts';
import { refusalOf } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const TOKEN = 'a1'.repeat(32);
const PLANTED = 'PlantedCellValue';
const directory = await temporaryDirectory();

const echo = {
  name: 'test.echo',
  summary: 'ADMIN_TOKEN',
  input: z.strictObject({ text: z.string().max(10) }),
  output: z.strictObject({ text: z.string(), person: z.string().nullable() }),
} as const;
const fails = { ...echo, name: 'test.fails' } as const;
const breaks = { ...echo, name: 'test.breaks' } as const;
const waits = { ...echo, name: 'test.waits', input: z.strictObject({}) } as const;

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe('the operator’s channel', { timeout: 60_000 }, () => {
  let server: AdminServer;
  let port: number;
  let config: string;
  const logged: string[] = [];
  const waiting: { aborted: PromiseWithResolvers<void>; entered: PromiseWithResolvers<void> } = {
    aborted: Promise.withResolvers(),
    entered: Promise.withResolvers(),
  };
  const commands = [
    adminCommand(echo, async ({ text }, { person, progress }) => {
      progress({ code: 'ADMIN_BUSY', details: { running: 3 } });
      return { text, person: person?.id ?? null };
    }),
    adminCommand(fails, async () => {
      throw new ProtocolError('DATASET_UNKNOWN', { dataset: 'x' });
    }),
    adminCommand(breaks, async () => {
      throw new Error(PLANTED);
    }),
    adminCommand(waits, async (_, { signal, progress }) => {
      waiting.entered.resolve();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      progress({ code: 'ADMIN_TOKEN' });
      waiting.aborted.resolve();
      return { text: '', person: null };
    }),
  ];

  before(async () => {
    const log = createLogger('tax', (line) => void logged.push(line));
    const { gate, clock } = await openTestGate([testPerson('li', 'steward')]);
    clock.ms = Date.now();
    const documents = { '/openapi.json': () => ({ ok: 1 }) };
    server = await startAdminServer({ commands, gate, log, token: TOKEN, documents });
    port = Number(new URL(server.url).port);
    config = join(directory, 'node.json');
    const node = { org: 'tax', dataDir: '.', port: 0, endpoint: server.url, rpcUrl: server.url, deployment: 'd.json' };
    await writeFile(config, JSON.stringify(node));
    await writeAdminFile(directory, { url: server.url, token: TOKEN });
  });
  after(() => server.close());

  const good = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const raw = (path: string, headers: Record<string, string>, body?: string | Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers },
        async (response) => {
          const parts: Buffer[] = [];
          for await (const part of response) parts.push(part as Buffer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
        },
      );
      call.once('error', reject);
      call.end(body);
    });
  const call = (headers: Record<string, string>, body: string | Buffer = '{"actor":null,"input":{"text":"x"}}') =>
    raw('/admin/v1/test.echo', headers, body);
  const codeOf = ({ text }: Answer): string => (JSON.parse(text) as { code: string }).code;

  it('runs a command, shows its progress in the reader’s language and gives its result', async () => {
    const lines: string[] = [];
    const stderr = (text: string): void => void lines.push(text);
    const io = { stderr, locale: 'zh-CN' as const, person: testCredential('li') };
    assert.deepEqual(await callAdmin(config, echo, { text: 'hello' }, io), { text: 'hello', person: 'li' });
    assert.deepEqual(lines, ['已有 3 个命令正在执行;请等待其中一个结束。\n']);
  });

  it('refuses a call without the token, with a wrong one, and with it in another place', async () => {
    const { authorization, ...bare } = good;
    for (const headers of [
      bare,
      { ...bare, authorization: `Bearer ${'a2'.repeat(32)}` },
      { ...bare, authorization: TOKEN },
      { ...bare, authorization: `${authorization} x` },
      { ...bare, authorization: 'Bearer ' },
      { ...bare, cookie: authorization },
    ]) {
      const answer = await call(headers as Record<string, string>);
      assert.equal(answer.status, 401);
      assert.equal(codeOf(answer), 'ADMIN_TOKEN');
    }
    assert.equal((await raw(`/openapi.json?token=${TOKEN}`, {})).status, 401);
    assert.equal((await raw('/openapi.json', { authorization })).status, 200);
  });

  it('refuses a foreign host name, a page’s origin and a form’s content type, token or not', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      `localhost:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port}.`,
    ]) {
      const answer = await call({ ...good, host });
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'ADMIN_CALLER'], host);
    }
    for (const origin of ['null', 'https://evil.example', server.url]) {
      assert.equal((await call({ ...good, origin })).status, 403, origin);
    }
    assert.equal((await call({ ...good, 'content-type': 'text/plain' })).status, 403);
    assert.equal((await call(good)).status, 200);
  });

  it('refuses bodies that are garbage, too large or encoded, and commands that it does not have', async () => {
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '{"actor":null}{}',
      '{"actor":7,"input":{"text":"x"}}',
      '{"actor":null,"input":{"text":"longer than ten"}}',
      '{"actor":null,"input":{"text":"x"},"more":1}',
      Buffer.from([0xff, 0xfe, 0]),
    ]) {
      const answer = await call(good, body);
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'SCHEMA_MISMATCH'], String(body));
    }
    assert.equal((await call({ ...good, 'content-encoding': 'gzip' })).status, 415);
    for (const path of ['/admin/v1/test.none', '/admin/v1/__proto__', '/admin/v1/constructor']) {
      const answer = await raw(path, good, '{}');
      assert.deepEqual([answer.status, codeOf(answer)], [404, 'ADMIN_COMMAND_UNKNOWN']);
    }
    assert.equal((await raw('/v1/datasets', good)).status, 404);
    const large = await call({ ...good, 'content-length': String(1 << 30) }, '{}').catch(() => undefined);
    assert.ok(large === undefined || large.status === 413);
    const chunked = await call({ ...good, 'transfer-encoding': 'chunked' }, Buffer.alloc(5 << 20, 0x20)).catch(
      () => undefined,
    );
    assert.ok(chunked === undefined || chunked.status === 413);
    assert.equal((await call(good)).status, 200);
  });

  it('passes refusals on with their code, and of a defect nothing but that there was one', async () => {
    const io = { stderr: () => undefined, locale: 'en' as const };
    assert.equal((await refusalOf(() => callAdmin(config, fails, { text: '' }, io))).code, 'DATASET_UNKNOWN');
    assert.equal((await refusalOf(() => callAdmin(config, breaks, { text: '' }, io))).code, 'INTERNAL');
    assert.ok(!logged.join('').includes(PLANTED));
    assert.ok(!logged.join('').includes(TOKEN));
    const other = { ...echo, name: 'test.other' };
    assert.equal((await refusalOf(() => callAdmin(config, other, { text: '' }, io))).code, 'ADMIN_COMMAND_UNKNOWN');
  });

  it('tells a command that its caller went away, and goes on answering', async () => {
    const call = request({ host: '127.0.0.1', port, path: '/admin/v1/test.waits', method: 'POST', headers: good });
    call.on('error', () => undefined);
    call.end('{"actor":null,"input":{}}');
    await waiting.entered.promise;
    call.destroy();
    await waiting.aborted.promise;
    assert.equal((await raw('/openapi.json', good)).status, 200);
  });

  it('says that the node is not running where there is no file, or one that a killed node left', async (t) => {
    const io = { stderr: () => undefined, locale: 'en' as const };
    const away = await temporaryDirectory(t);
    await writeFile(
      join(away, 'node.json'),
      JSON.stringify({
        org: 'tax',
        dataDir: '.',
        port: 0,
        endpoint: server.url,
        rpcUrl: server.url,
        deployment: 'd.json',
      }),
    );
    const ask = () => callAdmin(join(away, 'node.json'), echo, { text: '' }, io);
    const none = await refusalOf(ask);
    assert.equal(none.code, 'ADMIN_NOT_RUNNING');
    assert.match(none.message, /sealedger-node run --config/);
    const { gate } = await openTestGate([]);
    const log = createLogger('tax', () => undefined);
    const closed = await startAdminServer({ commands: [], gate, log, token: TOKEN });
    await closed.close();
    await writeAdminFile(away, { url: closed.url, token: TOKEN });
    assert.equal((await refusalOf(ask)).code, 'ADMIN_NOT_RUNNING');
  });

  it('keeps its file to its owner, refuses one that others may read or that leads away, removes only its own', async (t) => {
    const own = await temporaryDirectory(t);
    const file = { url: server.url, token: TOKEN };
    await writeAdminFile(own, file);
    assert.equal((await stat(adminFilePath(own))).mode & 0o777, 0o600);
    await chmod(adminFilePath(own), 0o644);
    assert.equal((await refusalOf(() => readAdminFile(own))).code, 'ADMIN_FILE_UNREADABLE');
    for (const text of [
      '',
      '{}',
      JSON.stringify({ url: 'http://evil.example:80', token: TOKEN }),
      JSON.stringify({ ...file, token: 'x' }),
    ]) {
      await writeFile(adminFilePath(own), text);
      await chmod(adminFilePath(own), 0o600);
      assert.equal((await refusalOf(() => readAdminFile(own))).code, 'ADMIN_FILE_UNREADABLE', text);
    }
    await writeAdminFile(own, file);
    await removeAdminFile(own, 'b2'.repeat(32));
    assert.deepEqual(await readAdminFile(own), file);
    await removeAdminFile(own, TOKEN);
    assert.equal(await readAdminFile(own), undefined);
  });

  it('refuses two commands of one name', async () => {
    const [first] = commands;
    const { gate } = await openTestGate([]);
    const twice = startAdminServer({
      gate,
      commands: [first!, first!],
      log: createLogger('tax', () => undefined),
      token: TOKEN,
    });
    assert.equal((await refusalOf(() => twice)).code, 'ADMIN_COMMAND_TWICE');
  });
});
