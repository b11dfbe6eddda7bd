/** Check digits in SQL against the protocol's own reading of identifiers, over outside vectors and generated texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  creditCodeCheckCharacter,
  identifierKind,
  organisationCheckCharacter,
  parseIdentifier,
  residentCheckCharacter,
} from '@sealedger/protocol/identifier.ts';
import fc from 'fast-check';
import { csvRows, readSharedVectors } from '../protocol/shared-vectors.ts';
import { runOver } from './support/rule-table.ts';

const SEED = 20260101;
const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

type Standard = 'resident-id' | 'credit-code';

/** What the protocol says: whether a text is an identifier of this standard. */
function isAccepted(text: string, standard: Standard): boolean {
  try {
    const id = parseIdentifier(text);
    if (identifierKind(id) === (standard === 'resident-id' ? 'resident-identity-number' : 'unified-social-credit-code'))
      return true;
    // A text may satisfy both; it then counts as a resident number.
    return standard === 'credit-code' && isCreditCode(id);
  } catch {
    return false;
  }
}

function isCreditCode(id: string): boolean {
  if (!new RegExp(`^[${CREDIT_ALPHABET}]{2}[0-9]{6}[${CREDIT_ALPHABET}]{10}$`).test(id)) return false;
  return organisationCheckCharacter(id.slice(8, 16)) === id[16] && creditCodeCheckCharacter(id.slice(0, 17)) === id[17];
}

/** What the rule says of each text. */
async function verdicts(texts: readonly string[], kind: string): Promise<boolean[]> {
  // A blank text is missing and not checked: neither reading takes it.
  const { rowsOf, run } = await runOver({ a: texts }, [{ type: 'checkDigit', field: 'a', kind }], {
    maxFailuresPerRule: texts.length,
  });
  const failing = new Set(rowsOf('r0'));
  assert.ok(run.rules[0]!.checked <= texts.length);
  return texts.map((text, i) => text.trim() !== '' && !failing.has(i + 1));
}

const digit = fc.integer({ min: 0, max: 9 }).map(String);
const digits = (length: number) => fc.array(digit, { minLength: length, maxLength: length }).map((d) => d.join(''));
const resident = fc
  .tuple(
    digits(6),
    fc.integer({ min: 1790, max: 2110 }),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
    digits(3),
  )
  .map(([division, year, month, day, sequence]) => {
    const first17 = `${division}${year}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}${sequence}`;
    return first17 + residentCheckCharacter(first17);
  });
const letters = (length: number) =>
  fc.array(fc.constantFrom(...CREDIT_ALPHABET), { minLength: length, maxLength: length }).map((all) => all.join(''));
const credit = fc.tuple(letters(2), digits(6), letters(8)).map(([head, division, organisation]) => {
  const first17 = `${head}${division}${organisation}${organisationCheckCharacter(organisation)}`;
  return first17 + creditCodeCheckCharacter(first17);
});
const wide = (text: string) => text.replace(/[0-9A-Z]/g, (c) => String.fromCodePoint(c.codePointAt(0)! + 0xfee0));
const disturbed = fc
  .tuple(
    fc.oneof(resident, credit),
    fc.integer({ min: 0, max: 17 }),
    fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-', 'ı', 'ſ', '中', '\u0000'),
    fc.integer({ min: 0, max: 11 }),
  )
  .map(([id, place, letter, how]) => {
    switch (how) {
      case 0:
        return id;
      case 1:
        return id.toLowerCase();
      case 2:
        return wide(id);
      case 3:
        return `\u00A0\u3000 ${id}\t\uFEFF`;
      case 4:
        return id.slice(0, 15);
      case 5:
        return `${id}${letter}`;
      case 6:
        return `${' '.repeat(60)}${id}`;
      case 7:
        return id.slice(0, place) + letter + letter + id.slice(place);
      default:
        return id.slice(0, place) + letter + id.slice(place + 1);
    }
  });

for (const [standard, valid] of [
  ['resident-id', resident],
  ['credit-code', credit],
] as const) {
  test(`${standard}: SQL and protocol agree on 4,000 generated texts, right and wrong`, async () => {
    const texts = [
      ...fc.sample(valid, { seed: SEED, numRuns: 1000 }),
      ...fc.sample(disturbed, { seed: SEED, numRuns: 3000 }),
    ].map((text) => text.replaceAll('\u0000', '\u0001'));
    const found = await verdicts(texts, standard);
    const expected = texts.map((text) => isAccepted(text, standard));
    assert.deepEqual(
      texts.filter((_, i) => found[i] !== expected[i]),
      [],
    );
    assert.ok(expected.filter(Boolean).length > 200 && expected.filter((ok) => !ok).length > 200);
  });
}

test('the shared vectors of resident numbers and credit codes', async (t) => {
  for (const [file, kind, ok] of [
    ['cn_ids/uscc_valid.csv', 'credit-code', true],
    ['cn_ids/uscc_invalid.csv', 'credit-code', false],
    ['cn_ids/ric_valid.csv', 'resident-id', true],
  ] as const) {
    const text = readSharedVectors(t, file);
    if (text === undefined) return;
    const rows = csvRows(text);
    // One of the invalid ones is so before normalisation only, and the protocol normalises.
    const expected = rows.map(([, reason]) => ok || /^lower case/.test(reason ?? ''));
    assert.deepEqual(
      await verdicts(
        rows.map(([id]) => id!),
        kind,
      ),
      expected,
      file,
    );
  }
});

test('resident numbers whose only fault is an unknown division pass: that is a matter of a table', async (t) => {
  const text = readSharedVectors(t, 'cn_ids/ric_invalid.csv');
  if (text === undefined) return;
  const rows = csvRows(text);
  const found = await verdicts(
    rows.map(([id]) => id!),
    'resident-id',
  );
  rows.forEach(([, reason], i) => {
    assert.equal(found[i], /division/.test(reason!), reason);
  });
});

test('organisation codes: the standard’s check character over generated codes, with and without hyphen', async () => {
  const organisation = fc
    .array(fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'), { minLength: 8, maxLength: 8 })
    .map((all) => all.join(''));
  const bodies = fc.sample(organisation, { seed: SEED, numRuns: 500 });
  const right = bodies.map((body) => body + organisationCheckCharacter(body));
  const hyphened = right.map((code) => `${code.slice(0, 8)}-${code[8]}`);
  const wrong = right.map((code) => code.slice(0, 8) + (code[8] === '0' ? '1' : '0'));
  assert.ok((await verdicts([...right, ...hyphened], 'organisation-code')).every(Boolean));
  assert.ok((await verdicts([...wrong, '1234567', '12345678-', ''], 'organisation-code')).every((ok) => !ok));
});

test('division codes: six digits of a province that there is', async () => {
  const right = ['110000', '440305', '532503', '710000', '820000', '990101', ' 110000 '];
  const wrong = ['160000', '100000', '11000', '1100000', 'ABCDEF', '910000', '000000'];
  assert.deepEqual(await verdicts([...right, ...wrong], 'division-code'), [
    ...right.map(() => true),
    ...wrong.map(() => false),
  ]);
});
