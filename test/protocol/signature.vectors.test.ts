import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type Ed25519, nobleEd25519, x25519PublicKey, x25519SharedSecret } from '@sealedger/protocol/signature.ts';
import fc from 'fast-check';
import { readSharedVectors } from './shared-vectors.ts';

const SEED = 20260106;

type Wycheproof<Group> = { numberOfTests: number; testGroups: Group[] };
type Ed25519Group = { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string; result: string }[] };
type X25519Group = {
  tests: { tcId: number; public: string; private: string; shared: string; result: string; flags: string[] }[];
};

/** The native implementation of Node behind the same port, as a node's own composition would bring it. */
const nodeEd25519: Pick<Ed25519, 'sign' | 'verify'> = {
  sign(message, secretKey) {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secretKey]);
    return new Uint8Array(sign(null, message, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })));
  },
  verify(signature, message, publicKey) {
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
    return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
  },
};

/** RFC 8032, 7.1, tests 1 to 3, typed in. */
const RFC8032 = [
  {
    secretKey: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    secretKey: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    secretKey: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

test('signs as RFC 8032 does', () => {
  for (const vector of RFC8032) {
    const secretKey = fromHex(vector.secretKey);
    assert.equal(toHex(nobleEd25519.publicKey(secretKey)), vector.publicKey);
    assert.equal(toHex(nobleEd25519.sign(fromHex(vector.message), secretKey)), vector.signature);
  }
});

test('decides every Ed25519 case of Wycheproof', (t) => {
  const text = readSharedVectors(t, 'wycheproof/ed25519_test.json');
  if (text === undefined) return;
  const { numberOfTests, testGroups } = JSON.parse(text) as Wycheproof<Ed25519Group>;
  let seen = 0;
  for (const { publicKey, tests } of testGroups) {
    for (const { tcId, msg, sig, result } of tests) {
      const holds = nobleEd25519.verify(fromHex(sig), fromHex(msg), fromHex(publicKey.pk));
      assert.equal(holds, result === 'valid', `case ${tcId}`);
      seen += 1;
    }
  }
  assert.equal(seen, numberOfTests);
});

test('refuses public keys of small order, under which one signature fits many messages', () => {
  for (const publicKey of [`01${'00'.repeat(31)}`, '00'.repeat(32), `ec${'ff'.repeat(30)}7f`]) {
    const signature = fromHex(`${publicKey}${'00'.repeat(32)}`);
    assert.equal(nobleEd25519.verify(signature, utf8('any'), fromHex(publicKey)), false);
  }
});

test('agrees with the native implementation behind the same port', () => {
  const property = fc.property(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(511),
    (secretKey, message, bit) => {
      const signature = nobleEd25519.sign(message, secretKey);
      const publicKey = nobleEd25519.publicKey(secretKey);
      assert.deepEqual(nodeEd25519.sign(message, secretKey), signature);
      assert.ok(nobleEd25519.verify(signature, message, publicKey));
      assert.ok(nodeEd25519.verify(signature, message, publicKey));
      signature[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!nobleEd25519.verify(signature, message, publicKey));
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 30 });
});

test('answers false, and does not throw, for malformed keys and signatures', () => {
  const property = fc.property(
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ maxLength: 40 }),
    (signature, publicKey) => !nobleEd25519.verify(signature, utf8('message'), publicKey),
  );
  fc.assert(property, { seed: SEED, numRuns: 200 });
  const isLength = (error: unknown) => isProtocolError(error, 'BYTES_LENGTH');
  assert.throws(() => nobleEd25519.sign(utf8('m'), new Uint8Array(64)), isLength);
  assert.throws(() => nobleEd25519.publicKey(new Uint8Array(31)), isLength);
});

test('agrees with RFC 7748, 6.1, on X25519', () => {
  const alice = fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
  const bob = fromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
  assert.equal(toHex(x25519PublicKey(alice)), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
  assert.equal(toHex(x25519PublicKey(bob)), 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
  const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
  assert.equal(toHex(x25519SharedSecret(alice, x25519PublicKey(bob))), shared);
  assert.equal(toHex(x25519SharedSecret(bob, x25519PublicKey(alice))), shared);
});

test('computes every X25519 case of Wycheproof and refuses those whose secret is zero', (t) => {
  const text = readSharedVectors(t, 'wycheproof/x25519_test.json');
  if (text === undefined) return;
  const { numberOfTests, testGroups } = JSON.parse(text) as Wycheproof<X25519Group>;
  const cases = testGroups.flatMap((group) => group.tests);
  assert.equal(cases.length, numberOfTests);
  let refused = 0;
  for (const { tcId, private: secretKey, public: publicKey, shared } of cases) {
    if (/^0*$/.test(shared)) {
      refused += 1;
      assert.throws(
        () => x25519SharedSecret(fromHex(secretKey), fromHex(publicKey)),
        (error) => isProtocolError(error, 'X25519_ZERO_SECRET'),
        `case ${tcId}`,
      );
    } else {
      assert.equal(toHex(x25519SharedSecret(fromHex(secretKey), fromHex(publicKey))), shared, `case ${tcId}`);
    }
  }
  assert.ok(refused > 20, `only ${refused} cases with a zero secret`);
});

test('refuses X25519 keys of a wrong length', () => {
  const isLength = (error: unknown) => isProtocolError(error, 'BYTES_LENGTH');
  const secretKey = new Uint8Array(32).fill(1);
  assert.throws(() => x25519SharedSecret(secretKey, new Uint8Array(31)), isLength);
  assert.throws(() => x25519SharedSecret(new Uint8Array(33), x25519PublicKey(secretKey)), isLength);
  assert.throws(() => x25519PublicKey(new Uint8Array()), isLength);
});
