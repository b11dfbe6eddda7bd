/** Killed nodes, a chain that is away, attempts that are given up: nothing lost, nothing computed twice differently. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { transformedValue } from '@sealedger/protocol/model.ts';
import type { OpenedScore } from '@sealedger/sdk/scores.ts';
import { systemClock } from '../../deploy/clock.ts';
import { startConsortium, type TestConsortium } from './support/consortium.ts';

/** Quantisation, weights and release noise of the built-in model stay below this. */
const TOLERANCE = 1e-3;
/** A gate may act on what the chain said up to half a second ago (node/chain/ledger.ts). */
const GRANT_MEMORY_MS = 600;

describe('a consortium under faults', { timeout: 600_000 }, () => {
  let world: TestConsortium;
  /** One request for all, since every computation costs seconds; each test names what it spends of the quota. */
  let requestId: string;
  let first: string;
  before(async () => {
    world = await startConsortium({ people: 8193, applicants: 60, strangers: 6 });
    ({ requestId } = await world.ask(56));
    await world.bank.awaitDecision(requestId, 90_000);
  });
  after(() => world.end());

  it('goes on where it was after kill -9 of a gate, a department and the registrar in the middle', async () => {
    const { bank, subjects } = world;
    const victims = ['audit-office', 'tax-bureau', 'data-bureau'];
    let restarted: Promise<unknown> | undefined;
    const { computationId } = await bank.compute(requestId, () => {
      restarted ??= Promise.all(victims.map(world.kill)).then(() => Promise.all(victims.map(world.restart)));
    });
    assert.ok(restarted);
    await restarted;
    first = computationId;
    assertScores(world, await bank.unlock(requestId, subjects.slice(0, 30)));
  });

  it('refuses to unlock while the chain is away, and goes on when it is back', async () => {
    const { bank, subjects } = world;
    await bank.unlock(requestId, subjects.slice(30, 31));
    await world.kill('chain');
    await assert.rejects(world.ask(1), (error) => isProtocolError(error, 'CHAIN_UNREACHABLE'));
    await systemClock.sleep(GRANT_MEMORY_MS);
    await assert.rejects(bank.unlock(requestId, subjects.slice(31, 32)), (error) =>
      isProtocolError(error, 'CHAIN_UNREACHABLE'),
    );
    await assert.rejects(bank.compute(requestId), (error) => isProtocolError(error, 'CHAIN_UNREACHABLE'));
    await world.restartChain();
    const opened = await bank.unlock(requestId, subjects.slice(31, 32));
    assert.equal(opened.size, 1);
    const bundles = await bank.evidence(requestId);
    assert.equal(bundles.length, 2);
  });

  it('computes another table under another id, through a chain that goes away in the middle, and retires the first', async () => {
    const { bank, subjects } = world;
    let back: Promise<void> | undefined;
    const { computationId } = await bank.compute(requestId, () => {
      back ??= world.kill('chain').then(() => world.restartChain());
    });
    assert.ok(back);
    await back;
    assert.notEqual(computationId, first);
    assertScores(world, await bank.unlock(requestId, subjects.slice(32, 52)));
  });

  it('waits for a chain that is away when a node starts', async () => {
    await world.kill('chain');
    await world.kill('market-regulation');
    const starting = world.restart('market-regulation');
    await world.restartChain();
    await starting;
    assert.equal((await world.bank.unlock(requestId, world.subjects.slice(52, 53))).size, 1);
  });

  it('answers an identical order again with the stored bytes after kill -9 of the gate, and counts it once', async () => {
    const { bank, subjects } = world;
    await bank.unlock(requestId, subjects.slice(53, 55));
    await world.kill('audit-office');
    await world.restart('audit-office');
    await bank.unlock(requestId, subjects.slice(55, 56));
    await assert.rejects(bank.unlock(requestId, subjects.slice(56, 57)), (error) =>
      isProtocolError(error, 'QUOTA_EXHAUSTED'),
    );
    await bank.evidence(requestId);
    const request = await bank.ledger.request(requestId);
    assert.deepEqual(
      request?.gates.map(({ unlocks }) => unlocks),
      [56, 56],
    );
  });
});

function assertScores(world: TestConsortium, opened: ReadonlyMap<string, OpenedScore>): void {
  const own = world.files.model.features.filter(({ party }) => party === world.files.scenario.bank.node);
  const cellsOf = new Map(world.applicants.map(({ subject, cells }) => [subject, cells]));
  for (const [subject, score] of opened) {
    const expected = world.expected.get(subject);
    assert.equal(score.status, expected === undefined ? 'not-in-register' : 'scored');
    if (score.status !== 'scored') continue;
    const cells = cellsOf.get(subject)!;
    const ownPart = own.reduce(
      (sum, feature) => sum + feature.weight * transformedValue(feature, cells[feature.field] ?? null, 1),
      0,
    );
    assert.ok(Math.abs(score.logit + ownPart - expected!) < TOLERANCE);
  }
}
