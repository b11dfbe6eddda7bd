/** A whole computation with a department that does not listen: request, model, announcement, start and chunks by relay. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { startConsortium, type TestConsortium } from '../journey/support/consortium.ts';

const HIDDEN = 'tax-bureau';

describe('a department behind a relay', { timeout: 300_000 }, () => {
  let world: TestConsortium;
  let relay = '';
  before(async () => {
    world = await startConsortium(undefined, undefined, undefined, {
      endpoint: ({ org, endpoint }, all) => {
        const first = all.find((other) => other.roles.includes('gate') && other.org !== HIDDEN)!;
        relay = first.org;
        return org === HIDDEN ? `${first.endpoint}/v1/relay/${HIDDEN}` : endpoint;
      },
      settings: (org) => {
        if (org === relay) return { relay: { for: [HIDDEN] } };
        return org === HIDDEN ? { viaRelay: relay } : {};
      },
    });
  });
  after(() => world.end());

  it('takes part in it as any other, and nothing can connect to it', async () => {
    const { port } = world.organisation(HIDDEN);
    await assert.rejects(
      new Promise((resolve, reject) => {
        connect(port, '127.0.0.1', () => resolve(undefined)).on('error', reject);
      }),
      { code: 'ECONNREFUSED' },
    );
    const request = await world.ask(10);
    await world.bank.awaitDecision(request.requestId, 120_000);
    const table = await world.bank.compute(request.requestId);
    assert.equal(table.people, 240);
    const subjects = world.subjects.slice(0, 5);
    const opened = await world.bank.unlock(request.requestId, subjects);
    // one or another of the applicants stands in no register
    assert.ok([...opened.values()].filter(({ status }) => status === 'scored').length >= 3);
    const { sent, received } = world.bank.traffic.get(HIDDEN)!;
    assert.ok(sent > 100_000 && received > 100_000, 'model and chunks went through');
  });
});
