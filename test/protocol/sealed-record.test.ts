/** A record at rest opens for its own organisation under its own name, and for nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8, utf8Decode } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { openRecord, type SealedRecordName, sealRecord } from '@sealedger/protocol/sealed-record.ts';
import { keyOf } from '../node/support/organisations.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';

const seed = keyOf('seed');
const name: SealedRecordName = { domain: domains.certifiedModels, org: 'watch', name: 'models/bank' };
const seal = (text: string, nonce = keyOf('nonce').slice(0, 24)): Promise<Uint8Array> =>
  sealRecord({ seed, name, message: utf8(text), nonce });

test('a record comes back as it was, and shows nothing but its length', async () => {
  for (const text of ['', 'planted swing', 'x'.repeat(100_000)]) {
    const record = await seal(text);
    assert.equal(record.length, 24 + text.length + 16);
    assert.equal(utf8Decode(await openRecord({ seed, name, record })), text);
  }
  assertFree(Buffer.from(await seal('planted swing')).toString('latin1'), ['planted']);
});

test('it opens under no other seed, domain, organisation or name', async () => {
  const record = await seal('planted swing');
  const others: readonly { readonly seed: Uint8Array; readonly name: SealedRecordName }[] = [
    { seed: keyOf('another seed'), name },
    { seed, name: { ...name, domain: domains.keystore } },
    { seed, name: { ...name, org: 'second' } },
    { seed, name: { ...name, name: 'models/other-bank' } },
  ];
  for (const other of others) await assert.rejects(openRecord({ ...other, record }), refusal('SEALED_RECORD'));
});

test('no changed, cut or made-up record opens', async () => {
  const record = await seal('planted swing');
  for (let place = 0; place < record.length; place++) {
    const changed = record.slice();
    changed[place]! ^= 1 << (place % 8);
    await assert.rejects(openRecord({ seed, name, record: changed }), refusal('SEALED_RECORD'));
  }
  for (const length of [0, 1, 23, 24, 39, record.length - 1]) {
    await assert.rejects(openRecord({ seed, name, record: record.subarray(0, length) }), refusal('SEALED_RECORD'));
  }
});
