/** Consent: what a regulator finds when a bank opens the queries that a beacon picked. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import {
  type ConsentEntry,
  type ConsentLog,
  type ConsentReceipt,
  checkOpenedQuery,
  consentEntryLeaf,
  detectionProbability,
  type LoggedQuery,
  type OpenedQuery,
  receiptHash,
  sampleQueries,
} from '@sealedger/protocol/consent.ts';
import { readConsentHistory } from '@sealedger/protocol/consent-history.ts';
import { SUITE } from '@sealedger/protocol/domains.ts';
import type { SubjectId } from '@sealedger/protocol/identifier.ts';
import { loadPoprf, type Poprf } from '@sealedger/protocol/poprf.ts';

const readConsentLog = (log: readonly ConsentEntry[]): ConsentLog =>
  readConsentHistory(log, [log.length]).at(log.length);
const bytes = (label: string): Uint8Array => new Uint8Array(createHash('sha256').update(label).digest());
const subjects = ['11010519491231002X', '440524188001010014'] as unknown as SubjectId[];
const receipt: ConsentReceipt = {
  suite: SUITE,
  version: 1,
  requester: 'bank',
  purpose: 'credit-underwriting',
  scope: ['tax', 'social'],
  issuedAt: 1000,
  expiresAt: 2000,
};
const entryOf = (subject: SubjectId, own: ConsentReceipt, salt: Uint8Array): ConsentEntry => ({
  kind: 'receipt',
  hash: toHex(receiptHash(subject, own, salt)),
});

describe('an opened query', () => {
  let poprf: Poprf;
  let blindedElementOf: (subject: SubjectId, blind: Uint8Array) => Uint8Array;
  let blind: Uint8Array;
  let logged: LoggedQuery;
  let opened: OpenedQuery;
  const entries = [entryOf(subjects[0]!, receipt, bytes('salt 0')), entryOf(subjects[1]!, receipt, bytes('salt 1'))];
  before(async () => {
    poprf = await loadPoprf();
    const { publicKey } = poprf.deriveKeyPair(bytes('key'), utf8('test'));
    const blinder = poprf.createBlinder(publicKey, utf8('computation'));
    blindedElementOf = (subject, scalar) => blinder.blind(utf8(subject), scalar).blindedElement;
    blind = poprf.randomScalar(new Uint8Array([...bytes('a'), ...bytes('b')]));
    logged = {
      blindedElement: blindedElementOf(subjects[0]!, blind),
      requester: 'bank',
      purpose: 'credit-underwriting',
      departments: ['tax'],
      at: 1500,
    };
    opened = { subject: subjects[0]!, blind, receipt, salt: bytes('salt 0'), index: 0 };
  });
  const check = (change: Partial<OpenedQuery> = {}, more: Partial<LoggedQuery> = {}, log = entries): string | null =>
    checkOpenedQuery({ ...opened, ...change }, { ...logged, ...more }, readConsentLog(log), blindedElementOf);

  it('holds with the receipt of the very subject that was asked about', () => {
    assert.equal(check(), null);
    assert.equal(check({ subject: subjects[1]!, salt: bytes('salt 1'), index: 1 }), 'other-query');
    assert.equal(check({ blind: poprf.randomScalar(new Uint8Array(64).fill(7)) }), 'other-query');
  });

  it('fails without a receipt, with one of somebody else, and with one that was changed', () => {
    assert.equal(check({ index: 9 }), 'no-receipt');
    assert.equal(check({ index: 1 }), 'no-receipt');
    assert.equal(check({ salt: bytes('other') }), 'no-receipt');
    assert.equal(check({ receipt: { ...receipt, expiresAt: 9999 } }), 'no-receipt');
  });

  it('fails for what the receipt does not cover, to the second', () => {
    assert.equal(check({}, { requester: 'other-bank' }), 'other-requester');
    assert.equal(check({}, { purpose: 'marketing' }), 'other-purpose');
    assert.equal(check({}, { departments: ['tax', 'courts'] }), 'out-of-scope');
    assert.equal(check({}, { at: 999 }), 'not-in-force');
    assert.equal(check({}, { at: 1000 }), null);
    assert.equal(check({}, { at: 1999 }), null);
    assert.equal(check({}, { at: 2000 }), 'not-in-force');
    const open = { ...receipt, scope: [] };
    const log = [entryOf(subjects[0]!, open, bytes('salt 0'))];
    assert.equal(check({ receipt: open }, { departments: ['courts'] }, log), null);
  });

  it('fails once the receipt is withdrawn, and another person’s withdrawal changes nothing', () => {
    assert.equal(check({}, {}, [...entries, { kind: 'withdrawal', of: 0 }]), 'withdrawn');
    assert.equal(check({}, {}, [...entries, { kind: 'withdrawal', of: 1 }]), null);
  });
});

describe('a consent log', () => {
  const entries = [entryOf(subjects[0]!, receipt, bytes('salt 0')), entryOf(subjects[1]!, receipt, bytes('salt 1'))];

  it('has another root for every other content', () => {
    const roots = [
      entries,
      entries.slice(0, 1),
      [...entries].reverse(),
      [...entries, { kind: 'withdrawal' as const, of: 0 }],
      [...entries, { kind: 'withdrawal' as const, of: 1 }],
    ].map((log) => toHex(readConsentLog(log).root));
    assert.equal(new Set(roots).size, roots.length);
  });

  it('binds the kind of each entry: no receipt stands under the root of a withdrawal', () => {
    const log: ConsentEntry[] = [...entries, { kind: 'withdrawal', of: 0 }];
    const disguises = [consentEntryLeaf(log[2]!), receiptHash(subjects[0]!, receipt, bytes('salt 2'))];
    for (const hash of disguises) {
      const other = readConsentLog([...entries, { kind: 'receipt', hash: toHex(hash) }]);
      assert.notDeepEqual(other.root, readConsentLog(log).root);
    }
  });

  it('refuses to withdraw what is not there, a withdrawal, or the same receipt twice', () => {
    const withdraw = (of: number): ConsentEntry => ({ kind: 'withdrawal', of });
    for (const tail of [[withdraw(2)], [withdraw(0), withdraw(2)], [withdraw(0), withdraw(0)]]) {
      assert.throws(() => readConsentLog([...entries, ...tail]), { code: 'CONSENT_WITHDRAWAL' });
    }
  });

  it('hides the subject: no leaf of the small domain matches without the salt', () => {
    const { hash } = entries[0] as { hash: string };
    for (const subject of subjects) {
      for (const salt of [new Uint8Array(16), new Uint8Array(32), bytes(subject)]) {
        assert.notEqual(toHex(receiptHash(subject, receipt, salt)), hash);
      }
    }
    assert.throws(() => receiptHash(subjects[0]!, receipt, new Uint8Array(15)), { code: 'BYTES_LENGTH' });
  });
});

describe('the sample', () => {
  it('is fixed by beacon and context, distinct, in range, and all where all are wanted', () => {
    const sample = sampleQueries(bytes('beacon'), 'grant/gate', 1000, 32);
    assert.deepEqual(sample, sampleQueries(bytes('beacon'), 'grant/gate', 1000, 32));
    assert.notDeepEqual(sample, sampleQueries(bytes('beacon'), 'grant/other', 1000, 32));
    assert.notDeepEqual(sample, sampleQueries(bytes('later'), 'grant/gate', 1000, 32));
    assert.equal(new Set(sample).size, 32);
    assert.ok(sample.every((index) => index >= 0 && index < 1000));
    assert.deepEqual(sampleQueries(bytes('beacon'), 'x', 5, 99), [0, 1, 2, 3, 4]);
    assert.deepEqual(sampleQueries(bytes('beacon'), 'x', 0, 9), []);
    assert.throws(() => sampleQueries(new Uint8Array(31), 'x', 5, 1), { code: 'BYTES_LENGTH' });
  });

  it('picks every query about equally often', () => {
    const hits = new Array<number>(20).fill(0);
    for (let i = 0; i < 2000; i++) for (const index of sampleQueries(bytes(`b${i}`), 'x', 20, 5)) hits[index]! += 1;
    const statistic = hits.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
    assert.ok(statistic < 60, String(statistic));
  });

  it('finds one per cent of bad queries with 32 in 27 of 100 audits, as a simulation also says', () => {
    assert.ok(Math.abs(detectionProbability(1_000_000, 10_000, 32) - 0.275) < 0.001);
    assert.equal(detectionProbability(100, 0, 32), 0);
    assert.equal(detectionProbability(100, 1, 100), 1);
    const exact = detectionProbability(50, 3, 10);
    let found = 0;
    for (let i = 0; i < 4000; i++) if (sampleQueries(bytes(`s${i}`), 'x', 50, 10).some((index) => index < 3)) found++;
    assert.ok(Math.abs(found / 4000 - exact) < 0.03, `${found / 4000} ${exact}`);
  });
});
