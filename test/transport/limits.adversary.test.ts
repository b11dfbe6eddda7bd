/** Limits: nobody exhausts a node before signing, nobody spends another's budget, and every refusal says when to come back. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import type { Route } from '@sealedger/node/server/app.ts';
import { addressKey, createLimits, limitsSchema } from '@sealedger/node/server/limits.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { organisation, testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { type NodeApp, startNodeApp } from './support/node-app.ts';

const [bank, rival, tax] = [
  organisation('bank', ['bank']),
  organisation('rival', ['bank']),
  organisation('tax', ['department']),
];
const outsider = organisation('outsider', ['bank']);
const open: NodeApp[] = [];
after(() => Promise.all(open.map((app) => app.close())));

/** Answers at once, or when it is told to. */
function heldRoute(path = '/v1/things', extra: Partial<Route> = {}) {
  const waiting: (() => void)[] = [];
  const started: (() => void)[] = [];
  const route: Route = {
    method: 'get',
    path,
    roles: ['bank', 'department'],
    maxBodyBytes: 1 << 20,
    ...extra,
    answer: async ({ query }) => {
      if (query.has('hold')) {
        const held = new Promise<void>((resolve) => waiting.push(resolve));
        started.shift()?.();
        await held;
      }
      return { json: {} };
    },
  };
  const begun = () => new Promise<void>((resolve) => started.push(resolve));
  return { route, begun, release: () => waiting.splice(0).forEach((resolve) => void resolve()) };
}

async function app(
  limits: Parameters<typeof startNodeApp>[3],
  routes = [heldRoute().route],
  clock?: { now(): number },
) {
  const made = await startNodeApp(tax, [bank, rival], routes, limits, clock);
  open.push(made);
  return made;
}

describe('the budget of an organisation', () => {
  const small = { organisation: { read: { callsPerSecond: 5 }, write: { callsPerSecond: 2 } } };

  it('ends with 429, a code and a time, and leaves other organisations and other classes what is theirs', async () => {
    const write = { ...heldRoute('/v1/write').route, method: 'post' } as const;
    const node = await app(small, [heldRoute().route, write]);
    const answers = await Promise.all(Array.from({ length: 12 }, () => node.send({ as: bank })));
    const refused = answers.filter(({ status }) => status !== 200);
    assert.ok(refused.length >= 2 && refused.length <= 7, `${refused.length}`);
    for (const { status, code, headers } of refused) {
      assert.deepEqual([status, code], [429, 'RATE_LIMITED']);
      assert.match(String(headers['retry-after']), /^[1-9]$/);
    }
    assert.equal((await node.send({ as: rival })).status, 200);
    assert.equal(
      (await node.send({ as: bank, method: 'POST', path: '/v1/write', body: Buffer.from('{}') })).status,
      200,
    );
  });

  it('is not spent by calls that only claim to be of that organisation', async () => {
    const node = await app(small);
    const forged = { ...rival, org: 'bank' };
    const claims = await Promise.all([
      ...Array.from({ length: 20 }, () => node.send({ as: forged })),
      ...Array.from({ length: 20 }, () =>
        node.send({ as: rival, headers: { 'x-forwarded-for': 'bank', from: 'bank' } }),
      ),
      ...Array.from({ length: 20 }, () => node.send({ as: outsider })),
    ]);
    assert.ok(claims.slice(0, 20).every(({ code }) => code === 'HTTP_SIGNATURE_INVALID'));
    assert.ok(claims.slice(40).every(({ code }) => code === 'MEMBER_UNKNOWN'));
    assert.equal((await node.send({ as: bank })).status, 200);
  });

  it('is not spent by its own calls played again', async () => {
    const node = await app(small);
    const call = { as: bank };
    const headers = node.signed(call);
    assert.equal((await node.send(call, headers)).status, 200);
    const again = await Promise.all(Array.from({ length: 20 }, () => node.send(call, headers)));
    assert.ok(again.every(({ code }) => code === 'NONCE_REPLAYED'));
    assert.equal((await node.send(call)).status, 200);
  });

  it('counts calls under way, also those whose answer nobody reads, and gives back what ended', async () => {
    const held = heldRoute();
    const node = await app({ organisation: { read: { concurrent: 2 } } }, [held.route]);
    const path = '/v1/things?hold=1';
    const first = [held.begun(), held.begun()];
    const running = [node.send({ as: bank, path }), node.send({ as: bank, path })];
    await Promise.all(first);
    const refused = await node.send({ as: bank });
    assert.deepEqual([refused.status, refused.code, refused.headers['retry-after']], [503, 'CONCURRENCY_LIMITED', '1']);
    assert.equal((await node.send({ as: rival })).status, 200, 'another organisation is let in');
    held.release();
    assert.ok((await Promise.all(running)).every(({ status }) => status === 200));
    assert.equal((await node.send({ as: bank })).status, 200);
  });

  it('is given back when the caller goes away in the middle', async () => {
    const held = heldRoute();
    const node = await app({ organisation: { read: { concurrent: 1 } } }, [held.route]);
    const path = '/v1/things?hold=1';
    const begun = held.begun();
    const lines = Object.entries({ host: 'x', ...node.signed({ as: bank, path }) }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const socket = connect(node.port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await begun;
    assert.equal((await node.send({ as: bank })).code, 'CONCURRENCY_LIMITED');
    socket.destroy();
    for (let tries = 0; tries < 200 && (await node.send({ as: bank })).status !== 200; tries++);
    assert.equal((await node.send({ as: bank })).status, 200);
    held.release();
  });

  it('is waited for by the peer client within its retries, as long as the node says', async () => {
    const node = await app({ organisation: { read: { callsPerSecond: 1 } } });
    const slept: number[] = [];
    const ports = {
      fetch,
      clock: {
        now: () => Date.now(),
        sleep: async (ms: number) => {
          slept.push(ms);
          await new Promise((resolve) => setTimeout(resolve, ms));
        },
      },
      randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
    };
    const peers = createPeerClient({ org: 'bank', keyEpoch: 1, sign: bank.sign }, ports);
    const peer = { org: 'tax', endpoint: node.endpoint, keyEpoch: 1, ed25519: tax.ed25519 };
    const call = { method: 'GET', path: '/v1/things' } as const;
    await peers.json(peer, call);
    await assert.rejects(peers.json(peer, call), refusal('RATE_LIMITED', { peer: 'tax', retryAfterSeconds: 1 }));
    assert.deepEqual(slept, []);
    assert.deepEqual(await peers.json(peer, { ...call, retries: 3 }), {});
    assert.deepEqual([...new Set(slept)], [1000]);
  });

  it('does not make the peer client wait longer than it would for anybody', async () => {
    const slept: number[] = [];
    const endless = async (): Promise<Response> =>
      new Response('{"code":"RATE_LIMITED","details":{}}', { status: 429, headers: { 'retry-after': '86400' } });
    const peers = createPeerClient(
      { org: 'bank', keyEpoch: 1, sign: bank.sign },
      {
        fetch: endless,
        clock: { now: () => Date.now(), sleep: async (ms) => void slept.push(ms) },
        randomBytes: (length) => new Uint8Array(randomBytes(length)),
      },
    );
    const peer = { org: 'tax', endpoint: 'http://127.0.0.1:9', keyEpoch: 1, ed25519: tax.ed25519 };
    await assert.rejects(peers.json(peer, { method: 'GET', path: '/', retries: 2 }), refusal('RATE_LIMITED'));
    assert.deepEqual(slept, [15_000, 15_000]);
  });
});

describe('an address', () => {
  it('is refused before its signature is looked at, and again served when its bucket has filled', async () => {
    const clock = testClock(Date.now());
    const node = await app({ address: { callsPerSecond: 10, burst: 3 } }, [heldRoute().route], clock);
    for (let call = 0; call < 3; call++) assert.equal((await node.send({ as: outsider })).code, 'MEMBER_UNKNOWN');
    const refused = await node.send({ as: bank });
    assert.deepEqual([refused.status, refused.code, refused.headers['retry-after']], [429, 'RATE_LIMITED', '1']);
    assert.equal((await node.send({ as: bank, path: '/healthz' })).code, 'RATE_LIMITED');
    clock.move(100);
    assert.equal((await node.send({ as: bank })).status, 200);
    assert.equal((await node.send({ as: bank })).status, 429);
  });

  it('has so many connections and no more; the next is cut before it has said a word', async () => {
    const node = await app({ address: { connections: 3 } });
    const idle = Array.from({ length: 3 }, () => connect(node.port, '127.0.0.1'));
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    assert.equal(await node.raw(['GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n']), '');
    for (const socket of idle) socket.destroy();
    await Promise.all(
      idle.map((socket) => new Promise((resolve) => (socket.closed ? resolve(0) : socket.once('close', resolve)))),
    );
    const alive = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    let heard = '';
    for (let tries = 0; tries < 200 && heard === ''; tries++) heard = await node.raw([alive]);
    assert.match(heard, /^HTTP\/1.1 200/);
  });

  it('counts by itself, IPv6 by its network of 64 bits', () => {
    assert.equal(addressKey('192.0.2.7'), '192.0.2.7');
    assert.equal(addressKey('::ffff:192.0.2.7'), '192.0.2.7');
    assert.equal(addressKey('2001:db8:1:2:3:4:5:6'), addressKey('2001:db8:1:2::9'));
    assert.notEqual(addressKey('2001:db8:1:2::9'), addressKey('2001:db8:1:3::9'));
    assert.equal(addressKey('::1'), '0:0:0:0::/64');
  });

  it('of which there are very many takes bounded memory, and one at work is not forgiven for them', () => {
    const clock = testClock();
    const limits = createLimits(limitsSchema.parse({ address: { callsPerSecond: 1, burst: 1 } }), clock);
    limits.takeAddress('192.0.2.1');
    assert.throws(() => limits.takeAddress('192.0.2.1'), refusal('RATE_LIMITED'));
    for (let index = 0; index < 9000; index++)
      limits.takeAddress(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    assert.throws(() => limits.takeAddress('192.0.2.1'), refusal('RATE_LIMITED'));
  });
});

describe('what comes slowly or is too much', () => {
  const write: Route = {
    method: 'post',
    path: '/v1/write',
    roles: ['bank'],
    maxBodyBytes: 1 << 20,
    answer: async (context) => ({ json: { bytes: (await context.body()).length } }),
  };
  const limits = { headerSeconds: 0.5, body: { graceSeconds: 0.3, bytesPerSecond: 1 << 20 } };
  const headOf = (node: NodeApp, body: Uint8Array, extra: Record<string, string> = {}, path = '/v1/write') =>
    Object.entries({ host: 'x', ...node.signed({ as: bank, method: 'POST', path, body }), ...extra })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');

  it('a header section ends with 408, and a slow one cannot be kept alive by a byte now and then', async () => {
    const node = await app(limits, [write]);
    const drip = Array.from({ length: 60 }, (_, index) => `x-${index}: y\r\n`);
    const heard = await node.raw(['GET /v1/things HTTP/1.1\r\nhost: x\r\n', ...drip], 100);
    assert.match(heard, /^HTTP\/1\.1 408 .*"code":"HTTP_TOO_SLOW"/s);
    assert.match(await node.raw(['GET /v1/th']), /"code":"HTTP_TOO_SLOW"/);
  });

  it('a body ends with 408 at its deadline, however it drips', async () => {
    const node = await app(limits, [write]);
    const body = new Uint8Array(1000);
    const parts = Array.from({ length: 40 }, () => new Uint8Array(10));
    const heard = await node.raw([`POST /v1/write HTTP/1.1\r\n${headOf(node, body)}\r\n`, ...parts], 30);
    assert.match(heard, /^HTTP\/1\.1 408 .*"code":"BODY_TOO_SLOW"/s);
    assert.match(heard, /connection: close/i);
    assert.equal((await node.send({ as: bank, method: 'POST', path: '/v1/write', body })).text, '{"bytes":1000}');
  });

  it('a body that ends early leaves the node as it was', async () => {
    const node = await app(limits, [write]);
    const body = new Uint8Array(1000);
    const head = `POST /v1/write HTTP/1.1\r\n${headOf(node, body)}\r\n`;
    await new Promise<void>((resolve) => {
      const socket = connect(node.port, '127.0.0.1', () => socket.end(`${head}short`));
      socket.on('close', () => resolve()).resume();
    });
    assert.equal((await node.send({ as: bank, method: 'POST', path: '/v1/write', body })).status, 200);
  });

  it('a body larger than declared is cut at its declared length, and what follows is no call', async () => {
    const node = await app(limits, [write]);
    const body = new TextEncoder().encode('{"a":1}');
    const heard = await node.raw([`POST /v1/write HTTP/1.1\r\n${headOf(node, body)}\r\n`, body, '{"b":2}\r\n\r\n']);
    // the line is cut, with or before the answer; what is too much is neither body nor call
    assert.ok(heard === '' || heard.includes('{"bytes":7}'), heard);
    assert.equal((await node.send({ as: bank, method: 'POST', path: '/v1/write', body })).text, '{"bytes":7}');
    const smuggled = `GET /v1/write HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const two = await node.raw([`POST /v1/write HTTP/1.1\r\n${headOf(node, body)}\r\n`, body, smuggled]);
    assert.match(two, /\{"bytes":7\}HTTP\/1\.1 404/, 'a second call stands for itself, unsigned as it is');
  });

  it('an answer that is read too slowly is cut off, and its place is free again', async () => {
    const large = new Uint8Array(64 << 20);
    const route: Route = { ...heldRoute('/v1/large').route, answer: async () => ({ bytes: large }) };
    const pace = { graceSeconds: 3, bytesPerSecond: 1 << 30 };
    const node = await app({ body: pace, organisation: { read: { concurrent: 1 } } }, [route, heldRoute().route]);
    const fields = Object.entries({ host: 'x', ...node.signed({ as: bank, path: '/v1/large' }) });
    const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const cut = new Promise<void>((resolve) => {
      node.server.once('request', (_request, response) => response.once('close', () => resolve()));
    });
    const socket = connect(node.port, '127.0.0.1', () => socket.write(`GET /v1/large HTTP/1.1\r\n${head}\r\n`));
    socket.on('error', () => undefined).pause();
    await once(socket, 'readable');
    assert.equal((await node.send({ as: bank })).code, 'CONCURRENCY_LIMITED', 'until then it counts');
    await cut;
    assert.equal((await node.send({ as: bank })).status, 200);
    const whole = await node.send({ as: bank, path: '/v1/large' });
    assert.equal(whole.text.length, large.length, 'who reads on gets all of it');
    socket.destroy();
  });

  const refused = [
    ['a chunked body', { 'transfer-encoding': 'chunked' }, /"code":"(HTTP_MALFORMED|BODY_LENGTH_MISSING)"/],
    ['a compressed bomb', { 'content-encoding': 'gzip' }, /"code":"BODY_ENCODED"/],
    ['a brotli bomb', { 'content-encoding': 'br' }, /"code":"BODY_ENCODED"/],
    ['two lengths', { 'Content-Length': '8' }, /"code":"HTTP_MALFORMED"/],
    ['a length that is none', { 'content-length': '-1' }, /"code":"HTTP_MALFORMED"/],
    ['a length in hex', { 'content-length': '0x10' }, /"code":"HTTP_MALFORMED"/],
    ['an expectation that nobody meets', { expect: 'gold' }, /"code":"HTTP_MALFORMED"/],
    ['a header of 17 KiB', { 'x-long': 'y'.repeat(17 << 10) }, /"code":"HTTP_HEADERS_TOO_LARGE"/],
    ['a carriage return inside a value', { 'x-bad': 'a\rb' }, /"code":"HTTP_MALFORMED"/],
    ['a NUL inside a value', { 'x-bad': 'a\0b' }, /"code":"HTTP_MALFORMED"/],
    ['a name that is none', { 'x bad': 'a' }, /"code":"HTTP_MALFORMED"/],
    ['a folded line', { 'x-bad': 'a\r\n b' }, /"code":"HTTP_MALFORMED"/],
    [
      'a second signature by injection',
      { 'x-bad': 'a\r\nsignature: sealedger=:AAAA:' },
      /"code":"HTTP_SIGNATURE_MALFORMED"/,
    ],
    [
      'a second digest by injection',
      { 'x-bad': 'a\r\ncontent-digest: sha-256=:AA=:' },
      /"code":"HTTP_SIGNATURE_MALFORMED"/,
    ],
  ] as const;
  for (const [name, extra, expected] of refused) {
    it(`${name} is refused with a listed code`, async () => {
      const node = await app(limits, [write]);
      const head = headOf(node, new TextEncoder().encode('{"a":1}'), { connection: 'close', ...extra });
      const heard = await node.raw([`POST /v1/write HTTP/1.1\r\n${head}\r\n`, '{"a":1}']);
      assert.match(heard, expected);
      const body = Buffer.from('{}');
      assert.equal((await node.send({ as: bank, method: 'POST', path: '/v1/write', body })).status, 200);
    });
  }

  it('a call without a Host, and nonsense, are answered in the same words', async () => {
    const node = await app(limits, [write]);
    const calls = ['GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 'NONSENSE\r\n\r\n', '\x16\x03\x01\x00\xa5\x01'];
    for (const text of calls) assert.match(await node.raw([text]), /"code":"HTTP_MALFORMED"/);
    const methods = ['HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE'];
    for (const method of methods) {
      const heard = await node.raw([`${method} /v1/write HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`]);
      assert.match(heard, /^HTTP\/1\.1 404/, method);
    }
  });

  it('paths that climb, that are no percent-encoding or differ in writing reach no route', async () => {
    const node = await app(limits, [heldRoute('/v1/things/:id').route]);
    const paths = [
      '/v1/../etc/passwd',
      '/v1/things/%',
      '/v1/things/%zz',
      '/V1/things/1',
      '/v1/things/1/',
      '//v1/things/1',
    ];
    for (const path of [...paths, '/v1/things/../../healthz', '/v1/things/1#x', '/v1/things/1%00/..']) {
      const heard = await node.raw([`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`]);
      assert.match(heard, /"code":"(ROUTE_UNKNOWN|HTTP_MALFORMED|HTTP_SIGNATURE_MISSING)"/, path);
    }
  });
});
