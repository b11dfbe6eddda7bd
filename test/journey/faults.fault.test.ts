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
  before(async () => {
    world = await startConsortium({ people: 8193, applicants: 60, strangers: 6 });
  });
  after(() => world.end());

  it('goes on where it was after kill -9 of a gate, a department and the registrar in the middle', async () => {
    const { bank, subjects } = world;
    const { requestId } = await world.ask(200);
    await bank.awaitDecision(requestId, 90_000);
    let killed = false;
    const victims = ['audit-office', 'tax-bureau', 'data-bureau'];
    const computing = bank.compute(requestId, () => {
      if (killed) return;
      killed = true;
      void Promise.all(victims.map(world.kill)).then(() => Promise.all(victims.map(world.restart)));
    });
    await computing;
    assert.equal(killed, true);
    const opened = await bank.unlock(requestId, subjects);
    assertScores(world, opened);
  });

  it('answers an identical order again with the stored bytes after kill -9 of the gate, and counts it once', async () => {
    const { bank, subjects } = world;
    const { requestId } = await world.ask(3);
    await bank.awaitDecision(requestId, 90_000);
    await bank.compute(requestId);
    await bank.unlock(requestId, subjects.slice(0, 2));
    await world.kill('audit-office');
    await world.restart('audit-office');
    await bank.unlock(requestId, subjects.slice(2, 3));
    await assert.rejects(bank.unlock(requestId, subjects.slice(3, 4)), (error) =>
      isProtocolError(error, 'QUOTA_EXHAUSTED'),
    );
    await bank.evidence(requestId);
    const request = await bank.ledger.request(requestId);
    assert.deepEqual(
      request?.gates.map(({ unlocks }) => unlocks),
      [3, 3],
    );
  });

  it('refuses to unlock while the chain is away, and goes on when it is back', async () => {
    const { bank, subjects } = world;
    const { requestId } = await world.ask(10);
    await bank.awaitDecision(requestId, 90_000);
    await bank.compute(requestId);
    await bank.unlock(requestId, subjects.slice(0, 1));
    await world.kill('chain');
    await assert.rejects(world.ask(1), (error) => isProtocolError(error, 'CHAIN_UNREACHABLE'));
    await systemClock.sleep(GRANT_MEMORY_MS);
    await assert.rejects(bank.unlock(requestId, subjects.slice(1, 2)), (error) =>
      isProtocolError(error, 'CHAIN_UNREACHABLE'),
    );
    await assert.rejects(bank.compute(requestId), (error) => isProtocolError(error, 'CHAIN_UNREACHABLE'));
    await world.restartChain();
    const opened = await bank.unlock(requestId, subjects.slice(1, 2));
    assert.equal(opened.size, 1);
    const bundles = await bank.evidence(requestId);
    assert.equal(bundles.length, 2);
  });

  it('waits for a chain that goes away in the middle of a computation, and for one that is away at its start', async () => {
    const { bank, subjects } = world;
    const { requestId } = await world.ask(5);
    await bank.awaitDecision(requestId, 90_000);
    let cut = false;
    const computing = bank.compute(requestId, () => {
      if (cut) return;
      cut = true;
      void world.kill('chain').then(() => world.restartChain());
    });
    await computing;
    assert.equal(cut, true);
    await world.kill('chain');
    await world.kill('market-regulation');
    const starting = world.restart('market-regulation');
    await world.restartChain();
    await starting;
    assert.equal((await bank.unlock(requestId, subjects.slice(0, 1))).size, 1);
  });

  it('computes another table under another id when an attempt is given up, and retires the first', async () => {
    const { bank, subjects } = world;
    const { requestId } = await world.ask(50);
    await bank.awaitDecision(requestId, 90_000);
    const first = await bank.compute(requestId);
    const second = await bank.compute(requestId);
    assert.notEqual(first.computationId, second.computationId);
    const opened = await bank.unlock(requestId, subjects.slice(0, 20));
    assertScores(world, opened);
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
