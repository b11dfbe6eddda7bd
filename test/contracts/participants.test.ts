import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolesToMask } from '@sealedger/protocol/ledger/codec.ts';
import { accountOf, createEmptyWorld, GENESIS_SECONDS, keysOf, publish, refused, word } from './world.ts';

test('32 participants fit, and 33 do not', async () => {
  const large = await createEmptyWorld();
  try {
    const admit = (org: string, mask: number, keys: readonly unknown[]) =>
      large.send('founder', 'consortium', 'admit', [[word(org), mask, keys, '']]);
    await admit('bank-a', 1, keysOf('bank-a'));
    await admit('tax', 2, keysOf('tax'));
    await admit('court', 2, keysOf('court'));
    await admit('bureau', 4, keysOf('bureau'));
    const gates = Array.from({ length: 31 }, (_, i) => `gate-${i}`);
    for (const [i, gate] of gates.entries()) {
      const account = `0x${(i + 1).toString(16).padStart(40, '0')}`;
      await admit(gate, rolesToMask(['gate']), [account, word(`ed-${gate}`), word(`x-${gate}`)]);
    }
    const owned = {
      datasetVersions: [await publish(large, 'tax', 'income'), await publish(large, 'court', 'cases')],
      registerVersion: await publish(large, 'bureau', 'register'),
    };
    const submitWith = (count: number) => {
      const gateWords = gates.slice(0, count).map(word);
      return large.send('bank-a', 'requests', 'submit', [
        Object.values({
          requestDigest: word('request'),
          purpose: word('credit'),
          modelDigest: word('model'),
          ...owned,
          gates: gateWords,
          quota: 10,
          expiresAt: GENESIS_SECONDS + 100_000_000,
          singleDepartment: false,
          qualityFloor: 0,
          previous: `0x${'0'.repeat(64)}`,
        }),
      ]);
    };
    await refused(submitWith(31), 'RequestsTooManyParticipants', 'count=33, max=32');
    assert.equal((await submitWith(30)).length, 1);
  } finally {
    await large.close();
  }
});

test('the account of a test actor is no zero address', () => {
  assert.notEqual(BigInt(accountOf('tax')), 0n);
});
