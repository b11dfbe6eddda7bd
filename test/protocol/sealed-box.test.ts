import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { openSealedBox, sealBox } from '@sealedger/protocol/sealed-box.ts';
import { x25519PublicKey } from '@sealedger/protocol/signature.ts';
import fc from 'fast-check';
import sodium from 'libsodium-wrappers-sumo';

const SEED = 20260108;
await sodium.ready;
const secretKey = new Uint8Array(32).fill(4);
const receiverPublicKey = x25519PublicKey(secretKey);
const context = { domain: domains.registerKey, sender: 'registrar', receiver: 'tax-bureau', purpose: 'key' };
const message = utf8('a register key');
const ephemeralSecret = new Uint8Array(32).fill(9);

const box = await sealBox({ message, receiverPublicKey, context, ephemeralSecret });
const openFailed = (error: unknown) => isProtocolError(error, 'SEALED_BOX_OPEN_FAILED');

test('opens what was sealed, for messages of any length', async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 5000 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    async (text, ephemeral) => {
      const sealed = await sealBox({ message: text, receiverPublicKey, context, ephemeralSecret: ephemeral });
      assert.deepEqual(await openSealedBox({ box: sealed, secretKey, context }), text);
    },
  );
  await fc.assert(property, { seed: SEED, numRuns: 40 });
});

test("is libsodium's own sealed box over context and message", () => {
  const plaintext = sodium.crypto_box_seal_open(box, receiverPublicKey, secretKey);
  const parts = [context.domain, context.sender, context.receiver, context.purpose];
  const head = parts.map((part) => `\0\0\0${String.fromCharCode(part.length)}${part}`).join('');
  assert.equal(new TextDecoder().decode(plaintext), `${head}a register key`);
});

test('opens a box that libsodium sealed, and refuses one of it without the context', async () => {
  const plaintext = sodium.crypto_box_seal_open(box, receiverPublicKey, secretKey);
  const theirs = sodium.crypto_box_seal(plaintext, receiverPublicKey);
  assert.deepEqual(await openSealedBox({ box: theirs, secretKey, context }), message);
  const bare = sodium.crypto_box_seal(message, receiverPublicKey);
  await assert.rejects(openSealedBox({ box: bare, secretKey, context }), openFailed);
});

test('refuses another receiver and every other context', async () => {
  await assert.rejects(openSealedBox({ box, secretKey: new Uint8Array(32).fill(5), context }), openFailed);
  for (const change of [
    { domain: domains.epochKey },
    { sender: 'bank-a' },
    { receiver: 'court' },
    { purpose: 'identifiers' },
    { purpose: '' },
    // Parts that run together to the same text without their lengths.
    { sender: 'registrart', receiver: 'ax-bureau' },
  ]) {
    await assert.rejects(openSealedBox({ box, secretKey, context: { ...context, ...change } }), openFailed);
  }
});

test('refuses any flipped bit and any other length with one code', async () => {
  const property = fc.asyncProperty(fc.nat(8 * box.length - 1), fc.nat(box.length - 1), async (bit, length) => {
    const flipped = box.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    // X25519 ignores the top bit of a public key, but the nonce covers it.
    await assert.rejects(openSealedBox({ box: flipped, secretKey, context }), openFailed);
    await assert.rejects(openSealedBox({ box: box.slice(0, length), secretKey, context }), openFailed);
  });
  await fc.assert(property, { seed: SEED, numRuns: 150 });
});

test('refuses keys of a wrong length and receiver keys of small order', async () => {
  const isLength = (error: unknown) => isProtocolError(error, 'BYTES_LENGTH');
  const seal = (change: object) => sealBox({ message, receiverPublicKey, context, ephemeralSecret, ...change });
  await assert.rejects(seal({ receiverPublicKey: new Uint8Array(31) }), isLength);
  await assert.rejects(seal({ ephemeralSecret: new Uint8Array(33) }), isLength);
  await assert.rejects(openSealedBox({ box, secretKey: new Uint8Array(), context }), isLength);
  const isZero = (error: unknown) => isProtocolError(error, 'X25519_ZERO_SECRET');
  await assert.rejects(seal({ receiverPublicKey: new Uint8Array(32) }), isZero);
});

test('leaves its arguments as they were', async () => {
  const [text, secret] = [message.slice(), ephemeralSecret.slice()];
  await sealBox({ message: text, receiverPublicKey, context, ephemeralSecret: secret });
  assert.deepEqual(text, message);
  assert.deepEqual(secret, ephemeralSecret);
});
