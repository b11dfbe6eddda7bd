/** What a grant is worth while the chain may still take its block back. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLedger } from '@sealedger/node/chain/ledger.ts';
import { publishAndPrepare, startConsortium } from '../ledger/chains.ts';
import { refusal } from './support/refusals.ts';

const clock = { now: () => 1_800_000_000_000, sleep: async () => undefined };

/** A request that the last of its gates is about to make active. */
async function almostActive(t: TestContext) {
  const ledger = await startConsortium(t);
  const terms = await publishAndPrepare(ledger);
  const id = terms.requestDigest;
  await ledger.client('bank').submitRequest(terms);
  const decision = { approved: true, reasonHash: '3'.repeat(64), grantHash: '4'.repeat(64) };
  for (const org of ['tax', 'court', 'bureau'] as const) await ledger.client(org).decide(id, decision);
  await ledger.client('bureau').publishGateKey(id, '7'.repeat(64));
  // past the blocks in which the contracts may still be coming into being
  // (one by one: the engine has no state of blocks that it was told to skip)
  const mine = async (blocks: number): Promise<void> => {
    for (let i = 0; i < blocks; i++) await ledger.rpc.request('evm_mine', []);
  };
  await mine(80);
  const view = (confirmations: number) => createLedger(ledger.client('tax'), 'tax', clock, confirmations);
  const state = async (confirmations: number) => (await view(confirmations).request(id)).state;
  const activate = () => ledger.client('court').publishGateKey(id, '7'.repeat(64));
  return { ledger, id, state, view, activate, mine };
}

test('a grant counts once its block has the confirmations, and at once where blocks are final', async (t) => {
  const { state, activate, mine } = await almostActive(t);
  assert.deepEqual([await state(0), await state(3)], ['submitted', 'submitted']);
  await activate();
  assert.deepEqual([await state(0), await state(3)], ['active', 'submitted']);
  await mine(2);
  assert.equal(await state(3), 'submitted');
  await mine(1);
  assert.equal(await state(3), 'active');
});

test('a grant that the chain took back never counted', async (t) => {
  const { ledger, state, activate, mine } = await almostActive(t);
  const before = await ledger.rpc.request('evm_snapshot', []);
  await activate();
  await mine(2);
  assert.equal(await state(3), 'submitted');
  await ledger.rpc.request('evm_revert', [before]);
  await mine(5);
  assert.deepEqual([await state(0), await state(3)], ['submitted', 'submitted']);
});

test('an end counts at once, whatever may be taken back', async (t) => {
  const { ledger, id, state, activate, mine } = await almostActive(t);
  await activate();
  await mine(3);
  assert.equal(await state(3), 'active');
  await ledger.client('tax').revokeRequest(id, '5'.repeat(64));
  assert.deepEqual([await state(0), await state(3)], ['revoked', 'revoked']);
});

test('a request that the chain took back as a whole is unknown', async (t) => {
  const { view } = await almostActive(t);
  await assert.rejects(view(3).request('f'.repeat(64)), refusal('REQUEST_UNKNOWN'));
});
