import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestState } from '@sealedger/node/ports.ts';
import { acceptRequest } from '@sealedger/node/request/intake.ts';
import { assertPrevious } from '@sealedger/node/request/previous.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { fakeLedger } from '../node/support/fake-ledger.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';

const earlier = requestDocument();
const earlierId = requestId(earlier);
const next = (change: Partial<RequestDocument>, how: 'amendment' | 'renewal' = 'amendment'): RequestDocument =>
  requestDocument({ previous: { requestId: earlierId, change: how }, nonce: hexOf(0x77), ...change });

function ledgerWith(state: RequestState = 'active', requester = 'bank') {
  const ledger = fakeLedger('tax');
  ledger.requests.set(earlierId, onChainView(earlier, { state, requester }));
  return ledger;
}
const stored = async (id: string) => (id === earlierId ? earlier : undefined);

describe('a new version of a request', () => {
  it('may follow one that is open, over, or waits', async () => {
    for (const state of [
      'submitted',
      'active',
      'suspended',
      'completed',
      'expired',
      'withdrawn',
      'superseded',
    ] as const) {
      await assertPrevious(ledgerWith(state), next({ quota: 5 }), stored);
    }
    await assertPrevious(ledgerWith(), earlier, stored);
  });

  it('does not follow one that was rejected or revoked, as amendment or renewal', async () => {
    for (const state of ['rejected', 'revoked'] as const) {
      for (const how of ['amendment', 'renewal'] as const) {
        await assert.rejects(
          assertPrevious(ledgerWith(state), next({}, how), stored),
          refusal('REQUEST_PREVIOUS_STATE', { state }),
        );
      }
    }
  });

  it('does not follow somebody else’s request, or one that the chain does not know', async () => {
    const others = assertPrevious(ledgerWith('active', 'other-bank'), next({}), stored);
    await assert.rejects(others, refusal('REQUEST_PREVIOUS_REQUESTER'));
    await assert.rejects(assertPrevious(fakeLedger('tax'), next({}), stored), refusal('REQUEST_PREVIOUS_UNKNOWN'));
  });

  it('names in the document what it names on chain', async () => {
    const document = next({});
    const chained = { requestId: earlierId, change: 'amendment' } as const;
    for (const [inDocument, onChain] of [
      [chained, null],
      [chained, hexOf(1)],
      [null, earlierId],
    ] as const) {
      const said = { ...document, previous: inDocument };
      const ledger = ledgerWith();
      const view = onChainView(said, { state: 'submitted', previous: onChain });
      ledger.requests.set(view.id, view);
      await assert.rejects(
        acceptRequest(ledger, { document: said, sheet: null }, 'bank'),
        refusal('REQUEST_TERMS_MISMATCH', { part: 'previous' }),
      );
    }
    const ledger = ledgerWith();
    const view = onChainView(document, { state: 'submitted', previous: earlierId });
    ledger.requests.set(view.id, view);
    assert.equal((await acceptRequest(ledger, { document, sheet: null }, 'bank')).onChain.previous, earlierId);
  });

  it('waits where the chain is away', async () => {
    const ledger = ledgerWith();
    ledger.away = true;
    await assert.rejects(assertPrevious(ledger, next({}), stored), refusal('CHAIN_UNREACHABLE'));
  });
});

describe('a renewal', () => {
  it('has another quota, term, contact and attachments if it likes', async () => {
    const contact = { unit: 'risk', person: 'somebody else', channel: 'x' };
    const renewal = next({ quota: 1, expiresAt: earlier.expiresAt + 9, contact }, 'renewal');
    await assertPrevious(ledgerWith(), renewal, stored);
  });

  const smuggled: readonly (readonly [keyof RequestDocument, Partial<RequestDocument>])[] = [
    ['purpose', { purpose: 'marketing' }],
    ['legalBasis', { legalBasis: { code: 'consent', text: 'another' } }],
    ['subjects', { subjects: 'enterprise', legalBasis: { code: 'legal-duty', text: 'x' } }],
    ['modelDigest', { modelDigest: hexOf(9) }],
    ['features', { features: earlier.features.map((entry) => ({ ...entry, sheet: hexOf(9) })) }],
    ['datasets', { datasets: earlier.datasets.map((dataset) => ({ ...dataset, version: 2 })) }],
    ['gates', { gates: ['bureau'] }],
    ['scaleBits', { scaleBits: 21 }],
    ['noisePolicy', { noisePolicy: { kind: 'centred-uniform', totalWidthLog2: -13 } }],
    ['certifier', { certifier: 'friend' }],
    ['consent', { consent: { holder: 'bank' } }],
    ['qualityFloor', { qualityFloor: 1 }],
    ['singleDepartment', { singleDepartment: true }],
  ];
  for (const [part, change] of smuggled) {
    it(`that also changes ${part} is an amendment, and refused as what it says it is`, async () => {
      const expected =
        part === 'subjects' ? refusal('REQUEST_RENEWAL_DIFFERS') : refusal('REQUEST_RENEWAL_DIFFERS', { part });
      await assert.rejects(assertPrevious(ledgerWith(), next(change, 'renewal'), stored), expected);
      await assertPrevious(ledgerWith(), next(change, 'amendment'), stored);
    });
  }

  it('of a request that this node never had cannot be compared, and is refused', async () => {
    const unknown = assertPrevious(ledgerWith(), next({}, 'renewal'), async () => undefined);
    await assert.rejects(unknown, refusal('REQUEST_PREVIOUS_ELSEWHERE'));
  });
});
