/** Identifiers that fail their check digit: completed where one usual slip explains it, left alone otherwise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeIdentifier, isIdentifier } from '@sealedger/node/quality/repair-check-digit.ts';
import {
  creditCodeCheckCharacter,
  organisationCheckCharacter,
  residentCheckCharacter,
} from '@sealedger/protocol/identifier.ts';
import fc from 'fast-check';

const LETTERS = [...'0123456789ABCDEFGHJKLMNPQRTUWXY'];
const code = fc.array(fc.constantFrom(...LETTERS), { minLength: 8, maxLength: 8 }).map((letters) => {
  const organisation = letters.join('');
  const body = `91990100${organisation}${organisationCheckCharacter(organisation)}`;
  return body + creditCodeCheckCharacter(body);
});
const RUNS = { seed: 20260521, numRuns: 200 };

test('blanks, width and case are no fault of the identifier', () => {
  fc.assert(
    fc.property(code, (text) => {
      for (const spelt of [
        ` ${text}`,
        text.toLowerCase(),
        `${text.slice(0, 4)} ${text.slice(4)}`,
        text.replaceAll('9', '９'),
      ]) {
        if (spelt !== text) assert.deepEqual(completeIdentifier('credit-code', spelt)?.value, text);
      }
    }),
    RUNS,
  );
});

test('a completion always passes, and a text that passes is not completed to another', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        code,
        code.map((text) => text.slice(1)),
        fc.string({ maxLength: 30 }),
      ),
      (text) => {
        const completion = completeIdentifier('credit-code', text);
        assert.ok(completion === undefined || isIdentifier('credit-code', completion.value));
        if (isIdentifier('credit-code', text)) assert.equal(completion, undefined);
      },
    ),
    RUNS,
  );
});

test('a check character that is missing is put there', () => {
  fc.assert(
    fc.property(code, (text) => {
      const completion = completeIdentifier('credit-code', text.slice(0, 17));
      assert.deepEqual(completion, { value: text, slip: 'check-character', evidence: 0.95 });
    }),
    RUNS,
  );
});

test('a letter that the alphabet leaves out is read as the one that it looks like', () => {
  const body = `91990100${'10105522'}${organisationCheckCharacter('10105522')}`;
  const text = body + creditCodeCheckCharacter(body);
  assert.deepEqual(completeIdentifier('credit-code', text.replace('5522', '5SZ2'))?.value, text);
});

test('resident numbers and organisation codes are completed alike', () => {
  const resident = `99010119900307001${residentCheckCharacter('99010119900307001')}`;
  assert.equal(completeIdentifier('resident-id', resident.slice(0, 17))?.value, resident);
  assert.equal(completeIdentifier('resident-id', `${resident.slice(0, 17)} `)?.value, resident);
  const organisation = `12345678${organisationCheckCharacter('12345678')}`;
  assert.equal(completeIdentifier('organisation-code', `12345678-${organisation[8]}`)?.value, organisation);
});

test('what no slip explains, and what two explain, is left alone', () => {
  for (const text of [
    '',
    '9',
    'x'.repeat(64),
    '9'.repeat(100_000),
    '９'.repeat(18),
    '甲'.repeat(18),
    '91990100ABCDEFGHJ-',
  ]) {
    const completion = completeIdentifier('credit-code', text);
    assert.ok(completion === undefined || isIdentifier('credit-code', completion.value), text.slice(0, 20));
  }
  assert.equal(completeIdentifier('division-code', '110101'), undefined);
  assert.equal(completeIdentifier('resident-id', '99010119901307001X'), undefined);
});
