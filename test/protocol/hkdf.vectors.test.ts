import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import {
  createHkdf,
  createHmacSha256,
  HKDF_MAX_BYTES,
  hkdfExpand,
  hkdfExtract,
  hkdfSha256,
  hmacSha256,
} from '@sealedger/protocol/hkdf.ts';
import { loadPoprf } from '@sealedger/protocol/poprf.ts';
import fc from 'fast-check';
import { readSharedVectors } from './shared-vectors.ts';

type HkdfGroup = {
  tests: { tcId: number; ikm: string; salt: string; info: string; size: number; okm: string; result: string }[];
};
type HmacGroup = {
  tagSize: number;
  tests: { tcId: number; key: string; msg: string; tag: string; result: string }[];
};

test('derives as every HKDF-SHA256 case of Wycheproof, and refuses what is too long', (t) => {
  const text = readSharedVectors(t, 'wycheproof/hkdf_sha256_test.json');
  if (text === undefined) return;
  const { numberOfTests, testGroups } = JSON.parse(text) as { numberOfTests: number; testGroups: HkdfGroup[] };
  const cases = testGroups.flatMap((group) => group.tests);
  assert.equal(cases.length, numberOfTests);
  for (const { tcId, ikm, salt, info, size, okm, result } of cases) {
    const derive = () => hkdfSha256({ ikm: fromHex(ikm), salt: fromHex(salt), info: fromHex(info), length: size });
    if (result === 'valid') assert.equal(toHex(derive()), okm, `case ${tcId}`);
    else assert.throws(derive, (error) => isProtocolError(error, 'HKDF_LENGTH'), `case ${tcId}`);
  }
});

test('computes every HMAC-SHA256 case of Wycheproof, with a key made once too', (t) => {
  const text = readSharedVectors(t, 'wycheproof/hmac_sha256_test.json');
  if (text === undefined) return;
  const { numberOfTests, testGroups } = JSON.parse(text) as { numberOfTests: number; testGroups: HmacGroup[] };
  let seen = 0;
  for (const { tagSize, tests } of testGroups) {
    for (const { tcId, key, msg, tag, result } of tests) {
      const full = hmacSha256(fromHex(key), fromHex(msg));
      assert.equal(toHex(full.slice(0, tagSize / 8)) === tag, result === 'valid', `case ${tcId}`);
      assert.deepEqual(createHmacSha256(fromHex(key))(fromHex(msg)), full);
      seen += 1;
    }
  }
  assert.equal(seen, numberOfTests);
});

test('agrees with RFC 5869, A.1, extraction and expansion apart', () => {
  const pseudorandomKey = hkdfExtract(fromHex('000102030405060708090a0b0c'), new Uint8Array(22).fill(0x0b));
  assert.equal(toHex(pseudorandomKey), '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
  assert.equal(
    toHex(hkdfExpand(pseudorandomKey, fromHex('f0f1f2f3f4f5f6f7f8f9'), 42)),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
});

test('the port that keeps extractions agrees with node:crypto, on libsodium and in JavaScript', async () => {
  const { createOutputHkdf } = await loadPoprf();
  for (const hkdf of [createHkdf(), createOutputHkdf()]) {
    const property = fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 3 }),
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 1, max: 100 }),
      (inputs, info, length) => {
        for (const ikm of inputs.flatMap((input) => [input, input])) {
          assert.deepEqual(hkdf(ikm, info, length), new Uint8Array(hkdfSync('sha256', ikm, '', info, length)));
        }
      },
    );
    fc.assert(property, { seed: 20260110, numRuns: 60 });
  }
});

test('the port notices an input that was overwritten', () => {
  const hkdf = createHkdf();
  const ikm = new Uint8Array(64);
  const first = hkdf(ikm, utf8('a'), 32);
  ikm.fill(1);
  assert.notDeepEqual(hkdf(ikm, utf8('a'), 32), first);
});

test('refuses lengths outside 1 to 8,160 bytes', () => {
  const expand = (length: number) => () => hkdfExpand(new Uint8Array(32), utf8('info'), length);
  assert.equal(expand(HKDF_MAX_BYTES)().length, 8160);
  for (const length of [0, -1, 1.5, Number.NaN, HKDF_MAX_BYTES + 1]) {
    assert.throws(expand(length), (error) => isProtocolError(error, 'HKDF_LENGTH'));
  }
});
