/** What a certifier finds with the key in hand: honest weights pass, every other ciphertext is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MODULUS, PLAIN_MODULUS, RING_DEGREE } from '@sealedger/protocol/rlwe/ring.ts';
import { createSecretKeyChecker } from '@sealedger/protocol/rlwe/secret-check.ts';
import { parsePublicKeyRecord, parseWeightRecord } from '@sealedger/protocol/rlwe/wire.ts';
import { createSealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { scaled, ToyBank } from './toy-bank.ts';

const LIMIT = PLAIN_MODULUS / 2n;
const bank = new ToyBank('certificate');
const checker = createSecretKeyChecker(bank.secret);

function messageWith(entries: ReadonlyMap<number, bigint>): bigint[] {
  return Array.from({ length: RING_DEGREE }, (_, i) => entries.get(i) ?? 0n);
}

test('reads every honest weight, the largest and the negative ones too', () => {
  for (const weight of [0n, 1n, -1n, 12_345_678n, LIMIT - 1n, 1n - LIMIT]) {
    assert.deepEqual(checker.checkWeight(bank.weight(`w${weight}`, weight)), { isHonest: true, weight });
  }
  assert.deepEqual(checker.checkPublicKey(bank.publicKey()), { isHonest: true, weight: 0n });
});

test('finds a weight that is no constant, wherever its second term stands', () => {
  for (const place of [1, 4096, RING_DEGREE - 1]) {
    const message = messageWith(
      new Map([
        [0, scaled(5n)],
        [place, scaled(1n)],
      ]),
    );
    assert.deepEqual(checker.checkWeight(bank.seal(`second ${place}`, message)), {
      isHonest: false,
      flaw: 'not-constant',
      coefficient: place,
    });
  }
});

test('finds noise of 2^60 and of 22 that decryption would round away', () => {
  for (const [name, noise] of [
    ['huge', 1n << 60n],
    ['slight', 43n],
  ] as const) {
    for (const place of [0, 777]) {
      const message = messageWith(new Map([[0, scaled(3n)]]));
      message[place]! += noise;
      const checked = checker.checkWeight(bank.seal(`${name} ${place}`, message, new Int32Array(RING_DEGREE)));
      assert.deepEqual(checked, { isHonest: false, flaw: 'noise', coefficient: place });
    }
  }
});

test('finds half a step between two weights', () => {
  const between = scaled(3n) + MODULUS / PLAIN_MODULUS / 2n;
  assert.equal(checker.checkWeight(bank.seal('between', messageWith(new Map([[0, between]])))).isHonest, false);
});

test('finds a public key that carries a message or another secret', () => {
  assert.equal(checker.checkPublicKey(bank.weight('as key', 1n)).isHonest, false);
  assert.equal(checker.checkPublicKey(new ToyBank('another').publicKey()).isHonest, false);
  assert.equal(checker.checkWeight(new ToyBank('another').weight('w', 7n)).isHonest, false);
});

test('refuses a secret that is not ternary, too short or zero', () => {
  const two = bank.secret.slice();
  two[4000] = 2;
  for (const secret of [two, bank.secret.slice(1), new Int32Array(RING_DEGREE)]) {
    assert.throws(() => createSecretKeyChecker(secret), { code: 'RLWE_SECRET_NOT_TERNARY' });
  }
});

test('agrees with SEAL: weights and key that node-seal made pass with the coefficients of its secret', async () => {
  const owner = await createSealedModelOwner();
  try {
    const own = createSecretKeyChecker(owner.secretCoefficients());
    const weights = [0n, 1n, -7n, 1_048_575n, -(1n << 40n)];
    const found = owner.encryptWeights(weights).map((record) => own.checkWeight(parseWeightRecord(record)));
    assert.deepEqual(
      found,
      weights.map((weight) => ({ isHonest: true, weight })),
    );
    assert.deepEqual(own.checkPublicKey(parsePublicKeyRecord(owner.publicKeyRecord)), { isHonest: true, weight: 0n });
  } finally {
    owner.delete();
  }
});
