/** An honest consortium: everything is rebuilt and verified, and nothing is found but what the story plants. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AuditView } from '@sealedger/sdk/audit/look.ts';
import { requestId, retiredDraft } from '../evidence/support/request-story.ts';
import { codesOf, type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

let world: PaperConsortium;
let view: AuditView;
before(async () => {
  world = await paperConsortium();
  view = await world.look();
});
after(() => world.close());

describe('a look at an honest consortium', () => {
  it('rebuilds the request from the chain alone', () => {
    const request = view.story.requests.get(requestId)!;
    assert.equal(request.phase, 'active');
    assert.deepEqual([...request.life.deciders], ['tax', 'social', 'bureau']);
    assert.equal(request.life.unlocks.get('bureau'), 5);
    assert.equal(request.life.attempts, 1);
  });

  it('verifies every event of every node', () => {
    assert.deepEqual(
      view.logs.map(({ org, isRead }) => [org, isRead]),
      [
        ['bureau', true],
        ['social', true],
        ['tax', true],
      ],
    );
    for (const { org, entries, anchored } of view.logs) {
      assert.equal(entries.length, world.story.logs[org as 'tax'].size);
      assert.equal(anchored, entries.length);
    }
  });

  it('finds nothing but the request that is not on this chain, once for each log, with proofs', () => {
    assert.deepEqual(codesOf(view), {});
    assert.equal(view.findings.length, 3);
    for (const finding of view.findings) {
      assert.equal(finding.code, 'FINDING_REQUEST_UNKNOWN');
      assert.equal(finding.proofs[0]!.kind, 'entry');
    }
  });

  it('proves the chain to its head by seal and links', () => {
    assert.equal(view.provenTo, view.head.number);
  });

  it('goes on from its own state, and says what is new only', async () => {
    const size = world.story.logs.tax.size;
    await world.story.logs.tax.append([retiredDraft()]);
    const asked: number[] = [];
    world.forge = ({ org, path, query, answer }) => {
      if (org === 'tax' && path === '/v1/log/entries') asked.push(Number(query.get('start')));
      return answer;
    };
    const next = await world.look();
    assert.deepEqual(asked, [size]);
    assert.equal(next.logs.find(({ org }) => org === 'tax')!.entries.length, size + 1);
    assert.deepEqual(next.fresh, []);
    assert.deepEqual(codesOf(next), {});
  });

  it('needs no other word than its archive to know all of it again', async () => {
    const context = await world.reopen();
    assert.equal(context.archive.facts.length, world.context.archive.facts.length);
    assert.equal(context.archive.log('tax').entries.length, world.story.logs.tax.size);
  });
});
