import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains, SUITE } from '@sealedger/protocol/domains.ts';
import {
  envelopeDigest,
  envelopeHeader,
  openEnvelope,
  type SignedEnvelope,
  signEnvelope,
} from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { nobleEd25519 } from '@sealedger/protocol/signature.ts';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { z } from 'zod';

const SEED = 20260105;
const secretKey = new Uint8Array(32).fill(5);
const key = { signer: 'tax-bureau', keyEpoch: 3, publicKey: nobleEd25519.publicKey(secretKey) };
const schema = z.strictObject({ quota: z.int(), datasets: z.array(z.string()) });
const body = { quota: 10, datasets: ['tax-2026'] };
const issuedAt = '2026-01-01T00:00:00Z';
const expiresAt = '2026-02-01T00:00:00Z';
const now = new Date('2026-01-15T00:00:00Z');
const options = { domain: domains.grant, key, now, schema };

function signed(fields: { expiresAt?: string } = { expiresAt }): SignedEnvelope<typeof body> {
  return signEnvelope(
    { domain: domains.grant, signer: key.signer, keyEpoch: key.keyEpoch, issuedAt, ...fields, body },
    secretKey,
  );
}

function codeOf(attempt: () => unknown): ErrorCode {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.code;
  }
  assert.fail('was accepted');
}

test('opens what was signed, after a trip through JSON', () => {
  for (const envelope of [signed(), signed({})]) {
    const opened = openEnvelope(JSON.parse(JSON.stringify(envelope)), options);
    assert.deepEqual(opened.body, body);
    assert.equal(opened.header.signer, key.signer);
    assert.equal(opened.header.keyEpoch, 3);
    assert.equal(opened.header.expiresAt, envelope.expiresAt);
    assert.deepEqual(opened.digest, envelopeDigest(envelope));
    assert.deepEqual(envelopeHeader(envelope), opened.header);
  }
});

test('signs the domain-tagged SHA-256 of the canonical envelope, computed here by other means', () => {
  const envelope = signed();
  const { signature, ...rest } = envelope;
  const tag = utf8('sealedger/v1/envelope');
  const text = utf8(canonicalize(rest) as string);
  const length = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  const expected = sha256(Uint8Array.from([...length(tag.length), ...tag, ...length(text.length), ...text]));
  assert.equal(toHex(envelopeDigest(envelope)), toHex(expected));
  assert.ok(nobleEd25519.verify(fromHex(signature), expected, key.publicKey));
});

test('holds until the instant before its end, and not at it', () => {
  const at = (time: string) => () => openEnvelope(signed(), { ...options, now: new Date(time) });
  assert.ok(at('2026-01-31T23:59:59.999Z')());
  assert.equal(codeOf(at('2026-02-01T00:00:00Z')), 'ENVELOPE_EXPIRED');
});

test('refuses another domain, another suite, another signer and another key epoch', () => {
  const envelope = signed();
  assert.equal(
    codeOf(() => openEnvelope(envelope, { ...options, domain: domains.request })),
    'ENVELOPE_DOMAIN',
  );
  assert.equal(
    codeOf(() => openEnvelope({ ...envelope, suite: `${SUITE}2` }, options)),
    'ENVELOPE_SUITE',
  );
  const keyOf = (other: Partial<typeof key>) => () => openEnvelope(envelope, { ...options, key: { ...key, ...other } });
  assert.equal(codeOf(keyOf({ signer: 'court' })), 'ENVELOPE_SIGNER');
  assert.equal(codeOf(keyOf({ keyEpoch: 4 })), 'ENVELOPE_SIGNER');
  assert.equal(codeOf(keyOf({ publicKey: new Uint8Array(32).fill(1) })), 'ENVELOPE_SIGNATURE');
});

test('refuses a changed body, header or signature', () => {
  const envelope = signed();
  for (const changed of [
    { ...envelope, body: { ...body, quota: 11 } },
    { ...envelope, issuedAt: '2026-01-01T00:00:01Z' },
    { ...envelope, expiresAt: '2027-02-01T00:00:00Z' },
    { ...envelope, expiresAt: undefined },
    { ...envelope, signature: `${envelope.signature[0] === '0' ? '1' : '0'}${envelope.signature.slice(1)}` },
  ]) {
    assert.equal(
      codeOf(() => openEnvelope(JSON.parse(JSON.stringify(changed)), options)),
      'ENVELOPE_SIGNATURE',
    );
  }
});

test('refuses what is no envelope, with the place and the reason', () => {
  const envelope = signed();
  const { body: _, ...withoutBody } = envelope;
  const deep = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`);
  for (const value of [
    null,
    'text',
    [],
    {},
    withoutBody,
    { ...envelope, extra: 1 },
    { ...envelope, signer: 'Tax Bureau' },
    { ...envelope, keyEpoch: 1.5 },
    { ...envelope, keyEpoch: '3' },
    { ...envelope, issuedAt: '2026-01-01' },
    { ...envelope, issuedAt: '2026-13-01T00:00:00Z' },
    { ...envelope, expiresAt: issuedAt },
    { ...envelope, signature: envelope.signature.toUpperCase().replace(/^./, 'A') },
    { ...envelope, signature: envelope.signature.slice(2) },
    { ...envelope, body: deep },
    { ...envelope, body: { ...body, datasets: ['\ud800'] } },
  ]) {
    assert.equal(
      codeOf(() => openEnvelope(value, options)),
      'ENVELOPE_MALFORMED',
    );
  }
});

test('refuses a signed body of another form', () => {
  const other = { quota: 'ten' };
  const envelope = signEnvelope(
    { domain: domains.grant, signer: key.signer, keyEpoch: key.keyEpoch, issuedAt, body: other },
    secretKey,
  );
  assert.throws(
    () => openEnvelope(envelope, options),
    (error) =>
      error instanceof ProtocolError && error.code === 'ENVELOPE_MALFORMED' && error.details['path'] === 'body.quota',
  );
});

test('does not look into the body before the signature holds', () => {
  const spying = z.custom<typeof body>(() => assert.fail('looked into the body'));
  const envelope = { ...signed(), body: { quota: 11, datasets: [] } };
  assert.equal(
    codeOf(() => openEnvelope(envelope, { ...options, schema: spying })),
    'ENVELOPE_SIGNATURE',
  );
});

test('refuses to sign what it would not open', () => {
  const fields = { domain: domains.grant, signer: key.signer, keyEpoch: key.keyEpoch, issuedAt, body };
  assert.equal(
    codeOf(() => signEnvelope({ ...fields, signer: 'Not An Id' }, secretKey)),
    'ENVELOPE_MALFORMED',
  );
  assert.equal(
    codeOf(() => signEnvelope({ ...fields, expiresAt: issuedAt }, secretKey)),
    'ENVELOPE_MALFORMED',
  );
  assert.equal(
    codeOf(() => signEnvelope({ ...fields, body: undefined }, secretKey)),
    'ENVELOPE_MALFORMED',
  );
  assert.equal(
    codeOf(() => signEnvelope({ ...fields, body: { n: Number.NaN } }, secretKey)),
    'JSON_NOT_CANONICAL',
  );
  assert.equal(
    codeOf(() => signEnvelope(fields, new Uint8Array(31))),
    'BYTES_LENGTH',
  );
});

test('any changed character of the JSON text is refused with the listed codes, or leaves the same envelope', () => {
  const text = JSON.stringify(signed());
  const allowed: ErrorCode[] = [
    'ENVELOPE_MALFORMED',
    'ENVELOPE_SUITE',
    'ENVELOPE_DOMAIN',
    'ENVELOPE_SIGNER',
    'ENVELOPE_SIGNATURE',
  ];
  const property = fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
    const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
    let value: unknown;
    try {
      value = JSON.parse(changed);
    } catch {
      return true;
    }
    if (canonicalize(value) === canonicalize(JSON.parse(text))) return true;
    return allowed.includes(codeOf(() => openEnvelope(value, options)));
  });
  fc.assert(property, { seed: SEED, numRuns: 600 });
});
