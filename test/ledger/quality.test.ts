/** Quality records and withdrawals through the client: what a node writes may be sent again and stands once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { publishAndPrepare, startConsortium } from './chains.ts';

const measurement = { ruleSetHash: 'c'.repeat(64), scoreBasisPoints: 9_321, reportHash: 'd'.repeat(64) };

test('a measurement is recorded once however often it is sent, and read back', async (t) => {
  const ledger = await startConsortium(t);
  const { datasetVersions } = await publishAndPrepare(ledger);
  const id = datasetVersions[0]!;
  const tax = ledger.client('tax');
  assert.equal(await tax.qualityOf(id), null);
  const first = await tax.recordQuality({ id, ...measurement });
  assert.deepEqual([first.already, first.round], [false, 1]);
  const again = await tax.recordQuality({ id, ...measurement });
  assert.deepEqual([again.already, again.round, again.transactionHash], [true, 1, first.transactionHash]);
  const later = { ...measurement, scoreBasisPoints: 10_000, reportHash: 'e'.repeat(64) };
  assert.equal((await tax.recordQuality({ id, ...later })).round, 2);
  const stale = await tax.recordQuality({ id, ...measurement });
  assert.deepEqual([stale.already, stale.round], [true, 1]);
  assert.deepEqual(await ledger.client(null).qualityOf(id), { round: 2, ...later });
});

test('one report with another score, a foreign version and a score over 100 % are refused', async (t) => {
  const ledger = await startConsortium(t);
  const { datasetVersions } = await publishAndPrepare(ledger);
  const id = datasetVersions[0]!;
  const tax = ledger.client('tax');
  await tax.recordQuality({ id, ...measurement });
  const refusedWith = (error: string) => (cause: unknown) =>
    isProtocolError(cause, 'CHAIN_REFUSED') && cause.details['error'] === error;
  await assert.rejects(
    tax.recordQuality({ id, ...measurement, scoreBasisPoints: 1 }),
    refusedWith('CatalogueReportRecorded'),
  );
  await assert.rejects(ledger.client('court').recordQuality({ id, ...measurement }), refusedWith('CatalogueNotOwner'));
  await assert.rejects(tax.recordQuality({ id, ...measurement, scoreBasisPoints: 10_001 }), (cause) =>
    isProtocolError(cause, 'CHAIN_NUMBER_INVALID'),
  );
});

test('a version is withdrawn once however often that is sent', async (t) => {
  const ledger = await startConsortium(t);
  const { datasetVersions } = await publishAndPrepare(ledger);
  const id = datasetVersions[0]!;
  const first = await ledger.client('tax').withdrawDatasetVersion(id);
  const again = await ledger.client('tax').withdrawDatasetVersion(id);
  assert.deepEqual([again.already, again.transactionHash], [true, first.transactionHash]);
  assert.equal((await ledger.client(null).datasetVersion(id))?.state, 'withdrawn');
});
