/** Keys at rest: only the passphrase opens them, and no byte in front of them can be changed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SUITE } from '@sealedger/protocol/domains.ts';
import { type KeystoreKeys, openKeystoreText, sealKeystore } from '@sealedger/protocol/keystore.ts';
import sodium from 'libsodium-wrappers-sumo';

const cost = { operations: 1, memoryBytes: 19 << 20 };
const hex = (digit: string): string => digit.repeat(64);
const keys: KeystoreKeys = {
  current: { signing: hex('1'), account: hex('2'), sealing: hex('3') },
  next: { signing: hex('4'), account: hex('5'), sealing: hex('6') },
  earlierSealing: [hex('7')],
  seed: hex('8'),
};
const passphrase = 'correct horse battery';
const random = Uint8Array.from({ length: 40 }, (_, i) => i);
const sealed = (change: Partial<Parameters<typeof sealKeystore>[0]> = {}): Promise<string> =>
  sealKeystore({ org: 'tax', keys, passphrase, random, cost, ...change });

describe('a keystore', () => {
  it('opens with its passphrase, in any Unicode form of it, and with no other', async () => {
    assert.deepEqual(await openKeystoreText(await sealed(), passphrase), { org: 'tax', keys });
    const accented = await sealed({ passphrase: 'r\u00e9sum\u00e9 du matin' });
    assert.deepEqual((await openKeystoreText(accented, 're\u0301sume\u0301 du matin')).keys, keys);
    for (const wrong of ['correct horse batterY', 'correct horse battery ']) {
      await assert.rejects(async () => openKeystoreText(await sealed(), wrong), { code: 'KEYSTORE_PASSPHRASE' });
    }
  });

  it('shows no key in its text', async () => {
    const text = await sealed();
    for (const digit of '12345678') assert.ok(!text.includes(digit.repeat(8)));
  });

  it('does not open once a field in front of the keys is another', async () => {
    const file = JSON.parse(await sealed()) as Record<string, unknown> & { kdf: Record<string, unknown> };
    const changes = [
      { org: 'social' },
      { kdf: { ...file.kdf, operations: 2 } },
      { kdf: { ...file.kdf, memoryBytes: (19 << 20) + 1024 } },
      { kdf: { ...file.kdf, salt: 'ff'.repeat(16) } },
      { nonce: 'ff'.repeat(24) },
      { ciphertext: `00${String(file['ciphertext']).slice(2)}` },
    ];
    for (const change of changes) {
      await assert.rejects(() => openKeystoreText(JSON.stringify({ ...file, ...change }), passphrase), {
        code: 'KEYSTORE_PASSPHRASE',
      });
    }
  });

  it('is refused before any work where its cost is too small, too large or not of this version', async () => {
    const file = JSON.parse(await sealed()) as Record<string, unknown> & { kdf: Record<string, unknown> };
    const changes = [
      { kdf: { ...file.kdf, memoryBytes: 1 << 20 } },
      { kdf: { ...file.kdf, memoryBytes: 2 ** 40 } },
      { kdf: { ...file.kdf, operations: 10_000 } },
      { version: 1 },
      { cipher: 'none' },
      { extra: 1 },
    ];
    for (const change of changes) {
      await assert.rejects(() => openKeystoreText(JSON.stringify({ ...file, ...change }), passphrase), {
        code: 'KEYSTORE_UNREADABLE',
      });
    }
    for (const text of ['', '{', 'null', '[]']) {
      await assert.rejects(() => openKeystoreText(text, passphrase), { code: 'KEYSTORE_UNREADABLE' });
    }
  });

  it('takes no passphrase that is guessed in a moment, and no short randomness', async () => {
    await assert.rejects(() => sealed({ passphrase: 'eleven char' }), { code: 'PASSPHRASE_LENGTH' });
    await assert.rejects(() => sealed({ passphrase: 'x'.repeat(1025) }), { code: 'PASSPHRASE_LENGTH' });
    await assert.rejects(() => sealed({ random: random.subarray(1) }), { code: 'BYTES_LENGTH' });
  });

  it('is what libsodium opens by hand: Argon2id, XChaCha20-Poly1305, the head as covered data', async () => {
    const { ciphertext, ...head } = JSON.parse(await sealed()) as Record<string, string> & { kdf: { salt: string } };
    await sodium.ready;
    const key = sodium.crypto_pwhash(32, passphrase, sodium.from_hex(head.kdf.salt), 1, 19 << 20, 2);
    const { suite, version, org, kdf, cipher, nonce } = head;
    const covered = `{"cipher":"${cipher}","domain":"sealedger/v1/keystore","kdf":{"memoryBytes":${19 << 20},"name":"argon2id","operations":1,"salt":"${kdf.salt}"},"nonce":"${nonce}","org":"${org}","suite":"${suite}","version":${version}}`;
    assert.equal(suite, SUITE);
    const plaintext = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      sodium.from_hex(ciphertext!),
      covered,
      sodium.from_hex(nonce!),
      key,
      'text',
    );
    assert.deepEqual(JSON.parse(plaintext), keys);
  });
});
