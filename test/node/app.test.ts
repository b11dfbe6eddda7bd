/** The HTTP surface over real sockets: every refusal has its status and code, and the process keeps answering. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createLogger } from '@sealedger/node/log.ts';
import { createApp, type Route } from '@sealedger/node/server/app.ts';
import { createLimits, limitsSchema } from '@sealedger/node/server/limits.ts';
import { createNonceStore, openDatabase } from '@sealedger/node/store/level-store.ts';
import { utf8 } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { signRequestHeaders } from '@sealedger/protocol/http-signature.ts';
import { createPeerClient } from '@sealedger/protocol/peer-client.ts';
import { fakeDirectory, organisation, testClock } from './support/organisations.ts';
import { assertFree, refusal } from './support/refusals.ts';
import { subjectOf } from './support/subjects.ts';
import { temporaryDirectory } from './support/temporary.ts';

const [bank, tax, node] = [
  organisation('bank', ['bank']),
  organisation('tax', ['department']),
  organisation('gate', ['gate']),
];
const outsider = organisation('outsider', ['bank']);
const members = fakeDirectory([bank, tax]);
const clock = testClock();
const logged: string[] = [];
const PLANTED = subjectOf(77);
const received: number[] = [];
const sink = (): Writable =>
  new Writable({
    write: (part: Buffer, _, done) => {
      received.push(part.length);
      done();
    },
  });
const routes: Route[] = [
  {
    method: 'get',
    path: '/v1/things/:id',
    roles: ['bank', 'department'],
    maxBodyBytes: 0,
    answer: async ({ params, caller }) => ({ json: { id: params['id'], caller: caller.org } }),
  },
  {
    method: 'post',
    path: '/v1/echo',
    roles: ['bank'],
    maxBodyBytes: 1000,
    answer: async (context) => ({ bytes: await context.body() }),
  },
  {
    method: 'put',
    path: '/v1/file',
    roles: ['bank'],
    maxBodyBytes: 100_000,
    answer: async (context) => {
      await context.bodyInto(sink());
      return { json: {} };
    },
  },
  {
    method: 'post',
    path: '/v1/fails',
    roles: ['bank'],
    maxBodyBytes: 10,
    answer: async () => {
      throw new TypeError(`cannot read ${PLANTED}`);
    },
  },
  {
    method: 'post',
    path: '/v1/refuses',
    roles: ['bank'],
    maxBodyBytes: 10,
    answer: async () => {
      throw new ProtocolError('QUOTA_EXHAUSTED', { used: 1, count: 1, quota: 1 }, { cause: new Error(PLANTED) });
    },
  },
];

let port = 0;
let endpoint = '';
let close: () => Promise<void>;
before(async () => {
  const database = await openDatabase(join(await temporaryDirectory(), 'state'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  endpoint = `http://127.0.0.1:${port}`;
  const nonces = createNonceStore(database, clock);
  const log = createLogger('gate', (line) => void logged.push(line));
  const limits = createLimits(limitsSchema.parse(undefined), clock);
  server.on('request', createApp({ identity: node, directory: members, nonces, limits, clock, log, endpoint }, routes));
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await database.close();
  };
});
after(() => close());

interface Call {
  readonly method?: string;
  readonly path?: string;
  /** What is signed, where it is not what is sent. */
  readonly signedMethod?: string;
  readonly signedUrl?: string;
  readonly signedBody?: Uint8Array;
  readonly body?: Uint8Array;
  readonly as?: typeof bank;
  readonly keyEpoch?: number;
  readonly createdOffset?: number;
  readonly lifetime?: number;
  readonly nonce?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly without?: readonly string[];
}

function signed(call: Call): Record<string, string> {
  const { method = 'POST', path = '/v1/echo', body, as = bank } = call;
  const created = Math.floor(clock.now() / 1000) + (call.createdOffset ?? 0);
  const bytes = call.signedBody ?? body;
  const fields = signRequestHeaders({
    method: call.signedMethod ?? method,
    url: call.signedUrl ?? `${endpoint}${path}`,
    ...(bytes === undefined ? {} : { bodyDigest: createHash('sha256').update(bytes).digest() }),
    org: as.org,
    keyEpoch: call.keyEpoch ?? as.keyEpoch,
    created,
    expires: created + (call.lifetime ?? 60),
    nonce: call.nonce ?? randomBytes(16).toString('hex'),
    sign: as.sign,
  });
  const headers: Record<string, string> = {
    ...fields,
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
    ...call.headers,
  };
  for (const name of call.without ?? []) delete headers[name];
  return headers;
}

function send(
  call: Call,
  headers = signed(call),
): Promise<{ status: number; code: string | undefined; text: string; headers: IncomingHttpHeaders }> {
  const { method = 'POST', path = '/v1/echo', body } = call;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, host: '127.0.0.1', method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const isProblem = response.headers['content-type']?.startsWith('application/problem+json') === true;
        const code = isProblem ? (JSON.parse(text) as { code: string }).code : undefined;
        resolve({ status: response.statusCode!, code, text, headers: response.headers });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const get = { method: 'GET', path: '/v1/things/7' };
const hello = utf8('hello');

describe('a call that is in order', () => {
  it('is answered, with and without a body, and to every role of the route', async () => {
    const answer = await send({ ...get, as: tax });
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [200, { id: '7', caller: 'tax' }]);
    assert.equal((await send({ body: hello })).text, 'hello');
    assert.equal((await send({ method: 'PUT', path: '/v1/file', body: new Uint8Array(90_000) })).status, 200);
  });

  it('through the peer client is verified both ways', async () => {
    const ports = { fetch, clock, randomBytes: (n: number) => new Uint8Array(randomBytes(n)) };
    const peers = createPeerClient({ org: 'bank', keyEpoch: 1, sign: bank.sign }, ports);
    const peer = { org: 'gate', endpoint, keyEpoch: 1, ed25519: node.ed25519 };
    assert.deepEqual(await peers.bytes(peer, { method: 'POST', path: '/v1/echo', body: hello }), hello);
    const impostor = { ...peer, ed25519: tax.ed25519 };
    await assert.rejects(
      peers.bytes(impostor, { method: 'POST', path: '/v1/echo', body: hello }),
      refusal('HTTP_SIGNATURE_INVALID'),
    );
    await assert.rejects(
      peers.bytes({ ...peer, org: 'tax' }, { method: 'POST', path: '/v1/echo', body: hello }),
      refusal('HTTP_SIGNATURE_SIGNER'),
    );
    await assert.rejects(
      peers.bytes({ ...peer, keyEpoch: 2 }, { method: 'POST', path: '/v1/echo', body: hello }),
      refusal('MEMBER_KEY_EPOCH'),
    );
    await assert.rejects(
      peers.bytes(peer, { method: 'POST', path: '/v1/echo', body: hello, maxBytes: 4 }),
      refusal('PEER_ANSWER_TOO_LARGE'),
    );
    await assert.rejects(
      peers.json(peer, { method: 'POST', path: '/v1/refuses', body: hello }),
      refusal('QUOTA_EXHAUSTED', { peer: 'gate' }),
    );
    const nobody = { ...peer, endpoint: 'http://127.0.0.1:9' };
    await assert.rejects(peers.bytes(nobody, { method: 'GET', path: '/' }), refusal('PEER_UNREACHABLE'));
  });
});

describe('a call is refused', () => {
  const cases: readonly (readonly [string, Call, number, string])[] = [
    ['without a signature', { ...get, without: ['signature', 'signature-input'] }, 401, 'HTTP_SIGNATURE_MISSING'],
    ['without one of its two fields', { ...get, without: ['signature'] }, 401, 'HTTP_SIGNATURE_MISSING'],
    [
      'with a signature that is none',
      { ...get, headers: { signature: 'sig1=:AAAA:' } },
      401,
      'HTTP_SIGNATURE_MALFORMED',
    ],
    ['signed by another key', { ...get, as: { ...bank, sign: tax.sign } }, 401, 'HTTP_SIGNATURE_INVALID'],
    ['signed for another path', { ...get, signedUrl: 'http://127.0.0.1:1/v1/things/8' }, 401, 'HTTP_SIGNATURE_INVALID'],
    [
      'signed for another query',
      { ...get, path: '/v1/things/7?all=1', signedUrl: 'http://127.0.0.1:1/v1/things/7' },
      401,
      'HTTP_SIGNATURE_INVALID',
    ],
    ['signed for another method', { ...get, signedMethod: 'DELETE' }, 401, 'HTTP_SIGNATURE_INVALID'],
    ['signed for another node', { ...get, signedUrl: 'http://tax.test/v1/things/7' }, 401, 'HTTP_SIGNATURE_INVALID'],
    [
      'with the Host field of another node it was signed for',
      { ...get, signedUrl: 'http://tax.test/v1/things/7', headers: { host: 'tax.test' } },
      401,
      'HTTP_SIGNATURE_INVALID',
    ],
    ['that has expired', { ...get, createdOffset: -200 }, 401, 'HTTP_SIGNATURE_EXPIRED'],
    ['from the future', { ...get, createdOffset: 100 }, 401, 'HTTP_SIGNATURE_FUTURE'],
    ['valid for too long', { ...get, lifetime: 3600 }, 401, 'HTTP_SIGNATURE_LIFETIME'],
    ['with another body than was signed', { body: hello, signedBody: utf8('hallo') }, 400, 'BODY_DIGEST_MISMATCH'],
    ['with a body that was not signed', { body: hello, without: ['content-digest'] }, 401, 'HTTP_SIGNATURE_COMPONENTS'],
    ['that declares too large a body', { body: new Uint8Array(1001) }, 413, 'BODY_TOO_LARGE'],
    ['with a body where none belongs', { ...get, body: hello }, 413, 'BODY_TOO_LARGE'],
    [
      'without a length',
      { body: hello, headers: { 'transfer-encoding': 'chunked' }, without: ['content-length'] },
      411,
      'BODY_LENGTH_MISSING',
    ],
    ['with an encoded body', { body: hello, headers: { 'content-encoding': 'gzip' } }, 415, 'BODY_ENCODED'],
    ['by an organisation that is no member', { ...get, as: outsider }, 403, 'MEMBER_UNKNOWN'],
    ['by a member without the role', { body: hello, as: tax }, 403, 'ROLE_MISSING'],
    ['under a key epoch that is not the current one', { ...get, keyEpoch: 2 }, 403, 'MEMBER_KEY_EPOCH'],
    ['on an unknown route', { ...get, path: '/v1/other' }, 404, 'ROUTE_UNKNOWN'],
    ['by the route itself', { path: '/v1/refuses', body: hello }, 429, 'QUOTA_EXHAUSTED'],
    ['by a fault of the node, without its reason', { path: '/v1/fails', body: hello }, 500, 'INTERNAL'],
  ];
  for (const [name, call, status, code] of cases) {
    it(name, async () => {
      const answer = await send(call);
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assertFree(answer.text, [PLANTED]);
      assert.equal((await send(get)).status, 200, 'the node keeps answering');
    });
  }

  it('by a suspended member, and taken again once reinstated', async () => {
    members.suspended.add('bank');
    const refused = await send(get);
    assert.deepEqual([refused.status, refused.code], [403, 'MEMBER_SUSPENDED']);
    members.suspended.delete('bank');
    assert.equal((await send(get)).status, 200);
  });

  it('the second time, also side by side', async () => {
    const headers = signed(get);
    assert.equal((await send(get, headers)).status, 200);
    assert.deepEqual((({ status, code }) => [status, code])(await send(get, headers)), [409, 'NONCE_REPLAYED']);
    const twice = signed(get);
    const statuses = (await Promise.all([send(get, twice), send(get, twice)])).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 409]);
  });

  it('a second time for as long as its signature would hold, however many calls come between', async () => {
    const call = { ...get, createdOffset: 30, lifetime: 300 };
    const headers = signed(call);
    assert.equal((await send(call, headers)).status, 200);
    clock.move(345_000);
    for (let i = 0; i < 1001; i += 50) await Promise.all(Array.from({ length: 50 }, () => send(get)));
    assert.deepEqual((({ status, code }) => [status, code])(await send(call, headers)), [409, 'NONCE_REPLAYED']);
    clock.move(20_000);
    assert.equal((await send(call, headers)).code, 'HTTP_SIGNATURE_EXPIRED');
  });

  it('where the body ends early or the caller goes away, and the node keeps answering', async () => {
    const body = new Uint8Array(90_000);
    const headers = signed({ method: 'PUT', path: '/v1/file', body });
    const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(`PUT /v1/file HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
        socket.write(body.subarray(0, 1000));
        setTimeout(() => socket.destroy(), 20);
      });
      socket.on('close', () => resolve());
    });
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', 'NONSENSE\r\n\r\n', '\x16\x03\x01\x00\xa5']) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(garbage));
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    assert.equal((await send(get)).status, 200);
  });
});

describe('what the node says of refused and failed calls', () => {
  it('has codes and routes in its log, and no message of a foreign error', () => {
    const text = logged.join('');
    assert.ok(text.includes('"code":"HTTP_SIGNATURE_INVALID"') && text.includes('"cause":"TypeError"'));
    assertFree(text, [PLANTED, Buffer.from(bank.signing).toString('hex')]);
    for (const line of logged) assert.equal((JSON.parse(line) as { org: string }).org, 'gate');
  });

  it('answers for its health without a signature, and tells nothing there but its name', async () => {
    assert.equal((await send({ method: 'GET', path: '/healthz' }, {})).text, '{"org":"gate","status":"ok"}');
  });
});
