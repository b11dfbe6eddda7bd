import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError, type ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  creditCodeCheckCharacter,
  identifierKind,
  organisationCheckCharacter,
  parseIdentifier,
  residentCheckCharacter,
} from '@sealedger/protocol/identifier.ts';
import fc from 'fast-check';
import { csvRows, readSharedVectors } from './shared-vectors.ts';

const SEED = 20260101;
const REASONS = [
  'length',
  'fifteen-digit-form',
  'characters',
  'birth-date',
  'check-character',
  'organisation-check-character',
];

function refusal(text: string): ProtocolError {
  try {
    parseIdentifier(text);
  } catch (error) {
    assert.ok(isProtocolError(error, 'IDENTIFIER_INVALID'), String(error));
    return error;
  }
  assert.fail('was accepted');
}

const digit = fc.integer({ min: 0, max: 9 }).map(String);
const creditCharacter = fc.constantFrom(...'0123456789ABCDEFGHJKLMNPQRTUWXY');
const digits = (length: number) => fc.array(digit, { minLength: length, maxLength: length }).map((d) => d.join(''));

const residentNumber = fc
  .tuple(
    digits(4),
    fc.date({ min: new Date('1900-01-01'), max: new Date('2025-12-31'), noInvalidDate: true }),
    digits(3),
  )
  .map(([division, birth, sequence]) => {
    const first17 = `99${division}${birth.toISOString().slice(0, 10).replaceAll('-', '')}${sequence}`;
    return first17 + residentCheckCharacter(first17);
  });
const creditCode = fc
  .tuple(digits(4), fc.array(creditCharacter, { minLength: 8, maxLength: 8 }))
  .map(([division, organisation]) => {
    const organisation8 = organisation.join('');
    const first17 = `9199${division}${organisation8}${organisationCheckCharacter(organisation8)}`;
    return first17 + creditCodeCheckCharacter(first17);
  });

test('accepts the examples of GB 11643-1999 and the valid resident identity numbers', (t) => {
  const text = readSharedVectors(t, 'cn_ids/ric_valid.csv');
  if (text === undefined) return;
  const rows = csvRows(text);
  assert.equal(rows.length, 8);
  for (const [ric] of rows) {
    assert.equal(parseIdentifier(ric!), ric);
    assert.equal(identifierKind(parseIdentifier(ric!)), 'resident-identity-number');
  }
});

test('refuses the invalid resident identity numbers that a division table is not needed for', (t) => {
  const text = readSharedVectors(t, 'cn_ids/ric_invalid.csv');
  if (text === undefined) return;
  const rows = csvRows(text);
  const needsTable = rows.filter(([, reason]) => reason!.startsWith('division') || reason!.startsWith('unknown'));
  // Only a table of divisions and their years tells these three; Sealedger does not check divisions (prefix 99).
  assert.equal(needsTable.length, 3);
  for (const [ric] of needsTable) assert.equal(parseIdentifier(ric!), ric);
  const others = rows.filter((row) => !needsTable.includes(row));
  assert.equal(others.length, 5);
  for (const [ric, expected] of others) {
    const { reason } = refusal(ric!).details;
    if (expected!.startsWith('birth date')) assert.equal(reason, 'birth-date');
    if (expected === 'check character') assert.equal(reason, 'check-character');
    if (expected!.startsWith('length')) assert.equal(reason, 'length');
  }
});

test('accepts the 60 valid unified social credit codes', (t) => {
  const text = readSharedVectors(t, 'cn_ids/uscc_valid.csv');
  if (text === undefined) return;
  const rows = csvRows(text);
  assert.equal(rows.length, 60);
  for (const [code] of rows) {
    assert.equal(parseIdentifier(code!), code);
    assert.equal(identifierKind(parseIdentifier(code!)), 'unified-social-credit-code');
  }
});

test('refuses the invalid unified social credit codes and normalises the lower-case one', (t) => {
  const text = readSharedVectors(t, 'cn_ids/uscc_invalid.csv');
  if (text === undefined) return;
  const rows = csvRows(text);
  assert.equal(rows.length, 7);
  for (const [code, reason] of rows) {
    if (reason!.startsWith('lower case')) assert.equal(parseIdentifier(code!), code!.trim().toUpperCase());
    else refusal(code!);
  }
});

test('accepts the example codes of the standards, typed in', () => {
  for (const id of ['11010519491231002X', '440524188001010014', '91350100M000100Y43']) {
    assert.equal(parseIdentifier(id), id);
  }
});

test('normalises blanks, full-width characters and lower case to one text', () => {
  assert.equal(parseIdentifier(' 11010519491231002x\u3000'), '11010519491231002X');
  assert.equal(parseIdentifier('91350100m000100y43'), '91350100M000100Y43');
  const fullWidth = (text: string) => text.replace(/./g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
  assert.equal(parseIdentifier(fullWidth('11010519491231002x')), '11010519491231002X');
  assert.equal(parseIdentifier(fullWidth('91350100M000100Y43')), '91350100M000100Y43');
});

test('refuses characters that only look like digits or become letters when upper-cased', () => {
  for (const text of ['1101051949123100²X', '91350100M000100ı43', '1101051949-1231002', '\u0661'.repeat(18)]) {
    assert.match(String(refusal(text).details['reason']), /characters/);
  }
});

test('refuses the 15-digit form and says that 18 characters are right', () => {
  const error = refusal('110105491231002');
  assert.equal(error.details['reason'], 'fifteen-digit-form');
  assert.match(error.message, /18 characters/);
});

test('refuses days that are not in the calendar', () => {
  for (const birth of ['19990229', '19000229', '20250431', '20251301', '20250100', '17991231', '21000101']) {
    const first17 = `110105${birth}002`;
    assert.equal(refusal(first17 + residentCheckCharacter(first17)).details['reason'], 'birth-date');
  }
  const leapDay = '11010520000229002';
  assert.ok(parseIdentifier(leapDay + residentCheckCharacter(leapDay)));
});

test('reports the inner organisation check apart from the outer one', () => {
  const first17 = '91350100M000100Y5';
  const error = refusal(first17 + creditCodeCheckCharacter(first17));
  assert.deepEqual(error.details, { kind: 'unified-social-credit-code', reason: 'organisation-check-character' });
});

test('accepts whatever the check-character functions complete', () => {
  fc.assert(
    fc.property(fc.oneof(residentNumber, creditCode), (id) => parseIdentifier(id) === id),
    { seed: SEED, numRuns: 500 },
  );
});

test('refuses a resident identity number with any one digit changed, or two neighbours swapped', () => {
  const property = fc.property(residentNumber, fc.nat(16), fc.integer({ min: 1, max: 9 }), (id, at, by) => {
    const changed = [...id];
    changed[at] = String((Number(id[at]) + by) % 10);
    const swapped = [...id];
    [swapped[at], swapped[at + 1]] = [id[at + 1]!, id[at]!];
    // A text of the other kind that passes both of its checks by chance would be right to accept.
    for (const text of [changed.join(''), swapped.join('')].filter((other) => other !== id)) {
      refusalOrCreditCode(text);
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 500 });
});

function refusalOrCreditCode(text: string): void {
  const holdsAsCreditCode =
    organisationCheckCharacter(text.slice(8, 16)) === text[16] &&
    creditCodeCheckCharacter(text.slice(0, 17)) === text[17];
  if (!holdsAsCreditCode) refusal(text);
}

test('refuses arbitrary text with closed reasons and never repeats it', () => {
  const property = fc.property(fc.string({ unit: 'binary', minLength: 0, maxLength: 80 }), (text) => {
    const error = refusal(text);
    assert.deepEqual(Object.keys(error.details).sort(), ['kind', 'reason']);
    assert.ok(REASONS.includes(String(error.details['reason'])));
    if (text.trim().length > 6) assert.ok(!error.message.includes(text.trim()));
  });
  fc.assert(property, { seed: SEED, numRuns: 500 });
});

test('the check-character functions refuse malformed input', () => {
  for (const attempt of [
    () => residentCheckCharacter('1101051949123100'),
    () => creditCodeCheckCharacter('91350100I000100Y4'),
    () => organisationCheckCharacter('M000100'),
  ]) {
    assert.throws(attempt, (error) => isProtocolError(error, 'IDENTIFIER_INVALID'));
  }
});
