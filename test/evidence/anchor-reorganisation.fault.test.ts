/** Anchors on a real chain that takes blocks back, lies, or is away: every event anchored once in effect, and in order. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Anchorer, type AnchorLimits, type LostAnchor } from '@sealedger/node/evidence/anchor.ts';
import { ledgerAnchorChain } from '@sealedger/node/evidence/anchor-chain.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { readEvents } from '@sealedger/protocol/ledger/events.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { Transaction } from 'ethers';
import { systemClock } from '../../deploy/clock.ts';
import { deployContracts } from '../../deploy/contracts.ts';
import { clientFactory, FOUNDER_KEY, type Ledger, startConsortium, switchable } from '../ledger/chains.ts';
import { draftOf, openLog, startMs, temporaryDirectory } from './support/log-fixture.ts';

type Options = { readonly confirmations?: number; readonly rpc?: Rpc; readonly limits?: Partial<AnchorLimits> };

async function setUp(t: TestContext, ledger: Ledger) {
  const directory = await temporaryDirectory();
  const { log, database } = await openLog(directory.path);
  t.after(async () => {
    await database.close();
    await directory.remove();
  });
  const clock = { nowMs: startMs, now: () => clock.nowMs };
  const noted: number[] = [];
  const lost: LostAnchor[] = [];
  const start = ({ confirmations = 0, rpc = ledger.rpc, limits = {} }: Options = {}) =>
    new Anchorer({
      log,
      chain: ledgerAnchorChain(ledger.client('tax', { rpc }), rpc, 'tax', confirmations),
      clock,
      limits,
      onAnchored: (size) => noted.push(size),
      onLost: (anchor) => lost.push(anchor),
    });
  let events = 0;
  const add = async (count: number): Promise<void> => {
    await log.append(Array.from({ length: count }, () => draftOf(++events)));
  };
  return { log, clock, noted, lost, start, add };
}

/** Sizes that stand on chain, in its order. */
async function standing({ rpc, deployment }: Ledger): Promise<readonly number[]> {
  const events = await readEvents(rpc, deployment, { fromBlock: 0, toBlock: 'latest' }, ['evidence']);
  return events.flatMap((event) => (event.name === 'CheckpointAnchored' ? [event.args.size] : []));
}

const mine = (rpc: Rpc, blocks: number) => rpc.request('hardhat_mine', [`0x${blocks.toString(16)}`]);
const snapshot = (rpc: Rpc) => rpc.request('evm_snapshot', []);
const goBack = (rpc: Rpc, to: unknown) => rpc.request('evm_revert', [to]);

describe('an anchor whose block was reorganised away', () => {
  test('is missed at the next look and sent again, once, though nothing new was logged', async (t) => {
    const ledger = await startConsortium(t);
    const { log, clock, lost, start, add } = await setUp(t, ledger);
    const anchorer = start({ limits: { recheckMs: 60_000 } });
    await add(1);
    await anchorer.flush();
    const before = await snapshot(ledger.rpc);
    await add(2);
    await anchorer.flush();
    await goBack(ledger.rpc, before);
    await mine(ledger.rpc, 3);
    assert.deepEqual(await standing(ledger), [1]);
    clock.nowMs += 59_999;
    await anchorer.tick();
    assert.deepEqual(await standing(ledger), [1], 'not looked yet');
    clock.nowMs += 1;
    assert.equal(await anchorer.tick(), true);
    assert.deepEqual(await standing(ledger), [1, 3]);
    assert.equal(await ledger.client(null).rootAt('tax', 3), await log.rootAt(3));
    assert.deepEqual(lost, [{ lost: 3, standing: 1, wasConfirmed: true }]);
    for (let i = 0; i < 3; i++) {
      clock.nowMs += 60_000;
      await anchorer.tick();
    }
    assert.deepEqual(await standing(ledger), [1, 3]);
    assert.equal((await anchorer.status()).reorganisations, 1);
  });

  test('is covered by one larger anchor where more was logged meanwhile', async (t) => {
    const ledger = await startConsortium(t);
    const { clock, start, add } = await setUp(t, ledger);
    const anchorer = start();
    const before = await snapshot(ledger.rpc);
    await add(2);
    await anchorer.flush();
    await goBack(ledger.rpc, before);
    await add(5);
    clock.nowMs += 60_000;
    await anchorer.tick();
    assert.deepEqual(await standing(ledger), [7]);
  });

  test('that the chain took in again by itself is not sent a second time', async (t) => {
    const ledger = await startConsortium(t);
    const { log, clock, noted, start, add } = await setUp(t, ledger);
    const anchorer = start();
    const before = await snapshot(ledger.rpc);
    await add(2);
    await anchorer.flush();
    await goBack(ledger.rpc, before);
    await ledger.client('tax').anchor(2, await log.rootAt(2));
    clock.nowMs += 60_000;
    await anchorer.tick();
    assert.deepEqual([await standing(ledger), noted], [[2], [2]]);
  });

  test('is found by a node that died between sending and noting', async (t) => {
    const ledger = await startConsortium(t);
    const { state, rpc } = switchable(ledger.rpc);
    const { noted, start, add } = await setUp(t, ledger);
    const before = await snapshot(ledger.rpc);
    await add(2);
    state.loseAnswersOf = 'eth_sendRawTransaction';
    assert.equal(await start({ rpc }).flush(), false);
    assert.deepEqual([await standing(ledger), noted], [[2], []]);
    await goBack(ledger.rpc, before);
    assert.equal(await start().flush(), true);
    assert.deepEqual([await standing(ledger), noted], [[2], [2]]);
    assert.equal(await start().flush(), true);
    assert.deepEqual(await standing(ledger), [2]);
  });
});

describe('confirmations', () => {
  test('make an anchor final block by block, and a loss before that is no loss of a final one', async (t) => {
    const ledger = await startConsortium(t);
    const { clock, lost, start, add } = await setUp(t, ledger);
    const anchorer = start({ confirmations: 3, limits: { confirmMs: 1000 } });
    const look = async (): Promise<readonly number[]> => {
      clock.nowMs += 1000;
      await anchorer.tick();
      const { anchoredSize, confirmedSize, backlog } = await anchorer.status();
      return [anchoredSize, confirmedSize, backlog];
    };
    await add(4);
    await anchorer.flush();
    assert.deepEqual(await look(), [4, 0, 0]);
    await mine(ledger.rpc, 2);
    assert.deepEqual(await look(), [4, 0, 0]);
    await mine(ledger.rpc, 1);
    assert.deepEqual(await look(), [4, 4, 0]);
    const before = await snapshot(ledger.rpc);
    await add(2);
    await anchorer.flush();
    assert.deepEqual(await look(), [6, 4, 0]);
    await goBack(ledger.rpc, before);
    await mine(ledger.rpc, 1);
    clock.nowMs += 10_000;
    assert.deepEqual(await look(), [6, 4, 0]);
    await mine(ledger.rpc, 3);
    assert.deepEqual(await look(), [6, 6, 0]);
    assert.deepEqual(lost, [{ lost: 6, standing: 4, wasConfirmed: false }]);
    assert.deepEqual(await standing(ledger), [4, 6]);
  });

  test('do not hold up the next anchor', async (t) => {
    const ledger = await startConsortium(t);
    const { start, add } = await setUp(t, ledger);
    const anchorer = start({ confirmations: 100 });
    for (let i = 0; i < 3; i++) {
      await add(1);
      assert.equal(await anchorer.flush(), true);
    }
    assert.deepEqual(await standing(ledger), [1, 2, 3]);
    assert.equal((await anchorer.status()).confirmedSize, 0);
  });
});

test('a chain away for five hours: everything is anchored once and in order afterwards, and the backlog was seen', async (t) => {
  const ledger = await startConsortium(t);
  const { state, rpc } = switchable(ledger.rpc);
  const { log, clock, start, add } = await setUp(t, ledger);
  const anchorer = start({ rpc, limits: { backlogLimit: 100 } });
  await add(1);
  await anchorer.flush();
  state.away = true;
  let warnedAt = 0;
  for (let minute = 1; minute <= 300; minute++) {
    clock.nowMs += 60_000;
    if (minute % 3 === 0) await add(1);
    await anchorer.tick();
    const { isWarning, backlog } = await anchorer.status();
    assert.equal(isWarning, backlog >= 70);
    if (isWarning && warnedAt === 0) warnedAt = backlog;
  }
  assert.equal(warnedAt, 70);
  const status = await anchorer.status();
  assert.deepEqual([status.backlog, status.anchoredSize, status.lastError], [100, 1, 'CHAIN_UNREACHABLE']);
  state.away = false;
  clock.nowMs += 60_000;
  assert.equal(await anchorer.tick(), true);
  assert.deepEqual(await standing(ledger), [1, 101]);
  assert.equal(await ledger.client(null).rootAt('tax', 101), await log.rootAt(101));
  assert.equal((await anchorer.status()).backlog, 0);
});

describe('an RPC that lies about the anchor', () => {
  type Lie = (answer: string) => string;
  const lying = (rpc: Rpc, lie: Lie): Rpc => ({
    request: async (method, params) => {
      const answer = await rpc.request(method, params);
      const isLatest = method === 'eth_call' && typeof answer === 'string' && answer.length === 2 + 2 * 64;
      return isLatest ? lie(answer) : answer;
    },
  });
  const word = (value: number): string => value.toString(16).padStart(64, '0');
  const cases: readonly (readonly [string, Lie, string])[] = [
    ['a larger size', (answer) => `0x${word(9)}${answer.slice(66)}`, 'ANCHOR_LOG_REWOUND'],
    ['another root', (answer) => `${answer.slice(0, 66)}${'ee'.repeat(32)}`, 'ANCHOR_ROOT_DIFFERS'],
    ['a smaller size under the same root', (answer) => `0x${word(1)}${answer.slice(66)}`, 'ANCHOR_ROOT_DIFFERS'],
  ];
  for (const [name, lie, code] of cases) {
    test(`with ${name} stops the anchoring, and nothing is sent`, async (t) => {
      const ledger = await startConsortium(t);
      const { start, add } = await setUp(t, ledger);
      await add(2);
      await start().flush();
      await add(2);
      const anchorer = start({ rpc: lying(ledger.rpc, lie) });
      await assert.rejects(anchorer.flush(), (error) => isProtocolError(error, code as 'ANCHOR_LOG_REWOUND'));
      assert.deepEqual([await standing(ledger), (await anchorer.status()).lastError], [[2], code]);
    });
  }

  test('by pretending to send is found out by the first honest look, and everything is anchored then', async (t) => {
    const ledger = await startConsortium(t);
    const { clock, lost, start, add } = await setUp(t, ledger);
    const told = { isHonest: false, answer: '' };
    const pretending: Rpc = {
      request: async (method, params) => {
        if (told.isHonest) return ledger.rpc.request(method, params);
        if (method === 'eth_sendRawTransaction') {
          told.answer = `0x${Transaction.from(String(params[0])).data.slice(10)}`;
          return `0x${'ab'.repeat(32)}`;
        }
        if (method === 'eth_getTransactionReceipt') {
          const place = { transactionHash: params[0], blockHash: `0x${'cd'.repeat(32)}`, blockNumber: '0x9' };
          return { ...place, status: '0x1', contractAddress: null, logs: [] };
        }
        const answer = await ledger.rpc.request(method, params);
        const isLatest = method === 'eth_call' && String(answer).length === 2 + 2 * 64 && told.answer !== '';
        return isLatest ? told.answer : answer;
      },
    };
    const anchorer = start({ rpc: pretending });
    await add(2);
    assert.equal(await anchorer.flush(), true);
    assert.deepEqual([await standing(ledger), (await anchorer.status()).anchoredSize], [[], 2]);
    told.isHonest = true;
    clock.nowMs += 60_000;
    assert.equal(await anchorer.tick(), true);
    assert.deepEqual([await standing(ledger), lost.length], [[2], 1]);
  });

  test('by hiding it gets the same anchor again, which the contract takes once', async (t) => {
    const ledger = await startConsortium(t);
    const { noted, start, add } = await setUp(t, ledger);
    await add(2);
    await start().flush();
    const anchorer = start({ rpc: lying(ledger.rpc, () => `0x${word(0)}${word(0)}`) });
    assert.equal(await anchorer.flush(), true);
    assert.deepEqual([await standing(ledger), noted], [[2], [2, 2]]);
  });
});

test('who hears that the chain took blocks back has the next tick look', async (t) => {
  const ledger = await startConsortium(t);
  const { start, add } = await setUp(t, ledger);
  const anchorer = start();
  const before = await snapshot(ledger.rpc);
  await add(1);
  await anchorer.flush();
  await goBack(ledger.rpc, before);
  assert.equal(await anchorer.tick(), true, 'nothing is due');
  assert.deepEqual(await standing(ledger), []);
  anchorer.recheck();
  assert.equal(await anchorer.flush(), true);
  assert.deepEqual(await standing(ledger), [1]);
});

test('anchors in a look-alike contract mean nothing, whatever they say', async (t) => {
  const ledger = await startConsortium(t);
  const { log, noted, start, add } = await setUp(t, ledger);
  const { rpc } = ledger;
  const other = await deployContracts({ rpc, founderKeyHex: FOUNDER_KEY, clock: systemClock, validators: [] });
  const there = clientFactory(rpc, other);
  const { organisation } = ledger.client(null);
  await there('founder').admit((await organisation('tax'))!);
  await add(3);
  await there('tax').anchor(3, await log.rootAt(3));
  const chain = ledgerAnchorChain(ledger.client('tax'), rpc, 'tax');
  assert.deepEqual(await chain.latestAnchor(), { size: 0, root: '' });
  assert.equal(await chain.findAnchor(3), undefined);
  assert.equal(await start().flush(), true);
  assert.deepEqual([await standing(ledger), noted], [[3], [3]]);
});
