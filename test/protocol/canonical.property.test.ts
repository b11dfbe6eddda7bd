import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import canonicalize from 'canonicalize';
import fc from 'fast-check';

const json = fc
  .jsonValue({ maxDepth: 4, stringUnit: 'binary' })
  .filter((value) => JSON.stringify(value).isWellFormed());

test('keys that stand in order already are written as keys that do not', () => {
  fc.assert(
    fc.property(json, (value) => {
      const expected = canonicalize(value);
      assert.equal(canonicalText(value), expected);
      // Parsed back, every key stands in canonical order (but for those that look like an index, which JavaScript moves).
      assert.equal(canonicalText(JSON.parse(expected as string)), expected);
    }),
    { seed: 20261121, numRuns: 2000 },
  );
});

test('keys that look like an index, and keys beyond the basic plane, stand by their UTF-16 code units', () => {
  assert.equal(canonicalText({ '9': 1, '10': 2, a: 3 }), '{"10":2,"9":1,"a":3}');
  assert.equal(canonicalText({ '\ufb33': 1, '\u{1f600}': 2 }), '{"\u{1f600}":2,"\ufb33":1}');
  assert.equal(canonicalText({ a: { '2': 0, '11': 0 } }), '{"a":{"11":0,"2":0}}');
});

test('what is no plain JSON is refused in order or out of it, a hole in an array too', () => {
  const sparse = [1];
  sparse[2] = 3;
  const refused = [
    undefined,
    () => 1,
    1n,
    Number.NaN,
    '\ud800',
    new Date(0),
    sparse,
    { a: 1, b: undefined },
    { '\ud800': 1 },
  ];
  for (const value of refused) {
    for (const wrapped of [value, [value], { a: value }, { b: 1, a: value }]) {
      assert.throws(
        () => canonicalText(wrapped),
        (error) => isProtocolError(error, 'JSON_NOT_CANONICAL'),
      );
    }
  }
});
