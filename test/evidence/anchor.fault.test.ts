import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Anchorer, type AnchorLimits } from '@sealedger/node/evidence/anchor.ts';
import type { AnchorChain, AnchoredAt } from '@sealedger/node/evidence/ports.ts';
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import { draftOf, openLog, startMs, temporaryDirectory } from './support/log-fixture.ts';

type Fault = 'away' | 'answer lost' | null;

/** The Evidence contract's rule for one organisation, on a line that can fail before or after the transaction. */
class FaultyChain implements AnchorChain {
  readonly anchored: { size: number; root: string }[] = [];
  fault: Fault = null;
  calls = 0;

  async latestAnchor(): Promise<{ size: number; root: string }> {
    this.#reach();
    return this.anchored.at(-1) ?? { size: 0, root: '' };
  }

  async anchor(size: number, root: string): Promise<AnchoredAt> {
    this.#reach();
    assert.ok(size > (this.anchored.at(-1)?.size ?? 0), 'the contract refuses a size that does not grow');
    this.anchored.push({ size, root });
    if (this.fault === 'answer lost')
      throw new ProtocolError('CHAIN_UNREACHABLE', { method: 'eth_sendRawTransaction' });
    return this.#placeOf(size);
  }

  async findAnchor(size: number): Promise<AnchoredAt | undefined> {
    return this.anchored.some((anchor) => anchor.size === size) ? this.#placeOf(size) : undefined;
  }

  #placeOf(size: number): AnchoredAt {
    return { transactionHash: size.toString(16).padStart(64, '0'), blockNumber: this.anchored.length };
  }

  #reach(): void {
    this.calls += 1;
    if (this.fault === 'away') throw new ProtocolError('CHAIN_UNREACHABLE', { method: 'eth_call' });
  }
}

async function setUp(t: TestContext, limits: Partial<AnchorLimits> = {}) {
  const directory = await temporaryDirectory();
  const { log, database } = await openLog(directory.path);
  t.after(async () => {
    await database.close();
    await directory.remove();
  });
  const chain = new FaultyChain();
  const clock = { nowMs: startMs, now: () => clock.nowMs };
  const noted: number[] = [];
  const start = () => new Anchorer({ log, chain, clock, limits, onAnchored: (size) => noted.push(size) });
  return { log, chain, clock, noted, start };
}

test('anchors by number and by age, and nothing when nothing waits', async (t) => {
  const { log, chain, clock, start } = await setUp(t, { batchEvents: 3, maxAgeMs: 1000 });
  const anchorer = start();
  assert.equal(await anchorer.tick(), true);
  await log.append([draftOf(1)]);
  assert.equal(await anchorer.tick(), false);
  await log.append([draftOf(2), draftOf(3)]);
  assert.equal(await anchorer.tick(), true);
  await log.append([draftOf(4)]);
  clock.nowMs += 999;
  assert.equal(await anchorer.tick(), false);
  clock.nowMs += 1;
  assert.equal(await anchorer.tick(), true);
  assert.deepEqual(chain.anchored, [
    { size: 3, root: await log.rootAt(3) },
    { size: 4, root: await log.rootAt(4) },
  ]);
});

test('a crash between sending and noting anchors nothing twice', async (t) => {
  const { log, chain, noted, start } = await setUp(t);
  await log.append([draftOf(1)]);
  chain.fault = 'answer lost';
  assert.equal(await start().flush(), false);
  chain.fault = null;
  assert.deepEqual(noted, []);
  const reborn = start();
  assert.equal(await reborn.flush(), true);
  assert.equal(chain.anchored.length, 1);
  assert.deepEqual(noted, [1]);
  await log.append([draftOf(2)]);
  assert.equal(await reborn.flush(), true);
  assert.deepEqual(
    chain.anchored.map(({ size }) => size),
    [1, 2],
  );
});

test('with the same process an answer that was lost is asked for, not sent again', async (t) => {
  const { log, chain, clock, noted, start } = await setUp(t);
  await log.append([draftOf(1)]);
  const anchorer = start();
  chain.fault = 'answer lost';
  await anchorer.flush();
  chain.fault = null;
  await log.append([draftOf(2)]);
  clock.nowMs += 1000;
  assert.equal(await anchorer.flush(), true);
  assert.deepEqual(
    chain.anchored.map(({ size }) => size),
    [1, 2],
  );
  assert.deepEqual(noted, [1, 2]);
});

test('the chain away for hours: nothing is lost, the backlog is visible, pauses grow to their bound', async (t) => {
  const limits = { batchEvents: 1, backlogLimit: 10, firstRetryMs: 1000, maxRetryMs: 60_000 };
  const { log, chain, clock, start } = await setUp(t, limits);
  const anchorer = start();
  chain.fault = 'away';
  const endMs = startMs + 3 * 3_600_000;
  for (let n = 0; clock.nowMs < endMs; clock.nowMs += 500) {
    if (n < 8 && clock.nowMs >= startMs + n * 60_000) await log.append([draftOf(n++)]);
    assert.equal(await anchorer.tick(), false);
  }
  const status = await anchorer.status();
  assert.equal(status.backlog, 8);
  assert.equal(status.isWarning, true);
  assert.equal(status.oldestAgeMs, endMs - startMs);
  assert.equal(status.lastError, 'CHAIN_UNREACHABLE');
  assert.ok(chain.calls <= 6 + 3 * 60, `${chain.calls} calls in three hours`);
  chain.fault = null;
  clock.nowMs += 60_000;
  assert.equal(await anchorer.tick(), true);
  assert.deepEqual(chain.anchored, [{ size: 8, root: await log.rootAt(8) }]);
  const after = await anchorer.status();
  assert.deepEqual([after.backlog, after.isWarning, after.lastError, after.oldestAgeMs], [0, false, null, 0]);
});

test('many calls at once send one transaction', async (t) => {
  const { log, chain, start } = await setUp(t);
  await log.append([draftOf(1)]);
  const anchorer = start();
  await Promise.all(Array.from({ length: 10 }, () => anchorer.flush()));
  assert.equal(chain.anchored.length, 1);
});

test('a log that was set back, or has another history than the chain, is not anchored', async (t) => {
  const { log, chain, start } = await setUp(t);
  await log.append([draftOf(1), draftOf(2)]);
  chain.anchored.push({ size: 3, root: '00'.repeat(32) });
  await assert.rejects(start().flush(), (error) => isProtocolError(error, 'ANCHOR_LOG_REWOUND'));
  chain.anchored[0] = { size: 1, root: '00'.repeat(32) };
  await assert.rejects(start().flush(), (error) => isProtocolError(error, 'ANCHOR_ROOT_DIFFERS'));
  assert.equal(chain.anchored.length, 1);
});
