import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalBytes, canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { readSharedVectors } from './shared-vectors.ts';

const documents = ['arrays', 'french', 'structures', 'unicode', 'values', 'weird'] as const;

test('writes the six documents of RFC 8785 byte for byte', (t) => {
  let compared = 0;
  for (const name of documents) {
    const input = readSharedVectors(t, `jcs_rfc8785/input/${name}.json`);
    const hex = readSharedVectors(t, `jcs_rfc8785/outhex/${name}.txt`);
    if (input === undefined || hex === undefined) return;
    const written = Buffer.from(canonicalBytes(JSON.parse(input)));
    assert.equal(written.toString('hex'), hex.replace(/\s/g, ''), name);
    assert.equal(written.toString('utf8'), readSharedVectors(t, `jcs_rfc8785/output/${name}.json`), name);
    assert.equal(canonicalText(JSON.parse(written.toString('utf8'))), written.toString('utf8'), `${name}, again`);
    compared += 1;
  }
  assert.equal(compared, 6);
});

/** The number whose 64 bits are written in hex, with or without leading zeros. */
function numberOf(ieee754: string): number {
  return Buffer.from(ieee754.padStart(16, '0'), 'hex').readDoubleBE();
}

test('writes the 24 numbers of RFC 8785, appendix B, and refuses its two that are none', (t) => {
  const text = readSharedVectors(t, 'jcs_rfc8785/rfc8785_appendix_b.csv');
  if (text === undefined) return;
  const rows = text.trim().split(/\r?\n/).slice(1);
  const outcomes = rows.map((row) => {
    const [hex, expected] = row.split(',') as [string, string];
    if (expected.startsWith('ERROR')) {
      assert.throws(
        () => canonicalText(numberOf(hex)),
        (error) => isProtocolError(error, 'JSON_NOT_CANONICAL'),
      );
      return 'refused';
    }
    assert.equal(canonicalText(numberOf(hex)), expected, hex);
    return 'written';
  });
  assert.equal(outcomes.filter((outcome) => outcome === 'written').length, 24);
  assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 2);
});

test('writes the 10,000 numbers of the ES6 list', (t) => {
  const text = readSharedVectors(t, 'jcs_rfc8785/es6_numbers_10k.csv');
  if (text === undefined) return;
  const rows = text.trim().split(/\r?\n/);
  assert.equal(rows.length, 10_000);
  for (const row of rows) {
    const [hex, expected] = row.split(',') as [string, string];
    assert.equal(canonicalText(numberOf(hex)), expected, hex);
  }
});
