/** Which events hold once a key was replaced or an organisation suspended, over the real contracts. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Anchorer } from '@sealedger/node/evidence/anchor.ts';
import { ledgerAnchorChain } from '@sealedger/node/evidence/anchor-chain.ts';
import { checkLog } from '@sealedger/node/evidence/fsck.ts';
import { readChainFacts } from '@sealedger/node/evidence/fsck-chain.ts';
import { levelEvidenceStore } from '@sealedger/node/evidence/level-store.ts';
import { anchorUnderOldKey } from '@sealedger/node/evidence/rotation.ts';
import { toHex } from '@sealedger/protocol/bytes.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { startConsortium } from '../ledger/chains.ts';
import { draftOf, openLog, openLogOn, startMs, temporaryDirectory, testSigner } from './support/log-fixture.ts';

const clock = { now: () => Date.now(), sleep: async () => undefined };

/** The log of `tax` under its key of epoch 2, which stands on chain. */
async function world(t: TestContext) {
  const ledger = await startConsortium(t);
  const directory = await temporaryDirectory();
  const { database, log } = await openLog(directory.path, 'tax', undefined, 2);
  t.after(async () => {
    await database.close();
    await directory.remove();
  });
  const client = ledger.client('tax');
  const rotate = async (keyEpoch: number): Promise<void> => {
    const { account } = (await client.organisation('tax'))!;
    const ed25519Key = toHex(testSigner('tax', keyEpoch).publicKey);
    await client.rotateKeys({ account, ed25519Key, x25519Key: keyEpoch.toString(16).repeat(64) }, 0);
  };
  await rotate(2);
  const chain = ledgerAnchorChain(client, ledger.rpc, 'tax');
  const anchorer = (of = log) => new Anchorer({ log: of, chain, clock: { now: () => startMs } });
  const difference = async () => {
    const store = levelEvidenceStore(database);
    const facts = await readChainFacts(ledger.rpc, ledger.deployment, 'tax');
    const report = await checkLog({ org: 'tax', store, chain: facts, ownKey: null, progress: () => undefined });
    return report.difference === null ? null : `${report.difference.code} ${report.difference.where.slice(-1)}`;
  };
  return { ledger, log, database, rotate, anchorer, difference };
}

test('an event that a key signed before its rotation holds, one that it signs after does not', async (t) => {
  const { log, database, rotate, anchorer, difference } = await world(t);
  await log.append([draftOf(1), draftOf(2)]);
  assert.equal(await anchorUnderOldKey(anchorer(), clock, 0), 2);
  await rotate(3);
  const next = await openLogOn(database, testSigner('tax', 3));
  assert.equal(await difference(), null);

  await log.append([draftOf(3)]);
  await anchorer().flush();
  assert.equal(await difference(), 'FSCK_ANCHOR_LATE 2', 'the old key went on signing');
  assert.equal(next.size, 2);
});

test('a key under which events wait for their anchor must not be replaced', async (t) => {
  const { ledger, log, rotate, anchorer, difference } = await world(t);
  await log.append([draftOf(1)]);
  const away = new Anchorer({
    log,
    chain: ledgerAnchorChain(
      ledger.client('tax', { rpc: { request: () => Promise.reject(new Error('away')) } }),
      ledger.rpc,
      'tax',
    ),
    clock: { now: () => startMs },
  });
  await assert.rejects(anchorUnderOldKey(away, clock, 0), (error) => isProtocolError(error, 'ROTATION_NOT_ANCHORED'));
  await rotate(3);
  await anchorer().flush();
  assert.equal(await difference(), 'FSCK_ANCHOR_LATE 0', 'what a hasty rotation leads to');
});

test('what was anchored before a suspension holds; nothing is anchored after it', async (t) => {
  const { ledger, log, anchorer, difference } = await world(t);
  await ledger.client('founder').closeFounding();
  await log.append([draftOf(1)]);
  const running = anchorer();
  assert.equal(await running.flush(), true);
  const { proposalId } = await ledger.client('bank').proposeSuspension('tax');
  for (const voter of ['court', 'bureau'] as const) await ledger.client(voter).vote(proposalId, true);
  await log.append([draftOf(2)]);
  assert.equal(await running.flush(), false);
  const { anchoredSize, backlog, lastError } = await running.status();
  assert.deepEqual([anchoredSize, backlog], [1, 1]);
  assert.notEqual(lastError, null);
  assert.equal((await ledger.client(null).latestCheckpoint('tax'))?.size, 1);
  assert.equal(await difference(), null);
});
