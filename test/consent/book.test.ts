/** The log of consents at its holder: durable, idempotent, one writer; shares for banks; tables. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { decodeConsentEntries, encodeConsentEntries, readConsentHistory } from '@sealedger/protocol/consent-history.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { type ConsentBook, openConsentBook } from '@sealedger/sdk/consent.ts';
import { parseConsentTable } from '@sealedger/sdk/consent-csv.ts';
import { readReceived, receiveShare } from '@sealedger/sdk/consent-received.ts';
import { openConsents } from '@sealedger/sdk/consents.ts';
import type { BankStore } from '@sealedger/sdk/ports.ts';
import { createVault, type Vault } from '@sealedger/sdk/vault.ts';
import { organisation, START_MS, testClock } from '../node/support/organisations.ts';
import { assertFree, refusal } from '../node/support/refusals.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { countedBytes, digestOf, memoryStore, receiptFor, record } from './support/paper-audit.ts';

const [anna, ben, carla] = subjectsOf(3) as [never, never, never];
const ENTERPRISE = '91350100M000100Y43';

type Committed = { size: number; root: string; committedAtSeconds: number };

function paperChain() {
  const committed = new Map<string, Committed>();
  const ledger = {
    consentOf: async (holder: string) => committed.get(holder) ?? null,
    consentRootAt: async () => null,
    commitConsent: async ({ size, root }: { size: number; root: string }) => {
      committed.set('authority', { size, root, committedAtSeconds: START_MS / 1000 });
      return {} as Awaited<ReturnType<LedgerClient['commitConsent']>>;
    },
  };
  return { committed, ledger };
}

function vaultOf(org: string, store: BankStore = memoryStore()): Vault {
  return createVault({
    domain: domains.consentStore,
    org,
    seed: organisation(org, []).seed,
    store,
    randomBytes: countedBytes(`vault ${org}`),
  });
}

const open = (store: BankStore, chain = paperChain()): Promise<ConsentBook> =>
  openConsentBook({
    org: 'authority',
    vault: vaultOf('authority', store),
    ledger: chain.ledger,
    randomBytes: countedBytes('salts'),
  });

describe('a log of consents', () => {
  it('keeps what was added over a restart, persons and enterprises, and adds nothing twice', async () => {
    const store = memoryStore();
    const book = await open(store);
    assert.deepEqual(await book.add([receiptFor(anna), receiptFor(ENTERPRISE), receiptFor(anna)]), [0, 1, 0]);
    const again = await open(store);
    assert.deepEqual(again.entries, book.entries);
    assert.deepEqual(await again.add([receiptFor(ENTERPRISE), receiptFor(ben)]), [1, 2]);
    assert.equal(again.entries.length, 3);
    assert.deepEqual(again.find(anna), [again.receipt(0)]);
  });

  it('takes a receipt anew after it was withdrawn', async () => {
    const book = await open(memoryStore());
    await book.add([receiptFor(anna)]);
    await book.withdraw([0]);
    assert.deepEqual(await book.add([receiptFor(anna)]), [2]);
    assert.deepEqual([book.isWithdrawn(0), book.isWithdrawn(2)], [true, false]);
  });

  it('adds all of a list or nothing, and withdraws only what stands', async () => {
    const book = await open(memoryStore());
    await assert.rejects(book.add([receiptFor(anna), receiptFor('110105194912310020')]), refusal('IDENTIFIER_INVALID'));
    await assert.rejects(book.add([receiptFor(anna, { expiresAt: 0 })]), refusal('SCHEMA_MISMATCH'));
    assert.equal(book.entries.length, 0);
    await book.add([receiptFor(anna), receiptFor(ben)]);
    for (const wrong of [[2], [0, 0], [0, 7]])
      await assert.rejects(book.withdraw(wrong), refusal('CONSENT_WITHDRAWAL'));
    assert.equal(book.entries.length, 2);
  });

  it('spans segments: 1,300 consents come back in order', async () => {
    const store = memoryStore();
    const subjects = subjectsOf(1300);
    const book = await open(store);
    await book.add(subjects.slice(0, 700).map((subject) => receiptFor(subject)));
    for (const subject of subjects.slice(700, 703)) await book.add([receiptFor(subject)]);
    await book.add(subjects.slice(703).map((subject) => receiptFor(subject)));
    const again = await open(store);
    assert.deepEqual(again.entries, book.entries);
    assert.deepEqual(
      subjects.map((subject) => again.find(subject)[0]?.index),
      subjects.map((_, i) => i),
    );
  });

  it('loses nothing at whatever write it dies, and goes on from there', async () => {
    for (let dieAt = 1; dieAt <= 4; dieAt++) {
      const store = memoryStore();
      const book = await open(store);
      await book.add([receiptFor(anna)]);
      let writes = 0;
      const failing = {
        ...store,
        put: async (key: string, value: Uint8Array) => {
          writes += 1;
          if (writes >= dieAt) throw new Error('the disk is gone');
          await store.put(key, value);
        },
      };
      const dying = await open(failing);
      const subjects = subjectsOf(1100, 10).map((subject) => receiptFor(subject));
      await assert.rejects(dying.add(subjects), /the disk is gone/);
      const after = await open(store);
      assert.deepEqual(after.entries, book.entries);
      await after.add(subjects);
      assert.equal((await open(store)).entries.length, 1101);
    }
  });

  it('refuses to overwrite what another process added, and takes it in', async () => {
    const store = memoryStore();
    const [one, other] = [await open(store), await open(store)];
    await one.add([receiptFor(anna)]);
    await assert.rejects(other.add([receiptFor(ben)]), refusal('CONSENT_STORE_CHANGED'));
    await other.refresh();
    assert.deepEqual(await other.add([receiptFor(ben)]), [1]);
  });

  it('notices a segment that is missing', async () => {
    const store = memoryStore();
    await (await open(store)).add([receiptFor(anna)]);
    store.values.delete('consent/log/0');
    await assert.rejects(open(store), refusal('CONSENT_STORE_UNREADABLE'));
  });

  it('commits to all entries at once, and to the same ones never again', async () => {
    const chain = paperChain();
    const book = await open(memoryStore(), chain);
    assert.equal(await book.commit(), null);
    await book.add([receiptFor(anna), receiptFor(ben)]);
    const committed = await book.commit();
    assert.equal(committed?.size, 2);
    assert.equal(committed?.root, toHex(readConsentHistory(book.entries, [2]).at(2).root));
    assert.equal(await book.commit(), null);
    await book.withdraw([1]);
    assert.equal((await book.commit())?.size, 3);
  });
});

describe('entries on the way', () => {
  it('come back as they were, and garbage is refused', async () => {
    const book = await open(memoryStore());
    await book.add([receiptFor(anna), receiptFor(ben)]);
    await book.withdraw([1]);
    const bytes = encodeConsentEntries(book.entries);
    assert.deepEqual(decodeConsentEntries(bytes), book.entries);
    for (const bad of [bytes.subarray(1), bytes.subarray(0, 40), Uint8Array.of(2, 0, 0, 0, 0)])
      assert.throws(() => decodeConsentEntries(bad), refusal('CONSENT_LOG_MALFORMED'));
  });
});

describe('an authority’s share', () => {
  async function world() {
    const chain = paperChain();
    const book = await open(memoryStore(), chain);
    await book.add([receiptFor(anna), receiptFor(ben, { requester: 'other-bank' }), receiptFor(carla)]);
    await book.commit();
    const vault = vaultOf('bank');
    return { chain, book, vault, received: { org: 'bank', vault, ledger: chain.ledger } };
  }

  it('gives the bank its receipts and nobody else’s', async () => {
    const { book, vault, received } = await world();
    assert.equal(await receiveShare(received, book.shareFor('bank')), 2);
    const held = (await readReceived(vault, 'authority'))!;
    assert.deepEqual(
      [anna, ben, carla].map((one) => held.find(one).length),
      [1, 0, 1],
    );
    assert.deepEqual(held.entries, book.entries);
    await book.withdraw([0]);
    assert.equal(await receiveShare(received, book.shareFor('bank')), 2);
    assert.equal((await readReceived(vault, 'authority'))!.isWithdrawn(0), true);
  });

  it('is refused where it is another’s, older than the chain, another log, or has a receipt that opens nothing', async () => {
    const { book, received } = await world();
    const share = book.shareFor('bank');
    await assert.rejects(receiveShare(received, book.shareFor('other-bank')), refusal('CONSENT_SHARE_OTHER'));
    const cut = { ...share, log: { ...share.log, entries: share.log.entries.slice(0, 2 * 33) } };
    await assert.rejects(receiveShare(received, cut), refusal('CONSENT_SHARE_OLD'));
    const entries = decodeConsentEntries(fromHex(share.log.entries)).toReversed();
    const forked = { ...share, log: { ...share.log, entries: toHex(encodeConsentEntries(entries)) } };
    await assert.rejects(receiveShare(received, forked), refusal('CONSENT_LOG_FORKED'));
    const [first, ...others] = share.receipts;
    const renamed = { ...share, receipts: [{ ...first!, subject: ben as string }, ...others] };
    await assert.rejects(receiveShare(received, renamed), refusal('CONSENT_SHARE_RECEIPT'));
  });

  it('travels sealed and signed, for one bank alone', async () => {
    const { book, chain } = await world();
    const clock = testClock();
    const consentsOf = (org: string, vault: Vault) =>
      openConsents({
        sender: { org, keyEpoch: 1, secretKey: organisation(org, []).signing },
        consent: { book: async () => book } as never,
        vault,
        sealing: [organisation(org, []).sealing],
        ledger: { ...chain.ledger, beaconOf: async () => null } as never,
        member: async (id) => record(organisation(id, [])),
        anchoredBefore: async () => null,
        document: async () => assert.fail('no request here'),
        clock,
        randomBytes: countedBytes('share'),
      });
    const sealed = await consentsOf('authority', vaultOf('authority')).share('bank');
    assertFree(JSON.stringify(sealed), [anna, ben, carla]);
    assert.equal(await consentsOf('bank', vaultOf('bank')).receive(sealed), 2);
    const other = consentsOf('other-bank', vaultOf('other-bank'));
    await assert.rejects(other.receive(sealed), refusal('SEALED_BOX_OPEN_FAILED'));
    const stolen = { ...sealed, signer: 'other-bank' };
    await assert.rejects(consentsOf('bank', vaultOf('bank')).receive(stolen), refusal('ENVELOPE_SIGNATURE'));
    const changed = { ...sealed, body: { ...sealed.body, box: `00${sealed.body.box.slice(2)}` } };
    await assert.rejects(consentsOf('bank', vaultOf('bank')).receive(changed), refusal('ENVELOPE_SIGNATURE'));
    assert.notEqual(sealed.body.about, digestOf('x'));
  });
});

describe('a table of consents', () => {
  const header = 'subject,requester,purpose,scope,issued_at,expires_at';
  const row = `${anna},bank,credit-underwriting,tax court,2026-01-01,2027-01-01T08:00:00+08:00`;

  it('is read line by line', () => {
    const [input, ...none] = parseConsentTable(`\uFEFF${header}\r\n${row}\r\n\r\n`);
    assert.deepEqual(none, []);
    assert.deepEqual(input, {
      subject: anna,
      receipt: {
        requester: 'bank',
        purpose: 'credit-underwriting',
        scope: ['tax', 'court'],
        issuedAt: Date.UTC(2026, 0, 1) / 1000,
        expiresAt: Date.UTC(2027, 0, 1) / 1000,
      },
    });
    assert.deepEqual(parseConsentTable(`${header}\n${row.replace('tax court', '')}`)[0]!.receipt.scope, []);
  });

  it('names the line and column that is wrong, and never the subject', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['subject', row.replace(anna, '110105194912310020')],
      ['requester', row.replace(',bank,', ',Bank A,')],
      ['purpose', row.replace('credit-underwriting', '=cmd()')],
      ['scope', row.replace('tax court', 'tax;court')],
      ['issued_at', row.replace('2026-01-01', '01/02/2026')],
      ['issued_at', row.replace('2026-01-01', '2026-13-41')],
      ['expires_at', row.replace('2027-01-01T08:00:00+08:00', '2025-01-01')],
      ['1-6', `${row},more`],
    ];
    for (const [column, text] of cases) {
      const read = () => parseConsentTable(`${header}\n${row}\n${text}`);
      assert.throws(read, (error) => {
        assertFree(error instanceof Error ? error.message : '', [anna, '110105194912310020']);
        return refusal('CONSENT_TABLE', { line: 3, column })(error);
      });
    }
    assert.throws(() => parseConsentTable(row), refusal('CONSENT_TABLE', { line: 1 }));
  });
});
