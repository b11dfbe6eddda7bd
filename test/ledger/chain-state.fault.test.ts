/** The rule between engine and journal, with a journal that is slow or broken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { createSender } from '@sealedger/protocol/ledger/transactions.ts';
import { startEngine } from '../../deploy/chain-engine.ts';
import type { Journal } from '../../deploy/chain-journal.ts';
import { createChainState, readHead } from '../../deploy/chain-state.ts';
import { systemClock } from '../../deploy/clock.ts';
import { FOUNDER_KEY } from './chains.ts';

const to = `0x${'11'.repeat(20)}`;

async function startState(append: Journal['append']) {
  const engine = await startEngine(20221, 1_800_000_000);
  const journal = { append, close: async () => undefined };
  const seal = () => ({ validator: '', signature: '' });
  const state = createChainState(engine, journal, await readHead(engine.rpc), () => 1_800_000_001_000, seal);
  return { engine, state, sender: createSender(state, 20221, FOUNDER_KEY, systemClock) };
}

test('nobody sees a block before it is in the journal', async () => {
  const order: string[] = [];
  const { state, sender } = await startState(async () => {
    await systemClock.sleep(20);
    order.push('journal');
  });
  const sent = sender.send('transfer', to, '0x').then(() => order.push('answer'));
  while (order.length === 0) {
    const head = Number(await state.request('eth_blockNumber', []));
    if (head === 1) order.push('seen');
  }
  await sent;
  assert.equal(order[0], 'journal');
  await state.close();
});

test('a block that cannot be written down is answered to nobody, and the chain stops', async () => {
  const { engine, state, sender } = await startState(async () => {
    throw new Error('no space left on device');
  });
  const stopped = (cause: unknown) => isProtocolError(cause, 'CHAIN_STOPPED');
  await assert.rejects(sender.send('transfer', to, '0x'), stopped);
  assert.equal((await readHead(engine.rpc)).number, 1, 'the engine is ahead of the journal');
  await assert.rejects(state.request('eth_blockNumber', []), stopped);
  await assert.rejects(sender.send('transfer', to, '0x'), stopped);
  await state.close();
});

test('a transaction that the engine refuses is not written down, and the chain goes on', async () => {
  const lines: unknown[] = [];
  const { state, sender } = await startState(async (entry) => void lines.push(entry));
  await assert.rejects(state.request('eth_sendRawTransaction', ['0x1234']));
  await assert.rejects(state.request('eth_sendRawTransaction', []));
  assert.equal(lines.length, 0);
  await sender.send('transfer', to, '0x');
  assert.equal(lines.length, 1);
  assert.equal(state.head().number, 1);
  await state.close();
});
