/** Endpoints as they stand on chain: one form, loopback told apart, everything else refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointText, isLoopbackHost, parseEndpoint } from '@sealedger/protocol/endpoint.ts';
import { refusal } from '../node/support/refusals.ts';

const PIN = 'ab'.repeat(32);

describe('an endpoint', () => {
  it('is read into base, prefix and pin, and written back', () => {
    const relayed = parseEndpoint(`https://relay.example:8443/v1/relay/tax-bureau#spki-sha256=${PIN}`);
    assert.deepEqual(relayed, {
      base: 'https://relay.example:8443/v1/relay/tax-bureau',
      origin: 'https://relay.example:8443',
      prefix: '/v1/relay/tax-bureau',
      pin: PIN,
      isTls: true,
      isLoopback: false,
    });
    assert.equal(endpointText(relayed), `https://relay.example:8443/v1/relay/tax-bureau#spki-sha256=${PIN}`);
    assert.equal(endpointText(parseEndpoint('http://127.0.0.1:7001/')), 'http://127.0.0.1:7001');
    assert.equal(parseEndpoint('https://tax.example').pin, null);
  });

  const refused = [
    '',
    'tax.example:7001',
    'ftp://tax.example/',
    'file:///etc/passwd',
    'https://user:word@tax.example/',
    'https://tax.example/?to=1',
    'https://tax.example/a%2f..%2fb',
    'https://tax.example/a//b',
    'https://tax.example/a b',
    `https://tax.example/#spki-sha256=${PIN.toUpperCase()}`,
    `https://tax.example/#spki-sha256=${PIN}00`,
    `https://tax.example/#spki-sha256=${PIN}&x`,
    'https://tax.example/#pin',
    'unix:/run/node.sock',
    'http+unix://%2Frun%2Fnode.sock/',
    'http://[::1%25lo]:1',
    `http://127.0.0.1/#spki-sha256=${PIN}`,
  ];
  for (const text of refused) {
    it(`is refused as "${text.slice(0, 50)}"`, () => {
      assert.throws(() => parseEndpoint(text), refusal('ENDPOINT_INVALID'));
    });
  }

  it('is on loopback where its host is this machine by name or address, in whatever writing, and only there', () => {
    for (const host of ['127.0.0.1', '127.9.8.7', '[::1]', 'localhost', 'LOCALHOST', '0x7f.1', '2130706433']) {
      assert.equal(parseEndpoint(`http://${host}:1`).isLoopback, true, host);
    }
    for (const host of [
      '10.0.0.1',
      '0.0.0.0',
      '[::]',
      '[::ffff:127.0.0.1]',
      '127.0.0.1.example',
      'localhost.example',
    ]) {
      assert.equal(parseEndpoint(`http://${host}:1`).isLoopback, false, host);
    }
    assert.deepEqual(['::1', '::', '0.0.0.0', '127.0.0.1'].map(isLoopbackHost), [true, false, false, true]);
  });
});
