/** The relay between callers and a node that only calls out: what it may do wrong is noticed, what it holds is bounded. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import type { Directory, Member } from '@sealedger/node/ports.ts';
import { createApp, type Route } from '@sealedger/node/server/app.ts';
import { createLimits, limitsSchema } from '@sealedger/node/server/limits.ts';
import { createNodeServer } from '@sealedger/node/server/listen.ts';
import { createRelayQueue, relaySchema } from '@sealedger/node/server/relay-queue.ts';
import { relayRoutes } from '@sealedger/node/server/relay-routes.ts';
import { startRelayed, throughServer } from '@sealedger/node/services/relayed.ts';
import { createPeerClient, type PeerClient } from '@sealedger/protocol/peer-client.ts';
import {
  parseRelayedAnswer,
  parseRelayedCall,
  pickFields,
  RELAYED_CALL_FIELDS,
  type RelayedAnswer,
  type RelayedCall,
  relayedAnswerFrame,
  relayedCallFrame,
} from '@sealedger/protocol/relay-frame.ts';
import type { z } from 'zod';
import { fakeDirectory, type Organisation, organisation } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { memoryNonces, startNodeApp } from './support/node-app.ts';

const [bank, rival, gateway, hidden] = [
  organisation('bank', ['bank']),
  organisation('rival', ['bank']),
  organisation('gateway', ['gate']),
  organisation('hidden', ['department']),
];
const everybody = [bank, rival, gateway, hidden];
const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) };
const quiet = { info: () => undefined, error: () => undefined };
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const ports = {
  fetch,
  clock,
  randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
  ed25519: nativeEd25519,
  sha256,
};
const clientOf = ({ org, signing }: Organisation): PeerClient =>
  createPeerClient({ org, keyEpoch: 1, sign: (message) => nativeEd25519.sign(message, signing) }, ports);

async function startRelay(config: z.input<typeof relaySchema> = {}, port = 0) {
  const relay = createRelayQueue(relaySchema.parse({ for: ['hidden'], ...config }));
  const node = await startNodeApp(gateway, everybody, relayRoutes({ relay }), undefined, clock, port);
  ends.push(node.close);
  return { relay, node, endpoint: `${node.endpoint}/v1/relay/hidden` };
}

interface Behind {
  readonly calls: string[];
  /** Ends without a word to the relay. */
  kill(): Promise<void>;
}

/** The server of the node behind, which never listens, and who called it. */
function hiddenServer(endpoint: string, nonces = memoryNonces(), hold?: Promise<void>) {
  const calls: string[] = [];
  const routes: Route[] = [
    {
      method: 'post',
      path: '/v1/echo',
      roles: ['bank'],
      maxBodyBytes: 80 << 20,
      limit: 'transfer',
      answer: async (context) => {
        const body = await context.body();
        calls.push(context.caller.org);
        await hold;
        return { bytes: body };
      },
    },
    {
      method: 'get',
      path: '/v1/fails',
      roles: ['bank'],
      maxBodyBytes: 0,
      answer: () => Promise.reject(new Error('x')),
    },
    { method: 'get', path: '/v1/own', roles: ['department'], maxBodyBytes: 0, answer: async () => ({ json: {} }) },
  ];
  const limits = createLimits(limitsSchema.parse(undefined), clock);
  const parts = { identity: hidden, directory: fakeDirectory(everybody), nonces, limits, clock, log: quiet, endpoint };
  return { calls, server: createNodeServer(createApp(parts, routes), limits.config, null) };
}

/** The node behind, as it fetches its calls. */
function startHidden(endpoint: string, relayEndpoint: string, nonces = memoryNonces(), hold?: Promise<void>): Behind {
  const { calls, server } = hiddenServer(endpoint, nonces, hold);
  const members: Directory = {
    ...fakeDirectory(everybody),
    activeMember: async (): Promise<Member> => ({ ...gateway, endpoint: relayEndpoint }),
  };
  const peers = clientOf(hidden);
  const relayed = startRelayed({ members, peers, clock, log: quiet, relay: 'gateway', pollers: 3 }, server);
  ends.push(() => relayed.stop());
  assert.equal(server.listening, false);
  return { calls, kill: () => relayed.stop() };
}

const hiddenPeer = (endpoint: string) => ({ org: 'hidden', endpoint, keyEpoch: 1, ed25519: hidden.ed25519 });
const echo = (text: string) => ({ method: 'POST', path: '/v1/echo', body: new TextEncoder().encode(text) }) as const;

describe('a node behind a relay', () => {
  it('answers calls with its own signature, many at once, and refuses as any node does', async () => {
    const { node, endpoint } = await startRelay();
    const behind = startHidden(endpoint, node.endpoint);
    const peers = clientOf(bank);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => peers.bytes(hiddenPeer(endpoint), echo(`call ${index}`))),
    );
    assert.deepEqual(
      answers.map((bytes) => Buffer.from(bytes).toString()).sort(),
      Array.from({ length: 20 }, (_, index) => `call ${index}`).sort(),
    );
    assert.equal(behind.calls.length, 20);
    const get = (path: string) => peers.bytes(hiddenPeer(endpoint), { method: 'GET', path });
    await assert.rejects(get('/v1/own'), refusal('ROLE_MISSING', { peer: 'hidden' }));
    await assert.rejects(get('/v1/nothing'), refusal('ROUTE_UNKNOWN'));
    await assert.rejects(get('/v1/fails'), refusal('INTERNAL'));
    const impostor = { ...hiddenPeer(endpoint), ed25519: gateway.ed25519 };
    await assert.rejects(peers.bytes(impostor, echo('x')), refusal('HTTP_SIGNATURE_INVALID'));
  });

  it('takes a body of 64 MiB and sends it back', async () => {
    const { node, endpoint } = await startRelay();
    startHidden(endpoint, node.endpoint);
    const body = new Uint8Array(randomBytes(64 << 20));
    const call = { ...echo(''), body, maxBytes: 80 << 20, timeoutMs: 60_000 };
    const answer = await clientOf(bank).bytes(hiddenPeer(endpoint), call);
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(answer), digest(body));
  });

  it('goes on when its relay was killed and started again', async () => {
    const first = await startRelay();
    const behind = startHidden(first.endpoint, first.node.endpoint);
    const peers = clientOf(bank);
    await peers.bytes(hiddenPeer(first.endpoint), echo('before'));
    await first.node.close();
    await assert.rejects(peers.bytes(hiddenPeer(first.endpoint), echo('while')), refusal('PEER_UNREACHABLE'));
    await startRelay({}, first.node.port);
    const answer = await peers.bytes(hiddenPeer(first.endpoint), { ...echo('after'), retries: 5 });
    assert.equal(Buffer.from(answer).toString(), 'after');
    assert.equal(behind.calls.length, 2);
  });

  it('that dies in the middle of a call lets the caller know as soon as it is back, and the caller calls again', async () => {
    const { node, endpoint } = await startRelay();
    const nonces = memoryNonces();
    const never = new Promise<void>(() => undefined);
    const first = startHidden(endpoint, node.endpoint, nonces, never);
    const asked = clientOf(bank).bytes(hiddenPeer(endpoint), { ...echo('held'), retries: 3 });
    while (first.calls.length === 0) await sleep(5);
    void first.kill();
    const second = startHidden(endpoint, node.endpoint, nonces);
    assert.equal(Buffer.from(await asked).toString(), 'held');
    assert.equal(second.calls.length, 1, 'the second call is a new one, with a nonce of its own');
  });

  it('that is away costs its caller a declared refusal', async () => {
    const { endpoint } = await startRelay({ answerSeconds: 0.2 });
    const asked = clientOf(bank).bytes(hiddenPeer(endpoint), echo('x'));
    await assert.rejects(asked, refusal('RELAY_TIMED_OUT', { peer: 'hidden' }));
  });
});

describe('the relay', () => {
  it('serves only whom it was told to, and nobody gets the calls of another', async () => {
    const { relay, node, endpoint } = await startRelay();
    const elsewhere = { ...hiddenPeer(`${node.endpoint}/v1/relay/rival`), org: 'rival' };
    await assert.rejects(clientOf(bank).bytes(elsewhere, echo('x')), refusal('RELAY_NOT_SERVED'));
    const poll = { method: 'GET', path: `/v1/relay-calls?session=${'ab'.repeat(32)}&wait=0` } as const;
    const peer = { org: 'gateway', endpoint: node.endpoint, keyEpoch: 1, ed25519: gateway.ed25519 };
    const asked = clientOf(bank).bytes(hiddenPeer(endpoint), { ...echo('x'), timeoutMs: 1500 });
    asked.catch(() => undefined);
    await assert.rejects(clientOf(rival).bytes(peer, poll), refusal('RELAY_NOT_SERVED'));
    let frame = new Uint8Array(0);
    while (frame.length === 0) frame = new Uint8Array(await clientOf(hidden).bytes(peer, poll));
    const { id } = parseRelayedCall(frame);
    const answer = relayedAnswerFrame({ status: 200, headers: {}, body: new Uint8Array(0) });
    const post = { method: 'POST', path: `/v1/relay-calls/${id}`, body: answer } as const;
    await assert.rejects(clientOf(rival).bytes(peer, post), refusal('RELAY_NOT_SERVED'));
    await assert.rejects(
      clientOf(hidden).bytes(peer, { ...post, path: `/v1/relay-calls/${'cd'.repeat(32)}` }),
      refusal('RELAY_CALL_UNKNOWN'),
    );
    await clientOf(hidden).bytes(peer, post);
    await assert.rejects(asked, refusal('HTTP_SIGNATURE_MISSING'), 'an answer that nobody signed');
    await assert.rejects(clientOf(hidden).bytes(peer, post), refusal('RELAY_CALL_UNKNOWN'), 'one answer for one call');
    assert.equal(relay.maxBodyBytes, 96 << 20);
  });

  it('hands on no call to itself or beside the routes', async () => {
    const { node } = await startRelay();
    for (const path of [
      '/v1/relay/hidden/healthz',
      '/v1/relay/hidden/v1/relay/x/v1/status',
      '/v1/relay/hidden/v1/relay-calls',
    ]) {
      const { code } = await node.send({ as: bank, path });
      assert.equal(code, 'ROUTE_UNKNOWN', path);
    }
  });

  it('holds so many calls and bytes, a caller only a part of them, and gives the room back', async () => {
    const { relay } = await startRelay({ maxCalls: 8, maxMb: 4 });
    const taken = [0, 1].map(() => relay.reserve('hidden', 'bank', 10));
    assert.throws(
      () => relay.reserve('hidden', 'bank', 10),
      refusal('RELAY_BUSY', { org: 'hidden', retryAfterSeconds: 1 }),
    );
    const rivals = relay.reserve('hidden', 'rival', 10);
    for (const release of taken) {
      release();
      release();
    }
    relay.reserve('hidden', 'bank', 3 << 20);
    assert.throws(() => relay.reserve('hidden', 'bank', 1), refusal('RELAY_BUSY'), 'a part of the bytes');
    assert.throws(() => relay.reserve('hidden', 'gateway', 1 << 20), refusal('RELAY_BUSY'), 'no more than the whole');
    rivals();
  });

  it('lets callers take turns', async () => {
    const { relay } = await startRelay();
    const gone = new AbortController();
    const call = (id: string): RelayedCall => ({
      id: id.repeat(64).slice(0, 64),
      method: 'GET',
      target: '/v1/x',
      headers: {},
      body: new Uint8Array(0),
    });
    for (const [caller, id] of [
      ['bank', 'a'],
      ['bank', 'b'],
      ['bank', 'c'],
      ['rival', 'd'],
    ] as const) {
      relay.ask('hidden', caller, call(id), gone.signal).catch(() => undefined);
    }
    const order: string[] = [];
    for (let turn = 0; turn < 4; turn++) order.push((await relay.next('hidden', 's', 0, gone.signal))!.id[0]!);
    assert.equal(order.join(''), 'adbc');
    gone.abort();
    assert.equal(await relay.next('hidden', 's', 0, new AbortController().signal), null);
  });

  it('forgets a call whose caller went away', async () => {
    const { endpoint, node } = await startRelay();
    await assert.rejects(
      clientOf(bank).bytes(hiddenPeer(endpoint), { ...echo('x'), timeoutMs: 100 }),
      refusal('PEER_UNREACHABLE'),
    );
    const behind = startHidden(endpoint, node.endpoint);
    await clientOf(bank).bytes(hiddenPeer(endpoint), echo('y'));
    assert.deepEqual(behind.calls, ['bank']);
  });
});

describe('a relay that cheats', () => {
  type Deliver = (call: RelayedCall) => Promise<RelayedAnswer>;

  /** A relay of its own making before a node whose registered endpoint it is. */
  async function cheat(meddle: (call: RelayedCall, deliver: Deliver) => Promise<RelayedAnswer>): Promise<string> {
    const behind: { server?: ReturnType<typeof hiddenServer>['server'] } = {};
    const proxy = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const target = request.url!.slice('/v1/relay/hidden'.length);
      const headers = pickFields(request.headers, RELAYED_CALL_FIELDS);
      const call: RelayedCall = { id: '00'.repeat(32), method: 'POST', target, headers, body: Buffer.concat(parts) };
      const answer = await meddle(call, (changed) =>
        throughServer(behind.server!, changed, new AbortController().signal),
      );
      response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length }).end(answer.body);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    });
    const { port } = proxy.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}/v1/relay/hidden`;
    behind.server = hiddenServer(endpoint).server;
    return endpoint;
  }

  it('by changing a call is caught by the signature of the caller', async () => {
    const at = await cheat((call, deliver) => deliver({ ...call, body: new TextEncoder().encode('other') }));
    await assert.rejects(clientOf(bank).bytes(hiddenPeer(at), echo('mine!')), refusal('BODY_DIGEST_MISMATCH'));
    const other = await cheat((call, deliver) => deliver({ ...call, target: '/v1/echo?all=1' }));
    await assert.rejects(clientOf(bank).bytes(hiddenPeer(other), echo('x')), refusal('HTTP_SIGNATURE_INVALID'));
  });

  it('by changing an answer is caught by the signature of the node behind', async () => {
    const at = await cheat(async (call, deliver) => ({
      ...(await deliver(call)),
      body: new TextEncoder().encode('other'),
    }));
    await assert.rejects(clientOf(bank).bytes(hiddenPeer(at), echo('mine!')), refusal('BODY_DIGEST_MISMATCH'));
  });

  it('by delivering twice, or again later, is caught by the nonce', async () => {
    const answers: RelayedAnswer[] = [];
    const at = await cheat(async (call, deliver) => {
      answers.push(await deliver(call), await deliver(call));
      return answers[0]!;
    });
    assert.equal(Buffer.from(await clientOf(bank).bytes(hiddenPeer(at), echo('once'))).toString(), 'once');
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 409],
    );
    assert.match(Buffer.from(answers[1]!.body).toString(), /"code":"NONCE_REPLAYED"/);
  });

  it('by answering with an earlier answer is caught by the caller', async () => {
    const answers: RelayedAnswer[] = [];
    const at = await cheat(async (call, deliver) => {
      answers.push(await deliver(call));
      return answers[0]!;
    });
    const peers = clientOf(bank);
    await peers.bytes(hiddenPeer(at), echo('same'));
    await assert.rejects(peers.bytes(hiddenPeer(at), echo('same')), refusal('HTTP_SIGNATURE_INVALID'));
  });

  it('by sending what is no frame is refused on both sides', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array([255, 255, 255, 255]), new Uint8Array([0, 0, 0, 9, 123])]) {
      assert.throws(() => parseRelayedCall(bytes), refusal('RELAY_FRAME_MALFORMED'));
      assert.throws(() => parseRelayedAnswer(bytes), refusal('RELAY_FRAME_MALFORMED'));
    }
    const good: RelayedCall = {
      id: 'ab'.repeat(32),
      method: 'GET',
      target: '/v1/x',
      headers: {},
      body: new Uint8Array(3),
    };
    assert.deepEqual(parseRelayedCall(relayedCallFrame(good)), good);
    for (const bad of [
      { target: '/healthz' },
      { target: '/v1/x\r\nhost: y' },
      { method: 'TRACE' },
      { headers: { cookie: 'a' } },
      { id: 'x' },
    ]) {
      assert.throws(
        () => parseRelayedCall(relayedCallFrame({ ...good, ...bad } as RelayedCall)),
        refusal('SCHEMA_MISMATCH'),
      );
    }
  });
});
