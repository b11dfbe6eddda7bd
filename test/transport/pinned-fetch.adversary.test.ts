/** Fetch that is pinned to a key: what reaches a server with another key is nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { createDirectory } from '@sealedger/node/chain/directory.ts';
import { nativeEd25519 } from '@sealedger/node/crypto.ts';
import { createApp } from '@sealedger/node/server/app.ts';
import { createLimits, limitsSchema } from '@sealedger/node/server/limits.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import { createPeerClient, type PeerPorts } from '@sealedger/protocol/peer-client.ts';
import { createTlsKey } from '@sealedger/transport/certificate.ts';
import { createPinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import { fakeDirectory, organisation } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { startTlsServer, type TlsIdentity, type TlsServer, tlsIdentity } from './support/tls-server.ts';

const clock = { now: () => Date.now(), sleep: async () => undefined };
const own: TlsIdentity = tlsIdentity();
const other: TlsIdentity = tlsIdentity();
const transport = createPinnedTransport();
const hasIpv6 = Object.values(networkInterfaces()).some((found) => found?.some(({ address }) => address === '::1'));
const ends: (() => Promise<unknown>)[] = [() => transport.close()];
after(() => Promise.all(ends.map((end) => end())));

async function serverOf(identity: TlsIdentity, host?: string): Promise<TlsServer> {
  const echo: RequestListener = (request, response) => {
    request.resume().on('end', () => response.end(`${request.method} ${request.url}`));
  };
  const server = await startTlsServer(identity, echo, host);
  ends.push(server.close);
  return server;
}

describe('a pinned fetch', () => {
  it('reaches the key that it is pinned to, over connections that are used again', async () => {
    const server = await serverOf(own);
    for (let call = 0; call < 5; call++) {
      const answer = await transport.fetch(`${server.origin}/a?b=${call}`, { method: 'GET' }, own.pin);
      assert.equal(await answer.text(), `GET /a?b=${call}`);
    }
    assert.equal(server.seen.calls, 5);
    assert.ok(server.seen.connections <= 2);
  });

  it('sends a body of some megabytes as it is', async () => {
    const body = new Uint8Array(randomBytes(5 << 20));
    let received = 0;
    const server = await startTlsServer(own, (request, response) => {
      request.on('data', (part: Buffer) => {
        received += part.length;
      });
      request.on('end', () => response.end(body));
    });
    ends.push(server.close);
    const answer = await transport.fetch(`${server.origin}/`, { method: 'PUT', body }, own.pin);
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), body);
    assert.equal(received, body.length);
  });

  it('sends nothing to another key under the same name', async () => {
    const server = await serverOf(other);
    const secret = { method: 'POST', body: 'a secret' };
    await assert.rejects(transport.fetch(`${server.origin}/`, secret, own.pin), refusal('TLS_PIN_MISMATCH'));
    assert.equal(server.seen.calls, 0);
    assert.equal((await transport.fetch(`${server.origin}/`, { method: 'GET' }, other.pin)).status, 200);
  });

  it('uses no open connection for another pin, and none of the old pin after a new one', async () => {
    const server = await serverOf(own);
    await (await transport.fetch(`${server.origin}/`, { method: 'GET' }, own.pin)).text();
    const wrong = transport.fetch(`${server.origin}/`, { method: 'GET' }, other.pin);
    await assert.rejects(wrong, refusal('TLS_PIN_MISMATCH'));
    assert.equal(server.seen.calls, 1);
    await (await transport.fetch(`${server.origin}/`, { method: 'GET' }, own.pin)).text();
    assert.equal(server.seen.calls, 2);
    assert.equal(server.seen.connections, 3);
  });

  it('takes an expired certificate with the pinned key: the chain says who it is, and for how long', async () => {
    const server = await serverOf(tlsIdentity(own.key, Date.now() - 86_400_000));
    assert.equal((await transport.fetch(`${server.origin}/`, { method: 'GET' }, own.pin)).status, 200);
  });

  it('takes up no earlier session: each connection shows its certificate', async () => {
    const server = await serverOf(own);
    for (let call = 0; call < 3; call++) {
      await (await transport.fetch(`${server.origin}/`, { method: 'GET' }, own.pin)).text();
      server.cut();
    }
    assert.deepEqual(
      server.handshakes.map(({ isResumed }) => isResumed),
      [false, false, false],
    );
  });

  it('speaks HTTP/1.1 only, also where the other side has nothing but HTTP/2', async () => {
    const server = await serverOf(own);
    await (await transport.fetch(`${server.origin}/`, { method: 'GET' }, own.pin)).text();
    assert.deepEqual(server.handshakes, [{ name: false, protocol: 'http/1.1', isResumed: false }]);
    let streams = 0;
    const modern = createSecureServer({ key: own.key, cert: own.cert });
    modern.on('stream', () => {
      streams += 1;
    });
    modern.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => modern.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise<void>((resolve) => modern.close(() => resolve())));
    const url = `https://127.0.0.1:${(modern.address() as AddressInfo).port}/`;
    await assert.rejects(transport.fetch(url, { method: 'GET' }, own.pin), TypeError);
    assert.equal(streams, 0);
  });

  it('asks for a name where there is one, and goes by the pin whatever the certificate is named', async () => {
    const server = await serverOf(own);
    const url = `https://localhost:${server.port}/`;
    assert.equal((await transport.fetch(url, { method: 'GET' }, own.pin)).status, 200);
    assert.equal(server.handshakes[0]!.name, 'localhost');
    await assert.rejects(transport.fetch(url, { method: 'GET' }, other.pin), refusal('TLS_PIN_MISMATCH'));
  });

  it('reaches an IPv6 address by its pin', { skip: hasIpv6 ? false : 'no IPv6 on this machine' }, async () => {
    const server = await serverOf(own, '::1');
    assert.equal((await transport.fetch(`${server.origin}/`, { method: 'GET' }, own.pin)).status, 200);
    const wrong = transport.fetch(`${server.origin}/`, { method: 'GET' }, other.pin);
    await assert.rejects(wrong, refusal('TLS_PIN_MISMATCH'));
    assert.equal(server.seen.calls, 1);
  });

  it('fails where the server speaks no TLS, and sends it nothing that could be read', async () => {
    const heard: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on('data', (part) => heard.push(part));
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => plain.close(resolve)));
    const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}/secret`;
    await assert.rejects(transport.fetch(url, { method: 'POST', body: 'secret' }, own.pin), TypeError);
    assert.ok(!Buffer.concat(heard).includes('secret'));
  });

  it('ends with its signal', async () => {
    const server = await startTlsServer(own, () => undefined);
    ends.push(server.close);
    const call = transport.fetch(`${server.origin}/`, { method: 'GET', signal: AbortSignal.timeout(30) }, own.pin);
    await assert.rejects(call, { name: 'TimeoutError' });
  });
});

describe('a call to another organisation', () => {
  const [bank, tax] = [organisation('bank', ['bank']), organisation('tax', ['department'])];
  const ports: PeerPorts = {
    fetch: () => assert.fail('plain fetch was used'),
    pinnedFetch: transport.fetch,
    clock,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    ed25519: nativeEd25519,
  };
  const identity = { org: 'bank', keyEpoch: 1, sign: bank.sign };
  const call = { method: 'GET', path: '/v1/status' } as const;
  const peer = { org: 'tax', keyEpoch: 1, ed25519: tax.ed25519 };
  let server: TlsServer;
  let base = '';

  before(async () => {
    const used = new Set<string>();
    const nonces = {
      use: async (_org: string, nonce: string) => {
        assert.ok(!used.has(nonce));
        used.add(nonce);
      },
    };
    const status = {
      method: 'get',
      path: '/v1/status',
      roles: ['bank'],
      maxBodyBytes: 0,
      answer: async () => ({ json: { isHere: true } }),
    } as const;
    const parts = { identity: { ...identity, org: 'tax', sign: tax.sign }, directory: fakeDirectory([bank]), nonces };
    const log = { info: () => undefined, error: () => undefined };
    const limits = createLimits(limitsSchema.parse(undefined), clock);
    let answer: ReturnType<typeof createApp> | undefined;
    server = await startTlsServer(own, (request, response) => void answer!(request, response));
    ends.push(server.close);
    base = server.origin;
    answer = createApp({ ...parts, limits, clock, log, endpoint: base }, [status]);
  });

  it('goes over TLS to the pinned key and is answered', async () => {
    const peers = createPeerClient(identity, ports);
    const endpoint = `${base}#spki-sha256=${own.pin}`;
    assert.deepEqual(await peers.json({ ...peer, endpoint }, call), { isHere: true });
  });

  const refused = [
    ['over plain http to another machine', 'http://192.0.2.1:7001', 'ENDPOINT_PLAINTEXT'],
    ['over plain http to a name', 'http://tax.example', 'ENDPOINT_PLAINTEXT'],
    ['over TLS to a key that nobody registered', 'https://127.0.0.1:1', 'ENDPOINT_UNPINNED'],
    ['to something that is no endpoint', 'tax.example', 'ENDPOINT_INVALID'],
    ['to an organisation without an endpoint', '', 'ENDPOINT_INVALID'],
  ] as const;
  for (const [name, endpoint, code] of refused) {
    it(`is not even signed ${name}`, async () => {
      const sign = (): Uint8Array => assert.fail('it was signed');
      await assert.rejects(
        createPeerClient({ ...identity, sign }, ports).json({ ...peer, endpoint }, call),
        refusal(code),
      );
    });
  }

  it('is not sent on to where the answer says that the thing now is, nor to the same machine', async () => {
    const elsewhere = await serverOf(own);
    for (const status of [301, 302, 307, 308]) {
      const sender = await startTlsServer(own, (_request, response) => {
        response.writeHead(status, { location: `${elsewhere.origin}/v1/status` }).end();
      });
      ends.push(sender.close);
      const endpoint = `${sender.origin}#spki-sha256=${own.pin}`;
      const peers = createPeerClient(identity, ports);
      await assert.rejects(peers.json({ ...peer, endpoint }, { ...call, retries: 0 }));
      assert.equal(sender.seen.calls, 1);
    }
    assert.equal(elsewhere.seen.connections, 0);
  });

  it('is not made by a platform that cannot look at certificates', async () => {
    const { pinnedFetch, ...rest } = ports;
    assert.ok(pinnedFetch !== undefined);
    const endpoint = `${base}#spki-sha256=${own.pin}`;
    const peers = createPeerClient(identity, rest);
    await assert.rejects(peers.json({ ...peer, endpoint }, call), refusal('ENDPOINT_PIN_UNCHECKED'));
  });

  it('is not repeated to a wrong key, however many retries it has', async () => {
    const before = server.seen.connections;
    const endpoint = `${base}#spki-sha256=${other.pin}`;
    const peers = createPeerClient(identity, ports);
    await assert.rejects(peers.json({ ...peer, endpoint }, { ...call, retries: 5 }), refusal('TLS_PIN_MISMATCH'));
    assert.equal(server.seen.connections, before + 1);
  });

  it('follows a pin that changes on chain from the moment the directory hears of it, also while connected', async () => {
    const fresh = tlsIdentity(createTlsKey());
    const record: { now: OrganisationRecord } = { now: recordOf(`${base}#spki-sha256=${own.pin}`) };
    const directory = createDirectory({ organisation: async () => record.now }, clock);
    const peers = createPeerClient(identity, ports);
    const ask = async () => peers.json(await directory.activeMember('tax'), call);
    await ask();
    record.now = recordOf(`${base}#spki-sha256=${fresh.pin}`);
    await ask();
    directory.invalidate('tax');
    await assert.rejects(ask(), refusal('TLS_PIN_MISMATCH'), 'the server still shows the old key');
    server.useKey(fresh.key);
    assert.deepEqual(await ask(), { isHere: true });
    record.now = recordOf(`${base}#spki-sha256=${own.pin}`);
    directory.invalidate();
    await assert.rejects(
      ask(),
      refusal('TLS_PIN_MISMATCH'),
      'the old pin is not taken back from the connections of then',
    );
  });

  function recordOf(endpoint: string): OrganisationRecord {
    return {
      id: 'tax',
      roles: ['department'],
      endpoint,
      status: 'active',
      keyEpoch: 1,
      account: '00'.repeat(20),
      ed25519Key: toHex(tax.ed25519),
      x25519Key: toHex(tax.x25519),
      previous: null,
    };
  }
});
