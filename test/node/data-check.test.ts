import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertDataStanding } from '@sealedger/node/approval/data-check.ts';
import { type FakeLedger, fakeLedger } from './support/fake-ledger.ts';
import { refusal } from './support/refusals.ts';
import { hexOf, onChainView, requestDocument, versionViews } from './support/request-fixture.ts';

const document = requestDocument();
const view = onChainView(document);
const [first, second] = view.datasetVersions as [string, string];

function ledgerWith(scores: readonly (number | null)[]): FakeLedger {
  const ledger = fakeLedger('tax');
  for (const version of versionViews(document)) ledger.versions.set(version.id, version);
  for (const [i, scoreBasisPoints] of scores.entries()) {
    if (scoreBasisPoints === null) continue;
    const id = view.datasetVersions[i]!;
    ledger.measurements.set(id, { round: 1, ruleSetHash: hexOf(1), reportHash: hexOf(2), scoreBasisPoints });
  }
  return ledger;
}
const check = (scores: readonly (number | null)[], qualityFloor: number | null, minQuality: number | null) =>
  assertDataStanding(ledgerWith(scores), view, { qualityFloor }, minQuality);

describe('the standing of the data of a request', () => {
  it('asks for no score where neither request nor owner sets a floor', async () => {
    await check([null, null], null, null);
    await check([0, null], null, null);
  });

  it('takes the stricter of the request’s floor and the owner’s', async () => {
    await check([9_000, 9_500], 9_000, null);
    await check([9_000, 9_500], 8_000, 9_000);
    await check([9_000, 9_500], null, 9_000);
    const below = refusal('QUALITY_BELOW_FLOOR', { dataset: first, floor: 9_100, score: 9_000 });
    await assert.rejects(check([9_000, 9_500], 9_100, null), below);
    await assert.rejects(check([9_000, 9_500], 9_000, 9_100), below);
    await assert.rejects(check([9_000, 9_500], 9_100, 9_000), below);
  });

  it('tells a version without a score from one with a low one', async () => {
    await assert.rejects(check([9_000, null], 1, null), refusal('QUALITY_MISSING', { dataset: second, floor: 1 }));
    await assert.rejects(check([9_000, 0], 1, null), refusal('QUALITY_BELOW_FLOOR', { dataset: second, score: 0 }));
  });

  it('refuses a withdrawn dataset and a withdrawn register, whatever the scores', async () => {
    for (const id of [first, view.registerVersion]) {
      const ledger = ledgerWith([10_000, 10_000]);
      ledger.versions.set(id, { ...ledger.versions.get(id)!, state: 'withdrawn' });
      await assert.rejects(
        assertDataStanding(ledger, view, document, null),
        refusal('DATASET_WITHDRAWN', { dataset: id }),
      );
    }
  });

  it('computes nothing where the chain cannot be asked', async () => {
    const ledger = ledgerWith([10_000, 10_000]);
    ledger.away = true;
    await assert.rejects(assertDataStanding(ledger, view, document, null), refusal('CHAIN_UNREACHABLE'));
  });
});
