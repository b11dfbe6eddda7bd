import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { signatureBase } from '@sealedger/protocol/http-signature/fields.ts';
import {
  type HeaderFields,
  signRequestHeaders,
  signResponseHeaders,
  verifyRequestHeaders,
  verifyResponseHeaders,
} from '@sealedger/protocol/http-signature.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import fc from 'fast-check';

const SEED = 20260107;
const NOW = 1_800_000_000;
const bankKey = new Uint8Array(32).fill(1);
const gateKey = new Uint8Array(32).fill(2);
const body = utf8('{"hello":"world"}');
const url = 'http://127.0.0.1:7001/v1/unlock?lane=3&x=%E4%B8%AD';
const target = { method: 'POST', url };
const publicKeys: Record<string, Uint8Array> = {
  'bank-a/1': nobleEd25519.publicKey(bankKey),
  'gate/7': nobleEd25519.publicKey(gateKey),
};

const signing = (org: string, keyEpoch: number, secretKey: Uint8Array) => ({
  org,
  keyEpoch,
  created: NOW,
  expires: NOW + 60,
  sign: (message: Uint8Array) => nobleEd25519.sign(message, secretKey),
});
const asBank = { ...signing('bank-a', 1, bankKey), nonce: '00112233445566778899aabbccddeeff' };
const asGate = signing('gate', 7, gateKey);
const judgement = {
  publicKeyFor: (org: string, keyEpoch: number) => publicKeys[`${org}/${keyEpoch}`],
  now: NOW,
  maxSkewSeconds: 30,
  maxLifetimeSeconds: 120,
};

const bodyFacts = { bodyDigest: sha256(body), contentLength: body.length };
const request = signRequestHeaders({ ...target, ...bodyFacts, ...asBank });
const received: Record<string, string> = {
  ...request,
  'content-length': String(body.length),
  'content-type': 'application/json',
};
const answered = { ...target, headers: received };
const answer = sha256(utf8('answer'));
const response = signResponseHeaders({ status: 200, bodyDigest: answer, request: answered, ...asGate });

const verifyRequest = (headers: HeaderFields, changes: Partial<Parameters<typeof verifyRequestHeaders>[0]> = {}) =>
  verifyRequestHeaders({ ...target, ...judgement, headers, ...changes });
const verifyResponse = (headers: HeaderFields, changes: Partial<Parameters<typeof verifyResponseHeaders>[0]> = {}) =>
  verifyResponseHeaders({ status: 200, request: answered, org: 'gate', ...judgement, headers, ...changes });

async function refused(attempt: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof ProtocolError, String(error));
    assert.ok(codes.includes(error.code), `${error.code} is not ${codes.join(' | ')}`);
    return true;
  });
}

test('agrees with RFC 9421, B.2.6, typed in', () => {
  const parameters =
    '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const base = signatureBase(
    [
      ['"date"', 'Tue, 20 Apr 2021 02:07:55 GMT'],
      ['"@method"', 'POST'],
      ['"@path"', '/foo'],
      ['"@authority"', 'example.com'],
      ['"content-type"', 'application/json'],
      ['"content-length"', '18'],
    ],
    parameters,
  );
  const secretKey = fromHex('9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5');
  const publicKey = fromHex('26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb');
  const expected = 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
  assert.deepEqual(nobleEd25519.publicKey(secretKey), publicKey);
  assert.equal(Buffer.from(nobleEd25519.sign(base, secretKey)).toString('base64'), expected);
});

test('signs exactly the base that the RFC asks for, spelled out here', () => {
  let signed = '';
  const fields = signRequestHeaders({
    ...target,
    ...bodyFacts,
    ...asBank,
    sign: (message) => {
      signed = new TextDecoder().decode(message);
      return new Uint8Array(64);
    },
  });
  const parameters =
    '("@method" "@authority" "@path" "@query" "content-digest" "content-length");created=1800000000;' +
    'expires=1800000060;nonce="00112233445566778899aabbccddeeff";keyid="bank-a/1";alg="ed25519";tag="sealedger-v1"';
  const digest = `sha-256=:${Buffer.from(sha256(body)).toString('base64')}:`;
  assert.equal(
    signed,
    `"@method": POST\n"@authority": 127.0.0.1:7001\n"@path": /v1/unlock\n"@query": ?lane=3&x=%E4%B8%AD\n` +
      `"content-digest": ${digest}\n"content-length": 17\n"@signature-params": ${parameters}`,
  );
  assert.equal(fields['signature-input'], `sealedger=${parameters}`);
  assert.equal(fields['content-digest'], digest);
});

test('verifies a request with and without a body, from records, distinct headers and fetch headers', async () => {
  for (const headers of [
    received,
    Object.fromEntries(Object.entries(received).map(([name, value]) => [name, [value]])),
    new Headers(received),
    Object.entries(received).map(([name, value]) => [name.toUpperCase(), value] as const),
  ]) {
    const verified = await verifyRequest(headers);
    assert.equal(verified.org, 'bank-a');
    assert.equal(verified.keyEpoch, 1);
    assert.equal(verified.nonce, asBank.nonce);
    assert.deepEqual(verified.contentDigest, sha256(body));
  }
  const get = { method: 'GET', url: 'http://127.0.0.1:7001/v1/status' };
  const bare = await verifyRequest(signRequestHeaders({ ...get, ...asBank }), get);
  assert.equal(bare.contentDigest, undefined);
});

test('verifies a response, and returns the digest of its body', async () => {
  const verified = await verifyResponse(response);
  assert.equal(verified.org, 'gate');
  assert.deepEqual(verified.contentDigest, answer);
});

test('a signed call passes a real server and fetch', async () => {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const headers = incoming.headersDistinct;
      const origin = `http://127.0.0.1:${address.port}`;
      const answeredHere = { method: incoming.method!, url: origin + incoming.url!, headers };
      await verifyRequestHeaders({ ...answeredHere, ...judgement });
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      const text = Buffer.concat(parts);
      outgoing.writeHead(200, {
        ...signResponseHeaders({ status: 200, bodyDigest: sha256(text), request: answeredHere, ...asGate }),
        'content-length': text.length,
      });
      outgoing.end(text);
    } catch (error) {
      outgoing.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  const there = { method: 'POST', url: `http://127.0.0.1:${address.port}/v1/echo?x=1` };
  try {
    const headers = signRequestHeaders({ ...there, ...bodyFacts, ...asBank });
    const reply = await fetch(there.url, { method: 'POST', headers, body: Buffer.from(body) });
    const text = new Uint8Array(await reply.arrayBuffer());
    assert.equal(reply.status, 200, new TextDecoder().decode(text));
    const verified = await verifyResponse(reply.headers, { status: 200, request: { ...there, headers } });
    assert.deepEqual(verified.contentDigest, sha256(text));
    assert.deepEqual(text, body);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('refuses a request whose method, authority, path, query or digest was changed', async () => {
  await refused(verifyRequest(received, { method: 'PUT' }), 'HTTP_SIGNATURE_INVALID');
  for (const other of [
    'http://127.0.0.1:7002/v1/unlock?lane=3&x=%E4%B8%AD',
    'http://localhost:7001/v1/unlock?lane=3&x=%E4%B8%AD',
    'http://127.0.0.1:7001/v1/Unlock?lane=3&x=%E4%B8%AD',
    'http://127.0.0.1:7001/v1/unlock?lane=4&x=%E4%B8%AD',
    'http://127.0.0.1:7001/v1/unlock',
  ]) {
    await refused(verifyRequest(received, { url: other }), 'HTTP_SIGNATURE_INVALID');
  }
  const digest = `sha-256=:${Buffer.from(sha256(utf8('other'))).toString('base64')}:`;
  await refused(verifyRequest({ ...received, 'content-digest': digest }), 'HTTP_SIGNATURE_INVALID');
  await refused(verifyRequest({ ...received, 'content-length': '18' }), 'HTTP_SIGNATURE_INVALID');
});

test('refuses a target that is not in normal form, because it may be routed elsewhere', async () => {
  for (const other of [
    'http://127.0.0.1:7001/evil/../v1/unlock?lane=3&x=%E4%B8%AD',
    'http://127.0.0.1:7001/v1\\unlock?lane=3&x=%E4%B8%AD',
    'http://127.0.0.1:7001/./v1/unlock?lane=3&x=%E4%B8%AD',
    'http://127.0.0.1:7001/v1/unlock?lane=3&x=%E4%B8%AD#fragment',
    'http://127.0.0.1:7001/v1/%2e%2e/v1/unlock?lane=3',
    'ftp://127.0.0.1/v1/unlock',
    '/v1/unlock',
    '',
  ]) {
    await refused(verifyRequest(received, { url: other }), 'HTTP_SIGNATURE_MALFORMED');
  }
});

test('refuses a body that no digest covers', async () => {
  const bare = signRequestHeaders({ ...target, ...asBank });
  await refused(verifyRequest({ ...bare, 'content-length': '5' }), 'HTTP_SIGNATURE_COMPONENTS');
  await refused(verifyRequest({ ...bare, 'transfer-encoding': 'chunked' }), 'HTTP_SIGNATURE_COMPONENTS');
  await refused(verifyRequest({ ...bare, 'content-digest': request['content-digest']! }), 'HTTP_SIGNATURE_COMPONENTS');
  const { 'content-digest': _, ...without } = received;
  await refused(verifyRequest(without), 'HTTP_SIGNATURE_COMPONENTS');
  const { 'content-length': _length, ...withoutLength } = received;
  await refused(verifyRequest(withoutLength), 'HTTP_SIGNATURE_COMPONENTS');
  assert.ok(await verifyRequest({ ...bare, 'content-length': '0' }));
});

test('refuses missing, duplicated and second signatures', async () => {
  for (const name of ['signature', 'signature-input']) {
    const { [name]: value, ...without } = received;
    await refused(verifyRequest(without), 'HTTP_SIGNATURE_MISSING');
    await refused(verifyRequest([...Object.entries(received), [name, value!]]), 'HTTP_SIGNATURE_MALFORMED');
    await refused(verifyRequest({ ...received, [name]: `${value}, ${value}` }), 'HTTP_SIGNATURE_MALFORMED');
    await refused(verifyRequest({ ...received, [name]: [value!, value!] }), 'HTTP_SIGNATURE_MALFORMED');
    await refused(
      verifyRequest({ ...received, [name]: value!.replace('sealedger=', 'sig1=') }),
      'HTTP_SIGNATURE_MALFORMED',
    );
  }
});

test('refuses another tag, algorithm, list of components or form of the parameters', async () => {
  const input = request['signature-input']!;
  for (const changed of [
    input.replace('tag="sealedger-v1"', 'tag="sealedger-v2"'),
    input.replace(';tag="sealedger-v1"', ''),
    input.replace('ed25519', 'hmac-sha256'),
    input.replace(';expires=1800000060', ''),
    input.replace('created=1800000000', 'created=01800000000'),
    input.replace('created=1800000000', 'created=-1'),
    input.replace('bank-a/1', 'bank-a'),
    input.replace('bank-a/1', 'bank-a/4294967296'),
    input.replace(';nonce="00112233445566778899aabbccddeeff"', ''),
    input.replace('00112233445566778899aabbccddeeff', 'short'),
    `${input};extra=1`,
    ` ${input}`,
  ]) {
    assert.notEqual(changed, input);
    await refused(verifyRequest({ ...received, 'signature-input': changed }), 'HTTP_SIGNATURE_MALFORMED');
  }
  for (const changed of [
    input.replace('"@path" ', ''),
    input.replace('"@method" "@authority"', '"@authority" "@method"'),
    input.replace('"@method"', '"@method" "@method"'),
    input.replace('"content-digest" ', ''),
    input.replace('("@method"', '("date" "@method"'),
  ]) {
    assert.notEqual(changed, input);
    await refused(verifyRequest({ ...received, 'signature-input': changed }), 'HTTP_SIGNATURE_COMPONENTS');
  }
});

test('refuses what is expired, from the future or valid for too long', async () => {
  assert.ok(await verifyRequest(received, { now: NOW + 89 }));
  await refused(verifyRequest(received, { now: NOW + 90 }), 'HTTP_SIGNATURE_EXPIRED');
  assert.ok(await verifyRequest(received, { now: NOW - 30 }));
  await refused(verifyRequest(received, { now: NOW - 31 }), 'HTTP_SIGNATURE_FUTURE');
  const long = signRequestHeaders({ ...target, ...bodyFacts, ...asBank, expires: NOW + 121 });
  await refused(verifyRequest({ ...received, ...long }), 'HTTP_SIGNATURE_LIFETIME');
});

test('refuses an unknown key, another key, and a signer that claims to be someone else', async () => {
  await refused(verifyRequest(received, { publicKeyFor: () => undefined }), 'HTTP_SIGNATURE_KEY');
  await refused(verifyRequest(received, { publicKeyFor: async () => publicKeys['gate/7'] }), 'HTTP_SIGNATURE_INVALID');
  const asOther = { ...asBank, org: 'gate', keyEpoch: 7 };
  const forged = signRequestHeaders({ ...target, ...bodyFacts, ...asOther });
  await refused(verifyRequest({ ...received, ...forged }), 'HTTP_SIGNATURE_INVALID');
});

test('refuses a response to another request, of another organisation, status or body', async () => {
  const second = { ...asBank, nonce: 'ffffffffffffffffffffffffffffffff' };
  const repeated = { ...received, ...signRequestHeaders({ ...target, ...bodyFacts, ...second }) };
  await refused(verifyResponse(response, { request: { ...target, headers: repeated } }), 'HTTP_SIGNATURE_INVALID');
  await refused(verifyResponse(response, { org: 'tax-bureau' }), 'HTTP_SIGNATURE_SIGNER');
  await refused(verifyResponse(response, { status: 201 }), 'HTTP_SIGNATURE_INVALID');
  const digest = `sha-256=:${Buffer.from(sha256(body)).toString('base64')}:`;
  await refused(verifyResponse({ ...response, 'content-digest': digest }), 'HTTP_SIGNATURE_INVALID');
  await refused(verifyResponse({}), 'HTTP_SIGNATURE_MISSING');
  await refused(verifyResponse(response, { request: { ...target, headers: {} } }), 'HTTP_SIGNATURE_MISSING');
});

test('a request does not pass as a response, nor a response as a request', async () => {
  await refused(verifyResponse(received), 'HTTP_SIGNATURE_COMPONENTS', 'HTTP_SIGNATURE_MALFORMED');
  await refused(verifyRequest(response), 'HTTP_SIGNATURE_COMPONENTS', 'HTTP_SIGNATURE_MALFORMED');
});

test('refuses to sign what it would not accept', () => {
  const isMalformed = (error: unknown) => error instanceof ProtocolError && error.code === 'HTTP_SIGNATURE_MALFORMED';
  for (const changes of [
    { method: 'post' },
    { url: '/v1/unlock' },
    { nonce: 'short' },
    { nonce: 'quote"quote"quote"quote"' },
    { org: 'Bank A' },
    { keyEpoch: -1 },
    { expires: NOW },
    { bodyDigest: new Uint8Array(31) },
    { contentLength: 1.5 },
  ]) {
    assert.throws(() => signRequestHeaders({ ...target, ...bodyFacts, ...asBank, ...changes }), isMalformed);
  }
  assert.throws(() => signRequestHeaders({ ...target, ...asBank, contentLength: 3 }), isMalformed);
});

test('any changed character of a header is refused with a code of this area', async () => {
  const allowed: ErrorCode[] = [
    'HTTP_SIGNATURE_MALFORMED',
    'HTTP_SIGNATURE_COMPONENTS',
    'HTTP_SIGNATURE_EXPIRED',
    'HTTP_SIGNATURE_FUTURE',
    'HTTP_SIGNATURE_LIFETIME',
    'HTTP_SIGNATURE_KEY',
    'HTTP_SIGNATURE_INVALID',
  ];
  const property = fc.asyncProperty(
    fc.constantFrom('signature', 'signature-input', 'content-digest', 'content-length'),
    fc.nat(),
    fc.integer({ min: 32, max: 126 }),
    async (name, where, code) => {
      const value = received[name]!;
      const at = where % value.length;
      const changed = value.slice(0, at) + String.fromCharCode(code) + value.slice(at + 1);
      if (changed !== value) await refused(verifyRequest({ ...received, [name]: changed }), ...allowed);
    },
  );
  await fc.assert(property, { seed: SEED, numRuns: 400 });
});
