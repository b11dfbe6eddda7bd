/** Our certificates as OpenSSL reads them, field by field and in a handshake. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { createTlsKey, selfSignedCertificate, spkiSha256 } from '@sealedger/transport/certificate.ts';

const NOT_BEFORE = Date.UTC(2026, 10, 21, 8, 30, 15);
const NOT_AFTER = Date.UTC(2027, 1, 28, 23, 59, 59);
const HOSTS = ['tax.example', '192.0.2.7', '2001:db8::17', '::ffff:192.0.2.1'];
const key = createTlsKey();
const terms = { key, commonName: 'tax-bureau', hosts: HOSTS, notBefore: NOT_BEFORE, notAfter: NOT_AFTER };
const open: Server[] = [];
after(() => Promise.all(open.map((server) => new Promise((resolve) => server.close(resolve)))));

describe('a certificate of our own', () => {
  it('says what it was made of, and its signature holds', () => {
    const read = new X509Certificate(selfSignedCertificate({ ...terms, serial: randomBytes(16) }));
    assert.equal(read.subject, 'CN=tax-bureau');
    assert.equal(read.issuer, 'CN=tax-bureau');
    assert.equal(read.ca, false);
    assert.deepEqual([read.validFromDate.getTime(), read.validToDate.getTime()], [NOT_BEFORE, NOT_AFTER]);
    assert.ok(read.verify(read.publicKey) && read.checkPrivateKey(createPrivateKey(key)));
    assert.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(read.checkHost('tax.example'), 'tax.example');
    assert.equal(read.checkHost('court.example'), undefined);
    for (const address of HOSTS.slice(1)) assert.equal(read.checkIP(address), address);
    assert.equal(read.checkIP('192.0.2.8'), undefined);
    const other = createPublicKey(createTlsKey());
    assert.equal(read.verify(other), false);
  });

  it('has a positive serial number whatever the random bytes were', () => {
    for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
      const { serialNumber } = new X509Certificate(selfSignedCertificate({ ...terms, serial: Buffer.alloc(16, byte) }));
      assert.match(serialNumber, /^[4-7][0-9A-F]{31}$/);
    }
  });

  it('is dated on both sides of the year 2050', () => {
    for (const notAfter of [Date.UTC(2049, 11, 31, 23, 59, 59), Date.UTC(2050, 0, 1), Date.UTC(2123, 5, 6)]) {
      const read = new X509Certificate(selfSignedCertificate({ ...terms, notAfter, serial: randomBytes(16) }));
      assert.equal(read.validToDate.getTime(), notAfter);
    }
  });

  it('keeps its pin when it is renewed with the same key, and only then', () => {
    const [first, second] = [0, 1].map(
      (year) =>
        new X509Certificate(
          selfSignedCertificate({ ...terms, notAfter: NOT_AFTER + year * 31_536_000_000, serial: randomBytes(16) }),
        ),
    );
    assert.notEqual(first!.fingerprint256, second!.fingerprint256);
    assert.equal(spkiSha256(first!.publicKey), spkiSha256(second!.publicKey));
    assert.equal(spkiSha256(first!.publicKey), spkiSha256(createPrivateKey(key)));
    assert.notEqual(spkiSha256(first!.publicKey), spkiSha256(createPrivateKey(createTlsKey())));
  });

  it('serves a TLS 1.3 handshake that OpenSSL accepts with it as the only root', async () => {
    const now = Date.now();
    const valid = { ...terms, notBefore: now - 60_000, notAfter: now + 60_000, serial: randomBytes(16) };
    const cert = selfSignedCertificate(valid);
    const server = createServer({ key, cert, minVersion: 'TLSv1.3' }, (socket) => socket.end('hello'));
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', servername: 'tax.example', ca: cert });
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    assert.equal(Buffer.concat(parts).toString(), 'hello');
    assert.equal(socket.authorized, true);
    await assert.rejects(
      new Promise((resolve, reject) => {
        connect({ port, host: '127.0.0.1', servername: 'court.example', ca: cert }, () => resolve(undefined)).on(
          'error',
          reject,
        );
      }),
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    );
  });
});
