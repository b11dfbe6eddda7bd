/** Blocks that were taken back for real: the chain goes back to a snapshot and takes another way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import {
  type BlockName,
  createLedgerWatcher,
  type LedgerCursor,
  type LedgerWatcherOptions,
  ledgerCursorSchema,
} from '@sealedger/protocol/ledger/watch.ts';
import { type Ledger, startConsortium } from './chains.ts';

const root = (digit: string) => digit.repeat(64);

/** A consumer that keeps what stands, as a database would. */
function consumer(ledger: Ledger, changes: Partial<LedgerWatcherOptions> = {}) {
  const disk = { cursor: null as LedgerCursor | null, events: [] as LedgerEvent[], rolledBack: [] as number[] };
  const open = (more: Partial<LedgerWatcherOptions> = {}) =>
    createLedgerWatcher({
      rpc: ledger.rpc,
      deployment: ledger.deployment,
      clock: { now: () => 0, sleep: async () => undefined },
      cursor: disk.cursor,
      async saveCursor(cursor) {
        disk.cursor = ledgerCursorSchema.parse(JSON.parse(JSON.stringify(cursor)));
      },
      async onEvent(event) {
        if (!disk.events.some((one) => placeOf(one) === placeOf(event))) disk.events.push(event);
      },
      async onRolledBack({ blockNumber }: BlockName) {
        disk.rolledBack.push(blockNumber);
        disk.events = disk.events.filter((event) => event.blockNumber <= blockNumber);
      },
      ...changes,
      ...more,
    });
  return { disk, open };
}

const placeOf = ({ blockHash, logIndex }: LedgerEvent) => `${blockHash}/${logIndex}`;
const anchors = (events: readonly LedgerEvent[]) =>
  events.flatMap((event) => (event.name === 'CheckpointAnchored' ? [`${event.args.org} ${event.args.size}`] : []));
const mine = (rpc: Rpc, blocks: number) => rpc.request('hardhat_mine', [`0x${blocks.toString(16)}`]);
const snapshot = (rpc: Rpc) => rpc.request('evm_snapshot', []);
const goBack = (rpc: Rpc, to: unknown) => rpc.request('evm_revert', [to]);

/** What a watcher sees that begins now. */
async function truth(ledger: Ledger): Promise<readonly LedgerEvent[]> {
  const { disk, open } = consumer(ledger);
  await open().poll();
  return disk.events;
}

describe('a watcher of a chain that takes blocks back', () => {
  test('goes back to what both histories share, and ends with exactly the events that stand', async (t) => {
    const ledger = await startConsortium(t);
    const tax = ledger.client('tax');
    const { disk, open } = consumer(ledger);
    const watcher = open();
    await tax.anchor(1, root('a'));
    await watcher.poll();
    const before = await snapshot(ledger.rpc);
    await tax.anchor(2, root('b'));
    await watcher.poll();
    await tax.anchor(3, root('c'));
    await watcher.poll();
    assert.deepEqual(anchors(disk.events), ['tax 1', 'tax 2', 'tax 3']);
    await goBack(ledger.rpc, before);
    await ledger.client('court').anchor(7, root('d'));
    await tax.anchor(4, root('e'));
    await mine(ledger.rpc, 2);
    await watcher.poll();
    assert.deepEqual(anchors(disk.events), ['tax 1', 'court 7', 'tax 4']);
    assert.deepEqual(disk.rolledBack, [10], 'the block of the first anchor');
    assert.deepEqual(disk.events, await truth(ledger));
    await watcher.poll();
    assert.equal(disk.rolledBack.length, 1);
  });

  test('does so after a restart, from the cursor on disk', async (t) => {
    const ledger = await startConsortium(t);
    const { disk, open } = consumer(ledger);
    await open().poll();
    const before = await snapshot(ledger.rpc);
    await ledger.client('tax').anchor(1, root('a'));
    await open().poll();
    await goBack(ledger.rpc, before);
    await ledger.client('court').anchor(2, root('b'));
    await open().poll();
    assert.deepEqual(anchors(disk.events), ['court 2']);
    assert.deepEqual(disk.events, await truth(ledger));
  });

  test('notices it while the new history is still shorter, and does not take lagging for it', async (t) => {
    const ledger = await startConsortium(t);
    const { disk, open } = consumer(ledger);
    await open().poll();
    const before = await snapshot(ledger.rpc);
    for (const size of [1, 2, 3]) {
      await ledger.client('tax').anchor(size, root('a'));
      await open().poll();
    }
    await goBack(ledger.rpc, before);
    await open().poll();
    assert.deepEqual(disk.rolledBack, [], 'this chain is only behind');
    await ledger.client('court').anchor(9, root('b'));
    await open().poll();
    assert.deepEqual(disk.rolledBack, [9]);
    assert.deepEqual(anchors(disk.events), ['court 9']);
  });

  test('is told again where it died between forgetting and moving the cursor', async (t) => {
    const ledger = await startConsortium(t);
    const { disk, open } = consumer(ledger);
    await open().poll();
    const before = await snapshot(ledger.rpc);
    await ledger.client('tax').anchor(1, root('a'));
    await open().poll();
    await goBack(ledger.rpc, before);
    await ledger.client('court').anchor(2, root('b'));
    const dying = open({
      async saveCursor() {
        throw new Error('the process dies');
      },
    });
    await assert.rejects(dying.poll(), /dies/);
    await open().poll();
    assert.deepEqual(disk.rolledBack, [9, 9]);
    assert.deepEqual(disk.events, await truth(ledger));
  });

  test('follows it also after a long absence, in which it read many blocks at once', async (t) => {
    const ledger = await startConsortium(t);
    await mine(ledger.rpc, 5_000);
    const before = await snapshot(ledger.rpc);
    await mine(ledger.rpc, 20);
    await ledger.client('tax').anchor(1, root('a'));
    const { disk, open } = consumer(ledger, { maxReorgDepth: 30 });
    await open().poll();
    await goBack(ledger.rpc, before);
    await mine(ledger.rpc, 1);
    await ledger.client('court').anchor(2, root('b'));
    await mine(ledger.rpc, 30);
    await open().poll();
    assert.deepEqual(anchors(disk.events), ['court 2']);
    assert.ok(disk.cursor!.blockNumber - disk.rolledBack[0]! <= 45);
    assert.deepEqual(disk.events, await truth(ledger));
  });

  test('stops where more was taken back than it follows', async (t) => {
    const ledger = await startConsortium(t);
    await mine(ledger.rpc, 10);
    const { disk, open } = consumer(ledger, { maxReorgDepth: 5 });
    const before = await snapshot(ledger.rpc);
    for (const size of [1, 2, 3, 4, 5, 6]) {
      await ledger.client('tax').anchor(size, root('a'));
      await open().poll();
    }
    await goBack(ledger.rpc, before);
    await ledger.client('court').anchor(1, root('b'));
    await mine(ledger.rpc, 10);
    await assert.rejects(open().run(), (cause) => isProtocolError(cause, 'CHAIN_REORGANISED'));
    assert.deepEqual(disk.rolledBack, []);
    assert.equal(anchors(disk.events).length, 6);
  });

  test('with confirmations never sees what is taken back before it has them', async (t) => {
    const ledger = await startConsortium(t);
    await mine(ledger.rpc, 3);
    const { disk, open } = consumer(ledger, { confirmations: 3 });
    const before = await snapshot(ledger.rpc);
    await ledger.client('tax').anchor(1, root('a'));
    await mine(ledger.rpc, 2);
    await open().poll();
    assert.deepEqual(anchors(disk.events), []);
    await goBack(ledger.rpc, before);
    await ledger.client('court').anchor(2, root('b'));
    await mine(ledger.rpc, 3);
    await open().poll();
    assert.deepEqual([anchors(disk.events), disk.rolledBack], [['court 2'], []]);
  });

  test('takes in nothing of a read during which the chain moved', async (t) => {
    const ledger = await startConsortium(t);
    const { disk, open } = consumer(ledger);
    await open().poll();
    const before = await snapshot(ledger.rpc);
    await ledger.client('tax').anchor(1, root('a'));
    let isFirst = true;
    const moving: Rpc = {
      async request(method, params) {
        const answer = await ledger.rpc.request(method, params);
        if (method !== 'eth_getLogs' || !isFirst) return answer;
        isFirst = false;
        await goBack(ledger.rpc, before);
        await ledger.client('court').anchor(2, root('b'));
        return answer;
      },
    };
    const watcher = open({ rpc: moving });
    await assert.rejects(watcher.poll(), (cause) => isProtocolError(cause, 'CHAIN_UNSETTLED'));
    assert.deepEqual(anchors(disk.events), []);
    await watcher.poll();
    assert.deepEqual(anchors(disk.events), ['court 2']);
  });
});
