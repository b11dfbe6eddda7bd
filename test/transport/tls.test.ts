/** A node's own certificate: made once, renewed in time with the same key, refused where it cannot be what is registered. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { NodeConfig } from '@sealedger/node/config.ts';
import { limitsSchema } from '@sealedger/node/server/limits.ts';
import { CERTIFICATE_MS, openTls } from '@sealedger/node/server/tls.ts';
import { endpointToRegister, openGateway } from '@sealedger/node/services/gateway.ts';
import { createPinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import { fakeDirectory, organisation, testClock } from '../node/support/organisations.ts';
import { refusal } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { memoryNonces } from './support/node-app.ts';
import { tlsIdentity } from './support/tls-server.ts';

const DAY_MS = 86_400_000;
const tax = organisation('tax', ['department']);
const endpoint = 'https://127.0.0.1:7443';

async function place() {
  const dataDir = await temporaryDirectory();
  return { tls: 'self-signed', org: 'tax', dataDir, endpoint } as const;
}

describe('a self-signed certificate', () => {
  it('is made with a key that nobody else may read, and is the same at the next start', async () => {
    const terms = await place();
    const clock = testClock();
    const first = await openTls(terms, clock);
    const second = await openTls(terms, clock);
    assert.deepEqual(second, first);
    assert.equal((await stat(join(terms.dataDir, 'tls-key.pem'))).mode & 0o777, 0o600);
    const certificate = new X509Certificate(first.context.cert);
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(certificate.validToDate.getTime(), 1000 * Math.floor((clock.now() + CERTIFICATE_MS) / 1000));
  });

  it('is renewed before its end, and after it, with the same key, so that the pin stays', async () => {
    const terms = await place();
    const clock = testClock();
    const first = await openTls(terms, clock);
    clock.move(CERTIFICATE_MS - 31 * DAY_MS);
    assert.equal((await openTls(terms, clock)).context.cert, first.context.cert, 'it is not due yet');
    clock.move(2 * DAY_MS);
    const renewed = await openTls(terms, clock);
    assert.notEqual(renewed.context.cert, first.context.cert);
    assert.deepEqual([renewed.pin, renewed.context.key], [first.pin, first.context.key]);
    clock.move(400 * DAY_MS);
    const late = await openTls(terms, clock);
    assert.ok(new X509Certificate(late.context.cert).validToDate.getTime() > clock.now());
    assert.equal(late.pin, first.pin);
  });

  it('follows a new host name with the same key', async () => {
    const terms = await place();
    const clock = testClock();
    const first = await openTls(terms, clock);
    const moved = await openTls({ ...terms, endpoint: 'https://tax.example' }, clock);
    assert.equal(new X509Certificate(moved.context.cert).checkHost('tax.example'), 'tax.example');
    assert.equal(moved.pin, first.pin);
  });

  it('is not made up where its files are damaged', async () => {
    const terms = await place();
    await openTls(terms, testClock());
    await chmod(join(terms.dataDir, 'tls-key.pem'), 0o600);
    await writeFile(join(terms.dataDir, 'tls-key.pem'), 'no key');
    await assert.rejects(openTls(terms, testClock()), refusal('TLS_FILE_UNREADABLE', { part: 'key' }));
  });
});

describe('the operator’s certificate', () => {
  it('is read from its files, and refused where they do not belong together or are missing', async () => {
    const terms = await place();
    const [own, other] = [tlsIdentity(), tlsIdentity()];
    const files = { certificate: join(terms.dataDir, 'c.pem'), key: join(terms.dataDir, 'k.pem') };
    const open = () => openTls({ ...terms, tls: files }, testClock());
    await assert.rejects(open(), refusal('TLS_FILE_UNREADABLE'));
    await writeFile(files.certificate, own.cert);
    await writeFile(files.key, own.key);
    assert.equal((await open()).pin, own.pin);
    await writeFile(files.key, other.key);
    await assert.rejects(open(), refusal('TLS_FILE_UNREADABLE', { part: 'key' }));
  });
});

describe('a node', () => {
  async function gateway(config: Partial<NodeConfig>, registered: string, clock = testClock(Date.now())) {
    const dataDir = await temporaryDirectory();
    const full = { org: 'tax', dataDir, host: '127.0.0.1', port: 0, limits: limitsSchema.parse(undefined), ...config };
    const log = { info: () => undefined, error: () => undefined };
    const parts = {
      config: full as NodeConfig,
      client: { organisation: async () => ({ endpoint: registered }) },
      identity: { org: 'tax', keyEpoch: 1, sign: tax.sign },
      members: fakeDirectory([tax]),
      peers: {},
      usage: { countRefusal: () => undefined },
      clock: { ...clock, sleep: async () => undefined },
      log,
    } as unknown as Parameters<typeof openGateway>[0];
    return { clock, config: full as NodeConfig, open: () => openGateway(parts, memoryNonces(), []) };
  }

  it('does not listen beyond this machine without TLS', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const { open } = await gateway({ host, endpoint: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1');
      await assert.rejects(open(), refusal('TLS_REQUIRED', { host }));
    }
  });

  it('does not start under another endpoint than the registered one, and says which to register', async () => {
    const plain = await gateway({ endpoint: 'http://127.0.0.1:7001/' }, 'http://127.0.0.1:7002');
    const details = { configured: 'http://127.0.0.1:7001', registered: 'http://127.0.0.1:7002' };
    await assert.rejects(plain.open(), refusal('ENDPOINT_NOT_REGISTERED', details));
    const unpinned = await gateway({ endpoint, tls: 'self-signed' }, endpoint);
    await assert.rejects(unpinned.open(), refusal('ENDPOINT_NOT_REGISTERED'));
    const wrong = await gateway(
      { endpoint: `${endpoint}#spki-sha256=${'ab'.repeat(32)}`, tls: 'self-signed' },
      endpoint,
    );
    await assert.rejects(wrong.open(), refusal('TLS_ENDPOINT_PIN'));
  });

  it('serves over TLS under the pin that it says to register, also after its certificate was renewed', async () => {
    const clock = testClock(Date.now());
    const first = await gateway({ endpoint, tls: 'self-signed' }, '', clock);
    const registered = await endpointToRegister(first.config, clock);
    const pin = registered.split('=')[1]!;
    assert.equal(registered, `${endpoint}#spki-sha256=${pin}`);
    const { open } = await gateway({ ...first.config }, registered, clock);
    const node = await open();
    const transport = createPinnedTransport();
    try {
      const ask = async () =>
        (await transport.fetch(`https://127.0.0.1:${node.port}/healthz`, { method: 'GET' }, pin)).text();
      assert.equal(await ask(), '{"org":"tax","status":"ok"}');
      const shown = await readFile(join(first.config.dataDir, 'tls-certificate.pem'), 'utf8');
      clock.move(80 * DAY_MS);
      await node.tick();
      assert.notEqual(await readFile(join(first.config.dataDir, 'tls-certificate.pem'), 'utf8'), shown);
      assert.equal(await ask(), '{"org":"tax","status":"ok"}');
      const plain = await fetch(`http://127.0.0.1:${node.port}/healthz`).catch((error: unknown) => error);
      assert.ok(plain instanceof TypeError, 'it speaks no plain http');
    } finally {
      await transport.close();
      await node.close();
    }
  });
});
