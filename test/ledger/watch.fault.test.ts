import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import { createLedgerWatcher, type LedgerCursor, type LedgerWatcherOptions } from '@sealedger/protocol/ledger/watch.ts';
import { type Ledger, startConsortium, startLedger, switchable } from './chains.ts';

const digest = (digit: string) => digit.repeat(64);

/** A watcher whose cursor and events outlive it, as on a disk. */
function kept(ledger: Ledger, changes: Partial<LedgerWatcherOptions> = {}) {
  const disk = { cursor: null as LedgerCursor | null, events: [] as LedgerEvent[], saves: 0 };
  let now = 0;
  const open = (more: Partial<LedgerWatcherOptions> = {}) =>
    createLedgerWatcher({
      rpc: ledger.rpc,
      deployment: ledger.deployment,
      clock: { now: () => now, sleep: async (ms) => void (now += ms) },
      cursor: disk.cursor,
      async saveCursor(cursor) {
        disk.cursor = cursor;
        disk.saves += 1;
      },
      async onEvent(event) {
        disk.events.push(event);
      },
      ...changes,
      ...more,
    });
  return { disk, open };
}

const sizesOf = (events: readonly LedgerEvent[]) =>
  events.map((event) => (event.name === 'CheckpointAnchored' ? event.args.size : event.name));

test('delivers every event once, in the order of the chain, with its place', async (t) => {
  const ledger = await startConsortium(t);
  const { disk, open } = kept(ledger);
  const watcher = open();
  await watcher.poll();
  const names = disk.events.map(({ name }) => name);
  assert.deepEqual(names, Array.from({ length: 4 }, () => ['OrganisationAdmitted', 'KeysChanged']).flat());
  const places = disk.events.map(({ blockNumber, logIndex }) => blockNumber * 1_000 + logIndex);
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.equal(watcher.head, 9);
  await watcher.poll();
  assert.equal(disk.events.length, 8);
  const outcome = await ledger.client('tax').anchor(3, digest('c'));
  await watcher.poll();
  const last = disk.events.at(-1);
  assert.equal(last?.transactionHash, outcome.transactionHash);
  assert.deepEqual(last?.name === 'CheckpointAnchored' && last.args, { org: 'tax', size: 3, root: digest('c') });
});

test('goes on from its cursor, also in the middle of a block', async (t) => {
  const ledger = await startConsortium(t);
  let left = 3;
  const { disk, open } = kept(ledger);
  const dying = open({
    async onEvent(event) {
      if (left === 0) throw new Error('the process dies');
      left -= 1;
      disk.events.push(event);
    },
  });
  await assert.rejects(dying.poll(), /dies/);
  assert.equal(disk.cursor?.logIndex, 0, 'the third event is the first of its block');
  await open().poll();
  const names = disk.events.map(({ name }) => name);
  assert.deepEqual(names, Array.from({ length: 4 }, () => ['OrganisationAdmitted', 'KeysChanged']).flat());
});

test('without a cursor it begins where it is told', async (t) => {
  const ledger = await startConsortium(t);
  const { disk, open } = kept(ledger, { fromBlock: 9 });
  await open().poll();
  assert.deepEqual(
    disk.events.map(({ blockNumber }) => blockNumber),
    [9, 9],
  );
  await open({ fromBlock: 0 }).poll();
  assert.equal(disk.events.length, 2, 'the cursor goes before it');
});

test('an event whose cursor could not be saved comes again', async (t) => {
  const ledger = await startConsortium(t);
  const { disk, open } = kept(ledger);
  let failing = true;
  const failingSave = open({
    async saveCursor() {
      if (failing) throw new Error('the disk is full');
    },
  });
  await assert.rejects(failingSave.poll(), /disk is full/);
  assert.equal(disk.events.length, 1);
  assert.equal(failingSave.cursor, null);
  failing = false;
  await failingSave.poll();
  assert.equal(disk.events.length, 9);
  assert.deepEqual(disk.events[0], disk.events[1]);
});

test('waits while the chain is away, shows how old its view is, and catches up', async (t) => {
  const ledger = await startConsortium(t);
  const { state, rpc } = switchable(ledger.rpc);
  const errors: unknown[] = [];
  let now = 0;
  let rounds = 0;
  const seen: (number | null)[] = [];
  const { disk, open } = kept(ledger, {
    rpc,
    pollMs: 100,
    onError: (cause) => void errors.push(cause),
  });
  const watcher = open({
    clock: {
      now: () => now,
      async sleep(ms) {
        now += ms;
        rounds += 1;
        state.away = rounds < 4;
        seen.push(watcher.lastSeenAt);
        if (rounds === 3) await ledger.client('tax').anchor(9, digest('c'));
        if (rounds === 5) void watcher.stop();
      },
    },
  });
  await watcher.run();
  assert.deepEqual(seen.slice(0, 4), [0, 0, 0, 0], 'the view stays as old as the last look');
  assert.equal(watcher.lastSeenAt, 400);
  assert.equal(errors.length, 3);
  assert.ok(errors.every((cause) => isProtocolError(cause, 'CHAIN_UNREACHABLE')));
  assert.equal(sizesOf(disk.events).at(-1), 9);
});

test('stops where the past of the chain is another one', async (t) => {
  const [ledger, other] = [await startConsortium(t), await startLedger(t)];
  const { disk, open } = kept(ledger);
  await open().poll();
  while (Number(await other.rpc.request('eth_blockNumber', [])) < 12) await other.rpc.request('evm_mine', []);
  const moved = open({ rpc: other.rpc });
  await assert.rejects(moved.run(), (cause) => isProtocolError(cause, 'CHAIN_REORGANISED'));
  assert.equal(disk.events.length, 8);
});

test('a node of the chain that lags behind the cursor brings nothing and counts as stale', async (t) => {
  const ledger = await startConsortium(t);
  const { disk, open } = kept(ledger);
  await open().poll();
  const lagging = open({
    rpc: {
      request: async (method, params) => (method === 'eth_blockNumber' ? '0x2' : ledger.rpc.request(method, params)),
    },
  });
  await lagging.poll();
  assert.equal(lagging.lastSeenAt, null);
  assert.equal(lagging.head, 2);
  assert.equal(disk.events.length, 8);
});

test('with confirmations, events wait for the blocks on top of them', async (t) => {
  const ledger = await startConsortium(t);
  const { disk, open } = kept(ledger, { confirmations: 2 });
  const watcher = open();
  await watcher.poll();
  assert.equal(disk.events.length, 4);
  for (let i = 0; i < 2; i++) await ledger.rpc.request('evm_mine', []);
  await watcher.poll();
  assert.equal(disk.events.length, 8);
});

test('events of other contracts and unknown ones are passed over', async (t) => {
  const ledger = await startConsortium(t);
  const strange = {
    async request(method: string, params: readonly unknown[]) {
      const answer = await ledger.rpc.request(method, params);
      if (method !== 'eth_getLogs') return answer;
      const logs = answer as { address: string; topics: string[] }[];
      const [first] = logs;
      if (first === undefined) return logs;
      const unknown = { ...first, topics: [`0x${digest('e')}`], logIndex: '0x63' };
      return [{ ...first, address: `0x${'ee'.repeat(20)}` }, unknown, ...logs];
    },
  };
  const { disk, open } = kept(ledger, { rpc: strange });
  await open().poll();
  assert.equal(disk.events.length, 8);
});

test('an event of ours that does not decode is an error, not an omission', async (t) => {
  const ledger = await startConsortium(t);
  const broken = {
    async request(method: string, params: readonly unknown[]) {
      const answer = await ledger.rpc.request(method, params);
      return method === 'eth_getLogs' ? (answer as object[]).map((log) => ({ ...log, data: '0x' })) : answer;
    },
  };
  const { disk, open } = kept(ledger, { rpc: broken });
  await assert.rejects(open().poll(), (cause) => isProtocolError(cause, 'CHAIN_REPLY_MALFORMED'));
  assert.equal(disk.cursor, null);
});
